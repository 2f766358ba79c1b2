import { audit, type Json } from "../ledger/kernel/audit.ts";
import type { Read, Tx } from "../ledger/kernel/tx.ts";
import type { Service } from "./due.ts";

/** A business service as UPYOG's masters know it ("PT"), and which of our services it is. */
export type UpyogService = {
  readonly code: string;
  readonly name: string;
  /** Null: its bills are apportioned here, but it is billed elsewhere. */
  readonly service: Service | null;
  readonly partPaymentAllowed: boolean;
  /** Whether unused advances of older demands are put against newer ones by UPYOG's apportioning. */
  readonly isAdvanceAllowed: boolean;
  readonly collectionModesNotAllowed: readonly string[];
  /** The head of category ADVANCE_COLLECTION; null if the service has none. */
  readonly advanceHead: string | null;
  /** Under which heads a bill shows the rebate that paying it earns, and the rounding to whole rupees. */
  readonly rebateHead: string;
  readonly roundingHead: string;
  /** The order of each tax head in UPYOG's master. */
  readonly orders: Readonly<Record<string, number>>;
};

/** What holds where a ULB has set nothing of its own: the masters most of UPYOG's cities share. */
const USUAL: readonly UpyogService[] = [
  {
    code: "PT",
    name: "Property Tax",
    service: "property-tax",
    partPaymentAllowed: true,
    isAdvanceAllowed: false,
    collectionModesNotAllowed: [],
    advanceHead: "PT_ADVANCE_CARRYFORWARD",
    rebateHead: "PT_TIME_REBATE",
    roundingHead: "PT_ROUNDOFF",
    orders: {
      PT_TAX: 0,
      PT_CANCER_CESS: 1,
      PT_TIME_REBATE: 2,
      PT_TIME_PENALTY: 3,
      PT_TIME_INTEREST: 4,
      PT_OWNER_EXEMPTION: 5,
      PT_UNIT_USAGE_EXEMPTION: 6,
      PT_FIRE_CESS: 7,
      PT_ROUNDOFF: 8,
      PT_ADHOC_REBATE: 9,
      PT_ADHOC_PENALTY: 10,
      PT_ADVANCE_CARRYFORWARD: -1,
    },
  },
  ...(["WS", "SW"] as const).map((code): UpyogService => ({
    code,
    name: code === "WS" ? "Water Charges" : "Sewerage Charges",
    service: code === "WS" ? "water" : "sewerage",
    partPaymentAllowed: true,
    isAdvanceAllowed: true,
    collectionModesNotAllowed: [],
    advanceHead: `${code}_ADVANCE_CARRYFORWARD`,
    rebateHead: `${code}_TIME_REBATE`,
    roundingHead: `${code}_Round_Off`,
    orders: {
      [`${code}_CHARGE`]: 0,
      [`${code}_TIME_REBATE`]: 1,
      [`${code}_TIME_INTEREST`]: 2,
      [`${code}_TIME_PENALTY`]: 3,
      [`${code}_WATER_CESS`]: 4,
      [`${code}_TIME_ADHOC_REBATE`]: 5,
      [`${code}_TIME_ADHOC_PENALTY`]: 6,
      [`${code}_Round_Off`]: 7,
      [`${code}_ADVANCE_CARRYFORWARD`]: -1,
    },
  })),
];

/** UPYOG's business services in this ULB, by code: the usual ones, and what the ULB has set of its own. */
export async function upyogServices(read: Read): Promise<ReadonlyMap<string, UpyogService>> {
  const rows = await read.query<{
    code: string;
    service: string | null;
    master: Omit<UpyogService, "code" | "service">;
  }>("select code, service, master from billing.upyog_services where ulb_id = :ulb order by code", {
    ulb: read.ulb.id,
  });
  const own = rows.map((r): UpyogService => ({ ...r.master, code: r.code, service: r.service }));
  return new Map([...USUAL, ...own].map((s) => [s.code, s]));
}

/** Sets a business service of UPYOG, on record; one of the same code is replaced. */
export async function setUpyogService(tx: Tx, setting: UpyogService): Promise<void> {
  const { code, service, ...master } = setting;
  await tx.query(
    `insert into billing.upyog_services (ulb_id, code, service, master, set_at, set_by)
     values (:ulb, :code, :service, :master, :now, :actor)
     on conflict (ulb_id, code) do update
     set service = excluded.service, master = excluded.master, set_at = excluded.set_at, set_by = excluded.set_by`,
    { ulb: tx.ulb.id, code, service, master: JSON.stringify(master), now: tx.clock(), actor: tx.actor.id },
  );
  await audit(tx, {
    action: "set",
    subject: "upyog-service",
    subjectId: code,
    after: JSON.parse(JSON.stringify(setting)) as Json,
  });
}
