import { assetStates, balances, byItem, flows } from "../../ledger/index.ts";
import { addDays, financialYearOf, financialYearStart } from "../../ledger/kernel/dates.ts";
import { subtract, ZERO } from "../../ledger/kernel/money.ts";
import type { ReportRow, ReportTable, TableReport } from "../report-table.ts";
import { asAt, date, flowsOf, less, loose, money, REGISTER_SIGNATURES, registerDay, text } from "./register-columns.ts";

const GONE = ["asset-disposal", "asset-write-off"];

/**
 * The register of fixed assets at a day (GEN-30, 31 and 32 in one): each asset with its cost and depreciation at 1 April, the year's changes,
 * and its book value. Assets that neither are there nor left in the year are left out.
 */
export const assetRegister: TableReport = {
  name: "asset-register",
  description: "fixed assets with cost, depreciation and book value, at a day",
  build: async (read, options): Promise<ReportTable> => {
    const day = registerDay(read, options);
    const fy = financialYearOf(day);
    const from = financialYearStart(fy);
    const opening = byItem(await balances(read, { register: "asset", asOf: addDays(from, -1) }));
    const moved = flowsOf(await flows(read, { register: "asset", from, to: day }));
    const rows: ReportRow[] = [];
    for (const { asset, group, cost, accumulated, contribution, ratePercent } of await assetStates(read, fy, day)) {
      const costBefore = opening(asset.id, "asset-cost");
      const added = moved(asset.id, "asset-cost", { not: GONE });
      if (cost === ZERO && costBefore === ZERO && added === ZERO) continue;
      rows.push({
        cells: {
          asset: asset.id,
          name: asset.name,
          class: group.id,
          location: asset.location,
          ward: asset.ward,
          function: asset.function,
          fund: asset.fund,
          acquired_on: asset.acquiredOn,
          rate_percent: ratePercent,
          cost_opening: costBefore,
          additions: added,
          disposals: less(moved(asset.id, "asset-cost", { of: GONE })),
          cost,
          depreciation_opening: opening(asset.id, "asset-accumulated"),
          depreciation_for_year: moved(asset.id, "asset-accumulated", { not: GONE }),
          depreciation_withdrawn: less(moved(asset.id, "asset-accumulated", { of: GONE })),
          depreciation: accumulated,
          book_value: subtract(cost, accumulated),
          met_from_grants: contribution,
          residual: asset.residual,
        },
      });
    }
    return {
      title: "Register of fixed assets",
      titleLocal: "स्थायी परिसंपत्ति पंजी",
      subtitle: asAt(day),
      columns: [
        text("asset", "Asset"),
        text("name", "Description", "विवरण", 2),
        text("class", "Class"),
        text("location", "Location"),
        text("ward", "Ward"),
        text("function", "Function"),
        text("fund", "Fund"),
        date("acquired_on", "In use from"),
        text("rate_percent", "Rate %"),
        money("cost_opening", "Cost at 1 April"),
        money("additions", "Additions"),
        money("disposals", "Disposals"),
        money("cost", "Cost", "लागत"),
        money("depreciation_opening", "Depreciation at 1 April"),
        money("depreciation_for_year", "For the year"),
        money("depreciation_withdrawn", "Withdrawn"),
        money("depreciation", "Depreciation", "मूल्यह्रास"),
        money("book_value", "Book value", "पुस्तक मूल्य"),
        money("met_from_grants", "Met from grants"),
        loose("residual", "Residual value"),
      ],
      rows,
      signatures: REGISTER_SIGNATURES,
      of: day,
    };
  },
};
