import { expect, test } from "vitest";
import { testApp, type TestUlb } from "../../ledger/testing.ts";
import { localDate } from "../../ledger/kernel/dates.ts";
import { factsHistory, factsOn, importConsumerFacts, setConsumerFacts } from "./facts.ts";
import { houseFacts, testHouses, testRatedUlb } from "./testing.ts";

const app = await testApp({ clock: () => new Date("2025-05-02T06:00:00Z") });

const HEADER = "service,consumer_code,valid_from,list,zone,use,area";
const take = (city: TestUlb, csv: string) => city.tx("superintendent", (tx) => importConsumerFacts(tx, csv));
const cityOf = async (houses: number) => {
  const city = await testRatedUlb(app);
  const none = Array.from({ length: houses }, (_, i) => i);
  const ids = await city.tx("admin", (tx) => testHouses(tx, houses, none));
  return { city, ids };
};

test("a file says what the rates ask: attributes on rows without a list, items on rows with one; the same file again adds nothing", async () => {
  const { city, ids } = await cityOf(2);
  const csv = `${HEADER}
property-tax,P00001,2025-04-01,,A,,
property-tax,P00001,2025-04-01,units,,HOME,100.5
property-tax,P00001,2025-04-01,units,,SHOP,20
property-tax,P00002,2025-04-01,,B,,
property-tax,P00002,2025-04-01,units,,HOME,70
`;
  expect(await take(city, csv)).toMatchObject({ status: "imported", rows: 5, added: 5, problems: [] });
  expect(await take(city, csv)).toMatchObject({ status: "already-imported", added: 0 });
  const history = await city.tx("auditor", (tx) => factsHistory(tx, ids[0] ?? ""));
  expect(history).toMatchObject([
    {
      validFrom: "2025-04-01",
      version: 1,
      attributes: { zone: "A" },
      lists: {
        units: [
          { use: "HOME", area: "100.5" },
          { use: "SHOP", area: "20" },
        ],
      },
      authority: "file consumer-facts.csv",
      setBy: "superintendent@test",
    },
  ]);
});

test("what a later file does not say stays as it was, from its day on; what held before is kept", async () => {
  const { city, ids } = await cityOf(1);
  const [id = ""] = ids;
  await city.tx("admin", (tx) => setConsumerFacts(tx, [houseFacts(id, "100")]));
  await take(city, `${HEADER}\nproperty-tax,P00001,2025-10-01,,B,,\n`);
  await take(city, `${HEADER}\nproperty-tax,P00001,2025-10-01,units,,SHOP,40\n`);
  const on = (day: string) => city.tx("auditor", (tx) => factsOn(tx, id, localDate(day)));
  expect(await on("2025-09-30")).toMatchObject({ attributes: { zone: "A" }, lists: { units: [{ area: "100" }] } });
  expect(await on("2025-10-01")).toMatchObject({
    version: 2,
    attributes: { zone: "B" },
    lists: { units: [{ use: "SHOP", area: "40" }] },
  });
  expect(await on("2025-03-31")).toBeNull();
});

test("everything that is wrong in a file is listed with line and column, and nothing of it is entered", async () => {
  const { city, ids } = await cityOf(4);
  const report = await take(
    city,
    `${HEADER},colour
property-tax,P00001,2025-04-01,,A,,,
property-tax,P00001,2025-04-01,units,,HOME,100,
property-tax,P00002,2025-04-01,,A,,,
property-tax,P00003,2025-04-01,,C,,,
property-tax,P00003,2025-04-01,units,,HOME,-4,
property-tax,P00004,2025-13-01,,A,,,
property-tax,P99999,2025-04-01,,A,,,
property-tax,P00001,2025-05-01,rooms,,HOME,9,
property-tax,P00001,2025-06-01,,A,,,red
water,P00001,2025-04-01,,A,,,
`,
  );
  expect(report).toMatchObject({ status: "refused", added: 0 });
  expect(report.problems.map((p) => p.message)).toEqual([
    "line 4: units has 0 items (1 to 20 are allowed)",
    'line 5: zone: "C" is not allowed (A, B)',
    "line 5: units 1: area: -4 is not allowed (0 to 100000)",
    'line 7: "2025-13-01" is not a date; write it like 2026-04-01',
    "line 8, consumer_code: there is no property-tax consumer P99999",
    'line 9, list: "rooms" is not a list of small-tax (units)',
    "line 9: zone is missing",
    "line 9: units has 0 items (1 to 20 are allowed)",
    "line 10, colour: small-tax asks for no colour of a consumer",
    "line 10: units has 0 items (1 to 20 are allowed)",
    "line 11, consumer_code: there is no water consumer P00001",
  ]);
  expect(report.problems.every((p) => (p.line ?? 0) >= 2)).toBe(true);
  expect(await city.tx("auditor", (tx) => factsHistory(tx, ids[0] ?? ""))).toEqual([]);
});

test("facts that the rules do not allow are refused, in TypeScript and, without attributes or an authority, in SQL", async () => {
  const { city, ids } = await cityOf(1);
  const [id = ""] = ids;
  await expect(city.tx("admin", (tx) => setConsumerFacts(tx, [{ ...houseFacts(id, "x") }]))).rejects.toThrow(
    'RULES_FACTS: units 1: area: "x" is not a number as text',
  );
  const insert = (facts: string, authority: string) =>
    city.tx("admin", (tx) =>
      tx.query(
        `insert into billing.consumer_facts (ulb_id, consumer_id, valid_from, version, facts, authority, set_at, set_by)
         values (:ulb, :id, '2025-04-01', 1, :facts::jsonb, :authority, now(), 'x')`,
        { ulb: tx.ulb.id, id, facts, authority },
      ),
    );
  await expect(insert('{"lists": {}}', "survey")).rejects.toThrow("facts_have_attributes");
  await expect(insert('{"attributes": {}}', " ")).rejects.toThrow("facts_have_an_authority");
  await city.tx("admin", (tx) => setConsumerFacts(tx, [houseFacts(id, "100")]));
  await expect(
    city.tx("admin", (tx) => tx.query("delete from billing.consumer_facts where ulb_id = :ulb", { ulb: tx.ulb.id })),
  ).rejects.toThrow(/permission denied|append/);
});
