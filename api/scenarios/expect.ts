import { LETTERS, isLetter } from "./letters.ts";
import { heldAcknowledgements, TASK_KINDS } from "../../collections/index.ts";
import { act, billOf, rows, type Stage } from "./stage.ts";
import {
  differences,
  fieldsOf,
  moneyDifferences,
  isFields,
  knownOnly,
  listOf,
  ScenarioFault,
  show,
  textOf,
  valueAt,
  type Difference,
  type Fields,
  type Value,
  plain,
} from "./values.ts";
import { advanceOf, duesOf, INTENT_WORDS, intents, letterBalances, normalVoucher, vouchers } from "./view.ts";
import { HEADS } from "./fixture.ts";
import { intentJson } from "./intents.ts";
import { compareVouchers, partsMissing } from "./compare-vouchers.ts";
import { MORE } from "./expect-more.ts";
import { expectReceipts, expectReceipt } from "./expect-receipts.ts";
import { inWords, type Paise } from "../../ledger/kernel/money.ts";

const INTENT = ["id", "status", "amount", "order_id", "receipt_id", "payments"];

type Expectation = (stage: Stage, expected: Value) => Promise<Difference[]>;

/** Everything that `expect` may say. Amounts are paise as whole numbers or rupees as text with two decimals. */
export const EXPECTATIONS: Readonly<Record<string, Expectation>> = {
  ...MORE,
  sim: expectSimulator,
  intent: async (stage, expected) => {
    const f = isFields(expected) ? expected : { status: expected };
    const { of: id, ...rest } = f;
    knownOnly(rest, "intent", INTENT);
    const all = await intents(stage);
    const one =
      id === undefined
        ? (all.find((i) => i.id === stage.vars.get("intent")) ?? all.at(-1))
        : all.find((i) => i.id === id);
    return one ? differences("intent", rest, intentJson(one)) : [`intent: expected ${show(expected)}, there is none`];
  },
  intents: async (stage, expected) =>
    differences(
      "intents",
      isFields(expected) ? fieldsOf(expected, "intents", INTENT_WORDS) : expected,
      Array.isArray(expected)
        ? (await intents(stage)).map((i) => ({ ...intentJson(i) }))
        : {
            ...Object.fromEntries(INTENT_WORDS.map((word) => [word, 0])),
            ...countBy(await intents(stage), (i) => i.status),
          },
    ),
  receipts: expectReceipts,
  receipt: expectReceipt,
  balances: async (stage, expected) => {
    const found = await letterBalances(stage);
    return Object.entries(
      fieldsOf(expected, "balances", [
        ...Object.keys(LETTERS),
        ...Object.keys(isFields(expected) ? expected : {}).filter((k) => /^\d{7}$/.test(k)),
      ]),
    ).flatMap(([letter, value]) => moneyDifferences(`balances.${letter}`, value, found.get(letter) ?? 0n));
  },
  ledger: expectLedger,
  vouchers: async (stage, expected) => differences("vouchers", expected, (await vouchers(stage)).length),
  bill: expectBills,
  bills: expectBills,
  due: async (stage, expected) =>
    expectBills(
      stage,
      Object.fromEntries(
        Object.entries(fieldsOf(expected, "due", [...stage.bills.keys()])).map(([bill, due]) => [bill, { due }]),
      ),
    ),
  tasks: expectTasks,
  task: expectTasks,
  response: async (stage, expected) =>
    stage.answer === undefined
      ? [`response: expected ${show(expected)}, nothing was answered yet`]
      : expectAnswer("response", expected, stage.answer),
  inbox: async (stage, expected) => {
    const states = await counts(
      stage,
      "select state as name, count(*) as n from collections.gateway_events where ulb_id = $1 group by state",
    );
    const [rejected] = await rows<{ n: bigint }>(
      stage,
      "select count(*) as n from collections.rejected_webhooks where ulb_id = $1",
    );
    const total = Object.values(states).reduce((a, b) => a + b, 0);
    const found = {
      new: 0,
      done: 0,
      ignored: 0,
      parked: 0,
      dead: 0,
      ...states,
      rejected: Number(rejected?.n ?? 0n),
      total,
      rows: total,
    };
    return differences("inbox", fieldsOf(expected, "inbox", Object.keys(found)), found);
  },
  outbox: async (stage, expected) => {
    const [row] = await rows<{ open: bigint; done: bigint; overdue: bigint }>(
      stage,
      "select count(*) filter (where done_at is null) as open, count(*) filter (where done_at is not null) as done, count(*) filter (where done_at is null and available_at <= $2) as overdue from kernel.outbox where ulb_id = $1",
      [stage.world.clock.now()],
    );
    const found = { open: Number(row?.open), done: Number(row?.done), overdue: Number(row?.overdue) };
    return differences("outbox", fieldsOf(expected, "outbox", Object.keys(found)), found);
  },
  messages: async (stage, expected) =>
    typeof expected === "number" ||
    expected === "none" ||
    (isFields(expected) && ["at_most", "at_least", "between"].some((k) => k in expected))
      ? differences("messages", expected, stage.phone.length)
      : differences("messages", expected, stage.phone.map((m) => m.body).join("\n")),
  count: async (stage, expected) => {
    const known = Object.keys(TABLES);
    const differ: Difference[] = [];
    for (const [name, value] of Object.entries(fieldsOf(expected, "count", known))) {
      const [row] = await rows<{ n: bigint }>(stage, `select count(*) as n from ${TABLES[name]} where ulb_id = $1`);
      differ.push(...differences(`count.${name}`, value, Number(row?.n ?? 0n)));
    }
    return differ;
  },
  vars: async (stage, expected) => differences("vars", expected, Object.fromEntries(stage.vars)),
  words: async (stage, expected) => {
    const [row] = await rows<{ amount: bigint }>(
      stage,
      "select amount::bigint as amount from collections.receipts where ulb_id = $1 order by issued_at limit 1",
    );
    return differences("words", expected, row ? inWords(row.amount as Paise) : undefined);
  },
};

/**
 * What `expect` says, as fields or as a list of them. Raises ScenarioFault for a word that is not known, and for one that says nothing: an expectation
 * that cannot fail is a slip of the pen.
 */
export function expectationsOf(value: Value, where: string): readonly Fields[] {
  return listOf(value).map((one) => {
    const f = fieldsOf(one, where, Object.keys(EXPECTATIONS));
    for (const [name, expected] of Object.entries(f))
      if (expected === null || expected === "" || (isFields(expected) && Object.keys(expected).length === 0))
        throw new ScenarioFault(`${where}: "${name}" says nothing of what is expected`);
    return f;
  });
}

/** Tables that `count` knows, by the name of what they hold. */
const TABLES: Readonly<Record<string, string>> = {
  orders: "collections.orders",
  payments: "collections.payments",
  observations: "collections.payment_observations",
  receipts: "collections.receipts",
  receipt_lines: "collections.receipt_lines",
  instruments: "collections.instruments",
  remittances: "collections.remittances",
  refunds: "collections.refunds",
  tasks: "collections.tasks",
  inbox: "collections.gateway_events",
  rejected: "collections.rejected_webhooks",
  entries: "ledger.entries",
  bank_lines: "reconciliation.bank_lines",
  settlements: "reconciliation.settlements",
  messages: "api.messages",
};

function countBy<T>(items: readonly T[], name: (item: T) => string): Record<string, number> {
  const found: Record<string, number> = {};
  for (const item of items) found[name(item)] = (found[name(item)] ?? 0) + 1;
  return found;
}

async function counts(stage: Stage, sql: string): Promise<Record<string, number>> {
  return Object.fromEntries((await rows<{ name: string; n: bigint }>(stage, sql)).map((r) => [r.name, Number(r.n)]));
}

/** What a step or `response` says of an answer: {status:, body: {…}, contains: …, headers: {…}}; a body's "$.path" looks deeper. */
export function expectAnswer(where: string, expected: Value, answer: unknown): Difference[] {
  const f = fieldsOf(expected, where, ["status", "body", "contains", "not_contains", "headers", "text", "code"]);
  return Object.entries(f).flatMap(([key, value]): Difference[] => {
    const text = plain(valueAt(answer, "$.text") ?? JSON.stringify(answer));
    const read = readable(text);
    if (key === "status") return differences(`${where}.status`, value, valueAt(answer, "$.status"));
    if (key === "headers") return differences(`${where}.headers`, value, valueAt(answer, "$.headers"));
    if (key === "code") return differences(`${where}.code`, value, valueAt(answer, "$.body.code"));
    if (key === "body" || key === "text") return differences(`${where}.${key}`, value, valueAt(answer, `$.${key}`));
    return differences(where, { [key]: value }, read);
  });
}

/** A page as it is read: without its tags. */
function readable(text: string): string {
  return /<html|<!doctype/i.test(text)
    ? text
        .replace(/<(script|style)[\s\S]*?<\/\1>/gi, " ")
        .replace(/<[^>]+>/g, " ")
        .replace(/\s+/g, " ")
    : text;
}

async function expectSimulator(stage: Stage, expected: Value): Promise<Difference[]> {
  const { simulator } = stage;
  const state = (await (await fetch(`${simulator.url}/__sim/state`)).json()) as Record<string, unknown>;
  const books = simulator.books() as Record<string, number>;
  const settled = [...simulator.settlements.values()];
  const found: Record<string, unknown> = {
    ...state,
    ...books,
    orders: simulator.orders.size,
    payments: simulator.payments.size,
    captures: [...simulator.payments.values()].filter((p) => p.captured).length,
    refunds: simulator.refunds.size,
    settlements: settled.length,
    events: simulator.webhooks.length,
    paid_orders: [...simulator.orders.values()].filter((o) => o.status === "paid").length,
  };
  return Object.entries(
    fieldsOf(expected, "sim", isFields(expected) ? Object.keys(expected) : Object.keys(found)),
  ).flatMap(([key, value]) => {
    const at = key.startsWith("$") ? valueAt(state, key) : found[key];
    if (!key.startsWith("$") && !Object.hasOwn(found, key))
      throw new ScenarioFault(`expect.sim: unknown "${key}"; known are ${Object.keys(found).sort().join(", ")}`);
    return differences(`sim.${key}`, value, at);
  });
}

/**
 * Vouchers since the steps began. A list names vouchers that must be there, each exactly as often as it stands in the list, in any order;
 * {exactly: […]} allows no other; {contains: […]} asks for each at least as often; {none: […]} forbids; {all: true} looks at demand vouchers too. What one
 * transaction posted may be written as the several vouchers of which it is made, and several as one.
 */
async function expectLedger(stage: Stage, expected: Value): Promise<Difference[]> {
  const isNone = expected === "none" || expected === 0 || (Array.isArray(expected) && expected.length === 0);
  const f: Fields = isFields(expected)
    ? fieldsOf(expected, "ledger", ["exactly", "contains", "none", "all", "list", "times"])
    : isNone
      ? { exactly: [] }
      : { list: expected };
  const posted = (await vouchers(stage, { all: f["all"] === true })).map((v) => ({
    text: normalVoucher(v.text),
    transaction: v.transaction,
  }));
  const tally = countBy(posted, (v) => v.text);
  const differ: Difference[] = [];
  const asked = (key: string): string[] =>
    listOf(f[key])
      .flatMap((v) => textOf(v, `ledger.${key}`).split(/\s*(?:;|\n)\s*/))
      .filter((v) => v.trim() !== "")
      .map((v) => checkedVoucher(v));
  for (const key of ["list", "exactly"]) {
    const { missing, left } = compareVouchers(asked(key), posted);
    const named = countBy(asked(key), (v) => v);
    const say = (voucher: string): void =>
      void differ.push(`ledger: expected ${named[voucher]} × "${voucher}", got ${tally[voucher] ?? 0}`);
    for (const voucher of new Set(missing)) say(voucher);
    for (const [voucher, times] of Object.entries(countBy(left, (v) => v))) {
      if (named[voucher]) say(voucher);
      else if (f[key] !== undefined && key === "exactly") differ.push(`ledger: not expected ${times} × "${voucher}"`);
    }
  }
  for (const [voucher, times] of Object.entries(
    fieldsOf(f["times"], "ledger.times", Object.keys(isFields(f["times"]) ? f["times"] : {})),
  )) {
    differ.push(...differences(`ledger.times "${voucher}"`, times, tally[checkedVoucher(voucher)] ?? 0));
  }
  const contained = compareVouchers(asked("contains"), posted);
  for (const voucher of partsMissing(contained.missing, contained.left))
    differ.push(`ledger: expected "${voucher}", it is not there`);
  for (const voucher of asked("none"))
    if (tally[voucher]) differ.push(`ledger: expected no "${voucher}", got ${tally[voucher]}`);
  if (differ.length > 0)
    differ.push(
      `ledger has: ${
        Object.entries(tally)
          .map(([v, n]) => `${n} × "${v}"`)
          .join(", ") || "nothing"
      }`,
    );
  return differ;
}

/** A voucher of a file must balance and use letters that are known, or account codes. */
function checkedVoucher(text: string): string {
  const normal = normalVoucher(text);
  let net = 0n;
  for (const side of normal.split(" · ")) {
    const m = /^(Dr|Cr) (\S+) (-?\d+)\.(\d\d)$/.exec(side);
    const letter = m?.[2] ?? "";
    if (!m || (!isLetter(letter) && !/^\d{7}$/.test(letter)))
      throw new ScenarioFault(
        `ledger: "${side}" is not "Dr GWC 10000.00" with a known letter (${Object.keys(LETTERS).join(", ")})`,
      );
    net += (m[1] === "Dr" ? 1n : -1n) * BigInt(`${m[3]}${m[4]}`);
  }
  if (net !== 0n) throw new ScenarioFault(`ledger: "${text}" does not balance`);
  return normal;
}

/** {B1: {due: 0, advance: 100000}}: what is open on the bill's own demand; charges that came later are `charges`. */
async function expectBills(stage: Stage, expected: Value): Promise<Difference[]> {
  const differ: Difference[] = [];
  for (const [name, value] of Object.entries(
    fieldsOf(expected, "bill", isFields(expected) ? Object.keys(expected) : [...stage.bills.keys()]),
  )) {
    const bill = billOf(stage, name, "expect.bill");
    const f = fieldsOf(isFields(value) ? value : { due: value }, `bill.${name}`, [
      "due",
      "advance",
      "charges",
      "total_due",
      "heads",
      "under_clearing",
    ]);
    const dues = await duesOf(stage, bill);
    const own = dues.filter((d) => bill.demandIds.includes(d.demandId));
    const total = (list: typeof dues): bigint => list.reduce((a, d) => a + d.outstanding, 0n);
    const found: Record<string, bigint> = {
      due: total(own),
      charges: total(dues) - total(own),
      total_due: total(dues),
      advance: await advanceOf(stage, bill),
    };
    if (f["under_clearing"] !== undefined) found["under_clearing"] = await underClearing(stage, bill.consumerId);
    for (const [key, wanted] of Object.entries(f)) {
      if (key === "heads")
        differ.push(
          ...Object.entries(
            fieldsOf(wanted, `bill.${name}.heads`, Object.keys(isFields(wanted) ? wanted : {})),
          ).flatMap(([head, amount]) => {
            const code = HEADS[head.toLowerCase()] ?? head;
            if (!Object.values(HEADS).includes(code) && !dues.some((d) => d.taxHead === code))
              throw new ScenarioFault(
                `bill.${name}.heads: unknown "${head}"; known are ${Object.keys(HEADS).join(", ")}`,
              );
            const open = own.filter((d) => d.taxHead === code).reduce((a, d) => a + d.outstanding, 0n);
            return moneyDifferences(`bill.${name}.heads.${head}`, amount, open);
          }),
        );
      else differ.push(...moneyDifferences(`bill.${name}.${key}`, wanted, found[key] ?? 0n));
    }
  }
  return differ;
}

/** Cheques of the payer that the bank has not said yes to. */
async function underClearing(stage: Stage, consumerId: string): Promise<bigint> {
  const held = await act(stage, "auditor", (tx) => heldAcknowledgements(tx, consumerId));
  return held.reduce((a, h) => a + h.amount, 0n);
}

/** `none`, a number, {kind: times}, or a list of {kind:, contains:, subject:} each of which must be open. */
async function expectTasks(stage: Stage, expected: Value): Promise<Difference[]> {
  const found = await rows<{ kind: string; subject: string; message: string; done_at: Date | null }>(
    stage,
    "select kind, subject, message, done_at from collections.tasks where ulb_id = $1 order by created_at",
  );
  const open = found.filter((t) => t.done_at === null);
  const said = open.map((t) => `${t.kind}: ${t.message}`).join("; ") || "none";
  if (expected === "none" || expected === 0 || expected === false || (Array.isArray(expected) && expected.length === 0))
    return open.length === 0 ? [] : [`tasks: expected none, got ${said}`];
  if (typeof expected === "number")
    return open.length === expected ? [] : [`tasks: expected ${expected}, got ${open.length}: ${said}`];
  if (isFields(expected) && !["kind", "contains", "subject", "done"].some((k) => Object.hasOwn(expected, k))) {
    knownOnly(expected, "tasks", TASK_KINDS);
    return differences("tasks", expected, {
      ...Object.fromEntries(Object.keys(expected).map((k) => [k, 0])),
      ...countBy(open, (t) => t.kind),
    });
  }
  return listOf(expected).flatMap((one): Difference[] => {
    const f = fieldsOf(typeof one === "string" ? { kind: one } : one, "tasks", ["kind", "contains", "subject", "done"]);
    if (f["kind"] !== undefined) knownOnly({ [plain(f["kind"])]: 1 }, "tasks", TASK_KINDS);
    const fits = found.some(
      (t) =>
        (t.done_at !== null) === (f["done"] === true) &&
        (f["kind"] === undefined || t.kind === f["kind"]) &&
        (f["subject"] === undefined || t.subject === f["subject"]) &&
        listOf(f["contains"]).every((part) => t.message.toLowerCase().includes(plain(part).toLowerCase())),
    );
    return fits ? [] : [`tasks: expected ${show(one)}, got ${said}`];
  });
}
