import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { VNode } from "preact";
import { findConsumers } from "../../../billing/index.ts";
import { atGatewayOf } from "../../../collections/index.ts";
import { listAccounts, postingAccount } from "../../../ledger/index.ts";
import { addMonths, formatDate, localDate, type LocalDate } from "../../../ledger/kernel/dates.ts";
import type { Refusal } from "../../../ledger/kernel/errors.ts";
import { isUuid } from "../../../ledger/kernel/ids.ts";
import { rupees, ZERO } from "../../../ledger/kernel/money.ts";
import type { Read, Who } from "../../../ledger/kernel/tx.ts";
import {
  acceptMatches,
  ADJUSTMENT_ROLES,
  approveBrs,
  approveResolution,
  assignException,
  bench,
  brs,
  brsIdentity,
  changedSince,
  checkBrs,
  DIFFERENCE_ROLES,
  exceptionCounts,
  getBankAccount,
  getException,
  importSettlementFile,
  learnedHeads,
  listBankAccounts,
  listExceptions,
  listMatches,
  listSignedBrs,
  matchLegs,
  openItems,
  pastCases,
  prepareBrs,
  proposalsOf,
  proposeResolution,
  readSignedBrs,
  reconcileAccount,
  rejectResolution,
  RESOLUTION_KINDS,
  signedBrsAt,
  splitMatch,
  threeWay,
  threeWayRows,
  threeWayTotals,
  undoMatch,
  unsettledPayments,
  withdrawBrs,
  withdrawResolution,
  type BankException,
  type BenchFilter,
  type ExceptionFilter,
  type Pairing,
  type Resolution,
  type SettlementFileReport,
} from "../../../reconciliation/index.ts";
import { apiErrors } from "../../errors.ts";
import { attempt, dateField, field, send, typedAmount, viewOf, type Desk } from "../kit.tsx";
import { READERS } from "../layout.tsx";
import { BenchPage, FILTERS, queryOf, type Typed } from "./bench.tsx";
import { BrsPage } from "./brs.tsx";
import { ExceptionPage, ExceptionsPage, type ExceptionSight } from "./exceptions.tsx";
import { holidayRoutes } from "./holidays.tsx";
import { ruleRoutes } from "./rules.tsx";
import { MatchesPage, MatchPage } from "./matches.tsx";
import { uploadOf } from "./upload.ts";
import { SettlementPage, SettlementsPage, STATES } from "./settlements.tsx";

const PAGE = 50;
type ByAccount = { Params: { account: string } };
type ById = { Params: { account: string; id: string } };

/** The person's side of reconciliation: bench, exceptions, matches, settlements, and the statement that is signed. */
export function bankDeskRoutes(web: FastifyInstance, desk: Desk): void {
  settlementRoutes(web, desk);
  holidayRoutes(web, desk);
  benchRoutes(web, desk);
  matchRoutes(web, desk);
  exceptionRoutes(web, desk);
  ruleRoutes(web, desk);
  brsRoutes(web, desk);
}

const canWrite = (who: Who): boolean => who.actor.roles.includes("accountant");
const typedOf = (from: unknown): Typed =>
  Object.fromEntries(FILTERS.map((f) => [f, field(from, f).slice(0, 80)])) as Typed;

/** Raises MONEY_FORMAT, MONEY_DECIMALS, DATE_FORMAT. */
function filterOf(typed: Typed): BenchFilter {
  return {
    ...(typed.kind === "" ? {} : { kind: typed.kind }),
    ...(typed.least === "" ? {} : { least: rupees(typedAmount(typed.least)) }),
    ...(typed.most === "" ? {} : { most: rupees(typedAmount(typed.most)) }),
    ...(typed.from === "" ? {} : { from: localDate(typed.from) }),
    ...(typed.to === "" ? {} : { to: localDate(typed.to) }),
    ...(typed.text === "" ? {} : { text: typed.text }),
    ...(/^\d{1,5}$/.test(typed.age) ? { age: Number(typed.age) } : {}),
  };
}

/** Names of ticked boxes behind a prefix: "l-0197…" gives "0197…". */
function ticked(body: unknown, prefix: string): string[] {
  return Object.keys((body ?? {}) as Record<string, unknown>)
    .flatMap((k) => (k.startsWith(prefix) ? [k.slice(prefix.length)] : []))
    .slice(0, 1000);
}

/** "<line> … entry:1:2 …": ids of items have a colon. */
const pairingOf = (id: string): Pairing => {
  const ids = id.split(" ").filter(Boolean).slice(0, 1000);
  return { lines: ids.filter((i) => !i.includes(":")), items: ids.filter((i) => i.includes(":")) };
};

// ---------------------------------------------------------------- the bench

function benchRoutes(web: FastifyInstance, desk: Desk): void {
  const show = async (
    request: FastifyRequest<ByAccount>,
    reply: FastifyReply,
    who: Who,
    typed: Typed,
    more: { readonly refusal?: Refusal; readonly ticked?: ReadonlySet<string>; readonly done?: VNode | undefined } = {},
  ): Promise<FastifyReply> => {
    const { account } = request.params;
    const from = request.method === "GET" ? request.query : undefined;
    const page = (name: string): string | undefined => field(from, name).slice(0, 2000) || undefined;
    const filter = await attempt(async () => Promise.resolve(filterOf(typed)));
    const found = await desk.read(who, (read) =>
      bench(read, account, filter.ok ? filter.value : {}, {
        limit: PAGE,
        linesAfter: page("linesAfter"),
        itemsAfter: page("itemsAfter"),
        proposalsAfter: page("proposalsAfter"),
      }),
    );
    const refusal = more.refusal ?? (filter.ok ? undefined : filter.refusal);
    return send(
      reply,
      <BenchPage
        view={viewOf(request, `/books/bank/${account}/bench?${queryOf(typed)}`)}
        bench={found}
        typed={typed}
        canWrite={canWrite(who)}
        {...more}
        refusal={refusal}
      />,
      refusal?.status ?? 200,
    );
  };

  web.get<ByAccount>("/books/bank/:account/bench", async (request, reply) => {
    const who = desk.need(request, ...READERS.books);
    const done = field(request.query, "done");
    const last = field(request.query, "match");
    return show(request, reply, who, typedOf(request.query), {
      done:
        done === "" ? undefined : (
          <>
            {done === "reconcile" ? "What its references prove is matched." : "The matches are written."}{" "}
            {isUuid(last) && (
              <a href={`/books/bank/${request.params.account}/matches/${last}`}>Look at it, or undo it</a>
            )}
          </>
        ),
    });
  });

  const steps: Record<
    string,
    (body: unknown) => { readonly pairings: readonly Pairing[]; readonly ticked: ReadonlySet<string> } | undefined
  > = {
    reconcile: () => undefined,
    accept: (body) => {
      const one = field(body, "one");
      const chosen = one === "" ? ticked(body, "p-") : [one];
      return { pairings: chosen.map(pairingOf), ticked: new Set() };
    },
    match: (body) => {
      const pairing = { lines: ticked(body, "l-"), items: ticked(body, "b-") };
      return { pairings: [pairing], ticked: new Set([...pairing.lines, ...pairing.items]) };
    },
  };
  for (const [name, step] of Object.entries(steps)) {
    web.post<ByAccount>(`/books/bank/:account/bench/${name}`, async (request, reply) => {
      const who = desk.need(request, "accountant");
      const { account } = request.params;
      const typed = typedOf(Object.fromEntries(new URLSearchParams(field(request.body, "back").slice(0, 1000))));
      const asked = step(request.body);
      const done = await attempt(() =>
        desk.write(who, async (tx): Promise<readonly string[]> => {
          if (asked === undefined) return (await reconcileAccount(tx, account)).confirmed.map((m) => m.matchId);
          // Everything on the page as it was drawn with these filters: what has come meanwhile is not accepted unseen.
          if (name === "accept" && field(request.body, "all") !== "") {
            const { proposals } = await bench(tx, account, filterOf(typed), { limit: PAGE, isFresh: true });
            return (await acceptMatches(tx, account, proposals.rows)).matchIds;
          }
          return (await acceptMatches(tx, account, asked.pairings)).matchIds;
        }),
      );
      if (done.ok)
        return reply.redirect(
          `/books/bank/${encodeURIComponent(account)}/bench?${queryOf(typed, { done: name, ...(done.value.length === 1 ? { match: done.value[0] ?? "" } : {}) })}`,
          303,
        );
      if (done.refusal.status === 404 && done.refusal.code === "BANK_ACCOUNT_UNKNOWN") throw done.refusal;
      return show(request, reply, who, typed, {
        refusal: done.refusal,
        ...(asked === undefined ? {} : { ticked: asked.ticked }),
      });
    });
  }
}

// ---------------------------------------------------------------- matches

function matchRoutes(web: FastifyInstance, desk: Desk): void {
  web.get<ByAccount>("/books/bank/:account/matches", async (request, reply) => {
    const who = desk.need(request, ...READERS.books);
    const { account } = request.params;
    const found = await desk.read(who, async (read) => ({
      bank: await getBankAccount(read, account),
      matches: await listMatches(read, account),
    }));
    const done = { undo: "The match is taken back.", split: "The match is split." }[field(request.query, "done")] ?? "";
    return send(reply, <MatchesPage view={viewOf(request)} {...found} done={done} />);
  });

  const show = async (
    request: FastifyRequest<ById>,
    reply: FastifyReply,
    who: Who,
    more: { readonly refusal?: Refusal; readonly typedReason?: string } = {},
  ): Promise<FastifyReply> => {
    const { account, id } = request.params;
    const found = await desk.read(who, async (read) => {
      const bank = await getBankAccount(read, account);
      const match = (await listMatches(read, account)).find((m) => m.id === id);
      return { bank, match, legs: await matchLegs(read, id) };
    });
    if (!found.match) throw apiErrors.PAGE_NOT_FOUND({ path: request.url.slice(0, 80) });
    return send(
      reply,
      <MatchPage
        view={viewOf(request, `/books/bank/${account}/matches/${id}`)}
        bank={found.bank}
        match={found.match}
        legs={found.legs}
        canWrite={canWrite(who)}
        {...more}
      />,
      more.refusal?.status ?? 200,
    );
  };
  web.get<ById>("/books/bank/:account/matches/:id", async (request, reply) =>
    show(request, reply, desk.need(request, ...READERS.books)),
  );
  for (const name of ["undo", "split"] as const) {
    web.post<ById>(`/books/bank/:account/matches/:id/${name}`, async (request, reply) => {
      const who = desk.need(request, "accountant");
      const { account, id } = request.params;
      const typedReason = field(request.body, name === "split" ? "splitReason" : "reason").slice(0, 500);
      const parts = new Map<string, { lines: string[]; items: string[] }>();
      for (const of of ticked(request.body, "part-")) {
        const part = field(request.body, `part-${of}`);
        const own = parts.get(part) ?? { lines: [], items: [] };
        own[of.includes(":") ? "items" : "lines"].push(of);
        parts.set(part, own);
      }
      const done = await attempt(() =>
        desk.write(who, async (tx): Promise<unknown> =>
          name === "undo" ? undoMatch(tx, id, typedReason) : splitMatch(tx, id, [...parts.values()], typedReason),
        ),
      );
      if (done.ok) return reply.redirect(`/books/bank/${encodeURIComponent(account)}/matches?done=${name}`, 303);
      if (done.refusal.code === "MATCH_UNKNOWN" && !isUuid(id)) throw done.refusal;
      return show(request, reply, who, { refusal: done.refusal, typedReason });
    });
  }
}

// ---------------------------------------------------------------- exceptions

function exceptionRoutes(web: FastifyInstance, desk: Desk): void {
  web.get<ByAccount>("/books/bank/:account/exceptions", async (request, reply) => {
    const who = desk.need(request, ...READERS.books);
    const { account } = request.params;
    const typed = {
      status: field(request.query, "status"),
      kind: field(request.query, "kind").slice(0, 40),
      text: field(request.query, "text").slice(0, 80),
      owner: field(request.query, "owner").slice(0, 100),
    };
    const [day = "", id = ""] = field(request.query, "after").split("_");
    const filter: ExceptionFilter = {
      account,
      limit: PAGE + 1,
      status: (["open", "proposed", "closed"] as const).find((s) => s === typed.status),
      isOverdue: typed.status === "overdue",
      ...(typed.kind === "" ? {} : { kind: typed.kind }),
      ...(typed.owner === "" ? {} : { owner: typed.owner }),
      text: typed.text,
      ...(/^\d{4}-\d{2}-\d{2}$/.test(day) && isUuid(id) ? { after: { dueOn: localDate(day), id } } : {}),
    };
    const found = await desk.read(who, async (read) => ({
      bank: await getBankAccount(read, account),
      exceptions: await listExceptions(read, filter),
      counts: await exceptionCounts(read, account),
    }));
    const exceptions = found.exceptions.slice(0, PAGE);
    const last = exceptions.at(-1);
    const here = `/books/bank/${account}/exceptions?${new URLSearchParams(typed).toString()}`;
    return send(
      reply,
      <ExceptionsPage
        view={viewOf(request)}
        bank={found.bank}
        counts={found.counts}
        exceptions={exceptions}
        typed={typed}
        today={desk.today()}
        first={id === "" ? undefined : here}
        next={found.exceptions.length > PAGE && last ? `${here}&after=${last.dueOn}_${last.id}` : undefined}
      />,
    );
  });

  const show = async (
    request: FastifyRequest<ById>,
    reply: FastifyReply,
    who: Who,
    refusal?: Refusal,
  ): Promise<FastifyReply> => {
    const { account, id } = request.params;
    const from: unknown = request.method === "GET" ? request.query : request.body;
    const typed = (name: string): string => field(from, name).slice(0, 500);
    const query = typed("q");
    const found = await desk.read(who, async (read) => ({
      sight: await sightOf(read, await getException(read, id)),
      consumers: query === "" ? [] : await findConsumers(read, { query, limit: 20 }),
    }));
    if (found.sight.bank.account !== account) throw apiErrors.PAGE_NOT_FOUND({ path: request.url.slice(0, 80) });
    const done =
      {
        propose: "It is proposed and waits for another person.",
        approve: "It is approved and posted.",
        assign: "Saved.",
      }[field(request.query, "done")] ?? "";
    return send(
      reply,
      <ExceptionPage
        view={viewOf(request, `/books/bank/${account}/exceptions/${id}`)}
        who={who}
        {...found}
        kind={RESOLUTION_KINDS.find((k) => k === typed("template"))}
        typed={typed}
        done={done}
        refusal={refusal}
      />,
      refusal?.status ?? 200,
    );
  };
  web.get<ById>("/books/bank/:account/exceptions/:id", async (request, reply) =>
    show(request, reply, desk.need(request, ...READERS.books)),
  );

  const steps = {
    propose: ["accountant"],
    assign: ["accountant"],
    withdraw: ["accountant"],
    approve: ["checker"],
    reject: ["checker"],
  } as const;
  for (const name of Object.keys(steps) as (keyof typeof steps)[]) {
    web.post<ById>(`/books/bank/:account/exceptions/:id/${name}`, async (request, reply) => {
      const who = desk.need(request, ...steps[name]);
      const { account, id } = request.params;
      const reason = field(request.body, "reason").slice(0, 500);
      const done = await attempt(() =>
        desk.write(who, async (tx): Promise<unknown> => {
          switch (name) {
            case "propose":
              return proposeResolution(tx, { exceptionId: id, resolution: resolutionOf(request.body), reason });
            case "assign": {
              const text = (n: string): string | null => field(request.body, n).slice(0, 500) || null;
              const dueOn = localDate(field(request.body, "dueOn"));
              return assignException(tx, id, { owner: text("owner"), dueOn, note: text("note") });
            }
            case "approve":
              return approveResolution(tx, id);
            case "reject":
              return rejectResolution(tx, id, reason);
            case "withdraw":
              return withdrawResolution(tx, id, reason);
          }
        }),
      );
      if (done.ok)
        return reply.redirect(`/books/bank/${encodeURIComponent(account)}/exceptions/${id}?done=${name}`, 303);
      if (done.refusal.code === "EXCEPTION_NOT_FOUND") throw done.refusal;
      return show(request, reply, who, done.refusal);
    });
  }
}

/** What the form says. Raises MONEY_FORMAT, MONEY_DECIMALS. What it leaves open is refused when it is tried out. */
function resolutionOf(body: unknown): Resolution {
  const kind = RESOLUTION_KINDS.find((k) => k === field(body, "template")) ?? "bank-error";
  const text = (name: string): string => field(body, name).slice(0, 200);
  const amount = (name: string) => (text(name) === "" ? ZERO : rupees(typedAmount(text(name))));
  switch (kind) {
    case "named-head":
      return { kind, account: text("account"), ...(text("function") === "" ? {} : { function: text("function") }) };
    case "receipt":
      return { kind, consumerId: text("consumerId"), utr: text("utr").toUpperCase() };
    case "cheque-returned":
      return {
        kind,
        instrumentId: text("instrumentId"),
        bankCharge: amount("bankCharge"),
        payerCharge: amount("payerCharge"),
      };
    case "difference":
      return {
        kind,
        items: ticked(body, "b-"),
        role: DIFFERENCE_ROLES.find((r) => r === text("role")) ?? "bank-claims",
      };
    case "wrong-account": {
      const [otherAccount = "", otherItem = ""] = text("other").split(" ");
      return { kind, otherAccount, otherItem };
    }
    case "settlement-adjusted":
      return { kind, role: ADJUSTMENT_ROLES.find((r) => r === text("role")) ?? "bank-claims" };
    default:
      return { kind };
  }
}

const MOST_ITEMS = 50;

/** What a person needs to see to find the way out. Raises BANK_ACCOUNT_UNKNOWN. */
async function sightOf(read: Read, exception: BankException): Promise<ExceptionSight> {
  const accounts = await listBankAccounts(read);
  const bank = await getBankAccount(read, exception.account);
  const size = (amount: bigint): bigint => (amount < 0n ? -amount : amount);
  const isLine = exception.subject === "line" && exception.status === "open";
  const horizon: LocalDate = addMonths(exception.date, 24);
  const own = isLine ? await openItems(read, bank.account, horizon) : [];
  const near = own
    .filter((i) => i.amount > 0n === exception.amount > 0n)
    .sort((a, b) => {
      const rank = (i: { readonly id: string; readonly amount: bigint }): bigint =>
        exception.candidates.includes(i.id) ? -1n : size(i.amount - exception.amount);
      return rank(a) < rank(b) ? -1 : rank(a) > rank(b) ? 1 : a.id < b.id ? -1 : 1;
    })
    .slice(0, MOST_ITEMS);
  const elsewhere: ExceptionSight["elsewhere"][number][] = [];
  if (isLine)
    for (const { account } of accounts)
      if (account !== bank.account)
        for (const i of await openItems(read, account, horizon))
          if (i.amount === exception.amount && "entryId" in i.of) elsewhere.push({ ...i, account });
  const cheques =
    isLine && exception.amount < 0n
      ? await read.query<{ id: string; number: string; receipt: string; payer: string; on: LocalDate }>(
          `select i.instrument_id::text as id, i.number, coalesce('receipt ' || r.fy || '/' || r.number, 'acknowledgement ' || a.fy || '/' || a.number) as receipt,
             coalesce(r.payer_name, a.payer_name) as payer, m.deposited_on as on
           from collections.instruments i
           left join collections.receipts r on r.ulb_id = i.ulb_id and r.receipt_id = i.receipt_id
           left join collections.acknowledgements a on a.ulb_id = i.ulb_id and a.ack_id = i.ack_id
           join collections.remittances m on m.ulb_id = i.ulb_id and m.remittance_id = i.remittance_id
           where i.ulb_id = :ulb and i.kind in ('cheque', 'dd', 'postal-order') and i.status in ('deposited', 'cleared')
             and i.share_no = 0 and m.bank_account = :account and m.deposited_on <= :day::date and i.amount <= :most::bigint
           order by (i.number <> '' and position(i.number in :words) > 0) desc, (i.amount = :most::bigint) desc, m.deposited_on desc
           limit 20`,
          {
            ulb: read.ulb.id,
            account: bank.account,
            most: size(exception.amount),
            day: exception.date,
            words: `${exception.particulars} ${exception.reference}`,
          },
        )
      : [];
  return {
    bank,
    exception,
    proposals: await proposalsOf(read, exception.id),
    items: near,
    elsewhere: elsewhere.slice(0, MOST_ITEMS),
    cheques: cheques.map((c) => ({
      id: c.id,
      label: `${c.number}, ${c.payer}, ${c.receipt}, deposited ${formatDate(c.on)}`,
    })),
    learned: isLine
      ? learnedHeads(await pastCases(read, bank.account), [
          { id: exception.subjectId, amount: exception.amount, narration: exception.particulars },
        ])[0]
      : undefined,
    names: new Map((await listAccounts(read)).map((a) => [a.code, a.name])),
  };
}

// ---------------------------------------------------------------- settlements

function settlementRoutes(web: FastifyInstance, desk: Desk): void {
  const show = async (
    request: FastifyRequest,
    reply: FastifyReply,
    who: Who,
    more: { readonly report?: SettlementFileReport; readonly refusal?: Refusal } = {},
  ): Promise<FastifyReply> => {
    const to = dateField(request.query, "to", desk.today());
    const range = { from: dateField(request.query, "from", addMonths(to, -3)), to };
    const state = (Object.keys(STATES) as (keyof typeof STATES)[]).find((s) => s === field(request.query, "state"));
    const [day = "", id = ""] = field(request.query, "after").split(".");
    const unsettledAfter = field(request.query, "payments").slice(0, 40);
    const found = await desk.read(who, async (read) => ({
      totals: await threeWayTotals(read),
      settlements: await threeWay(read, {
        ...range,
        state,
        limit: PAGE + 1,
        ...(/^\d{4}-\d{2}-\d{2}$/.test(day) ? { after: { settledOn: localDate(day), id } } : {}),
      }),
      unsettled: await unsettledPayments(read, {
        limit: PAGE + 1,
        after: unsettledAfter === "" ? undefined : unsettledAfter,
      }),
    }));
    const settlements = found.settlements.slice(0, PAGE);
    const unsettled = found.unsettled.slice(0, PAGE);
    const last = settlements.at(-1);
    const here = `/books/bank/settlements?from=${range.from}&to=${range.to}&state=${state ?? ""}`;
    return send(
      reply,
      <SettlementsPage
        view={viewOf(request, here)}
        range={range}
        state={state ?? ""}
        totals={found.totals}
        settlements={settlements}
        unsettled={unsettled}
        moreUnsettled={
          found.unsettled.length > PAGE ? `${here}&payments=${unsettled.at(-1)?.paymentId ?? ""}` : undefined
        }
        first={day === "" ? undefined : here}
        next={found.settlements.length > PAGE && last ? `${here}&after=${last.settledOn}.${last.id}` : undefined}
        canWrite={canWrite(who)}
        {...more}
      />,
      more.refusal?.status ?? (more.report?.status === "refused" ? 422 : 200),
    );
  };
  web.get("/books/bank/settlements", async (request, reply) =>
    show(request, reply, desk.need(request, ...READERS.books)),
  );

  web.post("/books/bank/settlements/import", { config: { isUpload: true } }, async (request, reply) => {
    const who = desk.need(request, "accountant");
    const upload = await uploadOf(request);
    // The token came among the parts, so it is checked here and not before.
    Object.assign(request, { body: upload.fields });
    desk.session.checkCsrf(request);
    const app = await atGatewayOf(desk.app, who.ulb);
    const done = await attempt(() => importSettlementFile(app, who, { content: upload.content.toString("utf8") }));
    return show(request, reply, who, done.ok ? { report: done.value } : { refusal: done.refusal });
  });

  web.get<{ Params: { id: string } }>("/books/bank/settlements/:id", async (request, reply) => {
    const who = desk.need(request, ...READERS.books);
    const id = request.params.id.slice(0, 60).replaceAll("\0", "");
    const after = field(request.query, "after").slice(0, 60);
    const found = await desk.read(who, async (read) => {
      const [settlement] = await threeWay(read, { from: localDate("2000-01-01"), to: localDate("2999-12-31"), id });
      return (
        settlement && {
          settlement,
          rows: await threeWayRows(read, id, { limit: PAGE + 1, after: after === "" ? undefined : after }),
          bank: await postingAccount(read, "bank-main"),
        }
      );
    });
    if (!found) throw apiErrors.PAGE_NOT_FOUND({ path: `/books/bank/settlements/${id.slice(0, 40)}` });
    const rows = found.rows.slice(0, PAGE);
    const next =
      found.rows.length > PAGE ? `/books/bank/settlements/${id}?after=${rows.at(-1)?.entityId ?? ""}` : undefined;
    return send(
      reply,
      <SettlementPage view={viewOf(request)} settlement={found.settlement} rows={rows} bank={found.bank} next={next} />,
    );
  });
}

// ---------------------------------------------------------------- the statement

function brsRoutes(web: FastifyInstance, desk: Desk): void {
  const show = async (
    request: FastifyRequest<ByAccount>,
    reply: FastifyReply,
    who: Who,
    on: LocalDate,
    refusal?: Refusal,
  ): Promise<FastifyReply> => {
    const { account } = request.params;
    const found = await desk.read(who, async (read) => {
      const signed = await signedBrsAt(read, account, on);
      // What is approved is shown as it was approved; what still waits, as it is now.
      const statement =
        signed?.status === "approved" ? (await readSignedBrs(read, signed.id)).statement : await brs(read, account, on);
      return {
        signed,
        statement,
        identity: await brsIdentity(read, statement, on),
        change: signed && (await changedSince(read, signed)),
        earlier: await listSignedBrs(read, account),
      };
    });
    return send(
      reply,
      <BrsPage view={viewOf(request, `/books/bank/${account}/brs?on=${on}`)} who={who} {...found} refusal={refusal} />,
      refusal?.status ?? 200,
    );
  };
  web.get<ByAccount>("/books/bank/:account/brs", async (request, reply) => {
    const who = desk.need(request, ...READERS.books);
    return show(request, reply, who, dateField(request.query, "on", desk.today()));
  });
  const steps = {
    prepare: ["accountant"],
    check: ["accountant", "checker"],
    approve: ["checker"],
    withdraw: ["accountant", "checker"],
  } as const;
  for (const name of Object.keys(steps) as (keyof typeof steps)[]) {
    web.post<ByAccount>(`/books/bank/:account/brs/${name}`, async (request, reply) => {
      const who = desk.need(request, ...steps[name]);
      const { account } = request.params;
      const on = dateField(request.body, "on", desk.today());
      const done = await attempt(() =>
        desk.write(who, async (tx): Promise<unknown> => {
          if (name === "prepare") return prepareBrs(tx, account, on);
          const signed = await signedBrsAt(tx, account, on);
          const id = signed?.id ?? "";
          if (name === "check") return checkBrs(tx, id);
          return name === "approve" ? approveBrs(tx, id) : withdrawBrs(tx, id, field(request.body, "reason"));
        }),
      );
      if (done.ok) return reply.redirect(`/books/bank/${encodeURIComponent(account)}/brs?on=${on}`, 303);
      if (done.refusal.status === 404) throw done.refusal;
      return show(request, reply, who, on, done.refusal);
    });
  }
}
