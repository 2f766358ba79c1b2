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
  for (const text of texts) {
    const upper = text.toUpperCase();
    // Character by character: a regular expression per line was a third of the matching core.
    let start = -1;
    let hasStroke = false;
    for (let i = 0; i <= upper.length; i++) {
      const c = i < upper.length ? upper.charCodeAt(i) : 0;
      if ((c >= 48 && c <= 57) || (c >= 65 && c <= 90) || c === 95) {
        if (start < 0) {
          start = i;
          hasStroke = false;
        }
        if (c === 95) hasStroke = true;
      } else if (start >= 0) {
        if (i - start >= 6) addRun(found, upper.slice(start, i), hasStroke);
        start = -1;
      }
    }
  }
  return found;
}

function addRun(found: string[], run: string, hasStroke: boolean): void {
  if (!hasStroke) {
    addToken(found, run);
    const c = run.charCodeAt(0);
    // U, R, C, N, I: the first letters of the labels.
    const labelled = c === 85 || c === 82 || c === 67 || c === 78 || c === 73 ? LABELLED.exec(run)?.[1] : undefined;
    if (labelled !== undefined) addToken(found, labelled);
    return;
  }
  addToken(found, run.replaceAll("_", ""));
  for (const part of run.split("_")) addToken(found, part);
}

function addToken(found: string[], part: string): void {
  if (part.length < 6) return;
  const digits = digitCount(part);
  if (digits < 4) return;
  const token = digits === part.length ? figures(part) : part;
  if (!found.includes(token)) found.push(token);
  // The last eight figures of a longer reference may begin with a zero that is not padding.
  if (token !== part && part.length >= 8 && part.length <= 12 && token.length >= 5 && !found.includes(part))
    found.push(part);
}

const LABELLED = /^(?:UTR|RRN|REF|CHQ|NEFT|RTGS|IMPS|UPI)(?:NO)?([A-Z0-9]{6,})$/;

// Figures lose their leading zeros (banks pad them to 16); short ones are cheque numbers and keep six digits.
function figures(text: string): string {
  if (text.charCodeAt(0) !== 48) return text;
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
