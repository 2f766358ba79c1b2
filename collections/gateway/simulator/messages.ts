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
};
