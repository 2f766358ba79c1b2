import { financialYearOf, localDate } from "../../ledger/kernel/dates.ts";
import { inWords, type Paise } from "../../ledger/kernel/money.ts";
import { rows, type Stage } from "./stage.ts";
import {
  differences,
  fieldsOf,
  isFields,
  knownOnly,
  listOf,
  moneyDifferences,
  paiseOf,
  show,
  type Difference,
  type Fields,
  type Value,
  plain,
} from "./values.ts";
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
  if (typeof expected === "number" || expected === "none") return expectReceipts(stage, { original: expected });
  if (Array.isArray(expected)) return expectReceipts(stage, { list: expected });
  const f = fieldsOf(expected, "receipts", RECEIPTS);
  const originals = all.filter((r) => (r["kind"] ?? "original") === "original");
  const withStatus = (...statuses: string[]): number => all.filter((r) => statuses.includes(r.status)).length;
  const differ: Difference[] = [];
  for (const [key, value] of Object.entries(f)) {
    if (key === "total") {
      const total = originals.reduce((a, r) => a + r.amount, 0n);
      differ.push(...moneyDifferences("receipts.total", value, total));
    } else if (key === "of") {
      for (const [bill, n] of Object.entries(fieldsOf(value, "receipts.of", [...stage.bills.keys()])))
        differ.push(...differences(`receipts.of.${bill}`, n, originals.filter((r) => r.bill === bill).length));
    } else if (key === "list")
      differ.push(...differences("receipts", (value as readonly Value[]).map(withMoney), all.map(described)));
    else if (key === "gapless") {
      const found = await gaps(stage);
      differ.push(...(value === true ? found : differences("receipts.gapless", value, found.length === 0)));
    } else {
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
  const all = ((await receipts(stage)) as unknown as Row[]).map((r): Record<string, unknown> => ({
    ...described(r),
    bill: r.bill,
  }));
  // In a list every receipt is one of its own: two lines that say the same ask for two receipts.
  const taken = new Set<unknown>();
  return listOf(expected).flatMap((one): Difference[] => {
    const f: Fields = isFields(one)
      ? one
      : fieldsOf(one, "receipt", ["bill", "of", "nth", ...Object.keys(all[0] ?? {})]);
    const { bill, of, nth, ...rest } = f;
    const fitting = all.filter(
      (r) => (bill === undefined && of === undefined) || r.bill === (bill ?? of) || r["id"] === of,
    );
    const free = typeof nth === "number" ? fitting.slice(nth - 1, nth) : fitting.filter((r) => !taken.has(r));
    const [first] = free;
    if (!first) return [`receipt: expected ${show(one)}, there is none${taken.size > 0 ? " besides those named" : ""}`];
    knownOnly(rest, "receipt", Object.keys(first));
    const found = Array.isArray(expected)
      ? (free.find((r) => differences("receipt", withMoney(rest), r).length === 0) ?? first)
      : first;
    taken.add(found);
    return differences("receipt", withMoney(rest), found);
  });
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
