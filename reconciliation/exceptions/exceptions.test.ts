import { expect, test } from "vitest";
import { testConsumer, testDemand } from "../../billing/testing.ts";
import {
  closeCounterSession,
  depositInstruments,
  openCounterSession,
  receiveAtCounter,
} from "../../collections/index.ts";
import { balances, brokenTies, testCity, testClock } from "../../collections/testing.ts";
import { closePeriod, getEntry, postEntry, setApprovalLimit, cr, dr } from "../../ledger/index.ts";
import { localDate, period } from "../../ledger/kernel/dates.ts";
import { rupees, toRupees, ZERO } from "../../ledger/kernel/money.ts";
import { inSnapshot, type Role, type Ulb } from "../../ledger/kernel/tx.ts";
import { testApp, type TestUlb } from "../../ledger/testing.ts";
import { addBankAccount } from "../bank-accounts.ts";
import { acceptMatches, splitMatch, undoMatch } from "../bench/index.ts";
import { brs } from "../brs-read.ts";
import { listMatches } from "../matches.ts";
import { openItems } from "../open-items.ts";
import { bankLines, importStatement } from "../statements.ts";
import { BANK, bankUlb, statementCsv, type BankRow } from "../testing.ts";
import { bankSelfTie, bankTie } from "../ties.ts";
import {
  approveResolution,
  assignException,
  draftText,
  getException,
  listExceptions,
  proposalsOf,
  proposeResolution,
  reconcileAccount,
  rejectResolution,
  withdrawResolution,
  type BankException,
  type Resolution,
} from "./index.ts";

const clock = testClock("2026-06-20T05:00:00Z");
const app = await testApp({ clock });

type Town = TestUlb & { bank(opening: string, rows: readonly BankRow[]): Promise<unknown> };
const run = (t: TestUlb, account = BANK) => t.tx("accountant", (tx) => reconcileAccount(tx, account));
const open = (t: TestUlb, status?: "open" | "proposed" | "closed") =>
  t.tx("auditor", (tx) => listExceptions(tx, { account: BANK, status }));
const one = async (t: TestUlb, kind: string): Promise<BankException> => {
  const found = (await open(t)).find((e) => e.kind === kind);
  if (!found) throw new Error(`no exception of kind ${kind}`);
  return found;
};
const propose = (t: TestUlb, e: BankException, resolution: Resolution, role: Role = "accountant") =>
  t.tx(role, (tx) => proposeResolution(tx, { exceptionId: e.id, resolution, reason: "as the bank's advice says" }));
const approve = (t: TestUlb, e: BankException, role: Role = "checker") =>
  t.tx(role, (tx) => approveResolution(tx, e.id));
const books = (t: TestUlb) => inSnapshot(app, t.as("auditor"), (read) => balances(read));
async function proves(t: TestUlb, day = "2026-06-30"): Promise<void> {
  await inSnapshot(app, t.as("auditor"), async (read) => {
    for (const row of await bankTie(read, localDate(day))) expect(toRupees(row.difference)).toBe("0.00");
    expect(await bankSelfTie(read)).toEqual([]);
  });
}

test("a bank charge is drafted from the posting map, posted when another person approves it, once, and un-matching takes it back by voucher", async () => {
  const t = await bankUlb(app);
  await t.bank("0.00", [
    ["2026-06-01", "5000.00", "BY TRANSFER UNKNOWN"],
    ["2026-06-02", "-118.00", "SMS CHARGES"],
  ]);
  expect(await run(t)).toMatchObject({ opened: 2, closed: 0 });
  expect(await run(t)).toMatchObject({ opened: 0, closed: 0 });
  const charge = await one(t, "bank-charge");
  expect(charge).toMatchObject({
    status: "open",
    template: "bank-charge",
    ageDays: 18,
    dueOn: "2026-06-27",
    owner: null,
  });

  const proposal = await propose(t, charge, { kind: "bank-charge" });
  expect(draftText(proposal.draft)).toBe(`Dr 2407001 118.00, Cr ${BANK} 118.00`);
  // Trying it out moved nothing.
  expect(await books(t)).toEqual({});
  await expect(propose(t, charge, { kind: "bank-charge" })).rejects.toMatchObject({ code: "EXCEPTION_PROPOSED" });
  await expect(approve(t, charge, "accountant")).rejects.toMatchObject({ code: "MAKER_IS_CHECKER" });
  await expect(t.tx("checker", (tx) => withdrawResolution(tx, charge.id, "not mine at all"))).rejects.toMatchObject({
    code: "EXCEPTION_WITHDRAWN_BY_MAKER",
  });
  const done = await approve(t, charge);
  expect(await books(t)).toEqual({ "2407001": "118.00", [BANK]: "-118.00" });
  // A double click: the same person gets the same answer, another one is told; nothing is posted twice.
  expect((await approve(t, charge)).proposal.decision?.entryId).toBe(done.proposal.decision?.entryId);
  await expect(t.tx("admin", (tx) => approveResolution(tx, charge.id))).rejects.toMatchObject({
    code: "EXCEPTION_CLOSED",
  });
  expect(await books(t)).toEqual({ "2407001": "118.00", [BANK]: "-118.00" });
  await proves(t);

  await t.tx("accountant", (tx) =>
    undoMatch(tx, done.proposal.decision?.matchId ?? "", "it was another bank's charge"),
  );
  expect(await books(t)).toEqual({});
  expect(await one(t, "bank-charge")).toMatchObject({ status: "open" });
  expect((await open(t, "closed")).map((e) => e.resolution)).toEqual(["bank charge"]);
  await proves(t);
});

test("what does not fit is refused with what fits, and a rejected or withdrawn proposal leaves the exception open", async () => {
  const t = await bankUlb(app);
  await t.bank("0.00", [
    ["2026-06-01", "5000.00", "BY TRANSFER UNKNOWN"],
    ["2026-06-02", "-118.00", "SMS CHARGES"],
  ]);
  await run(t);
  const charge = await one(t, "bank-charge");
  await expect(propose(t, charge, { kind: "bank-interest" })).rejects.toThrow(
    /"bank-interest" does not fit a line of -118\.00; what fits: bank-charge, cheque-returned/,
  );
  for (const [account, why] of [
    ["", "name the head"],
    ["24070", "heading"],
    ["4502102", "cash or a bank"],
  ] as const)
    await expect(propose(t, charge, { kind: "named-head", account, function: "03" })).rejects.toThrow(why);
  await expect(
    t.tx("accountant", (tx) =>
      proposeResolution(tx, { exceptionId: charge.id, resolution: { kind: "bank-charge" }, reason: "no" }),
    ),
  ).rejects.toMatchObject({ code: "EXCEPTION_REASON" });
  await propose(t, charge, { kind: "bank-charge" });
  await t.tx("checker", (tx) => rejectResolution(tx, charge.id, "the bank waived it"));
  await propose(t, charge, { kind: "bank-charge" });
  await t.tx("accountant", (tx) => withdrawResolution(tx, charge.id, "typed by mistake"));
  await expect(approve(t, charge)).rejects.toMatchObject({ code: "EXCEPTION_NOT_PROPOSED" });
  const history = await t.tx("auditor", (tx) => proposalsOf(tx, charge.id));
  expect(history.map((p) => p.decision?.outcome)).toEqual(["rejected", "withdrawn"]);
  expect(await books(t)).toEqual({});
  const assigned = await t.tx("accountant", (tx) =>
    assignException(tx, charge.id, { owner: "cashier@test", dueOn: localDate("2026-06-25"), note: "letter sent" }),
  );
  expect(assigned).toMatchObject({ owner: "cashier@test", dueOn: "2026-06-25", note: "letter sent" });
  expect(await t.tx("auditor", (tx) => listExceptions(tx, { owner: "cashier@test" }))).toHaveLength(1);
  await t.tx("admin", (tx) =>
    setApprovalLimit(tx, {
      role: "checker",
      voucherType: "any",
      upTo: rupees("100"),
      from: localDate("2026-06-01"),
    } as never),
  );
  await propose(t, charge, { kind: "bank-charge" });
  await expect(approve(t, charge)).rejects.toThrow(/it is of 118\.00, and checker@test may approve up to 100\.00/);
});

test("interest of the bank goes to its head, and that of a closed year to the head of earlier years", async () => {
  const t = await bankUlb(app);
  await t.bank("0.00", [
    ["2026-03-31", "400.00", "SB INT CREDIT"],
    ["2026-06-30", "500.00", "SB INT CREDIT"],
  ]);
  await run(t);
  const [old, now] = (await open(t)).sort((a, b) => (a.date < b.date ? -1 : 1));
  if (!old || !now) throw new Error("two lines of interest");
  await t.tx("accountant", async (tx) => {
    for (const p of ["2025-04", "2025-05", "2025-06", "2025-07", "2025-08", "2025-09"])
      await closePeriod(tx, period(p));
    for (const p of ["2025-10", "2025-11", "2025-12", "2026-01", "2026-02", "2026-03"])
      await closePeriod(tx, period(p));
  });
  for (const e of [old, now]) {
    await propose(t, e, { kind: "bank-interest" });
    await approve(t, e);
  }
  expect(await books(t)).toEqual({ [BANK]: "900.00", "2804000": "-400.00", "1711001": "-500.00" });
});

async function city(): Promise<Town & { consumerId: string }> {
  clock.set("2026-06-05T05:00:00Z");
  const town = await testCity(app, new Map<string, Ulb>(), { startsOn: localDate("2026-04-01") });
  const consumerId = await town.tx("accountant", async (tx) => {
    for (const account of [BANK, "4502102"])
      await addBankAccount(tx, {
        account,
        bank: "State Bank of India",
        name: `Account ${account}`,
        number: "00000012345678",
      });
    const made = await testConsumer(tx);
    await testDemand(tx, made, "50000", {
      date: localDate("2026-04-01"),
      periodFrom: localDate("2026-04-01"),
      periodTo: localDate("2026-09-30"),
      dueDate: localDate("2026-09-30"),
    });
    return made.id;
  });
  const bank = (opening: string, rows: readonly BankRow[]) =>
    town.tx("accountant", (tx) =>
      importStatement(tx, { account: BANK, csv: statementCsv(opening, rows), fileName: `${rows.length}.csv` }),
    );
  return { ...town, bank, consumerId };
}

test("a credit nobody knows is held, and becomes a receipt when its payer is known: dues settled, the excess an advance, all ties hold", async () => {
  const t = await city();
  await t.bank("0.00", [["2026-06-03", "1500.00", "NEFT CR-SBIN0000001-SHARMA-N154260000111", "N154260000111"]]);
  await run(t);
  const credit = await one(t, "unidentified-credit");
  await propose(t, credit, { kind: "unidentified-credit" });
  await approve(t, credit);
  expect(await books(t)).toMatchObject({ [BANK]: "1500.00", "3508006": "-1500.00" });
  const held = await one(t, "unidentified-held");
  expect(held).toMatchObject({ subject: "held", amount: 150000n, dueOn: "2026-07-05" });
  clock.set("2026-06-12T05:00:00Z");
  const utr = "N154260000111";
  await propose(t, held, { kind: "receipt", consumerId: t.consumerId, utr });
  expect(await t.tx("auditor", brokenTies)).toEqual([]);
  const { says } = await approve(t, held);
  expect(says).toMatch(/^receipt RC\/2026-27\/000001 to /);
  const after = await books(t);
  expect(after[BANK]).toBe("1500.00");
  expect(after["3508006"]).toBeUndefined();
  expect(await t.tx("auditor", brokenTies)).toEqual([]);
  expect(await open(t)).toEqual([]);
  await run(t);
  expect(await open(t)).toEqual([]);
  await proves(t);
});

test("a payer who is known at once gets his receipt straight from the line; a cheque that comes back opens its dues again", async () => {
  const t = await city();
  const cheque = await t.tx("cashier", async (tx) => {
    const session = await openCounterSession(tx, { counter: "Ward office 1" });
    const made = await receiveAtCounter(tx, {
      sessionId: session.id,
      consumerId: t.consumerId,
      amount: rupees("5400.00"),
      tender: { kind: "cheque", number: "000321", bank: "110002003", date: localDate("2026-06-05") },
      idempotencyKey: "form-0001",
    });
    await closeCounterSession(tx, session.id, {});
    await depositInstruments(tx, { kind: "cheques", slipNumber: "DS/2026/0002", date: localDate("2026-06-05") });
    return made;
  });
  await t.bank("0.00", [
    ["2026-06-06", "5400.00", "CHQ DEP - MICR CLG", "0000000000000321"],
    ["2026-06-06", "700.00", "NEFT CR-SBIN0000001-SHARMA-N157260000222", "N157260000222"],
    ["2026-06-08", "-5400.00", "CHQ DEP RET- FUNDS INSUFFICIENT-000321"],
  ]);
  clock.set("2026-06-09T05:00:00Z");
  expect((await run(t)).confirmed).toHaveLength(1);
  const credit = await one(t, "unidentified-credit");
  await propose(t, credit, { kind: "receipt", consumerId: t.consumerId, utr: "N157260000222" });
  await approve(t, credit);
  const back = await one(t, "cheque-returned");
  const wrong = {
    kind: "cheque-returned",
    instrumentId: cheque.instrument.id,
    bankCharge: rupees("118"),
    payerCharge: ZERO,
  } as const;
  await expect(propose(t, back, wrong)).rejects.toThrow(
    /the line .* takes -5,400\.00, the return would take -5,518\.00/,
  );
  await propose(t, back, { ...wrong, bankCharge: ZERO, payerCharge: rupees("150") });
  const { says } = await approve(t, back);
  expect(says).toBe("cheque 000321 of receipt RC/2026-27/000001 returned");
  expect(await books(t)).toMatchObject({ [BANK]: "700.00" });
  expect(await t.tx("auditor", brokenTies)).toEqual([]);
  expect(await open(t)).toEqual([]);
  await proves(t);
});

test("a short deposit is matched with its difference, and money in the wrong account by a contra that both books match", async () => {
  const t = await bankUlb(app);
  await t.tx("accountant", (tx) =>
    addBankAccount(tx, { account: "4502102", bank: "PNB", name: "Second", number: "00009999" }),
  );
  await t.book("2026-06-01", "1000.00", "Cash deposit slip 77001");
  await t.tx("accountant", (tx) =>
    postEntry(tx, {
      voucher: "receipt",
      date: localDate("2026-06-01"),
      narration: "NEFT expected in the second account",
      source: { type: "test", id: `second-${t.ulb.id}` },
      lines: [dr("4502102", rupees("640.00")), cr("3101001", rupees("640.00"))],
    }),
  );
  await t.bank("0.00", [
    ["2026-06-02", "900.00", "CASH DEPOSIT 77001"],
    ["2026-06-03", "640.00", "NEFT CR SOMEBODY"],
  ]);
  await run(t);
  const items = await t.tx("auditor", (tx) => openItems(tx, BANK, localDate("2026-06-30")));
  const lines = await open(t);
  const short = lines.find((e) => e.amount === 90000n);
  const foreign = lines.find((e) => e.amount === 64000n);
  if (!short || !foreign) throw new Error("two lines are open");
  const itemIds = items.map((i) => i.id);
  await expect(propose(t, short, { kind: "difference", items: [], role: "cash-shortage" })).rejects.toMatchObject({
    code: "EXCEPTION_ITEMS",
  });
  // The item was booked by a register of the test's own: its other side is not corrected from here.
  await expect(propose(t, short, { kind: "difference", items: itemIds, role: "item-entry" })).rejects.toMatchObject({
    code: "EXCEPTION_ENTRY_OF_REGISTER",
  });
  await propose(t, short, { kind: "difference", items: itemIds, role: "cash-shortage" });
  await approve(t, short);
  expect(await books(t)).toMatchObject({ [BANK]: "900.00", "4603000": "100.00" });
  const [other] = await t.tx("auditor", (tx) => openItems(tx, "4502102", localDate("2026-06-30")));
  const contra = { kind: "wrong-account", otherAccount: "4502102", otherItem: other?.id ?? "" } as const;
  await expect(propose(t, foreign, { ...contra, otherItem: itemIds[0] ?? "" })).rejects.toMatchObject({
    code: "OPEN_ITEM_UNKNOWN",
  });
  await propose(t, foreign, contra);
  await approve(t, foreign);
  expect(await books(t)).toMatchObject({ [BANK]: "1540.00" });
  expect((await books(t))["4502102"]).toBeUndefined();
  expect(await t.tx("auditor", (tx) => openItems(tx, "4502102", localDate("2026-06-30")))).toEqual([]);
  expect(await open(t)).toEqual([]);
  await proves(t);
});

test("money in the wrong account, taken back from either side: the contra goes from both books, the item waits again, and no leftover stays open", async () => {
  for (const side of [BANK, "4502102"]) {
    const t = await bankUlb(app);
    await t.tx("accountant", (tx) =>
      addBankAccount(tx, { account: "4502102", bank: "PNB", name: "Second", number: "00009999" }),
    );
    await t.tx("accountant", (tx) =>
      postEntry(tx, {
        voucher: "receipt",
        date: localDate("2026-06-01"),
        narration: "NEFT expected in the second account",
        source: { type: "test", id: `second-${t.ulb.id}` },
        lines: [dr("4502102", rupees("640.00")), cr("3101001", rupees("640.00"))],
      }),
    );
    const openAt = (account: string) => t.tx("auditor", (tx) => openItems(tx, account, localDate("2026-06-30")));
    const before = await openAt("4502102");
    await t.bank("0.00", [["2026-06-03", "640.00", "NEFT CR SOMEBODY"]]);
    await run(t);
    const foreign = await one(t, "unidentified-credit");
    const contra = { kind: "wrong-account", otherAccount: "4502102", otherItem: before[0]?.id ?? "" } as const;
    await propose(t, foreign, contra);
    await approve(t, foreign);
    expect(await openAt("4502102")).toEqual([]);
    const live = (await t.tx("auditor", (tx) => listMatches(tx, side))).filter((m) => m.isLive);
    expect(live).toHaveLength(1);
    // A half of it cannot be split off.
    await expect(
      t.tx("accountant", (tx) => splitMatch(tx, live[0]?.id ?? "", [], "two deposits after all")),
    ).rejects.toMatchObject({ code: "MATCH_POSTED" });
    await t.tx("accountant", (tx) => undoMatch(tx, live[0]?.id ?? "", "the payer meant this account"));
    expect(await books(t)).toEqual({ "4502102": "640.00", "3101001": "-640.00" });
    expect(await openAt("4502102")).toEqual(before);
    expect(await openAt(BANK)).toEqual([]);
    expect(await one(t, "unidentified-credit")).toMatchObject({ status: "open", amount: 64000n });
    await proves(t);
  }
});

test("an error of the bank posts nothing and stands in line K until the bank takes it back", async () => {
  const t = await bankUlb(app);
  await t.bank("0.00", [["2026-06-02", "-250.00", "WITHDRAWAL SLIP"]]);
  await run(t);
  const wrong = await one(t, "unidentified-debit");
  await propose(t, wrong, { kind: "bank-error" });
  await approve(t, wrong);
  await run(t);
  const marked = await t.tx("auditor", (tx) => getException(tx, wrong.id));
  expect(marked).toMatchObject({ status: "open", isBankError: true });
  const at = (day: string) => inSnapshot(app, t.as("auditor"), (read) => brs(read, BANK, localDate(day)));
  expect((await at("2026-06-30")).groups.map((g) => [g.key, toRupees(g.total)])).toEqual([["bank-errors", "-250.00"]]);
  await t.bank("-250.00", [["2026-06-03", "250.00", "REVERSAL WITHDRAWAL SLIP"]]);
  const lines = await t.tx("auditor", (tx) =>
    bankLines(tx, { account: BANK, from: localDate("2026-06-01"), to: localDate("2026-06-30"), open: true }),
  );
  if (lines.length > 0)
    await t.tx("accountant", (tx) => acceptMatches(tx, BANK, [{ lines: lines.map((l) => l.id), items: [] }]));
  expect(await open(t)).toEqual([]);
  expect((await at("2026-06-30")).groups).toEqual([]);
  // On the day between, it still was an error.
  expect((await at("2026-06-02")).groups.map((g) => g.key)).toEqual(["bank-errors"]);
  expect(await books(t)).toEqual({});
});

test("an entry of a person that the bank never saw is taken back; a stale cheque leaves the list, its claim stays", async () => {
  const t = await bankUlb(app);
  await t.book("2026-01-10", "-800.00", "Paid by cheque 000456");
  await t.bank("0.00", [["2026-06-02", "5.00", "X"]]);
  await run(t);
  const stale = await one(t, "stale-cheque");
  await propose(t, stale, { kind: "stale-cheque" });
  const done = await approve(t, stale);
  expect(await books(t)).toMatchObject({ "3508001": "-800.00" });
  const entry = await t.tx("auditor", (tx) => getEntry(tx, done.proposal.decision?.entryId ?? 0n));
  expect(entry.lines.map((l) => `${l.side} ${l.account} ${toRupees(l.amount)}`)).toEqual([
    `debit ${BANK} 800.00`,
    "credit 3508001 800.00",
  ]);
  expect((await open(t)).map((e) => e.kind)).toEqual(["unidentified-credit"]);
});
