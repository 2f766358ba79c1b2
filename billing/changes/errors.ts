import { defineErrors } from "../../ledger/kernel/errors.ts";

/** The refusals of changing a demand. Amounts in facts are rupees as printed ("1,188.00"). */
export const changeErrors = defineErrors({
  DEMAND_CHANGE_NOT_FOUND: {
    status: 404,
    message: (f: { change: string }) => `there is no change ${f.change} in this ULB`,
  },
  DEMAND_CHANGE_EXISTS: {
    status: 409,
    message: (f: { change: string; by: string }) =>
      `change ${f.change} was proposed already by ${f.by} with other content; propose it under a new id`,
  },
  DEMAND_CHANGE_DECIDED: {
    status: 409,
    message: (f: { change: string; decision: string; by: string }) =>
      `change ${f.change} was ${f.decision} already by ${f.by}; propose a new one`,
  },
  DEMAND_CHANGE_WITHDRAWN_BY_MAKER: {
    status: 403,
    message: (f: { change: string; maker: string; actor: string }) =>
      `change ${f.change} was proposed by ${f.maker}; ${f.actor} may reject it, only its maker withdraws it`,
  },
  DEMAND_CHANGE_REASON: {
    status: 422,
    message: (f: { what: string; reason: string }) =>
      `${f.what} needs a reason of at least 5 letters; "${f.reason}" is none`,
  },
  DEMAND_CHANGE_ORDER_MISSING: {
    status: 422,
    message: (f: { kind: string; missing: string }) =>
      `${f.kind} needs the number and the date of the order; ${f.missing} is missing`,
  },
  DEMAND_CHANGE_ORDER_LATER: {
    status: 422,
    message: (f: { order: string; orderedOn: string; on: string }) =>
      `order ${f.order} of ${f.orderedOn} is later than the change of ${f.on}; date the change on or after its order`,
  },
  DEMAND_CHANGE_EMPTY: {
    status: 422,
    message: (f: { kind: string }) => `${f.kind} changes nothing; name at least one demand or head`,
  },
  DEMAND_CHANGE_TOO_LARGE: {
    status: 422,
    message: (f: { kind: string; items: number; most: number }) =>
      `${f.kind} has ${f.items} parts; one change has at most ${f.most}, make several of it`,
  },
  DEMAND_CHANGE_AMOUNT: {
    status: 422,
    message: (f: { line: string; amount: string }) =>
      `${f.amount} of ${f.line} cannot be changed; a change is more than 0.00`,
  },
  DEMAND_CHANGE_LINE_TWICE: {
    status: 422,
    message: (f: { line: string }) => `${f.line} is named twice; add the two amounts together`,
  },
  DEMAND_NOT_FOUND: {
    status: 404,
    message: (f: { demand: string }) => `there is no demand ${f.demand} in this ULB`,
  },
  DEMAND_CHANGE_CONSUMERS: {
    status: 422,
    message: (f: { consumers: readonly string[] }) =>
      `a change concerns one consumer, but its demands are of ${f.consumers.join(" and ")}; make one for each`,
  },
  DEMAND_CHANGE_DATE: {
    status: 422,
    message: (f: { line: string; on: string; since: string }) =>
      `${f.line} was last moved on ${f.since}; it cannot be changed on ${f.on}, date the change on or after ${f.since}`,
  },
  DEMAND_CHANGE_EXCEEDS_DUE: {
    status: 422,
    message: (f: { line: string; asked: string; own: string; cess: string; due: string; paid: string; help: string }) =>
      `${f.asked} (own ${f.own}, cess ${f.cess}) cannot be taken off ${f.line}: ${f.due} is due and ${f.paid} is paid; ${f.help}`,
  },
  DEMAND_CHANGE_REMISSION_HEAD: {
    status: 422,
    message: (f: { taxHead: string }) =>
      `${f.taxHead} has no account for remissions (110-90); set a rebate account on the tax head first`,
  },
  DEMAND_CANCELLED: {
    status: 409,
    message: (f: { demand: string; on: string; by: string }) =>
      `${f.demand} was cancelled on ${f.on} by ${f.by}; nothing of it can be changed, its period may be demanded again`,
  },
  DEMAND_RESTATED_KIND: {
    status: 422,
    message: (f: { demand: string; kind: string }) =>
      `demand ${f.demand} is of the kind ${f.kind}; only a regular demand is restated, propose a change of it`,
  },
  DEMAND_RESTATED_BELOW_SETTLED: {
    status: 409,
    message: (f: { taxHead: string; amount: string; settled: string }) =>
      `${f.taxHead} cannot be restated as ${f.amount}: ${f.settled} of it is settled`,
  },
  DEMAND_RESTATED_LESS: {
    status: 409,
    message: (f: { taxHead: string; demanded: string; amount: string }) =>
      `${f.taxHead} cannot be restated from ${f.demanded} to ${f.amount}: the demand is partly settled; propose a credit note or a remission`,
  },
  RETROSPECTIVE_YEAR: {
    status: 422,
    message: (f: { consumer: string; year: string; current: string }) =>
      `the demand of ${f.consumer} for ${f.year} is not of a year before ${f.current}; raise it as a regular demand`,
  },
  RETROSPECTIVE_BEFORE_BOOKS: {
    status: 422,
    message: (f: { consumer: string; year: string; starts: string }) =>
      `the demand of ${f.consumer} for ${f.year} is of a year before the books start in ${f.starts}; it is an opening receivable or nothing`,
  },
  TRANSFER_CONSUMER: {
    status: 422,
    message: (f: { from: string; to: string; problem: string }) =>
      `arrears of ${f.from} cannot go to ${f.to}: ${f.problem}`,
  },
});
