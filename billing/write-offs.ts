import { postEntry, type PostedEntry } from "../ledger/index.ts";
import type { LocalDate } from "../ledger/kernel/dates.ts";
import { newId } from "../ledger/kernel/ids.ts";
import { formatIndian, sum, ZERO, type Paise } from "../ledger/kernel/money.ts";
import { audit } from "../ledger/kernel/audit.ts";
import type { Tx } from "../ledger/kernel/tx.ts";
import { cessWithin } from "./cess.ts";
import { lineKey, outstandingOf } from "./due.ts";
import { linesOf } from "./dues.ts";
import { checkResolution, lineName, writeOffLines } from "./entries.ts";
import { billingErrors } from "./errors.ts";
import { insertAllocations, lockConsumers, need } from "./register.ts";

export type WriteOff = {
  readonly writeOffId?: string;
  /** The council's resolution: number and date are compulsory. */
  readonly resolution: { readonly number?: string | null; readonly date?: LocalDate | null };
  readonly date: LocalDate;
  readonly reason: string;
  /** `provision` (the rule) or, where nothing was provided, `expense`. */
  readonly against?: "provision" | "expense";
  /** Without an amount all that is outstanding. */
  readonly items: readonly { readonly demandId: string; readonly taxHead: string; readonly amount?: Paise }[];
};

/**
 * Writes irrecoverable demand off, under a resolution of the council: closes the demand lines and posts the journal entry, on record.
 * Raises WRITE_OFF_RESOLUTION_MISSING, WRITE_OFF_RESOLUTION_LATER, WRITE_OFF_AMOUNT, WRITE_OFF_HEAD, DEMAND_EMPTY.
 */
export async function writeOff(
  tx: Tx,
  writeOff: WriteOff,
): Promise<{ readonly writeOffId: string; readonly total: Paise; readonly entry: PostedEntry }> {
  const resolution = checkResolution(writeOff.resolution, writeOff.date);
  if (writeOff.items.length === 0)
    throw billingErrors.DEMAND_EMPTY({ what: `the write-off under resolution ${resolution.number}` });
  const writeOffId = writeOff.writeOffId ?? newId();
  const ids = [...new Set(writeOff.items.map((i) => i.demandId))];
  const consumers = await lockConsumers(
    tx,
    (await linesOf(tx, ids)).map((l) => l.consumerId),
  );
  const lines = new Map((await linesOf(tx, ids)).map((l) => [lineKey(l), l])); // again, under the locks
  const seen = new Set<string>();
  const written = writeOff.items.map((item) => {
    const key = lineKey(item);
    const line = lines.get(key);
    const outstanding = line && !seen.has(key) ? outstandingOf(line) : ZERO;
    const amount = item.amount ?? outstanding;
    if (!line || line.basis === "receipt" || amount <= 0n || amount > outstanding) {
      throw billingErrors.WRITE_OFF_AMOUNT({
        demand: key,
        amount: formatIndian(amount),
        outstanding: formatIndian(outstanding),
      });
    }
    seen.add(key);
    return {
      line,
      payer: need(consumers.get(line.consumerId), line.consumerId),
      amount,
      cess: cessWithin(line, amount),
    };
  });
  const against = writeOff.against ?? "provision";
  const ledgerLines = writeOffLines(written, against);
  const total = sum(written.map((w) => w.amount));
  const source = { type: "write-off", id: writeOffId };
  await tx.query(
    `insert into billing.write_offs (ulb_id, write_off_id, resolution_number, resolution_date, written_off_on, against, reason, total, made_at, made_by)
     values (:ulb, :id, :number, :resolved_on, :on_date, :against, :reason, :total, :now, :actor)`,
    {
      ulb: tx.ulb.id,
      id: writeOffId,
      number: resolution.number,
      resolved_on: resolution.date,
      on_date: writeOff.date,
      against,
      reason: writeOff.reason,
      total,
      now: tx.clock(),
      actor: tx.actor.id,
    },
  );
  await insertAllocations(
    tx,
    written.map((w) => ({
      consumerId: w.line.consumerId,
      line: w.line,
      kind: "write-off",
      source,
      date: writeOff.date,
      amount: w.amount,
      cess: w.cess,
      reverses: null,
    })),
  );
  await audit(tx, {
    action: "write-off",
    subject: "demand",
    subjectId: writeOffId,
    reason: writeOff.reason,
    after: {
      resolution: resolution.number,
      resolvedOn: resolution.date,
      total: total.toString(),
      demands: written.map((w) => lineName(w.line, w.payer)),
    },
  });
  const entry = await postEntry(tx, {
    voucher: "journal",
    date: writeOff.date,
    narration: `Write-off of ${formatIndian(total)} under resolution ${resolution.number} of ${resolution.date}: ${writeOff.reason}`,
    source,
    lines: ledgerLines,
  });
  return { writeOffId, total, entry };
}
