import { readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import Papa from "papaparse";
import { invariant } from "../kernel/errors.ts";
import { groupBy } from "../kernel/group.ts";
import type { Read } from "../kernel/tx.ts";
import type { VoucherType } from "../entries.ts";
import { eventAccounts } from "../masters/index.ts";
import { templateErrors } from "./errors.ts";

/** What a leg needs besides its account. */
export type LegNeed = "party" | "year" | "scheme";
/** `given`: the caller says how much. `optional`: he may. `balance`: what the other legs of the voucher leave, when he does not say. */
export type LegKind = "given" | "optional" | "balance";

export type TemplateAccount = {
  readonly code: string;
  readonly name: string;
  readonly isCashBank: boolean;
  readonly needsFunction: boolean;
};

export type TemplateLeg = {
  /** As `posting_rules` counts them; legs that only the notes of the rule name follow. */
  readonly leg: number;
  readonly side: "debit" | "credit";
  /** What the amount is, in words. */
  readonly words: string;
  readonly kind: LegKind;
  /** The account unless another is chosen: the ULB's choice, its posting map, or the chart's; null where only the caller can know. */
  readonly account: string | null;
  /** The heads below which an account may be chosen; one that begins with "!" is left out. */
  readonly heads: readonly string[];
  readonly needs: readonly LegNeed[];
  /** The heads under which it needs that; empty: all. A refund payable has no year of demand, where the demand itself has. */
  readonly needsHeads: readonly string[];
  /** Whose sub-ledger it is; empty: any. */
  readonly partyTypes: readonly string[];
  /** The posting accounts of this ULB that may be chosen, by code. Empty in lists. */
  readonly choices: readonly TemplateAccount[];
};

export type TemplateVoucher = {
  /** One type, or two of which the chosen accounts decide: a cash or bank line makes it a receipt or payment, none a journal. */
  readonly types: readonly VoucherType[];
  /** Left out when none of its amounts is given. */
  readonly isOptional: boolean;
  /** Which of two funds it is booked in, where money passes between funds. */
  readonly fund: "own" | "other";
  /** What this voucher is, where the event has several. */
  readonly step: string;
  readonly legs: readonly TemplateLeg[];
};

/** An event of the posting rules, and how it is booked. */
export type Template = {
  readonly ruleId: string;
  readonly area: string;
  readonly title: string;
  readonly when: string;
  readonly basis: string;
  readonly note: string;
  /** The function of its income and expenditure unless another is given. */
  readonly function: string | null;
  readonly vouchers: readonly TemplateVoucher[];
};

type Leg = TemplateLeg & { readonly postingKey: string };
type Shipped = Omit<Template, "vouchers"> & {
  readonly vouchers: readonly (Omit<TemplateVoucher, "legs"> & { readonly legs: readonly Leg[] })[];
};

const folder = path.dirname(fileURLToPath(import.meta.url));
const shipped = new Map<string, ReadonlyMap<string, Shipped>>();

function readCsv(chart: string, file: string): Record<string, string>[] {
  const text = readFileSync(path.join(folder, chart, file), "utf8");
  const { data, errors } = Papa.parse<Record<string, string>>(text, { header: true, skipEmptyLines: true });
  invariant(errors.length === 0 && data.length > 0, `templates/${chart}/${file} is a sound CSV`);
  return data;
}
const words = (text: string | undefined): string[] => (text ?? "").split(" ").filter((w) => w !== "");

/** The templates shipped for a chart: data of the version, read once. */
function templatesOf(chart: string): ReadonlyMap<string, Shipped> {
  let found = shipped.get(chart);
  if (!found) {
    const legs = groupBy(readCsv(chart, "legs.csv"), (l) => l["rule_id"] ?? "");
    found = new Map(
      readCsv(chart, "events.csv").map((e) => {
        const ruleId = e["rule_id"] ?? "";
        const vouchers = [...groupBy(legs.get(ruleId) ?? [], (l) => l["voucher"] ?? "").values()];
        return [
          ruleId,
          {
            ruleId,
            area: e["area"] ?? "",
            title: e["title"] ?? "",
            when: e["when"] ?? "",
            basis: e["basis"] ?? "",
            note: e["note"] ?? "",
            function: e["function"] ? e["function"] : null,
            vouchers: vouchers.map((rows) => ({
              types: (rows[0]?.["voucher_type"] ?? "").split("/") as VoucherType[],
              isOptional: rows[0]?.["is_optional"] === "Y",
              fund: rows[0]?.["fund"] === "other" ? "other" : "own",
              step: rows[0]?.["step"] ?? "",
              legs: rows.map(legOf),
            })),
          },
        ] as const;
      }),
    );
    shipped.set(chart, found);
  }
  return found;
}

function legOf(row: Record<string, string>): Leg {
  return {
    leg: Number(row["leg"]),
    side: row["side"] === "Dr" ? "debit" : "credit",
    words: row["amount"] ?? "",
    kind: row["kind"] as LegKind,
    account: row["account"] ? row["account"] : null,
    postingKey: row["posting_key"] ?? "",
    heads: words(row["heads"]),
    needs: words(row["needs"]) as LegNeed[],
    needsHeads: words(row["needs_heads"]),
    partyTypes: words(row["party_types"]),
    choices: [],
  };
}

async function templatesFor(read: Read): Promise<ReadonlyMap<string, Shipped>> {
  const row = await read.queryOne<{ chart: string }>("select chart from ledger.ulbs where ulb_id = :ulb", {
    ulb: read.ulb.id,
  });
  invariant(row, "a ULB has a chart");
  return templatesOf(row.chart);
}

const plain = ({ postingKey: _key, ...leg }: Leg): TemplateLeg => leg;

/** Every event that can be booked, in the order of the rules, with the accounts that the chart gives; `getTemplate` has the ULB's own. */
export async function listTemplates(read: Read): Promise<Template[]> {
  return [...(await templatesFor(read)).values()].map((t) => ({
    ...t,
    vouchers: t.vouchers.map((v) => ({ ...v, legs: v.legs.map(plain) })),
  }));
}

/** One event, with this ULB's accounts and the accounts that may be chosen instead. Raises TEMPLATE_UNKNOWN. */
export async function getTemplate(read: Read, ruleId: string): Promise<Template> {
  const template = (await templatesFor(read)).get(ruleId);
  if (!template) throw templateErrors.TEMPLATE_UNKNOWN({ rule: ruleId.slice(0, 40) });
  const accounts = await read.query<TemplateAccount>(
    `select code, name, is_cash_bank as "isCashBank", needs_function as "needsFunction" from ledger.accounts
     where ulb_id = :ulb and is_posting and is_active order by code`,
    { ulb: read.ulb.id },
  );
  const map = new Map(
    (
      await read.query<{ key: string; account: string }>(
        "select key, account from ledger.posting_map where ulb_id = :ulb and key = any(:keys::text[])",
        {
          ulb: read.ulb.id,
          keys: template.vouchers.flatMap((v) => v.legs.flatMap((l) => (l.postingKey === "" ? [] : [l.postingKey]))),
        },
      )
    ).map((r) => [r.key, r.account]),
  );
  const own = await eventAccounts(read, ruleId);
  const inUse = new Set(accounts.map((a) => a.code));
  return {
    ...template,
    vouchers: template.vouchers.map((v) => ({
      ...v,
      legs: v.legs.map((leg) => {
        const account = own.get(leg.leg) ?? map.get(leg.postingKey) ?? leg.account;
        return {
          ...plain(leg),
          // A head that was closed is no proposal any more.
          account: account !== null && inUse.has(account) ? account : null,
          choices: accounts.filter((a) => isBelow(a.code, leg.heads) || a.code === account),
        };
      }),
    })),
  };
}

/** Whether an account lies below one of the heads and below none of those that are left out. */
export function isBelow(account: string, heads: readonly string[]): boolean {
  return (
    heads.some((h) => !h.startsWith("!") && account.startsWith(h)) &&
    !heads.some((h) => h.startsWith("!") && account.startsWith(h.slice(1)))
  );
}
