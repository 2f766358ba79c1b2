import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, dirname } from "node:path";

/**
 * The two families that documents are set in. Each of these files has its own script **and** Latin letters, digits,
 * punctuation and the rupee sign, so a bilingual line needs no system font and a Latin run never changes face.
 */
export type FontFamily = "NotoSansDevanagari" | "NotoSansGurmukhi";

export type FontFile = {
  readonly family: FontFamily;
  readonly bold: boolean;
  readonly name: string;
  readonly bytes: Buffer;
};

const require = createRequire(import.meta.url);

function fontFile(family: FontFamily, npmName: string, bold: boolean): FontFile {
  const weight = bold ? "700Bold" : "400Regular";
  const folder = dirname(require.resolve(`${npmName}/package.json`));
  const name = `${family}-${bold ? "Bold" : "Regular"}.ttf`;
  return {
    family,
    bold,
    name,
    bytes: readFileSync(join(folder, weight, `${family}_${weight}.ttf`)),
  };
}

/** The four font files, from npm; read once per process. */
export const fontFiles: readonly FontFile[] = [false, true].flatMap((bold) => [
  fontFile("NotoSansDevanagari", "@expo-google-fonts/noto-sans-devanagari", bold),
  fontFile("NotoSansGurmukhi", "@expo-google-fonts/noto-sans-gurmukhi", bold),
]);

export type Run = { readonly text: string; readonly family: FontFamily };

const GURMUKHI = /[\u0a00-\u0a7f]/;
const DEVANAGARI = /[\u0900-\u097f]/;

/**
 * Cuts a text into runs that one family can set: a Punjabi register may hold a Hindi name, and pdfmake has no fallback of
 * its own (a missing letter prints as a box). Danda and joiners are common to both scripts and stay with the run they are in.
 */
export function runsOf(text: string, base: FontFamily): Run[] {
  const runs: { text: string; family: FontFamily }[] = [];
  for (const char of text) {
    const last = runs.at(-1);
    const common = char === "\u0964" || char === "\u0965";
    const own = common
      ? undefined
      : GURMUKHI.test(char)
        ? "NotoSansGurmukhi"
        : DEVANAGARI.test(char)
          ? "NotoSansDevanagari"
          : undefined;
    const family = own ?? (last && /[\s\u200c\u200d\u0964\u0965]/.test(char) ? last.family : base);
    if (last && last.family === family) last.text += char;
    else runs.push({ text: char, family });
  }
  return runs;
}
