export { throughChannels } from "./channels.ts";
export { consoleService, fileService } from "./file.ts";
