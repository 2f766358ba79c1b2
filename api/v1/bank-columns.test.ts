import { expect, test } from "vitest";
import { newKey, testServer, testTown } from "./testing.ts";

const on = await testServer();
const FILE = "Town bank\nDag,Tekst,Ut,In,Saldo\n16/07/2026,NEFT,,250.50,1250.50\n17/07/2026,CLG 000321,100.00,,1150.50";
const BODY = {
  bank: "Town Bank",
  choice: { headerLine: 2, columns: { date: 0, narration: 1, debit: 2, credit: 3, balance: 4 }, dates: "dd/mm/yyyy" },
};

test("a program holds a file, tries its columns, imports it under them, and the next file needs no naming", async () => {
  const at = await testTown(on);
  const call = (target: string, body: string | object) => at.call("accountant", target, { body, key: newKey() });
  const held = await call("POST /v1/bank-statement-uploads?account=4502101&fileName=july.csv", FILE);
  expect(held.statusCode, held.body).toBe(201);
  const { id } = held.json<{ id: string }>();
  expect(held.json()).toMatchObject({
    rows: [{ line: 1, cells: ["Town bank"] }, { line: 2 }, { line: 3 }, { line: 4 }],
    guess: { dates: "dd/mm/yyyy" },
  });
  const uploads = `POST /v1/bank-statement-uploads/${id}`;
  const tried = await call(`${uploads}/try`, BODY);
  expect(tried.json()).toMatchObject({
    profile: "town-bank@1",
    problems: [],
    lines: [{ line: 3, date: "2026-07-16", amount: "250.50", balance: "1250.50" }, { amount: "-100.00" }],
    proof: { opening: "1000.00", credits: "250.50", debits: "100.00", closing: "1150.50", newLines: 2 },
  });
  const swapped = { ...BODY, choice: { ...BODY.choice, columns: { ...BODY.choice.columns, debit: 4, balance: 2 } } };
  const wrong = await call(`${uploads}/import`, swapped);
  expect(wrong.statusCode).toBe(422);
  expect(wrong.json()).toMatchObject({ code: "IMPORT_REFUSED" });
  expect((await at.call("auditor", "GET /v1/bank-profiles")).json<{ items: unknown[] }>().items[0]).toMatchObject({
    isOwn: false,
  });
  const done = await call(`${uploads}/import`, BODY);
  expect(done.json(), done.body).toMatchObject({ status: "imported", profile: "town-bank@1", linesAdded: 2 });
  expect((await at.call("auditor", "GET /v1/bank-profiles")).json<{ items: unknown[] }>().items[0]).toMatchObject({
    id: "town-bank",
    version: 1,
    isOwn: true,
    createdBy: "accountant@test",
  });
  const gone = await call(`${uploads}/try`, BODY);
  expect([gone.statusCode, gone.json<{ code: string }>().code]).toEqual([404, "UPLOAD_UNKNOWN"]);
  const next = await call(
    "POST /v1/bank-statements?account=4502101",
    "Dag,Tekst,Ut,In,Saldo\n18/07/2026,CASH,,1.00,1151.50\n",
  );
  expect(next.json(), next.body).toMatchObject({ status: "imported", profile: "town-bank@1" });
  const other = await call("POST /v1/bank-statement-uploads?account=4502101", FILE.replace("NEFT", "RTGS"));
  const discarded = await call(`POST /v1/bank-statement-uploads/${other.json<{ id: string }>().id}/discard`, {});
  expect(discarded.statusCode, discarded.body).toBe(200);
});
