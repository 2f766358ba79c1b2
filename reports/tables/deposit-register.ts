import type { TableReport } from "../report-table.ts";
import { itemRegister } from "./payable-items.ts";
import { registerDay } from "./payable-range.ts";

export const depositRegister: TableReport = {
  name: "deposit-register",
  description:
    "Earnest money, security deposits and retention: received or held, refunded, forfeited, lapsed, in hand (GEN-18)",
  build: async (read, options) =>
    Promise.resolve(
      itemRegister(read, {
        kind: "deposit",
        title: "Deposit register (GEN-18)",
        day: registerDay("deposit-register", options),
        opened: "Received or held",
        causes: [
          { key: "refunded", label: "Refunded", whys: ["paid", "payment cancelled", "returned"] },
          { key: "forfeited_lapsed", label: "Forfeited or lapsed", whys: ["forfeited", "lapsed"] },
        ],
        rest: "Converted or cancelled",
      }),
    ),
};
