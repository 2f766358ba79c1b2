import { expect, test } from "vitest";
import { rupees } from "../../ledger/kernel/money.ts";
import { accepted, refusals, shown } from "./testing.ts";

const bal = (kind: string, amount: string, day: string, mark = "CRDT", currency = "INR"): string =>
  `<Bal><Tp><CdOrPrtry><Cd>${kind}</Cd></CdOrPrtry></Tp><Amt Ccy="${currency}">${amount}</Amt><CdtDbtInd>${mark}</CdtDbtInd><Dt><Dt>${day}</Dt></Dt></Bal>`;
const entry = (amount: string, mark: string, more = "", status = "<Sts>BOOK</Sts>"): string =>
  `<Ntry><Amt Ccy="INR">${amount}</Amt><CdtDbtInd>${mark}</CdtDbtInd>${more.includes("<RvslInd>") ? more : ""}${status}` +
  `<BookgDt><Dt>2026-04-02</Dt></BookgDt><ValDt><DtTm>2026-04-03T10:00:00+05:30</DtTm></ValDt>${more.includes("<RvslInd>") ? "" : more}</Ntry>`;
const detail = (reference: string, text: string): string =>
  `<TxDtls><Refs><EndToEndId>${reference}</EndToEndId></Refs><RmtInf><Ustrd>${text}</Ustrd></RmtInf></TxDtls>`;
const statement = (parts: string, version = "053.001.02", root = "BkToCstmrStmt", part = "Stmt"): string =>
  `<?xml version="1.0" encoding="UTF-8"?>\n<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.${version}"><${root}><GrpHdr><MsgId>M1</MsgId></GrpHdr><${part}><Id>S1</Id>` +
  `<CreDtTm>2026-04-30T06:00:00</CreDtTm><Acct><Id><Othr><Id>00000000004321</Id></Othr></Id><Ccy>INR</Ccy></Acct>${parts}</${part}></${root}></Document>`;
const APRIL = statement(
  bal("OPBD", "1000.00", "2026-04-01") +
    bal("CLBD", "1150.50", "2026-04-30") +
    entry("250.50", "CRDT", `<NtryDtls>${detail("TESTN26092000111", "NEFT A &amp; B")}</NtryDtls>`) +
    entry(
      "100.00",
      "DBIT",
      `<AcctSvcrRef>000321</AcctSvcrRef><NtryDtls>${detail("NOTPROVIDED", "CLG 000321")}</NtryDtls>`,
    ),
);

test("camt.053: balances, days, direction, references and narration", async () => {
  expect(shown(await accepted(APRIL))).toEqual([
    "camt.053.001.02 oldest-first 2026-04-02..2026-04-30 1000.00 -> 1150.50",
    "2026-04-02 2026-04-03 250.50 1250.50 [TESTN26092000111] NEFT A & B",
    "2026-04-02 2026-04-03 -100.00 1150.50 [000321] CLG 000321",
  ]);
});

test("balances without their mark are credits when the proof says so, and refused when it does not", async () => {
  const bare = APRIL.replace(/(<Amt Ccy="INR">1[\d.]+<\/Amt>)<CdtDbtInd>CRDT<\/CdtDbtInd>(<Dt>)/g, "$1$2");
  expect(bare.length).toBe(APRIL.length - 2 * "<CdtDbtInd>CRDT</CdtDbtInd>".length);
  expect(shown(await accepted(bare))).toEqual(shown(await accepted(APRIL)));
  // An overdraft that grew from 1,150.50 to 1,000.00 the other way round does not close.
  const overdrawn = bare
    .replace("1000.00", "1150.50")
    .replace(">1150.50</Amt><Dt><Dt>2026-04-30", ">1000.00</Amt><Dt><Dt>2026-04-30");
  expect((await refusals(overdrawn)).join()).toContain("STATEMENT_TOTAL");
});

test("prefixes, a missing namespace, an envelope and a status of its own element make no difference", async () => {
  const plain = (await accepted(APRIL)).lines;
  const prefixed = APRIL.replace("<Document xmlns=", "<n:Document xmlns:n=").replace("</Document>", "</n:Document>");
  for (const variant of [
    prefixed.replace(/<(\/?)(Ntry|Stmt|Bal)>/g, "<$1n:$2>"),
    APRIL.replace(/ xmlns="[^"]*"/, ""),
    APRIL.replace(/<Document/, "<Envelope><Document").replace("</Document>", "</Document></Envelope>"),
    APRIL.replaceAll("<Sts>BOOK</Sts>", "<Sts><Cd>BOOK</Cd></Sts>").replace("001.02", "001.08"),
    `\uFEFF${APRIL}`,
  ])
    expect((await accepted(variant)).lines).toEqual(plain);
  expect((await accepted(Buffer.from(`\uFEFF${APRIL}`, "utf16le"))).lines).toEqual(plain);
});

test("a batch is one line of the bank; its parts are named, not added", async () => {
  const batch = statement(
    bal("PRCD", "0.00", "2026-04-01") +
      bal("CLBD", "300.00", "2026-04-30") +
      entry(
        "300.00",
        "CRDT",
        `<AcctSvcrRef>SLIP42</AcctSvcrRef><NtryDtls><Btch><NbOfTxs>2</NbOfTxs></Btch>${detail("C1", "CASH WARD 1")}${detail("C2", "CASH WARD 2")}</NtryDtls>`,
      ),
  );
  expect((await accepted(batch)).lines).toMatchObject([
    { amount: rupees("300.00"), reference: "SLIP42", narration: "CASH WARD 1 CASH WARD 2 C1 C2" },
  ]);
});

test("pending, announced and informative entries are no money", async () => {
  const more = ["PDNG", "INFO", "FUTR"].map((s) => entry("77.00", "CRDT", "", `<Sts>${s}</Sts>`)).join("");
  expect((await accepted(APRIL.replace("<Ntry>", `${more}<Ntry>`))).lines).toHaveLength(2);
});

test("a reversal already has its direction; where the balance says otherwise it is turned, and that is said", async () => {
  const reversed = (closing: string): string =>
    statement(
      bal("OPBD", "1000.00", "2026-04-01") +
        bal("CLBD", closing, "2026-04-30") +
        entry("100.00", "DBIT", "<RvslInd>true</RvslInd>"),
    );
  expect(await accepted(reversed("900.00"))).not.toHaveProperty("convention");
  expect(await accepted(reversed("1100.00"))).toMatchObject({
    convention: "reversals-turned",
    lines: [{ amount: rupees("100.00") }],
  });
});

test("camt.052 and camt.054 have no closing balance of the books: they enter against a typed one only", async () => {
  for (const [version, root, part] of [
    ["052.001.06", "BkToCstmrAcctRpt", "Rpt"],
    ["054.001.08", "BkToCstmrDbtCdtNtfctn", "Ntfctn"],
  ] as const) {
    const file = statement(entry("10.00", "CRDT") + bal("ITBD", "1.00", "2026-04-01"), version, root, part);
    expect((await refusals(file)).join()).toContain("STATEMENT_UNPROVED");
    expect((await accepted(file, { expected: { closing: rupees("60.00") } })).opening).toBe(rupees("50.00"));
  }
});

test.each([
  ["an entry lost", APRIL.replace(/<Ntry>.*?<\/Ntry>/, ""), "STATEMENT_TOTAL", "difference 250.50"],
  ["a file cut off", APRIL.slice(0, 900), "STATEMENT_FORMAT", "not well-formed XML"],
  [
    "a document type",
    APRIL.replace("<Document", '<!DOCTYPE d [<!ENTITY e SYSTEM "file:///etc/passwd">]><Document'),
    "2 - STATEMENT_FORMAT",
    "document type",
  ],
  ["an unknown entity", APRIL.replace("NEFT A", "&evil; A"), "STATEMENT_FORMAT", "not well-formed"],
  ["an amount with a comma", APRIL.replace("250.50", "250,50"), "2 Ntry/Amt STATEMENT_AMOUNT", '"250,50"'],
  [
    "no direction",
    APRIL.replace("<CdtDbtInd>DBIT</CdtDbtInd>", ""),
    "Ntry/CdtDbtInd STATEMENT_AMOUNT",
    "neither CRDT nor DBIT",
  ],
  ["another currency", APRIL.replaceAll("INR", "EUR"), "STATEMENT_CURRENCY", "EUR"],
  [
    "two currencies",
    APRIL.replace('<Ntry><Amt Ccy="INR">', '<Ntry><Amt Ccy="USD">'),
    "STATEMENT_CURRENCY",
    "an entry in USD",
  ],
  ["no statement in it", statement("").replace(/<Stmt>.*<\/Stmt>/, ""), "STATEMENT_EMPTY", "no statement"],
  ["too deep", statement("<a>".repeat(60) + "</a>".repeat(60)), "STATEMENT_FORMAT", "nested deeper than 40"],
])("%s is refused", async (_, file, code, why) => {
  const found = (await refusals(file)).join("\n");
  expect(found).toContain(code);
  expect(found).toContain(why);
});
