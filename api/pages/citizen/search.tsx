import type { VNode } from "preact";
import { findConsumers, listConsumers, openDuesOf, type Consumer } from "../../../billing/index.ts";
import type { Read, Ulb } from "../../../ledger/kernel/tx.ts";
import { Field, Select, Table } from "../components.tsx";
import { wordFor } from "../i18n.ts";
import type { View } from "../kit.tsx";
import { Layout } from "../layout.tsx";
import { shownName } from "./names.ts";

export function Hits({
  view,
  query,
  hits,
}: {
  readonly view: View;
  readonly query: string;
  readonly hits: readonly Consumer[];
}): VNode {
  const { t } = view;
  if (query === "") return <div id="hits" />;
  if (query.length < 4) {
    return (
      <div id="hits" role="status">
        <p class="empty">{t("pay.short")}</p>
      </div>
    );
  }
  return (
    <div id="hits" role="status">
      <Table
        caption={t("pay.results")}
        stacks
        empty={t("pay.none", { query })}
        columns={[
          { title: t("pay.code"), kind: "code" },
          { title: t("pay.service") },
          { title: t("pay.name") },
          { title: t("pay.ward") },
          { title: t("pay.view"), kind: "action" },
        ]}
        rows={hits.map((consumer) => ({
          cells: [
            consumer.code,
            wordFor(t, "service", consumer.service),
            shownName(view, consumer),
            consumer.ward,
            <a href={`/pay/${consumer.id}`}>
              {t("pay.view")}
              <span class="sr"> {consumer.code}</span>
            </a>,
          ],
        }))}
      />
      {hits.length > 0 && !view.session.user && <p class="hint">{t("pay.masked")}</p>}
    </div>
  );
}

export function SearchPage(props: {
  readonly view: View;
  readonly ulb: Ulb;
  readonly query: string;
  readonly service: string;
  readonly services: readonly string[];
  readonly hits: readonly Consumer[];
  readonly examples: readonly Consumer[];
}): VNode {
  const { view, query } = props;
  const { t } = view;
  return (
    <Layout view={view} title={t("pay.title")} section="pay" ulb={props.ulb} scripts={["htmx.js"]}>
      <h1>{t("pay.title")}</h1>
      <p>{t("pay.lead")}</p>
      <form method="get" action="/pay" class="panel" role="search">
        <Select
          label={t("pay.service")}
          name="service"
          value={props.service}
          options={[
            { value: "", label: t("pay.service.all") },
            ...props.services.map((s) => ({ value: s, label: wordFor(t, "service", s) })),
          ]}
        />
        <Field
          label={t("pay.query")}
          name="q"
          type="search"
          value={query}
          hint={t("pay.query.hint")}
          maxLength={60}
          hasFocus={query === ""}
          isRequired
          htmx={{
            "hx-get": "/pay/search",
            "hx-trigger": "input changed delay:400ms",
            "hx-target": "#hits",
            "hx-swap": "outerHTML",
            "hx-include": "closest form",
          }}
        />
        <button>{t("pay.search")}</button>
      </form>
      <Hits view={view} query={query} hits={props.hits} />
      {props.examples.length > 0 && query === "" && (
        <section>
          <h2>{t("pay.recent")}</h2>
          <ul>
            {props.examples.map((c) => (
              <li>
                <a href={`/pay/${c.id}`}>{c.code}</a> · {wordFor(t, "service", c.service)} · {shownName(view, c)}
              </li>
            ))}
          </ul>
        </section>
      )}
    </Layout>
  );
}

export async function search(read: Read, query: string, service: string): Promise<Consumer[]> {
  if (query.length < 4) return [];
  const found = await findConsumers(read, { query, limit: 20, ...(service === "" ? {} : { service }) });
  // Only the code and the mobile lead to a bill here: whoever knows a name alone is no consumer.
  return found.filter((c) => c.code.toLowerCase().startsWith(query.toLowerCase()) || c.mobile === query);
}

/** A few consumers of each service who owe something, so that a visitor of the demo has a code to type. */
export async function examples(read: Read, names: readonly string[]): Promise<Consumer[]> {
  const found: Consumer[] = [];
  for (const service of names) {
    const page = await listConsumers(read, { service, limit: 40 });
    const dues = await openDuesOf(
      read,
      page.map((c) => c.id),
    );
    found.push(...page.filter((c) => (dues.get(c.id) ?? []).length > 0).slice(0, 3));
  }
  return found;
}
