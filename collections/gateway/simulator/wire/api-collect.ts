import { cancelLink, createLink, editLink, linkEntity } from "../links.ts";
import { closeQr, createQr, qrEntity } from "../qr.ts";
import { customerJson, paymentJson, virtualAccountJson } from "../shapes.ts";
import { known, SimRefusal, type SimCustomer } from "../state.ts";
import { addReceiver, allowPayer, closeVirtualAccount, createVirtualAccount } from "../virtual-accounts.ts";
import { collection, json, type SimResponse } from "./messages.ts";
import type { Call, Route } from "./routes.ts";
import {
  bodyOf,
  currencyOf,
  flagOf,
  integer,
  momentOfField,
  notesOf,
  only,
  page,
  textOf,
  type Body,
} from "./validation.ts";

// Other ways in: payment links, UPI QR codes, virtual accounts; and the customers that stand on them.

function object(body: Body, field: string): Body {
  const value = body[field];
  if (value === undefined || value === null) return {};
  if (typeof value !== "object" || Array.isArray(value))
    throw new SimRefusal(`The ${field} must be an array.`, { field });
  return value as Body;
}

function newLink({ w, request }: Call): SimResponse {
  const body = bodyOf(request);
  only(body, [
    "amount",
    "currency",
    "accept_partial",
    "first_min_partial_amount",
    "upi_link",
    "description",
    "customer",
    "expire_by",
    "reference_id",
    "notify",
    "reminder_enable",
    "notes",
    "callback_url",
    "callback_method",
    "options",
  ]);
  const amount = integer(body["amount"], "amount", 100);
  if (body["currency"] !== undefined) currencyOf(body["currency"]);
  const customer = object(body, "customer");
  const notify = object(body, "notify");
  const callbackUrl = textOf(body, "callback_url");
  if (callbackUrl !== undefined && body["callback_method"] !== "get")
    throw new SimRefusal("callback_method should be get when callback_url is sent", { field: "callback_method" });
  const expireBy = momentOfField(body, "expire_by");
  const description = textOf(body, "description");
  const referenceId = textOf(body, "reference_id", 40);
  const link = createLink(w, {
    amount,
    acceptPartial: flagOf(body, "accept_partial") === true,
    ...(body["first_min_partial_amount"] === undefined
      ? {}
      : { firstMinPartial: integer(body["first_min_partial_amount"], "first_min_partial_amount", 100) }),
    ...(description === undefined ? {} : { description }),
    customer: Object.fromEntries(Object.entries(customer).map(([k, v]) => [k, String(v)])),
    ...(referenceId === undefined ? {} : { referenceId }),
    ...(expireBy === undefined ? {} : { expireBy }),
    notes: notesOf(body["notes"]),
    notify: { sms: notify["sms"] === true, email: notify["email"] === true },
    reminderEnable: flagOf(body, "reminder_enable") === true,
    ...(callbackUrl === undefined ? {} : { callbackUrl }),
    isUpi: flagOf(body, "upi_link") === true,
  });
  return json(linkEntity(w, link));
}

function changeLink({ w, id, request }: Call): SimResponse {
  const body = bodyOf(request);
  only(body, ["reference_id", "expire_by", "notes", "accept_partial", "reminder_enable"]);
  const referenceId = textOf(body, "reference_id", 40);
  const expireBy = momentOfField(body, "expire_by");
  const acceptPartial = flagOf(body, "accept_partial");
  const reminderEnable = flagOf(body, "reminder_enable");
  return json(
    linkEntity(
      w,
      editLink(w, id, {
        ...(referenceId === undefined ? {} : { referenceId }),
        ...(expireBy === undefined ? {} : { expireBy }),
        ...(body["notes"] === undefined ? {} : { notes: notesOf(body["notes"]) }),
        ...(acceptPartial === undefined ? {} : { acceptPartial }),
        ...(reminderEnable === undefined ? {} : { reminderEnable }),
      }),
    ),
  );
}

function newQr({ w, request }: Call): SimResponse {
  const body = bodyOf(request);
  only(body, [
    "type",
    "name",
    "usage",
    "fixed_amount",
    "payment_amount",
    "description",
    "customer_id",
    "close_by",
    "notes",
    "tax_invoice",
  ]);
  if (body["type"] !== "upi_qr") throw new SimRefusal("The selected type is invalid.", { field: "type" });
  const usage = body["usage"];
  if (usage !== "single_use" && usage !== "multiple_use")
    throw new SimRefusal("The selected usage is invalid.", { field: "usage" });
  const isFixed = flagOf(body, "fixed_amount") === true;
  if (!isFixed && body["payment_amount"] !== undefined)
    throw new SimRefusal("payment_amount is/are not required and should not be sent", { field: "payment_amount" });
  const customerId = textOf(body, "customer_id");
  if (customerId !== undefined) known(w.customers.get(customerId));
  const qr = createQr(w, {
    name: textOf(body, "name") ?? null,
    usage,
    isFixed,
    amount: isFixed ? integer(body["payment_amount"], "payment_amount", 100) : null,
    description: textOf(body, "description") ?? null,
    notes: notesOf(body["notes"]),
    customerId: customerId ?? null,
    closeBy: momentOfField(body, "close_by") ?? null,
  });
  return json(qrEntity(w, qr));
}

function newVirtualAccount({ w, request }: Call): SimResponse {
  const body = bodyOf(request);
  only(body, [
    "name",
    "receivers",
    "description",
    "customer_id",
    "close_by",
    "notes",
    "amount_expected",
    "allowed_payers",
  ]);
  const types = object(body, "receivers")["types"];
  if (!Array.isArray(types) || !types.includes("bank_account"))
    throw new SimRefusal("The receivers.types field is required.", { field: "receivers" });
  const customerId = textOf(body, "customer_id");
  if (customerId !== undefined) known(w.customers.get(customerId));
  const name = textOf(body, "name");
  const account = createVirtualAccount(w, {
    ...(name === undefined ? {} : { name }),
    description: textOf(body, "description") ?? null,
    amountExpected:
      body["amount_expected"] === undefined ? null : integer(body["amount_expected"], "amount_expected", 100),
    notes: notesOf(body["notes"]),
    customerId: customerId ?? null,
    closeBy: momentOfField(body, "close_by") ?? null,
  });
  return json(virtualAccountJson(account));
}

function customerFields(body: Body): Pick<SimCustomer, "email" | "contact" | "gstin"> {
  return {
    email: textOf(body, "email", 64) ?? null,
    contact: textOf(body, "contact", 15) ?? null,
    gstin: textOf(body, "gstin", 15) ?? null,
  };
}

function newCustomer({ w, request }: Call): SimResponse {
  const body = bodyOf(request);
  only(body, ["name", "email", "contact", "gstin", "notes", "fail_existing"]);
  const fields = customerFields(body);
  const there = [...w.customers.values()].find((c) => c.contact === fields.contact && c.email === fields.email);
  const mayBe = body["fail_existing"] === "0" || body["fail_existing"] === 0;
  if (there && mayBe) return json(customerJson(there));
  if (there) throw new SimRefusal("Customer already exists for the merchant");
  const customer: SimCustomer = {
    id: w.random.id("cust"),
    name: textOf(body, "name", 50) ?? "",
    ...fields,
    notes: notesOf(body["notes"]),
    createdAt: w.clock.now(),
  };
  w.customers.set(customer.id, customer);
  return json(customerJson(customer));
}

export const collectRoutes: readonly Route[] = [
  { at: "POST /v1/payment_links", answer: newLink },
  {
    at: "GET /v1/payment_links",
    answer: ({ w, url }) => {
      const reference = url.searchParams.get("reference_id");
      const paymentId = url.searchParams.get("payment_id");
      const all = [...w.links.values()]
        .reverse()
        .filter((l) => reference === null || l.referenceId === reference)
        .filter((l) => paymentId === null || w.payments.get(paymentId)?.linkId === l.id);
      return json({ payment_links: page(all, url).map((l) => linkEntity(w, l)) });
    },
  },
  { at: "GET /v1/payment_links/:id", answer: ({ w, id }) => json(linkEntity(w, known(w.links.get(id)))) },
  { at: "PATCH /v1/payment_links/:id", answer: changeLink },
  { at: "POST /v1/payment_links/:id/cancel", answer: ({ w, id }) => json(linkEntity(w, cancelLink(w, id))) },
  {
    at: "POST /v1/payment_links/:id/notify_by/:medium",
    answer: ({ w, id, second }) => {
      const link = known(w.links.get(id));
      if (second !== "sms" && second !== "email")
        throw new SimRefusal("The selected medium is invalid.", { field: "medium" });
      if (link.status !== "created" && link.status !== "partially_paid")
        throw new SimRefusal(`Payment Link cannot be notified in ${link.status} state`);
      return json({ success: true });
    },
  },

  { at: "POST /v1/payments/qr_codes", answer: newQr },
  {
    at: "GET /v1/payments/qr_codes",
    answer: ({ w, url }) => {
      const customer = url.searchParams.get("customer_id");
      const payment = url.searchParams.get("payment_id");
      const all = [...w.qrCodes.values()]
        .reverse()
        .filter((q) => customer === null || q.customerId === customer)
        .filter((q) => payment === null || w.payments.get(payment)?.qrId === q.id);
      return collection(page(all, url).map((q) => qrEntity(w, q)));
    },
  },
  { at: "GET /v1/payments/qr_codes/:id", answer: ({ w, id }) => json(qrEntity(w, known(w.qrCodes.get(id)))) },
  {
    at: "GET /v1/payments/qr_codes/:id/payments",
    answer: ({ w, id, url }) => {
      known(w.qrCodes.get(id));
      const all = [...w.payments.values()].filter((p) => p.qrId === id).reverse();
      return collection(page(all, url).map(paymentJson));
    },
  },
  { at: "POST /v1/payments/qr_codes/:id/close", answer: ({ w, id }) => json(qrEntity(w, closeQr(w, id))) },

  { at: "POST /v1/virtual_accounts", answer: newVirtualAccount },
  {
    at: "GET /v1/virtual_accounts",
    answer: ({ w, url }) => collection(page([...w.virtualAccounts.values()].reverse(), url).map(virtualAccountJson)),
  },
  {
    at: "GET /v1/virtual_accounts/:id",
    answer: ({ w, id }) => json(virtualAccountJson(known(w.virtualAccounts.get(id)))),
  },
  {
    at: "GET /v1/virtual_accounts/:id/payments",
    answer: ({ w, id, url }) => {
      known(w.virtualAccounts.get(id));
      const all = [...w.payments.values()].filter((p) => p.virtualAccountId === id).reverse();
      return collection(page(all, url).map(paymentJson));
    },
  },
  {
    at: "POST /v1/virtual_accounts/:id/close",
    answer: ({ w, id }) => json(virtualAccountJson(closeVirtualAccount(w, id))),
  },
  {
    at: "POST /v1/virtual_accounts/:id/receivers",
    answer: ({ w, id }) => json(virtualAccountJson(addReceiver(w, id))),
  },
  {
    at: "POST /v1/virtual_accounts/:id/allowed_payers",
    answer: ({ w, id, request }) => {
      const body = bodyOf(request);
      if (body["type"] !== "bank_account") throw new SimRefusal("The selected type is invalid.", { field: "type" });
      return json(virtualAccountJson(allowPayer(w, id, { ...object(body, "bank_account") })));
    },
  },

  { at: "POST /v1/customers", answer: newCustomer },
  {
    at: "GET /v1/customers",
    answer: ({ w, url }) => collection(page([...w.customers.values()].reverse(), url).map(customerJson)),
  },
  { at: "GET /v1/customers/:id", answer: ({ w, id }) => json(customerJson(known(w.customers.get(id)))) },
  {
    at: "PUT /v1/customers/:id",
    answer: ({ w, id, request }) => {
      const customer = known(w.customers.get(id));
      const body = bodyOf(request);
      only(body, ["name", "email", "contact", "gstin"]);
      for (const name of ["name", "email", "contact", "gstin"] as const) {
        const value = textOf(body, name, 64);
        if (value !== undefined) customer[name] = value;
      }
      return json(customerJson(customer));
    },
  },
];
