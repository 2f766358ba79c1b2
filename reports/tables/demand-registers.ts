import type { TableReport } from "../report-table.ts";
import { assessmentList } from "./assessment-list.ts";
import { dcbReport } from "./dcb-register.ts";
import { defaultersReport } from "./defaulters.ts";
import { remissionsReport } from "./remissions.ts";

/** The registers of demand, for the list of all reports. */
export const demandRegisters: readonly TableReport[] = [dcbReport, assessmentList, defaultersReport, remissionsReport];
