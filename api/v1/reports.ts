import Type from "typebox";
import { paise, subtract, toRupees } from "../../ledger/kernel/money.ts";
import { inSnapshot } from "../../ledger/kernel/tx.ts";
import { allTies, collectionDashboard, dashboardTie } from "../../reports/index.ts";
import { answers, callerOf, doc, WHO, type Routes } from "./route.ts";
import { dateOf, IsoDate, Money, Nullable } from "./schemas.ts";

export const reportRoutes: Routes = (server, { app }) => {
  server.route({
    method: "GET",
    url: "/ties",
    config: { roles: WHO.books },
    schema: {
      ...doc({
        tag: "Reports",
        summary: "Get the ties",
        description:
          "All that must agree, at the end of a day, read at one instant: trial balance, receivables and demand register, advances, cash, clearing, bank, numbers.",
        roles: WHO.books,
      }),
      querystring: Type.Object({ asOf: IsoDate }, { additionalProperties: false }),
      response: answers(
        {
          status: 200,
          description: "Each tie with both sides: rupees, or a count of documents",
          schema: Type.Object({
            asOf: IsoDate,
            ok: Type.Boolean({ description: "All of them hold." }),
            items: Type.Array(
              Type.Object({
                name: Type.String(),
                unit: Type.String({ description: "rupees or count" }),
                left: Type.String(),
                right: Type.String(),
                difference: Type.String(),
                ok: Type.Boolean(),
              }),
            ),
          }),
        },
        ["DATE_FORMAT"],
      ),
    },
    handler: async (request) => {
      const asOf = dateOf(request.query.asOf);
      const ties = await inSnapshot(app, callerOf(request), (read) => allTies(read, asOf));
      return {
        asOf,
        ok: ties.every((t) => t.ok),
        items: ties.map((t) => {
          const text = (value: bigint): string => (t.unit === "paise" ? toRupees(paise(value)) : String(value));
          return {
            name: t.name,
            unit: t.unit === "paise" ? "rupees" : "count",
            left: text(t.left),
            right: text(t.right),
            difference: text(t.difference),
            ok: t.ok,
          };
        }),
      };
    },
  });

  const Slices = Type.Array(Type.Object({ key: Type.String(), amount: Money, receipts: Type.Integer() }));
  server.route({
    method: "GET",
    url: "/dashboard",
    config: { roles: WHO.books },
    schema: {
      ...doc({
        tag: "Reports",
        summary: "Get the collection dashboard",
        description:
          "Net collection of the dates, against target and last year, by day or month, service, ward and mode. `tie` compares the total of all wards and " +
          "services with the trial balance.",
        roles: WHO.books,
      }),
      querystring: Type.Object(
        {
          from: IsoDate,
          to: IsoDate,
          ward: Type.Optional(Type.String({ maxLength: 40 })),
          service: Type.Optional(Type.String({ maxLength: 40 })),
        },
        { additionalProperties: false },
      ),
      response: answers(
        {
          status: 200,
          description: "The figures",
          schema: Type.Object({
            definition: Type.String(),
            from: IsoDate,
            to: IsoDate,
            ward: Nullable(Type.String()),
            service: Nullable(Type.String()),
            total: Money,
            receipts: Type.Integer(),
            reversals: Type.Integer(),
            target: Nullable(Money),
            targetOfYear: Nullable(Money),
            achievementPercent: Nullable(Type.String()),
            lastYear: Nullable(Type.Object({ from: IsoDate, to: IsoDate, total: Money })),
            changePercent: Nullable(Type.String()),
            grain: Type.String({ description: "day or month" }),
            series: Type.Array(Type.Object({ key: Type.String(), amount: Money, lastYear: Nullable(Money) })),
            byService: Slices,
            byWard: Slices,
            byMode: Slices,
            tie: Type.Object({ dashboard: Money, trialBalance: Money, difference: Money, ok: Type.Boolean() }),
          }),
        },
        ["REPORT_RANGE", "DATE_FORMAT"],
      ),
    },
    handler: async (request) => {
      const { ward, service } = request.query;
      const range = { from: dateOf(request.query.from), to: dateOf(request.query.to) };
      const { board, tie } = await inSnapshot(app, callerOf(request), async (read) => ({
        board: await collectionDashboard(read, { ...range, ward, service }),
        tie: await dashboardTie(read, range),
      }));
      const money = (value: Parameters<typeof toRupees>[0] | null): string | null =>
        value === null ? null : toRupees(value);
      const slices = (all: typeof board.byWard) => all.map((s) => ({ ...s, amount: toRupees(s.amount) }));
      return {
        definition: board.definition,
        from: board.from,
        to: board.to,
        ward: board.ward,
        service: board.service,
        total: toRupees(board.total),
        receipts: board.receipts,
        reversals: board.reversals,
        target: money(board.target),
        targetOfYear: money(board.targetOfYear),
        achievementPercent: board.achievement,
        lastYear: board.lastYear && { ...board.lastYear, total: toRupees(board.lastYear.total) },
        changePercent: board.change,
        grain: board.grain,
        series: board.series.map((p) => ({ key: p.key, amount: toRupees(p.amount), lastYear: money(p.lastYear) })),
        byService: slices(board.byService),
        byWard: slices(board.byWard),
        byMode: slices(board.byMode),
        tie: {
          dashboard: toRupees(tie.dashboard),
          trialBalance: toRupees(tie.trialBalance),
          difference: toRupees(subtract(tie.dashboard, tie.trialBalance)),
          ok: tie.difference === 0n,
        },
      };
    },
  });
};
