import type { ComponentChildren, VNode } from "preact";
import type { BankAccount } from "../../../reconciliation/index.ts";
import { Books } from "../books-frame.tsx";
import { Crumbs } from "../components.tsx";
import type { View } from "../kit.tsx";
import type { LayoutProps } from "../layout.tsx";

const PARTS = [
  ["overview", "", "Overview"],
  ["bench", "/bench", "Bench"],
  ["exceptions", "/exceptions", "Exceptions"],
  ["matches", "/matches", "Matches"],
  ["rules", "/rules", "Rules"],
  ["brs", "/brs", "Statement (BRS)"],
] as const;
export type Part = (typeof PARTS)[number][0] | "settlements";

/** The parts of one bank account's reconciliation, under its name. */
export function BankParts({ account, part }: { readonly account: string; readonly part: Part }): VNode {
  return (
    <nav aria-label="Reconciliation" class="no-print">
      <ul class="inline-links">
        {PARTS.map(([key, path, label]) => (
          <li>
            <a href={`/books/bank/${account}${path}`} aria-current={key === part ? "page" : undefined}>
              {label}
            </a>
          </li>
        ))}
        <li>
          <a href="/books/bank/settlements" aria-current={part === "settlements" ? "page" : undefined}>
            Gateway settlements
          </a>
        </li>
        <li>
          <a href="/books/bank/holidays">Bank holidays</a>
        </li>
      </ul>
    </nav>
  );
}

export function BankFrame(props: {
  readonly view: View;
  readonly bank: BankAccount;
  readonly part: Part;
  readonly title: string;
  readonly trail?: readonly (readonly [string, string])[];
  readonly scripts?: LayoutProps["scripts"];
  readonly children: ComponentChildren;
}): VNode {
  const { bank } = props;
  return (
    <Books view={props.view} title={`${props.title} ${bank.account}`} tab="bank" scripts={props.scripts}>
      <Crumbs
        trail={[
          ["Bank accounts", "/books/bank"],
          [`${bank.account} ${bank.name}`, `/books/bank/${bank.account}`],
          ...(props.trail ?? []),
        ]}
      />
      <h1>{props.title}</h1>
      <BankParts account={bank.account} part={props.part} />
      {props.children}
    </Books>
  );
}
