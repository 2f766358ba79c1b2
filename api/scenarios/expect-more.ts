import { getUlb, postingAccount } from "../../ledger/index.ts";
import { brs, type BrsGroupKey } from "../../reconciliation/index.ts";
import { unsettledMoney } from "../../collections/index.ts";
import { act, rows, type Stage } from "./stage.ts";
import { isLetter, LETTERS } from "./letters.ts";
import {
  differences,
  fieldsOf,
  isFields,
  listOf,
  moneyDifferences,
  ScenarioFault,
  show,
  textOf,
  type Difference,
  type Value,
  plain,
} from "./values.ts";
import { today, vouchers } from "./view.ts";

const BRS_GROUPS: readonly BrsGroupKey[] = [
  "cheques-issued",
  "other-issued",
  "interest",
  "other-credits",
  "unidentified-credits",
  "cheques-deposited",
  "settlements-in-transit",
  "other-deposited",
  "charges",
  "other-debits",
  "bank-errors",
  "opening",
];
const DISPUTES = ["open", "under_review", "closed", "won", "lost"];

/** Expectations about one corner each. */
export const MORE: Readonly<Record<string, (stage: Stage, expected: Value) => Promise<Difference[]>>> = {
  /** Dates of the vouchers, in the order of their posting. */
  voucher_dates: async (stage, expected) =>
    differences(
      "voucher_dates",
      expected,
      (await vouchers(stage)).map((v) => v.date),
    ),
  inbox_of: (stage, expected) =>
    ofNeighbours(stage, expected, "inbox_of", async (id) => {
      const found = await stage.world.app.db.batch.query<{ state: string; n: bigint }>(
        "select state, count(*) as n from collections.gateway_events where ulb_id = $1 group by state",
        [id],
      );
      return {
        new: 0,
        done: 0,
        parked: 0,
        dead: 0,
        ignored: 0,
        ...Object.fromEntries(found.rows.map((r) => [r.state, Number(r.n)])),
      };
    }),
  vouchers_of: (stage, expected) =>
    ofNeighbours(stage, expected, "vouchers_of", async (id) => {
      const found = await stage.world.app.db.batch.query<{ n: bigint }>(
        "select count(*) as n from ledger.entries where ulb_id = $1",
        [id],
      );
      return Number(found.rows[0]?.n ?? 0n);
    }),
  /** How the steps of `try` ended: {done:, refused:, failed:}. */
  attempts: async (stage, expected) =>
    differences("attempts", expected, stage.vars.get("attempts") ?? { done: 0, refused: 0, failed: 0 }),
  /** `none`: nothing failed in the background. */
  troubles: async (stage, expected) =>
    expected === "none"
      ? stage.troubles.map((t) => `troubles: ${t}`)
      : differences("troubles", expected, stage.troubles),
  settlements: async (stage, expected) =>
    differences(
      "settlements",
      isFields(expected) ? fieldsOf(expected, "settlements", ["booked", "exception", "failed"]) : expected,
      await byName(
        stage,
        "select status as name, count(*) as n from reconciliation.settlements where ulb_id = $1 group by status",
        { booked: 0, exception: 0, failed: 0 },
      ),
    ),
  /** What stands in gateway clearing, item by item. */
  unsettled: async (stage, expected) => {
    const found = (await act(stage, "auditor", (tx) => unsettledMoney(tx, today(stage)))).map((u) => ({
      ...u,
      amount: Number(u.amount),
    }));
    return differences("unsettled", expected, typeof expected === "number" ? found.length : found);
  },
  unmatched_bank_lines: async (stage, expected) => {
    const [row] = await rows<{ n: bigint }>(
      stage,
      "select count(*) as n from reconciliation.bank_lines b where b.ulb_id = $1 and not exists (select 1 from reconciliation.live_legs g where g.ulb_id = b.ulb_id and g.line_id = b.line_id)",
    );
    return differences("unmatched_bank_lines", expected, Number(row?.n ?? 0n));
  },
  /** The bank reconciliation statement of the main account at the end of today: {book, bank, difference, in_transit, groups: {charges: -5900}}. */
  brs: async (stage, expected) => {
    const f = fieldsOf(expected, "brs", ["book", "bank", "difference", "in_transit", "groups"]);
    const found = await act(stage, "auditor", async (tx) =>
      brs(tx, await postingAccount(tx, "bank-main"), today(stage)),
    );
    const sums: Record<string, bigint> = {
      book: found.bookBalance,
      bank: found.statementBalance,
      difference: found.difference,
      in_transit: found.settlementsInTransitTotal,
    };
    const groups = new Map<string, bigint>(found.groups.map((g) => [g.key, g.total]));
    return Object.entries(f).flatMap(([name, value]) =>
      name === "groups"
        ? Object.entries(fieldsOf(value, "brs.groups", BRS_GROUPS)).flatMap(([key, total]) =>
            moneyDifferences(`brs.groups.${key}`, total, groups.get(key) ?? 0n),
          )
        : moneyDifferences(`brs.${name}`, value, sums[name] ?? 0n),
    );
  },
  /** {of: pay_…, count: 4}: how often a payment was told of. */
  observations: async (stage, expected) => {
    const f = fieldsOf(isFields(expected) ? expected : { count: expected }, "observations", ["of", "count", "feeds"]);
    const found = await rows<{ feed: string }>(
      stage,
      "select feed from collections.payment_observations where ulb_id = $1 and ($2::text is null or payment_id = $2)",
      [f["of"] === undefined ? null : textOf(f["of"], "observations.of")],
    );
    return [
      ...(f["count"] === undefined ? [] : differences("observations.count", f["count"], found.length)),
      ...(f["feeds"] === undefined
        ? []
        : differences(
            "observations.feeds",
            f["feeds"],
            Object.fromEntries(
              [...new Set(found.map((r) => r.feed))].map((feed) => [feed, found.filter((r) => r.feed === feed).length]),
            ),
          )),
    ];
  },
  messages_distinct: async (stage, expected) =>
    differences("messages_distinct", expected, new Set(stage.phone.map((m) => m.body)).size),
  /** A letter never stood below nothing after any voucher. */
  never_negative: async (stage, expected) => {
    const letter = textOf(expected, "never_negative");
    if (!isLetter(letter) && !/^\d{7}$/.test(letter))
      throw new ScenarioFault(`never_negative: unknown "${letter}"; known are ${Object.keys(LETTERS).join(", ")}`);
    let running = 0n;
    const low: Difference[] = [];
    for (const v of await vouchers(stage)) {
      for (const side of v.text.split(" · ")) {
        const m = /^(Dr|Cr) (\S+) (\d+)\.(\d\d)$/.exec(side);
        if (m?.[2] === letter) running += (m[1] === "Dr" ? 1n : -1n) * BigInt(`${m[3]}${m[4]}`);
      }
      if (running < 0n) low.push(`never_negative: ${letter} stood at ${running} after "${v.text}"`);
    }
    return low;
  },
  disputes: async (stage, expected) => {
    const [there] = await rows<{ there: string | null }>(
      stage,
      "select to_regclass('collections.disputes')::text as there from (select $1::integer) as ulb",
    );
    if (!there?.there) return ["disputes: this version keeps none"];
    const found = await rows<Record<string, unknown>>(
      stage,
      "select * from collections.disputes where ulb_id = $1 order by 2",
    );
    if (typeof expected === "number" || expected === "none") return differences("disputes", expected, found.length);
    if (isFields(expected))
      return Object.entries(fieldsOf(expected, "disputes", DISPUTES)).flatMap(([status, n]) =>
        differences(`disputes.${status}`, n, found.filter((d) => d["status"] === status).length),
      );
    return differences(
      "disputes",
      expected,
      found.map((d) => ({ ...d, id: d["dispute_id"] ?? d["provider_dispute_id"] })),
    );
  },
  /** [{action, subject, by, contains}]: each stands in the audit trail since the steps began. */
  audit: async (stage, expected) => {
    const trail = await rows<{ actor: string; action: string; subject: string; reason: string | null; after: unknown }>(
      stage,
      "select actor, action, subject, reason, after from kernel.audit_trail where ulb_id = $1 order by audit_id",
    );
    if (listOf(expected).length === 0) throw new ScenarioFault("audit: a list of what stands in the trail");
    return listOf(expected).flatMap((one): Difference[] => {
      const f = fieldsOf(typeof one === "string" ? { action: one } : one, "audit", [
        "action",
        "subject",
        "by",
        "actor",
        "contains",
        "reason",
      ]);
      const by = f["by"] ?? f["actor"];
      const isThere = trail.some(
        (t) =>
          (f["action"] === undefined || t.action === f["action"]) &&
          (f["subject"] === undefined || t.subject === f["subject"]) &&
          (by === undefined || t.actor === by || t.actor === `${plain(by)}@demo`) &&
          listOf(f["contains"] ?? f["reason"]).every((part) =>
            `${t.reason ?? ""} ${JSON.stringify(t.after)}`.toLowerCase().includes(plain(part).toLowerCase()),
          ),
      );
      return isThere
        ? []
        : [
            `audit: expected ${show(one)}, the trail has ${[...new Set(trail.map((t) => `${t.action} ${t.subject} by ${t.actor}`))].join("; ") || "nothing"}`,
          ];
    });
  },
  differential: async (stage, expected) => differences("differential", expected, stage.vars.get("differential")),
};

async function byName(stage: Stage, sql: string, usual: Record<string, number>): Promise<Record<string, number>> {
  return {
    ...usual,
    ...Object.fromEntries((await rows<{ name: string; n: bigint }>(stage, sql)).map((r) => [r.name, Number(r.n)])),
  };
}

async function ofNeighbours(
  stage: Stage,
  expected: Value,
  where: string,
  read: (ulbId: number) => Promise<unknown>,
): Promise<Difference[]> {
  const differ: Difference[] = [];
  for (const [code, value] of Object.entries(
    fieldsOf(expected, where, isFields(expected) ? Object.keys(expected) : ["other.np"]),
  )) {
    const ulb = await getUlb(stage.world.app, code === "other.np" ? plain(stage.vars.get("other_ulb")) : code);
    differ.push(...differences(`${where}.${code}`, value, await read(ulb.id)));
  }
  return differ;
}
