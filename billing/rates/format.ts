import { Type, type Static, type TSchema } from "typebox";
import type { Expression } from "./expression.ts";

// The form of a rule file. Figures are text ("7.5"): JSON numbers are floats, and a reviewer reads what the notification says.

const Name = Type.String({ pattern: "^[a-z][A-Za-z0-9]{0,39}$" });
const Code = Type.String({ pattern: "^[A-Za-z][A-Za-z0-9._-]{0,59}$" });
const Figure = Type.String({ pattern: "^-?\\d{1,15}(\\.\\d{1,10})?$" });
const Day = Type.String({ pattern: "^\\d{4}-\\d{2}-\\d{2}$" });
const MonthDay = Type.String({ pattern: "^(0[1-9]|1[0-2])-(0[1-9]|[12]\\d|3[01])$" });
const shape = { additionalProperties: false };

/** Words in both languages of the bill. */
export const Texts = Type.Object({ en: Type.String({ minLength: 1 }), hi: Type.String({ minLength: 1 }) }, shape);
export type Texts = Static<typeof Texts>;

const oneOf = <T extends string>(...values: T[]) => Type.Enum<T[]>(values);

/** Above and up to: a figure on the upper bound belongs to the band, one on the lower bound to the band before. */
const Band = Type.Object({ above: Type.Optional(Figure), upTo: Type.Optional(Figure) }, shape);
export type Band = Static<typeof Band>;
/** What must hold of each named attribute: one value, one of several, yes or no, or a band. */
const When = Type.Record(
  Type.String(),
  Type.Union([Type.String(), Type.Boolean(), Type.Array(Type.String(), { minItems: 1 }), Band]),
);
export type When = Static<typeof When>;

const input = { label: Texts, neededWhen: Type.Optional(When) };
const ChoiceInput = Type.Object(
  {
    type: Type.Literal("choice"),
    ...input,
    values: Type.Record(Code, Texts, shape),
    default: Type.Optional(Type.String()),
  },
  shape,
);
const NumberInput = Type.Object(
  {
    type: Type.Literal("number"),
    ...input,
    unit: Type.Optional(Texts),
    min: Figure,
    max: Figure,
    decimals: Type.Integer({ minimum: 0, maximum: 6 }),
    default: Type.Optional(Figure),
  },
  shape,
);
const YesNoInput = Type.Object(
  { type: Type.Literal("yes-no"), ...input, default: Type.Optional(Type.Boolean()) },
  shape,
);
const Input = Type.Union([ChoiceInput, NumberInput, YesNoInput]);
export type Input = Static<typeof Input>;

const List = Type.Object(
  {
    label: Texts,
    min: Type.Integer({ minimum: 0 }),
    max: Type.Integer({ minimum: 1, maximum: 500 }),
    inputs: Type.Record(Name, Input, shape),
  },
  shape,
);

const Rounding = Type.Object({ to: Figure, mode: oneOf("half-up", "half-down", "up", "down") }, shape);
export type Rounding = { readonly to: string; readonly mode: "half-up" | "half-down" | "up" | "down" };

const version = {
  /** The value that the rule gives, and its name. */
  id: Name,
  version: Type.Integer({ minimum: 1 }),
  validFrom: Day,
  validTo: Type.Optional(Day),
  /** The section, notification or resolution behind it. */
  basis: Type.Optional(Type.String()),
  when: Type.Optional(When),
};
const dated = { ...version, unless: Type.Optional(When) };
const computed = {
  ...dated,
  /** Reckoned for each item of this list. */
  per: Type.Optional(Name),
  head: Type.Optional(Code),
  /** The head is what the item says in this attribute. */
  headBy: Type.Optional(Name),
  /** Counted among what was exempted; the demand must take it off itself. */
  isExemption: Type.Optional(Type.Boolean()),
  minimum: Type.Optional(Type.Unknown()),
  maximum: Type.Optional(Type.Unknown()),
  round: Type.Optional(Rounding),
  text: Texts,
};

export const ValueRule = Type.Object({ kind: Type.Literal("value"), ...computed, amount: Type.Unknown() }, shape);
export const TableRule = Type.Object(
  {
    kind: Type.Literal("table"),
    ...computed,
    rows: Type.Array(Type.Object({ when: When, value: Figure }, shape), { minItems: 1 }),
    otherwise: Type.Optional(Figure),
  },
  shape,
);
const Slab = Type.Object({ from: Figure, to: Type.Optional(Figure), rate: Figure }, shape);
export type Slab = Static<typeof Slab>;
export const SlabsRule = Type.Object(
  {
    kind: Type.Literal("slabs"),
    ...computed,
    of: Type.Unknown(),
    /** Telescopic: each part of the quantity at the rate of its slab. Flat: the whole at the rate of its slab. Fixed: the slab's amount. */
    mode: oneOf("telescopic", "flat", "fixed"),
    tables: Type.Array(
      Type.Object(
        {
          when: Type.Optional(When),
          slabs: Type.Array(Slab, { minItems: 1 }),
          minimum: Type.Optional(Figure),
          maximum: Type.Optional(Figure),
        },
        shape,
      ),
      { minItems: 1 },
    ),
  },
  shape,
);
const clock = { ...dated, text: Texts };
const Percent = Type.String({ pattern: "^\\d{1,3}(\\.\\d{1,6})?$" });
export const DueRule = Type.Object(
  {
    kind: Type.Literal("due"),
    ...version,
    text: Texts,
    /** So many days after it; −1 is the day before. */
    after: Type.Optional(oneOf("period-start", "period-end")),
    days: Type.Optional(Type.Integer({ minimum: -400, maximum: 400 })),
    onDay: Type.Optional(MonthDay),
  },
  shape,
);
export const RebateRule = Type.Object(
  {
    kind: Type.Literal("rebate"),
    ...clock,
    on: Type.Array(Code, { minItems: 1 }),
    percent: Percent,
    days: Type.Optional(Type.Integer({ minimum: 0, maximum: 400 })),
    untilDay: Type.Optional(MonthDay),
    needsNoArrears: Type.Optional(Type.Boolean()),
  },
  shape,
);
export const LateRule = Type.Object(
  {
    kind: Type.Literal("late"),
    ...clock,
    head: Code,
    on: Type.Array(Code, { minItems: 1 }),
    charge: oneOf("monthly", "daily", "once"),
    percent: Percent,
    graceDays: Type.Optional(Type.Integer({ minimum: 0, maximum: 400 })),
    starts: Type.Optional(oneOf("due-date", "next-year")),
    months: Type.Optional(oneOf("begun", "complete")),
    capPercent: Type.Optional(Percent),
  },
  shape,
);

/** By its `kind`, so that what is wrong is said of that kind alone. */
export const RULES: Readonly<Record<string, TSchema>> = {
  value: ValueRule,
  table: TableRule,
  slabs: SlabsRule,
  due: DueRule,
  rebate: RebateRule,
  late: LateRule,
};

const Money = Type.String({ pattern: "^-?\\d{1,15}(\\.\\d{1,2})?$" });
const Example = Type.Object(
  {
    name: Type.String({ minLength: 1 }),
    /** Where the figures come from. */
    source: Type.Optional(Type.String()),
    facts: Type.Unknown(),
    period: Type.Object({ from: Day, to: Day }, shape),
    asOf: Day,
    /** Exactly the heads that are not nil, and the total to pay on that day. */
    heads: Type.Record(Code, Money, shape),
    rebate: Type.Optional(Money),
    late: Type.Optional(Type.Record(Code, Money, shape)),
    payable: Type.Optional(Money),
  },
  shape,
);

export const RuleFileForm = Type.Object(
  {
    format: Type.Literal(1),
    id: Type.String({ pattern: "^[a-z][a-z0-9-]{1,59}$" }),
    version: Type.Integer({ minimum: 1 }),
    service: Type.String({ pattern: "^[a-z][a-z0-9-]{1,39}$" }),
    title: Texts,
    /** Acts, notifications, resolutions; and what a ULB must put in place of ours. */
    source: Type.String({ minLength: 1 }),
    validFrom: Day,
    validTo: Type.Optional(Day),
    cycle: oneOf("month", "quarter", "half-year", "year"),
    /** A rule that changes inside a period: by days, or as on the first day. */
    onChange: oneOf("apportion", "first-day"),
    /** False: an assessment of nothing is refused (a challan). */
    mayBeNil: Type.Boolean(),
    inputs: Type.Record(Name, Input, shape),
    lists: Type.Record(Name, List, shape),
    heads: Type.Array(
      Type.Object(
        {
          code: Code,
          kind: oneOf("tax", "charge", "fee", "penalty", "interest", "cess"),
          name: Texts,
        },
        shape,
      ),
      { minItems: 1 },
    ),
    rules: Type.Array(Type.Unknown(), { minItems: 1 }),
    /** What is to be paid on the day, rounded; the difference is shown. */
    roundOff: Type.Optional(Rounding),
    examples: Type.Array(Example, { minItems: 1 }),
  },
  shape,
);

type Computed = {
  readonly per?: string;
  readonly head?: string;
  readonly headBy?: string;
  readonly isExemption?: boolean;
  readonly minimum?: Expression;
  readonly maximum?: Expression;
  readonly round?: Rounding;
};
type Reckoned<T> = Omit<T, "amount" | "of" | "minimum" | "maximum"> & Computed;
export type ValueRule = Reckoned<Static<typeof ValueRule>> & { readonly amount: Expression };
export type TableRule = Reckoned<Static<typeof TableRule>>;
export type SlabsRule = Reckoned<Static<typeof SlabsRule>> & { readonly of: Expression };
export type DueRule = Static<typeof DueRule>;
export type RebateRule = Static<typeof RebateRule>;
export type LateRule = Static<typeof LateRule>;
export type ComputedRule = ValueRule | TableRule | SlabsRule;
export type Rule = ComputedRule | DueRule | RebateRule | LateRule;

export type Inputs = Readonly<Record<string, Input>>;
export type Example = Static<typeof Example>;
/** A rule file as it is written, after its form was checked. */
export type RuleFile = Omit<Static<typeof RuleFileForm>, "rules"> & { readonly rules: readonly Rule[] };

export const isComputed = (rule: Rule): rule is ComputedRule =>
  rule.kind === "value" || rule.kind === "table" || rule.kind === "slabs";
