import { createHash } from "node:crypto";
import type { LocalDate } from "../../ledger/kernel/dates.ts";
import { invariant, Refusal } from "../../ledger/kernel/errors.ts";
import { formatIndian, rupees, sum, toRupees, ZERO, type Paise } from "../../ledger/kernel/money.ts";
import { assess } from "./assess.ts";
import type { Assessment } from "./assessment.ts";
import { readForm, ruleProblems, type RuleProblem } from "./check.ts";
import { inOrder, stretchesOf, type Rules, type Stretch } from "./compile.ts";
import { rateErrors } from "./errors.ts";
import { factsFromJson } from "./facts.ts";
import type { Example } from "./format.ts";

/** Everything that is wrong with a rule file, and where; an empty list is a file to assess by. Its examples are run. */
export function checkRuleFile(content: string): RuleProblem[] {
  const read = tryRead(content);
  return "problems" in read ? read.problems : [];
}

/** The rules of a file, checked. Raises RULE_FILE_INVALID with every problem. */
export function readRules(content: string): Rules {
  const read = tryRead(content);
  if ("rules" in read) return read.rules;
  throw rateErrors.RULE_FILE_INVALID({
    file: "the rule file",
    problems: read.problems.map((p) => `${p.where}: ${p.message}`),
  });
}

function tryRead(content: string): { rules: Rules } | { problems: RuleProblem[] } {
  let json: unknown;
  try {
    json = JSON.parse(content);
  } catch (error) {
    return { problems: [{ where: "file", message: `is not JSON: ${(error as Error).message}` }] };
  }
  const form = readForm(json);
  if ("problems" in form) return form;
  const problems = ruleProblems(form.file);
  if (problems.length > 0) return { problems };
  const hash = createHash("sha256").update(content).digest("hex");
  const rules: Rules = { file: form.file, hash, stretches: stretchesOf(form.file).map(toStretch) };
  const differing = form.file.examples.flatMap((e) => exampleProblems(rules, e));
  return differing.length > 0 ? { problems: differing } : { rules };
}

function toStretch({ from, to, rules }: ReturnType<typeof stretchesOf>[number]): Stretch {
  const order = inOrder(rules);
  invariant("ordered" in order, "checked rules have an order");
  const byId = (a: { id: string }, b: { id: string }): number => (a.id < b.id ? -1 : 1);
  return {
    from,
    to,
    computed: order.ordered,
    due: rules.filter((r) => r.kind === "due").sort(byId),
    rebates: rules.filter((r) => r.kind === "rebate").sort(byId),
    late: rules.filter((r) => r.kind === "late").sort(byId),
  };
}

/** Where the engine and the example's author differ: both figures. */
function exampleProblems(rules: Rules, example: Example): RuleProblem[] {
  const where = `examples.${example.name}`;
  let got: Assessment;
  try {
    const period = { from: example.period.from as LocalDate, to: example.period.to as LocalDate };
    got = assess(rules, factsFromJson(example.facts), period, example.asOf as LocalDate);
  } catch (error) {
    if (error instanceof Refusal) return [{ where, message: error.message }];
    throw error;
  }
  const problems: RuleProblem[] = [];
  const compare = (what: string, says: string | undefined, is: Paise): void => {
    const said = rupees(says ?? "0");
    if (said === is) return;
    problems.push({
      where,
      message: `${what}: the example says ${formatIndian(said)}, the rules give ${formatIndian(is)}`,
    });
  };
  const heads = new Map(got.heads.map((h) => [h.head, h.amount]));
  for (const head of new Set([...Object.keys(example.heads), ...heads.keys()])) {
    compare(head, example.heads[head], heads.get(head) ?? ZERO);
  }
  if (example.rebate !== undefined) compare("rebate", example.rebate, sum(got.rebates.map((r) => r.amount)));
  if (example.late !== undefined) {
    for (const head of new Set([...Object.keys(example.late), ...got.late.map((l) => l.head)])) {
      compare(head, example.late[head], sum(got.late.filter((l) => l.head === head).map((l) => l.amount)));
    }
  }
  if (example.payable !== undefined) compare("payable", example.payable, got.payable);
  return problems;
}

/** The assessment as it is kept with a demand: amounts are text, the arithmetic is `steps`. */
export function assessmentJson(a: Assessment): Record<string, unknown> {
  const { heads, demand, exempted, paid, arrears, rebates, late, rounding, payable, ...rest } = a;
  return {
    ...rest,
    heads: heads.map((h) => ({ ...h, amount: toRupees(h.amount) })),
    rebates: rebates.map((r) => ({ ...r, amount: toRupees(r.amount) })),
    late: late.map((l) => ({ ...l, amount: toRupees(l.amount) })),
    demand: toRupees(demand),
    exempted: toRupees(exempted),
    paid: toRupees(paid),
    arrears: toRupees(arrears),
    rounding: toRupees(rounding),
    payable: toRupees(payable),
  };
}
