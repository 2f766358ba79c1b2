import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, test } from "vitest";
import type { MessageService, OutgoingMessage } from "../messages.ts";
import { consoleService, fileService, throughChannels } from "./index.ts";

const message = (id: string, email: string | null = null): OutgoingMessage => ({
  id,
  mobile: "9000000001",
  email,
  language: "en",
  body: `Rs 10.00 received, ${id}`,
});
const accepts = (taken: string[]): MessageService => ({
  send: (batch) => {
    taken.push(...batch.map((m) => m.id));
    return Promise.resolve(batch.map((m) => ({ id: m.id, status: "accepted" as const, reference: "ok" })));
  },
});
const refuses = (reason: string): MessageService => ({
  send: (batch) => Promise.resolve(batch.map((m) => ({ id: m.id, status: "refused" as const, reason }))),
});
const down: MessageService = { send: () => Promise.reject(new Error("no connection")) };

test("the file holds one line a message; the console hides the number", async () => {
  const folder = await mkdtemp(path.join(tmpdir(), "messages-"));
  try {
    const file = path.join(folder, "out", "messages.jsonl");
    const service = fileService(file);
    await service.send([message("a"), message("b", "asha@example.org")]);
    await service.send([message("c")]);
    const lines = (await readFile(file, "utf8")).trim().split("\n");
    expect(lines.map((l) => (JSON.parse(l) as { id: string }).id)).toEqual(["a", "b", "c"]);
    expect(JSON.parse(lines[1] ?? "")).toEqual(message("b", "asha@example.org"));
  } finally {
    await rm(folder, { recursive: true });
  }
  const printed: string[] = [];
  await consoleService((line) => printed.push(line)).send([message("a")]);
  expect(printed).toEqual(["message to ••••••0001 (en): Rs 10.00 received, a"]);
});

test("a message goes one way: the first that reaches and takes it; it is refused where the last has refused it", async () => {
  const [byEmail, bySms]: [string[], string[]] = [[], []];
  const service = throughChannels([
    { name: "whatsapp", service: refuses("not on WhatsApp") },
    { name: "email", service: accepts(byEmail) },
    { name: "sms", service: accepts(bySms) },
  ]);
  const results = await service.send([message("a", "asha@example.org"), message("b")]);
  expect([byEmail, bySms]).toEqual([["a"], ["b"]]);
  expect(results).toEqual([
    { id: "a", status: "accepted", reference: "email: ok" },
    { id: "b", status: "accepted", reference: "sms: ok" },
  ]);
  const none = throughChannels([
    { name: "whatsapp", service: refuses("not on WhatsApp") },
    { name: "sms", service: refuses("no such number") },
  ]);
  expect(await none.send([message("a")])).toEqual([
    { id: "a", status: "refused", reason: "whatsapp: not on WhatsApp; sms: no such number" },
  ]);
});

test("a way that cannot be reached leaves the rest for later, and nothing is sent twice", async () => {
  await expect(throughChannels([{ name: "sms", service: down }]).send([message("a")])).rejects.toThrow("no connection");
  const taken: string[] = [];
  const service = throughChannels([
    { name: "email", service: accepts(taken) },
    { name: "sms", service: down },
  ]);
  expect(await service.send([message("a", "asha@example.org"), message("b")])).toEqual([
    { id: "a", status: "accepted", reference: "email: ok" },
  ]);
  expect(taken).toEqual(["a"]);
});
