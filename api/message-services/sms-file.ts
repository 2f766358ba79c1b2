import { readFileSync } from "node:fs";
import Type, { type Static } from "typebox";
import Value from "typebox/value";
import { configErrors } from "../config.ts";
import type { HttpSmsGateway } from "./http.ts";

const strict = { additionalProperties: false } as const;
const File = Type.Object(
  {
    url: Type.String({ pattern: "^https?://" }),
    headers: Type.Record(Type.String(), Type.String()),
    body: Type.String({ minLength: 1 }),
    templates: Type.Array(
      Type.Object({ id: Type.String({ minLength: 1 }), text: Type.String({ minLength: 1 }) }, strict),
      { minItems: 1 },
    ),
    reference: Type.Optional(Type.String({ minLength: 1 })),
    timeoutMs: Type.Optional(Type.Integer({ minimum: 100, maximum: 60_000 })),
  },
  strict,
);

/**
 * The SMS gateway as a file describes it (docs/guides/messages.md). `${NAME}` in a header stands for the environment's value, so that the credential need
 * not stand in the file. Raises CONFIG_SMS with what is wrong and where; nothing of the credential is shown.
 */
export function readSmsGateway(file: string, env: NodeJS.ProcessEnv = process.env): HttpSmsGateway {
  const problem = (text: string): Error => configErrors.CONFIG_SMS({ file, problem: text });
  if (file === "") throw problem("no file is named");
  let said: unknown;
  try {
    said = JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    throw problem(error instanceof SyntaxError ? "it is no JSON" : "it cannot be read");
  }
  if (!Value.Check(File, said)) {
    const [first] = Value.Errors(File, said);
    throw problem(`${first?.instancePath || "/"} ${first?.message ?? "is not as it must be"}`);
  }
  const { reference, timeoutMs, ...gateway }: Static<typeof File> = said;
  const headers = Object.fromEntries(
    Object.entries(gateway.headers).map(([name, value]) => [
      name,
      value.replace(/\$\{(\w+)\}/g, (_, variable: string) => {
        const found = env[variable];
        if (found === undefined || found === "")
          throw problem(`the header ${name} needs ${variable} in the environment`);
        return found;
      }),
    ]),
  );
  let pattern: RegExp | undefined;
  try {
    pattern = reference === undefined ? undefined : new RegExp(reference, "u");
  } catch {
    throw problem("/reference is no regular expression");
  }
  return {
    ...gateway,
    headers,
    ...(pattern ? { reference: pattern } : {}),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
  };
}
