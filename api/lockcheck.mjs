// A lock file must pass `npm ci` everywhere: every optional platform package is in it, and no registry is named.
import { readFileSync } from "node:fs";

const text = readFileSync("package-lock.json", "utf8");
const packages = JSON.parse(text).packages;
const names = new Set(Object.keys(packages).map((k) => k.split("node_modules/").pop()));
const problems = [];
for (const [key, value] of Object.entries(packages)) {
  for (const name of Object.keys(value.optionalDependencies ?? {})) {
    if (!names.has(name)) problems.push(`${key || "the project"} wants ${name}, which is not in the lock file`);
  }
  if (value.resolved) problems.push(`${key} names where it was fetched from: ${value.resolved}`);
}
for (const problem of problems) console.error(problem);
console.log(`${Object.keys(packages).length} packages, ${problems.length} problems`);
process.exit(problems.length > 0 ? 1 : 0);
