import { expect, test } from "vitest";
import { localDate } from "../../ledger/kernel/dates.ts";
import { rupees, toRupees, ZERO } from "../../ledger/kernel/money.ts";
import { inSnapshot } from "../../ledger/kernel/tx.ts";
import { testApp, type TestUlb } from "../../ledger/testing.ts";
import { untied, pay, legsOf } from "../changes/testing.ts";
import { setTaxHead, taxHeads, USUAL_PENALTY } from "../tax-heads.ts";
import { testBillingUlb, testConsumer, testDemand } from "../testing.ts";
import { getNotice, issueNotice, issueNotices, latestNotices, recordService, setNoticeTerms } from "./index.ts";

const app = await testApp();
const day = localDate;
const ON = day("2025-11-10");

/** A city with a fee of 50.00 for demand notices, and C0 … who owe 100.00, 200.00 … since 30 September 2025. */
async function cityOf(count: number, fee = "50.00"): Promise<{ city: TestUlb; ids: string[] }> {
  const city = await testBillingUlb(app, { penalty: USUAL_PENALTY });
  await city.tx("admin", async (tx) => {
    const like = (await taxHeads(tx, tx.ulb.startsOn)).get("PT_DISHONOUR_CHARGE");
    if (!like) throw new Error("no head to copy");
    await setTaxHead(tx, { ...like, code: "PT_NOTICE_FEE", name: "Notice fee", incomeAccount: "1404007" });
    if (fee !== "")
      await setNoticeTerms(tx, {
        service: "property-tax",
        kind: "demand-notice",
        validFrom: day("2025-04-01"),
        days: 15,
        fee: rupees(fee),
        taxHead: "PT_NOTICE_FEE",
      });
  });
  const ids = await city.tx("accountant", async (tx) => {
    const made: string[] = [];
    for (let i = 0; i < count; i++) {
      const consumer = await testConsumer(tx, { code: `C${i}`, ward: i % 2 === 0 ? "W1" : "W2" });
      made.push(consumer.id);
      await testDemand(tx, consumer, `${100 * (i + 1)}`);
    }
    return made;
  });
  return { city, ids };
}
const first = (ids: readonly string[]): string => ids[0] ?? "";
const issue = (city: TestUlb, kind: Parameters<typeof issueNotice>[1]["kind"], consumerId: string, on = ON) =>
  city.tx("accountant", (tx) => issueNotice(tx, { kind, consumerId, on }));
const see = (city: TestUlb, id: string) => inSnapshot(app, city.as("auditor"), (read) => getNotice(read, id));

test("a demand notice keeps what was overdue on its day, with the penalty to it and its fee, whatever is paid later", async () => {
  const { city, ids } = await cityOf(1);
  const { id } = await issue(city, "demand-notice", first(ids));
  // 100.00 and 1 % for each of the two months begun; the fee beside.
  const said = { number: "DN/2025-26/000001", dues: rupees("102.00"), fee: rupees("50.00"), total: rupees("152.00") };
  expect(await see(city, id)).toMatchObject(said);
  await city.tx("accountant", (tx) => pay(tx, { id: first(ids) }, "60", "2025-11-11"));
  expect(await see(city, id)).toMatchObject(said);
  await expect(
    city.tx("accountant", (tx) => tx.query("update billing.notices set dues = 1 where notice_id = :id::uuid", { id })),
  ).rejects.toThrow();
});

test("PT-08: the fees of a ward are charged with one entry, Dr 431-40 and Cr 140-40, and register and books agree", async () => {
  const { city, ids } = await cityOf(4);
  const issued = await city.tx("accountant", (tx) =>
    issueNotices(tx, { kind: "demand-notice", consumerIds: ids, on: ON }),
  );
  expect([issued.notices.length, issued.refused.length, toRupees(issued.fees)]).toEqual([4, 0, "200.00"]);
  await inSnapshot(app, city.as("auditor"), async (read) => {
    const entries = await read.query<{ id: bigint }>(
      "select entry_id as id from ledger.entries where ulb_id = :ulb and source_type = 'notice-batch'",
      { ulb: read.ulb.id },
    );
    expect(entries).toHaveLength(1);
    expect(await legsOf(read, entries[0] ?? null)).toEqual([
      // Income stands by ward.
      "Cr 1404007 100.00",
      "Cr 1404007 100.00",
      "Dr 4314006 50.00 C0/2025-26",
      "Dr 4314006 50.00 C1/2025-26",
      "Dr 4314006 50.00 C2/2025-26",
      "Dr 4314006 50.00 C3/2025-26",
    ]);
    expect(await untied(read, day("2026-03-31"))).toEqual([]);
    const page = await latestNotices(read, { kind: "demand-notice", service: "property-tax", ward: "W2" });
    expect(page.notices.map((n) => `${n.consumer.code} ${n.number}`)).toEqual([
      "C1 DN/2025-26/000002",
      "C3 DN/2025-26/000004",
    ]);
  });
});

test("the same step for the same dues is the notice that was issued, without a second fee; a part payment makes other dues", async () => {
  const { city, ids } = await cityOf(1);
  const one = await issue(city, "demand-notice", first(ids));
  expect(await issue(city, "demand-notice", first(ids), day("2026-01-20"))).toEqual({ ...one, isNew: false });
  await city.tx("accountant", (tx) => pay(tx, { id: first(ids) }, "60", "2026-01-21"));
  const two = await issue(city, "demand-notice", first(ids), day("2026-01-22"));
  expect(two.isNew).toBe(true);
  expect((await see(city, two.id)).number).toBe("DN/2025-26/000002");
});

test("without terms of the ULB a notice costs nothing and posts nothing", async () => {
  const { city, ids } = await cityOf(1, "");
  const { id } = await issue(city, "demand-notice", first(ids));
  expect(await see(city, id)).toMatchObject({ fee: ZERO, days: 15, total: rupees("102.00") });
});

test("where nothing is overdue no notice is issued, and the refusal says what is due; in a batch the others get theirs", async () => {
  const { city, ids } = await cityOf(2);
  await expect(issue(city, "demand-notice", first(ids), day("2025-09-30"))).rejects.toThrow(
    /NOTICE_NOTHING_OVERDUE: nothing is overdue from property-tax C0 on 30\/09\/2025; 100\.00 is due that is not late/,
  );
  await city.tx("accountant", (tx) => pay(tx, { id: first(ids) }, "200", "2025-11-01"));
  const done = await city.tx("accountant", (tx) =>
    issueNotices(tx, { kind: "demand-notice", consumerIds: ids, on: ON }),
  );
  expect(done.notices.map((n) => n.consumerId)).toEqual([ids[1]]);
  expect(done.refused.map((r) => [r.consumerId, r.refusal.code])).toEqual([[ids[0], "NOTICE_NOTHING_OVERDUE"]]);
});

test("the steps come in order: a reminder after a notice, a warrant after its service and the days it gives, for what the notice named", async () => {
  const { city, ids } = await cityOf(1);
  const who = first(ids);
  await expect(issue(city, "reminder", who)).rejects.toThrow(/NOTICE_NOT_DEMANDED.*100\.00 overdue/);
  const notice = await issue(city, "demand-notice", who);
  const reminder = await issue(city, "reminder", who, day("2025-11-20"));
  expect(await see(city, reminder.id)).toMatchObject({
    number: "RM/2025-26/000001",
    follows: { number: "DN/2025-26/000001", servedOn: null },
  });
  await expect(issue(city, "warrant", who, day("2025-12-31"))).rejects.toThrow(
    /NOTICE_NOT_SERVED.*DN\/2025-26\/000001.*no date of service/,
  );
  const serve = (servedOn: string) =>
    city.tx("accountant", (tx) => recordService(tx, { noticeId: notice.id, servedOn: day(servedOn), how: "by hand" }));
  await expect(serve("2025-11-09")).rejects.toThrow("NOTICE_SERVICE_DATE");
  await serve("2025-11-25");
  await expect(serve("2025-11-26")).rejects.toThrow(/NOTICE_SERVED_ALREADY.*25\/11\/2025/);
  await expect(issue(city, "warrant", who, day("2025-12-10"))).rejects.toThrow(
    /NOTICE_TOO_EARLY.*25\/11\/2025 and gives 15 days, to 10\/12\/2025/,
  );
  // What fell due after the notice is not in the warrant.
  await city.tx("accountant", (tx) =>
    testDemand(tx, { id: who, service: "property-tax" }, "700", {
      date: day("2025-11-26"),
      periodFrom: day("2025-10-01"),
      periodTo: day("2026-03-31"),
      dueDate: day("2025-11-30"),
    }),
  );
  const warrant = await see(city, (await issue(city, "warrant", who, day("2025-12-11"))).id);
  expect(warrant.number).toBe("WR/2025-26/000001");
  expect(warrant.follows).toEqual({ number: "DN/2025-26/000001", servedOn: "2025-11-25" });
  expect(warrant.lines.map((l) => `${l.part} ${toRupees(l.amount)}`)).toEqual([
    "current 100.00",
    "fee 50.00",
    "penalty 3.00",
  ]);
});

test("the database itself refuses a warrant on a notice that was never served", async () => {
  const { city, ids } = await cityOf(1, "");
  const { id } = await issue(city, "demand-notice", first(ids));
  await expect(
    city.tx("accountant", (tx) =>
      tx.query(
        `insert into billing.notices (ulb_id, notice_id, kind, fy, number, consumer_id, as_of, days, follows_id, served_id, dues, fee, total,
           fingerprint, batch_id, issued_at, issued_by)
         select ulb_id, batch_id, 'warrant', fy, 9, consumer_id, as_of, days, notice_id, notice_id, dues, fee, total, 'x', batch_id, issued_at, issued_by
         from billing.notices where ulb_id = :ulb and notice_id = :id::uuid`,
        { ulb: tx.ulb.id, id },
      ),
    ),
  ).rejects.toThrow("warrant_follows_a_notice_that_was_served");
});
