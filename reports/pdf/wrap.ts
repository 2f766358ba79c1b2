import type { FontFamily } from "./fonts.ts";
import { textWidth } from "./shaping.ts";

export type TextStyle = {
  readonly family: FontFamily;
  readonly bold: boolean;
  readonly size: number;
};

const graphemes = new Intl.Segmenter("und", { granularity: "grapheme" });

function breakWord(word: string, width: number, style: TextStyle): string[] {
  const parts: string[] = [];
  let part = "";
  for (const { segment } of graphemes.segment(word)) {
    if (part !== "" && textWidth(part + segment, style) > width) {
      parts.push(part);
      part = segment;
    } else part += segment;
  }
  return part === "" ? parts : [...parts, part];
}

/**
 * Breaks a text into lines of at most `width` points: at spaces, and inside a word only when the word alone is wider (then
 * between whole characters as a reader sees them, never between a consonant and its vowel sign). No text is lost.
 */
export function wrap(text: string, width: number, style: TextStyle): string[] {
  const lines: string[] = [];
  for (const paragraph of text.replace(/\r\n?/g, "\n").split("\n")) {
    let line = "";
    for (const word of paragraph.split(" ")) {
      const candidate = line === "" ? word : `${line} ${word}`;
      if (textWidth(candidate, style) <= width) {
        line = candidate;
        continue;
      }
      if (line !== "") lines.push(line);
      const parts = textWidth(word, style) <= width ? [word] : breakWord(word, width, style);
      lines.push(...parts.slice(0, -1));
      line = parts.at(-1) ?? "";
    }
    lines.push(line);
  }
  return lines;
}
