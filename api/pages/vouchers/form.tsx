import type { VNode } from "preact";
import type { Account, Line, Voucher, VoucherInput } from "../../../ledger/index.ts";
import { financialYear, localDate } from "../../../ledger/kernel/dates.ts";
import { defineErrors, type Refusal } from "../../../ledger/kernel/errors.ts";
import { rupees, toRupees } from "../../../ledger/kernel/money.ts";
import { Books } from "../books-frame.tsx";
import { Crumbs, Field, Form, Refused, Select } from "../components.tsx";
import { field, typedAmount, type View } from "../kit.tsx";

const errors = defineErrors({
  VOUCHER_LINE_TWO_SIDES: {
    status: 422,
    message: (f: { line: number }) => `line ${f.line} has a debit and a credit; write the second on a line of its own`,
  },
  VOUCHER_LINE_INCOMPLETE: {
    status: 422,
    message: (f: { line: number }) => `line ${f.line} needs an account and an amount`,
  },
  VOUCHER_LINE_PARTY: {
    status: 422,
    message: (f: { line: number; typed: string }) =>
      `line ${f.line}: "${f.typed}" is not a party; write its kind and its code, like "contractor C-0012"`,
  },
  VOUCHER_TYPE: { status: 422, message: (f: { type: string }) => `"${f.type}" is not a kind of voucher` },
});

const TYPES: readonly VoucherInput["voucher"][] = ["journal", "payment", "receipt", "contra"];
export const MAX_LINES = 60;

export type TypedLine = {
  readonly account: string;
  readonly debit: string;
  readonly credit: string;
  readonly function: string;
  readonly ward: string;
  /** "contractor C-0012". */
  readonly party: string;
  readonly year: string;
  readonly scheme: string;
  readonly budgetHead: string;
  readonly functionary: string;
  /** Where it is not the fund of the whole voucher. */
  readonly fund: string;
};
export type TypedPaper = {
  readonly date: string;
  readonly narration: string;
  readonly reference: string;
  readonly fileNumber: string;
  readonly sanctionNumber: string;
  readonly sanctionDate: string;
  readonly backDateReason: string;
  readonly autoReverseOn: string;
};
export type TypedVoucher = TypedPaper & {
  readonly type: string;
  readonly fund: string;
  readonly lines: readonly TypedLine[];
};

const EMPTY: TypedLine = {
  account: "",
  debit: "",
  credit: "",
  function: "",
  ward: "",
  party: "",
  year: "",
  scheme: "",
  budgetHead: "",
  functionary: "",
  fund: "",
};
const isEmpty = (l: TypedLine): boolean => Object.values(l).every((v) => v === "");

/** The words and numbers of a voucher besides its lines, as they were typed. */
export function typedPaper(body: unknown): TypedPaper {
  return {
    date: field(body, "date").slice(0, 10),
    narration: field(body, "narration").slice(0, 500),
    reference: field(body, "reference").slice(0, 60),
    fileNumber: field(body, "fileNumber").slice(0, 60),
    sanctionNumber: field(body, "sanctionNumber").slice(0, 60),
    sanctionDate: field(body, "sanctionDate").slice(0, 10),
    backDateReason: field(body, "backDateReason").slice(0, 300),
    autoReverseOn: field(body, "autoReverseOn").slice(0, 10),
  };
}

/** Fields of the form as they were typed; `rows` says how many lines the form had. */
export function typedVoucher(body: unknown): TypedVoucher {
  const rows = Math.min(Math.max(Number(field(body, "rows")) || 6, 6), MAX_LINES);
  const at = (name: string, i: number, size: number): string => field(body, `${name}-${i}`).slice(0, size);
  return {
    ...typedPaper(body),
    type: field(body, "type").slice(0, 20),
    fund: field(body, "fund").slice(0, 10),
    lines: Array.from({ length: rows }, (_, i) => ({
      account: at("account", i, 80),
      debit: at("debit", i, 40),
      credit: at("credit", i, 40),
      function: at("function", i, 20),
      ward: at("ward", i, 20),
      party: at("party", i, 80),
      year: at("year", i, 10),
      scheme: at("scheme", i, 40),
      budgetHead: at("budgetHead", i, 40),
      functionary: at("functionary", i, 40),
      fund: at("fund", i, 10),
    })),
  };
}

/** The list offers "4501001 Cash on hand": the code is its first word. */
export const codeOf = (typed: string): string => typed.split(/\s/)[0] ?? "";

/** "contractor C-0012" -> its kind and code. Raises VOUCHER_LINE_PARTY. */
export function partyOf(typed: string, line: number): { readonly type: string; readonly id: string } {
  const match = /^([a-z][a-z-]{1,38})[\s:/]+(\S{1,100})/i.exec(typed);
  if (!match) throw errors.VOUCHER_LINE_PARTY({ line, typed });
  return { type: (match[1] ?? "").toLowerCase(), id: match[2] ?? "" };
}

/** What stands on the paper, as the ledger takes it. Raises DATE_FORMAT. */
export function paperOf(typed: TypedPaper) {
  return {
    date: localDate(typed.date),
    narration: typed.narration,
    ...(typed.reference === "" ? {} : { externalReference: typed.reference }),
    ...(typed.fileNumber === "" ? {} : { fileNumber: typed.fileNumber }),
    ...(typed.sanctionNumber === "" && typed.sanctionDate === ""
      ? {}
      : { sanction: { number: typed.sanctionNumber, date: localDate(typed.sanctionDate) } }),
    ...(typed.backDateReason === "" ? {} : { backDateReason: typed.backDateReason }),
    ...(typed.autoReverseOn === "" ? {} : { autoReverseOn: localDate(typed.autoReverseOn) }),
  };
}

/**
 * What is typed as the ledger takes it. `kinds`: more kinds of voucher than people write freely. Raises MONEY_*, DATE_FORMAT, VOUCHER_LINE_*,
 * VOUCHER_TYPE; the ledger judges the rest.
 */
export function voucherOf(typed: TypedVoucher, kinds: readonly VoucherInput["voucher"][] = []): VoucherInput {
  const voucher = [...TYPES, ...kinds].find((t) => t === typed.type);
  if (!voucher) throw errors.VOUCHER_TYPE({ type: typed.type });
  const lines = typed.lines.flatMap((l, i): Line[] => {
    if (isEmpty(l)) return [];
    if (l.debit !== "" && l.credit !== "") throw errors.VOUCHER_LINE_TWO_SIDES({ line: i + 1 });
    const account = codeOf(l.account);
    const amount = l.debit === "" ? l.credit : l.debit;
    if (account === "" || amount === "") throw errors.VOUCHER_LINE_INCOMPLETE({ line: i + 1 });
    const fund = l.fund === "" ? typed.fund : l.fund;
    return [
      {
        side: l.debit === "" ? "credit" : "debit",
        account,
        amount: rupees(typedAmount(amount)),
        ...(fund === "" ? {} : { fund }),
        ...(l.function === "" ? {} : { function: codeOf(l.function) }),
        ...(l.ward === "" ? {} : { ward: l.ward }),
        ...(l.party === "" ? {} : { party: partyOf(l.party, i + 1) }),
        ...(l.year === "" ? {} : { demandYear: financialYear(l.year) }),
        ...(l.scheme === "" ? {} : { scheme: l.scheme }),
        ...(l.budgetHead === "" ? {} : { budgetHead: l.budgetHead }),
        ...(l.functionary === "" ? {} : { functionary: l.functionary }),
      },
    ];
  });
  return { voucher, ...paperOf(typed), lines };
}

/** A voucher as its form shows it: nothing that it holds is lost when it is saved again. */
export function typedOf(voucher: Voucher): TypedVoucher {
  const fund = voucher.lines[0]?.fund ?? "";
  return {
    type: voucher.voucher,
    date: voucher.date,
    narration: voucher.narration,
    reference: voucher.externalReference ?? "",
    fileNumber: voucher.fileNumber ?? "",
    sanctionNumber: voucher.sanction?.number ?? "",
    sanctionDate: voucher.sanction?.date ?? "",
    backDateReason: voucher.backDateReason ?? "",
    autoReverseOn: voucher.autoReverseOn ?? "",
    fund,
    lines: voucher.lines.map((l) => ({
      account: l.account,
      debit: l.side === "debit" ? toRupees(l.amount) : "",
      credit: l.side === "credit" ? toRupees(l.amount) : "",
      function: l.function ?? "",
      ward: l.ward ?? "",
      party: l.party === undefined ? "" : `${l.party.type} ${l.party.id}`,
      year: l.demandYear ?? "",
      scheme: l.scheme ?? "",
      budgetHead: l.budgetHead ?? "",
      functionary: l.functionary ?? "",
      fund: (l.fund ?? "") === fund ? "" : (l.fund ?? "01"),
    })),
  };
}

export const withMore = (typed: TypedVoucher): TypedVoucher => ({
  ...typed,
  lines: [...typed.lines, ...Array.from({ length: Math.min(6, MAX_LINES - typed.lines.length) }, () => EMPTY)],
});

/** The fields that every voucher has, folded away where they are rarely needed. */
export function PaperFields({ typed }: { readonly typed: TypedPaper }): VNode {
  const isUsed = [
    typed.fileNumber,
    typed.sanctionNumber,
    typed.sanctionDate,
    typed.backDateReason,
    typed.autoReverseOn,
  ].some((v) => v !== "");
  return (
    <details open={isUsed}>
      <summary>File, sanction, back date, automatic reversal</summary>
      <div class="filter">
        <Field label="File number" name="fileNumber" value={typed.fileNumber} maxLength={60} />
        <Field label="Sanction number" name="sanctionNumber" value={typed.sanctionNumber} maxLength={60} />
        <Field label="Sanction date" name="sanctionDate" type="date" value={typed.sanctionDate} />
        <Field
          label="Reverse by itself on"
          name="autoReverseOn"
          type="date"
          value={typed.autoReverseOn}
          hint="Accruals of 31 March: 1 April"
        />
      </div>
      <Field
        label="Why it is dated back"
        name="backDateReason"
        value={typed.backDateReason}
        hint="Needed when it is dated back by more days than are set"
        size="long"
        maxLength={300}
      />
    </details>
  );
}

export function VoucherForm(props: {
  readonly view: View;
  readonly action: string;
  readonly version?: number;
  readonly typed: TypedVoucher;
  readonly accounts: readonly Account[];
  readonly refusal?: Refusal | undefined;
}): VNode {
  const { view, typed } = props;
  const lines = [...typed.lines, ...Array.from({ length: Math.max(6 - typed.lines.length, 0) }, () => EMPTY)];
  const types = TYPES.includes(typed.type as VoucherInput["voucher"]) ? TYPES : [typed.type, ...TYPES];
  const input = (name: keyof TypedLine, i: number, l: TypedLine, label: string, isAmount = false): VNode => (
    <td>
      <input
        name={`${name}-${i}`}
        aria-label={`${label}, line ${i + 1}`}
        value={l[name]}
        class={isAmount ? "amount" : undefined}
        inputMode={isAmount ? "decimal" : undefined}
        list={name === "account" ? "accounts" : undefined}
        autocomplete="off"
      />
    </td>
  );
  return (
    <Books view={view} title={props.version === undefined ? "New voucher" : "Change voucher"} tab="vouchers">
      <Crumbs trail={[["Vouchers", "/books/vouchers"]]} />
      <h1>{props.version === undefined ? "New voucher" : "Change the voucher"}</h1>
      {props.version === undefined && (
        <p class="quiet">
          For what happens often there are <a href="/books/vouchers/templates">templates</a>: they know the accounts.
        </p>
      )}
      <Refused refusal={props.refusal} />
      <Form view={view} action={props.action}>
        <input type="hidden" name="rows" value={lines.length} />
        {props.version !== undefined && <input type="hidden" name="version" value={props.version} />}
        <div class="filter">
          <Select label="Type" name="type" value={typed.type} options={types.map((t) => ({ value: t, label: t }))} />
          <Field label="Date" name="date" type="date" value={typed.date} isRequired />
          <Field label="Fund (01 if empty)" name="fund" value={typed.fund} maxLength={10} />
          <Field label="Reference" name="reference" value={typed.reference} maxLength={60} />
        </div>
        <Field
          label="Narration"
          name="narration"
          value={typed.narration}
          hint="What the entry is for"
          size="long"
          isRequired
          maxLength={500}
        />
        <PaperFields typed={typed} />
        <div class="table lines-input" role="region" aria-label="Lines" tabIndex={0}>
          <table>
            <caption>Lines. Income and expenditure (codes 1… and 2…) need a function.</caption>
            <thead>
              <tr>
                <th scope="col">Account</th>
                <th scope="col" class="amount">
                  Debit (₹)
                </th>
                <th scope="col" class="amount">
                  Credit (₹)
                </th>
                {[
                  "Function",
                  "Ward",
                  "Party (kind and code)",
                  "Year",
                  "Scheme",
                  "Budget head",
                  "Officer",
                  "Other fund",
                ].map((title) => (
                  <th scope="col">{title}</th>
                ))}
              </tr>
            </thead>
            <tbody>
              {lines.map((l, i) => (
                <tr>
                  {input("account", i, l, "Account")}
                  {input("debit", i, l, "Debit", true)}
                  {input("credit", i, l, "Credit", true)}
                  {input("function", i, l, "Function")}
                  {input("ward", i, l, "Ward")}
                  {input("party", i, l, "Party")}
                  {input("year", i, l, "Year of the demand")}
                  {input("scheme", i, l, "Scheme")}
                  {input("budgetHead", i, l, "Budget head")}
                  {input("functionary", i, l, "Officer")}
                  {input("fund", i, l, "Other fund")}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
        <datalist id="accounts">
          {props.accounts.map((a) => (
            <option value={`${a.code} ${a.name}`} />
          ))}
        </datalist>
        <div class="actions">
          <button name="then" value="save">
            Save the draft
          </button>
          <button name="then" value="submit" class="second">
            Save and submit for approval
          </button>
          {lines.length < MAX_LINES && (
            <button name="then" value="more" class="second" formNoValidate>
              More lines
            </button>
          )}
        </div>
      </Form>
    </Books>
  );
}
