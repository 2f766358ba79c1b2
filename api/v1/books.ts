import Type from "typebox";
import {
  accountStatement,
  closePeriod,
  dayBook,
  getAccount,
  getEntry,
  listAccounts,
  listPeriods,
  periodStatus,
  reopenPeriod,
  trialBalance,
  trialBalanceTotals,
  type StatementCursor,
} from "../../ledger/index.ts";
import { closeChecks } from "../close-checks.ts";
import { paise, toRupees } from "../../ledger/kernel/money.ts";
import { inDryRun, inSnapshot } from "../../ledger/kernel/tx.ts";
import { decodeCursor, encodeCursor } from "./cursor.ts";
import { doOnce, send, type Answer } from "./idempotency.ts";
import { answers, callerOf, doc, OptionalIdempotencyHeader, WHO, type Routes } from "./route.ts";
import {
  AccountCode,
  AccountSchema,
  Cursor,
  dateOf,
  EntryId,
  EntrySchema,
  IsoDate,
  Limit,
  limitOf,
  LineSchema,
  Money,
  MonthText,
  monthOf,
  Nullable,
  Page,
  PeriodSchema,
  Shared,
  YesNo,
} from "./schemas.ts";
import { entryView, lineView, periodView } from "./views.ts";

const Range = { from: IsoDate, to: IsoDate };
const DATE = /^\d{4}-\d{2}-\d{2}$/;
const DIGITS = /^\d{1,18}$/;

export const bookRoutes: Routes = (server, { app }) => {
  server.route({
    method: "GET",
    url: "/journal-entries",
    config: { roles: WHO.books },
    schema: {
      ...doc({
        tag: "Journal",
        summary: "List journal entries",
        description: "The day book: entries of the dates in order of date and posting, each with its lines.",
        roles: WHO.books,
      }),
      querystring: Type.Object({ ...Range, limit: Limit(100, 500), cursor: Cursor }, { additionalProperties: false }),
      response: answers({ status: 200, description: "Entries", schema: Page(Shared(EntrySchema)) }, [
        "CURSOR_INVALID",
        "DATE_FORMAT",
      ]),
    },
    handler: async (request) => {
      const limit = limitOf(request.query.limit, 100, 500);
      const [date, id] = request.query.cursor === undefined ? [] : decodeCursor(request.query.cursor, DATE, DIGITS);
      const range = { from: dateOf(request.query.from), to: dateOf(request.query.to) };
      return inSnapshot(app, callerOf(request), async (read) => {
        const entries = await dayBook(read, {
          ...range,
          ...(date === undefined || id === undefined ? {} : { after: { date: dateOf(date), id: BigInt(id) } }),
          limit,
        });
        const last = entries.at(-1);
        return {
          items: entries.map(entryView),
          next: entries.length === limit && last ? encodeCursor([last.date, String(last.id)]) : null,
        };
      });
    },
  });

  server.route({
    method: "GET",
    url: "/journal-entries/:id",
    config: { roles: WHO.books },
    schema: {
      ...doc({
        tag: "Journal",
        summary: "Get a journal entry",
        description: "With its lines, its source, and the entries it reverses or is reversed by.",
        roles: WHO.books,
      }),
      params: Type.Object({ id: EntryId }),
      response: answers({ status: 200, description: "The entry", schema: Shared(EntrySchema) }, ["ENTRY_NOT_FOUND"]),
    },
    handler: async (request) =>
      inSnapshot(app, callerOf(request), async (read) => entryView(await getEntry(read, BigInt(request.params.id)))),
  });

  server.route({
    method: "GET",
    url: "/accounts",
    config: { roles: WHO.books },
    schema: {
      ...doc({
        tag: "Accounts",
        summary: "List the chart of accounts",
        description: "In order of code.",
        roles: WHO.books,
      }),
      querystring: Type.Object(
        {
          posting: YesNo("true: only accounts to which entries are posted."),
          query: Type.Optional(
            Type.String({ maxLength: 100, description: "The beginning of a code, or a part of a name." }),
          ),
          limit: Limit(200, 1000),
          cursor: Cursor,
        },
        { additionalProperties: false },
      ),
      response: answers({ status: 200, description: "Accounts", schema: Page(Shared(AccountSchema)) }, [
        "CURSOR_INVALID",
      ]),
    },
    handler: async (request) => {
      const { posting, query, cursor } = request.query;
      const limit = limitOf(request.query.limit, 200, 1000);
      const after = cursor === undefined ? "" : (decodeCursor(cursor, /^\d{1,9}$/)[0] ?? "");
      const wanted = query?.toLowerCase();
      const all = await inSnapshot(app, callerOf(request), listAccounts);
      const fitting = all.filter(
        (a) =>
          a.code > after &&
          (posting === undefined || String(a.isPosting) === posting) &&
          (wanted === undefined || a.code.startsWith(wanted) || a.name.toLowerCase().includes(wanted)),
      );
      const items = fitting.slice(0, limit);
      const last = items.at(-1);
      return { items, next: fitting.length > limit && last ? encodeCursor([last.code]) : null };
    },
  });

  server.route({
    method: "GET",
    url: "/accounts/:code",
    config: { roles: WHO.books },
    schema: {
      ...doc({ tag: "Accounts", summary: "Get an account", description: "One head of the chart.", roles: WHO.books }),
      params: Type.Object({ code: AccountCode }),
      response: answers({ status: 200, description: "The account", schema: Shared(AccountSchema) }, [
        "ACCOUNT_NOT_FOUND",
      ]),
    },
    handler: async (request) => inSnapshot(app, callerOf(request), (read) => getAccount(read, request.params.code)),
  });

  server.route({
    method: "GET",
    url: "/accounts/:code/statement",
    config: { roles: WHO.books },
    schema: {
      ...doc({
        tag: "Accounts",
        summary: "Get the statement of an account",
        description: "Opening balance, lines in order of date, the balance after each. Balances are debit positive.",
        roles: WHO.books,
      }),
      params: Type.Object({ code: AccountCode }),
      querystring: Type.Object({ ...Range, limit: Limit(200, 1000), cursor: Cursor }, { additionalProperties: false }),
      response: answers(
        {
          status: 200,
          description: "A page of the statement",
          schema: Type.Object({
            account: Shared(AccountSchema),
            opening: Money,
            items: Type.Array(
              Type.Object({
                entryId: Type.String(),
                number: Type.String(),
                date: IsoDate,
                narration: Type.String(),
                line: Shared(LineSchema),
                balance: Money,
              }),
            ),
            closing: Money,
            next: Nullable(Type.String()),
          }),
        },
        ["ACCOUNT_NOT_FOUND", "CURSOR_INVALID", "DATE_FORMAT"],
      ),
    },
    handler: async (request) => {
      const { cursor } = request.query;
      const range = { from: dateOf(request.query.from), to: dateOf(request.query.to) };
      const statement = await inSnapshot(app, callerOf(request), (read) =>
        accountStatement(read, {
          account: request.params.code,
          ...range,
          ...(cursor === undefined ? {} : { after: statementCursor(cursor) }),
          limit: limitOf(request.query.limit, 200, 1000),
        }),
      );
      const { next } = statement;
      return {
        account: statement.account,
        opening: toRupees(statement.opening),
        items: statement.lines.map((l) => ({
          entryId: String(l.entryId),
          number: l.number,
          date: l.date,
          narration: l.narration,
          line: lineView(l),
          balance: toRupees(l.balance),
        })),
        closing: toRupees(statement.lines.at(-1)?.balance ?? statement.opening),
        next: next ? encodeCursor([next.date, String(next.entryId), String(next.lineNo), String(next.balance)]) : null,
      };
    },
  });

  server.route({
    method: "GET",
    url: "/trial-balance",
    config: { roles: WHO.books },
    schema: {
      ...doc({
        tag: "Accounts",
        summary: "Get the trial balance",
        description:
          "Opening, movement and closing of every account that has any of them, with totals; debits equal credits in each pair. Of one fund if one is named.",
        roles: WHO.books,
      }),
      querystring: Type.Object(
        { ...Range, fund: Type.Optional(Type.String({ pattern: "^[0-9A-Za-z-]{1,20}$", examples: ["01"] })) },
        { additionalProperties: false },
      ),
      response: answers(
        {
          status: 200,
          description: "The trial balance",
          schema: Type.Object({
            from: IsoDate,
            to: IsoDate,
            fund: Nullable(Type.String()),
            rows: Type.Array(Type.Object({ code: Type.String(), name: Type.String(), ...balanceFields() })),
            totals: Type.Object(balanceFields()),
          }),
        },
        ["DATE_FORMAT"],
      ),
    },
    handler: async (request) => {
      const range = { from: dateOf(request.query.from), to: dateOf(request.query.to) };
      const { fund } = request.query;
      const rows = await inSnapshot(app, callerOf(request), (read) => trialBalance(read, { ...range, fund }));
      return {
        ...range,
        fund: fund ?? null,
        rows: rows.map((r) => ({ code: r.code, name: r.name, ...balances(r) })),
        totals: balances(trialBalanceTotals(rows)),
      };
    },
  });

  server.route({
    method: "GET",
    url: "/periods",
    config: { roles: WHO.books },
    schema: {
      ...doc({
        tag: "Periods",
        summary: "List periods",
        description: "All months of the books, oldest first.",
        roles: WHO.books,
      }),
      response: answers({ status: 200, description: "Periods", schema: Page(Shared(PeriodSchema)) }, []),
    },
    handler: async (request) => ({
      items: (await inSnapshot(app, callerOf(request), listPeriods)).map(periodView),
      next: null,
    }),
  });

  const periodAnswer = Type.Object({ dryRun: Type.Boolean(), period: Shared(PeriodSchema) });

  server.route({
    method: "POST",
    url: "/periods/:period/close",
    config: { roles: WHO.closes },
    schema: {
      ...doc({
        tag: "Periods",
        summary: "Close a month",
        description:
          "Runs the checks of every room; all problems are listed, or the month is closed and nothing dated in it is posted from then on. " +
          "A dry run does the same and takes it back.",
        roles: WHO.closes,
      }),
      params: Type.Object({ period: MonthText }),
      headers: OptionalIdempotencyHeader,
      body: Type.Object(
        { dryRun: Type.Optional(Type.Boolean()) },
        { additionalProperties: false, examples: [{ dryRun: true }, {}] },
      ),
      response: answers({ status: 200, description: "The period", schema: periodAnswer }, [
        "PERIOD_FORMAT",
        "PERIOD_MISSING",
        "PERIOD_NOT_OPEN",
        "PERIOD_CLOSE_REFUSED",
        "IDEMPOTENCY_KEY_REUSED",
        "IDEMPOTENCY_KEY_BUSY",
      ]),
    },
    handler: async (request, reply) => {
      const month = monthOf(request.params.period);
      const who = callerOf(request);
      const deed =
        (dryRun: boolean) =>
        async (tx: Parameters<typeof closePeriod>[0]): Promise<Answer> => {
          await closePeriod(tx, month, closeChecks);
          return { status: 200, body: { dryRun, period: periodView(await periodStatus(tx, month)) } };
        };
      if (request.body.dryRun) return (await inDryRun(app, who, deed(true))).body;
      return send(reply, await doOnce(app, who, request, deed(false)));
    },
  });

  server.route({
    method: "POST",
    url: "/periods/:period/reopen",
    config: { roles: WHO.decides },
    schema: {
      ...doc({
        tag: "Periods",
        summary: "Reopen a month",
        description: "With a reason that stays on record.",
        roles: WHO.decides,
      }),
      params: Type.Object({ period: MonthText }),
      headers: OptionalIdempotencyHeader,
      body: Type.Object(
        { reason: Type.String({ maxLength: 1000 }), dryRun: Type.Optional(Type.Boolean()) },
        { additionalProperties: false, examples: [{ reason: "bank charges of July were found in the statement" }] },
      ),
      response: answers({ status: 200, description: "The period", schema: periodAnswer }, [
        "PERIOD_FORMAT",
        "PERIOD_MISSING",
        "PERIOD_NOT_CLOSED",
        "REASON_MISSING",
        "IDEMPOTENCY_KEY_REUSED",
        "IDEMPOTENCY_KEY_BUSY",
      ]),
    },
    handler: async (request, reply) => {
      const month = monthOf(request.params.period);
      const who = callerOf(request);
      const deed =
        (dryRun: boolean) =>
        async (tx: Parameters<typeof closePeriod>[0]): Promise<Answer> => {
          await reopenPeriod(tx, month, request.body.reason);
          return { status: 200, body: { dryRun, period: periodView(await periodStatus(tx, month)) } };
        };
      if (request.body.dryRun) return (await inDryRun(app, who, deed(true))).body;
      return send(reply, await doOnce(app, who, request, deed(false)));
    },
  });
};

type Column = "openDebit" | "openCredit" | "debit" | "credit" | "closeDebit" | "closeCredit";

function balanceFields() {
  return { openDebit: Money, openCredit: Money, debit: Money, credit: Money, closeDebit: Money, closeCredit: Money };
}

function balances(row: { readonly [K in Column]: Parameters<typeof toRupees>[0] }) {
  return {
    openDebit: toRupees(row.openDebit),
    openCredit: toRupees(row.openCredit),
    debit: toRupees(row.debit),
    credit: toRupees(row.credit),
    closeDebit: toRupees(row.closeDebit),
    closeCredit: toRupees(row.closeCredit),
  };
}

function statementCursor(cursor: string): StatementCursor {
  const [date = "", entryId = "", lineNo = "", balance = ""] = decodeCursor(
    cursor,
    DATE,
    DIGITS,
    /^\d{1,5}$/,
    /^-?\d{1,19}$/,
  );
  return { date: dateOf(date), entryId: BigInt(entryId), lineNo: Number(lineNo), balance: paise(BigInt(balance)) };
}
