import type { VNode } from "preact";
import type { BudgetSetting } from "../../../ledger/index.ts";
import { Field, Form, Select } from "../components.tsx";
import { field, type View } from "../kit.tsx";

export function SettingForm(props: {
  readonly view: View;
  readonly at: string;
  readonly setting: BudgetSetting;
  readonly body?: unknown;
}): VNode {
  const { setting } = props;
  const typed = (name: string, otherwise: string): string =>
    props.body === undefined || field(props.body, name) === "" ? otherwise : field(props.body, name).slice(0, 300);
  const yesNo = [
    { value: "no", label: "No" },
    { value: "yes", label: "Yes" },
  ];
  return (
    <Form view={props.view} action={`${props.at}/setting`} class="panel" label="Control at posting">
      <h2>Control at posting</h2>
      <Select
        label="What goes beyond the budget"
        name="mode"
        value={typed("mode", setting.mode)}
        options={[
          { value: "off", label: "is not looked at" },
          { value: "warn", label: "is posted with a warning" },
          { value: "refuse", label: "is refused" },
        ]}
      />
      <Field
        label="From this percentage of the sanctioned amount"
        name="threshold"
        value={typed("threshold", String(setting.thresholdPercent))}
        isNumeric
        isRequired
        size="short"
        maxLength={3}
      />
      <Select
        label="A checker may let a voucher pass"
        name="allows"
        value={typed("allows", setting.allowsOverride ? "yes" : "no")}
        options={yesNo}
      />
      <Select
        label="Expenditure without a budget line is held to nil"
        name="covers"
        value={typed("covers", setting.coversUnbudgeted ? "yes" : "no")}
        options={yesNo}
      />
      <Field
        label="Reason"
        name="settingReason"
        value={typed("settingReason", "")}
        isRequired
        maxLength={300}
        size="long"
      />
      <button>Save</button>
    </Form>
  );
}
