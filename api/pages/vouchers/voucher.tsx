import type { VNode } from "preact";
import type { Attachment, Line, ReversalReason, Voucher, VoucherStep } from "../../../ledger/index.ts";
import { financialYearOf, formatDate, formatMoment } from "../../../ledger/kernel/dates.ts";
import type { Refusal } from "../../../ledger/kernel/errors.ts";
import { formatIndian, formatStatement, subtract, sum, ZERO, type Paise } from "../../../ledger/kernel/money.ts";
import type { Who } from "../../../ledger/kernel/tx.ts";
import { Books } from "../books-frame.tsx";
import { Amount, Badge, Crumbs, Facts, Field, Flash, Form, Refused, Select, Table } from "../components.tsx";
import type { View } from "../kit.tsx";
import { KIND, statusWords } from "./list.tsx";

/** What a voucher's page shows besides the voucher. */
export type VoucherSight = {
  readonly voucher: Voucher;
  readonly names: ReadonlyMap<string, string>;
  readonly steps: readonly VoucherStep[];
  readonly files: readonly Attachment[];
  readonly reasons: readonly ReversalReason[];
  readonly who: Who;
  /** How much this person may approve; null: no limit. */
  readonly limit: Paise | null;
  readonly secondSignatureAbove: Paise | null;
  /** What the budget says about it; empty when it fits. */
  readonly budget: readonly string[];
};

const sideTotal = (lines: readonly Line[], side: Line["side"]): Paise =>
  sum(lines.filter((l) => l.side === side).map((l) => l.amount));

export function VoucherPage(
  props: VoucherSight & {
    readonly view: View;
    readonly refusal?: Refusal | undefined;
    readonly typedReason?: string;
  },
): VNode {
  const { view, voucher, who } = props;
  const difference = subtract(sideTotal(voucher.lines, "debit"), sideTotal(voucher.lines, "credit"));
  const makes = who.actor.roles.includes("accountant");
  const isOpen = voucher.status === "draft" || voucher.status === "sent-back";
  const sentBack = voucher.status === "sent-back" ? props.steps.findLast((s) => s.step === "sent-back") : undefined;
  return (
    <Books view={view} title="Voucher" tab="vouchers">
      <Crumbs trail={[["Vouchers", `/books/vouchers?status=${voucher.status}`]]} />
      <h1>
        Voucher <Badge kind={KIND[voucher.status]}>{statusWords(voucher.status)}</Badge>{" "}
        {voucher.isBackDated && <Badge kind="wait">dated back</Badge>}
      </h1>
      {sentBack && (
        <Flash kind="note">
          Sent back by {sentBack.actor}: {sentBack.reason}
        </Flash>
      )}
      <Refused refusal={props.refusal} />
      {props.budget.length > 0 && (
        <Flash kind="note">
          {props.budget.map((line) => (
            <p>
              {line}. <a href={`/books/budget?fy=${financialYearOf(voucher.date)}`}>Budget</a>
            </p>
          ))}
        </Flash>
      )}
      <Facts facts={factsOf(props)} />
      <LinesTable voucher={voucher} names={props.names} />
      {difference !== ZERO && (
        <Flash kind="note">
          Debits less credits: {formatStatement(difference)}. It must be nil before the voucher is submitted.
        </Flash>
      )}
      {isOpen && makes && <MakerActions {...props} />}
      {voucher.status === "submitted" && <CheckerActions {...props} />}
      <Files {...props} />
      <Table
        caption="History"
        columns={[{ title: "Step" }, { title: "When" }, { title: "By" }, { title: "Remarks" }]}
        rows={props.steps.map((s) => ({
          cells: [s.step.replace("-", " "), formatMoment(s.at), s.actor, s.reason ?? ""],
        }))}
      />
      {makes && voucher.reverses === null && voucher.lines.length > 0 && <RepeatForm view={view} voucher={voucher} />}
    </Books>
  );
}

function factsOf({ voucher, reasons }: VoucherSight): readonly (readonly [string, VNode | string])[] {
  const optional = (name: string, value: VNode | string | null | undefined): (readonly [string, VNode | string])[] =>
    value == null ? [] : [[name, value]];
  const entry = (id: bigint, words: string): VNode => <a href={`/books/entries/${id}`}>{words}</a>;
  return [
    ["Type", voucher.voucher],
    ["Date", formatDate(voucher.date)],
    ["Narration", voucher.narration],
    ...optional("Reference", voucher.externalReference),
    ...optional("File number", voucher.fileNumber),
    ...optional("Sanction", voucher.sanction && `${voucher.sanction.number} of ${formatDate(voucher.sanction.date)}`),
    ...(voucher.isBackDated
      ? ([
          [
            "Dated back",
            `drafted on ${formatDate(voucher.draftedOn)}${voucher.backDateReason === undefined ? "" : `: ${voucher.backDateReason}`}`,
          ],
        ] as const)
      : []),
    ...optional(
      "Event",
      voucher.template && <a href={`/books/vouchers/templates/${voucher.template}`}>{voucher.template}</a>,
    ),
    ...optional(
      "Reverses",
      voucher.reverses && (
        <>
          {entry(voucher.reverses.entryId, "the entry")}:{" "}
          {reasons.find((r) => r.code === voucher.reverses?.reason)?.name ?? voucher.reverses.reason}
        </>
      ),
    ),
    ...optional(
      "Reverses by itself",
      voucher.autoReverseOn === undefined ? undefined : voucher.autoReversalEntryId === null ? (
        `on ${formatDate(voucher.autoReverseOn)}`
      ) : (
        <>
          on {formatDate(voucher.autoReverseOn)}, {entry(voucher.autoReversalEntryId, "posted")}
        </>
      ),
    ),
    ...optional(
      "Recurring",
      voucher.recurring && <a href="/books/vouchers/recurring">due on {formatDate(voucher.recurring.dueOn)}</a>,
    ),
    ["Made by", voucher.makers.join(", ")],
    ...optional("Submitted by", voucher.submittedBy),
    ...optional("First signatory", voucher.firstSignatory),
    ...optional(
      voucher.status === "rejected"
        ? "Rejected by"
        : voucher.firstSignatory === null
          ? "Approved by"
          : "Second signatory",
      voucher.decidedBy,
    ),
    ...optional("Reason", voucher.decisionReason),
    ...optional("Entry", voucher.entryId === null ? undefined : entry(voucher.entryId, "in the day book")),
  ];
}

function LinesTable({ voucher, names }: Pick<VoucherSight, "voucher" | "names">): VNode {
  const rest = (l: Line): string =>
    [
      l.party && `${l.party.type} ${l.party.id}`,
      l.demandYear && `demand ${l.demandYear}`,
      l.scheme && `scheme ${l.scheme}`,
      l.budgetHead && `budget ${l.budgetHead}`,
      l.functionary && `officer ${l.functionary}`,
      l.fund !== undefined && l.fund !== "01" && `fund ${l.fund}`,
    ]
      .filter(Boolean)
      .join(", ");
  return (
    <Table
      caption="Lines"
      empty="No lines yet."
      stacks
      columns={[
        { title: "Account" },
        { title: "Function" },
        { title: "Ward" },
        { title: "For" },
        { title: "Debit (₹)", kind: "amount" },
        { title: "Credit (₹)", kind: "amount" },
      ]}
      rows={[
        ...voucher.lines.map((l) => ({
          cells: [
            names.has(l.account) ? (
              <>
                <a href={`/books/accounts/${l.account}`}>{l.account}</a> {names.get(l.account)}
              </>
            ) : (
              `${l.account} (not in the chart)`
            ),
            l.function ?? "",
            l.ward ?? "",
            rest(l),
            l.side === "debit" ? <Amount value={l.amount} /> : "",
            l.side === "credit" ? <Amount value={l.amount} /> : "",
          ],
        })),
        ...(voucher.lines.length === 0
          ? []
          : [
              {
                kind: "total" as const,
                cells: [
                  "Total",
                  "",
                  "",
                  "",
                  <Amount value={sideTotal(voucher.lines, "debit")} />,
                  <Amount value={sideTotal(voucher.lines, "credit")} />,
                ],
              },
            ]),
      ]}
    />
  );
}

type Sight = VoucherSight & { readonly view: View; readonly typedReason?: string };

function Version({ voucher }: { readonly voucher: Voucher }): VNode {
  return <input type="hidden" name="version" value={voucher.version} />;
}

function MakerActions({ view, voucher, typedReason }: Sight): VNode {
  const at = `/books/vouchers/${voucher.id}`;
  return (
    <>
      <div class="actions">
        <a class="button second" href={`${at}/edit`}>
          Change
        </a>
        <Form view={view} action={`${at}/submit`}>
          <Version voucher={voucher} />
          <button>Submit for approval</button>
        </Form>
      </div>
      <details>
        <summary>Cancel this voucher</summary>
        <Form view={view} action={`${at}/cancel`} label="Cancel">
          <Version voucher={voucher} />
          <Field label="Reason" name="reason" value={typedReason} isRequired maxLength={300} />
          <button class="danger">Cancel the voucher</button>
        </Form>
      </details>
    </>
  );
}

function CheckerActions({ view, voucher, who, limit, secondSignatureAbove, typedReason }: Sight): VNode {
  const { roles, id } = who.actor;
  if (!roles.includes("checker") || voucher.makers.includes(id))
    return <p class="quiet">Another person, a checker, approves it, sends it back or rejects it.</p>;
  const at = `/books/vouchers/${voucher.id}`;
  const amount = sideTotal(voucher.lines, "debit");
  const needsTwo = secondSignatureAbove !== null && amount > secondSignatureAbove;
  const isAbove = limit !== null && amount > limit;
  return (
    <div class="two">
      <section class="panel" aria-label="Approve">
        <h2>Approve</h2>
        <p>
          {formatIndian(amount)}; you may approve {voucher.voucher} vouchers{" "}
          {limit === null ? "of any amount" : `up to ${formatIndian(limit)}`}.
          {needsTwo && ` Above ${formatIndian(secondSignatureAbove)} two people sign.`}
        </p>
        {needsTwo && voucher.firstSignatory === null ? (
          <Form view={view} action={`${at}/sign`}>
            <Version voucher={voucher} />
            <button>Sign first</button>
          </Form>
        ) : voucher.firstSignatory === id ? (
          <p>You signed first; another person approves it.</p>
        ) : isAbove ? (
          <p>An approver with a higher limit approves it.</p>
        ) : (
          <Form view={view} action={`${at}/approve`} label="Approve">
            <p>Posts the entry and gives it its number.</p>
            <Version voucher={voucher} />
            <button>Approve and post</button>
          </Form>
        )}
      </section>
      <Form view={view} action={`${at}/send-back`} class="panel" label="Send back or reject">
        <h2>Send back or reject</h2>
        <p>Sent back, its maker may change it and submit it again. Rejected, it stays on record as it is.</p>
        <Version voucher={voucher} />
        <Field label="Reason" name="reason" value={typedReason} isRequired maxLength={300} />
        <div class="actions">
          <button class="second">Send back</button>
          <button class="danger" formAction={`${at}/reject`}>
            Reject
          </button>
        </div>
      </Form>
    </div>
  );
}

const TYPE_WORDS: Readonly<Record<Attachment["mediaType"], string>> = {
  "application/pdf": "PDF",
  "image/png": "PNG",
  "image/jpeg": "JPEG",
  "text/csv": "CSV",
  "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "XLSX",
};

function Files({ view, voucher, files, who }: Sight): VNode {
  const makes = who.actor.roles.includes("accountant");
  const at = `/books/vouchers/${voucher.id}/files`;
  const takesFiles = voucher.status !== "rejected" && voucher.status !== "cancelled";
  return (
    <section>
      <h2>Files</h2>
      <Table
        caption="Files of this voucher"
        hideCaption
        stacks
        empty="No file is attached."
        columns={[
          { title: "File" },
          { title: "Type" },
          { title: "Size" },
          { title: "By" },
          { title: "SHA-256", kind: "code" },
          { title: "", kind: "action" },
        ]}
        rows={files.map((f) => ({
          cells: [
            <a href={`${at}/${f.number}`}>{f.fileName}</a>,
            TYPE_WORDS[f.mediaType],
            f.bytes < 1024 ? `${f.bytes} bytes` : `${Math.ceil(f.bytes / 1024)} KB`,
            `${f.attachedBy}, ${formatMoment(f.attachedAt)}`,
            f.sha256.slice(0, 12),
            makes && voucher.submittedBy === null && voucher.status === "draft" ? (
              <Form view={view} action={`${at}/${f.number}/remove`}>
                <button class="second small">Remove</button>
              </Form>
            ) : (
              ""
            ),
          ],
        }))}
      />
      {makes && takesFiles && files.length < 20 && (
        <Form view={view} action={at} isUpload class="filter" label="Attach a file">
          <Field
            label="Attach a file"
            name="file"
            type="file"
            accept=".pdf,.png,.jpg,.jpeg,.csv,.xlsx"
            hint="PDF, PNG, JPEG, CSV or XLSX, at most 10 MB"
            isRequired
          />
          <button class="second">Attach</button>
        </Form>
      )}
    </section>
  );
}

function RepeatForm({ view, voucher }: { readonly view: View; readonly voucher: Voucher }): VNode {
  return (
    <details>
      <summary>Repeat this voucher</summary>
      <p>It is drafted again on its days with the same lines; each draft is submitted and approved as any voucher.</p>
      <Form view={view} action={`/books/vouchers/${voucher.id}/repeat`} label="Repeat">
        <div class="filter">
          <Field label="Name" name="title" value={voucher.narration.slice(0, 80)} maxLength={80} isRequired />
          <Select
            label="Every"
            name="every"
            value="month"
            options={["month", "quarter", "half-year", "year"].map((e) => ({ value: e, label: e }))}
          />
          <Field
            label="On day"
            name="day"
            value={String(Number(voucher.date.slice(8)))}
            isNumeric
            size="short"
            isRequired
          />
          <Field label="From" name="from" type="date" isRequired />
          <Field label="To (open if empty)" name="to" type="date" />
        </div>
        <button class="second">Repeat it</button>
      </Form>
    </details>
  );
}
