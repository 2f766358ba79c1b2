import { inflateSync } from "node:zlib";
import { localDate } from "../ledger/kernel/dates.ts";
import { paise, sum, ZERO, type Paise } from "../ledger/kernel/money.ts";
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
