import type { LocalDate } from "../../ledger/kernel/dates.ts";
import type { Tx } from "../../ledger/kernel/tx.ts";
import type { Service } from "../due.ts";
import type { PenaltyTerms } from "../interest.ts";
import type { RebateTerms } from "../rebate.ts";
import { services, setServiceTerms, setTaxHead, taxHeads, type TaxHead } from "../tax-heads.ts";
import type { ReadyService } from "./definition.ts";
import { readyServiceErrors } from "./errors.ts";
import { FEES_AND_FINES } from "./fees.ts";
import { TAXES_AND_CHARGES } from "./taxes.ts";

const READY: readonly ReadyService[] = [...TAXES_AND_CHARGES, ...FEES_AND_FINES];

/** Services that every ULB can take as they are: their terms are then the ULB's own. */
export function listReadyServices(): readonly ReadyService[] {
  return READY;
}

/** The head under which the dishonour of a cheque is charged; of a service that the ULB made itself, that of property tax. */
export function dishonourHeadOf(service: Service | null): string {
  const heads = READY.find((r) => r.service === service)?.heads ?? [];
  return heads.find((h) => h.code.endsWith("_DISHONOUR_CHARGE"))?.code ?? "PT_DISHONOUR_CHARGE";
}

export type AddServiceOptions = {
  /** From when it holds; by default from the day the ULB's books start. */
  readonly validFrom?: LocalDate;
  /** Rebate and penalty are the State's law: none is assumed. */
  readonly rebate?: RebateTerms | null;
  readonly penalty?: PenaltyTerms | null;
  readonly roundTo?: "paisa" | "rupee";
  /** Only these of its heads. */
  readonly heads?: readonly string[];
};

export type AddedService = { readonly service: Service; readonly isNew: boolean; readonly heads: readonly string[] };

/**
 * Gives the ULB a ready service, on record. What it has stays its own: of a service that is there only the heads that are missing on that day
 * are added, and a head that it has only from a later day holds, as the ULB first set it, from that day too. Twice is once.
 * Raises READY_SERVICE_UNKNOWN.
 */
export async function addService(tx: Tx, name: string, options: AddServiceOptions = {}): Promise<AddedService> {
  const ready = READY.find((r) => r.service === name);
  if (!ready) throw readyServiceErrors.READY_SERVICE_UNKNOWN({ service: name, names: READY.map((r) => r.service) });
  // Two people who add the same service: the second finds it there.
  await tx.query("select pg_advisory_xact_lock(:ulb::integer, hashtext(:key))", {
    ulb: tx.ulb.id,
    key: `service/${name}`,
  });
  const validFrom = options.validFrom ?? tx.ulb.startsOn;
  const isNew = !(await services(tx, "9999-12-31" as LocalDate)).has(ready.service);
  if (isNew) {
    await setServiceTerms(tx, {
      service: ready.service,
      validFrom,
      name: ready.name,
      nameLocal: ready.nameLocal,
      advanceAccount: ready.advanceAccount,
      fund: ready.fund,
      terms: {
        order: ready.order,
        rebate: options.rebate ?? null,
        penalty: options.penalty ?? null,
        roundTo: options.roundTo ?? ready.roundTo,
      },
    });
  }
  const first = await firstDays(tx);
  const added: string[] = [];
  for (const head of ready.heads) {
    const since = first.get(head.code);
    if ((options.heads && !options.heads.includes(head.code)) || (since !== undefined && since <= validFrom)) continue;
    const own = since === undefined ? undefined : (await taxHeads(tx, since)).get(head.code);
    await setTaxHead(tx, { ...(own ?? readyHead(ready.service, head)), validFrom, isActive: true });
    added.push(head.code);
  }
  return { service: ready.service, isNew, heads: added };
}

const readyHead = (service: Service, head: ReadyService["heads"][number]): Omit<TaxHead, "validFrom" | "isActive"> => ({
  ...head,
  service,
});

/** Since when each head is known, in force or not. */
async function firstDays(tx: Tx): Promise<ReadonlyMap<string, LocalDate>> {
  const rows = await tx.query<{ code: string; since: LocalDate }>(
    "select code, min(valid_from) as since from billing.tax_heads where ulb_id = :ulb group by code",
    { ulb: tx.ulb.id },
  );
  return new Map(rows.map((r) => [r.code, r.since]));
}
