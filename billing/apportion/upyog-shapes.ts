import { apportionErrors } from "./errors.ts";
import { unitsFor } from "./decimals.ts";
import { apportionAsUpyog, type UpyogHead } from "./upyog-v2.ts";

/* Bills and demands as UPYOG's services exchange them, apportioned by `upyog-v2`. Fields that are not named here pass through unchanged. */

export type UpyogBillAccountDetail = {
  readonly taxHeadCode: string;
  readonly amount: number;
  readonly adjustedAmount?: number | null;
  readonly order?: number | null;
};
export type UpyogBillDetail = {
  readonly fromPeriod: number;
  readonly amount: number;
  readonly amountPaid?: number | null;
  readonly billAccountDetails: readonly UpyogBillAccountDetail[];
};
export type UpyogBill = {
  readonly businessService: string;
  readonly amountPaid: number;
  readonly isAdvanceAllowed: boolean;
  readonly billDetails: readonly UpyogBillDetail[];
};

export type UpyogDemandDetail = {
  readonly taxHeadMasterCode: string;
  readonly taxAmount: number;
  readonly collectionAmount?: number | null;
};
export type UpyogDemand = {
  readonly businessService: string;
  readonly taxPeriodFrom: number;
  readonly demandDetails: readonly UpyogDemandDetail[];
};

/** What UPYOG's masters say of a business service. */
export type UpyogApportionMasters = {
  readonly isAdvanceAllowed: boolean;
  readonly advanceHead: string | null;
  /** The order of each tax head of the service, by code. */
  readonly orders: ReadonlyMap<string, number>;
};

/** An advance head that was made by apportioning: the collection service gives it its ids. */
const newAdvanceHead = (taxHeadCode: string, amount: number) => ({
  id: null,
  tenantId: null,
  billDetailId: null,
  demandDetailId: "advance_tax",
  order: -1,
  amount,
  adjustedAmount: null,
  isActualDemand: null,
  taxHeadCode,
  additionalDetails: null,
  purpose: "ADVANCE_AMOUNT",
  auditDetails: null,
});

/**
 * The bill with what was paid divided over its periods, oldest first: `amountPaid` of each period, `adjustedAmount` of each head, and the excess
 * as an advance head. Heads keep their places. Raises as apportionAsUpyog.
 */
export function apportionBill<B extends UpyogBill>(bill: B, advanceHead: string | null): B {
  if (bill.billDetails.length === 0) return bill;
  const billDetails = [...bill.billDetails].sort((a, b) => a.fromPeriod - b.fromPeriod);
  const units = unitsFor([
    bill.amountPaid,
    ...billDetails.flatMap((d) => [
      d.amount,
      d.amountPaid ?? 0,
      ...d.billAccountDetails.flatMap((h) => [h.amount, h.adjustedAmount ?? 0]),
    ]),
  ]);
  const done = apportionAsUpyog({
    businessService: bill.businessService,
    amountPaid: units.of(bill.amountPaid),
    isAdvanceAllowed: bill.isAdvanceAllowed,
    advanceHead,
    periods: billDetails.map((d) => ({
      fromPeriod: d.fromPeriod,
      amountToBePaid: units.of(d.amount),
      amountPaid: units.of(d.amountPaid ?? 0),
      heads: d.billAccountDetails.map((h) => ({
        taxHeadCode: h.taxHeadCode,
        amount: units.of(h.amount),
        adjustedAmount: units.of(h.adjustedAmount ?? 0),
        order: h.order ?? null,
      })),
    })),
  });
  return {
    ...bill,
    billDetails: billDetails.map((detail, p) => {
      const period = done.periods[p];
      const heads: object[] = detail.billAccountDetails.map((head, h) => {
        const adjusted = period?.heads[h];
        return adjusted === undefined
          ? head
          : {
              ...head,
              amount: units.toNumber(adjusted.amount),
              adjustedAmount: units.toNumber(adjusted.adjustedAmount),
            };
      });
      if (done.newAdvance?.period === p) {
        heads.push(newAdvanceHead(done.newAdvance.taxHeadCode, units.toNumber(done.newAdvance.amount)));
      }
      return { ...detail, amountPaid: units.toNumber(period?.amountPaid ?? 0n), billAccountDetails: heads };
    }),
  };
}

/**
 * Demands of one consumer and service, oldest first, with unused advances of older ones put against the newer: no money is paid here. Raises
 * NO_TAXHEAD_FOUND for a service without heads, INVALID_TAXHEAD_CODE for a head that the master does not order.
 */
export function apportionDemands<D extends UpyogDemand>(
  demands: readonly D[],
  masters: UpyogApportionMasters,
): readonly D[] {
  const sorted = [...demands].sort((a, b) => a.taxPeriodFrom - b.taxPeriodFrom);
  const [oldest] = sorted;
  if (!oldest) return sorted;
  const businessService = oldest.businessService;
  if (masters.orders.size === 0) throw apportionErrors.NO_TAXHEAD_FOUND({ businessService, isAdvance: false });
  const details = sorted.flatMap((d) => d.demandDetails);
  const units = unitsFor(details.flatMap((h) => [h.taxAmount, h.collectionAmount ?? 0]));
  const done = apportionAsUpyog({
    businessService,
    amountPaid: 0n,
    isAdvanceAllowed: masters.isAdvanceAllowed,
    advanceHead: masters.advanceHead,
    periods: sorted.map((demand) => {
      const heads = demand.demandDetails.map((h): UpyogHead => {
        const order = masters.orders.get(h.taxHeadMasterCode);
        if (order === undefined) throw apportionErrors.INVALID_TAXHEAD_CODE({ taxHead: h.taxHeadMasterCode });
        return {
          taxHeadCode: h.taxHeadMasterCode,
          amount: units.of(h.taxAmount),
          adjustedAmount: units.of(h.collectionAmount ?? 0),
          order,
        };
      });
      return {
        fromPeriod: demand.taxPeriodFrom,
        // Gross, as in the original: what was collected of a demand before does not lessen what it asks of advances.
        amountToBePaid: heads.reduce((t, h) => t + h.amount, 0n),
        amountPaid: heads.reduce((t, h) => t + h.adjustedAmount, 0n),
        heads,
      };
    }),
  });
  return sorted.map((demand, p) => {
    const heads: object[] = demand.demandDetails.map((head, h) => ({
      ...head,
      collectionAmount: units.toNumber(done.periods[p]?.heads[h]?.adjustedAmount ?? 0n),
    }));
    if (done.newAdvance?.period === p) {
      heads.push({
        id: null,
        demandId: null,
        taxHeadMasterCode: done.newAdvance.taxHeadCode,
        taxAmount: units.toNumber(done.newAdvance.amount),
        collectionAmount: 0,
      });
    }
    return { ...demand, demandDetails: heads };
  });
}
