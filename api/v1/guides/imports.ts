import type { GuideGroup } from "./group.ts";

export const importsGuide: GuideGroup = {
  title: "Imports into the books",
  intro: "Opening balances, vouchers and published accounts from files.",
  codes: {
    IMPORT_DATE:
      "Give a date on or after the first day of the books, or leave it out: openings stand on the first day.",
    IMPORT_FUNCTION: "Name a function of this ULB, such as 02 or 51.",
    IMPORT_DRAFT_NOT_FOUND: "Go back to the list of files that were handed in.",
    IMPORT_DRAFT_DECIDED: "Nothing is to be done; hand the file in again if it is needed once more.",
    IMPORT_MAKER_IS_CHECKER: "Ask another person to look at the file and import it.",
  },
};
