import { expect, test } from "vitest";
import {
  billFor,
  billValidity,
  cancelBill,
  getNotice,
  issueNotice,
  issueBills,
  latestBills,
  previewBill,
  setUpiAddress,
  USUAL_PENALTY,
  USUAL_REBATE,
  type Bill,
} from "../billing/index.ts";
import { testBillingUlb, testConsumer, testDemand } from "../billing/testing.ts";
import { addDays, localDate } from "../ledger/kernel/dates.ts";
import { paise, rupees, toRupees } from "../ledger/kernel/money.ts";
import { testApp } from "../ledger/testing.ts";
import { billView, billViews, noticeViews, upiLink } from "./bill-view.ts";
import { billPdf, billsPdf } from "./pdf/bill.ts";
import { noticesPdf } from "./pdf/notice.ts";
import { pdfPages } from "./testing.ts";
import { inWordsHindi } from "./words.ts";

const app = await testApp();
const day = localDate;
const payUrl = (id: string): string => `https://example.in/pay/${id}`;
const flat = (pdf: Buffer): string[] => pdfPages(pdf).map((page) => page.replaceAll("|", ""));

/** A consumer with arrears of 2024-25 that bear penalty, and the demand of the first half of 2025-26 that earns a rebate. */
async function billed(asOf = "2025-04-10") {
  const city = await testBillingUlb(app, {
    rebate: { ...USUAL_REBATE, needsNoArrears: false },
    penalty: USUAL_PENALTY,
  });
  const bill = await city.tx("accountant", async (tx) => {
    const consumer = await testConsumer(tx, {
      code: "PT-01-000123",
      name: "Kamla Devi",
      nameLocal: "कमला देवी",
      address: "12, Hall Bazaar",
      ward: "W07",
    });
    await testDemand(tx, consumer, "1000+80", {
      date: day("2025-04-01"),
      periodFrom: day("2024-10-01"),
      periodTo: day("2025-03-31"),
      dueDate: day("2025-03-31"),
    });
    await testDemand(tx, consumer, "1100+88");
    return billFor(tx, consumer.id, day(asOf));
  });
  return { city, bill };
}

test("a bill prints consumer, lines by period and head, what changes the amount and until when, in figures and words of both languages", async () => {
  const { city, bill } = await billed();
  const view = await city.tx("auditor", (read) => billView(read, bill.id, payUrl));
  const [page = "", ...more] = flat(await billPdf(view, "hi"));
  expect(more).toEqual([]);
  // 1,080.00 arrears, 1,188.00 current, 1 % of 1,000.00 for the month begun, less 5 % of 1,100.00.
  for (const part of [
    ` · ${bill.number}`,
    "10/04/2025",
    "PT-01-000123",
    "12, Hall Bazaar",
    "W07",
    "01/10/2024 – 31/03/2025",
    "1,080.00",
    "01/04/2025 – 30/09/2025",
    "1,188.00",
    "Library cess",
    "10.00",
    "− 55.00",
    "₹ 2,223.00",
    "Rupees Two Thousand Two Hundred Twenty-Three Only",
    "Due date / ", // Indic letters are copied in the order in which they are drawn.
    "30/09/2025",
    "30/04/2025",
    payUrl(bill.consumer.id),
  ])
    expect(page).toContain(part);
  for (const letter of "रुपयेदोहज़ारसौतेईसमात्रकमला") expect(page).toContain(letter);
  expect(toRupees(bill.total)).toBe("2223.00");
});

test("the same bill gives the same bytes, one that a later bill replaced says so", async () => {
  const { city, bill } = await billed();
  const view = await city.tx("auditor", (read) => billView(read, bill.id, payUrl));
  const pdf = await billPdf(view, "pa");
  expect(pdf.equals(await billPdf(view, "pa"))).toBe(true);
  expect(flat(await billPdf(view, "en"))[0]).not.toContain("later bill");
  const later = await city.tx("accountant", (tx) => billFor(tx, bill.consumer.id, day("2025-06-10")));
  expect(later.number).not.toBe(bill.number);
  const old = await city.tx("auditor", (read) => billView(read, bill.id, payUrl));
  expect(flat(await billPdf(old, "en"))[0]).toContain("A later bill has taken the place of this one");
});

test("the total holds to the day that the bill names and is another one the day after", async () => {
  for (const asOf of ["2025-04-10", "2025-05-05", "2025-07-01"]) {
    const { city, bill } = await billed(asOf);
    await city.tx("auditor", async (read) => {
      const until = (await billValidity(read, [bill])).get(bill.id)?.validUntil ?? day(asOf);
      const total = async (on: typeof until): Promise<string> =>
        toRupees((await previewBill(read, bill.consumer.id, on)).total);
      expect(await total(until), `${asOf} to ${until}`).toBe(toRupees(bill.total));
      expect(await total(addDays(until, 1)), `after ${until}`).not.toBe(toRupees(bill.total));
    });
  }
});

test("a bill that was cancelled says so on its paper and has no code that pays at once", async () => {
  const { city, bill } = await billed();
  await city.tx("admin", (tx) =>
    setUpiAddress(tx, { validFrom: day("2025-04-01"), vpa: "city@sbi", payeeName: "Test City" }),
  );
  const view = () => city.tx("auditor", (read) => billView(read, bill.id, payUrl));
  expect((await view()).upi).not.toBeNull();
  await city.tx("cashier", (tx) => cancelBill(tx, bill.consumer.id, "made out to a wrong name"));
  expect((await view()).upi).toBeNull();
  const [page] = flat(await billPdf(await view(), "en"));
  expect(page).toContain("Cancelled: not to be paid");
  expect(page).not.toContain("Scan to pay by UPI");
});

test("the code pays by UPI where the ULB has an address from that day on, else it leads to the page of the bill", async () => {
  const { city, bill } = await billed();
  const view = () => city.tx("auditor", (read) => billView(read, bill.id, payUrl));
  expect(await view()).toMatchObject({ upi: null, payUrl: payUrl(bill.consumer.id) });
  const set = (validFrom: string, vpa: string | null) =>
    city.tx("admin", (tx) => setUpiAddress(tx, { validFrom: day(validFrom), vpa, payeeName: "Test City" }));
  await set("2025-05-01", "city@sbi");
  expect((await view()).upi).toBeNull();
  await set("2025-04-01", "old.city@sbi");
  expect((await view()).upi).toBe(`upi://pay?pa=old.city@sbi&pn=Test%20City&am=2223.00&cu=INR&tr=B%2F2025-26%2F000001`);
  const pdf = await billPdf(await view(), "en");
  expect(flat(pdf)[0]).toContain("Scan to pay by UPI");
  await expect(set("2025-04-01", "another@sbi")).rejects.toThrow("UPI_ADDRESS_SET");
  await expect(set("2025-06-01", "no address")).rejects.toThrow("UPI_ADDRESS_INVALID");
  await set("2025-04-05", null);
  expect((await view()).upi).toBeNull();
  expect(upiLink({ vpa: "a.b@bank", payeeName: "M & C" }, "1/2", paise(5n))).toBe(
    "upi://pay?pa=a.b@bank&pn=M%20%26%20C&am=0.05&cu=INR&tr=1%2F2",
  );
});

test("bills of many consumers are issued at once: each as it would be alone, numbered in order, the same ones again while the same is due", async () => {
  const city = await testBillingUlb(app, { penalty: USUAL_PENALTY });
  const ids = await city.tx("accountant", async (tx) => {
    const made: string[] = [];
    for (let i = 0; i < 6; i++) {
      const consumer = await testConsumer(tx, { code: `C${i}`, ward: i % 2 === 0 ? "W2" : "W1" });
      made.push(consumer.id);
      if (i !== 3) await testDemand(tx, consumer, `${100 * (i + 1)}`);
    }
    return made;
  });
  const on = day("2025-11-01");
  const alone = await city.tx("accountant", (tx) => billFor(tx, ids[4] ?? "", on));
  const first = await city.tx("accountant", (tx) => issueBills(tx, ids, on));
  expect(first.map((b) => [ids.indexOf(b.consumerId), b.isNew])).toEqual([
    [0, true],
    [1, true],
    [2, true],
    [4, false],
    [5, true],
  ]);
  expect(first.find((b) => b.consumerId === ids[4])?.id).toBe(alone.id);
  expect(await city.tx("accountant", (tx) => issueBills(tx, ids, on))).toEqual(
    first.map((b) => ({ ...b, isNew: false })),
  );
  const pages: Bill[][] = [];
  await city.tx("auditor", async (read) => {
    for (let after: Parameters<typeof latestBills>[1]["after"]; ;) {
      const page = await latestBills(read, { service: "property-tax", limit: 2, ...(after && { after }) });
      if (page.next === undefined) break;
      pages.push([...page.bills]);
      after = page.next;
    }
    // By ward, then by code; the one who owes nothing has no bill.
    expect(pages.map((p) => p.map((b) => `${b.consumer.code} ${b.number.slice(-1)} ${toRupees(b.total)}`))).toEqual([
      ["C1 3 204.00"],
      ["C5 5 612.00", "C0 2 102.00"],
      ["C2 4 306.00", "C4 1 510.00"],
    ]);
    const views = await billViews(read, pages.flat(), payUrl);
    expect(flat(await billsPdf(views, "hi"))).toHaveLength(5);
    const ward = await latestBills(read, { service: "property-tax", ward: "W2" });
    expect(ward.bills.map((b) => b.consumer.code)).toEqual(["C0", "C2", "C4"]);
  });
});

test("a bill of more lines than a page holds runs over pages and prints its total once", async () => {
  const { city, bill } = await billed();
  const view = await city.tx("auditor", (read) => billView(read, bill.id, payUrl));
  const line = view.lines[0];
  const many = { ...view, lines: Array.from({ length: 50 }, () => ({ ...line })) as typeof view.lines };
  const pages = flat(await billPdf(many, "hi"));
  expect(pages.length).toBeGreaterThan(1);
  expect(pages.filter((page) => page.includes("₹ 2,223.00"))).toHaveLength(1);
  expect(pages.join("").match(/01\/10\/2024/g)).toHaveLength(50);
});

test("a notice prints what it asks for in both languages: its lines, fee, total and days", async () => {
  const { city, bill } = await billed();
  const on = day("2025-05-10");
  const pages = await city.tx("accountant", async (tx) => {
    const { id } = await issueNotice(tx, { kind: "demand-notice", consumerId: bill.consumer.id, on });
    const views = await noticeViews(tx, [await getNotice(tx, id)], payUrl);
    return flat(await noticesPdf(views, "hi"));
  });
  expect(pages).toHaveLength(1);
  // What is due by September is not in it; 1 % of 1,000.00 for each of two months.
  for (const part of [" · DN/2025-26/000001", "within 15 days of the service", "1,080.00", "20.00", "₹ 1,100.00"])
    expect(pages[0]).toContain(part);
  expect(pages[0]).not.toContain("30/09/2025");
});

test("amounts stand in Hindi words: every number below a hundred has its own", () => {
  expect(inWordsHindi(rupees("1236192.50"))).toBe("रुपये बारह लाख छत्तीस हज़ार एक सौ बानवे और पैसे पचास मात्र");
  expect(inWordsHindi(rupees("0.00"))).toBe("रुपये शून्य मात्र");
  expect(inWordsHindi(rupees("1000000000.00"))).toBe("रुपये एक सौ करोड़ मात्र");
  const words = Array.from({ length: 100 }, (_, i) => inWordsHindi(paise(BigInt(i) * 100n)));
  expect(new Set(words).size).toBe(100);
  expect(words.every((w) => /^रुपये \S+ मात्र$/.test(w))).toBe(true);
});
