import type { Acknowledgement, DaySheet, DepositSlip, ReturnedCheque, SessionReading } from "../collections/index.ts";
import { formatDate, formatMoment } from "../ledger/kernel/dates.ts";
import { formatIndian, inWords, paise, rupees, ZERO, type Paise } from "../ledger/kernel/money.ts";
import { labelOfCode } from "./labels.ts";
import { familyOf, text, toPdf, type Content } from "./pdf/document.ts";
import { tablePdf, type DocumentHead, type TableColumn, type TableRow } from "./pdf/table.ts";

const column = (en: string, local: string, weight: number): TableColumn => ({
  label: { en, local },
  kind: { text: weight },
});
const money = (en: string, local: string): TableColumn => ({ label: { en, local }, kind: "money", carried: false });
const line = (...cells: TableRow["cells"]): TableRow => ({ cells });
const heading = (words: string, width: number): TableRow => ({
  kind: "heading",
  cells: [words, ...Array.from({ length: width - 1 }, () => null)],
});
const total = (...cells: TableRow["cells"]): TableRow => ({ kind: "total", cells });
const CASHIER = { en: "Cashier", local: "रोकड़िया" };

/** The pay-in slip of a deposit: pieces of cash, or the list of leaves, with the total in words. */
export async function depositSlipPdf(head: DocumentHead, slip: DepositSlip): Promise<Buffer> {
  const isCash = slip.kind === "cash";
  const pieces = Object.entries(slip.denominations ?? {})
    .filter(([, n]) => n > 0)
    .sort(([a], [b]) => Number(b) - Number(a));
  const rows = isCash
    ? pieces.map(([d, n]) => line(`₹ ${d}`, String(n), paise(rupees(d) * BigInt(n))))
    : slip.leaves.map((l, i) =>
        line(String(i + 1), labelOfCode(l.kind), l.number, l.bank, l.date === null ? "" : formatDate(l.date), l.amount),
      );
  return tablePdf({
    head,
    title: { en: `Pay-in slip ${slip.slipNumber}`, local: `जमा पर्ची ${slip.slipNumber}` },
    orientation: "portrait",
    subtitle: [
      `${slip.bankName}, ${slip.bankAccount}`,
      `${formatDate(slip.depositedOn)} · ${slip.number} · ₹ ${formatIndian(slip.amount)}`,
    ],
    columns: isCash
      ? [
          column("Denomination", "मूल्यवर्ग", 1),
          { ...column("Pieces", "संख्या", 1), align: "right" },
          money("Amount (₹)", "राशि (₹)"),
        ]
      : [
          column("No.", "क्र.", 0.3),
          column("Instrument", "लिखत", 0.8),
          column("Number", "संख्या", 0.8),
          column("Drawn on", "बैंक", 1.4),
          column("Dated", "दिनांक", 0.8),
          money("Amount (₹)", "राशि (₹)"),
        ],
    rows,
    total: isCash
      ? total("Total", "", slip.amount)
      : total("", "Total", String(slip.leaves.length), "", "", slip.amount),
    notes: [
      inWords(slip.amount),
      ...(isCash && pieces.length === 0 ? ["The pieces were not written down at the deposit."] : []),
      "Depositor's counterfoil: the bank's stamp and signature below.",
    ],
    signatures: [CASHIER, { en: "For the bank", local: "बैंक की ओर से" }],
  });
}

/** A session so far, or when it was closed: what the drawer must hold, what came by mode, who handed what to whom. */
export async function sessionReadingPdf(head: DocumentHead, reading: SessionReading): Promise<Buffer> {
  const { session } = reading;
  return tablePdf({
    head,
    title:
      session.status === "open" ? { en: "X-reading", local: "एक्स-रीडिंग" } : { en: "Session sheet", local: "सत्र पत्रक" },
    orientation: "portrait",
    subtitle: [
      `${session.counter}${session.office === "" ? "" : `, ${session.office}`} · ${session.cashier}`,
      `${formatMoment(session.openedAt)} – ${session.closedAt === null ? formatMoment(reading.readAt) : formatMoment(session.closedAt)}`,
    ],
    columns: [
      column("Particulars", "विवरण", 2),
      { ...column("Receipts", "रसीदें", 0.6), align: "right" },
      money("Amount (₹)", "राशि (₹)"),
    ],
    rows: readingRows(reading, 3),
    total: null,
    notes: readingNotes(reading),
    signatures: [CASHIER, { en: "Supervisor", local: "पर्यवेक्षक" }],
  });
}

function readingRows({ drawer, totals, handovers, cancelled, session }: SessionReading, width: number): TableRow[] {
  const put = (what: string, count: string, amount: Paise): TableRow =>
    line(what, count, ...Array.from({ length: width - 3 }, () => ""), amount);
  return [
    heading("Taken, by mode", width),
    ...totals.map((t) => put(labelOfCode(t.mode), String(t.receipts), t.amount)),
    put("Cancelled", String(cancelled.count), cancelled.amount),
    heading("Drawer", width),
    put(`Float${session.floatFrom === null ? "" : ` from ${session.floatFrom}`}`, "", drawer.float),
    put("+ Cash received", "", drawer.received),
    put("− Cash given back for cancelled receipts", "", drawer.cancelled),
    put("+ Handed in", "", drawer.handedIn),
    put("− Handed out", "", drawer.handedOut),
    { ...put("Must be in the drawer", "", drawer.expected), kind: "total" },
    ...(session.counted === null
      ? []
      : [
          put("Counted", "", session.counted),
          put("Difference", "", session.difference < 0n ? paise(-session.difference) : session.difference),
        ]),
    ...(handovers.length === 0 ? [] : [heading("Handovers", width)]),
    ...handovers.map((h) =>
      put(`${h.fromCashier} to ${h.toCashier}, ${formatMoment(h.givenAt)}, ${h.status}`, "", h.amount),
    ),
  ];
}

function readingNotes(r: SessionReading): string[] {
  const { session } = r;
  return [
    ...(r.firstReceipt === null ? [] : [`Receipts ${r.firstReceipt} to ${r.lastReceipt ?? ""}.`]),
    ...(session.difference === ZERO
      ? []
      : [
          `${session.difference < 0n ? "Short" : "Over"}: ${session.differenceReason ?? ""}; approved by ${session.differenceApprovedBy ?? ""}.`,
        ]),
  ];
}

/** The day sheet of an office's counters: session by session, totals by mode, and the check list as it stood. */
export async function daySheetPdf(head: DocumentHead, sheet: DaySheet): Promise<Buffer> {
  const width = 3;
  return tablePdf({
    head,
    title: { en: "Day sheet of the counters", local: "काउंटरों का दैनिक पत्रक" },
    orientation: "portrait",
    subtitle: [
      `${sheet.office === "" ? "" : `${sheet.office} · `}${formatDate(sheet.day)}`,
      sheet.closed === null ? "Not closed" : `Closed by ${sheet.closed.by}, ${formatMoment(sheet.closed.at)}`,
    ],
    columns: [
      column("Particulars", "विवरण", 2),
      { ...column("Receipts", "रसीदें", 0.6), align: "right" },
      money("Amount (₹)", "राशि (₹)"),
    ],
    rows: [
      ...sheet.sessions.flatMap((r) => [
        heading(`${r.session.counter} · ${r.session.cashier} · ${r.session.status}`, width),
        ...readingRows(r, width).filter((row) => row.kind !== "heading"),
      ]),
      heading("All counters", width),
      ...sheet.totals.map((t) => total(labelOfCode(t.mode), String(t.receipts), t.amount)),
    ],
    total: null,
    notes: [
      ...sheet.sessions.flatMap(readingNotes),
      ...sheet.checks.map(
        (c) =>
          `${c.problems.length === 0 ? "In order" : "Open"}: ${c.name}${c.problems.length === 0 ? "" : ` – ${c.problems.join("; ")}`}.`,
      ),
    ],
    signatures: [
      { en: "Head cashier", local: "मुख्य रोकड़िया" },
      { en: "Accounts officer", local: "लेखा अधिकारी" },
    ],
  });
}

const PAGE = { width: 595.28, height: 841.89 };

/** The notice under s.138(b) of the Negotiable Instruments Act to the drawer of a returned cheque. */
export async function chequeNoticePdf(head: DocumentHead, cheque: ReturnedCheque): Promise<Buffer> {
  const family = familyOf("en");
  const say = (value: string, top = 8, bold = false): Content => text(value, family, { bold, margin: [0, top, 0, 0] });
  const day = cheque.issuedOn ?? cheque.dishonouredOn;
  const sum = formatIndian(cheque.amount);
  return toPdf(
    {
      pageSize: PAGE,
      pageMargins: [60, 50, 60, 50],
      defaultStyle: { fontSize: 10.5, lineHeight: 1.25 },
      content: [
        text(head.ulb.name, family, { bold: true, fontSize: 15, alignment: "center" }),
        say("NOTICE UNDER SECTION 138 OF THE NEGOTIABLE INSTRUMENTS ACT, 1881", 12, true),
        say("By registered post with acknowledgement due / by hand", 4),
        say(`Date: ${formatDate(day)}`),
        say(`To: ${cheque.payerName}`, 8, true),
        say(
          [cheque.address, cheque.consumerCode === "" ? "" : `(account ${cheque.consumerCode})`]
            .filter(Boolean)
            .join(" "),
          0,
        ),
        say(
          `1. You gave this body cheque no. ${cheque.number} dated ${formatDate(cheque.chequeDate)} drawn on ${cheque.bank} for ₹ ${sum} (${inWords(cheque.amount)}) in discharge of dues legally payable by you.`,
          14,
        ),
        say(
          `2. The cheque was presented within its validity and was returned unpaid on ${formatDate(cheque.dishonouredOn)} with the reason “${cheque.reason}”.`,
        ),
        say(
          `3. You are called upon to pay ₹ ${sum} within fifteen days of the receipt of this notice. If you do not, a complaint under sections 138 and 142 of the Act will be made against you, at your cost as to its consequences.`,
        ),
        ...(cheque.payerCharge > 0n
          ? [
              say(
                `4. Apart from this notice, ₹ ${formatIndian(cheque.payerCharge)} for the return of the cheque has been added to your account.`,
              ),
            ]
          : []),
        say("For the Commissioner / Executive Officer", 48, true),
        say(head.ulb.name, 0),
      ],
    },
    { title: `Notice, cheque ${cheque.number}`, author: head.ulb.name, createdAt: head.generatedAt, language: "en" },
  );
}

/** The provisional acknowledgement of a cheque: no receipt, and nothing is settled by it. */
export async function acknowledgementPdf(head: DocumentHead, ack: Acknowledgement): Promise<Buffer> {
  return tablePdf({
    head,
    title: { en: `Acknowledgement ${ack.number}`, local: `पावती ${ack.number}` },
    orientation: "portrait",
    subtitle: ["Provisional: this is not a receipt", `${formatMoment(ack.issuedAt)} · ${ack.issuedBy}`],
    columns: [column("Particulars", "विवरण", 1), column("", "", 1.6), money("Amount (₹)", "राशि (₹)")],
    rows: [
      line("Account", ack.consumerCode, null),
      line("Received from", ack.payerName, null),
      line("Cheque", `${ack.chequeNumber}, ${ack.chequeBank}, ${formatDate(ack.chequeDate)}`, ack.amount),
    ],
    total: null,
    notes: [
      inWords(ack.amount),
      "The dues stay due until the bank has realised the cheque; the receipt is issued then, with its date.",
      ...(ack.status === "held"
        ? []
        : [`${ack.status.toUpperCase()}${ack.statusOn === null ? "" : ` on ${formatDate(ack.statusOn)}`}`]),
    ],
    signatures: [CASHIER],
  });
}
