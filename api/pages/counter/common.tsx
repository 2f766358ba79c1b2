import type { ComponentChildren, VNode } from "preact";
import type { CounterPayment, Tender } from "../../../collections/index.ts";
import { localDate, type LocalDate } from "../../../ledger/kernel/dates.ts";
import { Field } from "../components.tsx";
import { sayer, wordFor } from "../i18n.ts";
import { field, type View } from "../kit.tsx";
import { Layout } from "../layout.tsx";

export const NOTES = ["500", "200", "100", "50", "20", "10", "5", "2", "1", "0.50"] as const;

export function CounterFrame(props: {
  readonly view: View;
  readonly title: string;
  readonly scripts?: readonly "htmx.js"[];
  readonly children: ComponentChildren;
}): VNode {
  return (
    <Layout view={props.view} title={props.title} section="counter" wide scripts={props.scripts ?? []}>
      {props.children}
    </Layout>
  );
}

/** What a form says of the money itself, as it was typed. */
export type TenderTyped = {
  readonly tender: string;
  readonly number: string;
  readonly bank: string;
  readonly date: string;
  readonly payer: string;
  readonly utr?: string;
  readonly rrn?: string;
  readonly acquirer?: string;
  readonly batch?: string;
  readonly mobile?: string;
  readonly pan?: string;
  readonly book?: string;
  readonly leaf?: string;
  readonly bookDate?: string;
  readonly isAnother?: boolean;
};

export function tenderTyped(body: unknown, today: LocalDate): TenderTyped & { readonly tender: string } {
  const kind = field(body, "tender");
  return {
    tender: kind === "" ? "cash" : kind.slice(0, 20),
    number: field(body, "number").slice(0, 20),
    bank: field(body, "bank").slice(0, 60),
    date: field(body, "date").slice(0, 10) || today,
    payer: field(body, "payer").slice(0, 80),
    utr: field(body, "utr").slice(0, 40),
    rrn: field(body, "rrn").slice(0, 20),
    acquirer: field(body, "acquirer").slice(0, 60),
    batch: field(body, "batch").slice(0, 20),
    mobile: field(body, "mobile").slice(0, 20),
    pan: field(body, "pan").slice(0, 20),
    book: field(body, "book").slice(0, 20),
    leaf: field(body, "leaf").slice(0, 10),
    bookDate: field(body, "bookDate").slice(0, 10),
    isAnother: field(body, "isAnother") === "yes",
  };
}

/** The same as the counter understands it. Raises DATE_FORMAT. */
export function tenderOf(typed: TenderTyped): Pick<CounterPayment, "tender" | "payer" | "book" | "isAnother"> {
  return {
    tender: moneyOf(typed),
    payer: { name: typed.payer, mobile: typed.mobile ?? "", pan: typed.pan ?? "" },
    isAnother: typed.isAnother === true,
    ...((typed.book ?? "") === "" && (typed.leaf ?? "") === ""
      ? {}
      : { book: { book: typed.book ?? "", leaf: typed.leaf ?? "", date: localDate(typed.bookDate ?? "") } }),
  };
}

function moneyOf(typed: TenderTyped): Tender {
  switch (typed.tender) {
    case "cheque":
    case "dd":
      return { kind: typed.tender, number: typed.number, bank: typed.bank, date: localDate(typed.date) };
    case "postal-order":
      return { kind: "postal-order", number: typed.number, date: localDate(typed.date) };
    case "bank-transfer":
    case "challan":
      return { kind: typed.tender, utr: typed.utr ?? "", date: localDate(typed.date) };
    case "pos":
    case "upi":
      return { kind: typed.tender, rrn: typed.rrn ?? "", acquirer: typed.acquirer ?? "", batchNo: typed.batch };
    default:
      return { kind: "cash" };
  }
}

const KINDS = ["cash", "cheque", "dd", "pos", "upi", "bank-transfer", "challan", "postal-order"] as const;

/** How it is paid, by whom, and out of which book; what belongs to another mode is hidden, and asked for by name if it is missing. */
export function TenderFields(props: {
  readonly view: View;
  readonly typed: TenderTyped;
  readonly isRepeated: boolean;
}): VNode {
  const { view, typed } = props;
  const say = sayer(view.session.lang);
  return (
    <>
      <fieldset class="modes">
        <legend>{say("Paid by")}</legend>
        {KINDS.map((kind) => (
          <label class="choice">
            <input type="radio" name="tender" value={kind} checked={typed.tender === kind} />
            {wordFor(view.t, "mode", kind)}
          </label>
        ))}
      </fieldset>
      <fieldset class="cheque">
        <legend>{say("Cheque, draft or postal order")}</legend>
        <Field label={say("Number (six digits)")} name="number" value={typed.number} size="short" maxLength={20} />
        <Field label={say("Bank, or its MICR or IFSC code")} name="bank" value={typed.bank} maxLength={60} />
      </fieldset>
      <fieldset class="transfer">
        <legend>{say("Transfer or challan")}</legend>
        <Field label={say("UTR or challan number")} name="utr" value={typed.utr} maxLength={40} />
      </fieldset>
      <fieldset class="dated">
        <legend>{say("Dated")}</legend>
        <Field label={say("Date on it")} name="date" type="date" value={typed.date} size="short" />
      </fieldset>
      <fieldset class="slip">
        <legend>{say("Slip of the machine")}</legend>
        <p class="hint">
          {say(
            "The payer scans the code or gives the card; take the money when the machine says that it was approved, not before.",
          )}
        </p>
        <Field label={say("RRN (twelve digits)")} name="rrn" value={typed.rrn} isNumeric size="short" maxLength={12} />
        <Field label={say("Bank of the machine")} name="acquirer" value={typed.acquirer} maxLength={60} />
        <Field label={say("Batch")} name="batch" value={typed.batch} size="short" maxLength={20} />
      </fieldset>
      {props.isRepeated && (
        <label class="choice">
          <input type="checkbox" name="isAnother" value="yes" checked={typed.isAnother === true} autofocus />
          {say("This is another payment of the same amount")}
        </label>
      )}
      <Field label={say("Payer, if not the consumer")} name="payer" value={typed.payer} maxLength={80} />
      <details open={[typed.mobile, typed.pan, typed.book, typed.leaf].some((v) => (v ?? "") !== "")}>
        <summary>{say("Mobile, PAN, manual receipt book")}</summary>
        <Field
          label={say("Payer’s mobile number")}
          name="mobile"
          value={typed.mobile}
          isNumeric
          size="short"
          maxLength={20}
        />
        <Field label={say("Payer’s PAN")} name="pan" value={typed.pan} size="short" maxLength={20} />
        <Field label={say("Book")} name="book" value={typed.book} size="short" maxLength={20} />
        <Field label={say("Leaf")} name="leaf" value={typed.leaf} isNumeric size="short" maxLength={10} />
        <Field label={say("Date on the leaf")} name="bookDate" type="date" value={typed.bookDate} size="short" />
      </details>
    </>
  );
}

/** Pieces by denomination from the form: "d500" -> {"500": 12}. What is no whole number is handed on, to be refused by name. */
export function pieces(body: unknown): {
  readonly typed: Record<string, string>;
  readonly counted: Record<string, number>;
} {
  const typed: Record<string, string> = {};
  const counted: Record<string, number> = {};
  for (const n of NOTES) {
    const text = field(body, `d${n}`);
    if (text === "") continue;
    typed[n] = text.slice(0, 20);
    counted[n] = /^\d{1,6}$/.test(text) ? Number(text) : Number.NaN;
  }
  return { typed, counted };
}

/** One field for each note and coin. */
export function PiecesFields(props: {
  readonly view: View;
  readonly typed: Readonly<Record<string, string>>;
  readonly hasFocus?: boolean;
}): VNode {
  return (
    <>
      <p class="hint">{sayer(props.view.session.lang)("How many pieces of each. Leave empty what is not there.")}</p>
      {NOTES.map((n, i) => (
        <div class="pieces">
          <label for={`f-d${n}`}>₹ {n}</label>
          <span aria-hidden="true">×</span>
          <input
            id={`f-d${n}`}
            name={`d${n}`}
            value={props.typed[n]}
            class="short"
            inputMode="numeric"
            autocomplete="off"
            maxLength={6}
            autofocus={i === 0 && props.hasFocus !== false}
          />
        </div>
      ))}
    </>
  );
}
