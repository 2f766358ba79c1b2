import {
  financialYearEnd,
  financialYearOf,
  financialYearStart,
  type FinancialYear,
  type LocalDate,
} from "../kernel/dates.ts";
import { groupBy } from "../kernel/group.ts";
import { invariant } from "../kernel/errors.ts";
import { paise, rupees, subtract, sum, ZERO, type Paise } from "../kernel/money.ts";
import type { Read } from "../kernel/tx.ts";
import { cr, dr, type Dimensions, type Line } from "../entries.ts";
import { postingAccounts } from "../posting-map.ts";
import { actKind, narrate, voucherFor, type Draft } from "./act-kinds.ts";
import { assetClasses, assetRatesOn } from "./asset-classes.ts";
import { depreciate, type Depreciable } from "./depreciation.ts";
import { registerErrors } from "./errors.ts";
import {
  amount,
  amountOrNil,
  code,
  day,
  optional,
  text,
  writeFacts,
  year,
  type FactsOf,
  type Fields,
} from "./fields.ts";
import { capitalUse } from "./grants.ts";
import { itemKind, type Item } from "./items.ts";
import { balanceOf, balances, byItem, type Movement } from "./measures.ts";
import { aboutWork, workCost, works } from "./works.ts";

export const DESCRIPTION = {
  name: text("Description"),
  class: code("Class", { hint: "One of the asset classes" }),
  location: text("Location"),
  acquiredOn: day("In use from", "Added after 30 September, it bears half a year's depreciation"),
  residual: amountOrNil("Residual value", "Never written off", "1"),
} satisfies Fields;

/** A fixed asset (FA-01 … FA-06). It comes into the register by an act, so that whoever entered it is not who approved it. */
export const assets = itemKind({
  kind: "asset",
  table: "assets",
  title: "asset",
  plural: "Fixed assets",
  fields: {
    ...DESCRIPTION,
    grantId: optional(code("Met from grant")),
    fund: code("Fund", { initial: "01" }),
    function: code("Function"),
    ward: optional(code("Ward")),
  },
});
export type Asset = Item<(typeof assets)["fields"]>;
export type Class = Item<(typeof assetClasses)["fields"]>;

const about = (asset: Pick<Asset, "fund" | "function" | "ward">, id?: string): Dimensions => ({
  fund: asset.fund,
  function: asset.function,
  ward: asset.ward,
  ...(id === undefined ? {} : { party: { type: "asset", id } }),
});

type Of = { readonly id: string; readonly fund: string };
export const costMoved = (of: Of, group: Class, on: LocalDate, change: bigint): Movement => ({
  item: of.id,
  measure: "asset-cost",
  account: group.account,
  fund: of.fund,
  on,
  amount: paise(change),
});
export function accumulatedMoved(of: Of, group: Class, on: LocalDate, change: bigint): Movement[] {
  if (change === 0n) return [];
  invariant(group.accumulatedAccount !== undefined, "what is depreciated has an account for it");
  return [
    {
      item: of.id,
      measure: "asset-accumulated",
      account: group.accumulatedAccount,
      fund: of.fund,
      on,
      amount: paise(change),
    },
  ];
}

/** An asset that is there, with what it holds. Raises REGISTER_ITEM_UNKNOWN, ASSET_DISPOSED. */
async function held(
  read: Read,
  id: string,
): Promise<{ asset: Asset; group: Class; cost: Paise; accumulated: Paise; book: Paise }> {
  const asset = await assets.get(read, id);
  const group = await assetClasses.get(read, asset.class);
  const cost = await balanceOf(read, "asset-cost", id);
  const accumulated = await balanceOf(read, "asset-accumulated", id);
  if (cost === ZERO) throw registerErrors.ASSET_DISPOSED({ asset: id });
  return { asset, group, cost, accumulated, book: subtract(cost, accumulated) };
}

type Described = FactsOf<typeof DESCRIPTION> & { readonly asset: string };
export const newAsset = (
  facts: Described,
  over: { fund: string; function: string; ward: string | undefined; grantId?: string | undefined },
) => ({
  kind: assets,
  id: facts.asset,
  typed: writeFacts(assets.fields, { ...facts, grantId: undefined, ...over }),
});
const ASSET_ID = { asset: code("Asset id", { hint: "The number on the asset, like BLD-0012" }) };

const purchase = actKind({
  kind: "asset-purchase",
  register: "asset",
  title: "Bought, or brought into the register",
  rule: "FA-01, FA-06",
  isOnItem: false,
  modes: ["entry", "opening"],
  fields: {
    ...ASSET_ID,
    ...DESCRIPTION,
    fund: code("Fund", { initial: "01" }),
    function: code("Function"),
    ward: optional(code("Ward")),
    amount: amount("Cost"),
    account: optional(code("Credited to", { hint: "The bank account, or the head that owes it" })),
    specialFund: optional(code("Met from earmarked fund", { hint: "A head below 311, if it is" })),
    accumulated: optional(amount("Depreciation so far", "Only with opening balances")),
  },
  decide: async (read, _, facts) => {
    const group = await assetClasses.get(read, facts.class);
    const of = { id: facts.asset, fund: facts.fund };
    const narration = narrate(`Asset ${facts.asset} ${facts.name}: bought`, facts);
    if (facts.accumulated !== undefined && (facts.mode !== "opening" || facts.accumulated > facts.amount))
      throw registerErrors.REGISTER_FIELD({
        field: "Depreciation so far",
        rule: "with opening balances alone, and not more than the cost",
      });
    if (facts.accumulated !== undefined && group.accumulatedAccount === undefined)
      throw registerErrors.ASSET_NOT_DEPRECIATED({ asset: facts.asset, class: group.id });
    if (facts.mode === "post" && facts.account === undefined)
      throw registerErrors.REGISTER_FIELD({ field: "Credited to", rule: "it is missing" });
    const drafts: Draft[] = [];
    if (facts.account !== undefined) {
      drafts.push({
        voucher: await voucherFor(read, facts.account, "payment"),
        date: facts.date,
        narration,
        lines: [
          dr(group.account, facts.amount, about(facts, facts.asset)),
          cr(facts.account, facts.amount, { fund: facts.fund }),
        ],
      });
    }
    if (facts.specialFund !== undefined) {
      const used = (await postingAccounts(read, "special-funds-used"))["special-funds-used"];
      drafts.push({
        voucher: "journal",
        date: facts.date,
        narration,
        lines: [
          dr(facts.specialFund, facts.amount, { fund: facts.fund }),
          cr(used, facts.amount, { fund: facts.fund }),
        ],
      });
    }
    return {
      drafts,
      movements: [
        costMoved(of, group, facts.date, facts.amount),
        ...accumulatedMoved(of, group, facts.date, facts.accumulated ?? 0n),
      ],
      items: [newAsset(facts, { fund: facts.fund, function: facts.function, ward: facts.ward })],
    };
  },
});

const NOMINAL = rupees("1");

const gift = actKind({
  kind: "asset-gift",
  register: "asset",
  title: "Received free of cost",
  rule: "GR-08",
  isOnItem: false,
  fields: {
    ...ASSET_ID,
    ...DESCRIPTION,
    fund: code("Fund", { initial: "01" }),
    function: code("Function"),
    ward: optional(code("Ward")),
    giver: text("Received from"),
  },
  decide: async (read, _, facts) => {
    const group = await assetClasses.get(read, facts.class);
    const contribution = (await postingAccounts(read, "capital-contribution"))["capital-contribution"];
    const of = { id: facts.asset, fund: facts.fund };
    return {
      drafts: [
        {
          voucher: "journal",
          date: facts.date,
          narration: narrate(`Asset ${facts.asset} ${facts.name}: received free of cost from ${facts.giver}`, facts),
          lines: [
            dr(group.account, NOMINAL, about(facts, facts.asset)),
            cr(contribution, NOMINAL, { fund: facts.fund }),
          ],
        },
      ],
      movements: [costMoved(of, group, facts.date, NOMINAL)],
      items: [newAsset(facts, { fund: facts.fund, function: facts.function, ward: facts.ward })],
    };
  },
});

/** FA-02 with GR-04: the cost of a work, or a part of it, becomes an asset; what a grant met of it becomes capital contribution. */
const capitalise = actKind({
  kind: "asset-capitalisation",
  register: "work",
  title: "Capitalised: the work becomes an asset",
  rule: "FA-02, GR-04",
  fields: {
    ...ASSET_ID,
    ...DESCRIPTION,
    amount: optional(amount("Cost", "All that the work has cost so far if left empty")),
    grant: optional(code("Grant", { hint: "The grant that met it, if one did" })),
    grantAmount: optional(amount("Met from the grant", "All of the cost if left empty")),
  },
  decide: async (read, item, facts) => {
    const work = await works.get(read, item);
    const group = await assetClasses.get(read, facts.class);
    const left = await balanceOf(read, "work-cost", item);
    const cost = facts.amount ?? left;
    if (cost > left || cost === ZERO)
      throw registerErrors.WORK_COST_SHORT({ work: item, left: String(left), asked: String(cost) });
    const granted = facts.grant === undefined ? ZERO : (facts.grantAmount ?? cost);
    if (granted > cost)
      throw registerErrors.ASSET_COST_SHORT({ asset: facts.asset, left: String(cost), asked: String(granted) });
    const use =
      facts.grant === undefined
        ? { lines: [], movements: [] }
        : await capitalUse(read, { grant: facts.grant, asset: facts.asset, amount: granted, on: facts.date });
    const of = { id: facts.asset, fund: work.fund };
    return {
      drafts: [
        {
          voucher: "journal",
          date: facts.date,
          narration: narrate(`Work ${work.id} ${work.name}: capitalised as asset ${facts.asset}`, facts),
          lines: [
            dr(group.account, cost, about(work, facts.asset)),
            cr(work.account, cost, aboutWork(work)),
            ...use.lines,
          ],
        },
      ],
      movements: [workCost(work, facts.date, -cost), costMoved(of, group, facts.date, cost), ...use.movements],
      items: [newAsset(facts, { fund: work.fund, function: work.function, ward: work.ward, grantId: facts.grant })],
    };
  },
});

/** FA-04: sold. The sale is a journal against what the buyer owes; the money is a receipt of its own, so that receipts and payments are clean. */
const disposal = actKind({
  kind: "asset-disposal",
  register: "asset",
  title: "Sold",
  rule: "FA-04",
  fields: {
    proceeds: amountOrNil("Proceeds"),
    buyer: text("Buyer"),
    account: optional(code("Received in", { hint: "Left empty, the buyer owes it until a receipt" })),
  },
  decide: async (read, item, facts) => {
    const { asset, group, cost, accumulated, book } = await held(read, item);
    const keys = await postingAccounts(read, "asset-sale-receivable", "asset-sale-profit", "asset-sale-loss");
    const at = about(asset);
    const owed = { fund: asset.fund, party: { type: "asset", id: asset.id } };
    const receivable = keys["asset-sale-receivable"];
    const profit = subtract(facts.proceeds, book);
    const narration = narrate(`Asset ${asset.id} ${asset.name}: sold to ${facts.buyer}`, facts);
    const lines: Line[] = [
      ...(accumulated === ZERO ? [] : [dr(group.accumulatedAccount ?? "", accumulated, about(asset, asset.id))]),
      ...(facts.proceeds === ZERO ? [] : [dr(receivable, facts.proceeds, owed)]),
      ...(profit < 0n ? [dr(keys["asset-sale-loss"], paise(-profit), at)] : []),
      cr(group.account, cost, about(asset, asset.id)),
      ...(profit > 0n ? [cr(keys["asset-sale-profit"], profit, at)] : []),
    ];
    return {
      drafts: [
        { voucher: "journal", date: facts.date, narration, lines },
        ...(facts.account === undefined || facts.proceeds === ZERO
          ? []
          : [
              {
                voucher: "receipt" as const,
                date: facts.date,
                narration,
                lines: [dr(facts.account, facts.proceeds, { fund: asset.fund }), cr(receivable, facts.proceeds, owed)],
              },
            ]),
      ],
      movements: await leaving(read, asset, group, facts.date, cost, accumulated),
    };
  },
});

const writtenOff = actKind({
  kind: "asset-write-off",
  register: "asset",
  title: "Written off",
  rule: "270-40",
  fields: { reason: text("Reason", "Lost, destroyed, of no use: by whose order") },
  decide: async (read, item, facts) => {
    const { asset, group, cost, accumulated, book } = await held(read, item);
    const expense = (await postingAccounts(read, "asset-written-off"))["asset-written-off"];
    return {
      drafts: [
        {
          voucher: "journal",
          date: facts.date,
          narration: narrate(`Asset ${asset.id} ${asset.name}: written off, ${facts.reason}`, facts),
          lines: [
            ...(accumulated === ZERO ? [] : [dr(group.accumulatedAccount ?? "", accumulated, about(asset, asset.id))]),
            ...(book === ZERO ? [] : [dr(expense, book, about(asset))]),
            cr(group.account, cost, about(asset, asset.id)),
          ],
        },
      ],
      movements: await leaving(read, asset, group, facts.date, cost, accumulated),
    };
  },
});

/** All that an asset holds goes; the capital contribution stays in the books, its memory with the asset does not. */
async function leaving(
  read: Read,
  asset: Asset,
  group: Class,
  on: LocalDate,
  cost: Paise,
  accumulated: Paise,
): Promise<Movement[]> {
  const met = (await balances(read, { register: "asset", items: [asset.id] })).filter(
    (b) => b.measure === "asset-contribution",
  );
  return [
    costMoved(asset, group, on, -cost),
    ...accumulatedMoved(asset, group, on, -accumulated),
    ...met.map((b): Movement => ({ ...b, on, amount: paise(-b.amount) })),
  ];
}

const revaluation = actKind({
  kind: "asset-revaluation",
  register: "asset",
  title: "Revalued upwards",
  rule: "FA-05",
  fields: { amount: amount("Increase"), valuer: text("Valued by") },
  decide: async (read, item, facts) => {
    const { asset, group } = await held(read, item);
    const reserve = (await postingAccounts(read, "revaluation-reserve"))["revaluation-reserve"];
    return {
      drafts: [
        {
          voucher: "journal",
          date: facts.date,
          narration: narrate(`Asset ${asset.id} ${asset.name}: revalued by ${facts.valuer}`, facts),
          lines: [
            dr(group.account, facts.amount, about(asset, asset.id)),
            cr(reserve, facts.amount, { fund: asset.fund }),
          ],
        },
      ],
      movements: [costMoved(asset, group, facts.date, facts.amount)],
    };
  },
});

const impairment = actKind({
  kind: "asset-impairment",
  register: "asset",
  title: "Lasting fall in value",
  rule: "270-40",
  fields: { amount: amount("Fall in value"), reason: text("Reason") },
  decide: async (read, item, facts) => {
    const { asset, group, book } = await held(read, item);
    const left = subtract(book, asset.residual);
    if (group.accumulatedAccount === undefined)
      throw registerErrors.ASSET_NOT_DEPRECIATED({ asset: asset.id, class: group.id });
    if (facts.amount > left)
      throw registerErrors.ASSET_VALUE_SHORT({
        asset: asset.id,
        book: String(book),
        residual: String(asset.residual),
        asked: String(facts.amount),
      });
    const expense = (await postingAccounts(read, "asset-written-off"))["asset-written-off"];
    return {
      drafts: [
        {
          voucher: "journal",
          date: facts.date,
          narration: narrate(`Asset ${asset.id} ${asset.name}: lasting fall in value, ${facts.reason}`, facts),
          lines: [
            dr(expense, facts.amount, about(asset)),
            cr(group.accumulatedAccount, facts.amount, about(asset, asset.id)),
          ],
        },
      ],
      movements: accumulatedMoved(asset, group, facts.date, facts.amount),
    };
  },
});

export type AssetState = Depreciable & {
  readonly asset: Asset;
  readonly group: Class;
  readonly contribution: Paise;
};

/** Every asset of the register as it stands, with the rate of its class in force on the last day of that year. */
export async function assetStates(read: Read, fy: FinancialYear, asOf?: LocalDate): Promise<AssetState[]> {
  const [all, groups, rates] = [
    await assets.all(read),
    new Map((await assetClasses.all(read)).map((c) => [c.id, c])),
    await assetRatesOn(read, financialYearEnd(fy)),
  ];
  const of = byItem(await balances(read, { register: "asset", asOf }));
  const charged = groupBy(
    await read.query<{ item: string; on: LocalDate }>(
      `select item_id as item, on_date as "on" from ledger.register_movements
       where ulb_id = :ulb and register = 'asset' and kind = 'depreciation'
       group by item_id, on_date
       having sum(amount) > 0`,
      { ulb: read.ulb.id },
    ),
    (c) => c.item,
  );
  return all.map((asset) => {
    const group = groups.get(asset.class);
    invariant(group, `the class of asset ${asset.id} is there`);
    const depreciates = group.accumulatedAccount !== undefined;
    return {
      asset,
      group,
      acquiredOn: asset.acquiredOn,
      residual: asset.residual,
      cost: of(asset.id, "asset-cost"),
      accumulated: of(asset.id, "asset-accumulated"),
      contribution: of(asset.id, "asset-contribution"),
      ratePercent: depreciates ? (rates.get(group.id) ?? null) : null,
      charged: new Set((charged.get(asset.id) ?? []).map((c) => financialYearOf(c.on))),
    };
  });
}

export type Charge = AssetState & { readonly charge: Paise };

/**
 * What a depreciation run of that year would charge, asset by asset; assets that were charged for it already are not in it. Raises
 * ASSET_RATE_MISSING when a class that is depreciated has no rate.
 */
export async function depreciationCharges(read: Read, fy: FinancialYear): Promise<Charge[]> {
  const states = await assetStates(read, fy);
  for (const s of states) {
    if (s.cost > ZERO && s.group.accumulatedAccount !== undefined && s.ratePercent === null)
      throw registerErrors.ASSET_RATE_MISSING({ class: s.group.id, day: financialYearEnd(fy) });
  }
  return states.map((s) => ({ ...s, charge: depreciate(s, fy) })).filter((s) => s.charge > ZERO);
}

/** FA-03: one entry for a run, a line for each class, fund, function and ward. Run again, it takes only what was added since. */
const depreciation = actKind({
  kind: "depreciation",
  register: "asset",
  title: "Depreciation run",
  rule: "FA-03",
  isOnItem: false,
  fields: { fy: year("Financial year") },
  decide: async (read, _, facts) => {
    if (facts.date < financialYearStart(facts.fy) || facts.date > financialYearEnd(facts.fy))
      throw registerErrors.REGISTER_FIELD({ field: "Date", rule: `a day of ${facts.fy}, which ${facts.date} is not` });
    const charges = await depreciationCharges(read, facts.fy);
    if (charges.length === 0) throw registerErrors.DEPRECIATION_NOTHING({ fy: facts.fy });
    const groups = groupBy(charges, (c) =>
      [c.group.id, c.asset.fund, c.asset.function, c.asset.ward ?? ""].join("\u0001"),
    );
    const lines = [...groups.values()].flatMap((of): Line[] => {
      const [first] = of;
      const { accumulatedAccount, depreciationAccount } = first?.group ?? {};
      invariant(first && accumulatedAccount && depreciationAccount, "what is charged has its heads");
      const total = sum(of.map((c) => c.charge));
      return [dr(depreciationAccount, total, about(first.asset)), cr(accumulatedAccount, total, about(first.asset))];
    });
    return {
      drafts: [
        {
          voucher: "journal",
          date: facts.date,
          narration: narrate(`Depreciation of ${facts.fy}, ${charges.length} assets`, facts),
          lines,
        },
      ],
      movements: charges.flatMap((c) => accumulatedMoved(c.asset, c.group, facts.date, c.charge)),
    };
  },
});

export const assetActs = [purchase, gift, disposal, writtenOff, revaluation, impairment, depreciation];
export const capitaliseActs = [capitalise];
