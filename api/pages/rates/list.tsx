import type { VNode } from "preact";
import type { LoadedRuleFile } from "../../../billing/index.ts";
import { formatDate, formatMoment, type LocalDate } from "../../../ledger/kernel/dates.ts";
import { Badge, Table } from "../components.tsx";
import { Demand } from "../demand-frame.tsx";
import { wordFor } from "../i18n.ts";
import type { View } from "../kit.tsx";

export const fileName = (file: Pick<LoadedRuleFile, "name" | "version">): string => `${file.name} ${file.version}`;

type State = { readonly kind: "good" | "bad" | "wait" | "plain"; readonly says: string };

/** Where a file stands among those of its service on a day. */
export function stateOf(file: LoadedRuleFile, all: readonly LoadedRuleFile[], today: LocalDate): State {
  if (file.approvedBy === null) return { kind: "wait", says: "waits for approval" };
  if (file.replacedBy !== null) {
    const by = all.find((f) => f.id === file.replacedBy);
    return { kind: "plain", says: by ? `replaced by ${fileName(by)}` : "replaced" };
  }
  if (file.validFrom > today) return { kind: "good", says: "approved, to come" };
  const next = all
    .filter((f) => f.service === file.service && f.approvedBy !== null && f.replacedBy === null)
    .map((f) => f.validFrom)
    .filter((from) => from > file.validFrom)
    .sort()[0];
  return next !== undefined && next <= today
    ? { kind: "plain", says: `ended when the next began on ${formatDate(next)}` }
    : { kind: "good", says: "in force" };
}

export function RatesPage(props: {
  readonly view: View;
  readonly files: readonly LoadedRuleFile[];
  readonly today: LocalDate;
  readonly canLoad: boolean;
}): VNode {
  const { view, files, today } = props;
  const services = [...new Set(files.map((f) => f.service))];
  return (
    <Demand view={view} title="Rates">
      <p>
        What is charged stands in rule files: dated rules with worked examples. One person loads a file, another one
        approves it; from then on it is never changed, and every demand names the file it was made by.
      </p>
      {props.canLoad && (
        <p class="actions">
          <a class="button" href="/demand/rates/new">
            New rule file
          </a>
        </p>
      )}
      {services.length === 0 && <p class="empty">No rule file was loaded yet.</p>}
      {services.map((service) => (
        <section>
          <h2>{wordFor(view.t, "service", service)}</h2>
          <Table
            caption={`Rule files of ${wordFor(view.t, "service", service)}`}
            hideCaption
            stacks
            columns={[
              { title: "File" },
              { title: "From" },
              { title: "State" },
              { title: "Loaded" },
              { title: "Approved" },
              { title: "SHA-256", kind: "code" },
            ]}
            rows={files
              .filter((f) => f.service === service)
              .map((f) => {
                const state = stateOf(f, files, today);
                return {
                  cells: [
                    <a href={`/demand/rates/${f.id}`}>{fileName(f)}</a>,
                    formatDate(f.validFrom),
                    <Badge kind={state.kind}>{state.says}</Badge>,
                    `${formatMoment(f.loadedAt)} by ${f.loadedBy}`,
                    f.approvedAt === null ? "" : `${formatMoment(f.approvedAt)} by ${f.approvedBy ?? ""}`,
                    `${f.hash.slice(0, 12)}…`,
                  ],
                };
              })}
          />
        </section>
      ))}
    </Demand>
  );
}
