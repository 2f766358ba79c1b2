// The face of the room of apportioning: how a payment is divided over dues.
export {
  apportion,
  DEFAULT_ORDER,
  inOrder,
  type Apportioned,
  type ApportionOrder,
  type ApportionPolicy,
  type Due,
} from "./dues.ts";
export { apportionBill, apportionDemands, type UpyogBill, type UpyogDemand } from "./upyog-shapes.ts";
