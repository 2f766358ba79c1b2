import type { FinancialYear, LocalDate } from "../kernel/dates.ts";
import { paise, sum, type Paise } from "../kernel/money.ts";
import type { Read } from "../kernel/tx.ts";
import { MAX_LINE, type Dimensions, type Line, type VoucherType } from "../entries.ts";
import { ledgerErrors } from "../errors.ts";
import type { VoucherInput } from "../vouchers/index.ts";
import { templateErrors } from "./errors.ts";
import { getTemplate, isBelow, type Template, type TemplateLeg, type TemplateVoucher } from "./read.ts";

/** What is filled in on one row of a template. A leg may stand several times: a year or a head each. */
export type TemplateLine = {
  readonly leg: number;
  /** Missing or nil: the leg is left out, or takes the balance. */
  readonly amount?: Paise | undefined;
  readonly account?: string | undefined;
  readonly function?: string | undefined;
  readonly party?: { readonly type: string; readonly id: string } | undefined;
  readonly demandYear?: FinancialYear | undefined;
  readonly scheme?: string | undefined;
  readonly functionary?: string | undefined;
  readonly budgetHead?: string | undefined;
};

/** A template filled in. What is said once holds for every line that needs it and does not say otherwise. */
export type TemplateInput = {
  readonly date: LocalDate;
  /** The title of the event when nothing is said. */
  readonly narration?: string | undefined;
  readonly fund?: string | undefined;
  /** The second fund, where money passes between funds. */
  readonly otherFund?: string | undefined;
  readonly ward?: string | undefined;
  readonly function?: string | undefined;
  readonly party?: { readonly type: string; readonly id: string } | undefined;
  readonly demandYear?: FinancialYear | undefined;
  readonly scheme?: string | undefined;
  readonly lines: readonly TemplateLine[];
} & Pick<VoucherInput, "externalReference" | "fileNumber" | "sanction" | "backDateReason" | "autoReverseOn">;

/**
 * The vouchers of an event, in order. Every one balances, or the refusal says by how much not and which leg is meant. Pure: the template
 * carries the accounts that may be chosen. Raises TEMPLATE_*, LINE_AMOUNT.
 */
export function composeVouchers(template: Template, input: TemplateInput): VoucherInput[] {
  const legs = new Map(template.vouchers.flatMap((v) => v.legs.map((l) => [l.leg, l] as const)));
  for (const line of input.lines) {
    if (!legs.has(line.leg)) throw templateErrors.TEMPLATE_LEG_UNKNOWN({ rule: template.ruleId, leg: line.leg });
  }
  const filled = input.lines.filter((l) => l.amount !== undefined && l.amount !== 0n);
  const wanted = template.vouchers.filter(
    (v) => !v.isOptional || filled.some((line) => v.legs.some((l) => l.leg === line.leg)),
  );
  if (wanted.length === 0) throw templateErrors.TEMPLATE_EMPTY({ rule: template.ruleId });
  return wanted.map((voucher) => composeVoucher(template, voucher, input));
}

/** The same from the ULB's own accounts. Raises TEMPLATE_UNKNOWN besides. */
export async function vouchersFromTemplate(read: Read, ruleId: string, input: TemplateInput): Promise<VoucherInput[]> {
  return composeVouchers(await getTemplate(read, ruleId), input);
}

function composeVoucher(template: Template, voucher: TemplateVoucher, input: TemplateInput): VoucherInput {
  const rows = voucher.legs.flatMap((leg) => {
    const own = input.lines.filter((l) => l.leg === leg.leg);
    const given = own.filter((l) => l.amount !== undefined && l.amount !== 0n);
    if (leg.kind === "given" && given.length === 0)
      throw templateErrors.TEMPLATE_LEG_MISSING({ rule: template.ruleId, leg: leg.leg, words: leg.words });
    return given.map((row) => ({ leg, row, amount: row.amount as Paise }));
  });
  for (const { leg, row, amount } of rows) refuseAmount(template, leg, row, amount);
  const total = (side: Line["side"]): Paise => sum(rows.filter((r) => r.leg.side === side).map((r) => r.amount));
  const debits = total("debit");
  const credits = total("credit");
  if (debits !== credits) {
    const side = debits > credits ? "credit" : "debit";
    const leg = voucher.legs.find(
      (l) => l.kind === "balance" && l.side === side && !rows.some((r) => r.leg.leg === l.leg),
    );
    if (!leg) {
      throw templateErrors.TEMPLATE_UNBALANCED({
        rule: template.ruleId,
        voucher: voucher.types[0] ?? "",
        debits: String(debits),
        credits: String(credits),
      });
    }
    const row = input.lines.find((l) => l.leg === leg.leg) ?? { leg: leg.leg };
    const amount = paise(debits > credits ? debits - credits : credits - debits);
    refuseAmount(template, leg, row, amount);
    rows.push({ leg, row, amount });
  }
  if (rows.length === 0) throw templateErrors.TEMPLATE_EMPTY({ rule: template.ruleId });
  const order = new Map(voucher.legs.map((l, i) => [l.leg, i]));
  const chosen = rows
    .sort((a, b) => (order.get(a.leg.leg) ?? 0) - (order.get(b.leg.leg) ?? 0))
    .map(({ leg, row, amount }) => lineOf(template, voucher, leg, row, amount, input));
  const hasCash = chosen.some((c) => c.isCashBank);
  const narration = (input.narration ?? "").trim() === "" ? template.title : (input.narration ?? "");
  return {
    voucher: typeOf(voucher.types, hasCash),
    date: input.date,
    narration: voucher.step === "" ? narration : `${narration} (${lowerFirst(voucher.step)})`,
    externalReference: input.externalReference,
    fileNumber: input.fileNumber,
    sanction: input.sanction,
    backDateReason: input.backDateReason,
    autoReverseOn: input.autoReverseOn,
    template: template.ruleId,
    lines: chosen.map((c) => c.line),
  };
}

/** "receipt or journal": a journal holds no cash or bank line, the others need one. */
function typeOf(types: readonly VoucherType[], hasCash: boolean): VoucherType {
  const fits = types.find((t) => (t === "journal") !== hasCash);
  return fits ?? types[0] ?? "journal";
}

function refuseAmount(template: Template, leg: TemplateLeg, row: TemplateLine, amount: Paise): void {
  if (amount > 0n && amount <= MAX_LINE) return;
  throw ledgerErrors.LINE_AMOUNT({
    what: `${template.ruleId} (${leg.words})`,
    line: leg.leg,
    account: row.account ?? leg.account ?? leg.heads.join(", "),
    amount: String(amount),
  });
}

function lineOf(
  template: Template,
  voucher: TemplateVoucher,
  leg: TemplateLeg,
  row: TemplateLine,
  amount: Paise,
  input: TemplateInput,
): { readonly line: Line; readonly isCashBank: boolean } {
  const named = { rule: template.ruleId, leg: leg.leg, words: leg.words };
  const heads = leg.heads.map((h) => (h.startsWith("!") ? `not ${h.slice(1)}` : h)).join(", ");
  const code = row.account ?? leg.account;
  if (code === null) throw templateErrors.TEMPLATE_ACCOUNT_MISSING({ ...named, heads });
  const account = leg.choices.find((c) => c.code === code);
  if (!account) throw templateErrors.TEMPLATE_ACCOUNT_NOT_ALLOWED({ ...named, account: code, heads });
  const missing = (dimension: string) => templateErrors.TEMPLATE_DIMENSION_MISSING({ ...named, dimension });

  const fund = voucher.fund === "other" ? input.otherFund : input.fund;
  if (voucher.fund === "other" && (fund === undefined || fund === (input.fund ?? "01")))
    throw missing(`the other fund, different from fund ${input.fund ?? "01"}`);
  const needs = leg.needsHeads.length === 0 || isBelow(code, leg.needsHeads) ? leg.needs : [];
  const party = row.party ?? (leg.needs.includes("party") ? input.party : undefined);
  if (needs.includes("party") && !party)
    throw missing(`a party${leg.partyTypes.length === 0 ? "" : ` of type ${anyOf(leg.partyTypes)}`}`);
  if (party && leg.partyTypes.length > 0 && needs.includes("party") && !leg.partyTypes.includes(party.type))
    throw missing(`a party of type ${anyOf(leg.partyTypes)}, not ${party.type}`);
  const demandYear = row.demandYear ?? (leg.needs.includes("year") ? input.demandYear : undefined);
  if (needs.includes("year") && !demandYear) throw missing("the year of the demand");
  const scheme = row.scheme ?? (leg.needs.includes("scheme") ? input.scheme : undefined);
  if (needs.includes("scheme") && !scheme) throw missing("a scheme");
  const own = row.function ?? (account.needsFunction ? (input.function ?? template.function ?? undefined) : undefined);
  if (account.needsFunction && own === undefined) throw missing(`a function: account ${code} is income or expenditure`);

  const dimensions: Dimensions = {
    ...(fund === undefined ? {} : { fund }),
    ...(own === undefined ? {} : { function: own }),
    ...(input.ward === undefined ? {} : { ward: input.ward }),
    ...(row.functionary === undefined ? {} : { functionary: row.functionary }),
    ...(row.budgetHead === undefined ? {} : { budgetHead: row.budgetHead }),
    ...(scheme === undefined ? {} : { scheme }),
    ...(party === undefined ? {} : { party }),
    ...(demandYear === undefined ? {} : { demandYear }),
  };
  return { line: { ...dimensions, side: leg.side, account: code, amount }, isCashBank: account.isCashBank };
}

const lowerFirst = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1);
const anyOf = (words: readonly string[]): string =>
  words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} or ${words.at(-1)}`;
