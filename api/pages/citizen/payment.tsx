import type { VNode } from "preact";
import type { Ulb } from "../../../ledger/kernel/tx.ts";
import { Facts, Flash } from "../components.tsx";
import type { View } from "../kit.tsx";
import { Layout } from "../layout.tsx";

export function CheckoutPage(props: {
  readonly view: View;
  readonly ulb: Ulb;
  readonly amount: string;
  readonly what: string;
  readonly back: string;
  readonly form: { readonly action: string; readonly fields: Readonly<Record<string, string>> };
}): VNode {
  const { t } = props.view;
  return (
    <Layout view={props.view} title={t("checkout.title")} section="pay" ulb={props.ulb} scripts={["autosubmit.js"]}>
      <h1>{t("checkout.title")}</h1>
      <p>{t("checkout.text", { amount: props.amount, what: props.what })}</p>
      <form method="post" action={props.form.action} data-autosubmit>
        {Object.entries(props.form.fields).map(([name, value]) => (
          <input type="hidden" name={name} value={value} />
        ))}
        <div class="actions">
          <button autofocus>{t("checkout.submit")}</button>
          <a href={props.back}>{t("checkout.back")}</a>
        </div>
      </form>
    </Layout>
  );
}

export type Outcome =
  | { readonly kind: "waiting"; readonly round: number }
  | { readonly kind: "failed"; readonly reason: string }
  | { readonly kind: "refund"; readonly refundId: string };

/** What became of a payment; while nothing did, it asks again by itself, ever more slowly. */
export function PaymentState(props: {
  readonly view: View;
  readonly orderId: string;
  readonly consumerId: string;
  readonly amount: string;
  readonly outcome: Outcome;
}): VNode {
  const { t } = props.view;
  const { outcome } = props;
  if (outcome.kind === "failed") {
    return (
      <div id="state" role="status">
        <h1>{t("processing.failed.title")}</h1>
        <Flash kind="problem">{t("processing.failed.text", { reason: outcome.reason })}</Flash>
        <p class="actions">
          <a class="button" href={`/pay/${props.consumerId}`}>
            {t("processing.retry")}
          </a>
          <a href={`/pay/processing/${props.orderId}`}>{t("processing.refresh")}</a>
        </p>
      </div>
    );
  }
  if (outcome.kind === "refund") {
    return (
      <div id="state" role="status">
        <h1>{t("processing.refund.title")}</h1>
        <Flash kind="note">{t("processing.refund.text", { amount: props.amount, id: outcome.refundId })}</Flash>
      </div>
    );
  }
  const next = outcome.round + 1;
  return (
    <div
      id="state"
      role="status"
      hx-get={`/pay/processing/${props.orderId}?part=1&round=${next}`}
      hx-trigger={`load delay:${Math.min(2 + outcome.round * 2, 30)}s`}
      hx-swap="outerHTML"
    >
      <h1>{t("processing.title")}</h1>
      <p>{t("processing.text")}</p>
      <Facts
        facts={[
          [t("processing.amount"), `₹ ${props.amount}`],
          [t("processing.order"), <span class="code">{props.orderId}</span>],
        ]}
      />
      <p class="actions">
        <a class="button second" href={`/pay/processing/${props.orderId}`}>
          {t("processing.refresh")}
        </a>
      </p>
    </div>
  );
}
