import { subtract, type Paise } from "../kernel/money.ts";
import type { Read } from "../kernel/tx.ts";
import { cr, dr, type Dimensions } from "../entries.ts";
import { postingAccounts } from "../posting-map.ts";
import { actKind, narrate, voucherFor } from "./act-kinds.ts";
import { registerErrors } from "./errors.ts";
import { amount, choice, code, day, optional, text } from "./fields.ts";
import { itemKind, type Item } from "./items.ts";
import { balanceOf, type Movement } from "./measures.ts";

/** A specific grant: a liability until it is used (GR-02 … GR-07). One sanction is one grant, with a bank account of its own. */
export const grants = itemKind({
  kind: "grant",
  table: "grants",
  title: "grant",
  plural: "Grants",
  fields: {
    name: text("Scheme", "What the grant is for"),
    source: text("Granted by"),
    purpose: choice("Purpose", { revenue: "Revenue (spent on running)", capital: "Capital (becomes an asset)" }),
    sanctionNo: text("Sanction number"),
    sanctionedOn: day("Sanctioned on"),
    amount: amount("Amount sanctioned"),
    account: code("Grant account", { hint: "A head below 320", below: ["control-grants"] }),
    bankAccount: code("Bank account", { hint: "The grant's own account, below 450-60" }),
    fund: code("Fund", { initial: "01" }),
    function: code("Function"),
    scheme: optional(code("Scheme code", { hint: "As the ledger's lines name it" })),
  },
});
type Grant = Item<(typeof grants)["fields"]>;

const GRANT_PARTY = "grant";
const about = (grant: Grant): Dimensions => ({
  fund: grant.fund,
  scheme: grant.scheme,
  party: { type: GRANT_PARTY, id: grant.id },
});

const unspent = (grant: Grant, on: Movement["on"], change: bigint): Movement => ({
  item: grant.id,
  measure: "grant-unspent",
  account: grant.account,
  fund: grant.fund,
  on,
  amount: change as Paise,
});

/** Raises GRANT_UNSPENT_SHORT. */
export async function refuseMoreThanUnspent(read: Read, grant: Grant, asked: Paise): Promise<void> {
  const left = await balanceOf(read, "grant-unspent", grant.id);
  if (asked > left)
    throw registerErrors.GRANT_UNSPENT_SHORT({ grant: grant.id, left: String(left), asked: String(asked) });
}

function refuseOtherPurpose(grant: Grant, purpose: Grant["purpose"]): void {
  if (grant.purpose !== purpose) throw registerErrors.GRANT_PURPOSE({ grant: grant.id, purpose: grant.purpose });
}

/**
 * GR-04, as part of the entry that makes the asset: what a capital grant met of its cost leaves the liability for the capital contribution.
 * Raises GRANT_PURPOSE, GRANT_UNSPENT_SHORT.
 */
export async function capitalUse(
  read: Read,
  of: { readonly grant: string; readonly asset: string; readonly amount: Paise; readonly on: Movement["on"] },
): Promise<{ readonly lines: readonly ReturnType<typeof dr>[]; readonly movements: readonly Movement[] }> {
  const grant = await grants.get(read, of.grant);
  refuseOtherPurpose(grant, "capital");
  await refuseMoreThanUnspent(read, grant, of.amount);
  const contribution = (await postingAccounts(read, "capital-contribution"))["capital-contribution"];
  return {
    lines: [
      dr(grant.account, of.amount, about(grant)),
      cr(contribution, of.amount, { fund: grant.fund, scheme: grant.scheme }),
    ],
    movements: [
      { ...unspent(grant, of.on, -of.amount), kind: "grant-capital-use" },
      {
        item: of.asset,
        measure: "asset-contribution",
        account: contribution,
        fund: grant.fund,
        on: of.on,
        amount: of.amount,
      },
    ],
  };
}

const received = actKind({
  kind: "grant-receipt",
  register: "grant",
  title: "Instalment received",
  rule: "GR-02",
  modes: ["entry", "opening"],
  fields: {
    amount: amount("Amount"),
    account: optional(code("Received in", { hint: "The grant's bank account if left empty" })),
  },
  decide: async (read, item, facts) => {
    const grant = await grants.get(read, item);
    const bank = facts.account ?? grant.bankAccount;
    return {
      drafts: [
        {
          voucher: await voucherFor(read, bank, "receipt"),
          date: facts.date,
          narration: narrate(`Grant ${grant.id} ${grant.name}: instalment received`, facts),
          lines: [dr(bank, facts.amount, { fund: grant.fund }), cr(grant.account, facts.amount, about(grant))],
        },
      ],
      movements: [unspent(grant, facts.date, facts.amount)],
    };
  },
});

const interest = actKind({
  kind: "grant-interest",
  register: "grant",
  title: "Interest on the grant's money",
  rule: "GR-05",
  modes: ["entry"],
  fields: { amount: amount("Interest", "It belongs to the grant, not to the ULB's income") },
  decide: async (read, item, facts) => {
    const grant = await grants.get(read, item);
    return {
      drafts: [
        {
          voucher: "receipt",
          date: facts.date,
          narration: narrate(`Grant ${grant.id} ${grant.name}: interest on unspent money`, facts),
          lines: [
            dr(grant.bankAccount, facts.amount, { fund: grant.fund }),
            cr(grant.account, facts.amount, about(grant)),
          ],
        },
      ],
      movements: [unspent(grant, facts.date, facts.amount)],
    };
  },
});

const revenueUse = actKind({
  kind: "grant-revenue-use",
  register: "grant",
  title: "Used for revenue expenditure",
  rule: "GR-03",
  modes: ["entry"],
  fields: { amount: amount("Amount spent", "The expense itself is booked by its bill") },
  decide: async (read, item, facts) => {
    const grant = await grants.get(read, item);
    refuseOtherPurpose(grant, "revenue");
    await refuseMoreThanUnspent(read, grant, facts.amount);
    const accounts = await postingAccounts(read, "grant-income");
    return {
      drafts: [
        {
          voucher: "journal",
          date: facts.date,
          narration: narrate(`Grant ${grant.id} ${grant.name}: taken to income as spent`, facts),
          lines: [
            dr(grant.account, facts.amount, about(grant)),
            cr(accounts["grant-income"], facts.amount, {
              fund: grant.fund,
              function: grant.function,
              scheme: grant.scheme,
            }),
          ],
        },
      ],
      movements: [unspent(grant, facts.date, -facts.amount)],
    };
  },
});

const capitalUsed = actKind({
  kind: "grant-capital-use",
  register: "grant",
  title: "Used for an asset that is in the register",
  rule: "GR-04",
  fields: { amount: amount("Cost met from the grant"), asset: code("Asset", { hint: "Its id in the asset register" }) },
  decide: async (read, item, facts) => {
    const [cost, met] = [
      await balanceOf(read, "asset-cost", facts.asset),
      await balanceOf(read, "asset-contribution", facts.asset),
    ];
    if (facts.amount > subtract(cost, met))
      throw registerErrors.ASSET_COST_SHORT({
        asset: facts.asset.slice(0, 60),
        left: String(cost - met),
        asked: String(facts.amount),
      });
    const { lines, movements } = await capitalUse(read, {
      grant: item,
      asset: facts.asset,
      amount: facts.amount,
      on: facts.date,
    });
    const narration = narrate(`Grant ${item}: cost of asset ${facts.asset} met from it`, facts);
    return { drafts: [{ voucher: "journal", date: facts.date, narration, lines }], movements };
  },
});

const claim = actKind({
  kind: "grant-claim",
  register: "grant",
  title: "Reimbursement claimed",
  rule: "GR-06",
  fields: { amount: amount("Claim", "For expenses that are incurred") },
  decide: async (read, item, facts) => {
    const grant = await grants.get(read, item);
    const accounts = await postingAccounts(read, "grant-claim-receivable", "grant-claim-income");
    const at = { fund: grant.fund, function: grant.function, scheme: grant.scheme };
    return {
      drafts: [
        {
          voucher: "journal",
          date: facts.date,
          narration: narrate(`Grant ${grant.id} ${grant.name}: reimbursement claimed`, facts),
          lines: [
            dr(accounts["grant-claim-receivable"], facts.amount, { ...at, party: { type: GRANT_PARTY, id: grant.id } }),
            cr(accounts["grant-claim-income"], facts.amount, at),
          ],
        },
      ],
      movements: [],
    };
  },
});

const refund = actKind({
  kind: "grant-refund",
  register: "grant",
  title: "Unspent balance returned",
  rule: "GR-07",
  modes: ["entry"],
  fields: {
    amount: amount("Amount"),
    account: optional(code("Paid from", { hint: "Left empty, it stays payable until it is paid" })),
  },
  decide: async (read, item, facts) => {
    const grant = await grants.get(read, item);
    await refuseMoreThanUnspent(read, grant, facts.amount);
    const payable = (await postingAccounts(read, "grant-refund-payable"))["grant-refund-payable"];
    const at = { fund: grant.fund, party: { type: GRANT_PARTY, id: grant.id } };
    const narration = narrate(`Grant ${grant.id} ${grant.name}: unspent balance returned`, facts);
    return {
      drafts: [
        {
          voucher: "journal",
          date: facts.date,
          narration,
          lines: [dr(grant.account, facts.amount, about(grant)), cr(payable, facts.amount, at)],
        },
        ...(facts.account === undefined
          ? []
          : [
              {
                voucher: "payment" as const,
                date: facts.date,
                narration,
                lines: [dr(payable, facts.amount, at), cr(facts.account, facts.amount, { fund: grant.fund })],
              },
            ]),
      ],
      movements: [unspent(grant, facts.date, -facts.amount)],
    };
  },
});

export const grantActs = [received, interest, revenueUse, capitalUsed, claim, refund];
