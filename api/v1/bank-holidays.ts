import Type from "typebox";
import { inSnapshot } from "../../ledger/kernel/tx.ts";
import { declareBankHolidays, listBankHolidays, withdrawBankHoliday } from "../../reconciliation/index.ts";
import { answerOnce } from "./idempotency.ts";
import { answers, callerOf, doc, OptionalIdempotencyHeader, WHO, type Routes, KEY_REFUSALS } from "./route.ts";
import { dateOf, IsoDate, Nullable } from "./schemas.ts";

const Bank = Nullable(Type.String({ minLength: 1, maxLength: 200, description: "null: all banks of the ULB" }));
const Holiday = Type.Object(
  { day: IsoDate, name: Type.String({ minLength: 1, maxLength: 100 }), bank: Bank },
  { additionalProperties: false },
);
const List = Type.Object({ holidays: Type.Array(Holiday, { maxItems: 1000 }) });

/** The days on which banks are closed, beside Sundays, second and fourth Saturdays and the national holidays. */
export const bankHolidayRoutes: Routes = (server, { app }) => {
  server.route({
    method: "GET",
    url: "/bank-holidays",
    config: { roles: WHO.books },
    schema: {
      ...doc({
        tag: "Bank",
        summary: "List declared bank holidays",
        description:
          "In order of their days; Sundays, second and fourth Saturdays and national holidays are not among them.",
        roles: WHO.books,
      }),
      response: answers({ status: 200, description: "The holidays", schema: List }, []),
    },
    handler: async (request) => ({ holidays: await inSnapshot(app, callerOf(request), listBankHolidays) }),
  });

  server.route({
    method: "POST",
    url: "/bank-holidays",
    config: { roles: WHO.makes },
    schema: {
      ...doc({
        tag: "Bank",
        summary: "Declare bank holidays",
        description: "As the State notifies them. A day declared again takes the new name.",
        roles: WHO.makes,
      }),
      headers: OptionalIdempotencyHeader,
      body: Type.Object(
        { holidays: Type.Array(Holiday, { minItems: 1, maxItems: 100 }) },
        {
          additionalProperties: false,
          examples: [{ holidays: [{ day: "2026-08-28", name: "Raksha Bandhan", bank: null }] }],
        },
      ),
      response: answers({ status: 200, description: "All declared holidays", schema: List }, [
        "BANK_HOLIDAY",
        "DATE_FORMAT",
        ...KEY_REFUSALS,
      ]),
    },
    handler: async (request, reply) => {
      const holidays = request.body.holidays.map((h) => ({ ...h, day: dateOf(h.day) }));
      return answerOnce(app, request, reply, async (tx) => {
        await declareBankHolidays(tx, holidays);
        return { status: 200, body: { holidays: await listBankHolidays(tx) } };
      });
    },
  });

  server.route({
    method: "POST",
    url: "/bank-holidays/withdraw",
    config: { roles: WHO.makes },
    schema: {
      ...doc({
        tag: "Bank",
        summary: "Withdraw a bank holiday",
        description: "A day that was not declared is left as it is.",
        roles: WHO.makes,
      }),
      headers: OptionalIdempotencyHeader,
      body: Type.Object(
        { day: IsoDate, bank: Bank },
        { additionalProperties: false, examples: [{ day: "2026-08-28", bank: null }] },
      ),
      response: answers({ status: 200, description: "All declared holidays", schema: List }, [
        "DATE_FORMAT",
        ...KEY_REFUSALS,
      ]),
    },
    handler: async (request, reply) => {
      const day = dateOf(request.body.day);
      return answerOnce(app, request, reply, async (tx) => {
        await withdrawBankHoliday(tx, day, request.body.bank);
        return { status: 200, body: { holidays: await listBankHolidays(tx) } };
      });
    },
  });
};
