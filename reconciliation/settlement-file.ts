import type { CollectionsApp, GatewaySettlement, Outcome } from "../collections/index.ts";
import { postingAccount } from "../ledger/index.ts";
import { addDays, dateInIndia, type LocalDate } from "../ledger/kernel/dates.ts";
import type { Problem } from "../ledger/kernel/errors.ts";
import { groupBy } from "../ledger/kernel/group.ts";
import { formatIndian, subtract, sum, type Paise } from "../ledger/kernel/money.ts";
import { inSnapshot, inTransaction, type Read, type Who } from "../ledger/kernel/tx.ts";
import { parseSettlementReport, type SettlementReportRow } from "./parsers/razorpay.ts";
import { bookedSettlements, bookOne, type PaidOut, type SettlementReport } from "./settlements.ts";

export type SettlementFileReport = Pick<SettlementReport, "booked" | "known" | "waiting" | "exceptions"> & {
  readonly status: "refused" | "imported" | "unchanged";
  readonly rows: number;
  /** Rows on hold or not settled yet: they come again in a later report. */
  readonly unsettled: number;
  /** Why the file was refused; or where it differs from a settlement that is booked. */
  readonly problems: readonly Problem[];
};

/**
 * Books the settlements of a report file of the gateway (the API's JSON or the dashboard's CSV), each once, by the same steps as `importSettlements`.
 * A file has rows and no settlement: what was paid out is asked of the gateway; where that gives no answer it is the credit with its UTR in the main
 * bank account. Where neither says it, or the rows do not come to it (a file cut off by its dates), the settlement is an exception with its figures,
 * and the same file is tried again when more is known. A file that is damaged is refused whole.
 */
export async function importSettlementFile(
  app: CollectionsApp,
  who: Who,
  file: { readonly content: string },
): Promise<SettlementFileReport> {
  const parsed = parseSettlementReport(file.content);
  const nothing = { rows: 0, unsettled: 0, booked: [], known: [], waiting: [], exceptions: [] };
  if (!parsed.ok) return { status: "refused", ...nothing, problems: parsed.problems };
  const settled = parsed.rows.filter((r) => r.settlementId !== null);
  const bySettlement = [...groupBy(settled, (r) => r.settlementId ?? "")].sort(([a], [b]) => (a < b ? -1 : 1));
  const before = await inTransaction(app, who, async (tx) => {
    const booked = await bookedSettlements(
      tx,
      bySettlement.map(([id, rows]) => ({ id, utr: utrOf(rows) })),
    );
    return { booked, amounts: await amountsOf(tx, [...booked]) };
  });
  const report = { booked: [] as string[], known: [] as string[], waiting: [] as string[] };
  const exceptions: { settlementId: string; problems: readonly Problem[] }[] = [];
  const problems: Problem[] = [];
  let isSilent = false;
  for (const [id, rows] of bySettlement) {
    const paid = paidIn(rows);
    const amount = before.amounts.get(id);
    if (amount !== undefined) {
      report.known.push(id);
      if (amount !== paid)
        problems.push({
          code: "SETTLEMENT_SUM",
          message: `settlement ${id} is booked with ${formatIndian(amount)}, its rows in this file come to ${formatIndian(paid)}: difference ${formatIndian(subtract(paid, amount))}`,
        });
      continue;
    }
    // A gateway that gave no answer once is not asked for each of the others.
    const told: Outcome<GatewaySettlement> | undefined = isSilent ? undefined : await app.gateway.fetchSettlement(id);
    isSilent ||= told !== undefined && told.kind !== "ok";
    if (told?.kind === "ok" && told.value.status !== "processed") {
      report.waiting.push(id);
      continue;
    }
    const settlement: PaidOut =
      told?.kind === "ok" ? told.value : await inSnapshot(app, who, (read) => fromBooks(read, id, rows, paid));
    const unknown: Problem[] =
      settlement.amountFrom === "rows"
        ? [
            {
              code: "SETTLEMENT_AMOUNT_UNKNOWN",
              message: `the ${rows.length} rows of ${id} in the file come to ${formatIndian(paid)}; neither the gateway nor a line of the bank says that this was paid out`,
            },
          ]
        : [];
    const found = await bookOne(app, who, settlement, rows, unknown);
    if (found.length === 0) report.booked.push(id);
    else exceptions.push({ settlementId: id, problems: found });
  }
  return {
    status: report.booked.length + exceptions.length === 0 ? "unchanged" : "imported",
    rows: parsed.rows.length,
    unsettled: parsed.rows.length - settled.length,
    ...report,
    exceptions,
    problems,
  };
}

const utrOf = (rows: readonly SettlementReportRow[]): string | null => rows.find((r) => r.utr !== null)?.utr ?? null;
const paidIn = (rows: readonly SettlementReportRow[]): Paise => sum(rows.map((r) => subtract(r.credit, r.debit)));

async function amountsOf(read: Read, ids: readonly string[]): Promise<ReadonlyMap<string, Paise>> {
  const rows = await read.query<{ id: string; amount: Paise }>(
    "select settlement_id as id, amount from reconciliation.settlements where ulb_id = :ulb and settlement_id = any(:ids::text[])",
    { ulb: read.ulb.id, ids },
  );
  return new Map(rows.map((r) => [r.id, r.amount]));
}

/** What was paid out as far as our own books know it: what the gateway said of it before, the bank's credits with its UTR, or only its rows. */
async function fromBooks(read: Read, id: string, rows: readonly SettlementReportRow[], paid: Paise): Promise<PaidOut> {
  const utr = utrOf(rows);
  const day = rows.reduce<LocalDate | null>(
    (latest, r) => (r.settledOn !== null && (latest === null || r.settledOn > latest) ? r.settledOn : latest),
    null,
  );
  const createdAt = new Date(`${day ?? dateInIndia(read.clock())}T06:00:00Z`);
  const said = await read.queryOne<{ amount: Paise; utr: string | null; settled_on: LocalDate }>(
    `select amount, utr, settled_on from reconciliation.settlements
     where ulb_id = :ulb and settlement_id = :id and amount_from = 'gateway'`,
    { ulb: read.ulb.id, id },
  );
  if (said)
    return { id, amount: said.amount, utr: said.utr ?? utr, createdAt: new Date(`${said.settled_on}T06:00:00Z`) };
  if (utr !== null && utr.length >= 10 && day !== null) {
    const credited = await read.queryOne<{ amount: Paise | null }>(
      `select sum(amount)::bigint as amount from reconciliation.bank_lines
       where ulb_id = :ulb and account = :account and amount > 0 and booked_on between :from_day::date and :to_day::date
         and position(upper(:utr) in upper(reference || ' ' || narration)) > 0`,
      {
        ulb: read.ulb.id,
        account: await postingAccount(read, "bank-main"),
        from_day: addDays(day, -3),
        to_day: addDays(day, 15),
        utr,
      },
    );
    if (credited?.amount) return { id, amount: credited.amount, utr, createdAt, amountFrom: "bank" };
  }
  return { id, amount: paid, utr, createdAt, amountFrom: "rows" };
}
