import { audit } from "../../ledger/kernel/audit.ts";
import type { LocalDate } from "../../ledger/kernel/dates.ts";
import { formatIndian, toRupees, ZERO, type Paise } from "../../ledger/kernel/money.ts";
import type { Read, Tx } from "../../ledger/kernel/tx.ts";
import { billingErrors } from "../errors.ts";
import type { Service } from "../due.ts";
import { serviceOn, taxHeads } from "../tax-heads.ts";
import { noticeErrors } from "./errors.ts";

const MOST_DAYS = 365;

/** The steps in their order. */
export type NoticeKind = "demand-notice" | "reminder" | "warrant";

/** How many days a step gives and what it costs: law of the State, so without a version a step costs nothing and gives fifteen days. */
export type NoticeTerms = { readonly days: number; readonly fee: Paise; readonly taxHead: string | null };

export async function noticeTermsOn(
  read: Read,
  service: Service,
  kind: NoticeKind,
  on: LocalDate,
): Promise<NoticeTerms> {
  const row = await read.queryOne<NoticeTerms>(
    `select days, fee, tax_head as "taxHead" from billing.notice_terms
     where ulb_id = :ulb and service = :service and kind = :kind and valid_from <= :on_date::date
     order by valid_from desc limit 1`,
    { ulb: read.ulb.id, service, kind, on_date: on },
  );
  return row ?? { days: 15, fee: ZERO, taxHead: null };
}

/** Terms as they were set. */
export type SetNoticeTerms = NoticeTerms & {
  readonly service: Service;
  readonly kind: NoticeKind;
  readonly validFrom: LocalDate;
  readonly setAt: Date;
  readonly setBy: string;
};

/** All terms that were set, by service and step, the latest day first. */
export async function listNoticeTerms(read: Read): Promise<SetNoticeTerms[]> {
  return read.query<SetNoticeTerms>(
    `select service, kind, valid_from as "validFrom", days, fee, tax_head as "taxHead", set_at as "setAt", set_by as "setBy"
     from billing.notice_terms
     where ulb_id = :ulb order by service, kind, valid_from desc limit 500`,
    { ulb: read.ulb.id },
  );
}

/**
 * Sets days and fee of a step from a day on, on record.
 * Raises SERVICE_UNKNOWN, NOTICE_TERMS_INVALID, TAX_HEAD_UNKNOWN, TAX_HEAD_INVALID, NOTICE_TERMS_SET.
 */
export async function setNoticeTerms(
  tx: Tx,
  terms: NoticeTerms & { readonly service: Service; readonly kind: NoticeKind; readonly validFrom: LocalDate },
): Promise<void> {
  const { service, kind, validFrom, days, fee, taxHead } = terms;
  await serviceOn(tx, service, validFrom);
  const rule =
    !Number.isInteger(days) || days < 0 || days > MOST_DAYS
      ? `it gives 0 to ${MOST_DAYS} whole days`
      : fee < 0n || fee > 0n !== (taxHead !== null)
        ? "a fee is more than 0.00 and has a tax head; without a fee there is no head"
        : undefined;
  if (rule !== undefined) throw noticeErrors.NOTICE_TERMS_INVALID({ kind, days, fee: formatIndian(fee), rule });
  if (taxHead !== null) {
    const head = (await taxHeads(tx, validFrom)).get(taxHead);
    if (!head) throw billingErrors.TAX_HEAD_UNKNOWN({ taxHead, on: validFrom });
    if (head.service !== service || head.basis !== "accrual")
      throw billingErrors.TAX_HEAD_INVALID({
        taxHead,
        rule: `the fee of a notice is charged when it is issued, under a head of ${service} on accrual`,
      });
  }
  const set = await tx.query(
    `insert into billing.notice_terms (ulb_id, service, kind, valid_from, days, fee, tax_head, set_at, set_by)
     values (:ulb, :service, :kind, :valid_from, :days, :fee, :head, :now, :actor)
     on conflict (ulb_id, service, kind, valid_from) do nothing returning kind`,
    {
      ulb: tx.ulb.id,
      service,
      kind,
      valid_from: validFrom,
      days,
      fee,
      head: taxHead,
      now: tx.clock(),
      actor: tx.actor.id,
    },
  );
  if (set.length === 0) throw noticeErrors.NOTICE_TERMS_SET({ service, kind, validFrom });
  await audit(tx, {
    action: "set",
    subject: "notice-terms",
    subjectId: `${service}/${kind}/${validFrom}`,
    after: { days, fee: toRupees(fee), taxHead },
  });
}
