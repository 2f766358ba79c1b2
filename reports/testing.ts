import { inflateSync } from "node:zlib";
import { cr, createUlb, dr, openFinancialYear, postEntries, type EntryDraft } from "../ledger/index.ts";
import { financialYear, localDate } from "../ledger/kernel/dates.ts";
import { paise, rupees, sum, ZERO, type Paise } from "../ledger/kernel/money.ts";
import { inTransaction, type App, type Role, type Tx, type Ulb, type Who } from "../ledger/kernel/tx.ts";
import type { Language } from "./labels.ts";
import type { ReceiptView } from "./pdf/receipt.ts";
import type { TrialBalanceLine, TrialBalanceView } from "./pdf/statements.ts";
import type { DocumentHead } from "./pdf/table.ts";

/**
 * The text of a PDF of ours, page by page, one string per piece that was drawn, as a reader would copy it: content streams are
 * inflated and glyphs mapped back by each font's ToUnicode table. It knows what pdfkit writes, not PDF at large.
 */
export function pdfText(pdf: Buffer): string[][] {
  const objects = new Map<number, { head: string; stream?: Buffer }>();
  const raw = pdf.toString("latin1");
  for (const match of raw.matchAll(/(?:^|\n)(\d+) 0 obj\n/g)) {
    const start = match.index + match[0].length;
    const end = raw.indexOf("\nendobj", start);
    const streamAt = raw.indexOf("stream\n", start);
    const id = Number(match[1]);
    if (streamAt >= 0 && streamAt < end) {
      const head = raw.slice(start, streamAt);
      const length = Number(/\/Length (\d+)/.exec(head)?.[1] ?? 0);
      const bytes = pdf.subarray(streamAt + 7, streamAt + 7 + length);
      objects.set(id, { head, stream: head.includes("/FlateDecode") ? inflateSync(bytes) : bytes });
    } else objects.set(id, { head: raw.slice(start, end) });
  }
  const ref = (head: string, key: string): number => Number(new RegExp(`/${key} (\\d+) 0 R`).exec(head)?.[1] ?? -1);
  const unicode = (fontId: number): string[] => {
    const cmap = objects.get(ref(objects.get(fontId)?.head ?? "", "ToUnicode"))?.stream?.toString("latin1") ?? "";
    const map: string[] = [];
    for (const range of cmap.matchAll(/<([0-9a-f]+)> <([0-9a-f]+)> \[([^\]]*)\]/g)) {
      const first = parseInt(range[1] ?? "0", 16);
      [...(range[3] ?? "").matchAll(/<([^>]*)>/g)].forEach((value, i) => {
        const units = (value[1] ?? "").replaceAll(" ", "").match(/.{4}/g) ?? [];
        map[first + i] = String.fromCharCode(...units.map((unit) => parseInt(unit, 16)));
      });
    }
    return map;
  };
  const pages = [...objects.values()].filter((o) => /\/Type \/Page\n/.test(o.head));
  return pages.map((page) => {
    const resources = objects.get(ref(page.head, "Resources"))?.head ?? page.head;
    const fontsAt = resources.slice(resources.indexOf("/Font"));
    const fonts = new Map([...fontsAt.matchAll(/\/(F\d+) (\d+) 0 R/g)].map((m) => [m[1], unicode(Number(m[2]))]));
    const content = objects.get(ref(page.head, "Contents"))?.stream?.toString("latin1") ?? "";
    const pieces: string[] = [];
    let font: string[] = [];
    for (const op of content.matchAll(/\/(F\d+) [\d.]+ Tf|\[([^\]]*)\] TJ|<([0-9a-f]+)> Tj/g)) {
      if (op[1] !== undefined) font = fonts.get(op[1]) ?? [];
      else {
        const hex =
          op[2] === undefined ? (op[3] ?? "") : [...op[2].matchAll(/<([0-9a-f]*)>/g)].map((m) => m[1]).join("");
        pieces.push((hex.match(/.{4}/g) ?? []).map((gid) => font[parseInt(gid, 16)] ?? "").join(""));
      }
    }
    return pieces;
  });
}

/** The page's pieces as one line, for `toContain`. */
export function pdfPages(pdf: Buffer): string[] {
  return pdfText(pdf).map((pieces) => pieces.join("|"));
}

export function testHead(language: Language): DocumentHead {
  return {
    ulb: {
      code: "amritsar",
      name: "Amritsar Municipal Corporation",
      nameLocal: language === "pa" ? "ਅੰਮ੍ਰਿਤਸਰ ਨਗਰ ਨਿਗਮ" : "अमृतसर नगर निगम",
    },
    language,
    generatedAt: new Date("2026-08-01T06:30:00Z"),
    generatedBy: "accountant@demo",
  };
}

export function testReceipt(over: Partial<ReceiptView> = {}, language: Language = "hi"): ReceiptView {
  return {
    ulb: testHead(language).ulb,
    number: "AMR/2026-27/000123",
    date: localDate("2026-07-14"),
    issuedAt: new Date("2026-07-14T06:30:00Z"),
    state: { status: "issued" },
    consumer: {
      code: "PT-000123",
      name: "Consumer 123",
      nameLocal: language === "pa" ? "ਖਪਤਕਾਰ ੧੨੩" : "उपभोक्ता १२३",
      address: "12 Hall Bazaar",
      ward: "W03",
      service: "property-tax",
    },
    lines: [
      { head: "Property tax", headLocal: "संपत्ति कर", year: "2025-26", amount: paise(123_456_700n) },
      { head: "Property tax", headLocal: "संपत्ति कर", year: "2026-27", amount: paise(150_000n) },
      { head: "Library cess", year: "2026-27", amount: paise(7_550n) },
    ],
    advance: paise(5_000n),
    amount: paise(123_619_250n),
    mode: "cheque",
    instrument: { number: "004512", date: localDate("2026-07-13"), bank: "State Bank of India" },
    counter: "C-1",
    entryNumber: "R/2026-27/000456",
    verifyUrl: "http://localhost:8080/receipt/AbCdEfGhIjKlMnOpQrSt",
    ...over,
  };
}

/** A trial balance of `count` accounts, each with 1,000.00 on both sides, and opening balances that agree. */
export function testTrialBalance(count: number, language: Language, name = "Property tax"): TrialBalanceView {
  const rows = Array.from({ length: count }, (_, i): TrialBalanceLine => {
    const opening = paise(BigInt(i) * 12_345n);
    const isDebit = i % 2 === 0;
    return {
      code: String(1_100_101 + i),
      name: `${name} ${i + 1}`,
      openDebit: isDebit ? opening : ZERO,
      openCredit: isDebit ? ZERO : opening,
      debit: paise(100_000n),
      credit: paise(100_000n),
      closeDebit: isDebit ? opening : ZERO,
      closeCredit: isDebit ? ZERO : opening,
    };
  });
  const total = (key: Exclude<keyof TrialBalanceLine, "code" | "name">): Paise => sum(rows.map((row) => row[key]));
  return {
    ...testHead(language),
    from: localDate("2026-07-01"),
    to: localDate("2026-07-31"),
    fund: null,
    rows,
    totals: {
      openDebit: total("openDebit"),
      openCredit: total("openCredit"),
      debit: total("debit"),
      credit: total("credit"),
      closeDebit: total("closeDebit"),
      closeCredit: total("closeCredit"),
    },
    differences: { opening: ZERO, period: ZERO, closing: ZERO },
    balances: true,
  };
}

/** The whole of a stream of text. */
export async function textOf(pieces: AsyncIterable<string | Uint8Array>): Promise<string> {
  let text = "";
  for await (const piece of pieces) text += typeof piece === "string" ? piece : Buffer.from(piece).toString("latin1");
  return text;
}

const opening: EntryDraft = {
  voucher: "opening",
  date: localDate("2026-04-01"),
  narration: "Opening balances brought in from the single-entry books",
  source: { type: "import", id: "opening-1" },
  lines: [
    dr("4502101", rupees("250000.00")),
    dr("4311004", rupees("18000.00"), { ward: "W01", demandYear: financialYear("2025-26") }),
    cr("3101001", rupees("268000.00")),
    dr("4502101", rupees("5000.00"), { fund: "02" }),
    cr("3101001", rupees("5000.00"), { fund: "02" }),
  ],
};

const taxes = { function: "91", ward: "W01" } as const;
const current = { ...taxes, demandYear: financialYear("2026-27") } as const;
const consumer = (id: string) => ({ type: "consumer", id });

/**
 * A month of a small town, the same for ever: opening, demand with the State's cess, receipts by cash, cheque and gateway, rebate, remittance,
 * a returned cheque, a settlement with its fee and GST, bank charges, in two funds, with narrations that try a text format.
 */
export const EXAMPLE_ENTRIES: readonly EntryDraft[] = [
  opening,
  {
    voucher: "journal",
    date: localDate("2026-04-15"),
    narration: "Property tax demand 2026-27, ward W01",
    source: { type: "demand-batch", id: "batch-1" },
    lines: [
      dr("4311001", rupees("108000.00"), current),
      cr("1100101", rupees("100000.00"), taxes),
      cr("4319100", rupees("8000.00"), taxes),
    ],
  },
  {
    voucher: "receipt",
    date: localDate("2026-07-01"),
    narration: "Property tax, A0001, नकद प्राप्ति",
    source: { type: "receipt", id: "receipt-1" },
    lines: [
      dr("4501001", rupees("10260.00")),
      cr("4311001", rupees("10800.00"), { ...current, party: consumer("A0001") }),
      dr("1109004", rupees("540.00"), taxes),
      dr("4319100", rupees("800.00"), taxes),
      cr("3503001", rupees("800.00"), taxes),
    ],
  },
  {
    voucher: "receipt",
    date: localDate("2026-07-02"),
    narration: 'Cheque 004512 of "Guru & Sons"; arrears first\nsecond line, ਅੰਮ੍ਰਿਤਸਰ',
    source: { type: "receipt", id: "receipt-2" },
    lines: [
      dr("4501051", rupees("18000.00"), { party: { type: "cheque", id: "004512" } }),
      cr("4311004", rupees("18000.00"), {
        ...taxes,
        demandYear: financialYear("2025-26"),
        party: consumer("A0002"),
      }),
    ],
  },
  {
    voucher: "receipt",
    date: localDate("2026-07-03"),
    valueDate: localDate("2026-06-30"),
    narration: "Property tax, A0003, upi pay_0000000000001 \\ advance, W01",
    source: { type: "receipt", id: "receipt-3" },
    lines: [
      dr("4501005", rupees("5000.37"), { party: { type: "gateway-payment", id: "pay_0000000000001" } }),
      cr("4311001", rupees("5000.00"), { ...current, party: consumer("A0003") }),
      cr("3504101", rupees("0.37"), { ward: "W01", party: consumer("A0003") }),
    ],
  },
  {
    voucher: "contra",
    date: localDate("2026-07-03"),
    narration: "Cheques deposited, slip 7",
    source: { type: "remittance", id: "remittance-1" },
    lines: [dr("4502101", rupees("18000.00")), cr("4501051", rupees("18000.00"))],
  },
  {
    voucher: "contra",
    date: localDate("2026-07-04"),
    narration: "Gateway settlement setl_1, UTR UTIBR52026070400000001",
    source: { type: "settlement", id: "setl_1" },
    lines: [
      dr("4501007", rupees("4882.37"), { party: { type: "settlement", id: "setl_1" } }),
      dr("2408003", rupees("100.00"), { function: "03" }),
      dr("2407003", rupees("18.00"), { function: "03" }),
      cr("4501005", rupees("5000.37"), { party: { type: "settlement", id: "setl_1" } }),
    ],
  },
  {
    voucher: "receipt",
    date: localDate("2026-07-05"),
    narration: "Water charges of the enterprise fund",
    source: { type: "receipt", id: "receipt-4" },
    lines: [
      dr("4502101", rupees("750.00"), { fund: "02" }),
      cr("3504105", rupees("750.00"), { fund: "02", ward: "W02" }),
    ],
  },
];

/** Posts the example's month and the return of its cheque. */
export async function postExampleBooks(tx: Tx): Promise<void> {
  const posted = await postEntries(tx, EXAMPLE_ENTRIES);
  const cheque = posted[3];
  await postEntries(tx, [
    {
      voucher: "payment",
      date: localDate("2026-07-10"),
      narration: "Cheque 004512 returned: funds insufficient",
      source: { type: "dishonour", id: "dishonour-1" },
      ...(cheque ? { reverses: cheque.id } : {}),
      lines: [
        dr("4311004", rupees("18000.00"), {
          ...taxes,
          demandYear: financialYear("2025-26"),
          party: consumer("A0002"),
        }),
        dr("2407001", rupees("118.00"), { function: "03" }),
        cr("4502101", rupees("18118.00"), { party: { type: "cheque", id: "004512" } }),
      ],
    },
  ]);
}

/** A ULB with a name that does not change, for texts that are compared whole. Once per test file. */
export async function exampleUlb(app: App, code: string): Promise<{ ulb: Ulb; as: (role: Role) => Who }> {
  const ulb = await createUlb(app, {
    code,
    name: "Kosalpur Municipal Council",
    nameLocal: "कोसलपुर नगर परिषद्",
    state: "Testpradesh",
    startsOn: localDate("2026-04-01"),
  });
  const as = (role: Role): Who => ({ ulb, actor: { id: `${role}@test`, roles: [role] } });
  await inTransaction(app, as("admin"), (tx) => openFinancialYear(tx, financialYear("2026-27")));
  await inTransaction(app, as("accountant"), postExampleBooks);
  return { ulb, as };
}
