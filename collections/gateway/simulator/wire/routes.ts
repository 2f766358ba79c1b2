import type { World } from "../world.ts";
import type { SimRequest, SimResponse } from "./messages.ts";

export type Call = {
  readonly w: World;
  readonly request: SimRequest;
  readonly url: URL;
  /** The first and the second id of the address. */
  readonly id: string;
  readonly second: string;
};

export type Route = {
  /** "GET /v1/orders/:id"; fixed addresses stand before open ones. */
  readonly at: string;
  readonly answer: (call: Call) => SimResponse;
};
