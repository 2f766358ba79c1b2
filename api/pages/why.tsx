import type { VNode } from "preact";
import {
  assessedOf,
  explainDemand,
  findDemands,
  rulesOf,
  type BillBody,
  type BillLine,
  type Consumer,
  type Explained,
  type KeptAssessment,
  type RuleFile,
} from "../../billing/index.ts";
import { formatDate } from "../../ledger/kernel/dates.ts";
import { formatIndian, rupees, subtract, sum } from "../../ledger/kernel/money.ts";
import type { Read, Ulb } from "../../ledger/kernel/tx.ts";
import type { Language } from "../session.ts";
import { Amount, Facts, Flash, Table } from "./components.tsx";
import { wordFor } from "./i18n.ts";
import type { View } from "./kit.tsx";
import { Layout } from "./layout.tsx";

/** A demand on a bill, and the arithmetic that made it where it was made by rules. */
export type Why = {
  /** Its lines on the bill, as they are open. */
  readonly lines: readonly BillLine[];
  readonly kind: string;
  readonly made:
    { readonly assessment: KeptAssessment; readonly lines: readonly Explained[]; readonly file: RuleFile } | undefined;
};

/** Undefined when the demand is not on the bill. */
export async function readWhy(
  read: Read,
  bill: { readonly body: BillBody },
  demandId: string,
  lang: Language,
): Promise<Why | undefined> {
  const lines = bill.body.lines.filter((l) => l.demandId === demandId && l.part !== "penalty");
  const [demand] = lines.length === 0 ? [] : await findDemands(read, { demandIds: [demandId] });
  if (!demand) return undefined;
  if (!(await assessedOf(read, [demandId])).has(demandId)) return { lines, kind: demand.kind, made: undefined };
  const explained = await explainDemand(read, demandId, lang);
  const { file } = await rulesOf(read, explained.assessment.ruleFile.id);
  return { lines, kind: demand.kind, made: { ...explained, file } };
}

/** "Why this amount?": the arithmetic of one demand in words, for whoever may see the bill, and no more of the consumer than the bill shows. */
export function WhyPage(props: {
  readonly view: View;
  readonly ulb: Ulb;
  readonly consumer: Consumer;
  readonly why: Why;
}): VNode {
  const { view, consumer, why } = props;
  const { t } = view;
  const [first] = why.lines;
  return (
    <Layout view={view} title={`${t("why.title")} ${consumer.code}`} section="pay" ulb={props.ulb}>
      <h1>{t("why.title")}</h1>
      <Facts
        facts={[
          [t("pay.code"), consumer.code],
          [t("pay.service"), wordFor(t, "service", consumer.service)],
          ...(first
            ? [[t("why.period"), `${formatDate(first.periodFrom)} – ${formatDate(first.periodTo)}`] as const]
            : []),
        ]}
      />
      {why.made ? <Made view={view} why={why} made={why.made} /> : <NotMade view={view} why={why} />}
      <p class="actions">
        <a href={`/pay/${consumer.id}`}>{t("why.back")}</a>
      </p>
    </Layout>
  );
}

function Made(props: { readonly view: View; readonly why: Why; readonly made: NonNullable<Why["made"]> }): VNode {
  const { t, session } = props.view;
  const { assessment, file, lines } = props.made;
  const foreign = session.lang === "en" ? undefined : "en";
  const nameOf = (code: string): string => file.heads.find((h) => h.code === code)?.name[session.lang] ?? code;
  return (
    <>
      <h2>{t("why.sum")}</h2>
      <Table
        caption={t("why.sum")}
        hideCaption
        columns={[{ title: t("why.head") }, { title: t("bill.amount"), kind: "amount" }]}
        rows={[
          ...assessment.heads.map((h) => ({ cells: [nameOf(h.head), <Amount value={rupees(h.amount)} />] })),
          { kind: "total" as const, cells: [t("why.total"), <Amount value={rupees(assessment.demand)} />] },
        ]}
      />
      <OnTheBill {...props} />
      <h2>{t("why.how")}</h2>
      <Table
        caption={t("why.how")}
        hideCaption
        stacks
        columns={[{ title: t("why.step") }, { title: t("why.rule") }]}
        rows={lines.map((line) => ({
          cells: [
            <>
              {line.text}
              {line.below.length > 0 && (
                <ul class="plain">
                  {line.below.map((part) => (
                    <li>{part}</li>
                  ))}
                </ul>
              )}
            </>,
            <>
              <span lang={foreign}>{line.rule}</span>
              {line.basis !== null && (
                <small class="basis" lang={foreign}>
                  {line.basis}
                </small>
              )}
            </>,
          ],
        }))}
      />
      <Facts
        facts={[
          [
            t("why.rules"),
            <>
              {file.title[session.lang]}
              <small class="basis">{t("why.version", { file: file.id, version: String(file.version) })}</small>
            </>,
          ],
          [t("why.source"), <span lang={foreign}>{file.source}</span>],
        ]}
      />
    </>
  );
}

/** What the rules asked, held against the open lines of the bill; penalties are demands of their own. */
function OnTheBill(props: { readonly view: View; readonly why: Why; readonly made: NonNullable<Why["made"]> }): VNode {
  const { t } = props.view;
  const { lines } = props.why;
  const demanded = rupees(props.made.assessment.demand);
  const open = sum(lines.map((l) => l.amount));
  const said = formatIndian(open);
  return (
    <>
      <p>
        <strong>
          {open === demanded
            ? t("why.same")
            : open < demanded
              ? t("why.less", { settled: formatIndian(subtract(demanded, open)), open: said })
              : t("why.more", { added: formatIndian(subtract(open, demanded)), open: said })}
        </strong>
      </p>
    </>
  );
}

function NotMade({ view, why }: { readonly view: View; readonly why: Why }): VNode {
  const { t } = view;
  const said =
    why.kind === "opening"
      ? t("why.none.opening")
      : why.kind === "charge"
        ? t("why.none.charge")
        : why.kind === "supplementary" || why.kind === "transferred"
          ? t("why.none.supplementary")
          : t("why.none.file");
  return (
    <>
      <Flash kind="note">{said}</Flash>
      <Facts facts={[[t("why.onbill"), <Amount value={sum(why.lines.map((l) => l.amount))} />]]} />
    </>
  );
}
