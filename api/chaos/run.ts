// npm run chaos: payments while everything dies (README.md). The exit code says whether the books are right.
import { parseArgs } from "node:util";
import { runChaos } from "./chaos.ts";

const { values } = parseArgs({
  options: {
    payments: { type: "string", default: "20000" },
    faults: { type: "string", default: "0.2" },
    kills: { type: "string", default: "10" },
    seed: { type: "string", default: String(Date.now() % 1_000_000) },
    minutes: { type: "string", default: "60" },
  },
});
const ms = Number(values.minutes) * 60_000;
console.log(`seed ${values.seed}`);
const result = await runChaos({
  payments: Number(values.payments),
  faults: Number(values.faults),
  kills: Number(values.kills),
  seed: Number(values.seed),
  stormMs: ms,
  drainMs: 300_000,
  say: (text) => console.log(text),
});
console.log(
  `${result.payments} payments in ${result.seconds} s (storm, drain and calm), kills ${JSON.stringify(result.kills)}, ` +
    `asked again for an order ${result.askedAgain} times, ${result.nudged} receipts by asking`,
);
for (const wrong of result.wrong) console.error(wrong);
console.log(
  result.wrong.length === 0 ? "the books are those of calm weather" : `${result.wrong.length} things do not hold`,
);
process.exitCode = result.wrong.length === 0 ? 0 : 1;
