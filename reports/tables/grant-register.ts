import { balances, byItem, flows, grants } from "../../ledger/index.ts";
import { addDays, financialYearOf, financialYearStart, formatDate, type LocalDate } from "../../ledger/kernel/dates.ts";
import { add, ZERO, type Paise } from "../../ledger/kernel/money.ts";
import type { Read } from "../../ledger/kernel/tx.ts";
import type { ReportRow, ReportTable, TableReport } from "../report-table.ts";
import { asAt, date, flowsOf, less, loose, money, REGISTER_SIGNATURES, registerDay, text } from "./register-columns.ts";

/** Each grant with what came, what was used and what is left, from a day to a day. */
async function grantYear(read: Read, from: LocalDate, to: LocalDate) {
  const opening = byItem(await balances(read, { register: "grant", asOf: addDays(from, -1) }));
  const closing = byItem(await balances(read, { register: "grant", asOf: to }));
  const moved = flowsOf(await flows(read, { register: "grant", from, to }));
  const all = await grants.all(read);
  return all.map((grant) => {
    const of = (...kinds: readonly string[]): Paise => moved(grant.id, "grant-unspent", { of: kinds });
    return {
      grant,
      opening: opening(grant.id, "grant-unspent"),
      received: of("grant-receipt"),
      interest: of("grant-interest"),
      revenue: less(of("grant-revenue-use")),
      capital: less(of("grant-capital-use")),
      refunded: less(of("grant-refund")),
      unspent: closing(grant.id, "grant-unspent"),
    };
  });
}

/** The register of specific grants at a day: sanction by sanction, the year so far. Its unspent balances are the accounts under 320. */
export const grantRegister: TableReport = {
  name: "grant-register",
  description: "specific grants with what was received, used and is left, at a day",
  build: async (read, options): Promise<ReportTable> => {
    const day = registerDay(read, options);
    const rows = await grantYear(read, financialYearStart(financialYearOf(day)), day);
    return {
      title: "Register of grants",
      titleLocal: "अनुदान पंजी",
      subtitle: asAt(day),
      columns: [
        text("grant", "Grant"),
        text("scheme", "Scheme", "योजना", 2),
        text("source", "Granted by"),
        text("purpose", "Purpose"),
        text("sanction_no", "Sanction"),
        date("sanctioned_on", "Of"),
        loose("sanctioned", "Sanctioned"),
        text("account", "Account"),
        money("opening", "Unspent at 1 April"),
        money("received", "Received", "प्राप्त"),
        money("interest", "Interest"),
        money("used_revenue", "Used, revenue"),
        money("used_capital", "Used, capital"),
        money("refunded", "Returned"),
        money("unspent", "Unspent", "शेष"),
      ],
      rows: rows.map((r): ReportRow => ({
        cells: {
          grant: r.grant.id,
          scheme: r.grant.name,
          source: r.grant.source,
          purpose: r.grant.purpose,
          sanction_no: r.grant.sanctionNo,
          sanctioned_on: r.grant.sanctionedOn,
          sanctioned: r.grant.amount,
          account: r.grant.account,
          opening: r.opening,
          received: r.received,
          interest: r.interest,
          used_revenue: r.revenue,
          used_capital: r.capital,
          refunded: r.refunded,
          unspent: r.unspent,
        },
      })),
      signatures: REGISTER_SIGNATURES,
      of: day,
    };
  },
};

/**
 * The figures of the utilisation certificates of a year (Form GFR 12-C): for each grant the unspent balance brought forward, what came, what was
 * spent on its purpose, what was returned and what is carried forward. Grants without any of these are left out.
 */
export const utilisation: TableReport = {
  name: "utilisation",
  description: "figures of the utilisation certificates (GFR 12-C) of a year, grant by grant",
  build: async (read, options): Promise<ReportTable> => {
    const day = registerDay(read, options);
    const from = financialYearStart(financialYearOf(day));
    const rows = (await grantYear(read, from, day)).filter((r) =>
      [r.opening, r.received, r.interest, r.revenue, r.capital, r.refunded].some((a) => a !== ZERO),
    );
    return {
      title: "Utilisation of grants",
      titleLocal: "अनुदान उपयोगिता",
      subtitle: [`${formatDate(from)} to ${formatDate(day)}`],
      columns: [
        text("grant", "Grant"),
        text("scheme", "Scheme", "योजना", 2),
        text("sanction_no", "Sanction number"),
        date("sanctioned_on", "Sanction date"),
        loose("sanctioned", "Sanctioned"),
        money("unspent_brought_forward", "Unspent balance of earlier years"),
        money("received", "Received in the year", "प्राप्त"),
        money("interest", "Interest earned"),
        money("available", "Available"),
        money("utilised", "Utilised", "उपयोग"),
        money("refunded", "Returned"),
        money("carried_forward", "Carried forward", "शेष"),
      ],
      rows: rows.map((r): ReportRow => ({
        cells: {
          grant: r.grant.id,
          scheme: r.grant.name,
          sanction_no: r.grant.sanctionNo,
          sanctioned_on: r.grant.sanctionedOn,
          sanctioned: r.grant.amount,
          unspent_brought_forward: r.opening,
          received: r.received,
          interest: r.interest,
          available: add(r.opening, r.received, r.interest),
          utilised: add(r.revenue, r.capital),
          refunded: r.refunded,
          carried_forward: r.unspent,
        },
      })),
      notes: [
        "Certified that the amounts shown as utilised were spent on the purposes for which they were sanctioned, and that the vouchers are in this office.",
        "Utilised is what left the liability (320): to income as it was spent, to capital contribution when the asset was capitalised.",
      ],
      signatures: ["Accountant", "Chief Accounts Officer", "Commissioner"],
      of: day,
    };
  },
};
