export { throughChannels } from "./channels.ts";
export { consoleService, fileService } from "./file.ts";
export { httpSmsService } from "./http.ts";
export { readSmsGateway } from "./sms-file.ts";
