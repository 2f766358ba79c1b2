import type { VNode } from "preact";
import { formatDate, formatMoment } from "../../../ledger/kernel/dates.ts";
import type { Refusal } from "../../../ledger/kernel/errors.ts";
import { formatStatement } from "../../../ledger/kernel/money.ts";
import type { BankAccount, MatchLeg, MatchRecord } from "../../../reconciliation/index.ts";
import { Badge, Facts, Field, Flash, Form, Refused, Select, Table } from "../components.tsx";
import type { View } from "../kit.tsx";
import { BankFrame } from "./frame.tsx";

export function MatchesPage(props: {
  readonly view: View;
  readonly bank: BankAccount;
  readonly matches: readonly MatchRecord[];
  readonly done: string;
}): VNode {
  const { view, bank } = props;
  return (
    <BankFrame view={view} bank={bank} part="matches" title="Matches">
      {props.done !== "" && <Flash>{props.done}</Flash>}
      <p>The newest first, those that were taken back too; at most 500.</p>
      <Table
        caption="Matches"
        hideCaption
        stacks
        empty="Nothing is matched yet."
        columns={[
          { title: "When" },
          { title: "By" },
          { title: "Rule", kind: "code" },
          { title: "Evidence" },
          { title: "State" },
        ]}
        rows={props.matches.map((m) => ({
          cells: [
            <a href={`/books/bank/${bank.account}/matches/${m.id}`}>{formatMoment(m.madeAt)}</a>,
            m.madeBy,
            m.pass,
            m.reason === null ? m.evidence : `taken back: ${m.reason}`,
            m.reversesMatchId !== null ? (
              <Badge kind="plain">un-match</Badge>
            ) : m.isLive ? (
              <Badge kind="good">live</Badge>
            ) : (
              <Badge kind="bad">taken back</Badge>
            ),
          ],
        }))}
      />
    </BankFrame>
  );
}

const PARTS = ["1", "2", "3", "4", "5"];

export function MatchPage(props: {
  readonly view: View;
  readonly bank: BankAccount;
  readonly match: MatchRecord;
  readonly legs: readonly MatchLeg[];
  readonly canWrite: boolean;
  readonly typedReason?: string;
  readonly refusal?: Refusal | undefined;
}): VNode {
  const { view, bank, match, legs } = props;
  const at = `/books/bank/${bank.account}/matches/${match.id}`;
  const canSplit = match.entryId === null && legs.length > 2 && legs.every((l) => l.kind !== "opening");
  // Two forms of one page: each label needs a field of its own.
  const reason = (name: string): VNode => (
    <Field label="Reason" name={name} value={props.typedReason ?? ""} size="long" maxLength={500} isRequired />
  );
  const leg = (l: MatchLeg): VNode => (
    <>
      {l.text} {l.reference !== "" && <span class="code">{l.reference}</span>}
    </>
  );
  return (
    <BankFrame
      view={view}
      bank={bank}
      part="matches"
      title="Match"
      trail={[["Matches", `/books/bank/${bank.account}/matches`]]}
    >
      <Refused refusal={props.refusal} />
      <Facts
        facts={[
          ["Made", `${formatMoment(match.madeAt)} by ${match.madeBy}`],
          ["Rule", `${match.pass} of ${match.rules}`],
          ["Evidence", match.evidence],
          ["State", match.isLive ? "live" : "taken back"],
          ...(match.entryId === null
            ? []
            : [["Entry that it posted", <a href={`/books/entries/${match.entryId}`}>see the entry</a>] as const]),
        ]}
      />
      <Table
        caption="Lines and items"
        stacks
        columns={[
          { title: "Side" },
          { title: "Date", kind: "code" },
          { title: "Particulars" },
          { title: "Amount (₹)", kind: "amount" },
        ]}
        rows={legs.map((l) => ({
          cells: [l.kind === "item" ? "Book" : "Bank", formatDate(l.date), leg(l), formatStatement(l.amount)],
        }))}
      />
      {match.isLive && props.canWrite && (
        <>
          <Form view={view} action={`${at}/undo`} class="panel" label="Undo">
            <h2>Undo</h2>
            <p>
              The match is taken back and stays on record.
              {match.entryId !== null && " The entry that it posted is reversed by a voucher of today's books."}
            </p>
            {reason("reason")}
            <button class="second">Take it back</button>
          </Form>
          {canSplit && (
            <Form view={view} action={`${at}/split`} class="panel" label="Split">
              <h2>Split</h2>
              <p>Say to which part each belongs; every part must agree on its own.</p>
              {legs.map((l) => (
                <Select
                  label={`${l.kind === "item" ? "Book" : "Bank"} ${formatDate(l.date)} ${formatStatement(l.amount)} ${l.text.slice(0, 60)}`}
                  name={`part-${l.id}`}
                  value="1"
                  options={PARTS.map((p) => ({ value: p, label: `part ${p}` }))}
                />
              ))}
              {reason("splitReason")}
              <button class="second">Split it</button>
            </Form>
          )}
        </>
      )}
    </BankFrame>
  );
}
