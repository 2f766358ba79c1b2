import type { VNode } from "preact";
import {
  getConsumer,
  previewBill,
  listTaxHeads,
  type BillBody,
  type BillLine,
  type Consumer,
  type TaxHead,
} from "../../../billing/index.ts";
import { heldAcknowledgements, upiLimit, type Acknowledgement } from "../../../collections/index.ts";
import { formatDate, type FinancialYear, type LocalDate } from "../../../ledger/kernel/dates.ts";
import type { Refusal } from "../../../ledger/kernel/errors.ts";
import { formatIndian, sum, toRupees, type Paise } from "../../../ledger/kernel/money.ts";
import type { Read, Ulb } from "../../../ledger/kernel/tx.ts";
import { Amount, Facts, Field, Flash, Form, Refused, Table, type Row } from "../components.tsx";
import { wordFor } from "../i18n.ts";
import type { View } from "../kit.tsx";
import { Layout } from "../layout.tsx";
import { localName, shownName } from "./names.ts";

export type BillView = {
  readonly consumer: Consumer;
  readonly body: BillBody;
  readonly heads: ReadonlyMap<string, Pick<TaxHead, "name" | "nameLocal">>;
  /** Cheques that were acknowledged and that the bank has not credited yet: what they will settle is still due. */
  readonly clearing: readonly Pick<Acknowledgement, "number" | "amount" | "receivedOn">[];
  /** What a UPI app may pay at once. */
  readonly upiLimit: Paise;
};

/** What was handed in and waits for the bank, under the sum that is still due. Nothing where nothing waits. */
export function UnderClearing({ view, bill }: { readonly view: View; readonly bill: BillView }): VNode | null {
  const { t } = view;
  if (bill.clearing.length === 0) return null;
  const total = formatIndian(sum(bill.clearing.map((a) => a.amount)));
  return (
    <Flash kind="note">
      <p>
        <strong>{t("bill.clearing", { amount: total })}</strong>
      </p>
      <ul>
        {bill.clearing.map((a) => (
          <li>
            {t("bill.clearing.of", {
              amount: formatIndian(a.amount),
              number: a.number,
              date: formatDate(a.receivedOn),
            })}
          </li>
        ))}
      </ul>
      <p>{t("bill.clearing.note")}</p>
    </Flash>
  );
}

/** The bill explained: where each rupee comes from. Without what it is paid with, so that the counter shows the same. */
export function BillExplained(props: {
  readonly view: View;
  readonly bill: BillView;
  /** Where a line is explained; nowhere at the counter. */
  readonly why?: (line: BillLine) => string | undefined;
}): VNode {
  const { view, bill, why = () => undefined } = props;
  const { t } = view;
  const { body, heads } = bill;
  const nameOf = (code: string): string => {
    const head = heads.get(code);
    return head ? localName(view, head) : code;
  };
  const years = [...new Set(body.lines.map((l) => l.demandYear))].sort();
  const rows = years.flatMap((year: FinancialYear): Row[] => {
    const lines = body.lines.filter((l) => l.demandYear === year);
    return [
      ...lines.map((l): Row => ({
        cells: [
          year,
          <WhyLink view={view} name={nameOf(l.taxHead)} year={year} at={why(l)} />,
          formatDate(l.dueDate),
          <Amount value={l.amount} />,
          l.cess === 0n ? "" : <Amount value={l.cess} />,
        ],
      })),
      ...(years.length > 1 && lines.length > 1
        ? [
            {
              kind: "total" as const,
              cells: [
                "",
                t("bill.yeartotal", { year }),
                "",
                <Amount value={sum(lines.map((l) => l.amount))} />,
                <Amount value={sum(lines.map((l) => l.cess))} blank />,
              ],
            },
          ]
        : []),
    ];
  });
  return (
    <>
      <UnderClearing view={view} bill={bill} />
      <div class="panel sum">
        <Facts
          facts={[
            ...(body.arrears === 0n ? [] : [[t("bill.arrears"), <Amount value={body.arrears} />] as const]),
            ...(body.current === 0n ? [] : [[t("bill.current"), <Amount value={body.current} />] as const]),
            ...(body.penalty === 0n ? [] : [[t("bill.penalty"), <Amount value={body.penalty} />] as const]),
            ...(body.rebate === 0n ? [] : [[t("bill.rebate"), <>− {formatIndian(body.rebate)}</>] as const]),
            ...(body.rounding === 0n ? [] : [[t("bill.rounding"), <Amount value={body.rounding} />] as const]),
            [t("bill.total"), <>₹ {formatIndian(body.total)}</>],
          ]}
        />
      </div>
      <h2>{t("bill.how")}</h2>
      <Table
        caption={t("bill.how")}
        hideCaption
        stacks
        columns={[
          { title: t("bill.year"), kind: "code" },
          { title: t("bill.head") },
          { title: t("bill.due") },
          { title: t("bill.amount"), kind: "amount" },
          { title: t("bill.cess"), kind: "amount" },
        ]}
        rows={rows}
      />
      {body.lines.some((l) => l.cess > 0n) && <p class="hint">{t("bill.cess.note")}</p>}
    </>
  );
}

function WhyLink(props: {
  readonly view: View;
  readonly name: string;
  readonly year: string;
  readonly at: string | undefined;
}): VNode {
  const { view, name, at } = props;
  if (at === undefined) return <>{name}</>;
  return (
    <>
      {name}
      <br />
      <a href={at}>
        {view.t("why.title")}
        <span class="sr">
          {" "}
          {name} {props.year}
        </span>
      </a>
    </>
  );
}

export function BillPage(props: {
  readonly view: View;
  readonly ulb: Ulb;
  readonly bill: BillView;
  readonly keys: { readonly whole: string; readonly part: string };
  readonly typed?: string;
  readonly refusal?: Refusal | undefined;
  readonly hasChanged?: boolean;
}): VNode {
  const { view, bill } = props;
  const { t } = view;
  const { consumer, body } = bill;
  const action = `/pay/${consumer.id}`;
  const total = formatIndian(body.total);
  return (
    <Layout view={view} title={`${t("bill.title")} ${consumer.code}`} section="pay" ulb={props.ulb}>
      <h1>{t("bill.title")}</h1>
      <Facts
        facts={[
          [t("pay.code"), consumer.code],
          [t("pay.service"), wordFor(t, "service", consumer.service)],
          [t("pay.name"), shownName(view, consumer)],
          [t("pay.address"), `${consumer.address} · ${t("pay.ward")} ${consumer.ward}`],
        ]}
      />
      {props.hasChanged && <Flash kind="note">{t("bill.changed", { amount: total })}</Flash>}
      {body.lines.length === 0 ? (
        <>
          <Refused refusal={props.refusal} view={view} />
          <UnderClearing view={view} bill={bill} />
          <Flash>
            <p>
              <strong>{t("bill.nothing")}</strong>
            </p>
            {consumer.advance > 0n && <p>{t("bill.advance", { amount: formatIndian(consumer.advance) })}</p>}
          </Flash>
        </>
      ) : (
        <>
          <h2>{t("bill.asof", { date: formatDate(body.asOf) })}</h2>
          <BillExplained
            view={view}
            bill={bill}
            why={(line) =>
              line.demandId === null || line.part === "penalty" ? undefined : `${action}/why/${line.demandId}`
            }
          />
          <h2 id="payment">{t("bill.pay.title")}</h2>
          {body.total > bill.upiLimit && (
            <Flash kind="note">{t("bill.pay.upi-limit", { limit: formatIndian(bill.upiLimit) })}</Flash>
          )}
          <Refused refusal={props.refusal} view={view} />
          <div class="two">
            <Form
              view={view}
              action={action}
              idempotencyKey={props.keys.whole}
              class="panel"
              label={t("bill.pay.whole")}
            >
              <h3>{t("bill.pay.whole")}</h3>
              <input type="hidden" name="choice" value="whole" />
              <input type="hidden" name="shown" value={toRupees(body.total)} />
              <button>{t("bill.pay.whole.submit", { amount: total })}</button>
            </Form>
            <Form view={view} action={action} idempotencyKey={props.keys.part} class="panel" label={t("bill.pay.part")}>
              <h3>{t("bill.pay.part")}</h3>
              <input type="hidden" name="choice" value="part" />
              <Field
                label={t("bill.pay.amount")}
                name="amount"
                value={props.typed}
                isWrong={Boolean(props.typed) && props.refusal !== undefined}
                hasFocus={Boolean(props.typed) && props.refusal !== undefined}
                hint={t("bill.pay.amount.hint")}
                isAmount
                isRequired
                maxLength={20}
              />
              <button class="second">{t("bill.pay.submit")}</button>
            </Form>
          </div>
          <Form view={view} action={`${action}/bill`} label={t("bill.pdf")}>
            <p class="actions">
              <button class="second">{t("bill.pdf")}</button>
            </p>
          </Form>
        </>
      )}
      <p class="actions">
        <a href="/pay">{t("bill.other")}</a>
      </p>
    </Layout>
  );
}

export async function readBill(read: Read, consumerId: string, on: LocalDate): Promise<BillView> {
  const consumer = await getConsumer(read, consumerId);
  const heads = new Map((await listTaxHeads(read, on, consumer.service)).map((h) => [h.code, h]));
  return {
    consumer,
    body: await previewBill(read, consumerId, on),
    heads,
    clearing: await heldAcknowledgements(read, consumerId),
    upiLimit: (await upiLimit(read)).amount,
  };
}
