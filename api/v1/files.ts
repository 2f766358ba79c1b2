import type { FastifyRequest } from "fastify";
import Type, { type Static } from "typebox";
import { CONSUMER_CSV, DEMAND_CSV, importConsumers, importDemands, type ImportReport } from "../../billing/index.ts";
import { inDryRun, inSnapshot, type Tx } from "../../ledger/kernel/tx.ts";
import { toRupees } from "../../ledger/kernel/money.ts";
import {
  bankLines,
  brs,
  importStatement,
  listBankAccounts,
  listStatements,
  brsForm,
  reconcileAccount,
  type BankReconciliation,
  type StatementReport,
} from "../../reconciliation/index.ts";
import { decodeCursor, encodeCursor } from "./cursor.ts";
import { v1Errors } from "./errors.ts";
import { answerOnce, doOnce, send, type Answer } from "./idempotency.ts";
import { withProblems } from "./problems.ts";
import {
  answers,
  callerOf,
  doc,
  IdempotencyHeader,
  OptionalIdempotencyHeader,
  WHO,
  type Routes,
  type V1Context,
  KEY_REFUSALS,
} from "./route.ts";
import {
  AccountCode,
  amountOf,
  Cursor,
  dateOf,
  ImportSchema,
  IsoDate,
  Limit,
  limitOf,
  Moment,
  Money,
  Nullable,
  Page,
  Shared,
  Uuid,
  YesNo,
} from "./schemas.ts";
import { importView } from "./views.ts";

/** Files are bytes, read by the room that knows their form; above this they are split by whoever makes them. */
export const MAX_CSV_BYTES = 64 * 1024 * 1024;
const FileQuery = {
  fileName: Type.Optional(Type.String({ minLength: 1, maxLength: 200, examples: ["demands-2026-27.csv"] })),
  dryRun: YesNo("true: the file is read and checked whole, and everything it would write is taken back."),
};
const csvBody = (columns: readonly string[], example: string) =>
  Type.Unsafe<Buffer>({
    contentMediaType: "text/csv",
    description: `UTF-8 with a header row; columns: ${columns.join(", ")}.`,
    examples: [`${columns.join(",")}\n${example}\n`],
  });

type Importer = (tx: Tx, bytes: AsyncIterable<Uint8Array>, fileName: string) => Promise<ImportReport>;

/** A fresh reader for every attempt of the transaction. */
async function* once(bytes: Buffer): AsyncGenerator<Uint8Array> {
  await Promise.resolve();
  yield bytes;
}

/** Imports all of the file or nothing; a refused file is answered with every bad row. */
async function runImport(
  { app }: V1Context,
  request: FastifyRequest & {
    readonly body: Buffer;
    readonly query: { readonly dryRun?: string; readonly fileName?: string };
  },
  fallbackName: string,
  importer: Importer,
) {
  const fileName = request.query.fileName ?? fallbackName;
  const dryRun = request.query.dryRun === "true";
  const deed = async (tx: Tx): Promise<Answer> => {
    const report = await importer(tx, once(request.body), fileName);
    if (report.status === "refused") {
      const all = report.problems.length + report.moreProblems;
      throw withProblems(
        v1Errors.IMPORT_REFUSED({ file: fileName, problems: all, first: report.problems[0]?.message ?? "" }),
        report.problems,
      );
    }
    return { status: 200, body: importView(report, dryRun) };
  };
  const who = callerOf(request);
  if (dryRun) {
    const answer = await inDryRun(app, who, deed);
    return { status: answer.status, text: JSON.stringify(answer.body), headers: {}, isReplay: false };
  }
  return doOnce(app, who, request, deed);
}

export const importRoutes: Routes = (server, context) => {
  server.route({
    method: "POST",
    url: "/imports/consumers",
    config: { roles: WHO.imports },
    bodyLimit: MAX_CSV_BYTES,
    schema: {
      ...doc({
        tag: "Imports",
        summary: "Import consumers",
        description:
          "All or nothing; every bad row is listed with line, column and rule. The same file again adds nothing and says so.",
        roles: WHO.imports,
      }),
      consumes: ["text/csv"],
      headers: OptionalIdempotencyHeader,
      querystring: Type.Object(FileQuery, { additionalProperties: false }),
      body: csvBody(CONSUMER_CSV, "property-tax,PT-01-000123,Test Owner,,9876500000,,12 Test Road,W01"),
      response: answers({ status: 200, description: "What became of the file", schema: Shared(ImportSchema) }, [
        "IMPORT_REFUSED",
        ...KEY_REFUSALS,
      ]),
    },
    handler: async (request, reply) =>
      send(
        reply,
        await runImport(context, request, "consumers.csv", (tx, bytes, fileName) =>
          importConsumers(tx, bytes, { fileName }),
        ),
      ),
  });

  server.route({
    method: "POST",
    url: "/imports/demands",
    config: { roles: WHO.imports },
    bodyLimit: MAX_CSV_BYTES,
    schema: {
      ...doc({
        tag: "Imports",
        summary: "Import demands",
        description:
          "Raises the demands of the file with one summarised entry per batch: all or nothing. Demands of years before the books start are opening receivables.",
        roles: WHO.imports,
      }),
      consumes: ["text/csv"],
      headers: IdempotencyHeader,
      querystring: Type.Object({ ...FileQuery, date: Type.Optional(IsoDate) }, { additionalProperties: false }),
      body: csvBody(DEMAND_CSV, "property-tax,PT-01-000123,2026-04-01,2026-09-30,2026-27,2026-09-30,PT_TAX,1100.00"),
      response: answers({ status: 200, description: "What became of the file", schema: Shared(ImportSchema) }, [
        "IMPORT_REFUSED",
        "IDEMPOTENCY_KEY_MISSING",
        ...KEY_REFUSALS,
        "DATE_FORMAT",
        "PERIOD_MISSING",
        "PERIOD_CLOSED",
      ]),
    },
    handler: async (request, reply) => {
      const { date } = request.query;
      return send(
        reply,
        await runImport(context, request, "demands.csv", (tx, bytes, fileName) =>
          importDemands(tx, bytes, { fileName, ...(date === undefined ? {} : { date: dateOf(date) }) }),
        ),
      );
    },
  });
};

const BankAccountView = Type.Object({
  account: AccountCode,
  bank: Type.String(),
  branch: Type.String(),
  name: Type.String(),
  numberMasked: Type.String({ examples: ["XXXXXXXX1234"] }),
  fund: Type.String(),
  profile: Nullable(Type.String()),
});

/** What became of a statement, by whatever way its file came in. */
export const ImportedStatement = Type.Object({
  status: Type.String({ description: "imported, or unchanged: nothing in it was new" }),
  profile: Type.String(),
  from: IsoDate,
  to: IsoDate,
  opening: Money,
  closing: Money,
  linesInFile: Type.Integer(),
  linesAdded: Type.Integer(),
});
const StatementAnswer = Type.Object({ ...ImportedStatement.properties, dryRun: Type.Boolean() });

/** The answer to an import. Raises IMPORT_REFUSED with every problem of the file: nothing of it was kept. */
export function importedStatement(report: StatementReport, file: string): Static<typeof ImportedStatement> {
  if (report.status === "refused")
    throw withProblems(
      v1Errors.IMPORT_REFUSED({
        file,
        problems: report.problems.length,
        first: report.problems[0]?.message ?? "",
      }),
      report.problems,
    );
  return {
    status: report.status,
    profile: report.profile,
    from: report.from,
    to: report.to,
    opening: toRupees(report.opening),
    closing: toRupees(report.closing),
    linesInFile: report.linesInFile,
    linesAdded: report.linesAdded,
  };
}

const BrsAnswer = Type.Object({
  account: AccountCode,
  bank: Type.String(),
  asOf: IsoDate,
  statementTo: IsoDate,
  form: Type.Array(Type.Object({ letter: Type.String({ examples: ["A"] }), label: Type.String(), amount: Money }), {
    description: "The lines of the form, A to M; M is what stays unexplained.",
  }),
  bookBalance: Money,
  groups: Type.Array(
    Type.Object({
      key: Type.String(),
      label: Type.String(),
      total: Money,
      items: Type.Array(
        Type.Object({
          id: Type.String(),
          date: IsoDate,
          amount: Money,
          voucher: Type.String(),
          reference: Type.String(),
          text: Type.String(),
          ageDays: Type.Integer(),
          isStale: Type.Boolean(),
        }),
      ),
    }),
  ),
  computedBalance: Money,
  statementBalance: Money,
  difference: Money,
  isProved: Type.Boolean(),
  settlementsInTransit: Money,
  chequesInClearing: Type.Array(
    Type.Object({
      date: IsoDate,
      reference: Type.String(),
      voucher: Type.String(),
      amount: Money,
      ageDays: Type.Integer(),
    }),
    {
      description:
        "Deposited, neither credited nor returned, and in a head of their own: a memorandum, no item of the form.",
    },
  ),
});

function brsView(b: BankReconciliation): Static<typeof BrsAnswer> {
  return {
    account: b.account,
    bank: b.bank.name,
    asOf: b.asOf,
    statementTo: b.statementTo,
    form: brsForm(b).lines.map((l) => ({ letter: l.letter, label: l.label, amount: toRupees(l.amount) })),
    bookBalance: toRupees(b.bookBalance),
    groups: b.groups.map((g) => ({
      key: g.key,
      label: g.label,
      total: toRupees(g.total),
      items: g.details.map((d) => ({
        id: d.id,
        date: d.date,
        amount: toRupees(d.amount),
        voucher: d.voucher,
        reference: d.reference,
        text: d.text,
        ageDays: d.ageDays,
        isStale: d.isStale,
      })),
    })),
    computedBalance: toRupees(b.computedBalance),
    statementBalance: toRupees(b.statementBalance),
    difference: toRupees(b.difference),
    isProved: b.isProved,
    settlementsInTransit: toRupees(b.settlementsInTransitTotal),
    chequesInClearing: b.chequesInClearing.map((c) => ({
      date: c.date,
      reference: c.reference,
      voucher: c.voucher,
      amount: toRupees(c.amount),
      ageDays: c.ageDays,
    })),
  };
}

export const bankRoutes: Routes = (server, { app }) => {
  server.route({
    method: "GET",
    url: "/bank-accounts",
    config: { roles: WHO.books },
    schema: {
      ...doc({
        tag: "Bank",
        summary: "List bank accounts",
        description: "The heads that are reconciled.",
        roles: WHO.books,
      }),
      response: answers({ status: 200, description: "Bank accounts", schema: Page(BankAccountView) }, []),
    },
    handler: async (request) => ({ items: await inSnapshot(app, callerOf(request), listBankAccounts), next: null }),
  });

  server.route({
    method: "POST",
    url: "/bank-statements",
    config: { roles: WHO.makes },
    bodyLimit: MAX_CSV_BYTES,
    schema: {
      ...doc({
        tag: "Bank",
        summary: "Import a bank statement",
        description:
          "The format is told by the content: MT940, MT942, camt.052/.053/.054, BAI2, OFX, CSV or tab-separated text of a bank, .xlsx, .xls or an HTML table (send what is not text as application/octet-stream). " +
          "The file must prove itself line by line and continue what is known of the account; otherwise nothing is written and the arithmetic is shown. " +
          "What an earlier file brought is not added again, so it needs no Idempotency-Key.",
        roles: WHO.makes,
      }),
      consumes: ["text/csv", "application/octet-stream"],
      headers: OptionalIdempotencyHeader,
      querystring: Type.Object(
        {
          ...FileQuery,
          account: AccountCode,
          profile: Type.Optional(
            Type.String({ maxLength: 60, description: "The bank's form; recognised by the header when not said." }),
          ),
          through: Type.Optional(IsoDate),
          opening: Type.Optional(Money),
          closing: Type.Optional(Money),
        },
        { additionalProperties: false },
      ),
      body: Type.Unsafe<Buffer>({
        contentMediaType: "text/csv",
        description: "As the bank gives it.",
        examples: [
          "date,value_date,narration,reference,debit,credit,balance\n2026-07-16,2026-07-16,CASH DEPOSIT 0042,0042,,500.00,500.00\n",
        ],
      }),
      response: answers({ status: 200, description: "What became of the file", schema: StatementAnswer }, [
        "IMPORT_REFUSED",
        "BANK_ACCOUNT_UNKNOWN",
        "OPENING_MATCHED",
        "DATE_FORMAT",
        ...KEY_REFUSALS,
      ]),
    },
    handler: async (request, reply) => {
      const { account, profile, through, opening, closing, dryRun } = request.query;
      const fileName = request.query.fileName ?? "bank-statement.csv";
      const deed = async (tx: Tx): Promise<Answer> => {
        const report = await importStatement(tx, {
          account,
          csv: request.body,
          fileName,
          ...(profile === undefined ? {} : { profile }),
          ...(through === undefined ? {} : { through: dateOf(through) }),
          ...(opening === undefined && closing === undefined
            ? {}
            : {
                expected: {
                  ...(opening === undefined ? {} : { opening: amountOf(opening) }),
                  ...(closing === undefined ? {} : { closing: amountOf(closing) }),
                },
              }),
        });
        return { status: 200, body: { ...importedStatement(report, fileName), dryRun: dryRun === "true" } };
      };
      const who = callerOf(request);
      if (dryRun === "true") return (await inDryRun(app, who, deed)).body;
      return send(reply, await doOnce(app, who, request, deed));
    },
  });

  server.route({
    method: "GET",
    url: "/bank-statements",
    config: { roles: WHO.books },
    schema: {
      ...doc({
        tag: "Bank",
        summary: "List the statements of a bank account",
        description: "Newest first, at most 200.",
        roles: WHO.books,
      }),
      querystring: Type.Object({ account: AccountCode }, { additionalProperties: false }),
      response: answers(
        {
          status: 200,
          description: "Statements",
          schema: Page(
            Type.Object({
              id: Uuid,
              account: AccountCode,
              fileName: Type.String(),
              profile: Type.String(),
              from: IsoDate,
              to: IsoDate,
              opening: Money,
              closing: Money,
              linesInFile: Type.Integer(),
              linesAdded: Type.Integer(),
              importedBy: Type.String(),
              importedAt: Moment,
            }),
          ),
        },
        [],
      ),
    },
    handler: async (request) => ({
      items: (await inSnapshot(app, callerOf(request), (read) => listStatements(read, request.query.account))).map(
        (s) => ({
          ...s,
          opening: toRupees(s.opening),
          closing: toRupees(s.closing),
          importedAt: s.importedAt.toISOString(),
        }),
      ),
      next: null,
    }),
  });

  server.route({
    method: "GET",
    url: "/bank-lines",
    config: { roles: WHO.books },
    schema: {
      ...doc({
        tag: "Bank",
        summary: "List bank statement lines",
        description: "In the bank's order; with open=true only those that are not matched.",
        roles: WHO.books,
      }),
      querystring: Type.Object(
        {
          account: AccountCode,
          from: IsoDate,
          to: IsoDate,
          open: YesNo("true: not matched yet."),
          limit: Limit(200, 1000),
          cursor: Cursor,
        },
        { additionalProperties: false },
      ),
      response: answers(
        {
          status: 200,
          description: "Lines; positive is a credit by the bank",
          schema: Page(
            Type.Object({
              id: Uuid,
              date: IsoDate,
              valueDate: IsoDate,
              amount: Money,
              balance: Money,
              narration: Type.String(),
              reference: Type.String(),
              matchId: Nullable(Type.String()),
            }),
          ),
        },
        ["CURSOR_INVALID", "DATE_FORMAT"],
      ),
    },
    handler: async (request) => {
      const { account, open, cursor } = request.query;
      const limit = limitOf(request.query.limit, 200, 1000);
      const skip = cursor === undefined ? 0 : Number(decodeCursor(cursor, /^\d{1,9}$/)[0]);
      const range = { from: dateOf(request.query.from), to: dateOf(request.query.to) };
      const lines = await inSnapshot(app, callerOf(request), (read) =>
        bankLines(read, { account, ...range, open: open === "true", skip, limit }),
      );
      return {
        items: lines.map((l) => ({ ...l, amount: toRupees(l.amount), balance: toRupees(l.balance) })),
        next: lines.length === limit ? encodeCursor([String(skip + limit)]) : null,
      };
    },
  });

  server.route({
    method: "POST",
    url: "/bank-accounts/:account/reconcile",
    config: { roles: WHO.makes },
    schema: {
      ...doc({
        tag: "Bank",
        summary: "Match a bank account",
        description:
          "Matches statement lines with the books where the reference proves it, and books settlements that reached the bank. The rest is proposed " +
          "for a person. Running it again confirms nothing twice.",
        roles: WHO.makes,
      }),
      params: Type.Object({ account: AccountCode }),
      headers: IdempotencyHeader,
      response: answers(
        {
          status: 200,
          description: "What is matched now",
          schema: Type.Object({
            account: AccountCode,
            confirmed: Type.Integer({ description: "Matches written by this run." }),
            settlementsArrived: Type.Integer(),
            bookedByRule: Type.Integer({ description: "Charges and interest that approved rules booked." }),
            proposed: Type.Integer({ description: "Matches and entries that a person must confirm." }),
            exceptions: Type.Integer(),
          }),
        },
        ["BANK_ACCOUNT_UNKNOWN", "MATCH_TAKEN", "PERIOD_CLOSED", "IDEMPOTENCY_KEY_MISSING", ...KEY_REFUSALS],
      ),
    },
    handler: async (request, reply) =>
      answerOnce(app, request, reply, async (tx) => {
        const report = await reconcileAccount(tx, request.params.account);
        return {
          status: 200,
          body: {
            account: request.params.account,
            confirmed: report.confirmed.length,
            settlementsArrived: report.settlementsArrived,
            bookedByRule: report.autoPosted.length,
            proposed: report.proposed.length + report.proposedEntries.length,
            exceptions: report.exceptions.length,
          },
        };
      }),
  });

  server.route({
    method: "GET",
    url: "/brs",
    config: { roles: WHO.books },
    schema: {
      ...doc({
        tag: "Bank",
        summary: "Get the bank reconciliation statement",
        description:
          "From the balance as per book through every open item to what the bank should say, compared with what it says.",
        roles: WHO.books,
      }),
      querystring: Type.Object({ account: AccountCode, asOf: IsoDate }, { additionalProperties: false }),
      response: answers({ status: 200, description: "The statement", schema: BrsAnswer }, [
        "BANK_ACCOUNT_UNKNOWN",
        "STATEMENT_MISSING",
        "DATE_FORMAT",
      ]),
    },
    handler: async (request) => {
      const asOf = dateOf(request.query.asOf);
      return inSnapshot(app, callerOf(request), async (read) => brsView(await brs(read, request.query.account, asOf)));
    },
  });
};
