export {
  alertDisputes,
  getDispute,
  heldDisputes,
  holdDisputes,
  listDisputes,
  releaseDisputes,
  type Dispute,
} from "./disputes.ts";
export {
  acceptDispute,
  askDispute,
  contestDispute,
  findDisputes,
  pollDisputes,
  type DisputeAnswer,
} from "./answers.ts";
export { type DisputePhase, type DisputeStatus } from "./dispute-state.ts";
