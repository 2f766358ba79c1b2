import { PassThrough, type Writable } from "node:stream";
import { latestBills, latestNotices, type BillPlace, type NoticeKind } from "../billing/index.ts";
import { inSnapshot, type App, type Who } from "../ledger/kernel/tx.ts";
import { billViews, noticeViews, type PayUrl } from "./bill-view.ts";
import type { Language } from "./labels.ts";
import { openPackZip } from "./pack/pack-zip.ts";
import { billsPdf } from "./pdf/bill.ts";
import { noticesPdf } from "./pdf/notice.ts";

export type PapersToPrint = {
  readonly papers: { readonly kind: "bills" } | { readonly kind: "notices"; readonly step: NoticeKind };
  readonly service: string;
  readonly ward?: string;
  readonly language: Language;
  readonly payUrl: PayUrl;
  /** Papers in one PDF of the zip: 200 unless said. */
  readonly inOne?: number;
};

type Drawn = { readonly first: BillPlace; readonly count: number; readonly pdf: Buffer };

/**
 * The newest bill, or notice of a step, of every consumer of a service, as a zip of PDFs of some hundreds each in the order of wards and codes.
 * Each part is read in a snapshot of its own and drawn when that is closed: memory is that of one part, whatever the count. Gives the count.
 */
export async function printPapers(app: App, who: Who, what: PapersToPrint, out: Writable): Promise<number> {
  const through = new PassThrough();
  through.pipe(out);
  const zip = openPackZip(through, app.clock());
  let count = 0;
  try {
    for await (const part of parts(app, who, what)) {
      count += part.count;
      const number = String(zip.files.length + 1).padStart(4, "0");
      const place = `${part.first.ward}-${part.first.code}`.replace(/[^A-Za-z0-9_-]+/g, "_").slice(0, 80);
      await zip.add(`${number}_${place}.pdf`, what.papers.kind, [part.pdf], false);
    }
    await zip.end();
  } catch (error) {
    zip.destroy(error as Error);
    throw error;
  }
  return count;
}

async function* parts(app: App, who: Who, what: PapersToPrint): AsyncGenerator<Drawn> {
  let after: BillPlace | undefined;
  for (;;) {
    const page = {
      service: what.service,
      limit: what.inOne ?? 200,
      ...(what.ward === undefined ? {} : { ward: what.ward }),
      ...(after === undefined ? {} : { after }),
    };
    const read = await inSnapshot(app, who, async (tx) => {
      if (what.papers.kind === "notices") {
        const { notices, next } = await latestNotices(tx, { ...page, kind: what.papers.step });
        const views = await noticeViews(tx, notices, what.payUrl);
        return { next, first: views[0]?.consumer, count: views.length, draw: () => noticesPdf(views, what.language) };
      }
      const { bills, next } = await latestBills(tx, page);
      const views = await billViews(tx, bills, what.payUrl);
      return { next, first: views[0]?.consumer, count: views.length, draw: () => billsPdf(views, what.language) };
    });
    if (read.next === undefined) return;
    after = read.next;
    if (read.first) yield { first: read.first, count: read.count, pdf: await read.draw() };
  }
}
