import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { knownErrors } from "../../ledger/kernel/errors.ts";
import { ERROR_GUIDE, errorPageMarkdown } from "./error-guide.ts";

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../..");

/** Every file that defines refusals, found by reading, so that a new folder or file cannot be forgotten. */
const definers = ["ledger", "billing", "collections", "reconciliation", "reports", "api"].flatMap((folder) =>
  readdirSync(path.join(root, folder), { recursive: true, withFileTypes: true })
    .filter((f) => f.isFile() && /\.tsx?$/.test(f.name) && !/\.(test|bench)\.tsx?$/.test(f.name))
    .map((f) => path.join(f.parentPath, f.name))
    .filter((f) => /=\s*defineErrors\(/.test(readFileSync(f, "utf8"))),
);

test("every code of every folder stands in docs/reference/errors.md with its status and what to do", async () => {
  expect(definers.length).toBeGreaterThan(8);
  for (const file of definers) await import(file);
  const known = [...knownErrors().keys()];
  expect(known.length).toBeGreaterThan(100);
  expect(known.filter((code) => !ERROR_GUIDE[code])).toEqual([]);
  expect(Object.keys(ERROR_GUIDE).filter((code) => !known.includes(code))).toEqual([]);
  expect(Object.values(ERROR_GUIDE).filter((help) => !help.endsWith("."))).toEqual([]);
  await expect(errorPageMarkdown()).toMatchFileSnapshot(path.join(root, "docs/reference/errors.md"));
});

test("a code is defined once: no two folders give it different meanings", () => {
  const seen = new Map<string, string>();
  const twice: string[] = [];
  for (const file of definers) {
    const name = path.relative(root, file);
    for (const [, code = ""] of readFileSync(file, "utf8").matchAll(/^ {2}([A-Z][A-Z0-9_]+): \{/gm)) {
      const before = seen.get(code);
      if (before) twice.push(`${code} in ${before} and ${name}`);
      seen.set(code, name);
    }
  }
  expect(twice).toEqual([]);
});
