import type { TableReport } from "../report-table.ts";
import { assetRegister } from "./asset-register.ts";
import { depositWorksRegister } from "./deposit-works-register.ts";
import { grantRegister, utilisation } from "./grant-register.ts";
import { investmentRegister } from "./investment-register.ts";
import { loanRegister } from "./loan-register.ts";
import { provisionStatementReport } from "./provision-statement.ts";

/** The reports of the registers, for the list of all. */
export const registerReports: readonly TableReport[] = [
  assetRegister,
  grantRegister,
  utilisation,
  loanRegister,
  investmentRegister,
  depositWorksRegister,
  provisionStatementReport,
];
