export type SimRequest = {
  readonly method: string;
  /** Path and query, with or without the mount path. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
};
export type SimResponse = {
  /** `drop`: close the connection without an answer. `hang`: never answer. */
  readonly end: "answer" | "drop" | "hang";
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** How long the answer waits on its way. */
  readonly delayMs?: number;
  /** Work that takes time (sending webhooks); what it gives is the answer's JSON. */
  readonly work?: () => Promise<unknown>;
};

export const json = (value: unknown, status = 200, headers: Record<string, string> = {}): SimResponse => ({
  end: "answer",
  status,
  headers: { "content-type": "application/json", ...headers },
  body: JSON.stringify(value),
});
export const html = (body: string, status = 200, headers: Record<string, string> = {}): SimResponse => ({
  end: "answer",
  status,
  headers: { "content-type": "text/html; charset=utf-8", "cache-control": "no-store", ...headers },
  body,
});
export const collection = (items: readonly unknown[]): SimResponse =>
  json({ entity: "collection", count: items.length, items });
