import type { GuideGroup } from "./group.ts";

export const ratesGuide: GuideGroup = {
  title: "Rates",
  intro: "Rule files and what is assessed by them; nothing was demanded.",
  codes: {
    RULE_FILE_INVALID: "Correct every place that is named, then load the file again; an example shows both figures.",
    RULE_FILE_NOT_FOUND: "Take the file from the list of rule files of this ULB.",
    RULE_FILE_EXISTS: "Raise the version in the file; a version that was loaded is never changed.",
    RULE_FILE_APPROVED: "Nothing needs doing; to correct it, load a new version that replaces it.",
    RULE_FILE_OVERLAPS:
      "Let the new file begin after the one in force, or name that one as replaced from the same day.",
    RULE_FILE_HEADS: "Set the tax heads of the service first, or correct the heads in the file.",
    RULE_FILE_TERMS: "Give the head the account that is named, or correct the rule.",
    READY_SERVICE_UNKNOWN: "Take a name from `nagarkosh services list`, or set a service of your own.",
    RULES_NOT_IN_FORCE: "Load the rules of the service and have another person approve them.",
    RULES_PERIOD: "Choose a period that the file covers, or the file that covers the period.",
    RULES_FACTS: "Give the consumer the attributes that are named, with values that the file allows.",
    RULES_NOTHING: "Enter an amount; a challan of nothing is not written.",
    RULES_NEGATIVE: "Correct the rule: an exemption takes off at most what it is granted on.",
  },
};
