import type { MessageService, OutgoingMessage, SendResult } from "../messages.ts";

/** A text that is registered with the operators (DLT, TRAI's TCCCPR 2018): others are dropped on the way, so they are not even sent. */
export type SmsTemplate = {
  readonly id: string;
  /** The registered text, with {#var#} where anything may stand. */
  readonly text: string;
};

/** An SMS gateway that is spoken to over HTTP, as nearly all are. In url, headers and body, {mobile}, {text}, {id} and {template} are filled in. */
export type HttpSmsGateway = {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** What is posted: values are put into JSON as JSON, into a form as a form's text; the content-type header says which. */
  readonly body: string;
  readonly templates: readonly SmsTemplate[];
  /** The provider's own reference in its answer; the first group of the pattern. */
  readonly reference?: RegExp;
  readonly timeoutMs?: number;
};

/** The registered template that a text follows, whole; undefined if none does. Pure. */
export function templateOf(text: string, templates: readonly SmsTemplate[]): SmsTemplate | undefined {
  return templates.find((t) => {
    const parts = t.text.split("{#var#}").map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
    return new RegExp(`^${parts.join("[\\s\\S]*?")}$`, "u").test(text);
  });
}

/**
 * Sends messages through an SMS gateway, one request each. 2xx is taken; other 4xx than 408 and 429 is refused for good, with what the gateway said;
 * everything else, and no answer at all, is tried again later: the batch stops there, and what was taken before is reported as taken.
 * Credentials stand in `headers` or `url` and nowhere in what is reported.
 */
export function httpSmsService(gateway: HttpSmsGateway): MessageService {
  return {
    send: async (batch) => {
      const done: SendResult[] = [];
      for (const message of batch) {
        const result = await sendOne(gateway, message);
        if (result === undefined) {
          if (done.length === 0) throw new Error("the SMS gateway does not answer");
          return done;
        }
        done.push(result);
      }
      return done;
    },
  };
}

/** Undefined: nobody knows what became of it, or the gateway has no time; the same id is sent again later. */
async function sendOne(gateway: HttpSmsGateway, m: OutgoingMessage): Promise<SendResult | undefined> {
  const template = templateOf(m.body, gateway.templates);
  if (!template)
    return { id: m.id, status: "refused", reason: "no registered template fits the text; register it and add it" };
  const values = { mobile: m.mobile, text: m.body, id: m.id, template: template.id };
  const isJson = Object.entries(gateway.headers).some(
    ([name, value]) => name.toLowerCase() === "content-type" && value.includes("json"),
  );
  const answer = await fetch(fill(gateway.url, values, encodeURIComponent), {
    method: "POST",
    headers: gateway.headers,
    body: fill(gateway.body, values, isJson ? (text) => JSON.stringify(text).slice(1, -1) : encodeURIComponent),
    // A gateway that sends us elsewhere is not the one that the ULB trusts with its citizens' numbers.
    redirect: "error",
    signal: AbortSignal.timeout(gateway.timeoutMs ?? 10_000),
  }).catch(() => undefined);
  if (!answer) return undefined;
  const said = (await answer.text().catch(() => "")).slice(0, 2000);
  if (answer.ok) {
    const reference = gateway.reference?.exec(said)?.[1];
    return { id: m.id, status: "accepted", ...(reference === undefined ? {} : { reference }) };
  }
  if (answer.status < 400 || answer.status >= 500 || answer.status === 408 || answer.status === 429) return undefined;
  return { id: m.id, status: "refused", reason: `${answer.status} ${said}`.trim().slice(0, 200) };
}

function fill(text: string, values: Readonly<Record<string, string>>, write: (value: string) => string): string {
  return text.replace(/\{(mobile|text|id|template)\}/g, (_, name: string) => write(values[name] ?? ""));
}
