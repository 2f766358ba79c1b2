import type { ApportionOrder } from "../apportion/index.ts";
import type { Service } from "../due.ts";
import type { TaxHead } from "../tax-heads.ts";

/** A head as it is ready for every ULB: what is left of a tax head without the ULB's own days. */
export type ReadyHead = Omit<TaxHead, "validFrom" | "isActive" | "service">;

/** A service that a ULB can take as it is: masters on the NMAM heads. */
export type ReadyService = {
  readonly service: Service;
  readonly name: string;
  readonly nameLocal: string;
  readonly function: string;
  readonly fund: string;
  readonly advanceAccount: string;
  readonly order: ApportionOrder;
  readonly roundTo: "paisa" | "rupee";
  readonly cycle: "month" | "quarter" | "half-year" | "year" | "once";
  /** UPYOG's code of the business service, where it has one, and what its master allows. */
  readonly upyog: { readonly code: string; readonly isPartPaymentAllowed: boolean; readonly isAdvanceAllowed: boolean };
  readonly heads: readonly ReadyHead[];
};

type Names = readonly [english: string, hindi: string];
type More = Partial<Omit<ReadyHead, "code" | "name" | "nameLocal" | "kind" | "basis">>;

const NONE = {
  priority: 100,
  incomeAccount: null,
  priorIncomeAccount: null,
  receivableAccount: null,
  arrearsAccount: null,
  rebateAccount: null,
  provisionAccount: null,
  writeOffAccount: null,
  cessOn: null,
  cessPercent: null,
  cessControlAccount: null,
  cessPayableAccount: null,
  cessProvisionAccount: null,
} as const;

type Made = Omit<ReadyHead, "function"> & { readonly function?: string };

/** A head that is income when it is demanded (PT-01, WC-01, LF-01, RN-01). */
export function accrued(
  code: string,
  kind: "tax" | "charge" | "fee",
  [name, nameLocal]: Names,
  incomeAccount: string,
  receivableAccount: string,
  more: More = {},
): Made {
  const arrearsAccount = receivableAccount;
  return {
    ...NONE,
    code,
    name,
    nameLocal,
    kind,
    basis: "accrual",
    incomeAccount,
    receivableAccount,
    arrearsAccount,
    ...more,
  };
}

/** A fee or fine that is income when it is paid (LF-02, LF-04, WC-03, RN-03). */
export function received(code: string, [name, nameLocal]: Names, incomeAccount: string, more: More = {}): Made {
  return { ...NONE, code, name, nameLocal, kind: "fee", basis: "receipt", incomeAccount, ...more };
}

/** What lateness costs, income when it is paid (PT-07): a penalty, or interest where the Act calls it that (171-80). */
export function late(
  code: string,
  kind: "penalty" | "interest",
  [name, nameLocal]: Names,
  incomeAccount: string,
): Made {
  const priority = kind === "penalty" ? 10 : 12;
  return { ...NONE, code, name, nameLocal, kind, basis: "receipt", priority, incomeAccount };
}

/** A cess for the State: inside the receivable of its tax, and payable when it is collected (PT-04). */
export function cess(code: string, [name, nameLocal]: Names, cessOn: string, more: More): Made {
  return { ...NONE, code, name, nameLocal, kind: "cess", basis: "accrual", priority: 110, cessOn, ...more };
}

/** The charge for a dishonoured cheque, as every service has it. */
export function dishonour(code: string): Made {
  return accrued(code, "fee", ["Cheque dishonour charge", "चेक अनादरण शुल्क"], "1808002", "4314006", { priority: 20 });
}

/** A service whose heads work in its own function unless they name another. */
export function ready(
  service: Omit<ReadyService, "heads" | "fund" | "order" | "roundTo"> & {
    readonly heads: readonly Made[];
  },
): ReadyService {
  const heads = service.heads.map((h): ReadyHead => ({ ...h, function: h.function ?? service.function }));
  return { order: "nmam", roundTo: "paisa", fund: "01", ...service, heads };
}
