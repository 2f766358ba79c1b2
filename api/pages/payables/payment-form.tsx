import type { VNode } from "preact";
import {
  ADVANCE_PURPOSES,
  payableErrors,
  PAYMENT_KINDS,
  type AdvancePurpose,
  type BankBook,
  type Item,
  type Party,
  type PaymentInput,
  type PaymentKind,
} from "../../../ledger/index.ts";
import { formatDate, localDate, type LocalDate } from "../../../ledger/kernel/dates.ts";
import type { Refusal } from "../../../ledger/kernel/errors.ts";
import { formatIndian, rupees, subtract, toRupees } from "../../../ledger/kernel/money.ts";
import type { Read } from "../../../ledger/kernel/tx.ts";
import { Amount, Crumbs, Field, Form, Refused, Select, Table } from "../components.tsx";
import { field, typedAmount, type View } from "../kit.tsx";
import { partyField, PartyList, Payables, ROOT } from "./common.tsx";
import { WORDS } from "./payment-list.tsx";

/** What stands in the form of a new payment, as it was typed. */
export type Typed = {
  readonly kind: PaymentKind;
  readonly party: string;
  readonly code: string;
  readonly account: string;
  readonly mode: "cheque" | "transfer";
  readonly leaf: string;
  readonly date: string;
  readonly narration: string;
  readonly payee: string;
  readonly payeeParty: string;
  /** Amounts by item, and which are chosen; undefined before the form was sent. */
  readonly chosen: ReadonlyMap<string, string> | undefined;
  readonly purpose: string;
  readonly what: string;
  readonly amount: string;
};

export function typedPayment(from: unknown, today: LocalDate, isSent: boolean): Typed {
  const keys = typeof from === "object" && from !== null ? Object.keys(from) : [];
  const at = (name: string, size: number): string => field(from, name).slice(0, size);
  return {
    kind: PAYMENT_KINDS.find((k) => k === at("kind", 20)) ?? "bills",
    party: at("party", 100),
    code: at("code", 60),
    account: at("account", 20),
    mode: at("mode", 20) === "transfer" ? "transfer" : "cheque",
    leaf: at("leaf", 20),
    date: at("date", 10) === "" ? today : at("date", 10),
    narration: at("narration", 300),
    payee: at("payee", 100),
    payeeParty: at("payeeParty", 100),
    chosen: isSent
      ? new Map(
          keys
            .filter((k) => /^pay-[0-9a-f-]{36}$/.test(k))
            .slice(0, 500)
            .map((k) => [k.slice(4), at(`amount-${k.slice(4)}`, 40)]),
        )
      : undefined,
    purpose: at("purpose", 20),
    what: at("what", 200),
    amount: at("amount", 40),
  };
}

/** Raises what is wrong with a date, an amount, a party or the purpose. */
export async function paymentOf(read: Read, typed: Typed): Promise<PaymentInput> {
  const common = {
    kind: typed.kind,
    mode: typed.mode,
    account: typed.account,
    leaf: typed.mode === "cheque" && typed.leaf !== "" ? typed.leaf : undefined,
    date: localDate(typed.date),
    narration: typed.narration,
  };
  if (typed.kind === "advance") {
    const purpose = Object.keys(ADVANCE_PURPOSES).find((p) => p === typed.purpose) as AdvancePurpose | undefined;
    if (!purpose) throw payableErrors.ADVANCE_PURPOSE({ purpose: typed.purpose });
    return {
      ...common,
      advance: {
        party: await partyField(read, typed.party),
        purpose,
        what: typed.what,
        amount: rupees(typedAmount(typed.amount)),
      },
    };
  }
  return {
    ...common,
    payee: typed.payee === "" ? undefined : typed.payee,
    payeeParty:
      typed.kind === "remittance" && typed.payeeParty !== "" ? await partyField(read, typed.payeeParty) : undefined,
    items: [...(typed.chosen ?? [])].map(([itemId, amount]) => ({ itemId, amount: rupees(typedAmount(amount)) })),
  };
}

export function NewPaymentPage(props: {
  readonly view: View;
  readonly typed: Typed;
  readonly items: readonly Item[];
  readonly banks: readonly BankBook[];
  readonly parties: readonly Party[];
  readonly leaves: ReadonlyMap<string, string | undefined>;
  readonly refusal?: Refusal | undefined;
}): VNode {
  const { view, typed } = props;
  const isAdvance = typed.kind === "advance";
  return (
    <Payables view={view} title={WORDS[typed.kind]} part="payments">
      <Crumbs trail={[["Payments", `${ROOT}/payments`]]} />
      <h1>{WORDS[typed.kind]}</h1>
      <Refused refusal={props.refusal} />
      {!isAdvance && (
        <form method="get" action={`${ROOT}/payments/new`} class="filter">
          <input type="hidden" name="kind" value={typed.kind} />
          {typed.kind === "remittance" ? (
            <Field label="Only this code" name="code" value={typed.code} />
          ) : (
            <Field label="Only this party" name="party" value={typed.party} list="parties" />
          )}
          <button class="second">Show</button>
        </form>
      )}
      <PartyList parties={props.parties} />
      {!isAdvance && props.items.length === 0 ? (
        <p class="empty">Nothing is open here to be paid.</p>
      ) : (
        <Form view={view} action={`${ROOT}/payments`} label={WORDS[typed.kind]}>
          <input type="hidden" name="kind" value={typed.kind} />
          {isAdvance ? (
            <fieldset>
              <legend>The advance</legend>
              <Field label="Party" name="party" value={typed.party} list="parties" isRequired />
              <Select
                label="Purpose"
                name="purpose"
                value={typed.purpose}
                options={Object.keys(ADVANCE_PURPOSES).map((p) => ({ value: p, label: p }))}
              />
              <Field label="For what" name="what" value={typed.what} isRequired maxLength={200} />
              <Field label="Amount (₹)" name="amount" value={typed.amount} isAmount isRequired size="short" />
            </fieldset>
          ) : (
            <>
              <input type="hidden" name="party" value={typed.party} />
              <input type="hidden" name="code" value={typed.code} />
              <Table
                caption="What is paid"
                stacks
                columns={[
                  { title: "Pay" },
                  { title: "Party" },
                  { title: "What" },
                  { title: "Fund", kind: "code" },
                  { title: "Due" },
                  { title: "Payable (₹)", kind: "amount" },
                  { title: "Amount (₹)", kind: "amount" },
                ]}
                rows={props.items.map((i) => {
                  const payable = subtract(i.open, i.waiting);
                  const name = `${i.what} of ${i.name}`;
                  return {
                    cells: [
                      <input
                        type="checkbox"
                        name={`pay-${i.id}`}
                        value="yes"
                        checked={typed.chosen?.has(i.id) ?? (typed.party !== "" || typed.code !== "")}
                        aria-label={`Pay ${name}`}
                      />,
                      `${i.party.id} ${i.name}`,
                      i.billId === null ? i.what : <a href={`${ROOT}/bills/${i.billId}`}>{i.what}</a>,
                      i.fund,
                      i.dueOn === null ? "" : formatDate(i.dueOn),
                      <>
                        <Amount value={payable} />
                        {i.waiting > 0n && <small> ({formatIndian(i.waiting)} waits)</small>}
                      </>,
                      <input
                        name={`amount-${i.id}`}
                        value={typed.chosen?.get(i.id) ?? toRupees(payable)}
                        class="amount"
                        inputMode="decimal"
                        autocomplete="off"
                        aria-label={`Amount for ${name}`}
                      />,
                    ],
                  };
                })}
              />
            </>
          )}
          <fieldset>
            <legend>How it is paid</legend>
            <Select
              label="Bank book"
              name="account"
              value={typed.account}
              options={props.banks.map((b) => ({
                value: b.account,
                label: `${b.account} ${b.bank} ${b.numberMasked}, fund ${b.fund}${leafWords(props.leaves.get(b.account))}`,
              }))}
            />
            <Select
              label="By"
              name="mode"
              value={typed.mode}
              options={[
                { value: "cheque", label: "cheque" },
                { value: "transfer", label: "RTGS or NEFT advice" },
              ]}
            />
            <Field
              label="Leaf"
              name="leaf"
              value={typed.leaf}
              size="short"
              hint="For a cheque; the next leaf of the bank book when left empty"
            />
            {typed.kind === "remittance" && (
              <>
                <Field label="To (as the cheque names it)" name="payee" value={typed.payee} />
                <Field
                  label="Party of the authority, for a transfer"
                  name="payeeParty"
                  value={typed.payeeParty}
                  list="parties"
                />
              </>
            )}
            <Field label="Date" name="date" type="date" value={typed.date} isRequired size="short" />
            <Field
              label="Narration"
              name="narration"
              value={typed.narration}
              size="long"
              maxLength={300}
              hint="What is paid, when left empty"
            />
          </fieldset>
          <button>Write the payment voucher</button>
        </Form>
      )}
    </Payables>
  );
}
const leafWords = (leaf: string | undefined): string => (leaf === undefined ? "" : `, next leaf ${leaf}`);
