import { audit } from "../kernel/audit.ts";
import { periodEnd, type LocalDate, type Period } from "../kernel/dates.ts";
import type { Problem } from "../kernel/errors.ts";
import { formatIndian, paise, subtract, type Paise } from "../kernel/money.ts";
import type { Read, Tx } from "../kernel/tx.ts";
import { accountBalances } from "../balances.ts";
import { entryNumber, type VoucherType } from "../entries.ts";
import type { CloseCheck } from "../close/index.ts";
import { postingAccounts, type PostingKey } from "../posting-map.ts";
import { ACT_SOURCE } from "./act-rows.ts";
import { registerOf } from "./catalogue.ts";
import { accountsBelow } from "./items.ts";
import { balances, MEASURES, type Measure, type RegisterName } from "./measures.ts";

/** Which measures of a register stand behind which headings, counted on which side. */
type TieDefinition = {
  readonly name: string;
  readonly register: RegisterName;
  readonly side: "debit" | "credit";
  readonly measures: readonly Measure[];
};

const TIES: readonly TieDefinition[] = [
  { name: "Grants not yet used", register: "grant", side: "credit", measures: ["grant-unspent"] },
  { name: "Deposits for works", register: "deposit-work", side: "credit", measures: ["deposit-held"] },
  { name: "Expenditure on deposit works", register: "deposit-work", side: "debit", measures: ["deposit-spent"] },
  { name: "Cost of fixed assets", register: "asset", side: "debit", measures: ["asset-cost"] },
  { name: "Accumulated depreciation", register: "asset", side: "credit", measures: ["asset-accumulated"] },
  { name: "Works in progress", register: "work", side: "debit", measures: ["work-cost"] },
  { name: "Loans outstanding", register: "loan", side: "credit", measures: ["loan-principal"] },
  {
    name: "Investments",
    register: "investment",
    side: "debit",
    measures: ["investment-cost", "investment-decline"],
  },
  { name: "Dues between funds", register: "inter-fund", side: "debit", measures: ["due-from", "due-to"] },
];

const controlOf = (tie: TieDefinition): readonly PostingKey[] => [
  ...new Set(tie.measures.flatMap((m): readonly PostingKey[] => MEASURES[m].control)),
];

export type RegisterTie = {
  readonly name: string;
  readonly register: RegisterName;
  /** The fund that is tied by itself; empty over all funds. */
  readonly fund: string;
  /** From which day the ULB keeps the register; until then a difference only tells what is not in it. */
  readonly keptFrom: LocalDate | null;
  readonly ledger: Paise;
  readonly registered: Paise;
  /** Ledger less register: what is in the books and not in the register. */
  readonly difference: Paise;
};

/** From which day each register is kept. */
export async function keptRegisters(read: Read): Promise<ReadonlyMap<string, LocalDate>> {
  const rows = await read.query<{ register: string; kept_from: LocalDate }>(
    "select register, kept_from from ledger.register_settings where ulb_id = :ulb and kept_from is not null",
    { ulb: read.ulb.id },
  );
  return new Map(rows.map((r) => [r.register, r.kept_from]));
}

/**
 * Says from which day a register is kept (null: it is not), on record: from then on no month is closed on a difference to its control
 * accounts. Raises REGISTER_KIND_UNKNOWN.
 */
export async function keepRegister(tx: Tx, register: RegisterName, from: LocalDate | null): Promise<void> {
  registerOf(register);
  const before = (await keptRegisters(tx)).get(register) ?? null;
  await tx.query(
    `insert into ledger.register_settings (ulb_id, register, kept_from, set_at, set_by) values (:ulb, :register, :kept_from, :now, :actor)
     on conflict (ulb_id, register) do update set kept_from = excluded.kept_from, set_at = excluded.set_at, set_by = excluded.set_by`,
    { ulb: tx.ulb.id, register, kept_from: from, now: tx.clock(), actor: tx.actor.id },
  );
  await audit(tx, {
    action: "keep",
    subject: "register",
    subjectId: register,
    before: { from: before },
    after: { from },
  });
}

/**
 * Each register against its control accounts at the end of a day, kept or not: what came from elsewhere (imports, vouchers, opening balances)
 * and is not in the register shows as the difference. Dues between funds are tied in total, which is nothing, and fund by fund.
 */
export async function registerTies(read: Read, asOf: LocalDate): Promise<RegisterTie[]> {
  const kept = await keptRegisters(read);
  const ties: RegisterTie[] = [];
  for (const tie of TIES) {
    const accounts = await controlAccounts(read, controlOf(tie));
    const held = (await balances(read, { register: tie.register, asOf })).filter((b) =>
      tie.measures.includes(b.measure),
    );
    const signed = (b: (typeof held)[number]): bigint => (MEASURES[b.measure].side === tie.side ? b.amount : -b.amount);
    const add = async (fund: string): Promise<void> => {
      const found = await accountBalances(read, accounts, asOf, fund === "" ? undefined : fund);
      const debit = [...found.values()].reduce((a, b) => a + b, 0n);
      const ledger = paise(tie.side === "debit" ? debit : -debit);
      const registered = paise(held.filter((b) => fund === "" || b.fund === fund).reduce((a, b) => a + signed(b), 0n));
      ties.push({
        name: fund === "" ? tie.name : `${tie.name}, fund ${fund}`,
        register: tie.register,
        fund,
        keptFrom: kept.get(tie.register) ?? null,
        ledger,
        registered,
        difference: subtract(ledger, registered),
      });
    };
    await add("");
    if (tie.register === "inter-fund") for (const fund of await fundsWith(read, accounts, asOf, held)) await add(fund);
  }
  return ties;
}

async function controlAccounts(read: Read, keys: readonly PostingKey[]): Promise<string[]> {
  return accountsBelow(read, Object.values(await postingAccounts(read, ...keys)));
}

async function fundsWith(
  read: Read,
  accounts: readonly string[],
  asOf: LocalDate,
  held: readonly { readonly fund: string }[],
): Promise<string[]> {
  const rows = await read.query<{ fund: string }>(
    `select distinct fund from ledger.lines where ulb_id = :ulb and account = any(:accounts::text[]) and entry_date <= :as_of::date`,
    { ulb: read.ulb.id, accounts, as_of: asOf },
  );
  return [...new Set([...rows, ...held].map((r) => r.fund))].sort();
}

export type Unregistered = {
  readonly entryId: bigint;
  readonly number: string;
  readonly date: LocalDate;
  readonly narration: string;
  readonly account: string;
  readonly fund: string;
  readonly debit: Paise;
  readonly credit: Paise;
};

/** Lines on a register's control accounts whose entry no act of a register posted or took: what its difference is made of. At most 200. */
export async function notInRegister(read: Read, register: RegisterName, asOf: LocalDate): Promise<Unregistered[]> {
  const keys = TIES.filter((t) => t.register === register).flatMap(controlOf);
  const accounts = await controlAccounts(read, [...new Set(keys)]);
  const rows = await read.query<{
    entry_id: bigint;
    voucher: VoucherType;
    fy: string;
    number: bigint;
    entry_date: LocalDate;
    narration: string;
    account: string;
    fund: string;
    debit: bigint;
    credit: bigint;
  }>(
    `select e.entry_id, e.voucher, e.fy, e.number, e.entry_date, e.narration, l.account, l.fund, l.debit, l.credit
     from ledger.lines l
     join ledger.entries e on e.ulb_id = l.ulb_id and e.entry_id = l.entry_id
     where l.ulb_id = :ulb and l.account = any(:accounts::text[]) and l.entry_date <= :as_of::date and e.source_type <> :source
       and not exists (
         select 1 from ledger.register_acts a
         where a.ulb_id = l.ulb_id and a.taken_entry_id = l.entry_id and a.status = 'approved'
           and not exists (
             select 1 from ledger.register_acts b where b.ulb_id = a.ulb_id and b.takes_back = a.act_id and b.status = 'approved'))
     order by l.entry_date desc, l.entry_id desc, l.line_no
     limit 200`,
    { ulb: read.ulb.id, accounts, as_of: asOf, source: ACT_SOURCE },
  );
  return rows.map((r) => ({
    entryId: r.entry_id,
    number: entryNumber(r.voucher, r.fy, r.number),
    date: r.entry_date,
    narration: r.narration,
    account: r.account,
    fund: r.fund,
    debit: paise(r.debit),
    credit: paise(r.credit),
  }));
}

async function tiesOff(read: Read, period: Period, isAsked: (tie: RegisterTie) => boolean): Promise<Problem[]> {
  const end = periodEnd(period);
  return (await registerTies(read, end))
    .filter((t) => isAsked(t) && t.keptFrom !== null && t.keptFrom <= end && t.difference !== 0n)
    .map((t) => ({
      code: "TIE_REGISTERS",
      message: `${t.name}: ledger ${formatIndian(t.ledger)}, register ${formatIndian(t.registered)}, not in the register ${formatIndian(t.difference)}`,
    }));
}

/** What the registers ask before a month is closed: those that are kept by its end equal their control accounts, and nothing waits. */
export const registerCloseChecks: readonly CloseCheck[] = [
  {
    name: "registers that are kept equal their control accounts",
    run: (read, period) => tiesOff(read, period, (t) => t.register !== "work"),
  },
  {
    name: "the register of works equals capital work in progress",
    run: (read, period) => tiesOff(read, period, (t) => t.register === "work"),
  },
  {
    name: "no act of a register waits for approval",
    run: async (read, period) => {
      const row = await read.queryOne<{ n: bigint }>(
        `select count(*) as n from ledger.register_acts
         where ulb_id = :ulb and status = 'proposed' and to_char(act_date, 'YYYY-MM') = :month`,
        { ulb: read.ulb.id, month: period },
      );
      return row === undefined || row.n === 0n
        ? []
        : [
            {
              code: "REGISTER_ACTS_PENDING",
              message: `${row.n} acts of registers dated in ${period} are neither approved nor rejected`,
            },
          ];
    },
  },
];
