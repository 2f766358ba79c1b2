// What the rest of reconciliation, and through it the other folders, use of this one.
export {
  threeWay,
  threeWayRows,
  threeWayTotals,
  unsettledPayments,
  type ThreeWay,
  type ThreeWayRow,
  type ThreeWayTotals,
  type Unsettled,
} from "./three-way.ts";
