import { defineErrors } from "../../ledger/kernel/errors.ts";

/** The refusals of the counter and of instruments, besides those of the folder. Amounts in facts are formatted rupees. */
export const counterErrors = defineErrors({
  COUNTER_POLICY: {
    status: 422,
    message: (f: { problem: string }) => `the counter's rules were not changed: ${f.problem}`,
  },
  COUNTER_TAKEN: {
    status: 409,
    message: (f: { counter: string; cashier: string }) =>
      `counter ${f.counter} is open for ${f.cashier}; he closes it or hands it over first`,
  },
  FLOAT_GIVER: {
    status: 422,
    message: (f: { float: string }) =>
      `a float of ${f.float} was handed by somebody else than the cashier; say by whom`,
  },
  FLOAT_COUNT: {
    status: 422,
    message: (f: { float: string; counted: string }) => `a float of ${f.float} was said, ${f.counted} was counted`,
  },
  COUNTER_DAY_CLOSED: {
    status: 409,
    message: (f: { office: string; day: string }) => `the counters of ${f.office} are closed for ${f.day}`,
  },
  COUNTER_DAY_NOT_READY: {
    status: 409,
    message: (f: { day: string; problems: readonly string[] }) => `${f.day} cannot be closed: ${f.problems.join("; ")}`,
  },
  SESSION_LEFT: {
    status: 409,
    message: (f: { counter: string }) => `counter ${f.counter} is being handed over; it takes no more money`,
  },
  SESSION_DECLARED: {
    status: 409,
    message: (f: { counter: string; difference: string }) =>
      `counter ${f.counter} was counted with a difference of ${f.difference} and waits for the supervisor`,
  },
  SESSION_NOT_DECLARED: {
    status: 409,
    message: (f: { counter: string }) => `counter ${f.counter} has no difference that waits for approval`,
  },
  HANDOVER_NOT_FOUND: { status: 404, message: (f: { handover: string }) => `there is no handover ${f.handover}` },
  HANDOVER_ANSWERED: {
    status: 409,
    message: (f: { status: string }) => `this handover was ${f.status} already`,
  },
  HANDOVER_TO: {
    status: 422,
    message: (f: { to: string }) => `"${f.to}" cannot be handed the cash; name the sign-in name of another person`,
  },
  HANDOVER_OF_ANOTHER: {
    status: 403,
    message: (f: { to: string }) => `this cash was handed to ${f.to}; he says whether he has it`,
  },
  HANDOVER_TOO_MUCH: {
    status: 409,
    message: (f: { amount: string; drawer: string }) =>
      `${f.amount} cannot be handed over; the drawer holds ${f.drawer}`,
  },
  HANDOVER_WAITING: {
    status: 409,
    message: (f: { amount: string; to: string }) =>
      `${f.amount} handed to ${f.to} is not accepted yet; wait for his answer`,
  },
  HANDOVER_COUNT: {
    status: 409,
    message: (f: { given: string; counted: string }) =>
      `${f.given} was handed over, ${f.counted} was counted; refuse it, so that it is counted again`,
  },
  DIFFERENCE_NONE: {
    status: 409,
    message: (f: { counted: string }) => `the drawer tallies with ${f.counted}; close it as it is`,
  },
  DIFFERENCE_REASON: {
    status: 422,
    message: (f: { reason: string }) => `"${f.reason}" does not say why the drawer does not tally`,
  },
  DIFFERENCE_OWN: {
    status: 403,
    message: (f: { person: string }) => `${f.person} kept the drawer; another person approves its difference`,
  },
  BASKET: { status: 422, message: (f: { problem: string }) => `this payment cannot be taken: ${f.problem}` },
  PAYER_IDENTITY: {
    status: 422,
    message: (f: { what: string; value: string }) => `"${f.value}" is not ${f.what}`,
  },
  REPEATED_PAYMENT: {
    status: 409,
    message: (f: { account: string; amount: string; receipt: string; minutes: number }) =>
      `${f.account} paid ${f.amount} already, ${f.minutes === 0 ? "less than a minute" : `${f.minutes} minutes`} ago (receipt ${f.receipt}); say that it is another payment`,
  },
  CASH_WHOLE_RUPEES: {
    status: 422,
    message: (f: { amount: string; ask: string }) => `cash is taken in whole rupees; ${f.amount} would be ${f.ask}`,
  },
  MISC_HEAD: {
    status: 422,
    message: (f: { account: string; why: string }) => `nothing is received against head ${f.account}: ${f.why}`,
  },
  MISC_PARTY: {
    status: 422,
    message: (f: { account: string }) => `${f.account} is a deposit; say whose it is, so that it can be given back`,
  },
  MANUAL_DATE: {
    status: 422,
    message: (f: { on: string; from: string; to: string }) =>
      `a leaf of ${f.on} cannot be entered today; leaves of ${f.from} to ${f.to} can`,
  },
  MANUAL_LEAF: {
    status: 409,
    message: (f: { book: string; leaf: string }) => `leaf ${f.leaf} of book ${f.book} was entered already`,
  },
  MANUAL_MODE: {
    status: 422,
    message: (f: { mode: string }) => `a leaf of a receipt book is for cash, cheques or drafts, not for ${f.mode}`,
  },
  CHEQUE_FACILITY: {
    status: 422,
    message: (f: { consumer: string; returned: number }) =>
      `no cheque is taken from ${f.consumer}: ${f.returned} of his cheques were returned within twelve months; cash, card or draft is`,
  },
  CHEQUE_ACKNOWLEDGED: {
    status: 422,
    message: (f: { mode: string }) =>
      `a ${f.mode} gets an acknowledgement in this ULB, and its receipt when the bank has the money; take it as a payment`,
  },
  CARD_SLIP: {
    status: 422,
    message: (f: { number: string }) =>
      `"${f.number}" is not the reference (RRN) of a card or UPI slip; it has 12 digits`,
  },
  CARD_SLIP_ENTERED_ALREADY: {
    status: 409,
    message: (f: { number: string; acquirer: string }) => `slip ${f.number} of ${f.acquirer} was received already`,
  },
  POSTAL_ORDER: {
    status: 422,
    message: (f: { number: string }) => `"${f.number}" is not the number of a postal order`,
  },
  BATCH_EMPTY: {
    status: 422,
    message: (f: { acquirer: string; batch: string }) =>
      `no slip of ${f.acquirer}, batch ${f.batch} waits for settlement`,
  },
  BATCH_TOTAL: {
    status: 409,
    message: (f: { gross: string; slips: string; difference: string; count: number }) =>
      `the batch settles ${f.gross}; its ${f.count} slips here come to ${f.slips}, difference ${f.difference}`,
  },
  BATCH_SETTLED: {
    status: 409,
    message: (f: { acquirer: string; batch: string; on: string }) =>
      `batch ${f.batch} of ${f.acquirer} of ${f.on} is settled already`,
  },
  BATCH_FEE: {
    status: 422,
    message: (f: { gross: string; fee: string }) => `a fee of ${f.fee} on a batch of ${f.gross} is refused`,
  },
  ACK_NOT_FOUND: { status: 404, message: (f: { ack: string }) => `there is no acknowledgement ${f.ack}` },
  ACK_STATUS: {
    status: 409,
    message: (f: { ack: string; status: string }) => `acknowledgement ${f.ack} is ${f.status} already`,
  },
  INSTRUMENT_NOT_DEPOSITED: {
    status: 409,
    message: (f: { instrument: string; status: string }) =>
      `${f.instrument} is ${f.status}; only what was deposited is cleared`,
  },
  INSTRUMENT_REALISED: {
    status: 409,
    message: (f: { instrument: string; receipt: string }) =>
      `${f.instrument} was realised by this match and receipt ${f.receipt} was issued for it; if the bank took the money back, enter the return`,
  },
  CLEARED_EARLY: {
    status: 422,
    message: (f: { on: string; deposited: string }) => `what was deposited on ${f.deposited} is not cleared on ${f.on}`,
  },
  RETURN_REASON: {
    status: 422,
    message: (f: { code: string }) => `"${f.code}" is not a return reason of the clearing house`,
  },
  RETURN_NOT_DRAWERS_FAULT: {
    status: 422,
    message: (f: { reason: string; charge: string }) =>
      `"${f.reason}" is not the drawer's fault; he is not charged ${f.charge}`,
  },
  NOTICE_NOT_DUE: {
    status: 409,
    message: (f: { reason: string }) => `no notice under s.138 is given for "${f.reason}": the drawer is not at fault`,
  },
  NOTICE_LATE: {
    status: 409,
    message: (f: { on: string; by: string }) => `the notice had to be given by ${f.by}; ${f.on} is too late (s.138)`,
  },
  NOTICE_GIVEN: { status: 409, message: (f: { on: string }) => `the notice was given on ${f.on} already` },
  REMITTANCE_NOT_FOUND: { status: 404, message: (f: { remittance: string }) => `there is no deposit ${f.remittance}` },
  REMITTANCE_COUNT: {
    status: 409,
    message: (f: { amount: string; counted: string }) => `the deposit is ${f.amount}, its pieces come to ${f.counted}`,
  },
  REMITTANCE_NET: {
    status: 409,
    message: (f: { cash: string; short: string; fund: string }) =>
      `the chosen cash comes to ${f.cash} in fund ${f.fund} and its sessions are short of ${f.short}; deposit all of it together`,
  },
  TRANSFER_SAME: {
    status: 422,
    message: (f: { consumer: string }) => `the receipt is for ${f.consumer} already`,
  },
  TRANSFER_KIND: {
    status: 409,
    message: (f: { receipt: string }) =>
      `receipt ${f.receipt} is not one of a consumer at the counter; it is not transferred`,
  },
  SIGNATURE_INVALID: {
    status: 422,
    message: (f: { reason: string }) => `signature invalid: ${f.reason}`,
  },
});
