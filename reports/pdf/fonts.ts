import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, dirname } from "node:path";

/**
 * The families that documents are set in, each with the first and last character of its script. Each of these files has its own script **and** Latin
 * letters, digits, punctuation and the rupee sign, so a bilingual line needs no system font and a Latin run never changes face. The papers' own words
 * are in Devanagari, Gurmukhi or Latin; the others are for what people are called and where they live.
 */
const SCRIPTS = {
  NotoSansDevanagari: { npm: "noto-sans-devanagari", from: 0x0900, to: 0x097f },
  NotoSansBengali: { npm: "noto-sans-bengali", from: 0x0980, to: 0x09ff },
  NotoSansGurmukhi: { npm: "noto-sans-gurmukhi", from: 0x0a00, to: 0x0a7f },
  NotoSansGujarati: { npm: "noto-sans-gujarati", from: 0x0a80, to: 0x0aff },
  NotoSansOriya: { npm: "noto-sans-oriya", from: 0x0b00, to: 0x0b7f },
  NotoSansTamil: { npm: "noto-sans-tamil", from: 0x0b80, to: 0x0bff },
  NotoSansTelugu: { npm: "noto-sans-telugu", from: 0x0c00, to: 0x0c7f },
  NotoSansKannada: { npm: "noto-sans-kannada", from: 0x0c80, to: 0x0cff },
  NotoSansMalayalam: { npm: "noto-sans-malayalam", from: 0x0d00, to: 0x0d7f },
} as const;
export type FontFamily = keyof typeof SCRIPTS;
/** Those in which the papers' own words are set: they say how tall a line is. */
export const PAPER_FAMILIES: readonly FontFamily[] = ["NotoSansDevanagari", "NotoSansGurmukhi"];
export const FONT_FAMILIES = Object.keys(SCRIPTS) as readonly FontFamily[];

export type FontFile = {
  readonly family: FontFamily;
  readonly bold: boolean;
  readonly name: string;
  readonly bytes: Buffer;
};

const require = createRequire(import.meta.url);

function fontFile(family: FontFamily, bold: boolean): FontFile {
  const weight = bold ? "700Bold" : "400Regular";
  const folder = dirname(require.resolve(`@expo-google-fonts/${SCRIPTS[family].npm}/package.json`));
  const name = `${family}-${bold ? "Bold" : "Regular"}.ttf`;
  return {
    family,
    bold,
    name,
    bytes: readFileSync(join(folder, weight, `${family}_${weight}.ttf`)),
  };
}

/** The font files, from npm; read once per process. */
export const fontFiles: readonly FontFile[] = FONT_FAMILIES.flatMap((family) =>
  [false, true].map((bold) => fontFile(family, bold)),
);

export type Run = { readonly text: string; readonly family: FontFamily };

function scriptOf(char: string): FontFamily | undefined {
  const code = char.codePointAt(0) ?? 0;
  // Danda and double danda are written in every script of the north.
  if (code < 0x0900 || code > 0x0d7f || code === 0x0964 || code === 0x0965) return undefined;
  return FONT_FAMILIES.find((family) => code >= SCRIPTS[family].from && code <= SCRIPTS[family].to);
}

/**
 * Cuts a text into runs that one family can set: a Punjabi register may hold a Hindi or a Tamil name, and pdfmake has no fallback of
 * its own (a missing letter prints as a box). Dandas, spaces and joiners stay with the run they are in.
 */
export function runsOf(text: string, base: FontFamily): Run[] {
  const runs: { text: string; family: FontFamily }[] = [];
  for (const char of text) {
    const last = runs.at(-1);
    const family = scriptOf(char) ?? (last && /[\s\u200c\u200d\u0964\u0965]/.test(char) ? last.family : base);
    if (last && last.family === family) last.text += char;
    else runs.push({ text: char, family });
  }
  return runs;
}
