import type { Problem } from "../kernel/errors.ts";
import { financialYearOf, periodOf, type Period } from "../kernel/dates.ts";
import type { Read } from "../kernel/tx.ts";
import { closeSettings, defaultOf, liveAttestations, type Attestation, type CloseSetting } from "./attestations.ts";
import { CHECKLIST, type ChecklistItem, type ItemKind } from "./checklist-data.ts";
import { groundOf, headBalances, LEDGER_CHECKS, signedFigure, type Computed, type Scope } from "./computed.ts";

/**
 * A question that must have no problems before a month is closed; other folders bring their own, so the ledger asks nobody upward. It is
 * shown under the item of the checklist that names it (checklist.csv), or that it names itself; else on its own.
 */
export type CloseCheck = {
  readonly name: string;
  /** The item of the closing checklist it answers, such as "H-02". */
  readonly item?: string;
  /** For a year, the period is its March. */
  readonly run: (read: Read, period: Period) => Promise<readonly Problem[]>;
};

/** One item of the checklist as it stands. */
export type ItemState = {
  readonly item: ChecklistItem;
  readonly setting: CloseSetting;
  readonly result: "ok" | "open" | "not-applicable";
  readonly figure: string | undefined;
  readonly facts: readonly (readonly [string, string])[];
  readonly problems: readonly Problem[];
  /** Whether a person's word is still missing. */
  readonly needsAttestation: boolean;
  readonly attestation: Attestation | undefined;
  /** Whether the close is refused for it. */
  readonly refuses: boolean;
  /** Where to look. */
  readonly link: string;
};
export type CheckState = { readonly name: string; readonly problems: readonly Problem[] };
export type Checklist = {
  readonly items: readonly ItemState[];
  /** Checks that the caller brought and that belong to no item; their problems always refuse. */
  readonly others: readonly CheckState[];
};

/** Which kinds of items are due when a month or a year is closed: quarters and half-years of April to March end with their month. */
export function kindsOf(scope: Scope): readonly ItemKind[] {
  if (scope.kind === "year") return ["annual"];
  const month = scope.subject.slice(5);
  return [
    "daily",
    "monthly",
    ...(["06", "09", "12", "03"].includes(month) ? (["quarterly"] as const) : []),
    ...(["09", "03"].includes(month) ? (["half-yearly"] as const) : []),
  ];
}

/**
 * The closing checklist of a month or year as it stands: every item that is due with its result, figure, owner, what is wrong and who
 * attested it. `checks` are the questions that only upper folders can answer.
 */
export async function checklist(read: Read, scope: Scope, checks: readonly CloseCheck[]): Promise<Checklist> {
  const own = await closeSettings(read);
  const attested = await liveAttestations(read, scope.subject);
  const ground = groundOf(read, scope);
  const due = CHECKLIST.filter((i) => kindsOf(scope).includes(i.kind));
  const answers = new Map<string, readonly Problem[]>();
  for (const check of checks) answers.set(check.name, await check.run(read, periodOf(scope.to)));
  const taken = new Set<string>();
  const items: ItemState[] = [];
  for (const item of due) {
    const brought = checks.filter((c) => c.item === item.id || item.checks.includes(c.name));
    brought.forEach((c) => taken.add(c.name));
    const computed: Computed[] = brought.map((c) => {
      const problems = answers.get(c.name) ?? [];
      return { result: problems.length === 0 ? "ok" : "open", problems };
    });
    for (const name of item.checks) {
      const ask = LEDGER_CHECKS[name];
      if (ask) computed.push(await ask(read, ground, item));
    }
    const balances = item.heads.length > 0 ? await headBalances(ground, item.heads) : undefined;
    const figure = computed.find((c) => c.figure !== undefined)?.figure;
    items.push({
      ...judge(item, own.get(item.id) ?? defaultOf(item), computed, attested.get(item.id)),
      figure: figure ?? (balances && signedFigure(balances.total)),
      facts: [...computed.flatMap((c) => c.facts ?? []), ...(balances?.facts ?? [])],
      link: linkOf(item, scope),
    });
  }
  const others = checks
    .filter((c) => !taken.has(c.name))
    .map((c) => ({ name: c.name, problems: answers.get(c.name) ?? [] }));
  return { items, others };
}

type Judged = Omit<ItemState, "figure" | "facts" | "link">;

/** Decides an item from what was computed and what was attested; no database. */
export function judge(
  item: ChecklistItem,
  setting: CloseSetting,
  computed: readonly Computed[],
  attestation: Attestation | undefined,
): Judged {
  const settled = item.attestation === "instead" && attestation !== undefined;
  const problems = settled ? [] : computed.flatMap((c) => c.problems);
  const asks = item.attestation === "refuse" || item.attestation === "warn";
  const needsAttestation =
    (asks && attestation === undefined) || (item.attestation === "instead" && problems.length > 0);
  const isOpen = problems.length > 0 || (asks && attestation === undefined);
  const isIdle =
    !isOpen &&
    (attestation?.verdict === "not-applicable" ||
      (!asks && !settled && (computed.length === 0 || computed.every((c) => c.result === "not-applicable"))));
  return {
    item,
    setting,
    result: isOpen ? "open" : isIdle ? "not-applicable" : "ok",
    problems,
    needsAttestation,
    attestation,
    refuses:
      (problems.length > 0 && setting.computed === "refuse") ||
      (asks && attestation === undefined && setting.attestation === "refuse"),
  };
}

function linkOf(item: ChecklistItem, scope: Scope): string {
  const month = scope.kind === "month" ? scope.subject : periodOf(scope.to);
  return item.link
    .replaceAll("{month}", month)
    .replaceAll("{from}", scope.from)
    .replaceAll("{to}", scope.to)
    .replaceAll("{fy}", financialYearOf(scope.to));
}

/** The problems that refuse the close, in the order of the checklist, those of checks without an item first; what two items ask is said once. */
export function refusing(found: Checklist): Problem[] {
  const problems = [
    ...found.others.flatMap((o) => o.problems),
    ...found.items.flatMap((state) => {
      if (!state.refuses) return [];
      const missing: Problem[] =
        state.needsAttestation && state.setting.attestation === "refuse" && state.item.attestation !== "instead"
          ? [
              {
                code: "NOT_ATTESTED",
                message: `${state.item.id} (${state.item.task}) is not attested; it is the work of the ${state.item.owner}`,
              },
            ]
          : [];
      return [...(state.setting.computed === "refuse" ? state.problems : []), ...missing];
    }),
  ];
  return [...new Map(problems.map((p) => [`${p.code} ${p.message}`, p])).values()];
}

/** What is open but does not refuse: said beside the close. */
export function warnings(found: Checklist): Problem[] {
  return found.items.flatMap((state) => [
    ...(state.setting.computed === "warn" ? state.problems : []),
    ...(state.needsAttestation && state.problems.length === 0 && state.setting.attestation === "warn"
      ? [{ code: "NOT_ATTESTED", message: `${state.item.id} (${state.item.task}) is not attested` }]
      : []),
  ]);
}
