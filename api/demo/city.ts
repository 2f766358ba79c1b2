import { stringify } from "csv-stringify/sync";
import {
  addDays,
  financialYearEnd,
  financialYearOf,
  financialYearStart,
  periodEnd,
  periodStart,
  previousFinancialYear,
  type LocalDate,
  type Period,
} from "../../ledger/kernel/dates.ts";
import { percentOf, rate, rupees, toRupees, type Paise } from "../../ledger/kernel/money.ts";

/** Numbers that look random and are the same for the same seed. */
export type Dice = {
  /** 0 <= x < 1 */
  next(): number;
  /** A whole number from low to high, both included. */
  between(low: number, high: number): number;
  pick<T>(of: readonly T[]): T;
  chance(share: number): boolean;
};

export function dice(seed: number): Dice {
  let state = seed >>> 0;
  // mulberry32: small, and good enough for a demo city.
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
  const between = (low: number, high: number): number => low + Math.floor(next() * (high - low + 1));
  return {
    next,
    between,
    pick: (of) => {
      const one = of[between(0, of.length - 1)];
      if (one === undefined) throw new Error("invariant broken: something to pick from");
      return one;
    },
    chance: (share) => next() < share,
  };
}

const GIVEN: readonly (readonly [string, string])[] = [
  ["Aarti", "आरती"], ["Bhavesh", "भावेश"], ["Chitra", "चित्रा"], ["Dinesh", "दिनेश"], ["Esha", "ईशा"], ["Farida", "फ़रीदा"],
  ["Gurpreet", "गुरप्रीत"], ["Harish", "हरीश"], ["Imran", "इमरान"], ["Jyoti", "ज्योति"], ["Kiran", "किरण"], ["Lata", "लता"],
  ["Manoj", "मनोज"], ["Nirmala", "निर्मला"], ["Om", "ओम"], ["Prakash", "प्रकाश"], ["Rukmini", "रुक्मिणी"], ["Salim", "सलीम"],
  ["Tara", "तारा"], ["Umesh", "उमेश"], ["Vandana", "वंदना"], ["Yashpal", "यशपाल"],
]; // prettier-ignore
const FAMILY: readonly (readonly [string, string])[] = [
  ["Agrahari", "अग्रहरि"], ["Bairwa", "बैरवा"], ["Chandel", "चंदेल"], ["Dhiman", "धीमान"], ["Gahlot", "गहलोत"], ["Joshi", "जोशी"],
  ["Katiyar", "कटियार"], ["Lodha", "लोढ़ा"], ["Mahto", "महतो"], ["Nishad", "निषाद"], ["Prajapati", "प्रजापति"], ["Qureshi", "क़ुरैशी"],
  ["Rawat", "रावत"], ["Solanki", "सोलंकी"], ["Tomar", "तोमर"], ["Verma", "वर्मा"],
]; // prettier-ignore
const STREETS = [
  "Station Road",
  "Sadar Bazar",
  "Gandhi Marg",
  "Kacheri Road",
  "Mandi Lane",
  "Talab Gali",
  "Civil Lines",
  "Naya Mohalla",
] as const;
export const WARDS = ["1", "2", "3", "4", "5", "6", "7", "8"] as const;

export type CityConsumer = {
  readonly service: "property-tax" | "water";
  readonly code: string;
  readonly name: string;
  readonly nameLocal: string;
  readonly mobile: string;
  readonly address: string;
  readonly ward: string;
};
export type CityDemand = {
  readonly service: "property-tax" | "water";
  readonly consumerCode: string;
  readonly from: LocalDate;
  readonly to: LocalDate;
  readonly year: string;
  readonly dueDate: LocalDate;
  readonly taxHead: string;
  readonly amount: Paise;
};
export type City = {
  readonly consumers: readonly CityConsumer[];
  /** Receivables of earlier years, as they stood when the books were opened. */
  readonly arrears: readonly CityDemand[];
  readonly demands: readonly CityDemand[];
};

const CESS = rate("8");

/** A city of made-up people: properties billed for the year, water connections billed for the month, some with arrears. */
export function makeCity(options: {
  readonly properties: number;
  readonly connections: number;
  readonly month: Period;
  readonly seed: number;
}): City {
  const roll = dice(options.seed);
  const consumers: CityConsumer[] = [];
  const arrears: CityDemand[] = [];
  const demands: CityDemand[] = [];
  const monthStart = periodStart(options.month);
  const year = financialYearOf(monthStart);
  const yearStart = financialYearStart(year);
  const add = (service: CityConsumer["service"], index: number): CityConsumer => {
    const [given, givenLocal] = roll.pick(GIVEN);
    const [family, familyLocal] = roll.pick(FAMILY);
    const ward = roll.pick(WARDS);
    const consumer: CityConsumer = {
      service,
      code: `${service === "water" ? "WS" : "PT"}-${ward}-${String(index + 1).padStart(5, "0")}`,
      name: `${given} ${family}`,
      nameLocal: `${givenLocal} ${familyLocal}`,
      // 90000 000xx … are made up; the demo sends no messages.
      mobile: `90${String(10_000_000 + index * 7 + (service === "water" ? 3 : 0)).padStart(8, "0")}`,
      address: `${roll.between(1, 240)}, ${roll.pick(STREETS)}`,
      ward,
    };
    consumers.push(consumer);
    return consumer;
  };
  const tax = (
    consumer: CityConsumer,
    fy: string,
    from: LocalDate,
    to: LocalDate,
    due: LocalDate,
    own: Paise,
    into: CityDemand[],
  ): void => {
    const one = { service: consumer.service, consumerCode: consumer.code, from, to, year: fy, dueDate: due };
    into.push({ ...one, taxHead: "PT_TAX", amount: own });
    into.push({ ...one, taxHead: "PT_LIBRARY_CESS", amount: percentOf(own, CESS) });
  };
  for (let i = 0; i < options.properties; i++) {
    const consumer = add("property-tax", i);
    // Most homes are small, a few buildings large.
    const own = rupees(String(roll.chance(0.05) ? roll.between(9000, 48000) : roll.between(600, 5200)));
    let fy = year;
    for (let back = roll.chance(0.22) ? roll.between(1, 3) : 0; back > 0; back--) {
      fy = previousFinancialYear(fy);
      const start = financialYearStart(fy);
      tax(consumer, fy, start, financialYearEnd(fy), addDays(start, 89), own, arrears);
    }
    tax(consumer, year, yearStart, financialYearEnd(year), periodEnd(options.month), own, demands);
  }
  for (let i = 0; i < options.connections; i++) {
    const consumer = add("water", i);
    demands.push({
      service: "water",
      consumerCode: consumer.code,
      from: monthStart,
      to: periodEnd(options.month),
      year,
      dueDate: addDays(periodEnd(options.month), -5),
      taxHead: "WS_CHARGE",
      amount: rupees(`${roll.between(120, 640)}.00`),
    });
  }
  return { consumers, arrears, demands };
}

/** As the CSV that `nagarkosh import consumers` reads. */
export function consumersCsv(city: City): string {
  return stringify(
    city.consumers.map((c) => [c.service, c.code, c.name, c.nameLocal, c.mobile, "", c.address, c.ward]),
    { header: true, columns: ["service", "code", "name", "name_local", "mobile", "email", "address", "ward"] },
  );
}

/** As the CSV that `nagarkosh import demands` reads. */
export function demandsCsv(demands: readonly CityDemand[]): string {
  return stringify(
    demands.map((d) => [d.service, d.consumerCode, d.from, d.to, d.year, d.dueDate, d.taxHead, toRupees(d.amount)]),
    {
      header: true,
      columns: [
        "service",
        "consumer_code",
        "tax_period_from",
        "tax_period_to",
        "demand_year",
        "due_date",
        "tax_head",
        "amount",
      ],
    },
  );
}
