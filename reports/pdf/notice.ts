import type { Notice } from "../../billing/index.ts";
import { formatDate } from "../../ledger/kernel/dates.ts";
import type { Ulb } from "../../ledger/kernel/tx.ts";
import { bilingual, label, type LabelKey, type Language } from "../labels.ts";
import { consumerFacts, type PaperConsumer } from "./consumer-facts.ts";
import { demandPapersPdf, type DemandPaper, type DemandPaperLine } from "./demand-paper.ts";

/** Everything a notice prints: the notice as it was issued, and where it is paid. */
export type NoticePaper = Pick<
  Notice,
  "kind" | "number" | "asOf" | "days" | "follows" | "fee" | "total" | "issuedAt"
> & {
  readonly ulb: Pick<Ulb, "name" | "nameLocal">;
  readonly consumer: PaperConsumer;
  readonly lines: readonly DemandPaperLine[];
  readonly payUrl: string;
  readonly upi: string | null;
};

const WORDS: Readonly<Record<Notice["kind"], LabelKey>> = {
  "demand-notice": "demandNoticeText",
  reminder: "reminderText",
  warrant: "warrantText",
};

/** Notices as one PDF (A4), each on a page of its own, in the local language beside English. At least one, some hundreds at most. */
export async function noticesPdf(notices: readonly NoticePaper[], language: Language): Promise<Buffer> {
  return demandPapersPdf(
    notices.map((notice) => paperOf(notice, language)),
    language,
  );
}

function paperOf(notice: NoticePaper, language: Language): DemandPaper {
  const words = (lang: Language): string => label(WORDS[notice.kind], lang).replace("{days}", String(notice.days));
  const { follows } = notice;
  const served =
    follows === null || follows.servedOn === null
      ? ""
      : ` (${bilingual("servedOn", language)} ${formatDate(follows.servedOn)})`;
  return {
    ulb: notice.ulb,
    title: notice.kind,
    number: notice.number,
    issuedAt: notice.issuedAt,
    facts: [
      { name: bilingual("billDate", language), value: formatDate(notice.asOf) },
      ...(follows === null ? [] : [{ name: bilingual("follows", language), value: `${follows.number}${served}` }]),
      ...consumerFacts(notice.consumer, language),
    ],
    words: language === "en" ? [words("en")] : [words("en"), words(language)],
    lines: notice.lines,
    adjustments: notice.fee === 0n ? [] : [{ name: bilingual("noticeFee", language), amount: notice.fee }],
    total: notice.total,
    deadlines: [],
    notes: [],
    qr:
      notice.upi === null
        ? { content: notice.payUrl, caption: "payOnline" }
        : { content: notice.upi, caption: "payByUpi" },
    payUrl: notice.payUrl,
    signature: "executiveOfficer",
  };
}
