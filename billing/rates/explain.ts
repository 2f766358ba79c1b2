import { formatDate, type LocalDate } from "../../ledger/kernel/dates.ts";
import { formatIndian, groupIndian, paise, rate, roundRate } from "../../ledger/kernel/money.ts";
import { figure } from "./expression.ts";
import type { Assessment, Part, Step } from "./assessment.ts";
import type { Rules } from "./compile.ts";
import type { Input, Rule, RuleFile } from "./format.ts";

export type Language = "en" | "hi";
/** One line of the explanation, the lines below it, and the rule behind it. */
export type Explained = {
  readonly text: string;
  readonly below: readonly string[];
  readonly rule: string;
  readonly basis: string | null;
};

const WORDS = {
  en: {
    minimum: "raised to the least charge by",
    maximum: "cut to the highest charge by",
    rounding: "rounding",
    slab: (a: string, b: string | null) => (b === null ? `above ${a}` : `${a} to ${b}`),
    days: (d: number, of: number) => `for ${d} of ${of} days`,
    item: (list: string, n: number) => `${list} ${n}: `,
    stretch: (n: number) => `Part ${n} of the period: `,
    yes: "yes",
    no: "no",
  },
  hi: {
    minimum: "न्यूनतम प्रभार तक बढ़ाया गया",
    maximum: "अधिकतम प्रभार तक घटाया गया",
    rounding: "पूर्णांकन",
    slab: (a: string, b: string | null) => (b === null ? `${a} से ऊपर` : `${a} से ${b}`),
    days: (d: number, of: number) => `${of} में से ${d} दिन`,
    item: (list: string, n: number) => `${list} ${n}: `,
    stretch: (n: number) => `अवधि का भाग ${n}: `,
    yes: "हाँ",
    no: "नहीं",
  },
} as const;

/** "1234567.5" -> "12,34,567.5". */
function grouped(text: string): string {
  const [, sign = "", whole = "0", rest = ""] = /^(-?)(\d+)(\.\d+)?$/.exec(text) ?? [];
  return `${sign}${groupIndian(whole)}${rest}`;
}
/** With paise, as on a bill; a part of a paisa that a rule does not round away is shown rounded. */
function inRupees(text: string): string {
  const whole = roundRate(rate(text).times(100), figure("1"), "half-up");
  return `₹${formatIndian(paise(BigInt(whole.toFixed(0))))}`;
}

function inputOf(file: RuleFile, rule: Rule, name: string): Input | undefined {
  const list = "per" in rule && rule.per !== undefined ? file.lists[rule.per] : undefined;
  return list?.inputs[name] ?? file.inputs[name];
}

function said(file: RuleFile, rule: Rule, step: Step, language: Language, name: string, asMoney: boolean): string {
  const value = name === "result" ? step.result : step.figures[name];
  if (value === undefined) return "–";
  if (typeof value === "boolean") return WORDS[language][value ? "yes" : "no"];
  const input = inputOf(file, rule, name);
  if (input?.type === "choice") return input.values[value]?.[language] ?? value;
  if (/^\d{4}-\d{2}-\d{2}$/.test(value)) return formatDate(value as LocalDate);
  return asMoney ? inRupees(value) : grouped(value);
}

function saidPart(part: Part, language: Language): string | null {
  const words = WORDS[language];
  switch (part.what) {
    case "slab": {
      const band = words.slab(grouped(part.from), part.to === null ? null : grouped(part.to));
      return `${band}: ${grouped(part.quantity)} × ₹${part.rate} = ${inRupees(part.value)}`;
    }
    case "days":
      return `${inRupees(part.full)} ${words.days(part.days, part.of)} = ${inRupees(part.value)}`;
    case "term":
      return null;
    default:
      return `${words[part.what]} ${inRupees(part.value)}`;
  }
}

/** The rules of an assessment in words, in the order in which they worked. Raises nothing; the assessment is of this file. */
export function explain(rules: Rules, assessment: Pick<Assessment, "steps">, language: Language): Explained[] {
  const { file } = rules;
  return assessment.steps.flatMap((step) => {
    const rule = file.rules.find((r) => r.id === step.rule && r.version === step.version);
    if (!rule) return [];
    const words = WORDS[language];
    const per = "per" in rule && rule.per !== undefined ? file.lists[rule.per] : undefined;
    const filled = rule.text[language].replace(/\{([a-z][A-Za-z0-9]*)(:rs)?\}/g, (_, name: string, money?: string) =>
      said(file, rule, step, language, name, money !== undefined),
    );
    const isShare = step.parts.some((p) => p.what === "days");
    const head = file.heads.find((h) => h.code === step.head);
    const before = `${step.stretch === undefined ? "" : words.stretch(step.stretch)}${
      per && step.item !== undefined ? words.item(per.label[language], step.item) : ""
    }`;
    return [
      {
        // A share by days has no figures of its own: it is told by its parts.
        text: isShare ? `${head?.name[language] ?? rule.id} = ${inRupees(step.result)}` : `${before}${filled}`,
        below: step.parts.flatMap((p) => saidPart(p, language) ?? []),
        rule: `${rule.id} ${rule.version}`,
        basis: rule.basis ?? null,
      },
    ];
  });
}
