import type { VNode } from "preact";
import { formatDate } from "../../../ledger/kernel/dates.ts";
import type { Refusal } from "../../../ledger/kernel/errors.ts";
import { formatIndian } from "../../../ledger/kernel/money.ts";
import type {
  SettlementFileReport,
  ThreeWay,
  ThreeWayRow,
  ThreeWayTotals,
  Unsettled,
} from "../../../reconciliation/index.ts";
import { Books, type Range } from "../books-frame.tsx";
import {
  Amount,
  Badge,
  Crumbs,
  Facts,
  Field,
  Flash,
  Form,
  Pagination,
  Problems,
  Refused,
  Select,
  Table,
} from "../components.tsx";
import type { View } from "../kit.tsx";

export const STATES = {
  exception: ["bad", "does not add up"],
  "in-transit": ["wait", "on its way"],
  arrived: ["good", "at the bank"],
  differs: ["bad", "the bank shows another sum"],
} as const satisfies Record<ThreeWay["state"], readonly ["good" | "bad" | "wait", string]>;

const State = ({ of }: { readonly of: ThreeWay }): VNode => (
  <Badge kind={STATES[of.state][0]}>{STATES[of.state][1]}</Badge>
);

export function SettlementsPage(props: {
  readonly view: View;
  readonly range: Range;
  readonly state: string;
  readonly totals: ThreeWayTotals;
  readonly settlements: readonly ThreeWay[];
  readonly unsettled: readonly Unsettled[];
  readonly moreUnsettled: string | undefined;
  readonly first: string | undefined;
  readonly next: string | undefined;
  readonly canWrite: boolean;
  readonly report?: SettlementFileReport | undefined;
  readonly refusal?: Refusal | undefined;
}): VNode {
  const { view, totals } = props;
  return (
    <Books view={view} title="Gateway settlements" tab="bank">
      <Crumbs trail={[["Bank accounts", "/books/bank"]]} />
      <h1>Gateway settlements</h1>
      <p>From the citizens’ payments through the gateway’s settlements to the bank’s lines.</p>
      <Refused refusal={props.refusal} />
      {props.report && <FileReport report={props.report} />}
      <Facts
        facts={[
          ["Captured, not settled", `₹ ${formatIndian(totals.unsettled)} in ${totals.unsettledPayments} payments`],
          [
            "Paid out, not at the bank",
            `₹ ${formatIndian(totals.inTransit)} in ${totals.inTransitSettlements} settlements`,
          ],
          ["Settlements that do not add up", `₹ ${formatIndian(totals.inException)} in ${totals.exceptions}`],
        ]}
      />
      {props.canWrite && (
        <Form
          view={view}
          action="/books/bank/settlements/import"
          isUpload
          class="panel"
          label="Upload a settlement report"
        >
          <h2>Upload a settlement report</h2>
          <Field
            label="Report of the gateway (dashboard CSV or API JSON)"
            name="file"
            type="file"
            accept=".csv,.json,text/csv,application/json"
            isRequired
          />
          <button>Upload</button>
        </Form>
      )}
      <form method="get" action="/books/bank/settlements" class="filter">
        <Field label="From" name="from" type="date" value={props.range.from} />
        <Field label="To" name="to" type="date" value={props.range.to} />
        <Select
          label="State"
          name="state"
          value={props.state}
          options={[
            { value: "", label: "all" },
            ...Object.entries(STATES).map(([value, [, label]]) => ({ value, label })),
          ]}
        />
        <button class="second">Show</button>
      </form>
      <Table
        caption="Settlements: payments, gateway, bank"
        stacks
        empty="No settlement in these days."
        columns={[
          { title: "Date", kind: "code" },
          { title: "Settlement", kind: "code" },
          { title: "Payments" },
          { title: "Gross (₹)", kind: "amount" },
          { title: "Refunds (₹)", kind: "amount" },
          { title: "Fee and GST (₹)", kind: "amount" },
          { title: "Adjustments (₹)", kind: "amount" },
          { title: "Paid out (₹)", kind: "amount" },
          { title: "At the bank (₹)", kind: "amount" },
          { title: "State" },
        ]}
        rows={props.settlements.map((s) => ({
          cells: [
            formatDate(s.settledOn),
            <a href={`/books/bank/settlements/${s.id}`}>{s.id}</a>,
            String(s.payments),
            <Amount value={s.gross} />,
            <Amount value={s.refunds} blank />,
            <Amount value={(s.fee + s.tax) as ThreeWay["fee"]} blank />,
            <Amount value={s.adjustments} blank />,
            <Amount value={s.amount} />,
            s.atBank === null ? "" : <Amount value={s.atBank} />,
            <State of={s} />,
          ],
        }))}
      />
      <Pagination first={props.first} next={props.next} />
      <h2>Captured and not settled</h2>
      <Table
        caption="Payments that no booked settlement holds"
        stacks
        empty="Every captured payment is settled."
        columns={[
          { title: "Captured", kind: "code" },
          { title: "Payment", kind: "code" },
          { title: "Receipt" },
          { title: "Payer" },
          { title: "Amount (₹)", kind: "amount" },
          { title: "Age" },
          { title: "State" },
        ]}
        rows={props.unsettled.map((u) => ({
          cells: [
            formatDate(u.capturedOn),
            u.paymentId,
            u.receiptId === null ? "" : <a href={`/books/receipts/${u.receiptId}`}>{u.receipt}</a>,
            u.payer ?? "",
            <Amount value={u.amount} />,
            `${u.ageDays} days`,
            <>
              <Badge kind={u.state === "waiting" ? "plain" : u.state === "late" ? "wait" : "bad"}>{u.state}</Badge>{" "}
              {u.settlementId !== null && <a href={`/books/bank/settlements/${u.settlementId}`}>its settlement</a>}
            </>,
          ],
        }))}
      />
      {props.moreUnsettled !== undefined && (
        <p>
          <a href={props.moreUnsettled} rel="next">
            Next payments »
          </a>
        </p>
      )}
    </Books>
  );
}

/** What a report file did. */
function FileReport({ report }: { readonly report: SettlementFileReport }): VNode {
  if (report.status === "refused")
    return <Problems problems={report.problems} title="The report was refused; nothing of it was booked." />;
  const settlements = (n: number): string => `${n} settlement${n === 1 ? "" : "s"}`;
  return (
    <>
      <Flash>
        {report.status === "unchanged"
          ? "Everything in this report was booked before. "
          : `${settlements(report.booked.length)} booked, ${report.known.length} were there. `}
        {report.rows} rows; {report.unsettled} of them are in no settlement yet.
        {report.waiting.length > 0 && ` ${settlements(report.waiting.length)} not paid out yet.`}
      </Flash>
      <Problems problems={report.problems} title="Please look at these:" />
      <Problems
        problems={report.exceptions.flatMap((e) =>
          e.problems.map((p) => ({ ...p, message: `${e.settlementId}: ${p.message}` })),
        )}
        title="These settlements are exceptions; nothing of them is booked:"
      />
    </>
  );
}

export function SettlementPage(props: {
  readonly view: View;
  readonly settlement: ThreeWay;
  readonly rows: readonly ThreeWayRow[];
  readonly bank: string;
  readonly next: string | undefined;
}): VNode {
  const { view, settlement: s } = props;
  return (
    <Books view={view} title={`Settlement ${s.id}`} tab="bank">
      <Crumbs
        trail={[
          ["Bank accounts", "/books/bank"],
          ["Gateway settlements", "/books/bank/settlements"],
        ]}
      />
      <h1>Settlement {s.id}</h1>
      {s.state === "exception" && (
        <Flash kind="problem">
          <p>{s.message ?? "It does not add up, and nothing of it is booked."}</p>
          {s.exceptionId !== null && (
            <p>
              <a href={`/books/bank/${props.bank}/exceptions/${s.exceptionId}`}>Resolve it</a>
            </p>
          )}
        </Flash>
      )}
      <Facts
        facts={[
          ["State", <State of={s} />],
          ["Settled on", formatDate(s.settledOn)],
          ["UTR", s.utr ?? "none yet"],
          [
            "Gross − refunds − fee − GST + adjustments",
            `${[s.gross, s.refunds, s.fee, s.tax].map(formatIndian).join(" − ")} + ${formatIndian(s.adjustments)}`,
          ],
          ["Paid out", `₹ ${formatIndian(s.amount)}`],
          [
            "At the bank",
            s.atBank === null
              ? "not yet"
              : `₹ ${formatIndian(s.atBank)}${s.arrivedOn === null ? "" : ` on ${formatDate(s.arrivedOn)}`}`,
          ],
          ...(s.entryId === null
            ? []
            : [["Entry", <a href={`/books/entries/${s.entryId}`}>see the entry</a>] as const]),
        ]}
      />
      <Table
        caption="What lies in it, and the receipts behind it"
        stacks
        empty="The gateway has told no rows of it yet."
        columns={[
          { title: "Row", kind: "code" },
          { title: "Kind" },
          { title: "Receipt" },
          { title: "Payer" },
          { title: "Gateway (₹)", kind: "amount" },
          { title: "Books (₹)", kind: "amount" },
          { title: "Fee (₹)", kind: "amount" },
          { title: "Net (₹)", kind: "amount" },
          { title: "State" },
        ]}
        rows={props.rows.map((r) => ({
          cells: [
            r.entityId,
            r.type,
            r.receiptId === null ? "" : <a href={`/books/receipts/${r.receiptId}`}>{r.receipt}</a>,
            r.payer ?? "",
            <Amount value={r.amount} />,
            r.booked === null ? "" : <Amount value={r.booked} />,
            <Amount value={r.fee} blank />,
            <Amount value={r.net} />,
            r.isOnHold ? (
              <Badge kind="bad">on hold</Badge>
            ) : r.booked === null ? (
              <Badge kind="wait">not in our books</Badge>
            ) : r.booked === r.amount ? (
              <Badge kind="good">agrees</Badge>
            ) : (
              <Badge kind="bad">differs</Badge>
            ),
          ],
        }))}
      />
      <Pagination first={props.next === undefined ? undefined : `/books/bank/settlements/${s.id}`} next={props.next} />
    </Books>
  );
}
