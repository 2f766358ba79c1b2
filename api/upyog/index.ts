// UPYOG's addresses; api/app.ts registers the plugin. The citizen's pages ask where a program of UPYOG's wants the payer back.
export { returnAddress } from "./payments/transactions.ts";
export { UPYOG_PATHS, upyogPlugin } from "./plugin.ts";
