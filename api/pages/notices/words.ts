import type { NoticeKind } from "../../../billing/index.ts";

export const STEPS: readonly { readonly kind: NoticeKind; readonly title: string }[] = [
  { kind: "demand-notice", title: "Demand notice" },
  { kind: "reminder", title: "Reminder" },
  { kind: "warrant", title: "Warrant" },
];

export const stepTitle = (kind: NoticeKind): string => STEPS.find((s) => s.kind === kind)?.title ?? kind;

/** The step that a field names; undefined if it names none. */
export const stepOf = (text: string): NoticeKind | undefined => STEPS.find((s) => s.kind === text)?.kind;
