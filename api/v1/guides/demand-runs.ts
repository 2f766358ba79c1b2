import type { GuideGroup } from "./group.ts";

export const demandRunsGuide: GuideGroup = {
  title: "Demand runs",
  intro: "The demand of a whole ward or city; nothing was raised by the refused step.",
  codes: {
    PERIOD_UNKNOWN: "Write the period as people do: 2026-27, 2026-27/H1, 2026-27/Q3 or 2026-07.",
    RUN_PERIOD: "Run the period that the message names; rates are charged by their own cycle.",
    RUN_NOT_FOUND: "Take the run from the list of runs of this ULB.",
    RUN_NOBODY: "Look whether service and ward are written as in the register, and whether its consumers are active.",
    RUN_OPEN: "Continue the run that is open, or have it cancelled.",
    RUN_AT_WORK: "Nothing needs doing: somebody else is at work on it. Look again in a minute.",
    RUN_ENDED: "Start another run; one that has ended is not continued.",
    RUN_REASON: "Say in some words why the run is taken back.",
    RUN_STARTER_IS_CANCELLER: "Ask another person to cancel it.",
    ASSESSMENT_NOT_FOUND: "Look at the file or the order by which the demand was raised; no rules made it.",
  },
};
