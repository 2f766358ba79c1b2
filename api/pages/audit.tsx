import { once } from "node:events";
import { PassThrough, type Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { FastifyInstance } from "fastify";
import type { VNode } from "preact";
import { getAccount } from "../../ledger/index.ts";
import { formatDate } from "../../ledger/kernel/dates.ts";
import type { Who } from "../../ledger/kernel/tx.ts";
import {
  exportReport,
  listReports,
  packName,
  writePack,
  type ReportFile,
  type ReportOptions,
} from "../../reports/index.ts";
import { sealAtOnce } from "../sealing.ts";
import { RangeForm, rangeField, rangeQuery, type Range } from "./books-frame.tsx";
import { Field, sentence, Table } from "./components.tsx";
import { field, send, viewOf, type Desk, type View } from "./kit.tsx";
import { Layout, READERS } from "./layout.tsx";
import { reportOptions } from "./report-options.ts";

const NAMES: Readonly<Record<string, string>> = { dcb: "DCB register", brs: "Bank reconciliation statement" };
const nameOf = (report: string): string => {
  const text = NAMES[report] ?? report.replaceAll("-", " ");
  return text.charAt(0).toUpperCase() + text.slice(1);
};

const readable = (range: Range): readonly (readonly [string, string, string])[] => [
  ["/books", "Ties", "Which figures must be equal, and whether they are"],
  [`/books/trial-balance?${rangeQuery(range)}`, "Trial balance", "down to account, entry and source"],
  [
    `/books/statements?${rangeQuery(range)}`,
    "Statements",
    "balance sheet, accounts and schedules, each figure to its entries",
  ],
  [`/books/day-book?${rangeQuery(range)}`, "Day book", "every entry in order"],
  ["/books/vouchers?status=approved", "Vouchers", "maker, checker and reasons"],
  ["/books/bank", "Bank reconciliation", "as on any day"],
  ["/books/periods", "Periods", "closed, reopened, by whom and why"],
];

export function AuditPage({
  view,
  range,
  account,
  canReadBooks,
}: {
  readonly view: View;
  readonly range: Range;
  readonly account: string;
  readonly canReadBooks: boolean;
}): VNode {
  const query = (report: string): string => {
    if (report === "brs") return `asOf=${range.to}`;
    if (report === "account-ledger") return `account=${account}&${rangeQuery(range)}`;
    return rangeQuery(range);
  };
  return (
    <Layout view={view} title="Audit" section="audit" wide>
      <h1>Audit</h1>
      <p>
        Everything here can be read and taken away, nothing can be changed. Each figure leads down to its entries, and
        each entry to the fact it was made from.
      </p>
      {canReadBooks && (
        <>
          <h2>Read on the screen</h2>
          <ul class="cards">
            {readable(range).map(([href, title, text]) => (
              <li>
                <a class="card" href={href}>
                  <strong>{title}</strong>
                  {text}
                </a>
              </li>
            ))}
          </ul>
        </>
      )}
      <h2>Take away</h2>
      <RangeForm action="/audit" range={range}>
        <Field label="Account, for its ledger" name="account" value={account} isNumeric maxLength={7} />
      </RangeForm>
      {canReadBooks && (
        <>
          <h3>Auditors' pack</h3>
          <p>
            The journal of whole financial years, its seals, every statement and register, and how to check all of it
            without us: <code>npx nagarkosh verify PACK.zip</code>, or a page of Python. It takes some minutes for a
            large city.
          </p>
          <p>
            <a class="button" href={`/audit/pack?${rangeQuery(range)}`}>
              Auditors' pack, {formatDate(range.from)} to {formatDate(range.to)} (ZIP)
            </a>
          </p>
        </>
      )}
      <h3>One report</h3>
      <Table
        caption={`Files for ${formatDate(range.from)} to ${formatDate(range.to)}`}
        stacks
        columns={[{ title: "Report" }, { title: "What it holds" }, { title: "As a file" }]}
        rows={listReports().map((r) => ({
          cells: [
            <strong>{nameOf(r.name)}</strong>,
            sentence(r.description.replace(/\s*\(--account[^)]*\)/, "")),
            <span class="inline-links">
              {r.formats.map((format) => (
                <>
                  <a href={`/audit/export/${r.name}?format=${format}&${query(r.name)}`}>
                    {format === "hledger" || format === "beancount" ? format : format.toUpperCase()}
                    <span class="sr"> of {nameOf(r.name)}</span>
                  </a>{" "}
                </>
              ))}
            </span>,
          ],
        }))}
      />
    </Layout>
  );
}

type Opened = Omit<ReportFile, "body" | "isLive"> & { readonly stream: Readable };

/**
 * Opens a report for sending: its name and type at once, its content as it is made. What is streamed from the database is read in one
 * snapshot that ends with the stream, also when the reader goes away.
 */
async function openReport(desk: Desk, who: Who, name: string, format: string, options: ReportOptions): Promise<Opened> {
  const out = new PassThrough();
  // Nobody may be listening yet when it breaks; the failure itself goes to the caller below.
  out.on("error", () => undefined);
  return new Promise<Opened>((resolve, reject) => {
    const run = async (): Promise<void> => {
      const file = await desk.read(who, async (read) => {
        // A list that is streamed says its columns before it looks for its rows; what is not there must be said before that.
        if (name === "account-ledger" && options.account !== undefined) await getAccount(read, options.account);
        const made = await exportReport(read, name, options, format);
        if (!made.isLive) return made;
        resolve({ fileName: made.fileName, contentType: made.contentType, stream: out });
        await pipeline(made.body, out);
        return made;
      });
      if (file.isLive) return;
      resolve({ fileName: file.fileName, contentType: file.contentType, stream: out });
      await pipeline(file.body, out);
    };
    run().catch((error: unknown) => {
      const failure = error instanceof Error ? error : new Error(String(error));
      // Before the first byte it is the answer's error; after it the broken stream tells the reader that the file is not whole.
      reject(failure);
      out.destroy(failure);
    });
  });
}

export function auditRoutes(web: FastifyInstance, desk: Desk): void {
  web.get("/audit/pack", async (request, reply) => {
    const who = desk.need(request, ...READERS.books);
    const range = rangeField(request.query, desk.today());
    // A gap stops no pack: the pack names it.
    await sealAtOnce(desk.app, who.ulb);
    const out = new PassThrough();
    const written = writePack(desk.app, who, range, out);
    // Refused before the first byte it is this page's answer; broken off later, the stream tells the reader that the file is not whole.
    written.catch((error: unknown) => {
      request.log.error(error, "the auditors' pack was broken off");
      out.destroy();
    });
    await Promise.race([once(out, "readable"), written]);
    return reply
      .type("application/zip")
      .header("cache-control", "no-store")
      .header("content-disposition", `attachment; filename="${packName(who.ulb.code, range).replace(/[^\w.-]/g, "_")}"`)
      .send(out);
  });

  web.get("/audit", async (request, reply) => {
    const who = desk.need(request, ...READERS.audit);
    const range = rangeField(request.query, desk.today());
    const account = field(request.query, "account");
    await Promise.resolve();
    return send(
      reply,
      <AuditPage
        view={viewOf(request)}
        range={range}
        account={/^\d{7}$/.test(account) ? account : "4502101"}
        canReadBooks={READERS.books.some((r) => who.actor.roles.includes(r))}
      />,
    );
  });

  web.get<{ Params: { report: string } }>("/audit/export/:report", async (request, reply) => {
    const who = desk.need(request, ...READERS.audit);
    const format = field(request.query, "format") || "csv";
    const file = await openReport(
      desk,
      who,
      request.params.report,
      format,
      reportOptions(request.query, request.session.lang),
    );
    const disposition = format === "pdf" ? "inline" : "attachment";
    return reply
      .type(file.contentType)
      .header("cache-control", "no-store")
      .header("content-disposition", `${disposition}; filename="${file.fileName.replace(/[^\w.-]/g, "_")}"`)
      .send(file.stream);
  });
}
