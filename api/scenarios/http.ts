import { setPartner } from "../../collections/index.ts";
import { createAccessToken } from "../v1/index.ts";
import { act, personOf, type Answer, type Stage } from "./stage.ts";
import { ScenarioFault, type Fields, type Value, plain } from "./values.ts";

export const BBPS = { partner: "bbps", name: "Bharat Bill Payment", channel: "bbps", actor: "bbps@demo" } as const;

/** The biller's unit of BBPS is a partner of the ULB from the first time that it is met. */
export async function meetBbps(stage: Stage): Promise<void> {
  if (stage.vars.get("bbps") === true) return;
  stage.vars.set("bbps", true);
  await act(stage, "admin", (tx) => setPartner(tx, BBPS));
}

/** The bearer token of a person of this scenario, made when he is first named. */
async function tokenOf(stage: Stage, name: string): Promise<string> {
  const known = stage.tokens.get(name);
  if (known !== undefined) return known;
  const person = personOf(name);
  if (person.id === BBPS.actor) await meetBbps(stage);
  const expiresAt = new Date(stage.world.clock.now().getTime() + 3 * 365 * 86_400_000);
  const { token } = await act(stage, "admin", (tx) =>
    createAccessToken(tx, { name: `scenario ${name}`, actor: person.id, roles: person.roles, expiresAt }),
  );
  stage.tokens.set(name, token);
  return token;
}

let visitors = 0;

/** Sends one request to the server, as the person named (nobody: a citizen's browser, or a machine with headers of its own). */
export async function request(
  stage: Stage,
  target: string,
  options: {
    readonly as?: string | undefined;
    readonly headers?: Fields | undefined;
    readonly body?: Value | Buffer | undefined;
    readonly form?: boolean;
  } = {},
): Promise<Answer> {
  const [method = "", url = ""] = target.trim().split(/\s+/);
  if (!/^(GET|POST|PUT|PATCH|DELETE)$/.test(method) || !url.startsWith("/"))
    throw new ScenarioFault(`"${target}" is not a method and a path`);
  const headers: Record<string, string> = Object.fromEntries(
    Object.entries(options.headers ?? {}).map(([k, v]) => [k.toLowerCase(), plain(v)]),
  );
  if (options.as !== undefined && headers["authorization"] === undefined)
    headers["authorization"] = `Bearer ${await tokenOf(stage, options.as)}`;
  const { body } = options;
  let payload: string | Buffer | undefined;
  if (Buffer.isBuffer(body)) payload = body;
  else if (options.form === true && typeof body === "object" && body !== null) {
    payload = new URLSearchParams(
      Object.entries(body as Fields).map(([k, v]): [string, string] => [k, plain(v)]),
    ).toString();
    headers["content-type"] ??= "application/x-www-form-urlencoded";
  } else if (typeof body === "string") payload = body;
  else if (body !== undefined && body !== null) {
    payload = JSON.stringify(body);
    headers["content-type"] ??= "application/json";
  }
  visitors += 1;
  const answer = await stage.world.server.inject({
    method: method as "GET",
    url,
    headers,
    // Every visitor comes from an address of his own: what limits one browser does not limit two hundred.
    remoteAddress: `10.${(visitors >> 16) & 255}.${(visitors >> 8) & 255}.${visitors & 255}`,
    ...(payload === undefined ? {} : { payload }),
  });
  return {
    status: answer.statusCode,
    headers: answer.headers,
    body: parsed(answer.payload, plain(answer.headers["content-type"] ?? "")),
    text: answer.payload,
  };
}

export function parsed(text: string, type: string): unknown {
  if (!/json/.test(type)) return text;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}
