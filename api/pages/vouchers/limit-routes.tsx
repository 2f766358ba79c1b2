import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { listApprovalLimits, setApprovalLimit, setVoucherRules, voucherRules } from "../../../ledger/index.ts";
import { localDate } from "../../../ledger/kernel/dates.ts";
import type { Refusal } from "../../../ledger/kernel/errors.ts";
import { rupees, toRupees } from "../../../ledger/kernel/money.ts";
import type { Who } from "../../../ledger/kernel/tx.ts";
import { v1Errors } from "../../v1/errors.ts";
import { attempt, field, send, typedAmount, viewOf, type Desk } from "../kit.tsx";
import { READERS } from "../layout.tsx";
import { LimitsPage, type TypedLimits } from "./limits.tsx";

/** Who may approve how much, and when two people sign. */
export function limitRoutes(web: FastifyInstance, desk: Desk): void {
  const HERE = "/books/vouchers/limits";
  const page = async (request: FastifyRequest, reply: FastifyReply, who: Who, refusal?: Refusal) => {
    const found = await desk.read(who, async (read) => ({
      limits: await listApprovalLimits(read),
      rules: await voucherRules(read, desk.today()),
    }));
    const { secondSignatureAbove, backDateDays } = found.rules;
    const at = (name: string, otherwise: string): string =>
      refusal ? field(request.body, name).slice(0, 100) || otherwise : otherwise;
    const typed: TypedLimits = {
      person: at("person", ""),
      kind: at("kind", "any"),
      upTo: at("upTo", ""),
      from: at("from", desk.today()),
      above: at("above", secondSignatureAbove === null ? "" : toRupees(secondSignatureAbove)),
      days: at("days", backDateDays === null ? "" : String(backDateDays)),
      rulesFrom: at("rulesFrom", desk.today()),
    };
    return send(
      reply,
      <LimitsPage
        view={viewOf(request, HERE)}
        {...found}
        typed={typed}
        canChange={who.actor.roles.includes("admin")}
        done={field(request.query, "done") === "yes"}
        refusal={refusal}
      />,
      refusal?.status,
    );
  };
  const amountOf = (text: string) => (text === "" ? null : rupees(typedAmount(text)));

  web.get(HERE, async (request, reply) => page(request, reply, desk.need(request, ...READERS.books)));

  web.post(HERE, async (request, reply) => {
    const who = desk.need(request, "admin");
    const person = field(request.body, "person").slice(0, 100);
    const kind = (["any", "receipt", "payment", "contra", "journal", "opening"] as const).find(
      (k) => k === field(request.body, "kind"),
    );
    const done = await attempt(async () => {
      const upTo = amountOf(field(request.body, "upTo"));
      if (upTo !== null && upTo < 0n) throw v1Errors.REQUEST_INVALID({ problems: ["a limit is nil or more"] });
      const from = localDate(field(request.body, "from"));
      return desk.write(who, (tx) =>
        setApprovalLimit(tx, {
          role: "checker",
          ...(person === "" ? {} : { actor: person }),
          voucherType: kind ?? "any",
          upTo,
          from,
        }),
      );
    });
    return done.ok ? reply.redirect(`${HERE}?done=yes`, 303) : page(request, reply, who, done.refusal);
  });

  web.post("/books/vouchers/rules", async (request, reply) => {
    const who = desk.need(request, "admin");
    const days = field(request.body, "days");
    const done = await attempt(async () => {
      if (!/^\d{0,4}$/.test(days)) throw v1Errors.REQUEST_INVALID({ problems: [`"${days}" is not a number of days`] });
      const above = amountOf(field(request.body, "above"));
      if (above !== null && above < 0n) throw v1Errors.REQUEST_INVALID({ problems: ["the amount is nil or more"] });
      const from = localDate(field(request.body, "rulesFrom"));
      return desk.write(who, (tx) =>
        setVoucherRules(tx, {
          secondSignatureAbove: above,
          backDateDays: days === "" ? null : Number(days),
          from,
        }),
      );
    });
    return done.ok ? reply.redirect(`${HERE}?done=yes`, 303) : page(request, reply, who, done.refusal);
  });
}
