import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { cpus, loadavg, tmpdir } from "node:os";
import path from "node:path";
import { createUlb, cr, dr, openFinancialYear, postEntries, prepareDatabase } from "../ledger/index.ts";
import { openDatabase, refreshStatistics } from "../ledger/kernel/database.ts";
import { addDays, financialYear, localDate, systemClock } from "../ledger/kernel/dates.ts";
import { startEmbeddedPostgres } from "../ledger/kernel/embedded-postgres.ts";
import { paise, toRupees } from "../ledger/kernel/money.ts";
import { inTransaction, type App, type Who } from "../ledger/kernel/tx.ts";
import { addBankAccount, importStatement, reconcileAccount } from "../reconciliation/index.ts";
import { createWebApp, formSecret } from "./app.ts";
import { noGateway } from "./gateway.ts";
import { createUser } from "./users.ts";

const ACCOUNT = "4502101";
const FIRST = localDate("2026-04-01");
const PASSWORD = "a bench of ten thousand lines";
const GOAL_MS = 300;

/**
 * A person's work at the reconciliation bench with many open lines and as many open items, over HTTP as a browser does it: the page, its filters, the
 * next pages, a proposal accepted, lines matched by hand, a match undone. Of each the milliseconds to the last byte and the weight of the page.
 * Options: --open N (default 10000), --rounds N (default 20). Fails when the 95th of a hundred answers takes longer than the goal.
 */
export async function runBenchPageBench(args: readonly string[]): Promise<void> {
  const option = (name: string, otherwise: number): number =>
    args.includes(name) ? Number(args[args.indexOf(name) + 1]) : otherwise;
  const open = option("--open", 10_000);
  const rounds = option("--rounds", 20);
  console.log(`${cpus().length} cores, load ${loadavg()[0]?.toFixed(1)}, node ${process.version}`);
  const folder = mkdtempSync(path.join(tmpdir(), "nagarkosh-bench-"));
  chmodSync(folder, 0o755);
  const server = await startEmbeddedPostgres({ dataDir: folder });
  try {
    await prepareDatabase(server.address);
    const app: App = { db: openDatabase(server.address, { poolSize: 4 }), clock: systemClock };
    try {
      await work(app, open, rounds);
    } finally {
      await app.db.close();
    }
  } finally {
    server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function seed(app: App, open: number): Promise<Who> {
  const ulb = await createUlb(app, { code: "bench", name: "Bench", state: "Bench", startsOn: FIRST });
  const who: Who = { ulb, actor: { id: "accountant@test", roles: ["accountant", "system"] } };
  await createUser(app, {
    login: "accountant@test",
    name: "The accountant",
    password: PASSWORD,
    roles: [{ ulb, role: "accountant" }],
  });
  await inTransaction(app, who, async (tx) => {
    await openFinancialYear(tx, financialYear("2026-27"));
    await addBankAccount(tx, { account: ACCOUNT, bank: "Bank of the Bench", name: "Main", number: "000000001234" });
  });
  // One in ten has an amount of its own, and is proposed; the others have the amounts of a tariff, in which nobody can tell one from another.
  const amountOf = (n: number): bigint => (n % 10 === 0 ? 100_037n + BigInt(n) * 101n : BigInt(1 + (n % 40)) * 25_000n);
  const dayOf = (n: number) => addDays(FIRST, Math.floor((n * 100) / open));
  const entries = Array.from({ length: open }, (_, n) => ({
    voucher: "receipt" as const,
    date: dayOf(n),
    narration: `Received at counter ${n % 24}, paper ${n}`,
    source: { type: "bench", id: String(n) },
    lines: [dr(ACCOUNT, paise(amountOf(n))), cr("3101001", paise(amountOf(n)))],
  }));
  for (let from = 0; from < open; from += 5000)
    await inTransaction(app, who, (tx) => postEntries(tx, entries.slice(from, from + 5000)));
  let balance = 0n;
  const rows = ["date,value_date,narration,reference,debit,credit,balance"];
  for (let n = 0; n < open; n++) {
    balance += amountOf(n);
    const amount = toRupees(paise(amountOf(n)));
    rows.push(`${dayOf(n)},${dayOf(n)},BY TRANSFER BRANCH ${n % 60} NO ${n},,,${amount},${toRupees(paise(balance))}`);
  }
  await refreshStatistics(app.db.address);
  await inTransaction(app, who, async (tx) => {
    await importStatement(tx, { account: ACCOUNT, csv: rows.join("\n"), fileName: "bench.csv" });
    await reconcileAccount(tx, ACCOUNT);
  });
  await refreshStatistics(app.db.address);
  return who;
}

type Answer = { readonly status: number; readonly text: string; readonly ms: number; readonly location: string | null };

async function work(app: App, open: number, rounds: number): Promise<void> {
  const started = performance.now();
  const who = await seed(app, open);
  console.log(`seeded ${open} open lines and items in ${((performance.now() - started) / 1000).toFixed(1)} s`);
  const web = await createWebApp({
    app: {
      ...app,
      gateway: noGateway,
      baseUrl: "http://127.0.0.1",
      demo: false,
      defaultUlb: () => Promise.resolve(who.ulb),
    },
    secret: await formSecret(app),
    log: false,
  });
  await web.listen({ host: "127.0.0.1", port: 0 });
  const base = `http://127.0.0.1:${(web.server.address() as AddressInfo).port}`;
  const cookies = new Map<string, string>();
  const ask = async (target: string, form?: Readonly<Record<string, string>>): Promise<Answer> => {
    const from = performance.now();
    const response = await fetch(base + target, {
      redirect: "manual",
      method: form ? "POST" : "GET",
      headers: {
        cookie: [...cookies].map(([k, v]) => `${k}=${v}`).join("; "),
        ...(form ? { "content-type": "application/x-www-form-urlencoded" } : {}),
      },
      ...(form ? { body: new URLSearchParams(form).toString() } : {}),
    });
    const text = await response.text();
    for (const cookie of response.headers.getSetCookie()) {
      const [pair = ""] = cookie.split(";");
      cookies.set(pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1));
    }
    return {
      status: response.status,
      text,
      ms: performance.now() - from,
      location: response.headers.get("location"),
    };
  };
  const csrf = (text: string): string => /name="_csrf" value="([^"]+)"/.exec(text)?.[1] ?? "";
  const signIn = await ask("/signin");
  await ask("/signin", { _csrf: csrf(signIn.text), login: "accountant@test", password: PASSWORD });

  const at = `/books/bank/${ACCOUNT}`;
  const took = new Map<string, { ms: number[]; bytes: number }>();
  const timed = async (what: string, target: string, form?: Readonly<Record<string, string>>): Promise<Answer> => {
    const answer = await ask(target, form);
    if (answer.status !== (form ? 303 : 200))
      throw new Error(`${what}: ${answer.status} ${answer.text.replace(/<[^>]+>/g, " ").slice(0, 600)}`);
    const kept = took.get(what) ?? { ms: [], bytes: 0 };
    kept.ms.push(answer.ms);
    kept.bytes = Math.max(kept.bytes, answer.text.length);
    took.set(what, kept);
    return answer;
  };
  const nextOf = (text: string, name: string): string =>
    (new RegExp(`href="([^"]*${name}=[^"]*)"`).exec(text)?.[1] ?? "").replaceAll("&amp;", "&");
  for (let round = 0; round <= rounds; round++) {
    // The first round warms everything up.
    if (round === 1) took.clear();
    const page = await timed("the bench", `${at}/bench`);
    const token = csrf(page.text);
    for (const name of ["linesAfter", "itemsAfter", "proposalsAfter"]) {
      const next = nextOf(page.text, name);
      if (next !== "") await timed(`next page (${name})`, next);
    }
    await timed("filter: text", `${at}/bench?text=BRANCH+${round}`);
    await timed("filter: kind", `${at}/bench?kind=ambiguous`);
    await timed("filter: amount and days", `${at}/bench?least=500&most=2000&from=2026-05-01&to=2026-05-31`);
    await timed("the account's page", at);
    await timed("exceptions", `${at}/exceptions`);
    const proposal = /name="one" value="([^"]+)"/.exec(page.text)?.[1] ?? "";
    const accepted = await timed("accept a proposal", `${at}/bench/accept`, { _csrf: token, back: "", one: proposal });
    const after = await timed("the bench after it", accepted.location ?? "");
    const line = /name="l-([^"]+)"[^>]*data-paise="(\d+)"/.exec(after.text);
    const item = new RegExp(`name="b-([^"]+)"[^>]*data-paise="${line?.[2] ?? "none"}"`).exec(after.text);
    const matched = await timed("match by hand", `${at}/bench/match`, {
      _csrf: token,
      back: "",
      [`l-${line?.[1] ?? ""}`]: "yes",
      [`b-${item?.[1] ?? ""}`]: "yes",
    });
    const match = /match=([0-9a-f-]+)/.exec(matched.location ?? "")?.[1] ?? "";
    await timed("a match", `${at}/matches/${match}`);
    await timed("undo it", `${at}/matches/${match}/undo`, { _csrf: token, reason: "looked at again" });
    await timed("match what is proved", `${at}/bench/reconcile`, { _csrf: token, back: "" });
  }
  await web.close();
  let isLate = false;
  for (const [what, { ms, bytes }] of took) {
    ms.sort((a, b) => a - b);
    const p = (q: number): number => ms[Math.min(ms.length - 1, Math.floor(ms.length * q))] ?? 0;
    isLate ||= p(0.95) > GOAL_MS;
    console.log(
      `${what.padEnd(32)} p50 ${p(0.5).toFixed(0).padStart(5)} ms, p95 ${p(0.95).toFixed(0).padStart(5)} ms, ${(bytes / 1024).toFixed(0).padStart(4)} kB` +
        (p(0.95) > GOAL_MS ? `  above ${GOAL_MS} ms` : ""),
    );
  }
  if (isLate) process.exitCode = 1;
}
