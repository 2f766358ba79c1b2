/**
 * References inside narrations. Patterns are used to find tokens, never to judge whether a UTR is a UTR:
 * gateways and banks use shapes of their own.
 */
export type RefKind =
  | "utr" // NEFT, RTGS, a settlement's or transfer's bank reference
  | "rrn" // UPI and IMPS, twelve digits
  | "cheque"
  | "slip" // a deposit slip, a bulk batch: several items under one bank line
  | "settlement"; // the gateway's own id

export type Ref = { readonly kind: RefKind; readonly value: string };

/** A reference as it is compared: upper case, letters and digits; figures without leading zeros, cheque numbers with six digits. */
export function normaliseRef(kind: RefKind, value: string): string {
  const text = value.toUpperCase().replace(/[^A-Z0-9]/g, "");
  if (kind === "cheque") return text.replace(/^0+(?=\d)/, "").padStart(6, "0");
  return /^\d+$/.test(text) ? text.replace(/^0+(?=\d)/, "") : text;
}

export function ref(kind: RefKind, value: string): Ref {
  return { kind, value: normaliseRef(kind, value) };
}

/** How many digits a text has. */
export function digitCount(text: string): number {
  let n = 0;
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c >= 48 && c <= 57) n++;
  }
  return n;
}

/**
 * Every run of letters and digits that could be a reference, as compared: at least six characters and at least four digits.
 * A run behind a label ("UTRHDFCN…") gives the part after the label too, and "setl_…" keeps its id.
 */
export function tokensOf(...texts: readonly string[]): string[] {
  const found: string[] = [];
  const add = (part: string): void => {
    if (part.length < 6 || digitCount(part) < 4) return;
    const token = /^\d+$/.test(part) ? figures(part) : part;
    if (!found.includes(token)) found.push(token);
  };
  for (const text of texts) {
    for (const run of text.toUpperCase().match(/[A-Z0-9_]{6,}/g) ?? []) {
      if (run.includes("_")) {
        add(run.replaceAll("_", ""));
        run.split("_").forEach(add);
      } else {
        add(run);
        const labelled = LABELLED.exec(run)?.[1];
        if (labelled !== undefined) add(labelled);
      }
    }
  }
  return found;
}

const LABELLED = /^(?:UTR|RRN|REF|CHQ|NEFT|RTGS|IMPS|UPI)(?:NO)?([A-Z0-9]{6,})$/;

// Figures lose their leading zeros (banks pad them to 16); short ones are cheque numbers and keep six digits.
function figures(text: string): string {
  const bare = text.replace(/^0+(?=\d)/, "");
  return bare.length < 6 ? bare.padStart(6, "0") : bare;
}

/** References that a book narration spells out: "cheque 000321 deposited", "NEFT A2, UTR HDFCN26061000111", "UPI RRN 6245…". */
export function refsOfNarration(narration: string): Ref[] {
  const refs: Ref[] = [];
  for (const m of narration.matchAll(/\b(?:cheque|chq|dd|draft)s?\b(?:\s+no\b)?[.:#\s-]*0*(\d{1,9})\b/gi))
    refs.push(ref("cheque", m[1] ?? ""));
  for (const m of narration.matchAll(/\b(?:utr|neft|rtgs)\b[\s:#.-]*([a-z0-9]{10,22})\b/gi)) {
    if (digitCount(m[1] ?? "") >= 6) refs.push(ref("utr", m[1] ?? ""));
  }
  for (const m of narration.matchAll(/\b(?:rrn|upi|imps)\b[\s:#./-]*(\d{12})\b/gi)) refs.push(ref("rrn", m[1] ?? ""));
  for (const m of narration.matchAll(/\b(setl_\w+)\b/g)) refs.push(ref("settlement", m[1] ?? ""));
  for (const m of narration.matchAll(/\bslip\b[\s:#.-]*(?:no\b)?[\s:#.-]*([a-z0-9/-]{6,})/gi))
    refs.push(ref("slip", m[1] ?? ""));
  return refs;
}
