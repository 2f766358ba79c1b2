import type { VNode } from "preact";
import {
  listAccounts,
  listFunctions,
  listFunds,
  type ActKind,
  type RegisterItemKind as ItemKind,
  type Typed,
} from "../../../ledger/index.ts";
import { formatDate, localDate } from "../../../ledger/kernel/dates.ts";
import { formatIndian, rupees } from "../../../ledger/kernel/money.ts";
import type { Read } from "../../../ledger/kernel/tx.ts";
import { Field, Select } from "../components.tsx";
import { field, typedAmount } from "../kit.tsx";

type FormFields = (ActKind | ItemKind)["fields"];

/** What the fields of a form offer to choose from. */
export type Offers = {
  readonly accounts: readonly string[];
  readonly funds: readonly string[];
  readonly functions: readonly string[];
};

export async function offersOf(read: Read): Promise<Offers> {
  const named = (of: { readonly code: string; readonly name: string }): string => `${of.code} ${of.name}`;
  return {
    accounts: (await listAccounts(read)).filter((a) => a.isPosting && a.isActive).map(named),
    funds: (await listFunds(read)).map(named),
    functions: (await listFunctions(read)).map(named),
  };
}

const listOf = (name: string): string | undefined => {
  const lower = name.toLowerCase();
  if (lower.endsWith("account") || ["purpose", "from", "to", "transfer", "specialfund"].includes(lower))
    return "accounts";
  if (["fund", "payer", "receiver"].includes(lower)) return "funds";
  return lower === "function" ? "functions" : undefined;
};

/** The fields of a form as they were typed: grouped amounts lose their commas, the ledger's fields judge the rest. */
export function typedFacts(fields: FormFields, body: unknown): Typed {
  return Object.fromEntries(
    Object.entries(fields).map(([name, of]) => {
      const text = field(body, name).slice(0, of.size);
      return [name, of.input === "amount" ? typedAmount(text) : text];
    }),
  );
}

/** What a new form offers: each field's own first value, over which stands what is known already. */
export function initialFacts(fields: FormFields, known: Typed = {}): Typed {
  return Object.fromEntries(Object.entries(fields).map(([name, of]) => [name, known[name] ?? of.initial]));
}

export function FormFields(props: {
  readonly fields: FormFields;
  readonly typed: Typed;
  readonly offers: Offers;
}): VNode {
  return (
    <>
      {Object.entries(props.fields).map(([name, of]) => {
        const value = props.typed[name] ?? "";
        const label = of.isOptional ? `${of.label} (if any)` : of.label;
        if (of.input === "choice") return <Select label={label} name={name} value={value} options={of.choices} />;
        if (of.input === "lines") return <Lines name={name} label={label} hint={of.hint} value={value} />;
        const list = of.input === "text" ? listOf(name) : undefined;
        return (
          <Field
            label={label}
            name={name}
            value={value}
            hint={of.hint}
            isRequired={!of.isOptional}
            maxLength={300}
            {...(of.input === "date" ? { type: "date" as const } : {})}
            {...(of.input === "amount" ? { isAmount: true } : {})}
            {...(list === undefined ? {} : { list })}
          />
        );
      })}
      <Offered id="accounts" options={props.offers.accounts} />
      <Offered id="funds" options={props.offers.funds} />
      <Offered id="functions" options={props.offers.functions} />
    </>
  );
}

function Lines(props: {
  readonly name: string;
  readonly label: string;
  readonly hint: string | undefined;
  readonly value: string;
}): VNode {
  const id = `f-${props.name}`;
  return (
    <div class="field">
      <label for={id}>{props.label}</label>
      <span class="hint" id={`${id}-hint`}>
        {props.hint}
      </span>
      <textarea id={id} name={props.name} rows={12} required aria-describedby={`${id}-hint`} value={props.value} />
    </div>
  );
}

function Offered({ id, options }: { readonly id: string; readonly options: readonly string[] }): VNode {
  return (
    <datalist id={id}>
      {options.map((o) => (
        <option value={o} />
      ))}
    </datalist>
  );
}

/** Facts by their labels, as a page shows them. */
export function factsByLabel(fields: FormFields, typed: Typed): [string, string][] {
  return Object.entries(fields).flatMap(([name, of]): [string, string][] => {
    const value = typed[name] ?? "";
    const chosen = of.choices.find((c) => c.value === value)?.label ?? shownAs(of.input, value);
    if (of.input === "lines") return [[of.label, `${value.trim().split("\n").length - 1} rows`]];
    return value === "" ? [] : [[of.label, chosen]];
  });
}

const shownAs = (input: string, value: string): string =>
  input === "date" && /^\d{4}-\d{2}-\d{2}$/.test(value)
    ? formatDate(localDate(value))
    : input === "amount" && /^\d+(\.\d{1,2})?$/.test(value)
      ? formatIndian(rupees(value))
      : value;

/** A fact of an item as text: "" where it has none. */
export function said(item: Readonly<Record<string, unknown>>, name: string): string {
  const value = item[name];
  return typeof value === "string" ? value : "";
}
