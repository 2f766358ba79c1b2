import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, expect, test } from "vitest";
import type { OutgoingMessage } from "../messages.ts";
import { httpSmsService, templateOf, type HttpSmsGateway } from "./http.ts";
import { readSmsGateway } from "./sms-file.ts";

type Seen = { readonly url: string; readonly headers: IncomingMessage["headers"]; readonly body: string };
const seen: Seen[] = [];
let answers: { readonly status: number; readonly body: string }[] = [];
/** An SMS gateway on a port of its own: keeps what it is sent, answers what it is told to. */
const server = createServer((req, res) => {
  const parts: Buffer[] = [];
  req.on("data", (part: Buffer) => parts.push(part));
  req.on("end", () => {
    seen.push({ url: req.url ?? "", headers: req.headers, body: Buffer.concat(parts).toString("utf8") });
    const { status, body } = answers.shift() ?? { status: 200, body: '{"message_id":"M-1"}' };
    res.writeHead(status, { "content-type": "application/json" }).end(body);
  });
});
await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
afterAll(() => server.close());

const RECEIPT = { id: "1107160000000001", text: "Rs {#var#} received, receipt {#var#}. {#var#}" };
const gateway = (over: Partial<HttpSmsGateway> = {}): HttpSmsGateway => ({
  url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/send?ref={id}`,
  headers: { "content-type": "application/json", authorization: "Bearer the-secret" },
  body: '{"to":"91{mobile}","text":"{text}","dlt_template_id":"{template}"}',
  templates: [RECEIPT],
  reference: /"message_id":"([^"]+)"/,
  ...over,
});
const message = (
  id: string,
  body = 'Rs 500.00 received, receipt RC/2026-27/000001. "राम" & Sons',
): OutgoingMessage => ({
  id,
  mobile: "9876500001",
  email: null,
  language: "hi",
  body,
});

test("a message goes out with its registered template, whatever stands in its text, and comes back with the gateway's reference", async () => {
  expect(await httpSmsService(gateway()).send([message("m-1")])).toEqual([
    { id: "m-1", status: "accepted", reference: "M-1" },
  ]);
  const last = seen.at(-1);
  expect([last?.url, last?.headers.authorization]).toEqual(["/send?ref=m-1", "Bearer the-secret"]);
  expect(JSON.parse(last?.body ?? "")).toEqual({
    to: "919876500001",
    text: 'Rs 500.00 received, receipt RC/2026-27/000001. "राम" & Sons',
    dlt_template_id: RECEIPT.id,
  });
  const form = { "content-type": "application/x-www-form-urlencoded" };
  await httpSmsService(gateway({ headers: form, body: "to={mobile}&text={text}" })).send([message("m-2")]);
  expect(new URLSearchParams(seen.at(-1)?.body).get("text")).toContain('"राम" & Sons');
});

test("a text that follows no registered template is refused and not sent", async () => {
  const before = seen.length;
  const [result] = await httpSmsService(gateway()).send([message("m-3", "Win a prize")]);
  expect(result).toMatchObject({
    status: "refused",
    reason: expect.stringContaining("no registered template") as string,
  });
  expect(seen.length).toBe(before);
  expect(templateOf("Rs 1 received, receipt 2. x and more", [RECEIPT])).toBe(RECEIPT);
  expect(templateOf("Say: Rs 1 received, receipt 2. x", [RECEIPT])).toBeUndefined();
  expect(templateOf("a.c", [{ id: "1", text: "abc" }])).toBeUndefined();
});

test("what the gateway refuses is refused for good; when it has no time or is away the rest is tried again, and its secret is told to nobody", async () => {
  answers = [
    { status: 200, body: "{}" },
    { status: 422, body: "not a mobile number" },
    { status: 503, body: "" },
  ];
  const batch = ["a", "b", "c", "d"].map((id) => message(id));
  const results = await httpSmsService(gateway()).send(batch);
  expect(results).toEqual([
    { id: "a", status: "accepted" },
    { id: "b", status: "refused", reason: "422 not a mobile number" },
  ]);
  answers = [{ status: 429, body: "" }];
  const error = await httpSmsService(gateway())
    .send([message("e")])
    .catch((e: unknown) => e);
  expect(String(error)).toBe("Error: the SMS gateway does not answer");
  const away = httpSmsService(gateway({ url: "http://127.0.0.1:9/send", timeoutMs: 500 }));
  await expect(away.send([message("f")])).rejects.toThrow("does not answer");
  expect(JSON.stringify([results, String(error)])).not.toContain("the-secret");
});

test("MESSAGES=sms reads its gateway from a file and its credential from the environment; what is wrong is named, the credential never", async () => {
  const dir = mkdtempSync(path.join(tmpdir(), "nagarkosh-sms-"));
  try {
    const file = path.join(dir, "sms.json");
    const { reference, ...described } = gateway({
      headers: { "content-type": "application/json", authorization: "Bearer ${SMS_KEY}" },
    });
    const write = (over: object): void =>
      writeFileSync(file, JSON.stringify({ ...described, reference: reference?.source, ...over }));
    write({});
    expect(
      await httpSmsService(readSmsGateway(file, { SMS_KEY: "from-the-environment" })).send([message("m-9")]),
    ).toEqual([{ id: "m-9", status: "accepted", reference: "M-1" }]);
    expect(seen.at(-1)?.headers.authorization).toBe("Bearer from-the-environment");
    expect(() => readSmsGateway(file, {})).toThrow("the header authorization needs SMS_KEY in the environment");
    write({ templates: [] });
    expect(() => readSmsGateway(file, { SMS_KEY: "k" })).toThrow("/templates");
    write({ reference: "(" });
    expect(() => readSmsGateway(file, { SMS_KEY: "k" })).toThrow("/reference is no regular expression");
    writeFileSync(file, "{");
    expect(() => readSmsGateway(file, {})).toThrow("it is no JSON");
    expect(() => readSmsGateway(path.join(dir, "none.json"), {})).toThrow("it cannot be read");
    expect(() => readSmsGateway("", {})).toThrow("no file is named");
  } finally {
    rmSync(dir, { recursive: true });
  }
});
