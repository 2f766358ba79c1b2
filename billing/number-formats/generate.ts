import { randomInt } from "node:crypto";
import { takeNumbers } from "../../ledger/index.ts";
import { audit } from "../../ledger/kernel/audit.ts";
import { dateInIndia, financialYearOf, type LocalDate } from "../../ledger/kernel/dates.ts";
import type { Read, Tx } from "../../ledger/kernel/tx.ts";
import { numberFormatErrors } from "./errors.ts";
import { formatNumber, namesFinancialYear, parseFormat, sequencesOf } from "./format.ts";

/** What one call may draw: a bulk run asks in batches. */
const MOST = 1000;

export type NumberRequest = {
  /** "WS.receipt.id": the ULB's format of that name is used, if it has one, else `format`. */
  readonly idName: string;
  readonly tenantId: string;
  readonly format?: string | null;
  readonly count?: number;
};

/**
 * Draws document numbers by a format, in the caller's transaction: a rolled-back one gives them back, so that a series has no gaps. A series
 * begins again with every financial year if the format names the year, else it runs on for ever. The series stays locked until commit:
 * call it last. Raises ID_NOT_FOUND, IDGEN_COUNT and the refusals of parseFormat.
 */
export async function generateNumbers(tx: Tx, request: NumberRequest): Promise<string[]> {
  const count = request.count ?? 1;
  if (!Number.isInteger(count) || count < 0 || count > MOST)
    throw numberFormatErrors.IDGEN_COUNT({ count, most: MOST });
  const at = tx.clock();
  const today = dateInIndia(at);
  const format = (await numberFormat(tx, request.idName, today)) ?? request.format ?? "";
  if (format === "") throw numberFormatErrors.ID_NOT_FOUND(undefined);
  const tokens = parseFormat(format, request.tenantId);
  if (count === 0) return [];

  const yearly = namesFinancialYear(tokens);
  const fy = financialYearOf(yearly ? today : tx.ulb.startsOn);
  const first = new Map<string, bigint>();
  // In one order for every caller, or two of them might wait for each other.
  for (const name of [...sequencesOf(tokens)].sort()) {
    first.set(name, await takeNumbers(tx, `${yearly ? "id" : "id-running"}:${name}`, fy, count));
  }
  const city = tx.ulb.code.split(".").at(-1) ?? tx.ulb.code;
  return Array.from({ length: count }, (_, i) =>
    formatNumber(tokens, {
      city,
      at,
      sequence: (name) => (first.get(name) ?? 0n) + BigInt(i),
      digits: (n) => Array.from({ length: n }, () => randomInt(10)).join(""),
    }),
  );
}

/** The ULB's format of that name in force on a day; undefined if it has none. */
export async function numberFormat(read: Read, idName: string, on: LocalDate): Promise<string | undefined> {
  const row = await read.queryOne<{ format: string }>(
    `select format from billing.number_formats
     where ulb_id = :ulb and id_name = :name and valid_from <= :on_date::date
     order by valid_from desc limit 1`,
    { ulb: read.ulb.id, name: idName, on_date: on },
  );
  return row?.format;
}

/** Sets the format of a kind of document from a day on, on record. Raises NUMBER_FORMAT_SET and the refusals of parseFormat. */
export async function setNumberFormat(
  tx: Tx,
  setting: { readonly idName: string; readonly validFrom: LocalDate; readonly format: string },
): Promise<void> {
  parseFormat(setting.format, tx.ulb.code);
  const set = await tx.query(
    `insert into billing.number_formats (ulb_id, id_name, valid_from, format, set_at, set_by)
     values (:ulb, :name, :valid_from, :format, :now, :actor)
     on conflict (ulb_id, id_name, valid_from) do nothing
     returning id_name`,
    {
      ulb: tx.ulb.id,
      name: setting.idName,
      valid_from: setting.validFrom,
      format: setting.format,
      now: tx.clock(),
      actor: tx.actor.id,
    },
  );
  if (set.length === 0) {
    throw numberFormatErrors.NUMBER_FORMAT_SET({ idName: setting.idName, validFrom: setting.validFrom });
  }
  await audit(tx, {
    action: "set",
    subject: "number-format",
    subjectId: `${setting.idName}/${setting.validFrom}`,
    after: { format: setting.format },
  });
}
