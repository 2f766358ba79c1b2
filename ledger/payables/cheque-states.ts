/** Where a leaf stands. Cancelled, reissued, lapsed and spoiled leaves stay so; a cleared one can be taken back with its bank match. */
export type ChequeStatus =
  | "issued" // written and booked, still in the office
  | "delivered" // with the payee
  | "cleared" // paid by the bank
  | "cancelled" // before delivery: the payable is restored
  | "stale" // not presented in its time: back in the bank book, owed as a stale cheque
  | "reissued" // stale, and paid by a fresh cheque
  | "lapsed" // stale, and not claimed in its time
  | "spoiled"; // never written for anybody

export type ChequeEvent =
  | "deliver"
  | "take back" // the payee brought it back
  | "clear"
  | "unclear" // the bank match was taken back
  | "cancel"
  | "go stale"
  | "reissue"
  | "cancel reissue" // the fresh cheque was cancelled: the claim stands again
  | "lapse";

const MOVES: Readonly<Record<ChequeEvent, Partial<Record<ChequeStatus, ChequeStatus>>>> = {
  deliver: { issued: "delivered" },
  "take back": { delivered: "issued" },
  // A bank may pay a cheque whose delivery nobody noted.
  clear: { issued: "cleared", delivered: "cleared" },
  // Whether it had been delivered before it cleared is in its record; with the bank it was with somebody.
  unclear: { cleared: "delivered" },
  cancel: { issued: "cancelled" },
  "go stale": { issued: "stale", delivered: "stale" },
  reissue: { stale: "reissued" },
  "cancel reissue": { reissued: "stale" },
  lapse: { stale: "lapsed" },
};

export const CHEQUE_EVENTS = Object.keys(MOVES) as readonly ChequeEvent[];

/** Where an event takes a cheque, or undefined where it cannot happen. */
export function nextChequeStatus(status: ChequeStatus, event: ChequeEvent): ChequeStatus | undefined {
  return MOVES[event][status];
}

/**
 * What a status means for the books, as signs of the cheque's amount: how it stands in the bank book (the credit of the payment is -1), in the
 * payable that it settled (-1: settled), in the stale cheques' head (+1: owed), and in income (+1: lapsed). They add up to nil in every status.
 */
export function chequeEffect(status: ChequeStatus): {
  readonly bank: number;
  readonly payable: number;
  readonly stale: number;
  readonly income: number;
} {
  switch (status) {
    case "issued":
    case "delivered":
    case "cleared":
      return { bank: -1, payable: -1, stale: 0, income: 0 };
    case "cancelled":
    case "spoiled":
      return { bank: 0, payable: 0, stale: 0, income: 0 };
    case "stale":
      return { bank: 0, payable: -1, stale: 1, income: 0 };
    case "reissued":
      return { bank: 0, payable: -1, stale: 0, income: 0 };
    case "lapsed":
      return { bank: 0, payable: -1, stale: 0, income: 1 };
  }
}
