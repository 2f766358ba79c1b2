export { throughChannels } from "./channels.ts";
export { consoleService, fileService } from "./file.ts";
export { httpSmsService, templateOf, type HttpSmsGateway, type SmsTemplate } from "./http.ts";
