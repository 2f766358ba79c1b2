import type { ComponentChildren, VNode } from "preact";
import {
  listParties,
  payableErrors,
  PARTY_TYPES,
  type BillParty,
  type BillStatus,
  type ChequeStatus,
  type Party,
  type PaymentStatus,
} from "../../../ledger/index.ts";
import { isUuid } from "../../../ledger/kernel/ids.ts";
import { rupees, type Paise } from "../../../ledger/kernel/money.ts";
import type { Read } from "../../../ledger/kernel/tx.ts";
import { apiErrors } from "../../errors.ts";
import { Books } from "../books-frame.tsx";
import { Badge } from "../components.tsx";
import { field, typedAmount, type View } from "../kit.tsx";

export const ROOT = "/books/payables";
const PARTS = [
  ["overview", ROOT, "Overview"],
  ["bills", `${ROOT}/bills`, "Bills"],
  ["payments", `${ROOT}/payments`, "Payments"],
  ["cheques", `${ROOT}/cheques`, "Cheques"],
  ["remittances", `${ROOT}/remittances`, "Remittances"],
  ["deposits", `${ROOT}/deposits`, "Deposits"],
  ["advances", `${ROOT}/advances`, "Advances"],
  ["ties", `${ROOT}/ties`, "Sub-ledger"],
  ["settings", `${ROOT}/settings`, "Settings"],
] as const;
export type Part = (typeof PARTS)[number][0];

/** The frame of bills and payments: the books' tabs, and the parts of this room below them. */
export function Payables(props: {
  readonly view: View;
  readonly title: string;
  readonly part: Part;
  readonly children: ComponentChildren;
}): VNode {
  return (
    <Books view={props.view} title={props.title} tab="payables">
      <nav class="tabs" aria-label="Bills and payments">
        <ul>
          {PARTS.map(([part, href, label]) => (
            <li>
              <a href={href} aria-current={part === props.part ? "page" : undefined}>
                {label}
              </a>
            </li>
          ))}
        </ul>
      </nav>
      {props.children}
    </Books>
  );
}

const KIND = {
  draft: "plain",
  submitted: "wait",
  passed: "good",
  rejected: "bad",
  cancelled: "bad",
  issued: "wait",
  delivered: "wait",
  cleared: "good",
  stale: "bad",
  reissued: "plain",
  lapsed: "plain",
  spoiled: "plain",
  sent: "wait",
} as const;
export function Status({ of }: { readonly of: BillStatus | PaymentStatus | ChequeStatus | "sent" }): VNode {
  return <Badge kind={KIND[of]}>{of}</Badge>;
}

/** "contractor/C-0012" as lists offer it and as people may type it; a code alone when only one party has it. Raises BILL_INPUT. */
export async function partyField(read: Read, typed: string): Promise<BillParty> {
  const first = typed.trim().split(/\s/)[0] ?? "";
  const stroke = first.indexOf("/");
  const type = PARTY_TYPES.find((t) => t === first.slice(0, stroke));
  if (type) return { type, id: first.slice(stroke + 1).toUpperCase() };
  const code = first.toUpperCase();
  const found = code === "" ? [] : (await listParties(read, { search: code })).filter((p) => p.id === code);
  const [party, ...more] = found;
  if (!party || more.length > 0)
    throw payableErrors.BILL_INPUT({
      what:
        code === ""
          ? "choose the party"
          : party
            ? `${code} is the code of several parties; write it like contractor/${code}`
            : `there is no party ${code}; choose it from the list, or add it to the masters`,
    });
  return { type: party.type, id: party.id };
}
export const partyText = (party: { readonly type: string; readonly id: string }): string => `${party.type}/${party.id}`;

export function PartyList({ parties }: { readonly parties: readonly Party[] }): VNode {
  return (
    <datalist id="parties">
      {parties.map((p) => (
        <option value={partyText(p)}>{p.name}</option>
      ))}
    </datalist>
  );
}

/** An amount that was typed, or undefined when the field is empty. Raises MONEY_*. */
export function amountField(from: unknown, name: string): Paise | undefined {
  const typed = field(from, name);
  return typed === "" ? undefined : rupees(typedAmount(typed.slice(0, 40)));
}

/** The id in an address; anything else is no page. */
export function known(id: string, part: string): string {
  if (!isUuid(id)) throw apiErrors.PAGE_NOT_FOUND({ path: `${ROOT}/${part}/${id.slice(0, 60)}` });
  return id;
}

/** The code at the front of what a list offered: "2305002 Repairs …" -> "2305002". */
export const codeOf = (typed: string): string => typed.trim().split(/\s/)[0] ?? "";

export const versionOf = (body: unknown): number => Number(field(body, "version")) || 0;

/** Page number of a list from the address, from 1. */
export const pageOf = (query: unknown): number => Math.min(Math.max(Number(field(query, "page")) || 1, 1), 10_000);
export const PAGE_SIZE = 50;
