import type { FastifyInstance, FastifyRequest } from "fastify";
import type { VNode } from "preact";
import { getReceipt } from "../../collections/index.ts";
import { formatDate } from "../../ledger/kernel/dates.ts";
import { inWords } from "../../ledger/kernel/money.ts";
import type { Ulb, Who } from "../../ledger/kernel/tx.ts";
import { listUlbs } from "../../ledger/index.ts";
import { receiptPdf, receiptView, type ReceiptView } from "../../reports/index.ts";
import { apiErrors } from "../errors.ts";
import { Amount, Facts, Mark, Table } from "./components.tsx";
import { wordFor } from "./i18n.ts";
import { attempt, field, send, viewOf, type Desk, type View } from "./kit.tsx";
import { Layout } from "./layout.tsx";

/** What stands behind the code on a printed receipt: whether it is true, and everything it says. */
export function ReceiptPage({
  view,
  receipt,
  token,
  ulb,
}: {
  readonly view: View;
  readonly receipt: ReceiptView;
  readonly token: string;
  readonly ulb: Ulb;
}): VNode {
  const { t, session } = view;
  const local = (name: string, nameLocal: string | null | undefined): string =>
    (session.lang === "hi" ? nameLocal : null) ?? name;
  const { state } = receipt;
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
        </div>
      ) : (
        <div class="flash problem">
          <p>
            <strong>
              <Mark ok={false} /> {t(`receipt.status.${state.status}`)}
            </strong>
          </p>
          <p>
            {t(`receipt.status.${state.status}.text`, {
              date: formatDate(state.on),
              reason: state.reason,
            })}
          </p>
        </div>
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
    </Layout>
  );
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
    const receipt = await desk.read(who, (read) => receiptView(read, token, urlOf));
    return send(reply, <ReceiptPage view={viewOf(request)} receipt={receipt} token={token} ulb={who.ulb} />);
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
