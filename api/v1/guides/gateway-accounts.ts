import type { GuideGroup } from "./group.ts";

export const gatewayAccountsGuide: GuideGroup = {
  title: "Gateway accounts",
  intro: "Merchant accounts by ULB and service; nothing was changed.",
  codes: {
    GATEWAY_ACCOUNT_EXISTS: "Look at the list of accounts; rotate the credentials of the one that is there.",
    GATEWAY_ACCOUNT_NOT_FOUND: "Take the name from `nagarkosh gateway accounts list --ulb <code>`.",
    GATEWAY_SECRETS_KEY: "Set NAGARKOSH_GATEWAY_KEY to 32 bytes as base64 or hex, the same on every server.",
    GATEWAY_SECRET_SHORT: "Copy the whole secret from the gateway's dashboard and send it again.",
    GATEWAY_SECRET_UNREADABLE:
      "Give the server the key with which it was sealed; if that is lost, rotate the key and the webhook secret.",
  },
};
