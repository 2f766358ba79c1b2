import Type, { type Static } from "typebox";
import { toRupees } from "../../ledger/kernel/money.ts";
import { inSnapshot } from "../../ledger/kernel/tx.ts";
import {
  BANK_PROFILES,
  COLUMN_ROLES,
  DATE_FORMS,
  discardFile,
  guessChoice,
  heldFile,
  holdFile,
  importByColumns,
  listOwnProfiles,
  tryColumns,
  type ColumnsInput,
  paiseOf,
} from "../../reconciliation/index.ts";
import { ImportedStatement, importedStatement, MAX_CSV_BYTES } from "./files.ts";
import { answerOnce } from "./idempotency.ts";
import {
  answers,
  callerOf,
  doc,
  IdempotencyHeader,
  OptionalIdempotencyHeader,
  WHO,
  type Routes,
  KEY_REFUSALS,
} from "./route.ts";
import { AccountCode, amountOf, IsoDate, Moment, Money, Nullable, Page, Uuid, ById } from "./schemas.ts";

const Column = Type.Integer({ minimum: 0, maximum: 9999, description: "Counted from 0." });
const ChoiceSchema = Type.Object(
  {
    headerLine: Type.Integer({
      minimum: 0,
      description: "Line of the file that names the columns; 0: none does, they are known by their place.",
    }),
    columns: Type.Object(
      Object.fromEntries(COLUMN_ROLES.map((role) => [role, Type.Optional(Column)])) as Record<
        (typeof COLUMN_ROLES)[number],
        ReturnType<typeof Type.Optional<typeof Column>>
      >,
      { additionalProperties: false },
    ),
    dates: Type.Union(DATE_FORMS.map((form) => Type.Literal(form))),
  },
  { additionalProperties: false },
);
const ColumnsBody = Type.Object(
  {
    bank: Type.String({ minLength: 1, maxLength: 100, description: "Name of the bank; it names the layout." }),
    choice: ChoiceSchema,
    opening: Type.Optional(Money),
    closing: Type.Optional(Money),
  },
  {
    additionalProperties: false,
    examples: [
      {
        bank: "Town Co-operative Bank",
        choice: {
          headerLine: 2,
          columns: { date: 0, narration: 1, debit: 3, credit: 4, balance: 5 },
          dates: "dd/mm/yyyy",
        },
      },
    ],
  },
);
const ProblemList = Type.Array(
  Type.Object({
    code: Type.String(),
    message: Type.String(),
    line: Type.Optional(Type.Integer()),
    column: Type.Optional(Type.String()),
  }),
);
const UPLOAD_REFUSALS = ["UPLOAD_UNKNOWN", "PROFILE_BANK", "MONEY_FORMAT", "MONEY_DECIMALS"];

function inputOf(uploadId: string, body: Static<typeof ColumnsBody>): ColumnsInput {
  const { opening, closing } = body;
  return {
    uploadId,
    bank: body.bank,
    choice: body.choice,
    ...(opening === undefined && closing === undefined
      ? {}
      : {
          expected: {
            ...(opening === undefined ? {} : { opening: amountOf(opening) }),
            ...(closing === undefined ? {} : { closing: amountOf(closing) }),
          },
        }),
  };
}

/** Layouts of bank statements, and naming the columns of a file that none of them reads. */
export const bankColumnRoutes: Routes = (server, { app }) => {
  server.route({
    method: "GET",
    url: "/bank-profiles",
    config: { roles: WHO.books },
    schema: {
      ...doc({
        tag: "Bank",
        summary: "List the layouts of bank statements",
        description: "Those of the ULB with all their versions, and those that came with the program.",
        roles: WHO.books,
      }),
      response: answers(
        {
          status: 200,
          description: "Layouts",
          schema: Page(
            Type.Object({
              id: Type.String({ examples: ["town-co-operative-bank"] }),
              version: Type.Integer(),
              bank: Type.String(),
              isOwn: Type.Boolean(),
              createdBy: Nullable(Type.String()),
              createdAt: Nullable(Moment),
            }),
          ),
        },
        [],
      ),
    },
    handler: async (request) => {
      const own = await inSnapshot(app, callerOf(request), listOwnProfiles);
      return {
        items: [
          ...own.map((p) => ({
            id: p.id,
            version: p.version,
            bank: p.bank,
            isOwn: true,
            createdBy: p.createdBy,
            createdAt: p.createdAt.toISOString(),
          })),
          ...BANK_PROFILES.map((p) => ({
            id: p.id,
            version: p.version,
            bank: p.bank,
            isOwn: false,
            createdBy: null,
            createdAt: null,
          })),
        ],
        next: null,
      };
    },
  });

  server.route({
    method: "POST",
    url: "/bank-statement-uploads",
    config: { roles: WHO.makes },
    bodyLimit: MAX_CSV_BYTES,
    schema: {
      ...doc({
        tag: "Bank",
        summary: "Hold a file to name its columns",
        description:
          "A table of a bank that no layout reads: its first rows come back with the header and the columns as they are guessed. " +
          "It is held for seven days, the same file once; nothing of it is a statement until it is imported.",
        roles: WHO.makes,
      }),
      consumes: ["text/csv", "application/octet-stream"],
      headers: OptionalIdempotencyHeader,
      querystring: Type.Object(
        { account: AccountCode, fileName: Type.Optional(Type.String({ minLength: 1, maxLength: 200 })) },
        { additionalProperties: false },
      ),
      body: Type.Unsafe<Buffer>({
        contentMediaType: "text/csv",
        description: "As the bank gives it.",
        examples: ["Dag,Tekst,Ut,In,Saldo\n02/04/2026,NEFT,,250.50,1250.50\n"],
      }),
      response: answers(
        {
          status: 201,
          description: "The file, held",
          schema: Type.Object({
            id: Uuid,
            rows: Type.Array(Type.Object({ line: Type.Integer(), cells: Type.Array(Type.String()) }), {
              description: "The first rows, at most 60.",
            }),
            guess: Type.Object({
              headerLine: Type.Integer(),
              columns: Type.Record(Type.String(), Type.Integer()),
              dates: Type.String(),
            }),
          }),
        },
        ["UPLOAD_NO_TABLE", "ACCOUNT_NOT_FOUND", ...KEY_REFUSALS],
      ),
    },
    handler: async (request, reply) =>
      answerOnce(app, request, reply, async (tx) => {
        const { account, fileName } = request.query;
        const { id } = await holdFile(tx, { account, fileName: fileName ?? "statement", bytes: request.body });
        const { preview } = await heldFile(tx, id);
        const guess = guessChoice(preview);
        return {
          status: 201,
          body: {
            id,
            rows: preview.rows.map((r) => ({ line: r.line, cells: [...r.cells] })),
            guess: { ...guess, columns: { ...guess.columns } },
          },
        };
      }),
  });

  server.route({
    method: "POST",
    url: "/bank-statement-uploads/:id/try",
    config: { roles: WHO.makes },
    schema: {
      ...doc({
        tag: "Bank",
        summary: "Try the columns of a held file",
        description:
          "How the file reads by these columns, with the proof of its balances and its place in what is known of the account; nothing is written. " +
          "No problems: it can be imported.",
        roles: WHO.makes,
      }),
      params: ById,
      body: ColumnsBody,
      response: answers(
        {
          status: 200,
          description: "How it reads",
          schema: Type.Object({
            profile: Nullable(Type.String({ examples: ["town-co-operative-bank@1"] })),
            problems: ProblemList,
            lines: Type.Array(
              Type.Object({
                line: Type.Integer(),
                date: Nullable(IsoDate),
                valueDate: Nullable(IsoDate),
                amount: Money,
                balance: Nullable(Money),
                narration: Type.String(),
                reference: Type.String(),
              }),
              { description: "The first lines as they are read, at most 15." },
            ),
            proof: Nullable(
              Type.Object({
                from: IsoDate,
                to: IsoDate,
                opening: Money,
                debits: Money,
                credits: Money,
                closing: Money,
                lines: Type.Integer(),
                newLines: Nullable(Type.Integer()),
                isOpeningInferred: Type.Boolean(),
              }),
            ),
          }),
        },
        UPLOAD_REFUSALS,
      ),
    },
    handler: async (request) => {
      const input = inputOf(request.params.id, request.body);
      const t = await inSnapshot(app, callerOf(request), (read) => tryColumns(read, input));
      return {
        profile: t.profile ?? null,
        problems: t.problems.map((p) => ({ ...p })),
        lines: t.lines.map((l) => ({
          line: l.fileLine,
          date: l.date ?? null,
          valueDate: l.valueDate ?? null,
          amount: toRupees(paiseOf(l.amount)),
          balance: l.balance === undefined ? null : toRupees(paiseOf(l.balance)),
          narration: l.narration,
          reference: l.reference,
        })),
        proof: t.proof
          ? {
              from: t.proof.from,
              to: t.proof.to,
              opening: toRupees(t.proof.opening),
              debits: toRupees(t.proof.debits),
              credits: toRupees(t.proof.credits),
              closing: toRupees(t.proof.closing),
              lines: t.proof.lines,
              newLines: t.proof.newLines ?? null,
              isOpeningInferred: t.proof.isOpeningInferred,
            }
          : null,
      };
    },
  });

  server.route({
    method: "POST",
    url: "/bank-statement-uploads/:id/import",
    config: { roles: WHO.makes },
    schema: {
      ...doc({
        tag: "Bank",
        summary: "Keep the columns of a held file and import it",
        description:
          "The columns become a version of the ULB's layout of that bank, and the file is imported under it, in one transaction; " +
          "a file that does not prove is refused with its problems, and then nothing is kept.",
        roles: WHO.makes,
      }),
      params: ById,
      headers: IdempotencyHeader,
      body: ColumnsBody,
      response: answers(
        {
          status: 200,
          description: "What became of the file",
          schema: ImportedStatement,
        },
        [
          "IMPORT_REFUSED",
          "BANK_ACCOUNT_UNKNOWN",
          "OPENING_MATCHED",
          "IDEMPOTENCY_KEY_MISSING",
          ...UPLOAD_REFUSALS,
          ...KEY_REFUSALS,
        ],
      ),
    },
    handler: async (request, reply) => {
      const input = inputOf(request.params.id, request.body);
      return answerOnce(app, request, reply, async (tx) => {
        const report = await importByColumns(tx, input);
        return { status: 200, body: importedStatement(report, "the held file") };
      });
    },
  });

  server.route({
    method: "POST",
    url: "/bank-statement-uploads/:id/discard",
    config: { roles: WHO.makes },
    schema: {
      ...doc({
        tag: "Bank",
        summary: "Let go of a held file",
        description: "One that is not held any more is no error.",
        roles: WHO.makes,
      }),
      params: ById,
      headers: OptionalIdempotencyHeader,
      response: answers({ status: 200, description: "Its id", schema: Type.Object({ id: Uuid }) }, KEY_REFUSALS),
    },
    handler: async (request, reply) =>
      answerOnce(app, request, reply, async (tx) => {
        await discardFile(tx, request.params.id);
        return { status: 200, body: { id: request.params.id } };
      }),
  });
};
