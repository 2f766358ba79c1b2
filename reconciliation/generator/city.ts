import { addDays, localDate, type LocalDate } from "../../ledger/kernel/dates.ts";
import { BankCalendar, dayOf } from "../matching/calendar.ts";
import type { ItemKind, MatchItem, MatchLine } from "../matching/types.ts";
import { ref, type Ref, type RefKind } from "../tokens.ts";
import { bankLineOf } from "./bank-noise.ts";
import { NOISE_PROFILES, type NoiseProfile, type NoiseRates } from "./profiles.ts";
import { Random } from "./random.ts";

/** What a line or item really is: the number of the fact that both sides tell of, or why the other side knows nothing of it. */
export type Truth = number;
export const NONE = -1;
export const RETURN = -2;
export const BANK_ORIGINATED = -3;

/** By what way the money of a line moved. */
export type Way =
  | "UPI"
  | "NEFT and RTGS in"
  | "cash deposits"
  | "cheques, one credit a slip"
  | "cheques, one by one"
  | "gateway settlements"
  | "cheques issued"
  | "bulk payments"
  | "NEFT out"
  | "bank's corrections"
  | "bank's own";

export type TrueLine = MatchLine & { readonly truth: Truth; readonly way?: Way };
export type TrueItem = MatchItem & { readonly truth: Truth };

/** A row of the gateway's settlement report; paise; the fee includes its tax. */
export type GatewayRow = {
  readonly entityId: string;
  readonly type: "payment" | "refund" | "adjustment";
  readonly amount: number;
  readonly fee: number;
  readonly tax: number;
  readonly credit: number;
  readonly debit: number;
};
export type GatewaySettlement = { readonly id: string; readonly amount: number; readonly rows: readonly GatewayRow[] };

export type CityOptions = {
  readonly receipts: number;
  readonly seed: number;
  readonly profile: NoiseProfile;
  readonly rates?: Partial<NoiseRates>;
  /** Days of the financial year from 1 April 2025; fewer make a shorter, denser world. */
  readonly days?: number;
  /** Keep only this account's lines and items: a year of a large city does not have to lie in memory at once. */
  readonly account?: number;
  /** Told of every settlement with its rows, which are then forgotten. */
  readonly onSettlement?: (settlement: GatewaySettlement) => void;
};

export type CityAccount = { readonly lines: TrueLine[]; readonly items: TrueItem[] };
export type City = {
  readonly accounts: readonly CityAccount[];
  readonly calendar: BankCalendar;
  readonly asOf: LocalDate;
  readonly gatewayRows: number;
};

export const CITY_START = localDate("2025-04-01");

/** Nineteen days on which the banks of the made-up city are closed, beside Sundays and second and fourth Saturdays. */
export const CITY_HOLIDAYS: readonly LocalDate[] = [
  "2025-04-10",
  "2025-04-14",
  "2025-04-18",
  "2025-05-01",
  "2025-05-12",
  "2025-06-07",
  "2025-07-06",
  "2025-08-15",
  "2025-08-27",
  "2025-09-05",
  "2025-10-02",
  "2025-10-20",
  "2025-10-22",
  "2025-11-05",
  "2025-12-25",
  "2026-01-26",
  "2026-03-03",
  "2026-03-19",
  "2026-03-26",
].map(localDate);

const ACCOUNTS = 4;
// Of every bank account: each counter and each zone fills in a slip per account and day.
const COUNTERS = 24;
const ZONES = 6;
const SEASON = [3, 0.7, 0.7, 0.7, 0.7, 0.7, 0.7, 0.7, 0.7, 1.3, 1.3, 2.2]; // April to March
const BANKS = ["ABCB", "DEFN", "KLMB", "PQRS", "TUVX", "NGKB"] as const;
const NAMES = [
  "R SHARMA",
  "S PATEL",
  "M IYER",
  "K DAS",
  "A KHAN",
  "V REDDY",
  "P NAIR",
  "J SINGH",
  "N ROY",
  "T GOWDA",
] as const;

/** ULB-RECON-GEN v1: a year of a city's receipts and payments as its books and its banks tell of them. The same options give the same city. */
export function generateCity(options: CityOptions): City {
  return new CityMaker(options).make();
}

class CityMaker {
  private readonly random: Random;
  private readonly rates: NoiseRates;
  private readonly options: CityOptions;
  private readonly calendar = new BankCalendar(CITY_HOLIDAYS);
  private readonly accounts: CityAccount[] = Array.from({ length: ACCOUNTS }, () => ({ lines: [], items: [] }));
  private readonly tariffs: readonly number[];
  private readonly first = dayOf(CITY_START);
  private readonly days: number;
  private readonly dates = new Map<number, LocalDate>();
  private fact = 0;
  private lineNo = 0;
  private itemNo = 0;
  private slipNo = 0;
  private rowCount = 0;
  private way: Way = "bank's own";

  constructor(options: CityOptions) {
    this.options = options;
    this.random = new Random(options.seed);
    this.rates = { ...NOISE_PROFILES[options.profile], ...options.rates };
    this.days = options.days ?? 365;
    this.tariffs = Array.from({ length: 40 }, () => 15_000 + this.random.below(298) * 5_000);
  }

  make(): City {
    const weights = Array.from({ length: this.days }, (_, d) => {
      const month = Number(this.date(this.first + d).slice(5, 7));
      return SEASON[(month + 8) % 12] ?? 1;
    });
    const sum = weights.reduce((a, b) => a + b, 0);
    let due = 0;
    for (let d = 0; d < this.days; d++) {
      due += (this.options.receipts * (weights[d] ?? 0)) / sum;
      const count = Math.floor(due);
      due -= count;
      this.day(this.first + d, count);
    }
    for (const a of this.accounts) {
      a.lines.sort((x, y) => (x.date < y.date ? -1 : x.date > y.date ? 1 : 0));
      a.items.sort((x, y) => (x.date < y.date ? -1 : x.date > y.date ? 1 : 0));
    }
    return {
      accounts: this.accounts,
      calendar: this.calendar,
      asOf: this.date(this.first + this.days + 30),
      gatewayRows: this.rowCount,
    };
  }

  // ---------------------------------------------------------------------------------------------- one day

  private day(day: number, receipts: number): void {
    const { random } = this;
    const cash = new Map<number, number>();
    const cheques = new Map<number, { amount: number; no: string }[]>();
    const rows: GatewayRow[] = [];
    for (let n = 0; n < receipts; n++) {
      const amount = this.amount();
      const mode = random.next();
      if (mode < 0.5) rows.push(this.gatewayRow(amount));
      else if (mode < 0.65) this.qr(day, amount);
      else if (mode < 0.73) this.transfer(day, amount, "N");
      else if (mode < 0.733) this.transfer(day, amount * 1000, "R");
      else if (mode < 0.913) {
        const counter = random.below(COUNTERS * ACCOUNTS);
        cash.set(counter, (cash.get(counter) ?? 0) + amount);
      } else {
        const zone = random.below(ZONES * ACCOUNTS);
        const list = cheques.get(zone) ?? [];
        list.push({ amount, no: random.digits(6) });
        cheques.set(zone, list);
      }
      if (random.isHit(0.03)) this.payment(day);
      if (random.isHit(this.rates.reversal)) this.wrongCredit(day);
    }
    for (const [counter, amount] of cash) this.cashDeposit(day, counter, amount);
    for (const [zone, list] of cheques) this.chequeDeposit(day, zone % ACCOUNTS, Math.floor(zone / ACCOUNTS), list);
    if (rows.length > 0) this.settle(day, rows);
    const date = this.date(day);
    if (date.endsWith("-28")) for (let a = 0; a < ACCOUNTS; a++) this.monthly(day, a);
  }

  private qr(day: number, amount: number): void {
    const { random } = this;
    this.way = "UPI";
    const account = random.below(ACCOUNTS);
    const rrn = `${1 + random.below(9)}${random.digits(11)}`;
    const truth = this.newFact();
    this.item(account, day, amount, "transfer", truth, random.isHit(this.rates.qrNoRrn) ? [] : [["rrn", rrn]]);
    const words = (r: string): string =>
      `UPI/CR/${r}/${random.pick(NAMES)}/${random.pick(BANKS)}/payer${random.digits(3)}@upi`;
    const on = random.isHit(0.1) ? day + 1 : day;
    this.line(account, on, amount, words, rrn, truth);
    this.twin(account, on, amount, words, rrn, truth);
  }

  private transfer(day: number, amount: number, kind: "N" | "R"): void {
    const { random, rates } = this;
    this.way = "NEFT and RTGS in";
    const account = random.below(ACCOUNTS);
    const bank = random.pick(BANKS);
    const utr = this.utr(day, bank, kind);
    const truth = this.newFact();
    const refs: [RefKind, string][] = [];
    if (!random.isHit(rates.payerNoRef)) refs.push(["utr", random.isHit(rates.payerTypo) ? this.mistyped(utr) : utr]);
    const booked = random.isHit(rates.transpose) ? this.transposed(amount) : amount;
    const isElsewhere = random.isHit(rates.wrongAccount);
    const isSame = booked === amount && !isElsewhere;
    this.item(isElsewhere ? (account + 1) % ACCOUNTS : account, day, booked, "transfer", isSame ? truth : NONE, refs);
    const words = (r: string): string =>
      account === 0
        ? `NEFT CR-${bank}0001234-${random.pick(NAMES)}-${r}`
        : `NEFT*${bank}0001234*${r}*${random.pick(NAMES)}`;
    const on = this.calendar.nextWorking(day + random.below(2));
    this.line(account, on, amount, words, utr, isSame ? truth : NONE);
    this.twin(account, on, amount, words, utr, isSame ? truth : NONE);
  }

  /**
   * One payment twice: the bank enters its line again and nobody can say which of the two is the real one; or the payer paid again under a
   * reference that nobody told us; or both sides know of both, under one reference.
   */
  private twin(
    account: number,
    day: number,
    amount: number,
    words: (r: string) => string,
    reference: string,
    truth: number,
  ): void {
    // What is booked with another amount or in another account, and paid twice besides, has no one truth.
    if (!this.random.isHit(this.rates.twin) || truth === NONE) return;
    const kind = this.random.next();
    if (kind < 0.3) this.line(account, day, amount, words, reference, truth);
    else if (kind < 0.6) this.line(account, day, amount, words, reference.slice(0, -6) + this.random.digits(6), NONE);
    else {
      // Which is which is no fact: one class, one truth.
      const kindOfRef = /^\d+$/.test(reference) ? "rrn" : "utr";
      this.item(account, day, amount, "transfer", truth, [[kindOfRef, reference]]);
      this.line(account, day, amount, words, reference, truth);
    }
  }

  private cashDeposit(day: number, counter: number, amount: number): void {
    const { random, rates } = this;
    this.way = "cash deposits";
    const account = counter % ACCOUNTS;
    const truth = this.newFact();
    const at = Math.floor(counter / ACCOUNTS) + 1;
    const slip = this.nextSlip();
    const on = this.calendar.nextWorking(random.isHit(0.6) ? day : day + 1);
    this.item(account, day, amount, "cash", truth, [], slip);
    const words = (r: string): string => `BY CASH ${r} COUNTER ${at}`;
    if (random.isHit(rates.short) && amount > 100_000) {
      this.line(account, on, amount - 100 * (1 + random.below(500)), words, slip, NONE);
    } else if (random.isHit(rates.splitDeposit)) {
      const part = Math.max(1, Math.floor(amount * (0.3 + 0.5 * random.next())));
      this.line(account, on, part, words, slip, truth);
      this.line(account, on, amount - part, () => `BY CASH COUNTER ${at}`, "", truth);
    } else this.line(account, on, amount, words, slip, truth);
  }

  private chequeDeposit(
    day: number,
    account: number,
    zone: number,
    cheques: readonly { amount: number; no: string }[],
  ): void {
    const { random } = this;
    const slip = this.nextSlip();
    const on = this.calendar.plusWorking(this.calendar.nextWorking(day), 1 + random.below(2));
    const facts = cheques.map((c) => {
      const truth = this.newFact();
      return { ...c, truth };
    });
    const lump = this.newFact();
    const isLump = account < 2;
    this.way = isLump ? "cheques, one credit a slip" : "cheques, one by one";
    for (const c of facts)
      this.item(account, day, c.amount, "cheque-deposited", isLump ? lump : c.truth, [["cheque", c.no]], slip);
    if (isLump) {
      const sum = cheques.reduce((s, c) => s + c.amount, 0);
      const isShown = random.isHit(0.6);
      this.line(account, on, sum, (r) => `CHQ DEP CLG ZONE ${zone + 1} ${r}`, isShown ? slip : "", lump);
    } else
      for (const c of facts)
        this.line(account, on, c.amount, (r) => `CHQ DEP - MICR CLG ${r} ${random.pick(BANKS)}`, c.no, c.truth);
    for (const c of facts) {
      if (!random.isHit(this.rates.chequeReturn)) continue;
      const back = this.calendar.nextWorking(on + 1);
      this.line(account, back, -c.amount, (r) => `CHQ DEP RET ${r} FUNDS INSUFFICIENT`, c.no, RETURN);
      this.line(account, back, -11_800, () => "CHQ RTN CHRG INCL GST", "", BANK_ORIGINATED);
    }
  }

  private payment(day: number): void {
    const { random } = this;
    const account = random.below(ACCOUNTS);
    const amount = -this.amount() * 10;
    const kind = random.next();
    const truth = this.newFact();
    this.way = kind < 0.4 ? "cheques issued" : kind < 0.58 ? "bulk payments" : "NEFT out";
    if (kind < 0.4) {
      const no = random.digits(6);
      this.item(account, day, amount, "cheque-issued", truth, [["cheque", no]]);
      if (random.isHit(this.rates.stale)) return;
      const on = this.calendar.nextWorking(day + 1 + random.below(60));
      this.line(account, on, amount, (r) => `I/W CLG ${r} ${random.pick(BANKS)}`, no, truth);
    } else if (kind < 0.58) {
      const batch = `BP${this.nextSlip().slice(2)}`;
      let sum = 0;
      for (let n = 2 + random.below(8); n > 0; n--) {
        const part = -this.amount() * 10;
        sum += part;
        this.item(account, day, part, "transfer", truth, [], batch);
      }
      this.line(account, this.calendar.nextWorking(day), sum, (r) => `BULK POSTING ${r}`, batch, truth);
    } else {
      const utr = this.utr(day, "NGKB", "N");
      this.item(account, day, amount, "transfer", truth, [["utr", utr]]);
      this.line(
        account,
        this.calendar.nextWorking(day),
        amount,
        (r) => `NEFT DR-${r}-${random.pick(NAMES)}`,
        utr,
        truth,
      );
    }
  }

  private wrongCredit(day: number): void {
    const { random } = this;
    this.way = "bank's corrections";
    const account = random.below(ACCOUNTS);
    const amount = this.amount();
    const utr = this.utr(day, random.pick(BANKS), "N");
    const truth = this.newFact();
    const on = this.calendar.nextWorking(day);
    this.line(account, on, amount, (r) => `NEFT CR-${r}-${random.pick(NAMES)}`, utr, truth);
    this.line(account, Math.min(on + 1 + random.below(2), on + 3), -amount, (r) => `REV NEFT ${r}`, utr, truth);
  }

  private monthly(day: number, account: number): void {
    const { random } = this;
    this.way = "bank's own";
    const on = this.calendar.nextWorking(day);
    this.line(account, on, -(5_900 + random.below(50_000)), () => "ACCOUNT MAINT CHRG + GST @18%", "", BANK_ORIGINATED);
    if (account === 0)
      this.line(
        account,
        on,
        100_000_00 + random.below(900_000_000),
        (r) => `STATE GRANT 15TH FC ${r}`,
        `PFMS${random.digits(8)}`,
        NONE,
      );
    if (["06", "09", "12", "03"].includes(this.date(day).slice(5, 7)))
      this.line(account, on, 10_000 + random.below(9_000_000), () => "CREDIT INTEREST", "", BANK_ORIGINATED);
  }

  // ---------------------------------------------------------------------------------------------- gateway

  private gatewayRow(amount: number): GatewayRow {
    const { random } = this;
    const isCard = random.isHit(0.25);
    const net = isCard ? Math.round(amount * 0.0085) : random.isHit(0.3) ? 1_000 : 0;
    const tax = Math.round(net * 0.18);
    const fee = Math.min(net + tax, amount);
    this.rowCount += 1;
    return { entityId: `pay_${this.rowCount}`, type: "payment", amount, fee, tax, credit: amount - fee, debit: 0 };
  }

  private settle(day: number, rows: GatewayRow[]): void {
    const { random, rates } = this;
    this.way = "gateway settlements";
    for (const r of [...rows]) {
      const kind = random.isHit(rates.refund) ? "refund" : random.isHit(rates.chargeback) ? "adjustment" : undefined;
      if (kind === undefined) continue;
      this.rowCount += 1;
      rows.push({
        entityId: `rfnd_${this.rowCount}`,
        type: kind,
        amount: r.amount,
        fee: 0,
        tax: 0,
        credit: 0,
        debit: r.amount,
      });
    }
    const amount = rows.reduce((s, r) => s + r.credit - r.debit, 0);
    if (amount <= 0) return;
    const id = `setl_${String(day).padStart(6, "0")}${random.digits(8)}`;
    this.options.onSettlement?.({ id, amount, rows });
    const settled = this.calendar.plusWorking(this.calendar.nextWorking(day), 2);
    const isRetried = random.isHit(rates.settleRetry);
    const utr = random.isHit(0.5) ? this.utr(settled, "NGKB", "N") : `${random.digits(10)}vxp0rj`;
    const truth = this.newFact();
    this.item(0, settled, amount, "settlement", truth, [
      ["utr", utr],
      ["settlement", id],
    ]);
    const late = (isRetried ? 1 : 0) + (random.isHit(rates.settleLate) ? 1 : 0);
    const on = this.calendar.plusWorking(settled, late);
    const words = (r: string): string => `NEFT CR-NGKB0000001-PAYMENT GATEWAY-${r}`;
    if (random.isHit(rates.splitSettle) && amount > 10) {
      const part = Math.floor(amount / 3);
      this.line(0, on, part, words, utr, truth);
      this.line(0, on, amount - part, words, utr, truth);
    } else this.line(0, on, amount, words, utr, truth);
  }

  // ---------------------------------------------------------------------------------------------- writing

  private line(
    account: number,
    day: number,
    paise: number,
    words: (ref: string) => string,
    reference: string,
    truth: number,
  ): void {
    this.lineNo += 1;
    const shown = bankLineOf(this.random, this.rates, account, words, reference);
    if (this.options.account !== undefined && this.options.account !== account) return;
    this.accounts[account]?.lines.push({
      id: `L${this.lineNo}`,
      date: this.date(day),
      amount: BigInt(paise),
      narration: shown.narration,
      reference: shown.reference,
      truth,
      way: this.way,
    });
  }

  private item(
    account: number,
    day: number,
    paise: number,
    kind: ItemKind,
    truth: number,
    refs: readonly (readonly [RefKind, string])[],
    group?: string,
  ): void {
    this.itemNo += 1;
    if (this.options.account !== undefined && this.options.account !== account) return;
    this.accounts[account]?.items.push({
      id: `I${this.itemNo}`,
      date: this.date(day),
      amount: BigInt(paise),
      kind,
      refs: refs.map(([k, v]): Ref => ref(k, v)),
      truth,
      ...(group === undefined ? {} : { group: ref("slip", group).value }),
    });
  }

  private amount(): number {
    const { random } = this;
    if (random.isHit(this.rates.roundShare)) return random.pick(this.tariffs);
    return Math.max(1_000, Math.round(320_000 * Math.exp(1.1 * random.normal())));
  }

  private utr(day: number, bank: string, kind: "N" | "R"): string {
    const date = this.date(day);
    if (kind === "R") return `${bank}R5${date.replaceAll("-", "")}${this.random.digits(8)}`;
    const ofYear = day - dayOf(localDate(`${date.slice(0, 4)}-01-01`)) + 1;
    return `${bank}N${date.slice(2, 4)}${String(ofYear).padStart(3, "0")}${this.random.digits(6)}`;
  }

  private mistyped(reference: string): string {
    const at = [...reference].flatMap((c, i) => (c >= "0" && c <= "9" ? [i] : []));
    const i = this.random.pick(at);
    const other = (Number(reference[i]) + 1 + this.random.below(9)) % 10;
    return `${reference.slice(0, i)}${other}${reference.slice(i + 1)}`;
  }

  private transposed(paise: number): number {
    const text = String(paise);
    const i = this.random.below(text.length - 1);
    return Number(text.slice(0, i) + (text[i + 1] ?? "") + (text[i] ?? "") + text.slice(i + 2));
  }

  private newFact(): number {
    this.fact += 1;
    return this.fact;
  }

  private nextSlip(): string {
    this.slipNo += 1;
    return `DS2526${String(this.slipNo).padStart(6, "0")}`;
  }

  private date(day: number): LocalDate {
    let date = this.dates.get(day);
    if (date === undefined) {
      date = addDays(CITY_START, day - this.first);
      this.dates.set(day, date);
    }
    return date;
  }
}
