import en from "./i18n/en.json" with { type: "json" };
import hi from "./i18n/hi.json" with { type: "json" };
import counterHi from "./i18n/counter.hi.json" with { type: "json" };
import hiRefusals from "./i18n/refusals.hi.json" with { type: "json" };
import type { Facts } from "../../ledger/kernel/errors.ts";
import type { Language } from "../session.ts";

export type Key = keyof typeof en;
export type Translate = (key: Key, values?: Readonly<Record<string, string>>) => string;

/** Both catalogues, for the test that holds them together; that Hindi has every key is also the compiler's business. */
export const CATALOGUES: Readonly<Record<Language, Readonly<Record<Key, string>>>> = { en, hi };

/** The words of one language: `t("pay.none", { query })` puts the values where the catalogue says `{query}`. */
export function translator(lang: Language): Translate {
  const catalogue = CATALOGUES[lang];
  return (key, values = {}) => catalogue[key].replace(/\{(\w+)\}/g, (whole, name: string) => values[name] ?? whole);
}

/** A sentence of the counter's pages, in English; the list of them with their Hindi is the catalogue. */
export type Phrase = keyof typeof counterHi;

/** Both, for the test that holds phrases and pages together. */
export const PHRASES: Readonly<Record<Phrase, string>> = counterHi;

/** Says a phrase of the counter in one language: `say("Receipt {number}", { number })`. A phrase without Hindi does not compile. */
export function sayer(lang: Language): (phrase: Phrase, values?: Readonly<Record<string, string>>) => string {
  return (phrase, values = {}) =>
    (lang === "hi" ? counterHi[phrase] : phrase).replace(/\{(\w+)\}/g, (whole, name: string) => values[name] ?? whole);
}

function isKey(key: string): key is Key {
  return Object.hasOwn(en, key);
}

/** The word for a code that comes from data (a service, a mode); the code itself, readable, when the catalogue has none. */
export function wordFor(t: Translate, group: "service" | "mode" | "role", code: string): string {
  const key = `${group}.${code}`;
  if (isKey(key)) return t(key);
  const text = code.replaceAll("-", " ");
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** Refusals that people without an account can meet, in Hindi, by code; English is the refusal's own sentence. */
export const HINDI_REFUSALS: Readonly<Record<string, string>> = hiRefusals;

/** A refusal in the reader's language; undefined where it is known in English alone, or where a fact that the sentence needs is missing. */
export function localRefusal(lang: Language, code: string, facts: Facts = {}): string | undefined {
  const sentence = lang === "hi" && Object.hasOwn(HINDI_REFUSALS, code) ? HINDI_REFUSALS[code] : undefined;
  const filled = sentence?.replace(/\{(\w+)\}/g, (whole, name: string) => String(facts[name] ?? whole));
  return filled === undefined || /\{\w+\}/.test(filled) ? undefined : filled;
}
