import {
  approveResolution,
  importStatement,
  listExceptions,
  proposeResolution,
  reconcileAccount,
  type Resolution,
} from "../../../reconciliation/index.ts";
import { postingAccount } from "../../../ledger/index.ts";
import { localDate } from "../../../ledger/kernel/dates.ts";
import { approveOwner, proposeOwner } from "../../../collections/index.ts";
import { act, billOf, rows, type Stage } from "../stage.ts";
import type { Step, StepKinds } from "../step.ts";
import { fieldsOf, listOf, optionalText, paiseOf, ScenarioFault, textOf, type Value } from "../values.ts";
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
        reconcileAccount(tx, await postingAccount(tx, "bank-main")),
      ),
  },
  /** A credit of nobody we know is held; {line: reference}, or the reference alone. */
  hold_line: {
    keys: ["as", "save"],
    run: (stage, step) => explain(stage, step, { kind: "unidentified-credit" }),
  },
  bank_charge: { keys: ["as", "save"], run: (stage, step) => explain(stage, step, { kind: "bank-charge" }) },
  bank_interest: { keys: ["as", "save"], run: (stage, step) => explain(stage, step, { kind: "bank-interest" }) },
  /** {line: reference, bill: B2}: whose a credit is; one that was held, or one that nobody has looked at. */
  identify: {
    keys: ["as", "save"],
    run: async (stage, step) => {
      const f = fieldsOf(step.value, step.where, ["line", "reference", "utr", "bill", "to", "payment"]);
      const bill = billOf(stage, f["bill"] ?? f["to"], step.where);
      if (f["payment"] !== undefined) return identifyPayment(stage, textOf(f["payment"], step.where), bill.consumerId);
      const reference = textOf(f["line"] ?? f["reference"] ?? f["utr"], step.where);
      return explain(stage, step, { kind: "receipt", consumerId: bill.consumerId, utr: reference });
    },
  },
};

/** A payment that nobody was found for gets its consumer: proposed by one person, approved by another. */
async function identifyPayment(stage: Stage, paymentId: string, consumerId: string): Promise<unknown> {
  const [held] = await rows<{ id: string }>(
    stage,
    "select receipt_id as id from collections.receipts where ulb_id = $1 and payment_id = $2",
    [paymentId],
  );
  if (!held) throw new ScenarioFault(`no receipt was issued for ${paymentId}`);
  const proposal = await act(stage, "accountant", (tx) =>
    proposeOwner(tx, { receiptId: held.id, consumerId, reason: "found by the bank's letter" }),
  );
  return act(stage, "checker", (tx) => approveOwner(tx, proposal.id));
}

/** A line of the statement is explained by one person and approved by another, as on the exceptions' page. */
async function explain(stage: Stage, step: Step, resolution: Resolution): Promise<unknown> {
  const f = fieldsOf(typeof step.value === "string" ? { line: step.value } : step.value, step.where, [
    "line",
    "reference",
    "utr",
    "bill",
    "to",
    "reason",
  ]);
  const reference = textOf(f["line"] ?? f["reference"] ?? f["utr"], step.where);
  const account = await act(stage, "accountant", (tx) => postingAccount(tx, "bank-main"));
  await act(stage, "accountant", (tx) => reconcileAccount(tx, account));
  const open = await act(stage, "auditor", (tx) => listExceptions(tx, { account, status: "open", limit: 200 }));
  const found = open.find(
    (e) => e.subject !== "item" && `${e.reference} ${e.particulars}`.toUpperCase().includes(reference.toUpperCase()),
  );
  if (!found)
    throw new ScenarioFault(
      `${step.where}: nothing is open under ${reference}; there is ${open.map((e) => `${e.reference} ${e.particulars}`).join("; ") || "nothing"}`,
    );
  const reason = optionalText(f["reason"], step.where) ?? "as the bank's advice says";
  await act(stage, optionalText(step.fields["as"], step.where) ?? "accountant", (tx) =>
    proposeResolution(tx, { exceptionId: found.id, resolution, reason }),
  );
  return act(stage, "checker", (tx) => approveResolution(tx, found.id));
}

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
      "description",
      "particulars",
      "reference",
      "utr",
      "number",
      "cheque",
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
    const reference = optionalText(l["reference"] ?? l["utr"] ?? l["number"] ?? l["cheque"], where) ?? "";
    days.push(day);
    const isThere = stage.simulator.bankLines.some(
      (b) => b.day === day && b.reference === reference && (b.credit ?? 0) - (b.debit ?? 0) === amount,
    );
    if (isThere && l["again"] !== true) continue;
    const narration =
      optionalText(l["narration"] ?? l["description"] ?? l["particulars"], where) ?? `TRANSFER ${reference}`;
    stage.simulator.addBankLine({
      day,
      narration,
      reference,
      ...(amount < 0 ? { debit: -amount } : { credit: amount }),
    });
  }
  return days.sort();
}
