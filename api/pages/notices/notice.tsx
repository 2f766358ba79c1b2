import type { VNode } from "preact";
import type { Notice } from "../../../billing/index.ts";
import { formatDate, formatMoment, type LocalDate } from "../../../ledger/kernel/dates.ts";
import type { Refusal } from "../../../ledger/kernel/errors.ts";
import { Amount, Badge, Facts, Field, Form, Refused, Table } from "../components.tsx";
import { Demand } from "../demand-frame.tsx";
import { wordFor } from "../i18n.ts";
import type { View } from "../kit.tsx";
import { stepTitle } from "./words.ts";

/** Ways of serving that are offered; others are typed. */
const MANNERS = ["by hand", "by registered post", "by affixing it at the property", "by electronic mail"];

export type TypedService = { readonly servedOn: string; readonly how: string };

export function NoticePage(props: {
  readonly view: View;
  readonly notice: Notice;
  readonly today: LocalDate;
  readonly canServe: boolean;
  readonly typed?: TypedService | undefined;
  readonly refusal?: Refusal | undefined;
}): VNode {
  const { view, notice } = props;
  const { consumer, follows } = notice;
  const at = `/demand/notices/${notice.id}`;
  return (
    <Demand view={view} title={`${stepTitle(notice.kind)} ${notice.number}`} trail={[["Notices", "/demand/notices"]]}>
      <Refused refusal={props.refusal} />
      <p class="actions">
        <a class="button" href={`${at}/pdf?lang=hi`}>
          PDF, English and Hindi
        </a>
        <a class="button second" href={`${at}/pdf?lang=pa`}>
          English and Punjabi
        </a>
        <a class="button second" href={`${at}/pdf?lang=en`}>
          English
        </a>
      </p>
      <Facts
        facts={[
          [
            "Consumer",
            <a href={`/pay/${consumer.id}`}>
              {wordFor(view.t, "service", consumer.service)} {consumer.code}, {consumer.name}
            </a>,
          ],
          ["Address", `${consumer.address}, ward ${consumer.ward}`],
          ["Date", formatDate(notice.asOf)],
          ["Days given", String(notice.days)],
          ["Issued", formatMoment(notice.issuedAt)],
          ...(follows === null
            ? []
            : [
                [
                  "Follows",
                  `${follows.number}${follows.servedOn === null ? "" : `, served on ${formatDate(follows.servedOn)}`}`,
                ] as const,
              ]),
          [
            "Served",
            notice.servedOn === null ? (
              <Badge kind="wait">not yet</Badge>
            ) : (
              `on ${formatDate(notice.servedOn)}, ${notice.how ?? ""}`
            ),
          ],
        ]}
      />
      <Table
        caption="What it asks for"
        stacks
        columns={[
          { title: "Head" },
          { title: "Period" },
          { title: "Was due on" },
          { title: "Part" },
          { title: "Amount (₹)", kind: "amount" },
        ]}
        rows={[
          ...notice.lines.map((l) => ({
            cells: [
              l.cessName === null ? l.name : `${l.name}, with ${l.cessName}`,
              `${formatDate(l.periodFrom)} – ${formatDate(l.periodTo)}`,
              formatDate(l.dueDate),
              l.part,
              <Amount value={l.amount} />,
            ],
          })),
          ...(notice.fee === 0n
            ? []
            : [{ cells: ["Fee of the notice", "", "", "fee", <Amount value={notice.fee} />] }]),
          { kind: "total" as const, cells: ["In all", "", "", "", <Amount value={notice.total} />] },
        ]}
      />
      {notice.servedOn === null && props.canServe && (
        <Form view={view} action={`${at}/service`} class="panel" label="Record its service">
          <h2>Record its service</h2>
          <Field
            label="Served on"
            name="servedOn"
            type="date"
            value={props.typed?.servedOn ?? props.today}
            size="short"
            isRequired
          />
          <Field
            label="How"
            name="how"
            value={props.typed?.how ?? ""}
            list="manners"
            hint="By hand to whom, by post with its number, by affixing it"
            size="long"
            maxLength={200}
            isRequired
          />
          <datalist id="manners">
            {MANNERS.map((m) => (
              <option value={m} />
            ))}
          </datalist>
          <button>Record it</button>
        </Form>
      )}
    </Demand>
  );
}
