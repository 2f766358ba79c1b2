import { appendFile, mkdir } from "node:fs/promises";
import path from "node:path";
import type { MessageService, OutgoingMessage } from "../messages.ts";

/** One line of JSON a message, as a person or another program reads it. */
const lineOf = (m: OutgoingMessage): string =>
  `${JSON.stringify({ id: m.id, mobile: m.mobile, email: m.email, language: m.language, body: m.body })}\n`;

/** Writes messages into a file, one line each, where another program takes them up. The same id may stand twice after a crash: drop what you have had. */
export function fileService(file: string): MessageService {
  return {
    send: async (batch) => {
      await mkdir(path.dirname(file), { recursive: true });
      await appendFile(file, batch.map(lineOf).join(""), { mode: 0o600 });
      return batch.map((m) => ({ id: m.id, status: "accepted" as const, reference: path.basename(file) }));
    },
  };
}

/** Prints messages, for whoever tries the program out; without whole numbers and addresses, since output is often kept. */
export function consoleService(print: (line: string) => void): MessageService {
  return {
    send: (batch) => {
      for (const m of batch) print(`message to ••••••${m.mobile.slice(-4)} (${m.language}): ${m.body}`);
      return Promise.resolve(batch.map((m) => ({ id: m.id, status: "accepted" as const, reference: "console" })));
    },
  };
}
