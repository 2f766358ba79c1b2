export { throughChannels, type Channel } from "./channels.ts";
export { consoleService, fileService } from "./file.ts";
