import type { FastifyInstance } from "fastify";
import type { RunningSimulator } from "../../collections/index.ts";
import type { Actor, Role, Ulb, Who } from "../../ledger/kernel/tx.ts";
import { inTransaction, type Tx } from "../../ledger/kernel/tx.ts";
import type { OutgoingMessage } from "../messages.ts";
import type { WebApp } from "../web-app.ts";
import type { LetterOf } from "./letters.ts";
import { ScenarioFault, type Fields, type Value, plain } from "./values.ts";

/** A clock that the scenario moves; the program and the simulated gateway both read it. */
export type StageClock = { now(): Date; set(at: Date): void };

/** The app as the server holds it. The gateway is the scenario's own and is put in before it begins. */
export type StageApp = { -readonly [K in keyof WebApp]: WebApp[K] };

/** What all scenarios of a run share: one database, one server. */
export type World = {
  readonly app: StageApp;
  readonly clock: StageClock;
  server: FastifyInstance;
  /** Stops the server and starts another on the same database. */
  restart(): Promise<void>;
  /** Rounds of a `repeat` are cut to so many, unless it says `whole`; undefined: none is. */
  readonly mostRounds: number | undefined;
  /** What goes wrong with the server for a while. */
  readonly faults: { losesAnswers: boolean };
  /** Says whose turn it is: the citizens' pages show the bills of that scenario's ULB. */
  onStage(stage: Stage): void;
};

/** A bill of the fixture, or one that the scenario gave. */
export type StageBill = {
  readonly name: string;
  readonly consumerId: string;
  readonly account: string;
  readonly service: string;
  readonly demandIds: readonly string[];
};

/** What the server answered. */
export type Answer = {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: unknown;
  readonly text: string;
};

/** An event in the simulator's queue of webhooks. */
export type SimEvent = RunningSimulator["webhooks"][number];

/** One scenario on its way: its ULB, its gateway, its people and what it has saved. */
export type Stage = {
  readonly world: World;
  readonly id: string;
  readonly ulb: Ulb;
  simulator: RunningSimulator;
  readonly bills: Map<string, StageBill>;
  readonly vars: Map<string, Value>;
  readonly letterOf: LetterOf;
  /** Balances of all accounts when the steps began: what is expected is what changed since. */
  baseline: ReadonlyMap<string, bigint>;
  /** The newest journal entry when the steps began. */
  baselineEntry: bigint;
  readonly tokens: Map<string, string>;
  readonly phone: OutgoingMessage[];
  /** What went wrong in the background (a duty that could not reach the gateway): told when the scenario fails. */
  readonly troubles: string[];
  readonly settings: Map<string, Value>;
  answer: Answer | undefined;
  /** Runs steps that stand inside another (together, repeat). */
  perform(steps: Value | undefined, where: string): Promise<void>;
  /** Shares of 1 that the seed decides. */
  random(): number;
  /** A second stage beside this one, with a ULB and a gateway of its own, at that moment. */
  another(at: Date): Promise<Stage & { leave(): Promise<void> }>;
  /** Undone when the scenario is over. */
  readonly closing: (() => Promise<void>)[];
};

/**
 * The people of a scenario. A name with a number is another person of the same office: cashier2, accountant2. `officer` may do everything except
 * decide on what he asked for himself.
 */
const OFFICES: Readonly<Record<string, readonly Role[]>> = {
  officer: ["cashier", "superintendent", "accountant", "checker", "admin", "system"],
  cashier: ["cashier"],
  superintendent: ["superintendent"],
  accountant: ["accountant"],
  checker: ["checker"],
  approver: ["checker", "accountant", "superintendent"],
  auditor: ["auditor"],
  admin: ["admin"],
  portal: ["system"],
  bbps: ["system"],
  system: ["system"],
  citizen: ["citizen"],
};

/** Raises ScenarioFault for somebody who is not on the list. */
export function personOf(name: string): Actor {
  const office = name.toLowerCase().replace(/[-_ ]?(\d+|[a-c])$/, "");
  const roles = OFFICES[office];
  if (!roles)
    throw new ScenarioFault(
      `there is no person "${name}"; offices are ${Object.keys(OFFICES).join(", ")}, with a number for another person`,
    );
  return { id: name.toLowerCase() === "system" ? "system:scenario" : `${name.toLowerCase()}@demo`, roles };
}

export const asPerson = (stage: Stage, name: string): Who => ({ ulb: stage.ulb, actor: personOf(name) });

export async function act<T>(stage: Stage, name: string, deed: (tx: Tx) => Promise<T>): Promise<T> {
  return inTransaction(stage.world.app, asPerson(stage, name), deed);
}

/** Rows of a statement over the ULB ($1), read without row-level security: what is looked at must not depend on who looks. */
export async function rows<Row>(stage: Stage, sql: string, values: readonly unknown[] = []): Promise<Row[]> {
  const result = await stage.world.app.db.batch.query(sql, [stage.ulb.id, ...values]);
  return result.rows as Row[];
}

/** A bill by its name. Raises ScenarioFault. */
export function billOf(stage: Stage, name: Value | undefined, where: string): StageBill {
  const bill =
    typeof name === "string"
      ? (stage.bills.get(name) ?? [...stage.bills.values()].find((b) => b.account === name || b.consumerId === name))
      : undefined;
  if (!bill)
    throw new ScenarioFault(
      `${where}: there is no bill ${JSON.stringify(name)}; there are ${[...stage.bills.keys()].join(", ")}`,
    );
  return bill;
}

export function saveAll(
  stage: Stage,
  save: Value | undefined,
  from: unknown,
  where: string,
  at: (root: unknown, path: string) => unknown,
): void {
  if (save === undefined || save === null) return;
  if (typeof save === "string") {
    stage.vars.set(save, from as Value);
    return;
  }
  if (typeof save !== "object" || Array.isArray(save))
    throw new ScenarioFault(`${where}: save must be a name or {name: $.path}`);
  for (const [name, path] of Object.entries(save as Fields)) {
    const value = at(from, plain(path));
    if (value === undefined)
      throw new ScenarioFault(
        `${where}: there is nothing at ${plain(path)} to save as ${name}; it is ${plain(from).slice(0, 300)}`,
      );
    stage.vars.set(name, value as Value);
  }
}
