import type { SheetResult } from "./biff8.ts";
import { clean, type Row } from "./cells.ts";
import { LIMITS } from "./reading.ts";

const NAMED: Readonly<Record<string, string>> = {
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  apos: "'",
  nbsp: " ",
  ndash: "–",
  mdash: "—",
  rupee: "₹",
};

/**
 * The rows of the tables in an HTML page, or in the XML spreadsheet of 2003, which banks save under the name .xls. Tags are read as a
 * stream: tables within tables give rows of their own, scripts and styles are passed over, nothing is loaded.
 */
export function readHtmlTable(text: string): SheetResult {
  const rows: Row[] = [];
  let cells: string[] | undefined;
  let cell: string | undefined;
  let span = 1;
  let rowLine = 1;
  let hidden: string | undefined;
  let count = 0;
  let line = 1;
  let seen = 0;
  let from = 0;
  const endCell = (): void => {
    if (cells && cell !== undefined) {
      cells.push(clean(entities(cell)));
      for (let i = 1; i < span && cells.length < 256; i++) cells.push("");
      count += 1;
    }
    cell = undefined;
  };
  const endRow = (): void => {
    endCell();
    if (cells && cells.length > 0) rows.push({ line: rowLine, cells });
    cells = undefined;
  };
  const tag = /<!--[^]*?-->|<!\[CDATA\[([^]*?)\]\]>|<(\/?)([A-Za-z][A-Za-z0-9:]{0,30})((?:[^>"']|"[^"]*"|'[^']*')*)>/g;
  for (let m = tag.exec(text); m; m = tag.exec(text)) {
    for (; seen < m.index; seen++) if (text.charCodeAt(seen) === 10) line += 1;
    if (cell !== undefined && hidden === undefined && cell.length <= LIMITS.cellChars)
      cell += text.slice(from, m.index);
    if (cell !== undefined && m[1] !== undefined) cell += m[1].replaceAll("&", "&amp;");
    from = m.index + m[0].length;
    if (m[3] === undefined) continue;
    const name = (m[3] ?? "").toLowerCase().replace(/^ss:/, "");
    const isEnd = m[2] === "/";
    const attributes = m[4] ?? "";
    if (name === "script" || name === "style") {
      hidden = isEnd ? undefined : name;
      continue;
    }
    if (hidden !== undefined) continue;
    if (name === "tr" || name === "row" || name === "table") {
      endRow();
      if (!isEnd && name !== "table") {
        cells = [];
        rowLine = line;
        if (rows.length > LIMITS.lines || count > LIMITS.lines * 20)
          return { ok: false, code: "STATEMENT_TOO_LARGE", message: "the table has too many cells" };
      }
    } else if (name === "td" || name === "th" || name === "cell") {
      endCell();
      if (!isEnd && cells) {
        const index = Number(/\bss:Index\s*=\s*["']?(\d{1,3})/i.exec(attributes)?.[1] ?? 0);
        while (cells.length < index - 1) cells.push("");
        span = Math.max(1, Number(/\bcolspan\s*=\s*["']?(\d{1,3})/i.exec(attributes)?.[1] ?? 1));
        if (!attributes.endsWith("/")) cell = "";
        else cells.push("");
      }
    } else if (cell !== undefined && /^(br|p|div)$/.test(name)) cell += " ";
  }
  endRow();
  return { ok: true, rows };
}

function entities(text: string): string {
  return text.replace(/&(#x[0-9a-f]{1,6}|#\d{1,7}|[a-z]{2,8});/gi, (whole, name: string) => {
    const code =
      name.startsWith("#x") || name.startsWith("#X")
        ? parseInt(name.slice(2), 16)
        : name.startsWith("#")
          ? Number(name.slice(1))
          : undefined;
    if (code !== undefined)
      return code > 0 && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff) ? String.fromCodePoint(code) : " ";
    return NAMED[name.toLowerCase()] ?? whole;
  });
}

/** Whether a text is a page with a table or an XML spreadsheet. */
export const looksLikeHtml = (text: string): boolean =>
  /^\uFEFF?\s*</.test(text) &&
  /<(html|table|body|div|head|!doctype html|workbook|meta|style|tr)\b/i.test(text.slice(0, 20_000));
