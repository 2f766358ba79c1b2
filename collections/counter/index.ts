// What the counter gives to the other files of collections' public face.
export { allowCash, CASH_LIMIT, cashExceptions, type CashException } from "./cash-limit.ts";
export { closeCounterDay, daySheet, readSession, type DayCheck, type DaySheet, type SessionReading } from "./day.ts";
export { countDrawer, drawerOf, type Denominations, type Drawer } from "./drawer.ts";
export { counterErrors } from "./errors.ts";
export {
  acceptHandover,
  getHandover,
  handOver,
  handoversOf,
  refuseHandover,
  waitingHandovers,
  type Handover,
} from "./handovers.ts";
export type { HeadItem } from "./heads.ts";
export {
  readTaken,
  roundedUp,
  takePayment,
  type ConsumerItem,
  type CounterPayment,
  type TakenPayment,
} from "./payments.ts";
export { counterPolicy, setCounterPolicy, startCounterPolicy, type CounterPolicy } from "./policy.ts";
export {
  approveDifference,
  closeCounterSession,
  currentSession,
  declareDifference,
  getSession,
  listSessions,
  openCounterSession,
  rejectDifference,
  sessionTotals,
  type CounterSession,
} from "./sessions.ts";
export type { Tender } from "./tender.ts";
export { transferReceipt } from "./transfer.ts";
export { receiveAtCounter, type CounterReceipt } from "./receive.ts";
