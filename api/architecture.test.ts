import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "..");
const FOLDERS = ["ledger", "billing", "collections", "reconciliation", "reports", "api"] as const;
type Folder = (typeof FOLDERS)[number];

/** npm packages with one home: nothing else in the tree imports them. */
const HOMES: Record<string, RegExp> = {
  razorpay: /^collections\/gateway\//,
  pdfmake: /^reports\//,
  harfbuzzjs: /^reports\//,
  echarts: /^reports\//,
  bullmq: /^api\//,
  ioredis: /^api\//,
  fastify: /^api\//,
  preact: /^api\//,
  "decimal.js": /^ledger\/kernel\/money/,
  "date-fns": /^ledger\/kernel\/dates/,
  "@date-fns/tz": /^ledger\/kernel\/dates/,
  "@date-fns/utc": /^ledger\/kernel\/dates/,
  knex: /^(ledger\/kernel\/|knexfile\.ts)/,
  pg: /^(ledger\/|.*\.(test|bench)\.tsx?$|.*testing.*\.ts$)/,
};

type Import = { readonly file: string; readonly target: string };

function sources(): string[] {
  return FOLDERS.flatMap((folder) =>
    readdirSync(path.join(root, folder), { recursive: true, withFileTypes: true })
      .filter((f) => f.isFile() && /\.(ts|tsx)$/.test(f.name))
      .map((f) => path.relative(root, path.join(f.parentPath, f.name))),
  );
}

function importsOf(file: string): Import[] {
  const text = readFileSync(path.join(root, file), "utf8");
  const found = [
    ...text.matchAll(
      /(?:^|\n)\s*(?:import|export)\b[^;'"]*?from\s+["']([^"']+)["']|import\(\s*["']([^"']+)["']\s*\)|(?:^|\n)import\s+["']([^"']+)["']/g,
    ),
  ];
  return found.map((m) => ({ file, target: m[1] ?? m[2] ?? m[3] ?? "" }));
}

const folderOf = (file: string): Folder | undefined => FOLDERS.find((f) => file.startsWith(`${f}/`));
const files = sources();
const imports = files.flatMap(importsOf);

test("the architecture is looked at: there are files and imports", () => {
  for (const folder of FOLDERS)
    expect(files.filter((f) => f.startsWith(`${folder}/`)).length, folder).toBeGreaterThan(0);
  expect(imports.length).toBeGreaterThan(files.length);
});

test("imports go down: api -> reports -> reconciliation -> collections -> billing -> ledger -> ledger/kernel", () => {
  const wrong = local(imports).filter(({ from, to }) => FOLDERS.indexOf(to) > FOLDERS.indexOf(from));
  expect(wrong.map(show)).toEqual([]);
  const kernelUp = local(imports).filter(
    (i) => i.file.startsWith("ledger/kernel/") && !i.path.startsWith("ledger/kernel/"),
  );
  expect(kernelUp.map(show)).toEqual([]);
});

test("another folder is entered by its index.ts, by ledger/kernel, or in tests by its testing.ts", () => {
  const wrong = local(imports).filter((i) => {
    if (i.from === i.to || i.path === `${i.to}/index.ts` || i.path.startsWith("ledger/kernel/")) return false;
    const forTests = /\/(testing|[a-z-]+\.bench)[a-z-]*\.ts$/.test(i.path);
    const fromTests = /(\.test\.tsx?|\.bench\.ts|testing[a-z-]*\.ts|api\/bench\.ts)$/.test(i.file);
    return !(forTests && fromTests);
  });
  expect(wrong.map(show)).toEqual([]);
});

test("a package with one home is imported there alone", () => {
  const wrong = imports.filter(({ file, target }) => {
    const name = target.startsWith("@") ? target.split("/").slice(0, 2).join("/") : (target.split("/")[0] ?? "");
    const home = HOMES[name];
    return home !== undefined && !home.test(file);
  });
  expect(wrong.map((w) => `${w.file} imports ${w.target}`)).toEqual([]);
});

test("a folder writes only to its own schema", () => {
  const wrong = files
    .filter((f) => !/\.(test|bench)\.tsx?$/.test(f) && !/testing/.test(f))
    .flatMap((file) => {
      const text = readFileSync(path.join(root, file), "utf8");
      const own = file.startsWith("ledger/") ? ["ledger", "kernel"] : [folderOf(file) ?? ""];
      return [
        ...text.matchAll(
          /\b(?:insert\s+into|update|delete\s+from|truncate(?:\s+table)?)\s+(ledger|kernel|billing|collections|reconciliation|reports|api)\.(\w+)/gi,
        ),
      ]
        .filter((m) => !own.includes((m[1] ?? "").toLowerCase()))
        .map((m) => `${file} writes ${m[1]}.${m[2]}`);
    });
  expect(wrong).toEqual([]);
});

function local(all: readonly Import[]): { file: string; from: Folder; to: Folder; path: string }[] {
  return all.flatMap(({ file, target }) => {
    if (!target.startsWith(".")) return [];
    const resolved = path.normalize(path.join(path.dirname(file), target));
    const from = folderOf(file);
    const to = folderOf(resolved);
    return from && to ? [{ file, from, to, path: resolved }] : [];
  });
}
const show = (i: { file: string; path: string }): string => `${i.file} imports ${i.path}`;
