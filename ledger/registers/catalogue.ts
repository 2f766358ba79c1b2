import type { ActKind } from "./act-kinds.ts";
import { assetClasses } from "./asset-classes.ts";
import { assetListActs } from "./asset-list.ts";
import { assetActs, assets, capitaliseActs } from "./assets.ts";
import { depositWorkActs, depositWorks } from "./deposit-works.ts";
import { registerErrors } from "./errors.ts";
import { grantActs, grants } from "./grants.ts";
import { interFundActs } from "./inter-fund.ts";
import { investmentActs, investments } from "./investments.ts";
import type { ItemKind } from "./items.ts";
import { loanActs, loans } from "./loans.ts";
import { priorPeriodActs } from "./prior-period.ts";
import { provisionActs } from "./provisions.ts";
import { takeBack } from "./take-back.ts";
import { workActs, works } from "./works.ts";

export type RegisterDefinition = {
  readonly name: ActKind["register"];
  readonly title: string;
  /** What it holds; none where the register is its acts (inter-fund, provisions, prior period). */
  readonly items: ItemKind | undefined;
  /** Items are entered by hand; otherwise an act brings them (assets). */
  readonly isEntered: boolean;
  readonly acts: readonly ActKind[];
};

// What is held in common by kinds of different fields is what their text says: the catalogue knows them by `Fields` alone.
const held = (kind: unknown): ItemKind => kind as ItemKind;

/** Every register of the room, in the order of the balance sheet. */
export const REGISTERS: readonly RegisterDefinition[] = [
  { name: "grant", title: "Grants", items: held(grants), isEntered: true, acts: grantActs },
  { name: "loan", title: "Loans", items: held(loans), isEntered: true, acts: loanActs },
  { name: "deposit-work", title: "Deposit works", items: held(depositWorks), isEntered: true, acts: depositWorkActs },
  {
    name: "asset",
    title: "Fixed assets",
    items: held(assets),
    isEntered: false,
    acts: [...assetActs, ...assetListActs],
  },
  {
    name: "work",
    title: "Works in progress",
    items: held(works),
    isEntered: true,
    acts: [...workActs, ...capitaliseActs],
  },
  { name: "investment", title: "Investments", items: held(investments), isEntered: true, acts: investmentActs },
  { name: "inter-fund", title: "Dues between funds", items: undefined, isEntered: false, acts: interFundActs },
  { name: "provision", title: "Provisions for receivables", items: undefined, isEntered: false, acts: provisionActs },
  { name: "prior-period", title: "Items of earlier years", items: undefined, isEntered: false, acts: priorPeriodActs },
];

export const ASSET_CLASSES: ItemKind = held(assetClasses);

/** Raises REGISTER_KIND_UNKNOWN. */
export function actKindOf(kind: string): ActKind {
  const found = [...REGISTERS.flatMap((r) => r.acts), takeBack].find((a) => a.kind === kind);
  if (!found) throw registerErrors.REGISTER_KIND_UNKNOWN({ kind: kind.slice(0, 40) });
  return found;
}

/** Raises REGISTER_KIND_UNKNOWN. */
export function registerOf(name: string): RegisterDefinition {
  const found = REGISTERS.find((r) => r.name === name);
  if (!found) throw registerErrors.REGISTER_KIND_UNKNOWN({ kind: name.slice(0, 40) });
  return found;
}
