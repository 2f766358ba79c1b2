import type { BankProfile, DateForm } from "../profiles.ts";
import { readBiff8, isBareBiff } from "./biff8.ts";
import { isByPlace, type Row } from "./cells.ts";
import { columnsIn, profileFromTitles, type ColumnRole } from "./columns.ts";
import { delimitedRows } from "./csv.ts";
import { looksLikeHtml, readHtmlTable } from "./html.ts";
import { isOle2 } from "./ole2.ts";
import { decodeText } from "./text.ts";
import { isZip, readXlsx } from "./xlsx.ts";

export type { ColumnRole };

/** The first rows of a table, for a person who says what its columns are. */
export type TablePreview = {
  readonly rows: readonly Row[];
  /** The row (index into `rows`) that looks most like a header, and what its titles usually mean. */
  readonly headerRow: number;
  readonly roles: readonly (ColumnRole | undefined)[];
};

const PREVIEW_ROWS = 60;

/**
 * The first rows of a file with a table in it, with the header and the roles guessed for a person to correct; undefined when the file has no
 * table. Nothing is proved here: reading the file by the profile that the person makes of it does that.
 */
export async function previewTable(bytes: Uint8Array): Promise<TablePreview | undefined> {
  const rows = (await tableRows(bytes))?.slice(0, PREVIEW_ROWS);
  if (!rows || rows.length === 0) return undefined;
  const guesses = rows.map((r) => columnsIn(r.cells));
  const known = guesses.map((g) => new Set(g.filter((role) => role !== undefined)).size);
  const headerRow = known.indexOf(Math.max(...known));
  return { rows, headerRow, roles: guesses[headerRow] ?? [] };
}

/** What a person says of a table that no profile knows. */
export type ColumnMapping = {
  readonly id: string;
  readonly version: number;
  readonly bank: string;
  /** The header's titles as `columnLabels` gives them, and what each column is. */
  readonly titles: readonly string[];
  readonly roles: readonly (ColumnRole | undefined)[];
  readonly dates: readonly DateForm[];
};

/**
 * The profile of a mapping, or undefined when date, narration and amounts with their direction are not all there. All titles of the header must
 * stand in a file for it to be recognised.
 */
export function profileOf(mapping: ColumnMapping): BankProfile | undefined {
  const profile = profileFromTitles(mapping.roles, mapping.titles, mapping.id);
  const named = mapping.titles.filter((title) => !isByPlace(title));
  return (
    profile && {
      ...profile,
      version: mapping.version,
      bank: mapping.bank,
      isOwn: true,
      dates: mapping.dates,
      also: named,
      // A header without any title is none: the columns are known by their place.
      ...(named.length === 0 ? { positions: mapping.titles.length } : {}),
    }
  );
}

async function tableRows(bytes: Uint8Array): Promise<readonly Row[] | undefined> {
  if (isZip(bytes)) return rowsIn(await readXlsx(bytes));
  if (isOle2(bytes) || isBareBiff(bytes)) return rowsIn(readBiff8(bytes));
  const text = decodeText(bytes);
  if (looksLikeHtml(text)) return rowsIn(readHtmlTable(text));
  return text.includes("\0") ? undefined : delimitedRows(text);
}

const rowsIn = (found: { readonly ok: boolean; readonly rows?: readonly Row[] }): readonly Row[] | undefined =>
  found.ok ? found.rows : undefined;
