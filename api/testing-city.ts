import type { Browser } from "playwright-core";
import { testBillingUlb, testConsumer, testDemand } from "../billing/testing.ts";
import type { Consumer } from "../billing/index.ts";
import { localDate } from "../ledger/kernel/dates.ts";
import type { App, Role } from "../ledger/kernel/tx.ts";
import { testApp, type TestUlb } from "../ledger/testing.ts";
import { openBrowser, startTestWeb, type TestWeb } from "./testing-browser.ts";
import { createUser } from "./users.ts";

/** The password of every test login. */
export const PASSWORD = "a long enough password";
const STAFF = [
  "accountant",
  "checker",
  "cashier",
  "superintendent",
  "auditor",
  "state",
  "admin",
] as const satisfies readonly Role[];

export type WebCity = {
  readonly app: App;
  readonly city: TestUlb;
  readonly web: TestWeb;
  readonly browser: Browser;
  /** A property owing 2,700.00 of 2025-26 (200.00 of it cess) and 2,970.00 of 2026-27 (220.00 cess): 5,670.00 in all. */
  debtor(code: string): Promise<Consumer>;
  /** Rows of the ULB in a table of collections. */
  count(table: "receipts" | "orders"): Promise<number>;
};

/**
 * A town with its web server and a browser, on a morning of July 2026: accountant@test, checker@test and so on may sign in. The clock runs,
 * because sessions, cookies and the gateway's signatures live in it.
 */
export async function webCity(): Promise<WebCity> {
  const started = Date.now();
  const clock = (): Date => new Date(Date.parse("2026-07-15T05:00:00Z") + Date.now() - started);
  const app = await testApp({ clock });
  const city = await testBillingUlb(app);
  const web = await startTestWeb(app, city.ulb);
  const browser = await openBrowser();
  for (const role of STAFF) {
    await createUser(app, {
      login: `${role}@test`,
      name: `The ${role}`,
      password: PASSWORD,
      roles: [{ ulb: city.ulb, role }],
    });
  }
  return {
    app,
    city,
    web,
    browser,
    debtor: (code) =>
      city.tx("accountant", async (tx) => {
        const consumer = await testConsumer(tx, { code, name: "Vandana Tomar", nameLocal: "वंदना तोमर" });
        await testDemand(tx, consumer, "2500+200", {
          date: localDate("2025-04-01"),
          periodFrom: localDate("2025-04-01"),
          periodTo: localDate("2026-03-31"),
        });
        await testDemand(tx, consumer, "2750+220", {
          date: localDate("2026-04-01"),
          periodFrom: localDate("2026-04-01"),
          periodTo: localDate("2027-03-31"),
          dueDate: localDate("2026-09-30"),
        });
        return consumer;
      }),
    count: async (table) => {
      const { rows } = await app.db.batch.query<{ n: bigint }>(
        `select count(*) as n from collections.${table} where ulb_id = $1`,
        [city.ulb.id],
      );
      return Number(rows[0]?.n ?? 0n);
    },
  };
}
