import { addConsumer, raiseDemands, seedTaxHeads } from "../../billing/index.ts";
import { createUlb, openFinancialYear } from "../../ledger/index.ts";
import { dateInIndia, financialYearEnd, financialYearOf, financialYearStart } from "../../ledger/kernel/dates.ts";
import { paise, type Paise } from "../../ledger/kernel/money.ts";
import { inTransaction, type App, type Ulb } from "../../ledger/kernel/tx.ts";
import { createAccessToken } from "../v1/index.ts";

/** One payment of the plan: it is the same in the storm and in calm weather. */
export type Planned = {
  readonly code: string;
  readonly due: Paise;
  readonly amount: Paise;
  readonly method: "upi" | "card" | "netbanking";
  /** Whether the payer's browser comes back to us. */
  readonly returns: boolean;
  /** The bank says no at first, and yes on the second attempt. */
  readonly failsFirst: boolean;
};

/** Decides by the seed who pays what: most pay all, some a part, some more than is due. Pure. */
export function planPayments(count: number, random: () => number): Planned[] {
  return Array.from({ length: count }, (_, i) => {
    const due = 50_000 + Math.floor(random() * 1_500_000);
    const kind = random();
    const amount = kind < 0.7 ? due : kind < 0.9 ? 10_000 + Math.floor(random() * (due - 20_000)) : due + 5_000;
    const method = (["upi", "card", "netbanking"] as const)[Math.floor(random() * 3)] ?? "upi";
    return {
      code: `C${String(i + 1).padStart(6, "0")}`,
      due: paise(BigInt(due)),
      amount: paise(BigInt(amount)),
      method,
      returns: random() < 0.6,
      failsFirst: random() < 0.05,
    };
  });
}

export type Town = { readonly ulb: Ulb; readonly token: string; readonly consumers: ReadonlyMap<string, string> };

/** A ULB in which every payer of the plan owes what the plan says, and a token for the citizens' portal. */
export async function makeTown(app: App, code: string, plan: readonly Planned[]): Promise<Town> {
  const today = dateInIndia(app.clock());
  const fy = financialYearOf(today);
  const startsOn = financialYearStart(fy);
  const ulb = await createUlb(app, { code, name: `${code} Nagar Palika`, state: "Punjab", startsOn });
  const who = { ulb, actor: { id: "admin@chaos", roles: ["admin", "accountant"] as const } };
  await inTransaction(app, who, async (tx) => {
    await openFinancialYear(tx, fy);
    await seedTaxHeads(tx, {});
  });
  const consumers = new Map<string, string>();
  for (let at = 0; at < plan.length; at += 500) {
    const part = plan.slice(at, at + 500);
    await inTransaction(app, who, async (tx) => {
      for (const p of part) {
        const made = await addConsumer(tx, {
          service: "property-tax",
          code: p.code,
          name: `Owner ${p.code}`,
          address: `${p.code}, Mandi Road`,
          ward: "W01",
        });
        consumers.set(p.code, made.id);
      }
      await raiseDemands(tx, {
        date: startsOn,
        detail: "by-consumer",
        demands: part.map((p) => ({
          consumerId: consumers.get(p.code) ?? "",
          periodFrom: startsOn,
          periodTo: financialYearEnd(fy),
          dueDate: financialYearEnd(fy),
          lines: [{ taxHead: "PT_TAX", amount: p.due }],
        })),
      });
    });
  }
  const { token } = await inTransaction(app, who, (tx) =>
    createAccessToken(tx, {
      name: "portal",
      actor: "portal@chaos",
      roles: ["system"],
      expiresAt: new Date(app.clock().getTime() + 86_400_000),
    }),
  );
  return { ulb, token, consumers };
}
