import { defineErrors } from "../ledger/kernel/errors.ts";

/** The refusals of billing. Amounts in facts are rupees as printed ("1,188.00"). */
export const billingErrors = defineErrors({
  CONSUMER_NOT_FOUND: {
    status: 404,
    message: (f: { consumer: string }) => `there is no consumer ${f.consumer} in this ULB`,
  },
  CONSUMER_EXISTS: {
    status: 409,
    message: (f: { service: string; code: string }) => `${f.service} consumer ${f.code} exists already`,
  },
  SERVICE_UNKNOWN: {
    status: 422,
    message: (f: { service: string }) =>
      `"${f.service}" is not a service of this ULB; set its terms and tax heads first`,
  },
  TAX_HEAD_UNKNOWN: {
    status: 422,
    message: (f: { taxHead: string; on: string }) => `tax head ${f.taxHead} is not in force on ${f.on} in this ULB`,
  },
  TAX_HEAD_INVALID: {
    status: 422,
    message: (f: { taxHead: string; rule: string }) => `tax head ${f.taxHead}: ${f.rule}`,
  },
  DEMAND_EMPTY: {
    status: 422,
    message: (f: { what: string }) => `${f.what} holds no demand`,
  },
  DEMAND_AMOUNT: {
    status: 422,
    message: (f: { consumer: string; taxHead: string; amount: string }) =>
      `the demand of ${f.consumer} under ${f.taxHead} is ${f.amount}; a demand is more than 0.00`,
  },
  DEMAND_PERIOD: {
    status: 422,
    message: (f: { consumer: string; from: string; to: string }) =>
      `the demand of ${f.consumer} runs from ${f.from} to ${f.to}; a period ends after it begins and lies in one financial year`,
  },
  DEMAND_HEAD_TWICE: {
    status: 422,
    message: (f: { consumer: string; taxHead: string; period: string }) =>
      `the demand of ${f.consumer} for ${f.period} names ${f.taxHead} twice`,
  },
  DEMAND_HEAD_SERVICE: {
    status: 422,
    message: (f: { consumer: string; taxHead: string; service: string }) =>
      `${f.consumer} is a ${f.service} consumer; ${f.taxHead} is a head of another service`,
  },
  DEMAND_CESS_ALONE: {
    status: 422,
    message: (f: { consumer: string; taxHead: string; cessOn: string }) =>
      `the demand of ${f.consumer} has the cess ${f.taxHead} without ${f.cessOn}, on which it is levied`,
  },
  DEMAND_EXISTS: {
    status: 409,
    message: (f: { consumer: string; period: string }) =>
      `${f.consumer} has a demand for ${f.period} already; a period is demanded once (use a supplementary demand for an increase)`,
  },
  OPENING_YEAR: {
    status: 422,
    message: (f: { consumer: string; year: string; starts: string }) =>
      `the demand of ${f.consumer} for ${f.year} is not an opening receivable: the books start in ${f.starts}`,
  },
  PAYMENT_AMOUNT: {
    status: 422,
    message: (f: { amount: string }) => `a payment of ${f.amount} is refused; a payment is more than 0.00`,
  },
  PAYMENT_APPLIED: {
    status: 409,
    message: (f: { source: string }) => `${f.source} is applied to the dues already; a payment is applied once`,
  },
  PAYMENT_NOT_APPLIED: {
    status: 404,
    message: (f: { source: string }) => `${f.source} was not applied to any due or advance`,
  },
  PAYMENT_REVERSED: {
    status: 409,
    message: (f: { source: string }) => `${f.source} is taken back already; a payment is taken back once`,
  },
  ADVANCE_GIVEN_BACK: {
    status: 409,
    message: (f: { source: string; amount: string; missing: string }) =>
      `${f.source} of ${f.amount} cannot be taken back: ${f.missing} of it became an advance that was given back to the consumer; receive that first`,
  },
  BILL_NOT_FOUND: { status: 404, message: (f: { bill: string }) => `there is no bill ${f.bill} in this ULB` },
  BILL_CANCEL_REASON: { status: 422, message: () => "a bill is cancelled for a reason; none is given" },
  BILL_NOTHING_DUE: {
    status: 409,
    message: (f: { consumer: string; asOf: string }) => `nothing is due from ${f.consumer} on ${f.asOf}`,
  },
  WRITE_OFF_RESOLUTION_MISSING: {
    status: 422,
    message: (f: { missing: string }) =>
      `a write-off needs the number and the date of the council's resolution; ${f.missing} is missing`,
  },
  WRITE_OFF_RESOLUTION_LATER: {
    status: 422,
    message: (f: { resolution: string; resolvedOn: string; on: string }) =>
      `resolution ${f.resolution} of ${f.resolvedOn} is later than the write-off of ${f.on}`,
  },
  WRITE_OFF_AMOUNT: {
    status: 422,
    message: (f: { demand: string; amount: string; outstanding: string }) =>
      `${f.amount} of ${f.demand} cannot be written off; ${f.outstanding} is outstanding`,
  },
  WRITE_OFF_HEAD: {
    status: 422,
    message: (f: { taxHead: string }) => `${f.taxHead} has no account for a write-off`,
  },
  UPI_ADDRESS_INVALID: {
    status: 422,
    message: (f: { vpa: string }) => `"${f.vpa}" is not an address for payments by UPI; one looks like name@bank`,
  },
  UPI_ADDRESS_SET: {
    status: 409,
    message: (f: { validFrom: string }) =>
      `the address for payments by UPI from ${f.validFrom} is set already; set another one from a later day`,
  },
  WRITE_OFF_EXISTS: {
    status: 409,
    message: (f: { writeOff: string }) => `write-off ${f.writeOff} is booked already with other content`,
  },
});
