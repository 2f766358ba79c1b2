import { generateNumbers, getBill, type Bill } from "../../../billing/index.ts";
import {
  atGatewayOf,
  createOrder,
  findPayments,
  findReceipts,
  getOrder,
  getReceipt,
  handleCallback,
  pollOrder,
  type PayerSees,
} from "../../../collections/index.ts";
import { newId } from "../../../ledger/kernel/ids.ts";
import { dateInIndia } from "../../../ledger/kernel/dates.ts";
import { sum, toRupees, ZERO } from "../../../ledger/kernel/money.ts";
import { inSnapshot, type Read } from "../../../ledger/kernel/tx.ts";
import { WHO } from "../../v1/index.ts";
import { fault, Fault } from "../faults.ts";
import type { Call, Post } from "../route.ts";
import { checkTenant, field, paiseOf, Required, responseInfo, unreadable } from "../wire.ts";
import { billStates } from "./bills.ts";
import { wrongWith } from "./check.ts";

/** UPYOG's name of the one gateway here. */
const GATEWAY = "RAZORPAY";
/** A search gives at most as many; UPYOG's gives five. */
const MOST = 100;

/**
 * pg-service. A transaction is a gateway order of ours under a number of UPYOG's form. `_create` gives the address of our checkout page; the payer's
 * browser comes back to the program's `callbackUrl` with `eg_pg_txnid`. `_update` asks the gateway, and may be called by anyone as often as he likes:
 * the receipt comes once, by webhook, poll or this. A second transaction for the same open bill shares its order, so that the gateway itself refuses
 * the second payment; a bill is never locked because a payment is pending. A transaction that failed may succeed later, when the bank says so.
 */
export function transactionRoutes(post: Post): void {
  post("/pg-service/transaction/v1/_create", { roles: WHO.orders }, create);
  post("/pg-service/transaction/v1/_update", { roles: WHO.orders }, update);
  post("/pg-service/transaction/v1/_search", { roles: WHO.desk }, search);
  post("/pg-service/gateway/v1/_search", { roles: WHO.desk }, async (call) =>
    (await atGatewayOf(call.app, call.who.ulb)).gateway.keyId === "" ? [] : [GATEWAY],
  );
}

type Request = {
  readonly tenantId: string;
  readonly txnAmount: string;
  readonly billId: string;
  readonly module: string | null;
  readonly consumerCode: string;
  readonly productInfo: string;
  readonly gateway: string;
  readonly callbackUrl: string;
  readonly taxAndPayments: readonly {
    readonly taxAmount: number;
    readonly amountPaid: number;
    readonly billId: string;
  }[];
  readonly user: unknown;
  readonly additionalDetails: unknown;
};
type Row = {
  readonly txn_id: string;
  readonly order_id: string;
  readonly request: Request;
  readonly created_at: Date;
  readonly created_by: string;
};

async function create(call: Call): Promise<object> {
  const request = readTransaction(call);
  checkTenant(call.who.ulb, request.tenantId);
  const bill = await call.read((read) => checkTransaction(read, request));
  const order = await createOrder(call.app, call.who, {
    consumerId: bill.consumer.id,
    amount: paiseOf(Number(request.txnAmount)),
    billId: bill.id,
    idempotencyKey: `upyog-${newId()}`,
  });
  const row = await call.write(async (tx): Promise<Row> => {
    const [txnId] = await generateNumbers(tx, {
      idName: "pg.transaction.id",
      tenantId: request.tenantId,
      format: "PG_PG_[cy:yyyy_MM_dd]_[SEQ_EG_PG_TXN]_[d{2}]",
    });
    const made: Row = {
      txn_id: txnId ?? order.id,
      order_id: order.id,
      request,
      created_at: tx.clock(),
      created_by: tx.actor.id,
    };
    await tx.query(
      `insert into api.upyog_transactions (ulb_id, txn_id, order_id, bill_id, consumer_code, user_uuid, request, created_at, created_by)
       values (:ulb, :txn, :order_id, :bill, :code, :user, :request, :now, :actor)`,
      {
        ulb: tx.ulb.id,
        txn: made.txn_id,
        order_id: order.id,
        bill: bill.id,
        code: bill.consumer.code,
        user: userUuid(request),
        request: JSON.stringify(request),
        now: made.created_at,
        actor: made.created_by,
      },
    );
    return made;
  });
  const view = await call.read((read) => transactionView(read, row, order.status === "paid" ? undefined : "PENDING"));
  return {
    ResponseInfo: responseInfo(call.requestInfo, "successful"),
    Transaction: { ...view, redirectUrl: `${call.app.baseUrl}/pay/checkout/${order.id}` },
  };
}

/** The gateway's answer in the query is believed only with its signature, and then only makes us ask the gateway. */
async function update(call: Call): Promise<object> {
  const { query } = call;
  const id = query.one("eg_pg_txnid") ?? query.one("transactionId");
  if (id === undefined) throw fault("MISSING_UPDATE_TXN_ID", "Cannot process request, missing transaction id");
  const row = await call.read((read) => findTransaction(read, id));
  if (!row) throw fault("TXN_UPDATE_NOT_FOUND", "Transaction not found");
  const fields = Object.fromEntries(
    ["razorpay_payment_id", "razorpay_order_id", "razorpay_signature"].map((name) => [name, query.one(name)]),
  );
  // The order is found at whichever account of the ULB it was made.
  const at = await atGatewayOf(call.app, call.who.ulb);
  const seen =
    fields["razorpay_payment_id"] === undefined
      ? await pollOrder(at, call.who, row.order_id)
      : await handleCallback(at, call.who, row.order_id, fields);
  return {
    ResponseInfo: responseInfo(call.requestInfo, "successful"),
    Transaction: [await call.read((read) => transactionView(read, row, statusOf(seen)))],
  };
}

async function search(call: Call): Promise<object> {
  const { query } = call;
  const tenantId = query.one("tenantId");
  if (tenantId !== undefined) checkTenant(call.who.ulb, tenantId);
  const Transaction = await call.read(async (read) => {
    const receipt = query.one("receipt");
    const rows = await read.query<Row>(
      `select t.txn_id, t.order_id, t.request, t.created_at, t.created_by
       from api.upyog_transactions t
       where t.ulb_id = :ulb
         and (:txn::text is null or t.txn_id = :txn::text)
         and (:bill::text is null or t.bill_id::text = :bill::text)
         and (:code::text is null or t.consumer_code = :code::text)
         and (:user::text is null or t.user_uuid = :user::text)
         and (:orders::uuid[] is null or t.order_id = any(:orders::uuid[]))
         -- The same as transactionView says of one transaction.
         and (:status::text is null or :status::text = (
           select case
             when bool_or(p.captured_at is not null) then 'SUCCESS'
             when (array_agg(p.rank order by p.created_at desc, p.payment_id desc))[1] = 1 then 'FAILURE'
             else 'PENDING' end
           from collections.payments p
           where p.ulb_id = t.ulb_id and p.order_id = t.order_id
         ))
       order by t.created_at desc, t.txn_id desc
       limit :row_limit offset :row_offset`,
      {
        ulb: read.ulb.id,
        txn: query.one("txnId") ?? null,
        bill: query.one("billId") ?? null,
        code: query.one("consumerCode") ?? null,
        user: query.one("userUuid") ?? null,
        orders: receipt === undefined ? null : await ordersOf(read, receipt),
        status: query.one("txnStatus")?.toUpperCase() ?? null,
        row_limit: Math.min(query.count("limit") ?? MOST, MOST),
        row_offset: query.count("offset") ?? 0,
      },
    );
    const views = [];
    for (const row of rows) views.push(await transactionView(read, row));
    return views;
  });
  return { ResponseInfo: responseInfo(call.requestInfo, "successful"), Transaction };
}

/** The orders whose payment has that receipt: one, or none. */
async function ordersOf(read: Read, receiptNumber: string): Promise<readonly string[]> {
  const [receipt] = await findReceipts(read, { numbers: [receiptNumber], limit: 1 });
  if (receipt?.paymentId == null) return [];
  return (await findPayments(read, { paymentId: receipt.paymentId })).flatMap((p) => p.orderId ?? []);
}

function readTransaction(call: Call): Request {
  const body = field(call.body, "Transaction");
  const required = new Required("transactionRequest");
  const at = (name: string): string => `transaction.${name}`;
  const optional = (name: string): string | null => {
    const value = field(body, name);
    return typeof value === "string" ? value : null;
  };
  const txnAmount = required.text(field(body, "txnAmount"), at("txnAmount"));
  const request: Request = {
    tenantId: required.text(field(body, "tenantId"), at("tenantId")),
    txnAmount,
    billId: required.text(field(body, "billId"), at("billId")),
    module: optional("module"),
    consumerCode: required.text(field(body, "consumerCode"), at("consumerCode")),
    productInfo: required.text(field(body, "productInfo"), at("productInfo")),
    gateway: required.text(field(body, "gateway"), at("gateway")),
    callbackUrl: required.text(field(body, "callbackUrl"), at("callbackUrl")),
    taxAndPayments: required.list(field(body, "taxAndPayments"), at("taxAndPayments")).map((t, i) => ({
      taxAmount: required.number(field(t, "taxAmount") ?? 0, at(`taxAndPayments[${i}].taxAmount`)),
      amountPaid: required.number(field(t, "amountPaid"), at(`taxAndPayments[${i}].amountPaid`)),
      billId: required.text(field(t, "billId"), at(`taxAndPayments[${i}].billId`)),
    })),
    user: field(body, "user") ?? null,
    additionalDetails: field(body, "additionalDetails") ?? null,
  };
  required.check();
  if (!/^\d{1,12}(\.\d{1,2})?$/.test(txnAmount)) throw unreadable();
  if (!isWebAddress(request.callbackUrl)) {
    throw fault("INVALID_CALLBACK_URL", "callbackUrl should be an address that begins with https:// or http://");
  }
  return request;
}

/** Gives the bill that is paid, or raises what is wrong, by UPYOG's codes. */
async function checkTransaction(read: Read, request: Request): Promise<Bill> {
  const wrong = [];
  const user = request.user;
  const missing = ["uuid", "name", "userName", "mobileNumber", "tenantId"].filter((name) => {
    const value = field(user, name);
    return typeof value !== "string" || value.trim() === "";
  });
  if (missing.length > 0) {
    wrong.push({
      code: "INVALID_USER_DETAILS",
      message: `User details are mandatory, missing : [${missing.join(", ")}]`,
    });
  }
  if (request.gateway.toUpperCase() !== GATEWAY) {
    wrong.push({
      code: "INVALID_PAYMENT_GATEWAY",
      message: `Invalid or inactive gateway provided : ${request.gateway.slice(0, 40)}`,
    });
  }
  const amount = paiseOf(Number(request.txnAmount));
  const paid = sum(request.taxAndPayments.map((t) => paiseOf(t.amountPaid)));
  if (paid !== amount) {
    wrong.push({
      code: "TXN_CREATE_INVALID_TXN_AMT",
      message: `Transaction amount ${toRupees(amount)} should be the sum of the amounts paid ${toRupees(paid)}`,
    });
  }
  if (request.taxAndPayments.some((t) => t.billId !== request.billId) || request.taxAndPayments.length !== 1) {
    wrong.push({
      code: "TXN_CREATE_ONE_BILL",
      message: "A transaction pays one bill; open one for each",
    });
  }
  if (wrong.length > 0) throw new Fault(wrong);
  const bills = await billStates(read, [request.billId]);
  const state = bills.get(request.billId);
  if (state?.isPaid === true) {
    throw fault("TXN_CREATE_BILL_ALREADY_PAID", "Bill has already been paid");
  }
  const faults = wrongWith(
    {
      paymentMode: "ONLINE",
      totalAmountPaid: amount,
      transactionNumber: "follows",
      instrumentNumber: "follows",
      instrumentDate: null,
      details: [
        {
          billId: request.billId,
          businessService: state?.master?.code ?? request.module ?? "",
          totalDue: state?.bill.total ?? ZERO,
          totalAmountPaid: amount,
        },
      ],
    },
    bills,
    dateInIndia(read.clock()),
  );
  if (faults.length > 0 || !state) throw new Fault(faults);
  return getBill(read, state.bill.id);
}

type Status = "PENDING" | "SUCCESS" | "FAILURE";
const SAID: Readonly<Record<Status, string>> = {
  PENDING: "Transaction initiated",
  SUCCESS: "Transaction successful",
  FAILURE: "Transaction failed",
};

/** Money that is to be given back was paid, too: the refund note says what becomes of it. */
function statusOf(seen: PayerSees): Status {
  if (seen.status === "paid" || seen.status === "refundable") return "SUCCESS";
  return seen.status === "failed" ? "FAILURE" : "PENDING";
}

async function findTransaction(read: Read, txnId: string): Promise<Row | undefined> {
  return read.queryOne<Row>(
    `select txn_id, order_id, request, created_at, created_by from api.upyog_transactions where ulb_id = :ulb and txn_id = :id`,
    { ulb: read.ulb.id, id: txnId },
  );
}

/** What became of it, from the money's own record; `answered` is what the gateway said just now of an order without a payment that counts. */
async function transactionView(read: Read, row: Row, answered?: Status) {
  const [order, payments] = [await getOrder(read, row.order_id), await findPayments(read, { orderId: row.order_id })];
  const captured = payments.find((p) => p.capturedAt !== null);
  const last = captured ?? payments.at(-1);
  const receiptId = payments.find((p) => p.receiptId !== null)?.receiptId ?? null;
  const status: Status = captured ? "SUCCESS" : (answered ?? (last?.rank === 1 ? "FAILURE" : "PENDING"));
  return {
    tenantId: row.request.tenantId,
    txnAmount: row.request.txnAmount,
    billId: row.request.billId,
    module: row.request.module,
    consumerCode: row.request.consumerCode,
    taxAndPayments: row.request.taxAndPayments,
    productInfo: row.request.productInfo,
    gateway: row.request.gateway,
    callbackUrl: row.request.callbackUrl,
    txnId: row.txn_id,
    user: row.request.user,
    redirectUrl: null as string | null,
    txnStatus: status,
    txnStatusMsg: SAID[status],
    gatewayTxnId: last?.id ?? null,
    gatewayPaymentMode: last?.method ?? null,
    gatewayStatusCode: captured ? "captured" : order.status,
    gatewayStatusMsg: captured ? "captured" : order.lastError,
    receipt: receiptId === null ? null : (await getReceipt(read, receiptId)).number,
    additionalDetails: row.request.additionalDetails,
    auditDetails: {
      createdBy: row.created_by,
      createdTime: row.created_at.getTime(),
      lastModifiedBy: row.created_by,
      lastModifiedTime: (captured?.capturedAt ?? row.created_at).getTime(),
    },
  };
}

/** Where the payer's browser goes after it paid or gave up, if a program of UPYOG's opened the order. */
export async function returnAddress(app: Call["app"], who: Call["who"], orderId: string): Promise<string | undefined> {
  const row = await inSnapshot(app, who, (read) =>
    read.queryOne<{ txn_id: string; url: string }>(
      `select txn_id, request ->> 'callbackUrl' as url from api.upyog_transactions
       where ulb_id = :ulb and order_id = :id::uuid
       order by created_at desc limit 1`,
      { ulb: read.ulb.id, id: orderId },
    ),
  );
  if (!row) return undefined;
  const url = new URL(row.url);
  url.searchParams.set("eg_pg_txnid", row.txn_id);
  return url.toString();
}

function userUuid(request: Request): string | null {
  const uuid = field(request.user, "uuid");
  return typeof uuid === "string" ? uuid.slice(0, 200) : null;
}

function isWebAddress(text: string): boolean {
  return URL.canParse(text) && ["https:", "http:"].includes(new URL(text).protocol);
}
