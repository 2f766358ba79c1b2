import Type from "typebox";
import {
  PARTY_TYPES,
  type Advice,
  type Bill,
  type BillPreview,
  type Cheque,
  type Deduction,
  type Item,
  type Payment,
} from "../../ledger/index.ts";
import { toRupees } from "../../ledger/kernel/money.ts";
import { Money, Nullable, named } from "./schemas.ts";

// Bills of contractors and suppliers, payments and cheques as programs see them.

const literals = <T extends string>(values: readonly T[]) => Type.Union(values.map((v) => Type.Literal(v)));
export const PartyInput = Type.Object(
  { type: literals(PARTY_TYPES), id: Type.String({ minLength: 1, maxLength: 60 }) },
  { additionalProperties: false, examples: [{ type: "contractor", id: "C-0001" }] },
);
const PartyOut = Type.Object({ type: Type.String(), id: Type.String() });
const Text = Type.String();
const Some = Nullable(Type.String());

const DeductionOut = Type.Object({
  kind: Text,
  code: Text,
  label: Text,
  base: Money,
  rate: Some,
  amount: Money,
  account: Text,
  rule: Type.String({ description: "The rule in words, with its figures." }),
});
const deductionView = (d: Deduction) => ({
  kind: d.kind,
  code: d.code,
  label: d.label,
  base: toRupees(d.base),
  rate: d.rate,
  amount: toRupees(d.amount),
  account: d.account,
  rule: d.rule,
});

export const BillPreviewSchema = named(
  "PayableBillPreview",
  Type.Object({
    gross: Money,
    taxable: Money,
    net: Money,
    deductions: Type.Array(DeductionOut),
    considered: Type.Array(Type.Object({ code: Text, rule: Text }), {
      description: "What was looked at and came to nothing, and why.",
    }),
  }),
);
export const billPreviewView = (p: BillPreview) => ({
  gross: toRupees(p.gross),
  taxable: toRupees(p.taxable),
  net: toRupees(p.net),
  deductions: p.deductions.map(deductionView),
  considered: p.considered.map(({ code, rule }) => ({ code, rule })),
});

export const PayableBillSchema = named(
  "PayableBill",
  Type.Object({
    id: Text,
    kind: Text,
    party: PartyOut,
    partyName: Text,
    number: Type.String({ description: "The party's own number." }),
    registerNumber: Some,
    billDate: Text,
    receivedOn: Text,
    dueOn: Some,
    narration: Text,
    fund: Text,
    contractRef: Some,
    gross: Money,
    taxable: Money,
    net: Money,
    paid: Money,
    status: Type.String({ description: "draft, submitted, passed, rejected or cancelled" }),
    version: Type.Integer({ description: "The same as the ETag." }),
    createdBy: Text,
    submittedBy: Some,
    decidedBy: Some,
    decisionReason: Some,
    entryId: Some,
    cancelEntryId: Some,
    lines: Type.Array(Type.Object({ account: Text, amount: Money, function: Type.Optional(Text) })),
    deductions: Type.Array(DeductionOut),
    payees: Type.Array(Type.Object({ party: PartyOut, gross: Money, net: Money })),
  }),
);
export const payableBillView = (b: Bill) => ({
  id: b.id,
  kind: b.kind,
  party: b.party,
  partyName: b.partyName,
  number: b.number,
  registerNumber: b.registerNumber,
  billDate: b.billDate,
  receivedOn: b.receivedOn,
  dueOn: b.dueOn,
  narration: b.narration,
  fund: b.fund,
  contractRef: b.contractRef,
  gross: toRupees(b.gross),
  taxable: toRupees(b.taxable),
  net: toRupees(b.net),
  paid: toRupees(b.paid),
  status: b.status,
  version: b.version,
  createdBy: b.createdBy,
  submittedBy: b.submittedBy,
  decidedBy: b.decidedBy,
  decisionReason: b.decisionReason,
  entryId: b.entryId?.toString() ?? null,
  cancelEntryId: b.cancelEntryId?.toString() ?? null,
  lines: b.lines.map((l) => ({
    account: l.account,
    amount: toRupees(l.amount),
    ...(l.function === undefined ? {} : { function: l.function }),
  })),
  deductions: b.deductions.map(deductionView),
  payees: b.payees.map((p) => ({ party: p.party, gross: toRupees(p.gross), net: toRupees(p.net) })),
});

export const PayableItemSchema = named(
  "PayableItem",
  Type.Object({
    id: Text,
    kind: Type.String({ description: "creditor, recovery, deposit, advance or stale" }),
    account: Text,
    fund: Text,
    party: PartyOut,
    name: Text,
    what: Text,
    code: Text,
    openedOn: Text,
    dueOn: Some,
    amount: Money,
    open: Money,
    waiting: Type.String({
      description: "Of the open amount, what stands in payments and orders that wait for approval.",
    }),
    billId: Some,
  }),
);
export const payableItemView = (i: Item) => ({
  id: i.id,
  kind: i.kind,
  account: i.account,
  fund: i.fund,
  party: i.party,
  name: i.name,
  what: i.what,
  code: i.code,
  openedOn: i.openedOn,
  dueOn: i.dueOn,
  amount: toRupees(i.amount),
  open: toRupees(i.open),
  waiting: toRupees(i.waiting),
  billId: i.billId,
});

export const PaymentOutSchema = named(
  "PaymentOut",
  Type.Object({
    id: Text,
    kind: Type.String({ description: "bills, remittance, deposit, advance or reissue" }),
    mode: Text,
    account: Text,
    fund: Text,
    payee: Text,
    date: Text,
    narration: Text,
    amount: Money,
    status: Type.String({ description: "submitted, issued, rejected or cancelled" }),
    version: Type.Integer({ description: "The same as the ETag." }),
    createdBy: Text,
    decidedBy: Some,
    decisionReason: Some,
    entryId: Some,
    cancelEntryId: Some,
    leaf: Some,
    chequeId: Some,
    adviceNumber: Some,
    challanNumber: Some,
    challanDate: Some,
    lines: Type.Array(
      Type.Object({ itemId: Some, account: Text, party: PartyOut, amount: Money, what: Text, billId: Some }),
    ),
  }),
);
export const paymentOutView = (p: Payment) => ({
  id: p.id,
  kind: p.kind,
  mode: p.mode,
  account: p.account,
  fund: p.fund,
  payee: p.payee,
  date: p.date,
  narration: p.narration,
  amount: toRupees(p.amount),
  status: p.status,
  version: p.version,
  createdBy: p.createdBy,
  decidedBy: p.decidedBy,
  decisionReason: p.decisionReason,
  entryId: p.entryId?.toString() ?? null,
  cancelEntryId: p.cancelEntryId?.toString() ?? null,
  leaf: p.leaf,
  chequeId: p.chequeId,
  adviceNumber: p.adviceNumber,
  challanNumber: p.challanNumber,
  challanDate: p.challanDate,
  lines: p.lines.map((l) => ({
    itemId: l.itemId,
    account: l.account,
    party: l.party,
    amount: toRupees(l.amount),
    what: l.what,
    billId: l.billId,
  })),
});

export const IssuedChequeSchema = named(
  "IssuedCheque",
  Type.Object({
    id: Text,
    account: Text,
    number: Text,
    paymentId: Some,
    payee: Text,
    amount: Money,
    issuedOn: Text,
    status: Type.String({ description: "issued, delivered, cleared, cancelled, stale, reissued, lapsed or spoiled" }),
    deliveredOn: Some,
    deliveredTo: Some,
    clearedOn: Some,
    reason: Some,
  }),
);
export const issuedChequeView = (c: Cheque) => ({
  id: c.id,
  account: c.account,
  number: c.number,
  paymentId: c.paymentId,
  payee: c.payee,
  amount: toRupees(c.amount),
  issuedOn: c.issuedOn,
  status: c.status,
  deliveredOn: c.deliveredOn,
  deliveredTo: c.deliveredTo,
  clearedOn: c.clearedOn,
  reason: c.reason,
});

export const AdviceSchema = named(
  "PaymentAdvice",
  Type.Object({
    number: Text,
    account: Text,
    date: Text,
    amount: Money,
    status: Type.String({ description: "issued, sent, cleared or cancelled" }),
    sentOn: Some,
    clearedOn: Some,
    lines: Type.Array(
      Type.Object({
        line: Type.Integer(),
        party: PartyOut,
        name: Text,
        bankAccount: Text,
        ifsc: Text,
        method: Text,
        amount: Money,
        returnedOn: Some,
        returnReason: Some,
      }),
    ),
  }),
);
export const adviceView = (a: Advice) => ({
  number: a.number,
  account: a.account,
  date: a.date,
  amount: toRupees(a.amount),
  status: a.status,
  sentOn: a.sentOn,
  clearedOn: a.clearedOn,
  lines: a.lines.map((l) => ({
    line: l.lineNo,
    party: l.party,
    name: l.name,
    bankAccount: l.bankAccount,
    ifsc: l.ifsc,
    method: l.method,
    amount: toRupees(l.amount),
    returnedOn: l.returnedOn,
    returnReason: l.returnReason,
  })),
});

export const payableSchemas = [
  BillPreviewSchema,
  PayableBillSchema,
  PayableItemSchema,
  PaymentOutSchema,
  IssuedChequeSchema,
  AdviceSchema,
];
