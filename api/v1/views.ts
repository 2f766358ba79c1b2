import type { Static } from "typebox";
import type { Bill, Consumer, ConsumerEvent, ImportReport, OpenDue } from "../../billing/index.ts";
import type { CounterSession, Order, Receipt } from "../../collections/index.ts";
import type { Entry, Line, PeriodStatus, PostedEntry, Voucher } from "../../ledger/index.ts";
import { paise, sum, toRupees, type Paise } from "../../ledger/kernel/money.ts";
import type {
  BillSchema,
  ConsumerEventSchema,
  ConsumerSchema,
  DueSchema,
  EntrySchema,
  ImportSchema,
  LineSchema,
  OrderSchema,
  PeriodSchema,
  PostedSchema,
  ReceiptSchema,
  SessionSchema,
  VoucherSchema,
} from "./schemas.ts";

// What the rooms give, in the words of JSON: amounts as rupee strings, ids as strings, moments in ISO. Nothing is computed here but sums.

const moment = (at: Date): string => at.toISOString();

export function consumerView(c: Consumer): Static<typeof ConsumerSchema> {
  return {
    id: c.id,
    service: c.service,
    code: c.code,
    name: c.name,
    nameLocal: c.nameLocal,
    mobile: c.mobile,
    email: c.email,
    address: c.address,
    ward: c.ward,
    isActive: c.isActive,
    advance: toRupees(c.advance),
  };
}

export function eventView(e: ConsumerEvent): Static<typeof ConsumerEventSchema> {
  return { ...e, at: moment(e.at), from: [...e.from], to: [...e.to] };
}

export function dueView(d: OpenDue): Static<typeof DueSchema> {
  return {
    demandId: d.demandId,
    taxHead: d.taxHead,
    kind: d.kind,
    demandYear: d.demandYear,
    periodFrom: d.periodFrom,
    periodTo: d.periodTo,
    dueDate: d.dueDate,
    amount: toRupees(d.amount),
    outstanding: toRupees(d.outstanding),
    cessOutstanding: toRupees(d.cessOutstanding),
  };
}

export function billView(b: Bill): Static<typeof BillSchema> {
  return {
    id: b.id,
    number: b.number,
    asOf: b.asOf,
    issuedAt: moment(b.issuedAt),
    isLatest: b.isLatest,
    isCancelled: b.isCancelled,
    consumer: consumerView(b.consumer),
    arrears: toRupees(b.arrears),
    current: toRupees(b.current),
    penalty: toRupees(b.penalty),
    rebate: toRupees(b.rebate),
    rounding: toRupees(b.rounding),
    total: toRupees(b.total),
    lines: b.lines.map((l) => ({
      demandId: l.demandId,
      taxHead: l.taxHead,
      name: l.name,
      nameLocal: l.nameLocal,
      kind: l.kind,
      part: l.part,
      demandYear: l.demandYear,
      periodFrom: l.periodFrom,
      periodTo: l.periodTo,
      dueDate: l.dueDate,
      amount: toRupees(l.amount),
      cess: toRupees(l.cess),
      rebate: toRupees(l.rebate),
    })),
  };
}

export function orderView(o: Order): Static<typeof OrderSchema> {
  return {
    id: o.id,
    consumerId: o.consumerId,
    billId: o.billId,
    amount: toRupees(o.amount),
    state: o.state,
    status: o.status,
    providerOrderId: o.providerOrderId,
    requestedBy: o.requestedBy,
    createdAt: moment(o.createdAt),
  };
}

export function receiptJson(r: Receipt): Static<typeof ReceiptSchema> {
  return {
    id: r.id,
    number: r.number,
    status: r.status,
    statusReason: r.statusReason,
    statusDate: r.statusDate,
    consumerId: r.consumerId,
    consumerCode: r.consumerCode,
    service: r.service,
    ward: r.ward,
    payerName: r.payerName,
    billId: r.billId,
    channel: r.channel,
    mode: r.mode,
    amount: toRupees(r.amount),
    paidAt: moment(r.paidAt),
    entryDate: r.entryDate,
    valueDate: r.valueDate,
    issuedAt: moment(r.issuedAt),
    issuedBy: r.issuedBy,
    sessionId: r.sessionId,
    paymentId: r.paymentId,
    verifyToken: r.token,
    instrument: {
      id: r.instrument.id,
      kind: r.instrument.kind,
      number: r.instrument.number,
      bank: r.instrument.bank,
      date: r.instrument.date,
      status: r.instrument.status,
    },
    lines: r.lines.map((l) => ({
      kind: l.kind,
      taxHead: l.taxHead,
      title: l.title,
      demandYear: l.demandYear,
      amount: toRupees(l.amount),
    })),
  };
}

export function sessionView(s: CounterSession): Static<typeof SessionSchema> {
  return {
    id: s.id,
    counter: s.counter,
    cashier: s.cashier,
    status: s.status,
    openedAt: moment(s.openedAt),
    closedAt: s.closedAt && moment(s.closedAt),
    counted: s.counted === null ? null : toRupees(s.counted),
  };
}

export function lineView(l: Line & { readonly accountName?: string }): Static<typeof LineSchema> {
  const { side, account, accountName, fund, ward, functionary, budgetHead, scheme, party, demandYear } = l;
  return {
    side,
    account,
    ...(accountName === undefined ? {} : { accountName }),
    amount: toRupees(l.amount),
    ...(fund === undefined ? {} : { fund }),
    ...(l.function === undefined ? {} : { function: l.function }),
    ...(ward === undefined ? {} : { ward }),
    ...(functionary === undefined ? {} : { functionary }),
    ...(budgetHead === undefined ? {} : { budgetHead }),
    ...(scheme === undefined ? {} : { scheme }),
    ...(party === undefined ? {} : { party: { ...party } }),
    ...(demandYear === undefined ? {} : { demandYear }),
  };
}

export function entryView(e: Entry): Static<typeof EntrySchema> {
  return {
    id: String(e.id),
    number: e.number,
    voucher: e.voucher,
    date: e.date,
    valueDate: e.valueDate,
    postedAt: moment(e.postedAt),
    postedBy: e.postedBy,
    narration: e.narration,
    source: { ...e.source },
    reverses: e.reverses === null ? null : String(e.reverses),
    reversedBy: e.reversedBy === null ? null : String(e.reversedBy),
    total: toRupees(e.total),
    lines: e.lines.map(lineView),
  };
}

export function postedView(e: Pick<PostedEntry, "id" | "number" | "date">): Static<typeof PostedSchema> {
  return { id: String(e.id), number: e.number, date: e.date };
}

export function voucherView(v: Voucher): Static<typeof VoucherSchema> {
  const total = (side: "debit" | "credit"): Paise =>
    sum(v.lines.filter((l) => l.side === side).map((l) => paise(l.amount)));
  return {
    id: v.id,
    voucher: v.voucher,
    date: v.date,
    narration: v.narration,
    externalReference: v.externalReference ?? null,
    fileNumber: v.fileNumber ?? null,
    sanction: v.sanction === undefined ? null : { ...v.sanction },
    draftedOn: v.draftedOn,
    isBackDated: v.isBackDated,
    backDateReason: v.backDateReason ?? null,
    autoReverseOn: v.autoReverseOn ?? null,
    template: v.template ?? null,
    status: v.status,
    version: v.version,
    createdBy: v.createdBy,
    submittedBy: v.submittedBy,
    firstSignatory: v.firstSignatory,
    decidedBy: v.decidedBy,
    decisionReason: v.decisionReason,
    entryId: v.entryId === null ? null : String(v.entryId),
    reverses: v.reverses === null ? null : { entryId: String(v.reverses.entryId), reason: v.reverses.reason },
    autoReversalEntryId: v.autoReversalEntryId === null ? null : String(v.autoReversalEntryId),
    debits: toRupees(total("debit")),
    credits: toRupees(total("credit")),
    lines: v.lines.map(lineView),
  };
}

export function periodView(p: PeriodStatus): Static<typeof PeriodSchema> {
  return {
    period: p.period,
    status: p.status,
    changedAt: p.changedAt && moment(p.changedAt),
    changedBy: p.changedBy,
    reason: p.reason,
  };
}

export function importView(r: ImportReport, dryRun: boolean): Static<typeof ImportSchema> {
  return {
    status: r.status,
    dryRun,
    fileName: r.fileName,
    rows: r.rows,
    added: r.added,
    unchanged: r.unchanged,
    entries: r.batches.flatMap((b) => (b.entry ? [postedView(b.entry)] : [])),
  };
}
