// UPYOG's addresses; api/app.ts registers the plugin, nothing else of this folder is imported from outside.
export { UPYOG_PATHS, upyogPlugin } from "./plugin.ts";
