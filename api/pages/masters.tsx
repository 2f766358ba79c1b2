import type { FastifyInstance } from "fastify";
import type { VNode } from "preact";
import { masterCounts, type MasterCounts } from "../../ledger/index.ts";
import { Flash, Table } from "./components.tsx";
import { send, viewOf, type Desk, type View } from "./kit.tsx";
import { READERS } from "./layout.tsx";
import { accountRoutes } from "./masters/accounts.tsx";
import { bankBookRoutes } from "./masters/banks.tsx";
import { changeRoutes } from "./masters/changes.tsx";
import { Books } from "./books-frame.tsx";
import { LIST_PAGES, listRoutes } from "./masters/lists.tsx";
import { partyRoutes } from "./masters/parties.tsx";
import { ruleRoutes } from "./masters/rules.tsx";

type Line = {
  readonly key: keyof MasterCounts["masters"];
  readonly title: string;
  readonly href: string;
  readonly about: string;
};

const LINES: readonly Line[] = [
  {
    key: "accounts",
    title: "Chart of accounts",
    href: "accounts",
    about: "The heads under which everything is booked.",
  },
  ...(Object.keys(LIST_PAGES) as (keyof typeof LIST_PAGES)[]).map((k) => ({
    key: k,
    title: LIST_PAGES[k].title,
    href: `lists/${k}`,
    about: LIST_PAGES[k].about,
  })),
  {
    key: "parties",
    title: "Parties",
    href: "parties",
    about: "Contractors, suppliers, employees and others whom the ULB pays.",
  },
  {
    key: "bank-books",
    title: "Bank accounts and cheque books",
    href: "banks",
    about: "The ULB's own accounts at banks.",
  },
  {
    key: "tax-sections",
    title: "Tax sections",
    href: "tax-sections",
    about: "What is deducted from payments, by which section and rate.",
  },
  { key: "posting-map", title: "Posting map", href: "posting-map", about: "Which account each rule and event uses." },
];

function MastersPage({ view, counts }: { readonly view: View; readonly counts: MasterCounts }): VNode {
  return (
    <Books view={view} title="Masters" tab="masters">
      <h1>Masters</h1>
      {counts.proposed > 0 && (
        <Flash kind="note">
          <a href="/books/masters/changes">
            {counts.proposed === 1 ? "One change waits" : `${counts.proposed} changes wait`} for a second person
          </a>
        </Flash>
      )}
      <Table
        caption="Masters"
        hideCaption
        stacks
        columns={[
          { title: "Master" },
          { title: "What it is" },
          { title: "In use", kind: "amount" },
          { title: "Not in use", kind: "amount" },
        ]}
        rows={[
          ...LINES.map((l) => ({
            cells: [
              <a href={`/books/masters/${l.href}`}>{l.title}</a>,
              l.about,
              String(counts.masters[l.key].open),
              String(counts.masters[l.key].closed),
            ],
          })),
          {
            cells: [
              <a href="/books/masters/changes">Proposed changes</a>,
              "Changes of chart, funds, functions, taxes and posting map need two people.",
              String(counts.proposed),
              "",
            ],
          },
        ]}
      />
    </Books>
  );
}

export function masterRoutes(web: FastifyInstance, desk: Desk): void {
  web.get("/books/masters", async (request, reply) => {
    const who = desk.need(request, ...READERS.books);
    return send(reply, <MastersPage view={viewOf(request)} counts={await desk.read(who, masterCounts)} />);
  });
  accountRoutes(web, desk);
  listRoutes(web, desk);
  partyRoutes(web, desk);
  bankBookRoutes(web, desk);
  ruleRoutes(web, desk);
  changeRoutes(web, desk);
}
