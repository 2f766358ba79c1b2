import { rupees, runningLines, type BankLine, type StatementRange } from "./bank.ts";

// The same statement in the two formats in which banks hand it to machines. Account and bank are made up.

const ACCOUNT = "50200012345678";
const BIC = "SIMBINBB";

const comma = (paise: number): string => rupees(Math.abs(paise)).replace(".", ",");
const short = (day: string): string => day.slice(2).replaceAll("-", "");
const sign = (paise: number): string => (paise < 0 ? "D" : "C");

/** SWIFT MT940: one message, balances 60F and 62F, a line and its narration (65 characters a row, at most six rows) for each transaction. */
export function mt940(lines: readonly BankLine[], range: StatementRange): string {
  const within = runningLines(lines, range);
  const closing = within.lines.at(-1)?.balance ?? within.opening;
  const rows = [
    `{1:F01${BIC}AXXX0000000000}{2:I940${BIC}XXXXN}{4:`,
    `:20:STMT${short(range.to)}`,
    `:25:${ACCOUNT}`,
    `:28C:${Number(range.to.slice(5, 7))}/1`,
    `:60F:${sign(within.opening)}${short(range.from)}INR${comma(within.opening)}`,
  ];
  for (const { line } of within.lines) {
    const amount = line.credit ?? line.debit ?? 0;
    const kind = line.isSettlement === true ? "NTRF" : "NMSC";
    rows.push(
      `:61:${short(line.valueDay ?? line.day)}${line.day.slice(5).replace("-", "")}${line.credit === undefined ? "D" : "C"}${comma(amount)}${kind}${line.reference === "" ? "NONREF" : line.reference.slice(0, 16)}`,
    );
    const text = line.narration.replace(/[^A-Za-z0-9/\-?:().,'+ ]/g, " ");
    rows.push(...(text.match(/.{1,65}/g) ?? [""]).slice(0, 6).map((part, i) => (i === 0 ? `:86:${part}` : part)));
  }
  rows.push(`:62F:${sign(closing)}${short(range.to)}INR${comma(closing)}`, "-}");
  return `${rows.join("\r\n")}\r\n`;
}

const xml = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");

/** ISO 20022 camt.053.001.02: opening and closing booked balance, one entry a line with the UTR as its end-to-end reference. */
export function camt053(lines: readonly BankLine[], range: StatementRange): string {
  const within = runningLines(lines, range);
  const closing = within.lines.at(-1)?.balance ?? within.opening;
  const side = (paise: number): string => (paise < 0 ? "DBIT" : "CRDT");
  const amount = (paise: number): string => `<Amt Ccy="INR">${rupees(Math.abs(paise))}</Amt>`;
  const balance = (code: string, paise: number, day: string): string =>
    `<Bal><Tp><CdOrPrtry><Cd>${code}</Cd></CdOrPrtry></Tp>${amount(paise)}<CdtDbtInd>${side(paise)}</CdtDbtInd><Dt><Dt>${day}</Dt></Dt></Bal>`;
  const entries = within.lines.map(({ line }, i) => {
    const net = (line.credit ?? 0) - (line.debit ?? 0);
    return (
      `<Ntry><NtryRef>${i + 1}</NtryRef>${amount(net)}<CdtDbtInd>${side(net)}</CdtDbtInd><Sts>BOOK</Sts>` +
      `<BookgDt><Dt>${line.day}</Dt></BookgDt><ValDt><Dt>${line.valueDay ?? line.day}</Dt></ValDt>` +
      `<BkTxCd><Prtry><Cd>${line.isSettlement === true ? "NTRF" : "NMSC"}</Cd></Prtry></BkTxCd>` +
      `<NtryDtls><TxDtls><Refs><EndToEndId>${xml(line.reference === "" ? "NOTPROVIDED" : line.reference)}</EndToEndId></Refs>` +
      `<RmtInf><Ustrd>${xml(line.narration)}</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry>`
    );
  });
  return (
    `<?xml version="1.0" encoding="UTF-8"?>\n<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.02"><BkToCstmrStmt>` +
    `<GrpHdr><MsgId>STMT${short(range.to)}</MsgId><CreDtTm>${range.to}T18:00:00+05:30</CreDtTm></GrpHdr>` +
    `<Stmt><Id>STMT${short(range.to)}</Id><CreDtTm>${range.to}T18:00:00+05:30</CreDtTm>` +
    `<FrToDt><FrDtTm>${range.from}T00:00:00+05:30</FrDtTm><ToDtTm>${range.to}T23:59:59+05:30</ToDtTm></FrToDt>` +
    `<Acct><Id><Othr><Id>${ACCOUNT}</Id></Othr></Id><Ccy>INR</Ccy><Svcr><FinInstnId><BIC>${BIC}</BIC></FinInstnId></Svcr></Acct>` +
    balance("OPBD", within.opening, range.from) +
    balance("CLBD", closing, range.to) +
    entries.join("\n") +
    `</Stmt></BkToCstmrStmt></Document>\n`
  );
}
