import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { VNode } from "preact";
import { formatDate, formatMoment, localDate } from "../../../ledger/kernel/dates.ts";
import type { Refusal } from "../../../ledger/kernel/errors.ts";
import { groupBy } from "../../../ledger/kernel/group.ts";
import { formatStatement, rupees, toRupees } from "../../../ledger/kernel/money.ts";
import type { Who } from "../../../ledger/kernel/tx.ts";
import {
  approveAutoPostRule,
  AUTO_POST_KINDS,
  endAutoPostRule,
  getBankAccount,
  listAutoPostRules,
  proposeAutoPostRule,
  rejectAutoPostRule,
  type AutoPostRule,
  type BankAccount,
} from "../../../reconciliation/index.ts";
import { Badge, Facts, Field, Flash, Form, Refused, Select, Table } from "../components.tsx";
import { attempt, field, send, typedAmount, viewOf, type Desk, type View } from "../kit.tsx";
import { READERS } from "../layout.tsx";
import { BankFrame } from "./frame.tsx";
import { kindName } from "./words.ts";

type ByAccount = { Params: { account: string } };

function stateOf(r: AutoPostRule, newestApproved: number): readonly ["wait" | "good" | "plain" | "bad", string] {
  if (r.decision === null) return r.ended ? ["plain", "ended undecided"] : ["wait", "waits for approval"];
  if (r.decision.outcome === "rejected") return ["bad", "rejected"];
  if (r.ended) return ["plain", "ended"];
  return r.version === newestApproved ? ["good", "books"] : ["plain", "books earlier days"];
}

function RulesPage(props: {
  readonly view: View;
  readonly bank: BankAccount;
  readonly rules: readonly AutoPostRule[];
  readonly who: Who;
  /** The rule whose next version is being written. */
  readonly next: AutoPostRule | undefined;
  readonly typed: (name: string) => string;
  readonly done: string;
  readonly refusal?: Refusal | undefined;
}): VNode {
  const { view, bank, rules, who } = props;
  const at = `/books/bank/${bank.account}/rules`;
  const canPropose = who.actor.roles.includes("accountant");
  const canDecide = who.actor.roles.includes("checker");
  const byRule = groupBy(rules, (r) => r.ruleId);
  return (
    <BankFrame view={view} bank={bank} part="rules" title="Rules that book by themselves">
      <p>
        Charges and interest of the bank are proposed to a person, unless a rule that a second person approved books
        them when the account is reconciled. What is above a rule's limits stays an exception, with the figures.
      </p>
      {props.done !== "" && <Flash>{props.done}</Flash>}
      <Refused refusal={props.refusal} />
      {rules.length === 0 && (
        <p class="note">There is no rule: everything that the bank did itself waits for a person.</p>
      )}
      {[...byRule.values()].map((own) => (
        <Rule view={view} at={at} versions={own} who={who} canPropose={canPropose} canDecide={canDecide} />
      ))}
      {canPropose && <RuleForm {...props} at={at} />}
    </BankFrame>
  );
}

function Rule(props: {
  readonly view: View;
  readonly at: string;
  readonly versions: readonly AutoPostRule[];
  readonly who: Who;
  readonly canPropose: boolean;
  readonly canDecide: boolean;
}): VNode {
  const { view, at, versions, who } = props;
  const [newest] = versions;
  const approved = Math.max(0, ...versions.filter((v) => v.decision?.outcome === "approved").map((v) => v.version));
  const isOver = newest?.ended !== null;
  return (
    <section class="panel">
      <h2>{newest?.name}</h2>
      <Table
        caption={`Versions of ${newest?.name ?? ""}`}
        hideCaption
        stacks
        columns={[
          { title: "Version", kind: "code" },
          { title: "What it books" },
          { title: "Per line", kind: "amount" },
          { title: "Per month", kind: "amount" },
          { title: "From", kind: "code" },
          { title: "By" },
          { title: "State" },
          { title: "Booked" },
        ]}
        rows={versions.map((r) => {
          const [kind, text] = stateOf(r, approved);
          return {
            cells: [
              String(r.version),
              <>
                {kindName(r.kind)} with {r.words.map((w) => `“${w}”`).join(" and ")}, against{" "}
                {r.head ?? "the head of its kind"}; reason: {r.reason}
              </>,
              formatStatement(r.lineLimit),
              formatStatement(r.monthLimit),
              formatDate(r.validFrom),
              <>
                {r.proposedBy}, {formatMoment(r.proposedAt)}
                {r.decision && (
                  <>
                    ; {r.decision.outcome} by {r.decision.by}
                    {r.decision.reason !== null && `: ${r.decision.reason}`}
                  </>
                )}
              </>,
              <Badge kind={kind}>{text}</Badge>,
              r.posted.lines === 0 ? "nothing yet" : `${r.posted.lines} lines, ${formatStatement(r.posted.amount)}`,
            ],
          };
        })}
      />
      {newest?.ended && (
        <Facts
          facts={[
            ["Ended", `${formatMoment(newest.ended.at)} by ${newest.ended.by}`],
            ["Reason", newest.ended.reason],
          ]}
        />
      )}
      {newest && !isOver && newest.decision === null && props.canDecide && newest.proposedBy !== who.actor.id && (
        <div class="actions">
          <Form view={view} action={`${at}/approve`} label={`Approve ${newest.name}`}>
            <input type="hidden" name="rule" value={newest.ruleId} />
            <input type="hidden" name="version" value={newest.version} />
            <button>Approve version {newest.version}</button>
          </Form>
          <Form view={view} action={`${at}/reject`} label={`Reject ${newest.name}`}>
            <input type="hidden" name="rule" value={newest.ruleId} />
            <input type="hidden" name="version" value={newest.version} />
            <Field label="Why not" name="reason" maxLength={500} isRequired />
            <button class="second">Reject it</button>
          </Form>
        </div>
      )}
      {newest && !isOver && (props.canPropose || props.canDecide) && (
        <div class="actions">
          {props.canPropose && newest.decision !== null && (
            <a href={`${at}?next=${newest.ruleId}#propose`}>Write its next version</a>
          )}
          <Form view={view} action={`${at}/end`} label={`End ${newest.name}`}>
            <input type="hidden" name="rule" value={newest.ruleId} />
            <Field label="Why it ends" name="reason" maxLength={500} isRequired />
            <button class="second">End the rule</button>
          </Form>
        </div>
      )}
    </section>
  );
}

function RuleForm(props: {
  readonly view: View;
  readonly at: string;
  readonly next: AutoPostRule | undefined;
  readonly typed: (name: string) => string;
}): VNode {
  const { view, at, next, typed } = props;
  const value = (name: string, otherwise: string | undefined): string => typed(name) || (otherwise ?? "");
  return (
    <Form view={view} action={`${at}/propose`} class="panel" label="Propose a rule">
      <h2 id="propose">{next ? `Next version of ${next.name}` : "Propose a rule"}</h2>
      {next && <input type="hidden" name="rule" value={next.ruleId} />}
      <Field label="Name" name="name" value={value("name", next?.name)} maxLength={80} isRequired />
      <Select
        label="Kind"
        name="kind"
        value={value("kind", next?.kind)}
        options={AUTO_POST_KINDS.map((k) => ({ value: k, label: kindName(k) }))}
      />
      <Field
        label="Words of the narration"
        name="words"
        value={value("words", next?.words.join(", "))}
        hint="All of them must stand there; commas between them"
        maxLength={400}
        isRequired
      />
      <Field
        label="Head"
        name="head"
        value={value("head", next?.head ?? undefined)}
        hint="Empty: the head of its kind in the posting map"
        maxLength={10}
      />
      <Field
        label="Limit of one line"
        name="lineLimit"
        value={value("lineLimit", next && toRupees(next.lineLimit))}
        isAmount
        isRequired
      />
      <Field
        label="Limit of a month"
        name="monthLimit"
        value={value("monthLimit", next && toRupees(next.monthLimit))}
        isAmount
        isRequired
      />
      <Field label="Valid from" name="validFrom" type="date" value={value("validFrom", undefined)} isRequired />
      <Field label="Reason" name="reason" value={typed("reason")} size="long" maxLength={500} isRequired />
      <button>Propose it</button>
    </Form>
  );
}

export function ruleRoutes(web: FastifyInstance, desk: Desk): void {
  const show = async (
    request: FastifyRequest<ByAccount>,
    reply: FastifyReply,
    who: Who,
    refusal?: Refusal,
  ): Promise<FastifyReply> => {
    const { account } = request.params;
    const found = await desk.read(who, async (read) => ({
      bank: await getBankAccount(read, account),
      rules: await listAutoPostRules(read, account),
    }));
    const wanted = field(request.query, "next") || field(request.body, "rule");
    const isProposal = request.url.includes("/propose") || request.method === "GET";
    const done =
      {
        propose: "It is proposed; another person approves it.",
        approve: "It is approved, and books from now on.",
        reject: "It is rejected.",
        end: "The rule is ended.",
      }[field(request.query, "done")] ?? "";
    return send(
      reply,
      <RulesPage
        view={viewOf(request, `/books/bank/${account}/rules`)}
        {...found}
        who={who}
        next={isProposal ? found.rules.find((r) => r.ruleId === wanted && r.ended === null) : undefined}
        typed={(name) => (isProposal ? field(request.body, name).slice(0, 500) : "")}
        done={done}
        refusal={refusal}
      />,
      refusal?.status ?? 200,
    );
  };
  web.get<ByAccount>("/books/bank/:account/rules", async (request, reply) =>
    show(request, reply, desk.need(request, ...READERS.books)),
  );
  const steps = {
    propose: ["accountant"],
    approve: ["checker"],
    reject: ["checker"],
    end: ["accountant", "checker"],
  } as const;
  for (const name of Object.keys(steps) as (keyof typeof steps)[]) {
    web.post<ByAccount>(`/books/bank/:account/rules/${name}`, async (request, reply) => {
      const who = desk.need(request, ...steps[name]);
      const { account } = request.params;
      const { body } = request;
      const rule = field(body, "rule");
      const done = await attempt(() =>
        desk.write(who, async (tx): Promise<unknown> => {
          if (name === "approve") return approveAutoPostRule(tx, rule, Number(field(body, "version")));
          if (name === "reject")
            return rejectAutoPostRule(tx, rule, Number(field(body, "version")), field(body, "reason"));
          if (name === "end") return endAutoPostRule(tx, rule, field(body, "reason"));
          return proposeAutoPostRule(
            tx,
            {
              account,
              name: field(body, "name"),
              kind: field(body, "kind"),
              words: field(body, "words")
                .split(",")
                .map((w) => w.trim())
                .filter(Boolean),
              head: field(body, "head").trim() || null,
              lineLimit: rupees(typedAmount(field(body, "lineLimit"))),
              monthLimit: rupees(typedAmount(field(body, "monthLimit"))),
              validFrom: localDate(field(body, "validFrom")),
              reason: field(body, "reason"),
            },
            rule === "" ? undefined : rule,
          );
        }),
      );
      if (done.ok) return reply.redirect(`/books/bank/${encodeURIComponent(account)}/rules?done=${name}`, 303);
      if (done.refusal.status === 404 && done.refusal.code === "BANK_ACCOUNT_UNKNOWN") throw done.refusal;
      return show(request, reply, who, done.refusal);
    });
  }
}
