import { createRequire } from "node:module";
import { Blob, Buffer as ShapingBuffer, Face, Font, shape } from "harfbuzzjs";
import { fontFiles, PAPER_FAMILIES, runsOf, type FontFamily } from "./fonts.ts";

/*
 * pdfmake sets text through pdfkit and fontkit. fontkit 2.0.4 throws on ordinary Punjabi (ਪੰਜਾਬ, ਅੰਮ੍ਰਿਤਸਰ: a null anchor in
 * GPOS) and joins some Indic conjuncts wrongly. HarfBuzz shapes them exactly and 8 to 10 times faster, so the `layout` of
 * fontkit's font class is answered by HarfBuzz for our faces; any other face keeps fontkit's own layout.
 */

type FontkitGlyph = {
  readonly id: number;
  readonly advanceWidth: number;
  readonly codePoints: number[];
};
type GlyphPosition = {
  xAdvance: number;
  yAdvance: number;
  xOffset: number;
  yOffset: number;
};
type GlyphRun = {
  glyphs: FontkitGlyph[];
  positions: GlyphPosition[];
  advanceWidth: number;
  script: null;
  language: null;
  direction: "ltr";
  features: Record<string, never>;
};
type FontkitFont = {
  readonly postscriptName: string;
  getGlyph(id: number, codePoints: number[]): FontkitGlyph;
  layout: (this: FontkitFont, text: string, ...rest: unknown[]) => GlyphRun;
};
type Fontkit = { create(bytes: Uint8Array): FontkitFont };

type Shaper = {
  readonly font: Font;
  readonly unitsPerEm: number;
  readonly glyphOf: Map<number, number>;
};

/** One glyph as HarfBuzz placed it; `cluster` is the index in the text of the first character it came from. */
type Shaped = GlyphPosition & {
  readonly glyph: number;
  readonly cluster: number;
};

const shapers = new Map<string, Shaper>(
  fontFiles.map((file) => {
    const face = new Face(new Blob(file.bytes));
    return [file.name.replace(/\.ttf$/, ""), { font: new Font(face), unitsPerEm: face.upem, glyphOf: new Map() }];
  }),
);

// One buffer for all: HarfBuzz memory is freed by finalizers only, and a register of 200 pages shapes 50,000 words.
const buffer = new ShapingBuffer();

function shapeText(shaper: Shaper, text: string): Shaped[] {
  buffer.clearContents();
  buffer.addText(text);
  buffer.guessSegmentProperties();
  shape(shaper.font, buffer);
  const positions = buffer.getGlyphPositions();
  return buffer.getGlyphInfos().map((info, i) => {
    const at = positions[i];
    return {
      glyph: info.codepoint,
      cluster: info.cluster,
      xAdvance: at?.xAdvance ?? 0,
      yAdvance: at?.yAdvance ?? 0,
      xOffset: at?.xOffset ?? 0,
      yOffset: at?.yOffset ?? 0,
    };
  });
}

const DOTTED_CIRCLE = 0x25cc;

function nominalGlyph(shaper: Shaper, codePoint: number): number {
  const known = shaper.glyphOf.get(codePoint);
  if (known !== undefined) return known;
  // A mark alone is drawn on a dotted circle: that glyph is not its own.
  const circle = codePoint === DOTTED_CIRCLE ? -1 : nominalGlyph(shaper, DOTTED_CIRCLE);
  const glyphs = shapeText(shaper, String.fromCodePoint(codePoint)).filter((g) => g.glyph !== circle);
  const glyph = glyphs.length === 1 ? (glyphs[0]?.glyph ?? 0) : 0;
  shaper.glyphOf.set(codePoint, glyph);
  return glyph;
}

/**
 * Which characters each glyph stands for, so that text can be searched and copied. A glyph that is the plain form of a
 * character takes that character; what a cluster has left goes to its first glyph without one (a conjunct, a reordered vowel).
 */
function codePointsOf(shaper: Shaper, text: string, run: readonly Shaped[]): number[][] {
  const result: number[][] = run.map(() => []);
  const starts = [...new Set(run.map((g) => g.cluster))].sort((a, b) => a - b);
  starts.forEach((start, k) => {
    const members = run.flatMap((g, i) => (g.cluster === start ? [i] : []));
    const rest = Array.from(text.slice(start, starts[k + 1] ?? text.length), (c) => c.codePointAt(0) ?? 0);
    if (members.length > 1) {
      for (const i of members) {
        const at = rest.findIndex((codePoint) => nominalGlyph(shaper, codePoint) === run[i]?.glyph);
        if (at >= 0) result[i] = rest.splice(at, 1);
      }
    }
    const open = members.find((i) => result[i]?.length === 0) ?? members.at(-1);
    if (open !== undefined) result[open] = [...(result[open] ?? []), ...rest];
  });
  return result;
}

let installed = false;

/** Routes the text layout of our faces through HarfBuzz, once per process. Call before any PDF is made. */
export function installShaping(): void {
  if (installed) return;
  installed = true;
  // pdfkit's own fontkit, as pdfkit finds it: a second copy would have another prototype.
  const fromPdfmake = createRequire(createRequire(import.meta.url).resolve("pdfmake"));
  const fontkit = createRequire(fromPdfmake.resolve("pdfkit"))("fontkit") as Fontkit;
  const [sample] = fontFiles;
  if (!sample) return;
  const prototype = Object.getPrototypeOf(fontkit.create(sample.bytes)) as FontkitFont;
  const layoutByFontkit = prototype.layout;
  prototype.layout = function (this: FontkitFont, text: string, ...rest: unknown[]): GlyphRun {
    const shaper = shapers.get(this.postscriptName);
    if (!shaper || typeof text !== "string") return layoutByFontkit.call(this, text, ...rest);
    const run = shapeText(shaper, text);
    const codePoints = codePointsOf(shaper, text, run);
    return {
      glyphs: run.map((g, i) => this.getGlyph(g.glyph, codePoints[i] ?? [])),
      positions: run.map(({ xAdvance, yAdvance, xOffset, yOffset }) => ({
        xAdvance,
        yAdvance,
        xOffset,
        yOffset,
      })),
      advanceWidth: run.reduce((width, g) => width + g.xAdvance, 0),
      script: null,
      language: null,
      direction: "ltr",
      features: {},
    };
  };
}

const widths = new Map<string, number>();
const WIDTHS_KEPT = 50_000;

function widthInEm(text: string, family: FontFamily, bold: boolean): number {
  const key = `${family}${bold ? "*" : " "}${text}`;
  const known = widths.get(key);
  if (known !== undefined) return known;
  const shaper = shapers.get(`${family}-${bold ? "Bold" : "Regular"}`);
  if (!shaper) return 0;
  const width = shapeText(shaper, text).reduce((total, g) => total + g.xAdvance, 0) / shaper.unitsPerEm;
  if (widths.size >= WIDTHS_KEPT) widths.clear();
  widths.set(key, width);
  return width;
}

/** The width of a text in points, as it will be set: word by word, like pdfkit lays it out. */
export function textWidth(text: string, style: { family: FontFamily; bold: boolean; size: number }): number {
  let width = 0;
  for (const run of runsOf(text, style.family))
    for (const word of run.text.split(/(?<= )/)) width += widthInEm(word, run.family, style.bold);
  return width * style.size;
}

/**
 * Ascent plus descent of the taller of the papers' families, in em: what one line of text takes. A name in Odia, Telugu or Kannada is up to a
 * twentieth taller, which the pages have room for (a test draws a table of nothing else).
 */
export const lineHeightInEm: number = Math.max(
  ...[...shapers].flatMap(([name, { font, unitsPerEm }]) => {
    const { ascender, descender } = font.hExtents();
    return PAPER_FAMILIES.some((family) => name.startsWith(`${family}-`)) ? [(ascender - descender) / unitsPerEm] : [];
  }),
);

/** A text as the outlines of its glyphs, for pictures: SVG inside a PDF drops the zero-width marks of Indic text. */
export function outline(
  text: string,
  style: { family: FontFamily; bold: boolean; size: number },
): { paths: string; width: number } {
  let x = 0;
  let paths = "";
  for (const run of runsOf(text, style.family)) {
    const shaper = shapers.get(`${run.family}-${style.bold ? "Bold" : "Regular"}`);
    if (!shaper) continue;
    const scale = style.size / shaper.unitsPerEm;
    for (const g of shapeText(shaper, run.text)) {
      const d = shaper.font.glyphToPath(g.glyph);
      const at = `translate(${(x + g.xOffset * scale).toFixed(2)} ${(-g.yOffset * scale).toFixed(2)})`;
      if (d) paths += `<path d="${d}" transform="${at} scale(${scale.toFixed(5)} ${(-scale).toFixed(5)})"/>`;
      x += g.xAdvance * scale;
    }
  }
  return { paths, width: x };
}
