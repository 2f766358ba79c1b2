import { expect, test } from "vitest";
import { defineErrors, invariant, knownErrors, Refusal } from "./errors.ts";

const errors = defineErrors({
  TEST_SHORT: {
    status: 422,
    message: (f: { paid: string; due: string }) => `paid ${f.paid}, due ${f.due}`,
  },
});

test("a refusal carries its code, status, sentence and facts", () => {
  const refusal = errors.TEST_SHORT({ paid: "1.00", due: "2.00" });
  expect(refusal).toBeInstanceOf(Refusal);
  expect(refusal.code).toBe("TEST_SHORT");
  expect(refusal.status).toBe(422);
  expect(refusal.message).toBe("TEST_SHORT: paid 1.00, due 2.00");
  expect(refusal.detail).toBe("paid 1.00, due 2.00");
  expect(refusal.facts).toEqual({ paid: "1.00", due: "2.00" });
});

test("every code that a folder defines is known", () => {
  expect(knownErrors().get("TEST_SHORT")).toBe(422);
});

test("a broken invariant is a defect, not a refusal", () => {
  expect(() => invariant(false, "two and two")).toThrow("invariant broken: two and two");
  try {
    invariant(0, "never");
  } catch (error) {
    expect(error).not.toBeInstanceOf(Refusal);
  }
  expect(() => invariant(1, "fine")).not.toThrow();
});
