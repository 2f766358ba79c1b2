import { expect, test } from "vitest";
import { isUuid, newId, newToken } from "./ids.ts";

test("ids are unique, also when made in the same millisecond", () => {
  const ids = Array.from({ length: 20_000 }, () => newId(1_780_000_000_000));
  expect(new Set(ids).size).toBe(ids.length);
});

test("ids are UUIDs of version 7", () => {
  for (let i = 0; i < 200; i++) {
    const id = newId();
    expect(isUuid(id)).toBe(true);
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  }
});

test("a later id sorts after an earlier one, as text", () => {
  const start = 1_780_000_000_000;
  const ids = Array.from({ length: 500 }, (_, i) => newId(start + i * 7));
  expect([...ids].sort()).toEqual(ids);
});

test("a token has 160 bits and fits into a link", () => {
  const tokens = Array.from({ length: 1000 }, () => newToken());
  expect(new Set(tokens).size).toBe(1000);
  for (const t of tokens) expect(t).toMatch(/^[A-Za-z0-9_-]{27}$/);
});

test.each([
  ["", false],
  ["x", false],
  ["018F0000-0000-7000-8000-000000000000", false],
  ["018f0000-0000-7000-8000-000000000000", true],
])("%j is a UUID as we write it: %s", (input, expected) => {
  expect(isUuid(input)).toBe(expected);
});

test("ids made in one millisecond are ordered as they were made", () => {
  const ids = Array.from({ length: 20_000 }, () => newId(1_780_000_000_000));
  expect([...ids].sort()).toEqual(ids);
});
