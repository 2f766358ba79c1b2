import type { VNode } from "preact";
import { BUDGET_CSV, type BudgetImport } from "../../../ledger/index.ts";
import { nextFinancialYear, previousFinancialYear } from "../../../ledger/kernel/dates.ts";
import type { Refusal } from "../../../ledger/kernel/errors.ts";
import { Books } from "../books-frame.tsx";
import { Facts, Field, Flash, Form, Problems, Refused } from "../components.tsx";
import { field, type View } from "../kit.tsx";
import { Beyond } from "./beyond.tsx";
import { Commitments } from "./commitments.tsx";
import type { Looked } from "./look.ts";
import { Moves } from "./moves.tsx";
import { SettingForm } from "./setting-form.tsx";
import { Variance } from "./variance.tsx";

/** A year of the budget. */
export function BudgetPage(
  props: Looked & {
    readonly view: View;
    readonly refusal?: Refusal | undefined;
    readonly report?: BudgetImport | undefined;
    readonly body?: unknown;
  },
): VNode {
  const { view, fy, setting, roles } = props;
  const at = `/books/budget/${fy}`;
  const typed = (name: string): string | undefined =>
    props.body === undefined ? undefined : field(props.body, name).slice(0, 1000);
  const part = { ...props, at, typed };
  return (
    <Books view={view} title={`Budget ${fy}`} tab="budget">
      <h1>Budget {fy}</h1>
      <nav class="pages" aria-label="Years">
        <a href={`/books/budget?fy=${previousFinancialYear(fy)}`}>« {previousFinancialYear(fy)}</a>
        <a href={`/books/budget?fy=${nextFinancialYear(fy)}`}>{nextFinancialYear(fy)} »</a>
      </nav>
      <Refused refusal={props.refusal} />
      {props.report?.status === "refused" && (
        <Problems
          title={`${props.report.fileName} was refused, nothing was written`}
          problems={props.report.problems}
        />
      )}
      {props.report && props.report.status !== "refused" && (
        <Flash>
          {props.report.fileName}: {props.report.rows} rows, {props.report.added} added, {props.report.unchanged} were
          there.
        </Flash>
      )}
      <Facts
        facts={[
          [
            "Control at posting",
            setting.mode === "off"
              ? "off: nothing is asked of the budget"
              : `${setting.mode === "warn" ? "warns" : "refuses"} above ${setting.thresholdPercent} % of the sanctioned amount${setting.mode === "refuse" && setting.allowsOverride ? "; a checker may let a voucher pass" : ""}${setting.coversUnbudgeted ? "; expenditure without a line is held to nil" : ""}`,
          ],
        ]}
      />
      <Variance {...part} />
      <Moves {...part} />
      <Commitments {...part} />
      <Beyond {...part} />
      {(roles.includes("admin") || roles.includes("accountant")) && (
        <Form view={view} action={`${at}/file`} isUpload class="panel" label="Upload a budget">
          <h2>Upload a sanctioned budget</h2>
          <Field
            label="File"
            name="file"
            type="file"
            accept=".csv,text/csv"
            hint={`CSV with the columns ${BUDGET_CSV.join(", ")}`}
            isRequired
          />
          <button class="second">Upload</button>
        </Form>
      )}
      {roles.includes("admin") && <SettingForm view={view} at={at} setting={setting} body={props.body} />}
    </Books>
  );
}
