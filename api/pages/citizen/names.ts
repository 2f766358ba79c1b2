import type { View } from "../kit.tsx";

/**
 * "A•••• V••••": enough for the owner to know himself. Codes are counted up and mobile numbers can be tried, so whoever is not signed in
 * gets no whole name for either; the receipt, whose address cannot be guessed, has it.
 */
export function masked(name: string): string {
  return name
    .split(/\s+/)
    .map((part) => `${[...new Intl.Segmenter().segment(part)][0]?.segment ?? ""}${"•".repeat(4)}`)
    .join(" ");
}

export function shownName(view: View, of: { readonly name: string; readonly nameLocal: string | null }): string {
  return view.session.user ? localName(view, of) : masked(localName(view, of));
}

export function localName(view: View, of: { readonly name: string; readonly nameLocal: string | null }): string {
  return (view.session.lang === "hi" ? of.nameLocal : null) ?? of.name;
}
