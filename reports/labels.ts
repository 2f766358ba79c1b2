import catalogue from "./labels.json" with { type: "json" };

/** The language that stands beside English on a document; "en" prints English alone. */
export type Language = "en" | "hi" | "pa";
export type LabelKey = keyof (typeof catalogue)["en"];

export function isLanguage(input: string): input is Language {
  return input === "en" || input === "hi" || input === "pa";
}

/** The word of the catalogue in one language. */
export function label(key: LabelKey, language: Language = "en"): string {
  return catalogue[language][key];
}

/** English, and the local word after a stroke when the document is bilingual: "Receipt / रसीद". */
export function bilingual(key: LabelKey, language: Language): string {
  return language === "en" ? label(key) : `${label(key)} / ${label(key, language)}`;
}

export function isLabelKey(key: string): key is LabelKey {
  return Object.hasOwn(catalogue.en, key);
}

/** The label of a code that comes from data (a mode, a service), or the code itself when the catalogue has no word for it. */
export function labelOfCode(code: string, language: Language = "en"): string {
  return isLabelKey(code) ? label(code, language) : code;
}
