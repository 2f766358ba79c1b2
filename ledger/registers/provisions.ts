import type { LocalDate } from "../kernel/dates.ts";
import { paise } from "../kernel/money.ts";
import type { Read } from "../kernel/tx.ts";
import { accountBalances } from "../balances.ts";
import { postingAccounts, type PostingKey } from "../posting-map.ts";
import { actKind, narrate } from "./act-kinds.ts";
import { registerErrors } from "./errors.ts";
import { code } from "./fields.ts";
import { provisionNorms, REVENUES, type Revenue } from "./norms.ts";
import {
  provisionFor,
  requiredProvision,
  type ProvisionAccounts,
  type ProvisionRow,
  type Provided,
} from "./provision.ts";
import { receivableAgesByFund } from "./receivable-ages.ts";

const KEYS: Readonly<Record<Revenue, { readonly [K in keyof ProvisionAccounts]: PostingKey | null }>> = {
  "property-tax": {
    provision: "provision-property-tax",
    cessShare: "provision-cess-share-property-tax",
    expense: "provision-expense-property-tax",
    writtenBack: "provision-back-property-tax",
  },
  "other-taxes": {
    provision: "provision-other-taxes",
    cessShare: "provision-cess-share-other-taxes",
    expense: "provision-expense-other-taxes",
    writtenBack: "provision-back-other-taxes",
  },
  cess: {
    provision: "provision-cess",
    cessShare: null,
    expense: "provision-expense-cess",
    writtenBack: "provision-back-cess",
  },
  "fees-and-charges": {
    provision: "provision-fees-and-charges",
    cessShare: "provision-cess-share-fees-and-charges",
    expense: "provision-expense-fees-and-charges",
    writtenBack: "provision-back-fees-and-charges",
  },
  other: {
    provision: "provision-other",
    cessShare: null,
    expense: "provision-expense-other",
    writtenBack: "provision-back-other",
  },
};

async function provisionAccounts(read: Read): Promise<(revenue: Revenue) => ProvisionAccounts> {
  const keys = REVENUES.flatMap((r) => Object.values(KEYS[r]).filter((k) => k !== null));
  const found = await postingAccounts(read, ...keys);
  const of = (key: PostingKey | null): string => (key === null ? "" : found[key]);
  return (revenue) => {
    const { provision, cessShare, expense, writtenBack } = KEYS[revenue];
    return {
      provision: of(provision),
      cessShare: cessShare === null ? null : of(cessShare),
      expense: of(expense),
      writtenBack: of(writtenBack),
    };
  };
}

async function provided(
  read: Read,
  asOf: LocalDate,
  accountsOf: (revenue: Revenue) => ProvisionAccounts,
): Promise<Provided[]> {
  const funds = await read.query<{ code: string }>("select code from ledger.funds where ulb_id = :ulb order by code", {
    ulb: read.ulb.id,
  });
  const all: Provided[] = [];
  for (const { code: fund } of funds) {
    const accounts = REVENUES.map(accountsOf);
    const balances = await accountBalances(
      read,
      [...new Set(accounts.flatMap((a) => [a.provision, ...(a.cessShare === null ? [] : [a.cessShare])]))],
      asOf,
      fund,
    );
    // A head that two revenues share is counted with the first: twice would write back what is needed.
    const seen = new Set<string>();
    const once = (account: string | null): bigint => {
      if (account === null || seen.has(account)) return 0n;
      seen.add(account);
      return balances.get(account) ?? 0n;
    };
    for (const revenue of REVENUES) {
      const { provision, cessShare } = accountsOf(revenue);
      const of = { revenue, fund, gross: paise(-once(provision)), cess: paise(once(cessShare)) };
      if (of.gross !== 0n || of.cess !== 0n) all.push(of);
    }
  }
  return all;
}

export type ProvisionStatement = {
  readonly rows: readonly ProvisionRow[];
  readonly provided: readonly Provided[];
};

/** What is outstanding at a day by age, what the norms require to be provided of it, and what stands provided in the books. */
export async function provisionStatement(read: Read, asOf: LocalDate): Promise<ProvisionStatement> {
  const rows = requiredProvision(await receivableAgesByFund(read, asOf), await provisionNorms(read, asOf));
  return { rows, provided: await provided(read, asOf, await provisionAccounts(read)) };
}

const provision = actKind({
  kind: "provision",
  register: "provision",
  title: "Provision for receivables by age",
  rule: "PT-18, PT-19, WC-05",
  isOnItem: false,
  fields: {
    function: code("Function", {
      hint: "For revenues whose receivables name none",
      initial: "03",
    }),
  },
  decide: async (read, _, facts) => {
    const statement = await provisionStatement(read, facts.date);
    const { lines } = provisionFor(statement.rows, statement.provided, await provisionAccounts(read), facts.function);
    if (lines.length === 0) throw registerErrors.PROVISION_NOTHING({ day: facts.date });
    return {
      drafts: [
        {
          voucher: "journal",
          date: facts.date,
          narration: narrate(`Provision for receivables by age at ${facts.date}`, facts),
          lines,
        },
      ],
      movements: [],
    };
  },
});

export const provisionActs = [provision];
