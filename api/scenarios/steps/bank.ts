import { importStatement, reconcile } from "../../../reconciliation/index.ts";
import { postingAccount } from "../../../ledger/index.ts";
import { localDate } from "../../../ledger/kernel/dates.ts";
import { act, type Stage } from "../stage.ts";
import type { Step, StepKinds } from "../step.ts";
import { fieldsOf, listOf, optionalText, paiseOf, textOf, type Value } from "../values.ts";
import { today } from "../view.ts";

/** The bank's statement and what is made of it. */
export const bankSteps: StepKinds = {
  import: { keys: ["as", "save"], run: importLines },
  statement: { keys: ["as", "save"], run: importLines },
  bank_lines: {
    keys: [],
    run: async (stage, { value, where }) => {
      await Promise.resolve();
      return { days: addLines(stage, value, where) };
    },
  },
  reconcile: {
    keys: ["as", "save"],
    run: async (stage, { fields, where }) =>
      act(stage, optionalText(fields["as"], where) ?? "accountant", async (tx) =>
        reconcile(tx, await postingAccount(tx, "bank-main")),
      ),
  },
};

/**
 * {lines: [{date:, amount: 9764.00, reference: UTR, narration:}], from:, to:}: lines that the bank has beside those of the gateway's settlements, and
 * the statement of those days as the bank hands it out. A line that the bank has already (same day, reference and amount) is not doubled.
 */
async function importLines(stage: Stage, step: Step): Promise<unknown> {
  const f = fieldsOf(
    Array.isArray(step.value)
      ? { lines: step.value }
      : step.value === "simulator" || step.value === true
        ? {}
        : step.value,
    step.where,
    ["lines", "from", "to", "file", "csv"],
  );
  const days = addLines(stage, f["lines"], step.where);
  const account = await act(stage, "accountant", (tx) => postingAccount(tx, "bank-main"));
  const from = optionalText(f["from"], step.where) ?? (days.length > 0 ? days[0] : undefined);
  const to = optionalText(f["to"], step.where);
  const csv =
    f["csv"] === undefined
      ? stage.simulator.bankStatementCsv({ ...(from === undefined ? {} : { from }), to: to ?? today(stage) })
      : textOf(f["csv"], step.where);
  const report = await act(stage, optionalText(step.fields["as"], step.where) ?? "accountant", (tx) =>
    importStatement(tx, {
      account,
      csv,
      fileName: optionalText(f["file"], step.where) ?? `statement-${from ?? "all"}.csv`,
      through: localDate(to ?? today(stage)),
    }),
  );
  stage.vars.set("imported", report.linesAdded);
  return report;
}

/** Puts lines on the bank's statement; gives their days, earliest first. */
function addLines(stage: Stage, value: Value | undefined, where: string): string[] {
  const days: string[] = [];
  for (const one of listOf(value)) {
    const l = fieldsOf(one, `${where}: line`, [
      "date",
      "narration",
      "reference",
      "utr",
      "number",
      "amount",
      "credit",
      "debit",
      "again",
    ]);
    const day = l["date"] === undefined ? today(stage) : localDate(textOf(l["date"], where));
    const amount =
      l["debit"] !== undefined
        ? -Number(paiseOf(l["debit"], where))
        : Number(paiseOf(l["credit"] ?? l["amount"], where));
    const reference = optionalText(l["reference"] ?? l["utr"] ?? l["number"], where) ?? "";
    days.push(day);
    const isThere = stage.simulator.bankLines.some(
      (b) => b.day === day && b.reference === reference && (b.credit ?? 0) - (b.debit ?? 0) === amount,
    );
    if (isThere && l["again"] !== true) continue;
    const narration = optionalText(l["narration"], where) ?? `TRANSFER ${reference}`;
    stage.simulator.addBankLine({
      day,
      narration,
      reference,
      ...(amount < 0 ? { debit: -amount } : { credit: amount }),
    });
  }
  return days.sort();
}
