import type { GuideGroup } from "./group.ts";

export const packGuide: GuideGroup = {
  title: "The auditors' pack",
  intro: "What is exported for an auditor, and what its verification finds.",
  codes: {},
};
