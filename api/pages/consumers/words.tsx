import type { VNode } from "preact";
import type { ConsumerChange, ConsumerChangeKind, Owner, OwnerDraft, Particulars } from "../../../billing/index.ts";
import type { Json } from "../../../ledger/kernel/audit.ts";
import { Table } from "../components.tsx";

export const KINDS: readonly { readonly kind: ConsumerChangeKind; readonly title: string; readonly says: string }[] = [
  { kind: "mutation", title: "Mutation", says: "other owners, another name, mobile, e-mail, address or ward" },
  { kind: "merge", title: "Merge", says: "its dues and its advance go over to another consumer; it is used no more" },
  { kind: "split", title: "Split", says: "new consumers come of it, with the dues that are given to them" },
];

export const titleOf = (kind: ConsumerChangeKind): string => KINDS.find((k) => k.kind === kind)?.title ?? kind;

export const PARTICULARS: readonly { readonly field: keyof Particulars; readonly label: string }[] = [
  { field: "name", label: "Name" },
  { field: "nameLocal", label: "Name in the local script" },
  { field: "mobile", label: "Mobile" },
  { field: "email", label: "E-mail" },
  { field: "address", label: "Address" },
  { field: "ward", label: "Ward" },
];

/** Where a change stands, in words. */
export function stateOf(change: ConsumerChange): { readonly says: string; readonly kind: "good" | "bad" | "wait" } {
  const says = change.decision?.outcome ?? "waiting";
  return { says, kind: says === "approved" ? "good" : says === "waiting" ? "wait" : "bad" };
}

export const ownerText = (o: Owner | OwnerDraft): string =>
  `${o.name} ${o.share}${o.guardian ? ` (${o.relation ?? ""} ${o.guardian})` : ""}`;
export const ownersText = (owners: readonly (Owner | OwnerDraft)[]): string => owners.map(ownerText).join("; ");

const WORDS: Readonly<Record<string, string>> = {
  ...Object.fromEntries(PARTICULARS.map((p) => [p.field, p.label])),
  owners: "Owners",
  dues: "Dues (₹)",
  advance: "Advance (₹)",
  duesTakenOver: "Dues taken over (₹)",
  isActive: "In use",
};

/** One thing that is other after a change than before it. */
export type Difference = { readonly what: string; readonly before: string; readonly after: string };

/** What the record of a change says, a thing a line; things of another consumer begin with its number. */
export function differences(before: Json, after: Json): readonly Difference[] {
  const [was, is] = [flat(before), flat(after)];
  return [...new Set([...was.keys(), ...is.keys()])]
    .map((what) => ({ what, before: was.get(what) ?? "", after: is.get(what) ?? "" }))
    .filter((d) => d.before !== d.after);
}

function flat(json: Json, path: readonly string[] = []): ReadonlyMap<string, string> {
  if (Array.isArray(json)) return new Map([[path.join(": "), json.map(String).join("; ")]]);
  if (typeof json === "object" && json !== null) {
    return new Map(Object.entries(json).flatMap(([key, value]) => [...flat(value, [...path, WORDS[key] ?? key])]));
  }
  if (json === null) return new Map();
  return new Map([[path.join(": "), typeof json === "boolean" ? (json ? "yes" : "no") : String(json)]]);
}

export function BeforeAfter(props: { readonly caption: string; readonly rows: readonly Difference[] }): VNode {
  return (
    <Table
      caption={props.caption}
      stacks
      empty="Nothing is other than it was."
      columns={[{ title: "What" }, { title: "Before" }, { title: "After" }]}
      rows={props.rows.map((r) => ({ cells: [r.what, r.before, r.after] }))}
    />
  );
}
