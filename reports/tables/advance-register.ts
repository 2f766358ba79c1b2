import type { TableReport } from "../report-table.ts";
import { itemRegister } from "./payable-items.ts";
import { registerDay } from "./payable-range.ts";

export const advanceRegister: TableReport = {
  name: "advance-register",
  description:
    "Advances to contractors, suppliers, employees and imprest holders: adjusted, given back, outstanding (GEN-16, GEN-17)",
  build: async (read, options) =>
    Promise.resolve(
      itemRegister(read, {
        kind: "advance",
        title: "Register of advances (GEN-16)",
        day: registerDay("advance-register", options),
        opened: "Given",
        causes: [
          { key: "adjusted", label: "Adjusted in bills", whys: ["adjusted", "adjustment cancelled"] },
          { key: "given_back", label: "Given back", whys: ["given back"] },
        ],
        rest: "Cancelled or returned",
      }),
    ),
};
