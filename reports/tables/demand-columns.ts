import type { Service } from "../../billing/index.ts";
import type { ReportOptions } from "../report-table.ts";
import { text } from "./register-columns.ts";

export const serviceColumn = text("service", "Service", "सेवा", 1.2);
export const wardColumn = text("ward", "Ward", "वार्ड", 0.8);
export const codeColumn = text("consumer_code", "Consumer", "उपभोक्ता", 1.2);
export const nameColumn = text("name", "Name", "नाम", 2);
export const yearColumn = text("demand_year", "Demand year", "माँग वर्ष");

/** Who signs a register of demand: keys of the catalogue of labels. */
export const DEMAND_SIGNATURES = ["preparedBy", "checkedBy", "accountsOfficer"] as const;

/** The service and ward that registers of demand can be cut by. */
export const demandSlice = (options: ReportOptions): { readonly service?: Service; readonly ward?: string } => ({
  ...(options.service === undefined ? {} : { service: options.service }),
  ...(options.ward === undefined ? {} : { ward: options.ward }),
});

/** "property-tax · ward W01", for the subtitle. */
export const sliceText = (options: ReportOptions): string =>
  [options.service ?? "all services", options.ward === undefined ? "all wards" : `ward ${options.ward}`].join(" · ");

/** The slice in a file's name. */
export const sliceName = (options: ReportOptions): readonly string[] =>
  [options.service, options.ward].flatMap((part) => (part === undefined ? [] : [part.replaceAll(/[^\w-]+/g, "-")]));
