import type { VNode } from "preact";
import { periodName, type RunPreview, type RunTotal } from "../../../billing/index.ts";
import { formatDate, type LocalDate } from "../../../ledger/kernel/dates.ts";
import { formatIndian } from "../../../ledger/kernel/money.ts";
import { Amount, Facts, Flash, Form, Table, type Row } from "../components.tsx";
import { Demand } from "../demand-frame.tsx";
import { wordFor } from "../i18n.ts";
import type { View } from "../kit.tsx";
import { change, count, whereOf } from "./words.ts";

const SHOWN = 50;

export function PreviewPage(props: {
  readonly view: View;
  readonly preview: RunPreview;
  readonly ward: string | null;
  readonly date: LocalDate;
}): VNode {
  const { view, preview, ward, date } = props;
  const { total } = preview;
  const service = wordFor(view.t, "service", preview.service);
  const period = periodName(preview.period);
  return (
    <Demand view={view} title={`Preview: ${service} ${period}`} trail={[["Demand runs", "/demand/runs"]]}>
      <Flash kind="note">Nothing is written yet.</Flash>
      <Facts
        facts={[
          ["For", whereOf(ward)],
          ["Rules", preview.ruleFile],
          ["Date of the entry", formatDate(date)],
          ["Active consumers", count(preview.consumers)],
          ["To be demanded", `${count(total.demands)}, ₹ ${amountOf(total)}`],
          ["Demanded already", count(preview.already)],
          ["Cannot be charged", count(preview.refused)],
        ]}
      />
      {total.demands === 0 ? (
        <p class="empty">There is nobody left to charge.</p>
      ) : (
        <Form view={view} action="/demand/runs" class="panel" label="Run">
          <input type="hidden" name="service" value={preview.service} />
          <input type="hidden" name="period" value={period} />
          <input type="hidden" name="ward" value={ward ?? ""} />
          <input type="hidden" name="date" value={date} />
          <p>
            The run goes on by itself and leaves out whoever is demanded already. As a whole it can be cancelled by
            another person.
          </p>
          <div class="actions">
            <button>
              Run: {count(total.demands)} demands, ₹ {amountOf(total)}
            </button>
            <a href="/demand/runs">Not now</a>
          </div>
        </Form>
      )}
      <Totals caption="By ward" first="Ward" rows={[...preview.byWard]} total={total} />
      <Totals
        caption="By head"
        first="Head"
        rows={[...preview.byHead].map(([code, t]) => [`${t.name} (${code})`, t])}
        total={total}
      />
      {preview.refused > 0 && <Reasons preview={preview} />}
    </Demand>
  );
}

const amountOf = (total: RunTotal): string => formatIndian(total.amount);

function Totals(props: {
  readonly caption: string;
  readonly first: string;
  readonly rows: readonly (readonly [string, RunTotal])[];
  readonly total: RunTotal;
}): VNode {
  const row = (name: string, t: RunTotal): Row => {
    const { amount, percent } = change(t.amount, t.lastYear);
    return {
      cells: [
        name,
        count(t.demands),
        <Amount value={t.amount} />,
        count(t.lastYearDemands),
        <Amount value={t.lastYear} />,
        amount,
        percent,
      ],
    };
  };
  return (
    <>
      <h2>{props.caption}</h2>
      <Table
        caption={props.caption}
        hideCaption
        stacks
        columns={[
          { title: props.first },
          { title: "Demands", kind: "amount" },
          { title: "Amount (₹)", kind: "amount" },
          { title: "Last year", kind: "amount" },
          { title: "Amount last year (₹)", kind: "amount" },
          { title: "Change (₹)", kind: "amount" },
          { title: "Change", kind: "amount" },
        ]}
        rows={[...props.rows.map(([name, t]) => row(name, t)), { ...row("Total", props.total), kind: "total" }]}
      />
    </>
  );
}

function Reasons({ preview }: { readonly preview: RunPreview }): VNode {
  const shown = preview.refusals.slice(0, SHOWN);
  return (
    <>
      <h2>Who cannot be charged</h2>
      <Table
        caption="Reasons"
        stacks
        columns={[{ title: "Reason" }, { title: "Consumers", kind: "amount" }, { title: "Code", kind: "code" }]}
        rows={preview.reasons.map((r) => ({ cells: [r.message, count(r.count), r.code] }))}
      />
      <Table
        caption={shown.length < preview.refused ? `The first ${shown.length} of them` : "One by one"}
        stacks
        columns={[{ title: "Consumer" }, { title: "Ward" }, { title: "Why" }]}
        rows={shown.map((r) => ({ cells: [r.consumer, r.ward, r.message] }))}
      />
    </>
  );
}
