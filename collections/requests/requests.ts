import { getConsumer } from "../../billing/index.ts";
import { audit } from "../../ledger/kernel/audit.ts";
import { invariant } from "../../ledger/kernel/errors.ts";
import { newId } from "../../ledger/kernel/ids.ts";
import { formatIndian, ZERO, type Paise } from "../../ledger/kernel/money.ts";
import { inTransaction, type Read, type Tx, type Who } from "../../ledger/kernel/tx.ts";
import { atAccountOf, type CollectionsApp } from "../context.ts";
import { collectionErrors } from "../errors.ts";
import type { Outcome } from "../gateway/index.ts";

export type RequestKind = "link" | "qr" | "virtual-account";
export type RequestState = "planned" | "unknown" | "open" | "closed" | "rejected";

/** What the ULB asks for by itself: a payment link, a UPI code, or an account number for NEFT and RTGS. */
export type PaymentRequest = {
  readonly id: string;
  readonly kind: RequestKind;
  readonly consumerId: string;
  readonly billId: string | null;
  /** Null where the payer chooses. */
  readonly amount: Paise | null;
  readonly usage: "single" | "multiple";
  /** A link that is paid in parts: so much at least the first time. Null: it is paid at once. */
  readonly firstPart: Paise | null;
  readonly reference: string;
  readonly state: RequestState;
  readonly providerId: string | null;
  readonly url: string | null;
  readonly accountNumber: string | null;
  readonly ifsc: string | null;
  readonly expiresAt: Date | null;
  readonly closedReason: string | null;
  readonly requestedBy: string;
  readonly createdAt: Date;
  readonly attemptedAt: Date;
  readonly lastError: string | null;
};

export const REQUEST_COLUMNS = `request_id as id, kind, consumer_id as "consumerId", bill_id as "billId", amount, usage, first_part as "firstPart", reference, state,
  provider_id as "providerId", url, account_number as "accountNumber", ifsc, expires_at as "expiresAt", closed_reason as "closedReason",
  requested_by as "requestedBy", created_at as "createdAt", attempted_at as "attemptedAt", last_error as "lastError"`;

export type RequestTerms = {
  readonly kind: RequestKind;
  readonly consumerId: string;
  readonly billId?: string;
  readonly amount?: Paise;
  /** single: it closes after its first payment. A virtual account is always for more. */
  readonly usage?: "single" | "multiple";
  /** Only a link: it may be paid in parts, each with its own receipt, the first of at least so much. */
  readonly firstPart?: Paise;
  readonly expiresAt?: Date;
  /** The same person's same key is the same request, however often it is sent. */
  readonly idempotencyKey?: string;
};

/** Raises REQUEST_NOT_FOUND. */
export async function getRequest(read: Read, id: string): Promise<PaymentRequest> {
  const row = await read.queryOne<PaymentRequest>(
    `select ${REQUEST_COLUMNS} from collections.payment_requests where ulb_id = :ulb and request_id = :id::uuid`,
    { ulb: read.ulb.id, id },
  );
  if (!row) throw collectionErrors.REQUEST_NOT_FOUND({ request: id });
  return row;
}

/** Requests, newest first; at most `limit` (200). */
export async function listRequests(
  read: Read,
  options: { readonly consumerId?: string; readonly state?: RequestState; readonly limit?: number } = {},
): Promise<PaymentRequest[]> {
  return read.query<PaymentRequest>(
    `select ${REQUEST_COLUMNS} from collections.payment_requests
     where ulb_id = :ulb and (:consumer::uuid is null or consumer_id = :consumer::uuid) and (:state::text is null or state = :state)
     order by created_at desc, request_id limit :row_limit`,
    {
      ulb: read.ulb.id,
      consumer: options.consumerId ?? null,
      state: options.state ?? null,
      row_limit: Math.min(options.limit ?? 50, 200),
    },
  );
}

function checkTerms(terms: RequestTerms, now: Date): void {
  const refuse = (problem: string): never => {
    throw collectionErrors.REQUEST_INVALID_TERMS({ problem });
  };
  if (terms.kind === "link" && terms.amount === undefined) refuse("a payment link is for an amount");
  if (terms.amount !== undefined && terms.amount < 100n)
    refuse(`${formatIndian(terms.amount)} is asked for; the gateway takes 1.00 or more`);
  if (terms.kind === "virtual-account" && terms.usage === "single")
    refuse("a virtual account takes any number of transfers");
  if (terms.firstPart !== undefined) {
    if (terms.kind !== "link" || terms.usage === "single") refuse("only a payment link is paid in parts");
    if (terms.firstPart < 100n || (terms.amount !== undefined && terms.firstPart >= terms.amount))
      refuse(
        `the first part is at least ${formatIndian(terms.firstPart)} of ${formatIndian(terms.amount ?? ZERO)}; give 1.00 or more, and less than the whole`,
      );
  }
  if (terms.expiresAt !== undefined) {
    const minutes = (terms.expiresAt.getTime() - now.getTime()) / 60_000;
    if (minutes < 16) refuse("it must stay open for more than a quarter of an hour");
    if (minutes > 180 * 1440) refuse("it may stay open for six months");
  }
}

/**
 * Makes a request at the gateway: noted first, made outside any transaction, confirmed in a second; a lost answer is resolved by looking for our
 * reference. Money that comes through it is the consumer's, whoever sends it. Raises CONSUMER_NOT_FOUND, REQUEST_INVALID_TERMS,
 * GATEWAY_REJECTED, GATEWAY_UNREACHABLE (it is kept then, and made by the sweeper).
 */
export async function createPaymentRequest(
  app: CollectionsApp,
  who: Who,
  terms: RequestTerms,
): Promise<PaymentRequest> {
  checkTerms(terms, app.clock());
  const { request, isNew } = await inTransaction(app, who, (tx) => reserve(tx, terms));
  return isNew ? makeRequest(app, who, request, true) : awaitRequest(app, who, request.id);
}

/** So long a request that is being made belongs to whoever set out to make it. */
const MAKING_MS = 30_000;
const LOOK_AGAIN_MS = 200;
const LOOKS = 25;

/** The same request asked for again: waits for whoever is making it; makes it where nobody is any more. */
async function awaitRequest(app: CollectionsApp, who: Who, id: string): Promise<PaymentRequest> {
  for (let look = 0; look < LOOKS; look++) {
    const { seen, isOurs } = await inTransaction(app, who, async (tx) => {
      const taken = await tx.query(
        `update collections.payment_requests set attempted_at = :now
         where ulb_id = :ulb and request_id = :id::uuid and state in ('planned', 'unknown')
           and (state = 'unknown' or attempted_at < :before) returning 1`,
        { ulb: tx.ulb.id, id, now: tx.clock(), before: new Date(tx.clock().getTime() - MAKING_MS) },
      );
      return { seen: await getRequest(tx, id), isOurs: taken.length > 0 };
    });
    if (isOurs) return makeRequest(app, who, seen, false);
    if (seen.state === "rejected")
      throw collectionErrors.GATEWAY_REJECTED({ what: `request ${id}`, reason: seen.lastError ?? "no reason given" });
    if (seen.state !== "planned" && seen.state !== "unknown") return seen;
    await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
  }
  throw collectionErrors.GATEWAY_UNREACHABLE({ order: id });
}

async function reserve(
  tx: Tx,
  terms: RequestTerms,
): Promise<{ readonly request: PaymentRequest; readonly isNew: boolean }> {
  const consumer = await getConsumer(tx, terms.consumerId);
  const id = newId();
  // The insert waits for another one with the same key, so what it met has committed.
  const made = await tx.query(
    `insert into collections.payment_requests (ulb_id, request_id, kind, consumer_id, bill_id, amount, usage, first_part, reference, expires_at, requested_by,
       created_at, attempted_at, idempotency_key)
     values (:ulb, :id, :kind, :consumer, :bill::uuid, :amount::bigint, :usage, :first_part::bigint, :reference, :expires::timestamptz, :actor, :now, :now, :key)
     on conflict (ulb_id, requested_by, idempotency_key) where idempotency_key is not null do nothing
     returning 1`,
    {
      ulb: tx.ulb.id,
      id,
      kind: terms.kind,
      consumer: consumer.id,
      bill: terms.billId ?? null,
      amount: terms.amount ?? null,
      usage: terms.usage ?? (terms.kind === "virtual-account" || terms.firstPart !== undefined ? "multiple" : "single"),
      first_part: terms.firstPart ?? null,
      reference: id.replaceAll("-", ""),
      expires: terms.expiresAt ?? null,
      actor: tx.actor.id,
      now: tx.clock(),
      key: terms.idempotencyKey ?? null,
    },
  );
  if (made.length === 0) {
    const earlier = await tx.queryOne<{ id: string }>(
      `select request_id as id from collections.payment_requests
       where ulb_id = :ulb and requested_by = :actor and idempotency_key = :key`,
      { ulb: tx.ulb.id, actor: tx.actor.id, key: terms.idempotencyKey ?? "" },
    );
    invariant(earlier, "the request that was in the way is there");
    return { request: await getRequest(tx, earlier.id), isNew: false };
  }
  await audit(tx, { action: "create", subject: "payment-request", subjectId: id, after: { kind: terms.kind } });
  return { request: await getRequest(tx, id), isNew: true };
}

type Made = {
  readonly id: string;
  readonly url: string | null;
  readonly accountNumber: string | null;
  readonly ifsc: string | null;
};

/** The request at the gateway, whatever its kind. */
async function callCreate(app: CollectionsApp, who: Who, r: PaymentRequest): Promise<Outcome<Made>> {
  const notes = { ulb: who.ulb.code, request: r.id };
  const consumer = await inTransaction(app, who, (tx) => getConsumer(tx, r.consumerId));
  const description = `${consumer.code}, ${who.ulb.name}`.slice(0, 200);
  const expiry = r.expiresAt === null ? {} : { expiresAt: r.expiresAt };
  const closeBy = r.expiresAt === null ? {} : { closeBy: r.expiresAt };
  switch (r.kind) {
    case "link": {
      const made = await app.gateway.links.create({
        amount: r.amount as Paise,
        referenceId: r.reference,
        description,
        notes,
        ...(r.firstPart === null ? {} : { firstPart: r.firstPart }),
        ...expiry,
      });
      return made.kind === "ok" ? { kind: "ok", value: { ...bare(made.value.id), url: made.value.url } } : made;
    }
    case "qr": {
      const made = await app.gateway.qrCodes.create({
        usage: r.usage === "single" ? "single_use" : "multiple_use",
        ...(r.amount === null ? {} : { amount: r.amount }),
        name: who.ulb.name.slice(0, 80),
        description,
        notes,
        ...closeBy,
      });
      return made.kind === "ok" ? { kind: "ok", value: { ...bare(made.value.id), url: made.value.imageUrl } } : made;
    }
    case "virtual-account": {
      const made = await app.gateway.virtualAccounts.create({
        name: who.ulb.name.slice(0, 40),
        description,
        notes,
        ...closeBy,
      });
      return made.kind === "ok"
        ? {
            kind: "ok",
            value: { id: made.value.id, url: null, accountNumber: made.value.accountNumber, ifsc: made.value.ifsc },
          }
        : made;
    }
  }
}

const bare = (id: string): Made => ({ id, url: null, accountNumber: null, ifsc: null });

/** What the gateway made of a request whose answer was lost; undefined when it made none. */
async function callFind(app: CollectionsApp, r: PaymentRequest): Promise<Outcome<Made | undefined>> {
  if (r.kind === "link") {
    const found = await app.gateway.links.find(r.reference);
    if (found.kind !== "ok") return found;
    const link = found.value.find((l) => l.status !== "cancelled" && l.status !== "expired") ?? found.value[0];
    return { kind: "ok", value: link && { ...bare(link.id), url: link.url } };
  }
  if (r.kind === "qr") {
    const found = await app.gateway.qrCodes.list({ count: 100 });
    if (found.kind !== "ok") return found;
    const qr = found.value.find((q) => q.notes["request"] === r.id);
    return { kind: "ok", value: qr && { ...bare(qr.id), url: qr.imageUrl } };
  }
  const found = await app.gateway.virtualAccounts.list({ count: 100 });
  if (found.kind !== "ok") return found;
  const account = found.value.find((v) => v.notes["request"] === r.id);
  return {
    kind: "ok",
    value: account && { ...bare(account.id), accountNumber: account.accountNumber, ifsc: account.ifsc },
  };
}

async function makeRequest(
  given: CollectionsApp,
  who: Who,
  request: PaymentRequest,
  isFirst: boolean,
): Promise<PaymentRequest> {
  const app = await atAccountOf(given, who, request.consumerId);
  let mayExist = !isFirst;
  for (let attempt = 0; attempt < 3; attempt++) {
    if (mayExist) {
      const found = await callFind(app, request);
      if (found.kind !== "ok") continue;
      if (found.value) return confirm(app, who, request, found.value);
    }
    const made = await callCreate(app, who, request);
    if (made.kind === "ok") return confirm(app, who, request, made.value);
    if (made.kind === "rejected" && !/already attempted/i.test(made.description)) {
      await conclude(app, who, request, "rejected", made.description);
      throw collectionErrors.GATEWAY_REJECTED({ what: `request ${request.id}`, reason: made.description });
    }
    mayExist = true;
  }
  await conclude(app, who, request, "unknown", "the gateway gave no clear answer");
  throw collectionErrors.GATEWAY_UNREACHABLE({ order: request.id });
}

async function conclude(
  app: CollectionsApp,
  who: Who,
  request: PaymentRequest,
  state: "rejected" | "unknown",
  error: string,
): Promise<void> {
  await inTransaction(app, who, (tx) =>
    tx.query(
      `update collections.payment_requests set state = :state, last_error = left(:error, 500)
       where ulb_id = :ulb and request_id = :id and state in ('planned', 'unknown')`,
      { ulb: tx.ulb.id, id: request.id, state, error },
    ),
  );
}

async function confirm(app: CollectionsApp, who: Who, request: PaymentRequest, made: Made): Promise<PaymentRequest> {
  return inTransaction(app, who, async (tx) => {
    await tx.query(
      `update collections.payment_requests
       set state = 'open', provider_id = :provider, url = :url, account_number = :account, ifsc = :ifsc, last_error = null,
         next_poll_at = :now::timestamptz + interval '5 minutes'
       where ulb_id = :ulb and request_id = :id and state in ('planned', 'unknown')`,
      {
        ulb: tx.ulb.id,
        id: request.id,
        provider: made.id,
        url: made.url,
        account: made.accountNumber,
        ifsc: made.ifsc,
        now: tx.clock(),
      },
    );
    return getRequest(tx, request.id);
  });
}

/** Requests whose making was interrupted are looked for and confirmed, or made. Gives how many are open now. */
export async function resolveRequests(app: CollectionsApp, who: Who, limit = 20): Promise<number> {
  const stale = await inTransaction(app, who, (tx) =>
    tx.query<PaymentRequest>(
      `update collections.payment_requests r set attempted_at = :now
       where r.ulb_id = :ulb and r.request_id in (
         select request_id from collections.payment_requests
         where ulb_id = :ulb and state in ('planned', 'unknown') and attempted_at < :now::timestamptz - interval '30 seconds'
         order by attempted_at limit :row_limit for update skip locked)
       returning ${REQUEST_COLUMNS}`,
      { ulb: tx.ulb.id, now: tx.clock(), row_limit: limit },
    ),
  );
  let resolved = 0;
  for (const request of stale) {
    const isDone = await makeRequest(app, who, request, false).then(
      () => true,
      (error: unknown) => {
        if (error instanceof Error && "code" in error && String(error.code).startsWith("GATEWAY_")) return false;
        throw error;
      },
    );
    if (isDone) resolved++;
  }
  return resolved;
}

/** Takes nothing more through it. Raises REQUEST_NOT_FOUND, REQUEST_STATE, GATEWAY_REJECTED, GATEWAY_UNREACHABLE. */
export async function closeRequest(app: CollectionsApp, who: Who, id: string, reason: string): Promise<PaymentRequest> {
  const request = await inTransaction(app, who, (tx) => getRequest(tx, id));
  if (request.state !== "open" || request.providerId === null)
    throw collectionErrors.REQUEST_STATE({ request: id, state: request.state });
  const { links, qrCodes, virtualAccounts } = app.gateway;
  const outcome =
    request.kind === "link"
      ? await links.cancel(request.providerId)
      : request.kind === "qr"
        ? await qrCodes.close(request.providerId)
        : await virtualAccounts.close(request.providerId);
  if (outcome.kind === "unknown") throw collectionErrors.GATEWAY_UNREACHABLE({ order: id });
  if (outcome.kind === "rejected")
    throw collectionErrors.GATEWAY_REJECTED({ what: `the end of request ${id}`, reason: outcome.description });
  return inTransaction(app, who, async (tx) => {
    await markClosed(tx, id, reason);
    await audit(tx, { action: "close", subject: "payment-request", subjectId: id, reason });
    return getRequest(tx, id);
  });
}

/** It is over at the gateway; what was paid through it before is asked for once more. */
export async function markClosed(tx: Tx, id: string, reason: string): Promise<void> {
  await tx.query(
    `update collections.payment_requests set state = 'closed', closed_at = :now, closed_reason = left(:reason, 300), next_poll_at = :now
     where ulb_id = :ulb and request_id = :id::uuid and state = 'open'`,
    { ulb: tx.ulb.id, id, now: tx.clock(), reason },
  );
}
