import { financialYearOf, localDate } from "../../ledger/kernel/dates.ts";
import { inWords, type Paise } from "../../ledger/kernel/money.ts";
import { rows, type Stage } from "./stage.ts";
import { differences, fieldsOf, isFields, paiseOf, show, type Difference, type Value, plain } from "./values.ts";
import { receipts } from "./view.ts";

const RECEIPTS = [
  "original",
  "total",
  "replacement",
  "cancelled",
  "reversed",
  "issued",
  "transferred",
  "refunded",
  "count",
  "of",
  "gapless",
  "acknowledgements",
  "list",
];
type Row = Record<string, unknown> & { readonly status: string; readonly amount: bigint; readonly bill: string | null };

/** R×n and what they come to: {original: 1, total: 1000000, of: {B1: 1}}, or a list of receipts in the order of their numbers. */
export async function expectReceipts(stage: Stage, expected: Value): Promise<Difference[]> {
  const all = (await receipts(stage)) as unknown as Row[];
  if (typeof expected === "number") return expectReceipts(stage, { original: expected });
  if (Array.isArray(expected)) return expectReceipts(stage, { list: expected });
  const f = fieldsOf(expected, "receipts", RECEIPTS);
  const originals = all.filter((r) => (r["kind"] ?? "original") === "original");
  const withStatus = (...statuses: string[]): number => all.filter((r) => statuses.includes(r.status)).length;
  const differ: Difference[] = [];
  for (const [key, value] of Object.entries(f)) {
    if (key === "total") {
      const total = originals.reduce((a, r) => a + r.amount, 0n);
      const wanted = paiseOf(value, "receipts.total");
      if (total !== wanted) differ.push(`receipts.total: expected ${wanted}, got ${total}`);
    } else if (key === "of") {
      for (const [bill, n] of Object.entries(isFields(value) ? value : {}))
        differ.push(...differences(`receipts.of.${bill}`, n, originals.filter((r) => r.bill === bill).length));
    } else if (key === "list")
      differ.push(...differences("receipts", (value as readonly Value[]).map(withMoney), all.map(described)));
    else if (key === "gapless") differ.push(...(await gaps(stage)));
    else {
      const found: Record<string, number> = {
        original: originals.length,
        count: all.length,
        replacement: all.filter((r) => r["kind"] === "replacement").length,
        acknowledgements: await acknowledgements(stage),
        cancelled: withStatus("cancelled"),
        reversed: withStatus("dishonoured", "reversed"),
        issued: withStatus("issued"),
        transferred: withStatus("transferred"),
        refunded: await refunded(stage),
      };
      differ.push(...differences(`receipts.${key}`, value, found[key]));
    }
  }
  if (differ.length > 0)
    differ.push(`receipts are: ${all.map((r) => `${plain(r["bill"])} ${r.amount} ${r.status}`).join(", ") || "none"}`);
  return differ;
}

/** The words of the scenarios for what a receipt is. */
const STATUS: Readonly<Record<string, string>> = { issued: "ISSUED", dishonoured: "REVERSED", cancelled: "CANCELLED" };

function described(r: Row): Record<string, unknown> {
  const at = plain(r["payment_at"]);
  return {
    ...r,
    status: STATUS[r.status] ?? r.status.toUpperCase(),
    kind: plain(r["kind"] ?? "original").toUpperCase(),
    words: inWords(r.amount as Paise),
    series: r["fy"],
    is_late: at.slice(0, 10) !== plain(r["issued_at"]).slice(0, 10),
    fy_of_payment: financialYearOf(localDate(at.slice(0, 10))),
  };
}

/** The receipt, or the one of a bill: {bill: B1, amount:, status: REVERSED, words:, mode:, payment_at:, fy:, seq:, lines: […]}. */
export async function expectReceipt(stage: Stage, expected: Value): Promise<Difference[]> {
  if (Array.isArray(expected)) {
    const all = await Promise.all((expected as readonly Value[]).map((one) => expectReceipt(stage, one)));
    return all.flat();
  }
  const f = isFields(expected) ? expected : {};
  const { bill, of, nth, ...rest } = f;
  const all = ((await receipts(stage)) as unknown as Row[]).filter(
    (r) => (bill === undefined && of === undefined) || r.bill === (bill ?? of) || r["id"] === of,
  );
  const one = all[typeof nth === "number" ? nth - 1 : 0];
  return one
    ? differences("receipt", withMoney(rest), described(one))
    : [`receipt: expected ${show(expected)}, there is none`];
}

/** Amounts are compared as paise. */
function withMoney(value: Value): Value {
  if (!isFields(value)) return value;
  const made = { ...value };
  if (typeof made["amount"] === "string" || typeof made["amount"] === "number")
    made["amount"] = plain(paiseOf(made["amount"], "receipt.amount"));
  return made;
}

/** Receipts of payments of which something went back. */
async function refunded(stage: Stage): Promise<number> {
  const [row] = await rows<{ n: bigint }>(
    stage,
    `select count(*) as n from collections.receipts r where r.ulb_id = $1 and exists (select 1 from collections.refunds f
       where f.ulb_id = r.ulb_id and f.payment_id = r.payment_id and f.status in ('processed', 'bank-paid'))`,
  );
  return Number(row?.n ?? 0n);
}

async function acknowledgements(stage: Stage): Promise<number> {
  const [there] = await rows<{ there: string | null }>(
    stage,
    "select to_regclass('collections.acknowledgements')::text as there from (select $1::integer) as ulb",
  );
  if (!there?.there) return 0;
  const [row] = await rows<{ n: bigint }>(
    stage,
    "select count(*) as n from collections.acknowledgements where ulb_id = $1",
  );
  return Number(row?.n ?? 0n);
}

/** Numbers of a year that were skipped or used twice. */
export async function gaps(stage: Stage): Promise<Difference[]> {
  const found = await rows<{ fy: string; n: bigint; last: bigint; first: bigint }>(
    stage,
    "select fy, count(distinct number) as n, max(number) as last, min(number) as first from collections.receipts where ulb_id = $1 group by fy",
  );
  return found
    .filter((r) => r.first !== 1n || r.n !== r.last)
    .map((r) => `receipt numbers of ${r.fy}: ${r.n} from ${r.first} to ${r.last}, with gaps`);
}
