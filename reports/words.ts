import { invariant } from "../ledger/kernel/errors.ts";
import { inWords, type Paise } from "../ledger/kernel/money.ts";
import type { Language } from "./labels.ts";

/** Hindi has a word of its own for every number below a hundred. */
const HINDI = (
  "शून्य एक दो तीन चार पाँच छह सात आठ नौ दस ग्यारह बारह तेरह चौदह पंद्रह सोलह सत्रह अठारह उन्नीस बीस इक्कीस बाईस तेईस चौबीस पच्चीस छब्बीस सत्ताईस " +
  "अट्ठाईस उनतीस तीस इकतीस बत्तीस तैंतीस चौंतीस पैंतीस छत्तीस सैंतीस अड़तीस उनतालीस चालीस इकतालीस बयालीस तैंतालीस चवालीस पैंतालीस छियालीस सैंतालीस " +
  "अड़तालीस उनचास पचास इक्यावन बावन तिरेपन चौवन पचपन छप्पन सत्तावन अट्ठावन उनसठ साठ इकसठ बासठ तिरेसठ चौंसठ पैंसठ छियासठ सड़सठ अड़सठ उनहत्तर " +
  "सत्तर इकहत्तर बहत्तर तिहत्तर चौहत्तर पचहत्तर छिहत्तर सतहत्तर अठहत्तर उन्यासी अस्सी इक्यासी बयासी तिरासी चौरासी पचासी छियासी सतासी अठासी नवासी " +
  "नब्बे इक्यानवे बानवे तिरानवे चौरानवे पचानवे छियानवे सत्तानवे अट्ठानवे निन्यानवे"
).split(" ");
const UNITS: readonly (readonly [size: bigint, word: string])[] = [
  [10_000_000n, "करोड़"],
  [100_000n, "लाख"],
  [1_000n, "हज़ार"],
  [100n, "सौ"],
];

function hindi(value: bigint): string[] {
  const unit = UNITS.find(([size]) => value >= size);
  if (!unit) return value === 0n ? [] : [HINDI[Number(value)] ?? ""];
  const [size, word] = unit;
  return [...hindi(value / size), word, ...hindi(value % size)];
}

/** "रुपये बारह लाख … और पैसे पचास मात्र". A negative amount is refused, as in English. */
export function inWordsHindi(amount: Paise): string {
  invariant(amount >= 0n, "words are printed for amounts that are not negative");
  const whole = amount / 100n;
  const rest = amount % 100n;
  const text = whole === 0n ? HINDI[0] : hindi(whole).join(" ");
  return `रुपये ${text}${rest > 0n ? ` और पैसे ${HINDI[Number(rest)]}` : ""} मात्र`;
}

/** The amount in words as a document prints it, a string for each language; Punjabi documents have the English words alone. */
export function wordsOf(amount: Paise, language: Language): readonly string[] {
  return language === "hi" ? [inWords(amount), inWordsHindi(amount)] : [inWords(amount)];
}
