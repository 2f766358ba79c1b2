import type { VNode } from "preact";
import {
  BILL_KINDS,
  listItems,
  payableErrors,
  postingAccount,
  taxSectionsOn,
  type Account,
  type Bill,
  type BillInput,
  type BillPreview,
  type Item,
  type Party,
  type TaxSection,
} from "../../../ledger/index.ts";
import { localDate, type LocalDate } from "../../../ledger/kernel/dates.ts";
import type { Refusal } from "../../../ledger/kernel/errors.ts";
import { formatIndian, rupees, subtract, sum, toRupees, type Paise } from "../../../ledger/kernel/money.ts";
import type { Read } from "../../../ledger/kernel/tx.ts";
import { Amount, Crumbs, Facts, Field, Form, Refused, Select, Table } from "../components.tsx";
import { field, typedAmount, type View } from "../kit.tsx";
import { amountField, codeOf, partyField, PartyList, partyText, Payables, ROOT } from "./common.tsx";

const ROWS = 4;
const MAX_ROWS = 40;
const OTHERS = 3;

type TypedLine = {
  readonly account: string;
  readonly amount: string;
  readonly function: string;
  readonly ward: string;
  readonly scheme: string;
  readonly budgetHead: string;
};
export type TypedBill = {
  readonly kind: string;
  readonly party: string;
  readonly number: string;
  readonly billDate: string;
  readonly receivedOn: string;
  readonly dueOn: string;
  readonly narration: string;
  readonly fund: string;
  readonly contractRef: string;
  readonly contractValue: string;
  readonly gst: string;
  readonly retention: string;
  readonly penalty: string;
  readonly penaltyFunction: string;
  readonly sections: readonly string[];
  readonly others: readonly { readonly code: string; readonly amount: string }[];
  readonly advances: ReadonlyMap<string, string>;
  readonly payees: string;
  readonly lines: readonly TypedLine[];
};

const EMPTY: TypedLine = { account: "", amount: "", function: "", ward: "", scheme: "", budgetHead: "" };

export const blankBill = (today: LocalDate): TypedBill => ({
  kind: "contractor",
  party: "",
  number: "",
  billDate: today,
  receivedOn: today,
  dueOn: "",
  narration: "",
  fund: "",
  contractRef: "",
  contractValue: "",
  gst: "",
  retention: "",
  penalty: "",
  penaltyFunction: "",
  sections: [],
  others: [],
  advances: new Map(),
  payees: "",
  lines: [],
});

/** The form's fields as they were typed. */
export function typedBill(body: unknown): TypedBill {
  const keys = typeof body === "object" && body !== null ? Object.keys(body) : [];
  const rows = Math.min(Math.max(Number(field(body, "rows")) || ROWS, ROWS), MAX_ROWS);
  const at = (name: string, size: number): string => field(body, name).slice(0, size);
  return {
    kind: at("kind", 20),
    party: at("party", 100),
    number: at("number", 60),
    billDate: at("billDate", 10),
    receivedOn: at("receivedOn", 10),
    dueOn: at("dueOn", 10),
    narration: at("narration", 400),
    fund: at("fund", 10),
    contractRef: at("contractRef", 60),
    contractValue: at("contractValue", 40),
    gst: at("gst", 40),
    retention: at("retention", 10),
    penalty: at("penalty", 40),
    penaltyFunction: at("penaltyFunction", 60),
    sections: keys.filter((k) => k.startsWith("section-")).map((k) => k.slice("section-".length, 80)),
    others: Array.from({ length: OTHERS }, (_, i) => ({
      code: at(`other-code-${i}`, 60),
      amount: at(`other-amount-${i}`, 40),
    })),
    advances: new Map(
      keys
        .filter((k) => /^advance-[0-9a-f-]{36}$/.test(k))
        .slice(0, 50)
        .map((k) => [k.slice("advance-".length), at(k, 40)]),
    ),
    payees: field(body, "payees").slice(0, 100_000),
    lines: Array.from({ length: rows }, (_, i) => ({
      account: at(`account-${i}`, 120),
      amount: at(`amount-${i}`, 40),
      function: at(`function-${i}`, 60),
      ward: at(`ward-${i}`, 60),
      scheme: at(`scheme-${i}`, 60),
      budgetHead: at(`budget-${i}`, 60),
    })),
  };
}

/** A saved draft in its form. */
export function typedOf(bill: Bill): TypedBill {
  const gst = subtract(bill.gross, bill.taxable);
  const penalty = bill.asked.others.find((o) => o.kind === "income");
  return {
    kind: bill.kind,
    party: partyText(bill.party),
    number: bill.number,
    billDate: bill.billDate,
    receivedOn: bill.receivedOn,
    dueOn: bill.dueOn ?? "",
    narration: bill.narration,
    fund: bill.fund,
    contractRef: bill.contractRef ?? "",
    contractValue: bill.contractValue === null ? "" : toRupees(bill.contractValue),
    gst: gst === 0n ? "" : toRupees(gst),
    retention: bill.asked.retentionPercent ?? "",
    penalty: penalty?.amount ?? "",
    penaltyFunction: penalty?.function ?? "",
    sections: bill.asked.sections,
    others: bill.asked.others.filter((o) => o.kind === "recovery").map((o) => ({ code: o.code, amount: o.amount })),
    advances: new Map(bill.asked.advances.map((a) => [a.itemId, a.amount])),
    payees: bill.asked.payees
      .map((p) =>
        [
          p.party.id,
          p.gross,
          ...p.deductions.map((d) => ("code" in d ? `${d.code} ${d.amount}` : `ADVANCE ${d.amount}`)),
        ].join(", "),
      )
      .join("\n"),
    lines: bill.lines.map((l) => ({
      account: l.account,
      amount: toRupees(l.amount),
      function: l.function ?? "",
      ward: l.ward ?? "",
      scheme: l.scheme ?? "",
      budgetHead: l.budgetHead ?? "",
    })),
  };
}

const optional = (value: string): string | undefined => (value === "" ? undefined : value);

/** What is typed as the ledger takes it. Raises BILL_INPUT, MONEY_*, DATE_FORMAT, TAX_SECTION_UNKNOWN; `draftBill` judges the rest. */
export async function billOf(read: Read, typed: TypedBill): Promise<BillInput> {
  const kind = BILL_KINDS.find((k) => k === typed.kind);
  if (!kind) throw payableErrors.BILL_INPUT({ what: `"${typed.kind}" is not a kind of bill` });
  const receivedOn = localDate(typed.receivedOn);
  const party = await partyField(read, typed.party);
  const sections = new Map((await taxSectionsOn(read, receivedOn)).map((s) => [s.code, s]));
  const section = (code: string): TaxSection => {
    const found = sections.get(code.toUpperCase()) ?? sections.get(code);
    if (!found)
      throw payableErrors.BILL_INPUT({
        what: `"${code}" is not a deduction in force on ${receivedOn}; see the tax sections of the masters`,
      });
    return found;
  };
  const others: BillInput["asked"]["others"][number][] = [];
  for (const o of typed.others) {
    if (o.code === "" && o.amount === "") continue;
    if (o.code === "" || o.amount === "")
      throw payableErrors.BILL_INPUT({ what: "another deduction has a code and an amount" });
    const found = section(codeOf(o.code));
    others.push({
      kind: "recovery",
      code: found.code,
      label: found.description,
      account: found.account,
      amount: toRupees(rupees(typedAmount(o.amount))),
    });
  }
  const penalty = amountField(typed, "penalty");
  if (penalty !== undefined && penalty > 0n)
    others.push({
      kind: "income",
      code: "penalty",
      label: "Penalty",
      account: await postingAccount(read, "bill-penalties"),
      amount: toRupees(penalty),
      function: codeOf(typed.penaltyFunction),
    });
  return {
    kind,
    party,
    number: typed.number,
    billDate: localDate(typed.billDate),
    receivedOn,
    dueOn: typed.dueOn === "" ? undefined : localDate(typed.dueOn),
    narration: typed.narration,
    fund: optional(codeOf(typed.fund)),
    contractRef: optional(typed.contractRef),
    contractValue: amountField(typed, "contractValue"),
    gst: amountField(typed, "gst"),
    lines: typed.lines.flatMap((l, i) => {
      if (Object.values(l).every((v) => v === "")) return [];
      if (l.account === "" || l.amount === "")
        throw payableErrors.BILL_INPUT({ what: `line ${i + 1} of the bill needs an account and an amount` });
      return [
        {
          account: codeOf(l.account),
          amount: rupees(typedAmount(l.amount)),
          function: optional(codeOf(l.function)),
          ward: optional(codeOf(l.ward)),
          scheme: optional(codeOf(l.scheme)),
          budgetHead: optional(codeOf(l.budgetHead)),
        },
      ];
    }),
    asked: {
      sections: typed.sections.map((code) => section(code).code),
      retentionPercent: optional(typed.retention),
      advances: [...typed.advances].flatMap(([itemId, amount]) =>
        amount === "" ? [] : [{ itemId, amount: toRupees(rupees(typedAmount(amount))) }],
      ),
      others,
    },
    payees: await payeesOf(read, typed.payees, section),
  };
}

/** One payee a line: "E-0001, 45000, PF 4500, PT 200, ADVANCE 1000". */
async function payeesOf(read: Read, text: string, section: (code: string) => TaxSection): Promise<BillInput["payees"]> {
  const payees: NonNullable<BillInput["payees"]>[number][] = [];
  for (const [i, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === "") continue;
    const [who = "", gross = "", ...rest] = line.split(",").map((part) => part.trim());
    const refuse = (what: string) => payableErrors.BILL_INPUT({ what: `payee line ${i + 1}: ${what}` });
    if (who === "" || gross === "") throw refuse('write it like "E-0001, 45000, PF 4500"');
    const party = await partyField(read, who);
    const deductions = [];
    for (const part of rest.filter((p) => p !== "")) {
      const [code = "", amount = "", ...more] = part.split(/\s+/);
      if (amount === "" || more.length > 0) throw refuse(`"${part}" is not a code and an amount`);
      const exact = toRupees(rupees(typedAmount(amount)));
      if (code.toUpperCase() !== "ADVANCE") {
        deductions.push({ code: section(code).code, amount: exact });
        continue;
      }
      const [advance, ...others] = await listItems(read, { kind: "advance", party });
      if (!advance || others.length > 0)
        throw refuse(
          advance
            ? `${party.id} has several advances; recover them by a bill of his own`
            : `${party.id} has no advance`,
        );
      deductions.push({ itemId: advance.id, amount: exact });
    }
    payees.push({ party, gross: toRupees(rupees(typedAmount(gross))), deductions });
  }
  return payees.length === 0 ? undefined : payees;
}

export type BillLists = {
  readonly parties: readonly Party[];
  readonly accounts: readonly Account[];
  readonly sections: readonly TaxSection[];
  readonly functions: readonly { readonly code: string; readonly name: string }[];
  readonly funds: readonly { readonly code: string; readonly name: string }[];
  readonly fields: readonly { readonly code: string; readonly name: string }[];
  readonly schemes: readonly { readonly code: string; readonly name: string }[];
  readonly budgetHeads: readonly { readonly code: string; readonly name: string }[];
};

export function BillForm(props: {
  readonly view: View;
  readonly action: string;
  readonly version?: number;
  readonly typed: TypedBill;
  readonly lists: BillLists;
  /** Advances of the party, where the party is known. */
  readonly advances: readonly Item[];
  readonly preview?: BillPreview | undefined;
  readonly contract?: { readonly bills: number; readonly gross: Paise; readonly paid: Paise } | undefined;
  readonly refusal?: Refusal | undefined;
}): VNode {
  const { typed, lists, preview } = props;
  const rows = Math.max(typed.lines.length, ROWS);
  const cell = (name: string, i: number, value: string, label: string, list?: string, isAmount = false): VNode => (
    <input
      name={`${name}-${i}`}
      value={value}
      list={list}
      aria-label={`${label}, line ${i + 1}`}
      class={isAmount ? "amount" : undefined}
      inputMode={isAmount ? "decimal" : undefined}
      autocomplete="off"
    />
  );
  const list = (id: string, items: readonly { readonly code: string; readonly name: string }[]): VNode => (
    <datalist id={id}>
      {items.map((i) => (
        <option value={i.code}>{i.name}</option>
      ))}
    </datalist>
  );
  return (
    <Payables view={props.view} title="Bill" part="bills">
      <Crumbs trail={[["Bills", `${ROOT}/bills`]]} />
      <h1>{props.version === undefined ? "New bill" : "Change the bill"}</h1>
      <Refused refusal={props.refusal} />
      {preview && <Preview preview={preview} />}
      {props.contract !== undefined && props.contract.bills > 0 && (
        <p>
          This contract so far: {props.contract.bills} bills passed, ₹ {formatIndian(props.contract.gross)} billed, ₹{" "}
          {formatIndian(props.contract.paid)} paid.
        </p>
      )}
      <Form view={props.view} action={props.action} label="Bill">
        {props.version !== undefined && <input type="hidden" name="version" value={props.version} />}
        <input type="hidden" name="rows" value={rows} />
        <fieldset>
          <legend>The bill</legend>
          <Select
            label="Kind"
            name="kind"
            value={typed.kind}
            options={BILL_KINDS.map((k) => ({ value: k, label: k }))}
          />
          <Field
            label="Party"
            name="party"
            value={typed.party}
            list="parties"
            hint="Its type and code, like contractor/C-0001"
            isRequired
          />
          <PartyList parties={lists.parties} />
          <Field label="Number of the bill" name="number" value={typed.number} isRequired size="short" maxLength={60} />
          <Field label="Date of the bill" name="billDate" type="date" value={typed.billDate} isRequired size="short" />
          <Field label="Received on" name="receivedOn" type="date" value={typed.receivedOn} isRequired size="short" />
          <Field label="Payable by" name="dueOn" type="date" value={typed.dueOn} size="short" />
          <Field label="For what" name="narration" value={typed.narration} isRequired size="long" maxLength={400} />
          <Select
            label="Fund"
            name="fund"
            value={typed.fund === "" ? "01" : typed.fund}
            options={lists.funds.map((f) => ({ value: f.code, label: `${f.code} ${f.name}` }))}
          />
        </fieldset>
        <fieldset>
          <legend>Contract or work order</legend>
          <Field label="Reference" name="contractRef" value={typed.contractRef} size="short" maxLength={60} />
          <Field
            label="Value of the contract without GST (₹)"
            name="contractValue"
            value={typed.contractValue}
            isAmount
            size="short"
            hint="Decides whether GST is deducted"
          />
        </fieldset>
        <fieldset>
          <legend>Heads</legend>
          <div class="lines-input">
            <Table
              caption="What is charged to which head"
              hideCaption
              columns={[
                { title: "Account" },
                { title: "Amount (₹)", kind: "amount" },
                { title: "Function" },
                { title: "Ward" },
                { title: "Scheme" },
                { title: "Budget head" },
              ]}
              rows={Array.from({ length: rows }, (_, i) => {
                const line = typed.lines[i] ?? EMPTY;
                return {
                  cells: [
                    cell("account", i, line.account, "Account", "accounts"),
                    cell("amount", i, line.amount, "Amount", undefined, true),
                    cell("function", i, line.function, "Function", "functions"),
                    cell("ward", i, line.ward, "Ward", "fields"),
                    cell("scheme", i, line.scheme, "Scheme", "schemes"),
                    cell("budget", i, line.budgetHead, "Budget head", "budget-heads"),
                  ],
                };
              })}
            />
          </div>
          {list("accounts", lists.accounts)}
          {list("functions", lists.functions)}
          {list("fields", lists.fields)}
          {list("schemes", lists.schemes)}
          {list("budget-heads", lists.budgetHeads)}
          {list(
            "recoveries",
            lists.sections.filter((s) => s.kind === "other").map((s) => ({ code: s.code, name: s.description })),
          )}
          <Field
            label="GST inside these amounts (₹)"
            name="gst"
            value={typed.gst}
            isAmount
            size="short"
            hint="Taxes are deducted from the value without it"
          />
          <button class="second" name="then" value="more">
            More lines
          </button>
        </fieldset>
        <fieldset>
          <legend>Deductions</legend>
          {lists.sections
            .filter((s) => s.kind !== "other")
            .map((s) => (
              <label class="choice">
                <input
                  type="checkbox"
                  name={`section-${s.code}`}
                  value="yes"
                  checked={typed.sections.includes(s.code)}
                />
                {s.code}: {s.section} {s.description}, {s.ratePercent} %
              </label>
            ))}
          <Field label="Retention (%)" name="retention" value={typed.retention} size="short" isNumeric />
          {props.advances.map((a) => (
            <Field
              label={`Recover of ${a.what} (₹)`}
              name={`advance-${a.id}`}
              value={typed.advances.get(a.id) ?? ""}
              isAmount
              size="short"
              hint={`${formatIndian(subtract(a.open, a.waiting))} outstanding`}
            />
          ))}
          {Array.from({ length: OTHERS }, (_, i) => (
            <div class="two">
              <Field
                label={`Other recovery ${i + 1}`}
                name={`other-code-${i}`}
                value={typed.others[i]?.code ?? ""}
                list="recoveries"
                size="short"
              />
              <Field
                label={`Amount of recovery ${i + 1} (₹)`}
                name={`other-amount-${i}`}
                value={typed.others[i]?.amount ?? ""}
                isAmount
                size="short"
              />
            </div>
          ))}
          <div class="two">
            <Field label="Penalty (₹)" name="penalty" value={typed.penalty} isAmount size="short" />
            <Field
              label="Function of the penalty"
              name="penaltyFunction"
              value={typed.penaltyFunction}
              list="functions"
              size="short"
            />
          </div>
        </fieldset>
        <details open={typed.payees !== ""}>
          <summary>Payees of a pay bill</summary>
          <div class="field">
            <label for="f-payees">One payee a line</label>
            <span class="hint" id="f-payees-hint">
              Code, gross pay, then each deduction as code and amount: E-0001, 45000, PF 4500, PT 200, ADVANCE 1000
            </span>
            <textarea id="f-payees" name="payees" rows={6} aria-describedby="f-payees-hint">
              {typed.payees}
            </textarea>
          </div>
        </details>
        <div class="actions">
          <button name="then" value="compute">
            Compute
          </button>
          <button class="second" name="then" value="save">
            Save as draft
          </button>
          <button class="second" name="then" value="submit">
            Save and submit
          </button>
        </div>
      </Form>
    </Payables>
  );
}

/** Gross, each deduction with its rule, net. */
export function Preview({ preview }: { readonly preview: BillPreview }): VNode {
  return (
    <section class="panel" aria-label="Deductions">
      <h2>What it comes to</h2>
      <Facts
        facts={[
          ["Gross", <Amount value={preview.gross} />],
          ["Value without GST", <Amount value={preview.taxable} />],
          ["Deductions", <Amount value={sum(preview.deductions.map((d) => d.amount))} />],
          [
            "Net payable",
            <strong>
              <Amount value={preview.net} />
            </strong>,
          ],
        ]}
      />
      <DeductionTable deductions={preview.deductions} />
      {preview.considered.length > 0 && (
        <ul class="plain">
          {preview.considered.map((c) => (
            <li class="quiet">
              {c.code}: {c.rule}
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

export function DeductionTable({ deductions }: { readonly deductions: BillPreview["deductions"] }): VNode {
  return (
    <Table
      caption="Deductions"
      empty="Nothing is deducted."
      stacks
      columns={[
        { title: "Deduction" },
        { title: "Rule" },
        { title: "Base (₹)", kind: "amount" },
        { title: "Rate %" },
        { title: "Amount (₹)", kind: "amount" },
        { title: "Head", kind: "code" },
        { title: "From" },
      ]}
      rows={[
        ...deductions.map((d) => ({
          cells: [
            d.label,
            d.rule,
            <Amount value={d.base} />,
            d.rate ?? "",
            <Amount value={d.amount} />,
            d.account,
            d.party?.id ?? "",
          ],
        })),
        ...(deductions.length < 2
          ? []
          : [
              {
                kind: "total" as const,
                cells: ["Total", "", "", "", <Amount value={sum(deductions.map((d) => d.amount))} />, "", ""],
              },
            ]),
      ]}
    />
  );
}
