import { randomBytes } from "node:crypto";
import { financialYearOf, localDate, type LocalDate } from "./kernel/dates.ts";
import { invariant } from "./kernel/errors.ts";
import { testApp } from "./kernel/testing.ts";
import { inTransaction, type Actor, type App, type Role, type Tx, type Ulb, type Who } from "./kernel/tx.ts";
import { openFinancialYear } from "./periods.ts";
import { createUlb } from "./ulbs.ts";

export { testApp };

export type TestUlb = {
  readonly ulb: Ulb;
  /** Who acts, in this ULB: `as("accountant")` is accountant@test. */
  as(role: Role, name?: string): Who;
  /** One transaction as that person. */
  tx<T>(role: Role, fn: (tx: Tx) => Promise<T>): Promise<T>;
};

let made = 0;

/** A ULB of the test's own, with chart, posting map, and the months of 2025-26 and 2026-27 (or from `startsOn`) open. */
export async function testUlb(
  app: App,
  options: { readonly startsOn?: LocalDate; readonly years?: readonly LocalDate[] } = {},
): Promise<TestUlb> {
  const startsOn = options.startsOn ?? localDate("2025-04-01");
  made += 1;
  const ulb = await createUlb(app, {
    code: `test-${process.pid}-${made}-${randomBytes(3).toString("hex")}`,
    name: "Nagar Palika Parishad Testpur",
    nameLocal: "नगर पालिका परिषद् टेस्टपुर",
    state: "Testpradesh",
    startsOn,
  });
  const actor = (role: Role, name: string): Actor => ({ id: `${name}@test`, roles: [role] });
  const as = (role: Role, name: string = role): Who => ({ ulb, actor: actor(role, name) });
  const tx = <T>(role: Role, fn: (tx: Tx) => Promise<T>): Promise<T> => inTransaction(app, as(role), fn);
  await tx("admin", async (t) => {
    for (const day of options.years ?? [localDate("2026-04-01")]) await openFinancialYear(t, financialYearOf(day));
  });
  return { ulb, as, tx };
}

/** What stands in a ULB's books: equal before and after means that nothing was written. */
export type BookMarks = {
  readonly entries: bigint;
  readonly lines: bigint;
  readonly vouchers: bigint;
  readonly audited: bigint;
  /** Numbers given so far, over all series. */
  readonly numbers: bigint;
};

export async function bookMarks(app: App, ulb: Ulb): Promise<BookMarks> {
  const { rows } = await app.db.batch.query<BookMarks>(
    `select (select count(*) from ledger.entries where ulb_id = $1) as entries,
       (select count(*) from ledger.lines where ulb_id = $1) as lines,
       (select count(*) from ledger.vouchers where ulb_id = $1) as vouchers,
       (select count(*) from kernel.audit_trail where ulb_id = $1) as audited,
       (select coalesce(sum(next_number - 1), 0)::bigint from ledger.series where ulb_id = $1) as numbers`,
    [ulb.id],
  );
  const [marks] = rows;
  invariant(marks, "counts are one row");
  return marks;
}
