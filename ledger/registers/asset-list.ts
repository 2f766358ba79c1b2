import Papa from "papaparse";
import { Refusal } from "../kernel/errors.ts";
import { ZERO } from "../kernel/money.ts";
import type { Read } from "../kernel/tx.ts";
import { actKind, type Effect } from "./act-kinds.ts";
import { assetClasses } from "./asset-classes.ts";
import { accumulatedMoved, costMoved, DESCRIPTION, newAsset, type Class } from "./assets.ts";
import { registerErrors } from "./errors.ts";
import { amount, amountOrNil, code, lines, optional, readFacts, type Typed } from "./fields.ts";
import { checkNewItem } from "./items.ts";

const ROW = {
  asset: code("asset"),
  ...DESCRIPTION,
  fund: code("fund"),
  function: code("function"),
  ward: optional(code("ward")),
  cost: amount("cost"),
  accumulated: amountOrNil("accumulated"),
};
const COLUMNS = "asset,name,class,location,acquired_on,residual,fund,function,ward,cost,accumulated";
const MAX_ROWS = 2000;

/** A register that a ULB kept elsewhere, brought in whole: cost and depreciation as at a day, no entry. Every bad row is named, or all come in. */
const list = actKind({
  kind: "asset-list",
  register: "asset",
  title: "Brought in from a list",
  rule: "opening balances",
  isOnItem: false,
  fields: { rows: lines("List", `CSV with the columns ${COLUMNS}; at most ${MAX_ROWS} assets`) },
  decide: async (read, _, facts): Promise<Effect> => {
    const { data, meta } = Papa.parse<Record<string, string>>(facts.rows.trim(), {
      header: true,
      skipEmptyLines: true,
    });
    const missing = COLUMNS.split(",").filter((c) => !meta.fields?.includes(c));
    if (missing.length > 0 || data.length === 0 || data.length > MAX_ROWS)
      throw registerErrors.REGISTER_ROWS({
        problems: [
          missing.length > 0
            ? `the columns ${missing.join(", ")} are missing`
            : `${data.length} rows; a list has 1 to ${MAX_ROWS}`,
        ],
      });
    const classes = new Map((await assetClasses.all(read)).map((c) => [c.id, c]));
    const seen = new Set<string>();
    const problems: string[] = [];
    const effect = {
      drafts: [],
      movements: [] as Effect["movements"][number][],
      items: [] as ReturnType<typeof newAsset>[],
    };
    for (const [i, raw] of data.entries()) {
      try {
        const row = { ...raw, acquiredOn: raw["acquired_on"] ?? "", accumulated: raw["accumulated"] || "0" };
        const one = await rowOf(read, row, classes);
        if (seen.has(one.item.id)) throw registerErrors.REGISTER_ITEM_EXISTS({ title: "asset", id: one.item.id });
        seen.add(one.item.id);
        const of = { id: one.item.id, fund: one.facts.fund };
        effect.items.push(one.item);
        effect.movements.push(
          costMoved(of, one.group, facts.date, one.facts.cost),
          ...accumulatedMoved(of, one.group, facts.date, one.facts.accumulated),
        );
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        problems.push(`line ${i + 2}: ${error.detail}`);
      }
    }
    if (problems.length > 0) throw registerErrors.REGISTER_ROWS({ problems: problems.slice(0, 50) });
    return effect;
  },
});

async function rowOf(read: Read, raw: Typed, classes: ReadonlyMap<string, Class>) {
  const facts = readFacts(ROW, raw);
  const group = classes.get(facts.class);
  if (!group) throw registerErrors.REGISTER_ITEM_UNKNOWN({ title: assetClasses.title, id: facts.class });
  if (facts.accumulated > facts.cost)
    throw registerErrors.REGISTER_FIELD({ field: "accumulated", rule: "not more than the cost" });
  if (facts.accumulated > ZERO && group.accumulatedAccount === undefined)
    throw registerErrors.ASSET_NOT_DEPRECIATED({ asset: facts.asset, class: group.id });
  const item = newAsset(facts, { fund: facts.fund, function: facts.function, ward: facts.ward });
  await checkNewItem(read, item.kind, item.id, readFacts(item.kind.fields, item.typed));
  return { facts, group, item };
}

export const assetListActs = [list];
