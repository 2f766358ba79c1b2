import { Refusal } from "../../ledger/kernel/errors.ts";
import type { LocalDate } from "../../ledger/kernel/dates.ts";
import type { DemandDraft } from "../demands.ts";
import { assessDemand } from "../rates/assess.ts";
import type { AssessedPeriod, Assessment } from "../rates/assessment.ts";
import type { Rules } from "../rates/compile.ts";
import type { ConsumerFacts } from "../rates/facts.ts";

/** A consumer as a run meets him. */
export type Chargeable = {
  readonly id: string;
  readonly code: string;
  readonly ward: string;
  readonly facts: ConsumerFacts | null;
  /** A demand of the period, or of one that overlaps it, stands already. */
  readonly isDemanded: boolean;
};

export type Charged = { readonly draft: DemandDraft; readonly ward: string; readonly assessment: Assessment };
export type NotCharged = {
  readonly consumerId: string;
  readonly consumer: string;
  readonly ward: string;
  readonly code: string;
  readonly message: string;
};
export type Outcome = {
  readonly charged: readonly Charged[];
  readonly already: number;
  readonly refused: readonly NotCharged[];
};

/**
 * What each of these consumers is to be charged for the period, reckoned as of the day of the demand, and who cannot be charged and why.
 * Pure: every consumer is charged, demanded already, or refused, and one who cannot be charged keeps nobody else from it.
 */
export function charge(rules: Rules, period: AssessedPeriod, on: LocalDate, consumers: readonly Chargeable[]): Outcome {
  const charged: Charged[] = [];
  const refused: NotCharged[] = [];
  let already = 0;
  for (const consumer of consumers) {
    if (consumer.isDemanded) {
      already += 1;
      continue;
    }
    const refuse = (code: string, message: string): void => {
      refused.push({ consumerId: consumer.id, consumer: consumer.code, ward: consumer.ward, code, message });
    };
    if (consumer.facts === null) {
      refuse("RULES_FACTS", "nothing is known of the consumer that the rates ask for");
      continue;
    }
    try {
      const { assessment, terms } = assessDemand(rules, consumer.facts, period, on);
      if (assessment.demand === 0n) refuse("RULES_NOTHING", "by the rules nothing is to be charged (exempt)");
      else {
        charged.push({
          draft: { ...draftOf(consumer.id, assessment), ...(terms && { terms }) },
          ward: consumer.ward,
          assessment,
        });
      }
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      refuse(error.code, error.detail);
    }
  }
  return { charged, already, refused };
}

/** The demand that an assessment makes. */
export function draftOf(consumerId: string, assessment: Assessment): DemandDraft {
  return {
    consumerId,
    periodFrom: assessment.period.from,
    periodTo: assessment.period.to,
    dueDate: assessment.dueDate,
    lines: assessment.heads.map((h) => ({ taxHead: h.head, amount: h.amount })),
  };
}
