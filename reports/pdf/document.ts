import { createRequire } from "node:module";
import pdfmake from "pdfmake";
import type { Content, ContentText, TDocumentDefinitions } from "pdfmake/interfaces.js";
import type { Instant } from "../../ledger/kernel/dates.ts";
import type { Language } from "../labels.ts";
import { FONT_FAMILIES, fontFiles, runsOf, type FontFamily } from "./fonts.ts";
import { installShaping } from "./shaping.ts";

export type { Content };

/** The family that a document's own labels are set in; runs of the other script change family by themselves. */
export function familyOf(language: Language): FontFamily {
  return language === "pa" ? "NotoSansGurmukhi" : "NotoSansDevanagari";
}

/** One paragraph of text as pdfmake content, cut into runs so that every character has a face that holds it. */
export function text(value: string, family: FontFamily, style: Omit<ContentText, "text"> = {}): Content {
  const runs = runsOf(value, family);
  if (runs.length === 0) return { text: "", ...style };
  if (runs.length === 1 && runs[0]) return { text: runs[0].text, font: runs[0].family, ...style };
  return {
    text: runs.map((run) => ({ text: run.text, font: run.family })),
    ...style,
  };
}

let ready = false;

function prepare(): void {
  if (ready) return;
  installShaping();
  // Fonts reach pdfmake through its in-memory files: with both policies closed it can open no file and no address, whatever
  // a document definition names (CVE-2026-26801: an image or font "path" taken from data read local files).
  const files = createRequire(import.meta.url)("pdfmake/js/virtual-fs.js") as {
    default: { writeFileSync(name: string, bytes: Buffer): void };
  };
  for (const file of fontFiles) files.default.writeFileSync(file.name, file.bytes);
  const family = (name: FontFamily) => ({
    normal: `${name}-Regular.ttf`,
    bold: `${name}-Bold.ttf`,
    italics: `${name}-Regular.ttf`,
    bolditalics: `${name}-Bold.ttf`,
  });
  pdfmake.setFonts(Object.fromEntries(FONT_FAMILIES.map((name) => [name, family(name)])));
  pdfmake.setUrlAccessPolicy(() => false);
  pdfmake.setLocalAccessPolicy(() => false);
  ready = true;
}

export type PdfMeta = {
  readonly title: string;
  readonly author: string;
  readonly subject?: string;
  /** The moment of the view, printed as the creation date: the same view gives the same bytes. */
  readonly createdAt: Instant;
  readonly language: Language;
};

const LOCALE: Record<Language, string> = {
  en: "en-IN",
  hi: "hi-IN",
  pa: "pa-IN",
};

/**
 * Renders a pdfmake definition. It promises: exact shaping of the nine Indic scripts it has fonts for, no access to files or addresses, and
 * equal bytes for equal input (dates come from `meta`, never from the clock).
 */
export async function toPdf(definition: Omit<TDocumentDefinitions, "info">, meta: PdfMeta): Promise<Buffer> {
  prepare();
  const family = familyOf(meta.language);
  return pdfmake
    .createPdf({
      version: "1.7",
      language: LOCALE[meta.language],
      displayTitle: true,
      ...definition,
      defaultStyle: { font: family, fontSize: 8, ...definition.defaultStyle },
      info: {
        title: meta.title,
        author: meta.author,
        ...(meta.subject === undefined ? {} : { subject: meta.subject }),
        creator: "Nagarkosh",
        producer: "Nagarkosh",
        creationDate: meta.createdAt,
        modDate: meta.createdAt,
      },
    })
    .getBuffer();
}
