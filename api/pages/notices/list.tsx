import type { VNode } from "preact";
import type { Notice, ServiceSetup } from "../../../billing/index.ts";
import { formatDate } from "../../../ledger/kernel/dates.ts";
import { Amount, Badge, Field, Pagination, Select, Table } from "../components.tsx";
import { Demand } from "../demand-frame.tsx";
import { wordFor } from "../i18n.ts";
import type { View } from "../kit.tsx";
import { STEPS, stepTitle } from "./words.ts";

/** Which notices are shown. */
export type NoticeQuery = {
  readonly kind: string;
  readonly service: string;
  readonly ward: string;
  readonly served: string;
};

export function NoticesPage(props: {
  readonly view: View;
  readonly notices: readonly Notice[];
  readonly services: readonly ServiceSetup[];
  readonly query: NoticeQuery;
  readonly first: string | undefined;
  readonly next: string | undefined;
  readonly canIssue: boolean;
}): VNode {
  const { view, query } = props;
  return (
    <Demand view={view} title="Notices">
      <p>
        Demand notices, reminders and warrants, each with a number of its own. A warrant follows a notice that was
        served.
      </p>
      <p class="actions">
        {props.canIssue && (
          <a class="button" href="/demand/notices/issue">
            Issue notices
          </a>
        )}
        <a class="button second" href="/demand/notices/terms">
          Days, fees, UPI address
        </a>
      </p>
      <form method="get" action="/demand/notices" class="filter" aria-label="Which notices">
        <Select
          label="Step"
          name="kind"
          value={query.kind}
          options={[{ value: "", label: "all" }, ...STEPS.map((s) => ({ value: s.kind, label: s.title }))]}
        />
        <Select
          label="Service"
          name="service"
          value={query.service}
          options={[
            { value: "", label: "all" },
            ...props.services.map((s) => ({ value: s.service, label: wordFor(view.t, "service", s.service) })),
          ]}
        />
        <Field label="Ward" name="ward" value={query.ward} size="short" maxLength={60} />
        <Select
          label="Service of the notice"
          name="served"
          value={query.served}
          options={[
            { value: "", label: "all" },
            { value: "no", label: "not served yet" },
            { value: "yes", label: "served" },
          ]}
        />
        <button class="second">Show</button>
      </form>
      <Table
        caption="Notices, the newest first"
        hideCaption
        stacks
        empty="There is no such notice."
        columns={[
          { title: "Notice" },
          { title: "Step" },
          { title: "Date" },
          { title: "Consumer" },
          { title: "Ward" },
          { title: "Asked for (₹)", kind: "amount" },
          { title: "Served" },
        ]}
        rows={props.notices.map((n) => ({
          cells: [
            <a href={`/demand/notices/${n.id}`}>{n.number}</a>,
            stepTitle(n.kind),
            formatDate(n.asOf),
            `${wordFor(view.t, "service", n.consumer.service)} ${n.consumer.code}, ${n.consumer.name}`,
            n.consumer.ward,
            <Amount value={n.total} />,
            n.servedOn === null ? <Badge kind="wait">not yet</Badge> : formatDate(n.servedOn),
          ],
        }))}
      />
      <Pagination first={props.first} next={props.next} />
    </Demand>
  );
}
