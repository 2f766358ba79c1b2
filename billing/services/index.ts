export { addService, dishonourHeadOf, listReadyServices, type AddedService, type AddServiceOptions } from "./add.ts";
export { type ReadyHead, type ReadyService } from "./definition.ts";
export { readyServiceErrors } from "./errors.ts";
