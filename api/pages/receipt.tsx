import type { FastifyInstance, FastifyRequest } from "fastify";
import type { VNode } from "preact";
import {
  askRefund,
  getReceipt,
  listRefunds,
  publicKeys,
  refundable,
  verifyReceiptCode,
  type Receipt,
  type Refund,
} from "../../collections/index.ts";
import { formatDate } from "../../ledger/kernel/dates.ts";
import type { Refusal } from "../../ledger/kernel/errors.ts";
import { formatIndian, inWords, paise, rupees, toRupees, type Paise } from "../../ledger/kernel/money.ts";
import type { Read, Ulb, Who } from "../../ledger/kernel/tx.ts";
import { listUlbs } from "../../ledger/index.ts";
import { receiptPdf, receiptView, type ReceiptView } from "../../reports/index.ts";
import { apiErrors } from "../errors.ts";
import { Amount, Facts, Field, Flash, Form, Mark, Refused, Table } from "./components.tsx";
import { wordFor } from "./i18n.ts";
import { attempt, field, send, typedAmount, viewOf, type Desk, type View } from "./kit.tsx";
import { Layout } from "./layout.tsx";

const STATUS_WORDS = {
  cancelled: ["receipt.status.cancelled", "receipt.status.cancelled.text"],
  dishonoured: ["receipt.status.dishonoured", "receipt.status.dishonoured.text"],
  transferred: ["receipt.status.transferred", "receipt.status.transferred.text"],
  reversed: ["receipt.status.reversed", "receipt.status.reversed.text"],
} as const;

/** What stands behind the code on a printed receipt: whether it is true, and everything it says. */
export function ReceiptPage({
  view,
  receipt,
  token,
  ulb,
  signature = "",
  back,
  typed,
  refusal,
}: {
  readonly view: View;
  readonly receipt: ReceiptView;
  readonly token: string;
  readonly ulb: Ulb;
  /** Of the code that was scanned: "" where it had none. */
  readonly signature?: "" | "valid" | "invalid";
  readonly back?: Back | undefined;
  readonly typed?: { readonly amount: string; readonly reason: string };
  readonly refusal?: Refusal | undefined;
}): VNode {
  const { t, session } = view;
  const local = (name: string, nameLocal: string | null | undefined): string =>
    (session.lang === "hi" ? nameLocal : null) ?? name;
  const { state } = receipt;
  const isRefundable = receipt.refundable !== undefined && receipt.refundable > 0n;
  const isSubject = state.status === "issued" && (receipt.mode === "cheque" || receipt.mode === "dd");
  return (
    <Layout
      view={view}
      title={`${t("receipt.title")} ${receipt.number}`}
      section="pay"
      ulb={ulb}
      scripts={["print.js"]}
    >
      <h1>
        {t("receipt.title")} {receipt.number}
      </h1>
      {state.status === "issued" ? (
        <div class="flash good">
          <p>
            <strong>
              <Mark ok /> {t("receipt.status.issued")}
            </strong>
          </p>
          <p>{t("receipt.status.issued.text", { ulb: local(ulb.name, ulb.nameLocal) })}</p>
          {isSubject && <p>{t("receipt.subject")}</p>}
          {isRefundable && (
            <p>
              <strong>{t("receipt.refundable")}.</strong>{" "}
              {t("receipt.refundable.text", { number: receipt.refundNote ?? "" })}
            </p>
          )}
        </div>
      ) : (
        <div class="flash problem">
          <p>
            <strong>
              <Mark ok={false} /> {t(STATUS_WORDS[state.status][0])}
            </strong>
          </p>
          <p>
            {t(STATUS_WORDS[state.status][1], {
              date: formatDate(state.on),
              reason: state.reason,
            })}
          </p>
        </div>
      )}
      {signature !== "" && (
        <p class={signature === "valid" ? "quiet" : "flash problem"} role={signature === "valid" ? undefined : "alert"}>
          {signature === "invalid" && <Mark ok={false} />}{" "}
          {t(signature === "valid" ? "receipt.signature.valid" : "receipt.signature.invalid")}
        </p>
      )}
      <Facts
        facts={[
          [t("receipt.number"), receipt.number],
          [t("receipt.date"), formatDate(receipt.date)],
          [t("receipt.payer"), local(receipt.consumer.name, receipt.consumer.nameLocal)],
          ...(receipt.consumer.code === ""
            ? []
            : ([
                [t("receipt.consumer"), receipt.consumer.code],
                [t("receipt.service"), wordFor(t, "service", receipt.consumer.service)],
              ] as const)),
          [
            t("receipt.mode"),
            [wordFor(t, "mode", receipt.mode), receipt.instrument?.number, receipt.instrument?.bank]
              .filter(Boolean)
              .join(" · "),
          ],
        ]}
      />
      <Table
        caption={t("receipt.lines")}
        stacks
        columns={[
          { title: t("receipt.head") },
          { title: t("receipt.year"), kind: "code" },
          { title: t("receipt.amount"), kind: "amount" },
        ]}
        rows={[
          ...receipt.lines.map((l) => ({ cells: [local(l.head, l.headLocal), l.year, <Amount value={l.amount} />] })),
          ...(receipt.advance === 0n
            ? []
            : [{ cells: [t("receipt.advance"), "", <Amount value={receipt.advance} />] }]),
          ...(isRefundable
            ? [{ cells: [t("receipt.refundable"), "", <Amount value={receipt.refundable ?? receipt.amount} />] }]
            : []),
          { kind: "total" as const, cells: [t("receipt.total"), "", <Amount value={receipt.amount} />] },
        ]}
      />
      {receipt.rebate !== undefined && receipt.rebate > 0n && (
        <p>
          {t("receipt.rebate")}: ₹ <Amount value={receipt.rebate} />
        </p>
      )}
      <p>
        <span class="quiet">{t("receipt.words")}:</span> <strong lang="en">{inWords(receipt.amount)}</strong>
      </p>
      <p class="actions">
        <a class="button" href={`/receipt/${token}/pdf?lang=${session.lang}`}>
          {t("receipt.pdf")}
        </a>
        <button type="button" class="second" data-print hidden>
          {t("receipt.print")}
        </button>
        <a href="/pay">{t("receipt.again")}</a>
      </p>
      <Refused refusal={refusal} view={view} />
      {back !== undefined && <PayBack view={view} token={token} back={back} typed={typed} />}
    </Layout>
  );
}

/** What became of the excess of an online payment: how much of it is an advance that may be asked back, and what goes or went back. */
type Back = { readonly upTo: Paise; readonly refunds: readonly Refund[] };

async function backOf(read: Read, receipt: Receipt): Promise<Back | undefined> {
  const kept = receipt.lines.find((l) => l.kind === "advance")?.amount ?? 0n;
  if (receipt.paymentId === null || (kept === 0n && receipt.refundNote === null)) return undefined;
  const { choices } = await refundable(read, receipt.paymentId);
  const upTo = choices.find((c) => c.origin === "advance")?.upTo ?? paise(0n);
  return {
    upTo: upTo < kept ? upTo : paise(kept),
    refunds: await listRefunds(read, { paymentId: receipt.paymentId }),
  };
}

function PayBack(props: {
  readonly view: View;
  readonly token: string;
  readonly back: Back;
  readonly typed?: { readonly amount: string; readonly reason: string } | undefined;
}): VNode {
  const { view, back, typed } = props;
  const { t } = view;
  return (
    <section class="no-print">
      {back.refunds.map((r) => (
        <Flash kind={r.status === "rejected" ? "problem" : "note"}>
          {t("receipt.refund.state", { number: r.number, amount: formatIndian(r.amount), state: stateOf(view, r) })}
        </Flash>
      ))}
      {back.upTo > 0n && (
        <details open={typed !== undefined}>
          <summary>{t("receipt.refund.title")}</summary>
          <Form view={view} action={`/receipt/${props.token}/refund`} class="panel" label={t("receipt.refund.title")}>
            <p>{t("receipt.refund.text", { amount: formatIndian(back.upTo) })}</p>
            <Field
              label={t("receipt.refund.amount")}
              name="amount"
              value={typed?.amount ?? toRupees(back.upTo)}
              isAmount
              isRequired
              maxLength={20}
            />
            <Field
              label={t("receipt.refund.reason")}
              name="reason"
              value={typed?.reason ?? ""}
              size="long"
              isRequired
              maxLength={300}
            />
            <button class="second">{t("receipt.refund.submit")}</button>
          </Form>
        </details>
      )}
    </section>
  );
}

function stateOf({ t }: View, refund: Refund): string {
  if (refund.status === "asked") return t("receipt.refund.state.asked");
  if (refund.status === "payable") return t("receipt.refund.state.payable");
  if (refund.status === "rejected") return t("receipt.refund.state.rejected", { reason: refund.rejectedReason ?? "" });
  const isDone = refund.status === "processed" || refund.status === "bank-paid";
  return t(isDone ? "receipt.refund.state.done" : "receipt.refund.state.open");
}

/** The ULB that issued it: the signed-in person's, the usual one, or whichever has it. The token is 160 random bits. */
async function issuerOf(desk: Desk, request: FastifyRequest, token: string): Promise<Who> {
  if (!/^[A-Za-z0-9_-]{20,60}$/.test(token))
    throw apiErrors.PAGE_NOT_FOUND({ path: request.url.split("?")[0]?.slice(0, 200) ?? "" });
  const usual = await desk.citizen(request);
  const first = await attempt(() => desk.read(usual, (read) => getReceipt(read, token)));
  if (first.ok) return usual;
  for (const ulb of await listUlbs(desk.app)) {
    if (ulb.id === usual.ulb.id) continue;
    const who: Who = { ...usual, ulb };
    if ((await attempt(() => desk.read(who, (read) => getReceipt(read, token)))).ok) return who;
  }
  throw first.refusal;
}

export function receiptRoutes(web: FastifyInstance, desk: Desk): void {
  const limited = { config: { rateLimit: { max: 60, timeWindow: "1 minute" } } };
  const urlOf = (token: string): string => `${desk.app.baseUrl}/receipt/${token}`;

  web.get<{ Params: { token: string } }>("/receipt/:token", limited, async (request, reply) => {
    const { token } = request.params;
    const who = await issuerOf(desk, request, token);
    const code = field(request.query, "s").slice(0, 1200);
    const { receipt, keys, back } = await desk.read(who, async (read) => ({
      receipt: await receiptView(read, token, urlOf),
      back: await backOf(read, await getReceipt(read, token)),
      keys: code === "" ? [] : await publicKeys(read),
    }));
    const checked =
      code === "" ? undefined : await attempt(() => Promise.resolve().then(() => verifyReceiptCode(`s=${code}`, keys)));
    // A code that is genuine and belongs to another receipt is no proof of this one.
    const isOwn =
      checked?.ok === true && checked.value.number === receipt.number && checked.value.amount === receipt.amount;
    return send(
      reply,
      <ReceiptPage
        view={viewOf(request)}
        receipt={receipt}
        token={token}
        ulb={who.ulb}
        signature={checked === undefined ? "" : isOwn ? "valid" : "invalid"}
        back={back}
      />,
    );
  });

  // Whoever holds the receipt's address (160 random bits) is the payer or has it from him; an officer decides, and it goes back the way it came.
  web.post<{ Params: { token: string } }>("/receipt/:token/refund", limited, async (request, reply) => {
    const { token } = request.params;
    const who = await issuerOf(desk, request, token);
    const typed = {
      amount: field(request.body, "amount").slice(0, 40),
      reason: field(request.body, "reason").slice(0, 300),
    };
    const asked = await attempt(() => {
      const amount = rupees(typedAmount(typed.amount));
      return desk.write({ ...who, actor: { id: "citizen", roles: ["citizen"] } }, async (tx) => {
        const { paymentId } = await getReceipt(tx, token);
        return askRefund(tx, { paymentId: paymentId ?? "", amount, origin: "advance", reason: typed.reason });
      });
    });
    if (asked.ok) return reply.redirect(`/receipt/${token}`, 303);
    const { receipt, back } = await desk.read(who, async (read) => ({
      receipt: await receiptView(read, token, urlOf),
      back: await backOf(read, await getReceipt(read, token)),
    }));
    return send(
      reply,
      <ReceiptPage
        view={viewOf(request, `/receipt/${token}`)}
        receipt={receipt}
        token={token}
        ulb={who.ulb}
        back={back}
        typed={typed}
        refusal={asked.refusal}
      />,
      asked.refusal.status,
    );
  });

  web.get<{ Params: { token: string } }>("/receipt/:token/pdf", limited, async (request, reply) => {
    const { token } = request.params;
    const who = await issuerOf(desk, request, token);
    const receipt = await desk.read(who, (read) => receiptView(read, token, urlOf));
    const paper = field(request.query, "paper") === "A4" ? "A4" : "A5";
    const pdf = await receiptPdf(receipt, request.session.lang, paper);
    return reply
      .type("application/pdf")
      .header("cache-control", "no-store")
      .header("content-disposition", `inline; filename="${receipt.number.replaceAll("/", "-")}.pdf"`)
      .send(pdf);
  });
}
