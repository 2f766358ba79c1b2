// The public face of collections. Other folders import this file, nothing else of collections.
export { atAccountOf, atGatewayOf, type CollectionsApp } from "./context.ts";
export {
  addGatewayAccount,
  createGatewayRouter,
  listGatewayAccounts,
  rotateGatewayKey,
  rotateWebhookSecret,
  sealingKey,
  type GatewayAccount,
  type GatewayRouter,
  type NewGatewayAccount,
  type SealingKey,
} from "./gateway-accounts/index.ts";
export {
  createGateway,
  type Gateway,
  type GatewayConfig,
  type GatewayBankTransfer,
  type GatewayDispute,
  type GatewayLink,
  type GatewayOrder,
  type GatewayPayment,
  type GatewayQr,
  type GatewayRefund,
  type GatewaySettlement,
  type GatewayVirtualAccount,
  type Outcome,
  type SettlementItem,
} from "./gateway/index.ts";
export {
  createSimulator,
  startSimulator,
  type BankLine,
  type RunningSimulator,
  type SimMethod,
  type SimRequest,
  type SimResponse,
  type Simulator,
  type SimulatorOptions,
} from "./gateway/simulator/index.ts";
export * from "./online/index.ts";
export * from "./receipts/index.ts";
export * from "./refunds/index.ts";
export * from "./counter/index.ts";
export * from "./instruments/index.ts";
export * from "./disputes/index.ts";
export * from "./external/index.ts";
export * from "./requests/index.ts";
export * from "./unidentified/index.ts";
export {
  alertUnsettled,
  markSettled,
  unmarkSettled,
  unsettledFees,
  unsettledMoney,
  unsettledSince,
  type UnsettledMoney,
} from "./settlement-marks.ts";
export { closeTasks, finishTask, openTasks, setTasks, TASK_KINDS, type Task, type TaskKind } from "./tasks.ts";
export {
  captureTie,
  cardTie,
  cashTie,
  collectionTies,
  instrumentTie,
  numberTies,
  paymentReceiptTie,
  provisionalTie,
  receiptEntryTie,
  receiptLineTie,
  type CollectionTie,
} from "./ties.ts";
export { collectionCloseChecks } from "./close-checks.ts";
export { collectionErrors } from "./errors.ts";
