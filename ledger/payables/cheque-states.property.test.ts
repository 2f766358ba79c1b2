import fc from "fast-check";
import { expect, test } from "vitest";
import { CHEQUE_EVENTS, chequeEffect, nextChequeStatus, type ChequeStatus } from "./cheque-states.ts";

const ALL: readonly ChequeStatus[] = [
  "issued",
  "delivered",
  "cleared",
  "cancelled",
  "stale",
  "reissued",
  "lapsed",
  "spoiled",
];

test("a cancelled, lapsed or spoiled leaf stays so, and every other status can be reached and left", () => {
  for (const status of ["cancelled", "lapsed", "spoiled"] as const)
    for (const event of CHEQUE_EVENTS) expect(nextChequeStatus(status, event)).toBeUndefined();
  const reached = new Set<ChequeStatus>(["issued"]);
  for (const status of reached)
    for (const event of CHEQUE_EVENTS) {
      const next = nextChequeStatus(status, event);
      if (next !== undefined) reached.add(next);
    }
  expect([...reached].sort()).toEqual(ALL.filter((s) => s !== "spoiled").sort());
});

test("a delivered cheque is not cancelled, a cleared one neither goes stale nor is paid anew", () => {
  expect(nextChequeStatus("delivered", "cancel")).toBeUndefined();
  expect(nextChequeStatus("cleared", "go stale")).toBeUndefined();
  expect(nextChequeStatus("cleared", "cancel")).toBeUndefined();
  expect(nextChequeStatus("issued", "reissue")).toBeUndefined();
  expect(nextChequeStatus("reissued", "lapse")).toBeUndefined();
});

test("whatever happens to a cheque, its money is in one place: bank book, stale head and income make up for what was settled", () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...CHEQUE_EVENTS), { maxLength: 30 }), (events) => {
      let status: ChequeStatus = "issued";
      for (const event of events) {
        const next = nextChequeStatus(status, event);
        if (next === undefined) continue;
        const [was, is] = [chequeEffect(status), chequeEffect(next)];
        // Going stale and lapsing leave the payable alone; a cancelled cheque restores it; a fresh cheque pays the claim from its own leaf.
        if (event === "go stale" || event === "lapse") expect(is.payable).toBe(was.payable);
        if (event === "cancel") expect(is).toEqual({ bank: 0, payable: 0, stale: 0, income: 0 });
        if (next !== "reissued") expect(is.bank - is.stale - is.income).toBe(is.payable === -1 ? -1 : 0);
        status = next;
      }
    }),
  );
});
