import { approveChange, approveConsumerChange, proposeChange, proposeConsumerChange } from "../../../billing/index.ts";
import { approveRefund, listRefunds, sendRefund } from "../../../collections/index.ts";
import { closePeriod } from "../../../ledger/index.ts";
import { financialYear, localDate, period } from "../../../ledger/kernel/dates.ts";
import { accrueGatewayFees } from "../../../reconciliation/index.ts";
import { paise, type Paise } from "../../../ledger/kernel/money.ts";
import { act, asPerson, billOf, type Stage, type StageBill } from "../stage.ts";
import type { Step, StepKinds } from "../step.ts";
import { HEADS, makeBills, planOf } from "../fixture.ts";
import { fieldsOf, isFields, optionalText, paiseOf, ScenarioFault, textOf, type Value } from "../values.ts";
import { accountBalances, duesOf, today } from "../view.ts";

/** Bills made on the way are counted, not looked at: several may be made at once. */
let freshBills = 0;

/** What the office decides while a scenario goes on. */
export const officeSteps: StepKinds = {
  /** A bill made on the way: {fresh_bill: B1-${i}, like…}. */
  fresh_bill: {
    keys: ["account", "demand", "heads", "name"],
    run: async (stage, { value, fields, where }) => {
      const name = textOf(value, where);
      const { fresh_bill: _step, ...plan } = fields;
      const account = plan["account"] ?? `PT-9${String(++freshBills).padStart(5, "0")}`;
      const earlier = await accountBalances(stage);
      const usual = plan["demand"] === undefined && plan["heads"] === undefined ? { demand: "1000.00" } : {};
      const made = await makeBills(
        stage.world.app,
        stage.ulb,
        new Map([[name, planOf(name, { ...plan, account, ...usual })]]),
      );
      const [bill] = made;
      if (!bill) throw new ScenarioFault(`${where}: no bill was made`);
      // What the demand itself posted is given, not done.
      const after = await accountBalances(stage);
      const before = stage.baseline;
      stage.baseline = new Map(
        [...after].map(([code, balance]) => [code, (before.get(code) ?? 0n) + balance - (earlier.get(code) ?? 0n)]),
      );
      stage.bills.set(name, bill);
      return { bill: name, account: bill.account };
    },
  },
  revise: { keys: ["as"], run: revise },
  mutate: { keys: ["as"], run: mutate },
  debit_note: { keys: ["as"], run: debitNote },
  refund: { keys: ["as", "save"], run: refund },
  approve: { keys: ["as", "save"], run: approve },
  /** 2026-27: what the gateway will take of unsettled captures of the year is accrued, and reversed on 1 April. The server does it by itself in April. */
  accrue_fees: { keys: ["as"], run: accrueFees },
  year_end: { keys: ["as"], run: accrueFees },
  close_month: {
    keys: ["as"],
    run: async (stage, { value, where }) => {
      const month = period(textOf(value, where));
      return act(stage, "checker", (tx) => closePeriod(tx, month));
    },
  },
};

async function accrueFees(stage: Stage, { value, where }: Step): Promise<unknown> {
  const year = textOf(value, where).replace(/^(\d{4})-(?:20)?(\d\d)$/, "$1-$2");
  return act(stage, "accountant", (tx) => accrueGatewayFees(tx, financialYear(year)));
}

/** {bill: B1, heads: {general tax: 7000.00}}: the officer proposes what the heads shall be, another person approves. */
async function revise(stage: Stage, { value, where }: Step): Promise<unknown> {
  const f = fieldsOf(value, where, ["bill", "heads", "reason"]);
  const bill = billOf(stage, f["bill"], where);
  if (!isFields(f["heads"])) throw new ScenarioFault(`${where}: heads say what each shall be`);
  const dues = await duesOf(stage, bill);
  const reason = optionalText(f["reason"], where) ?? "revised on inspection";
  const heads = Object.entries(f["heads"]).map(([head, to]) => {
    const taxHead = HEADS[head.toLowerCase()] ?? head;
    const due = dues.find((d) => d.taxHead === taxHead && bill.demandIds.includes(d.demandId));
    if (!due) throw new ScenarioFault(`${where}: nothing is due under ${taxHead}`);
    return { demandId: due.demandId, taxHead, less: due.amount - paiseOf(to, where) };
  });
  const less = heads.filter((h) => h.less > 0n);
  const more = heads.filter((h) => h.less < 0n);
  if (more.length > 0)
    await noteMore(
      stage,
      bill,
      more.map((h) => ({ taxHead: h.taxHead, amount: paise(-h.less) })),
      reason,
    );
  if (less.length === 0) return {};
  const items = less.map(({ demandId, taxHead, less: own }) => ({ demandId, taxHead, own: paise(own) }));
  const change = await act(stage, "superintendent", (tx) =>
    proposeChange(tx, { date: today(stage), reason, content: { kind: "credit-note", items } }),
  );
  return act(stage, "checker", (tx) => approveChange(tx, change.id));
}

/** {payment: ${payment}}: the refund that is owed on a payment is agreed to by another person and asked for at the gateway. */
async function refund(stage: Stage, { value, fields, where }: Step): Promise<unknown> {
  const owed = await owedRefund(stage, value, where);
  const as = optionalText(fields["as"], where) ?? "checker";
  if (owed.status === "payable" || owed.status === "asked") await act(stage, as, (tx) => approveRefund(tx, owed.id));
  stage.vars.set("refund", owed.id);
  return sendRefund(stage.world.app, asPerson(stage, as), owed.id);
}

/** {refund: …}: another person agrees, and it is sent; {send: false}: it waits for the server's own duty. */
async function approve(stage: Stage, { value, fields, where }: Step): Promise<unknown> {
  const f = fieldsOf(typeof value === "string" ? { refund: value } : value, where, ["refund", "send"]);
  const id = optionalText(f["refund"], where) ?? (await owedRefund(stage, null, where)).id;
  const as = optionalText(fields["as"], where) ?? "checker";
  const agreed = await act(stage, as, (tx) => approveRefund(tx, id));
  return f["send"] === false ? agreed : sendRefund(stage.world.app, asPerson(stage, as), id);
}

async function owedRefund(stage: Stage, value: Value, where: string) {
  const f = fieldsOf(typeof value === "string" ? { payment: value } : value, where, ["payment", "refund"]);
  const payment = optionalText(f["payment"], where);
  const all = await act(stage, "accountant", (tx) =>
    listRefunds(tx, payment === undefined ? {} : { paymentId: payment }),
  );
  const id = optionalText(f["refund"], where);
  const found =
    id === undefined
      ? all.find((r) => ["asked", "payable", "approved", "requested"].includes(r.status))
      : all.find((r) => r.id === id);
  if (!found) throw new ScenarioFault(`${where}: no refund is owed`);
  return found;
}

/** {bill: B1, owner: Sunita Sharma}: the property passes to another owner, by deed and with approval. */
async function mutate(stage: Stage, { value, where }: Step): Promise<unknown> {
  const f = fieldsOf(value, where, ["bill", "owner", "date", "reason"]);
  const bill = billOf(stage, f["bill"], where);
  const date = f["date"] === undefined ? today(stage) : localDate(textOf(f["date"], where));
  const change = await act(stage, "superintendent", (tx) =>
    proposeConsumerChange(tx, {
      date,
      reason: optionalText(f["reason"], where) ?? "sold by registered deed",
      document: { number: "Deed 118/2026", date },
      content: { kind: "mutation", consumerId: bill.consumerId, to: { name: textOf(f["owner"], where) } },
    }),
  );
  return act(stage, "checker", (tx) => approveConsumerChange(tx, change.id));
}

/** {bill: B1, amount: 10.00}: a supplementary demand on the bill's account. */
async function debitNote(stage: Stage, { value, where }: Step): Promise<unknown> {
  const f = fieldsOf(value, where, ["bill", "amount", "head", "reason"]);
  const bill = billOf(stage, f["bill"], where);
  const head = optionalText(f["head"], where) ?? "general tax";
  const taxHead = HEADS[head.toLowerCase()];
  if (taxHead === undefined)
    throw new ScenarioFault(`${where}: unknown head "${head}"; known are ${Object.keys(HEADS).join(", ")}`);
  return noteMore(
    stage,
    bill,
    [{ taxHead, amount: paiseOf(f["amount"], where) }],
    optionalText(f["reason"], where) ?? "a storey was left out",
  );
}

/** A debit note on the bill, by two people. */
async function noteMore(
  stage: Stage,
  bill: StageBill,
  lines: readonly { readonly taxHead: string; readonly amount: Paise }[],
  reason: string,
): Promise<unknown> {
  const [demandId = ""] = bill.demandIds;
  const change = await act(stage, "superintendent", (tx) =>
    proposeChange(tx, {
      date: today(stage),
      reason,
      content: { kind: "debit-note", demandId, dueDate: localDate("2027-03-31"), lines },
    }),
  );
  const outcome = await act(stage, "checker", (tx) => approveChange(tx, change.id));
  // The bill is larger by it: what is asked for more is as much its own as what was asked for at first.
  const now = billOf(stage, bill.name, "debit note");
  stage.bills.set(now.name, { ...now, demandIds: [...now.demandIds, ...outcome.raised] });
  return outcome;
}
