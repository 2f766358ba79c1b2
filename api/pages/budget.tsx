import type { FastifyInstance, FastifyRequest } from "fastify";
import {
  allowOverBudget,
  approveReappropriation,
  budgetVariance,
  commitBudget,
  importBudget,
  proposeReappropriation,
  rejectReappropriation,
  releaseCommitment,
  setBudgetSetting,
  type BudgetMode,
} from "../../ledger/index.ts";
import { financialYear, financialYearOf, localDate, type FinancialYear } from "../../ledger/kernel/dates.ts";
import { isUuid } from "../../ledger/kernel/ids.ts";
import { rupees } from "../../ledger/kernel/money.ts";
import type { Tx } from "../../ledger/kernel/tx.ts";
import { apiErrors } from "../errors.ts";
import { attempt, field, send, typedAmount, viewOf, type Desk } from "./kit.tsx";
import { READERS } from "./layout.tsx";
import { LinePage } from "./budget/line-page.tsx";
import { look } from "./budget/look.ts";
import { BudgetPage } from "./budget/page.tsx";

export function budgetRoutes(web: FastifyInstance, desk: Desk): void {
  type ByYear = { Params: { fy: string } };

  web.get("/books/budget", async (request, reply) => {
    const who = desk.need(request, ...READERS.books);
    const asked = field(request.query, "fy");
    const fy = asked === "" ? financialYearOf(desk.today()) : financialYear(asked);
    return send(reply, <BudgetPage view={viewOf(request)} {...await look(desk, who, fy)} />);
  });

  web.get<{ Params: { fy: string; line: string } }>("/books/budget/:fy/lines/:line", async (request, reply) => {
    const who = desk.need(request, ...READERS.books);
    const fy = financialYear(request.params.fy);
    const found = await desk.read(who, async (read) => {
      const row = (await budgetVariance(read, fy)).rows.find((r) => String(r.id) === request.params.line);
      const accounts =
        row &&
        (await read.query<{ code: string; name: string }>(
          `select code, name from ledger.accounts where ulb_id = :ulb and is_posting and starts_with(code, :prefix) order by code limit 500`,
          { ulb: read.ulb.id, prefix: row.accountPrefix },
        ));
      return row && accounts && { row, accounts };
    });
    if (!found) throw apiErrors.PAGE_NOT_FOUND({ path: request.url.slice(0, 100) });
    return send(reply, <LinePage view={viewOf(request)} {...found} />);
  });

  type Step = {
    readonly roles: readonly ("accountant" | "checker" | "admin")[];
    readonly run: (tx: Tx, fy: FinancialYear, body: unknown) => Promise<unknown>;
  };
  const text = (body: unknown, name: string, length = 300): string => field(body, name).slice(0, length);
  const id = (body: unknown, name: string): string => {
    const found = text(body, name, 40);
    if (!isUuid(found)) throw apiErrors.PAGE_NOT_FOUND({ path: found });
    return found;
  };
  const lineOf = (body: unknown, name: string): bigint => BigInt(/^\d{1,18}$/.exec(text(body, name))?.[0] ?? "0");
  const steps: Readonly<Record<string, Step>> = {
    reappropriate: {
      roles: ["accountant"],
      run: (tx, _fy, body) =>
        proposeReappropriation(tx, {
          from: lineOf(body, "from"),
          to: lineOf(body, "to"),
          amount: rupees(typedAmount(text(body, "amount", 30))),
          sanction: text(body, "sanction"),
          reason: text(body, "why", 1000),
          inForceFrom: localDate(text(body, "inForceFrom", 20)),
        }),
    },
    decide: {
      roles: ["checker"],
      run: (tx, _fy, body) =>
        field(body, "then") === "reject"
          ? rejectReappropriation(tx, id(body, "id"), text(body, "decision"))
          : approveReappropriation(tx, id(body, "id")),
    },
    commit: {
      roles: ["accountant"],
      run: (tx, _fy, body) => {
        const or = (name: string): string | undefined => text(body, name, 20) || undefined;
        return commitBudget(tx, {
          reference: text(body, "reference", 60),
          account: text(body, "account", 20),
          function: or("function"),
          fund: or("fund"),
          description: text(body, "description"),
          amount: rupees(typedAmount(text(body, "commitAmount", 30))),
          date: localDate(text(body, "commitDate", 20)),
        });
      },
    },
    release: {
      roles: ["checker"],
      run: (tx, _fy, body) => releaseCommitment(tx, id(body, "commitment"), text(body, "releaseReason")),
    },
    allow: {
      roles: ["checker"],
      run: (tx, fy, body) =>
        allowOverBudget(tx, fy, { type: "voucher", id: id(body, "voucher") }, text(body, "allowReason", 1000)),
    },
    setting: {
      roles: ["admin"],
      run: (tx, fy, body) => {
        const mode = (["off", "warn", "refuse"] as const).find((m: BudgetMode) => m === field(body, "mode")) ?? "off";
        return setBudgetSetting(
          tx,
          fy,
          {
            mode,
            thresholdPercent: Number(/^\d{1,3}$/.exec(text(body, "threshold"))?.[0] ?? 0),
            allowsOverride: field(body, "allows") === "yes",
            coversUnbudgeted: field(body, "covers") === "yes",
          },
          text(body, "settingReason"),
        );
      },
    },
  };
  for (const [name, step] of Object.entries(steps)) {
    web.post<ByYear>(`/books/budget/:fy/${name}`, async (request, reply) => {
      const who = desk.need(request, ...step.roles);
      const fy = financialYear(request.params.fy);
      const done = await attempt(() => desk.write(who, (tx) => step.run(tx, fy, request.body)));
      if (done.ok) return reply.redirect(`/books/budget?fy=${fy}`, 303);
      return send(
        reply,
        <BudgetPage
          view={viewOf(request, `/books/budget?fy=${fy}`)}
          {...await look(desk, who, fy)}
          refusal={done.refusal}
          body={request.body}
        />,
        done.refusal.status,
      );
    });
  }

  web.post<ByYear>("/books/budget/:fy/file", { config: { isUpload: true } }, async (request, reply) => {
    const who = desk.need(request, "accountant", "admin");
    const fy = financialYear(request.params.fy);
    const upload = await uploadOf(request);
    // The token came among the parts, so it is checked here and not before.
    Object.assign(request, { body: upload.fields });
    desk.session.checkCsrf(request);
    const report = await desk.write(who, (tx) => importBudget(tx, upload.csv, { fileName: upload.fileName }));
    return send(
      reply,
      <BudgetPage view={viewOf(request, `/books/budget?fy=${fy}`)} {...await look(desk, who, fy)} report={report} />,
      report.status === "refused" ? 422 : 200,
    );
  });
}

/** The one file of an upload, with the form's fields; no file is an empty one, which is refused as such. */
async function uploadOf(request: FastifyRequest) {
  const fields: Record<string, string> = {};
  let [csv, fileName] = ["", "budget.csv"];
  for await (const part of request.parts()) {
    if (part.type === "file") {
      csv = (await part.toBuffer()).toString("utf8");
      fileName = part.filename.slice(0, 200);
    } else if (typeof part.value === "string") fields[part.fieldname] = part.value;
  }
  return { csv, fileName, fields };
}
