import { Readable } from "node:stream";
import type Razorpay from "razorpay";
import type { DisputeCalls, LinkCalls, QrCalls, VirtualAccountCalls } from "./collect.ts";
import { parseBankTransfer, parseDispute, parseLink, parseQr, parseVirtualAccount } from "./collect-entities.ts";
import { call, checkId, seconds, wire } from "./calls.ts";
import { field, parseList, parsePayment } from "./entities.ts";
import { isSignedBy, linkMessage } from "./signatures.ts";

type Sdk = InstanceType<typeof Razorpay>;
/** The SDK's types are wrong in places (receivers, evidence, files): what goes out is ours to shape, what comes back is parsed anyway. */
type Loose = Record<string, (...args: unknown[]) => Promise<unknown>>;

export function linkCalls(sdk: Sdk, keySecrets: readonly string[]): LinkCalls {
  const links = sdk.paymentLink as unknown as Loose & { create: Loose[string] };
  const at = (name: string, ...args: unknown[]): Promise<unknown> => invoke(links, name, args);
  return {
    create: (l) =>
      call(
        () =>
          at("create", {
            amount: wire(l.amount),
            currency: "INR",
            accept_partial: l.firstPart !== undefined,
            ...(l.firstPart === undefined ? {} : { first_min_partial_amount: wire(l.firstPart) }),
            description: l.description,
            reference_id: l.referenceId,
            reminder_enable: false,
            notify: { sms: false, email: false },
            notes: { ...l.notes },
            ...(l.isUpi === true ? { upi_link: true } : {}),
            ...(l.expiresAt === undefined ? {} : { expire_by: seconds(l.expiresAt) }),
            ...(l.customer === undefined ? {} : { customer: { ...l.customer } }),
            ...(l.callbackUrl === undefined ? {} : { callback_url: l.callbackUrl, callback_method: "get" }),
          }),
        parseLink,
      ),
    fetch: (id) => {
      checkId("plink", id);
      return call(() => at("fetch", id), parseLink);
    },
    find: (referenceId) =>
      call(
        () => at("all", { reference_id: referenceId, count: 100 }),
        // Links come as {payment_links: […]}, unlike every other list.
        (j) => parseList({ items: field(j, "payment_links") }, parseLink),
      ),
    edit: (id, change) => {
      checkId("plink", id);
      return call(
        () =>
          at("edit", id, {
            ...(change.expiresAt === undefined ? {} : { expire_by: seconds(change.expiresAt) }),
            ...(change.notes === undefined ? {} : { notes: { ...change.notes } }),
          }),
        parseLink,
      );
    },
    cancel: (id) => {
      checkId("plink", id);
      return call(() => at("cancel", id), parseLink);
    },
    notify: (id, medium) => {
      checkId("plink", id);
      return call(
        () => at("notifyBy", id, medium),
        (j) => (field(j, "success") === true ? true : undefined),
      );
    },
    verifyReturn: ({ signature, ...back }) =>
      keySecrets.map((secret) => isSignedBy(linkMessage(back), signature, secret)).includes(true),
  };
}

/** The SDK's transport takes no Blob, and a Buffer would go without its name: a stream with a path carries both. */
function file(name: string, content: Buffer): Readable {
  return Object.assign(Readable.from([content]), { path: name });
}

function invoke(target: Loose, name: string, args: readonly unknown[]): Promise<unknown> {
  const method = target[name];
  if (method === undefined) return Promise.reject(new Error(`the SDK has no ${name}`));
  return method.apply(target, [...args]);
}

export function qrCalls(sdk: Sdk): QrCalls {
  const codes = sdk.qrCode as unknown as Loose;
  const at = (name: string, ...args: unknown[]): Promise<unknown> => invoke(codes, name, args);
  return {
    create: (q) =>
      call(
        () =>
          at("create", {
            type: "upi_qr",
            usage: q.usage,
            fixed_amount: q.amount !== undefined,
            description: q.description,
            notes: { ...q.notes },
            ...(q.amount === undefined ? {} : { payment_amount: wire(q.amount) }),
            ...(q.name === undefined ? {} : { name: q.name }),
            ...(q.closeBy === undefined ? {} : { close_by: seconds(q.closeBy) }),
          }),
        parseQr,
      ),
    fetch: (id) => {
      checkId("qr", id);
      return call(() => at("fetch", id), parseQr);
    },
    list: ({ count = 100, skip = 0 } = {}) =>
      call(
        () => at("all", { count, skip }),
        (j) => parseList(j, parseQr),
      ),
    payments: (id, { count = 100, skip = 0 } = {}) => {
      checkId("qr", id);
      return call(
        () => at("fetchAllPayments", id, { count, skip }),
        (j) => parseList(j, parsePayment),
      );
    },
    close: (id) => {
      checkId("qr", id);
      return call(() => at("close", id), parseQr);
    },
  };
}

export function virtualAccountCalls(sdk: Sdk): VirtualAccountCalls {
  const accounts = sdk.virtualAccounts as unknown as Loose;
  const at = (name: string, ...args: unknown[]): Promise<unknown> => invoke(accounts, name, args);
  return {
    create: (v) =>
      call(
        () =>
          at("create", {
            name: v.name,
            receivers: { types: ["bank_account"] },
            description: v.description,
            notes: { ...v.notes },
            ...(v.closeBy === undefined ? {} : { close_by: seconds(v.closeBy) }),
          }),
        parseVirtualAccount,
      ),
    fetch: (id) => {
      checkId("va", id);
      return call(() => at("fetch", id), parseVirtualAccount);
    },
    list: ({ count = 100, skip = 0 } = {}) =>
      call(
        () => at("all", { count, skip }),
        (j) => parseList(j, parseVirtualAccount),
      ),
    payments: (id) => {
      checkId("va", id);
      // The types allow a second argument; the SDK would take it for a callback.
      return call(
        () => at("fetchPayments", id),
        (j) => parseList(j, parsePayment),
      );
    },
    close: (id) => {
      checkId("va", id);
      return call(() => at("close", id), parseVirtualAccount);
    },
    transfer: (paymentId) => {
      checkId("pay", paymentId);
      return call(() => invoke(sdk.payments as unknown as Loose, "bankTransfer", [paymentId]), parseBankTransfer);
    },
  };
}

export function disputeCalls(sdk: Sdk): DisputeCalls {
  const disputes = sdk.disputes as unknown as Loose;
  const at = (name: string, ...args: unknown[]): Promise<unknown> => invoke(disputes, name, args);
  return {
    fetch: (id) => {
      checkId("disp", id);
      return call(() => at("fetch", id), parseDispute);
    },
    list: ({ count = 100, skip = 0 } = {}) =>
      call(
        () => at("all", { count, skip }),
        (j) => parseList(j, parseDispute),
      ),
    accept: (id) => {
      checkId("disp", id);
      return call(() => at("accept", id), parseDispute);
    },
    contest: (id, action, evidence) => {
      checkId("disp", id);
      for (const documents of Object.values(evidence.documents ?? {}))
        for (const document of documents) checkId("doc", document);
      return call(
        () =>
          at("contest", id, {
            action,
            ...(evidence.summary === undefined ? {} : { summary: evidence.summary.slice(0, 1000) }),
            ...(evidence.amount === undefined ? {} : { amount: wire(evidence.amount) }),
            ...Object.fromEntries(Object.entries(evidence.documents ?? {}).map(([kind, ids]) => [kind, [...ids]])),
          }),
        parseDispute,
      );
    },
    upload: ({ name, content }) =>
      call(
        () =>
          invoke(sdk.documents as unknown as Loose, "create", [
            { file: { value: file(name, content) }, purpose: "dispute_evidence" },
          ]),
        (j) => {
          const id = field(j, "id");
          return typeof id === "string" && /^doc_[A-Za-z0-9]{14}$/.test(id) ? id : undefined;
        },
      ),
  };
}
