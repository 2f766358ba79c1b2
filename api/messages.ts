import { formatDate, type LocalDate } from "../ledger/kernel/dates.ts";
import { newId } from "../ledger/kernel/ids.ts";
import { formatIndian, type Paise } from "../ledger/kernel/money.ts";
import type { OutboxRow } from "../ledger/kernel/outbox.ts";
import { inTransaction, systemActor, type App, type Read, type Tx, type Ulb, type Who } from "../ledger/kernel/tx.ts";
import { getRefund, receiptNumber } from "../collections/index.ts";
import { labelOfCode, type Language } from "../reports/index.ts";
import type { Handler } from "./jobs/jobs.ts";

/** One text for one phone. `id` is the same however often it is handed over: the service drops what it has had. */
export type OutgoingMessage = {
  readonly id: string;
  /** Ten digits, without the country's code. */
  readonly mobile: string;
  /** The consumer's, for a service that writes there; null where he has none. */
  readonly email: string | null;
  readonly language: Language;
  readonly body: string;
};

/** What became of a message, by its id: taken, or refused for good (a number that is none, a template that is not registered). */
export type SendResult = { readonly id: string } & (
  { readonly status: "accepted"; readonly reference?: string } | { readonly status: "refused"; readonly reason: string }
);

/** Whoever carries messages to phones. Throws when it cannot be reached: then the whole batch is tried again later. */
export type MessageService = { send(batch: readonly OutgoingMessage[]): Promise<readonly SendResult[]> };

/** held: there is no service. unaddressed: there is no mobile number. ready, sending, sent, refused: the way through the service. */
export type MessageStatus = "held" | "unaddressed" | "ready" | "sending" | "sent" | "refused";

export type Message = {
  readonly id: string;
  readonly topic: string;
  readonly consumerId: string | null;
  readonly mobile: string | null;
  readonly language: Language;
  readonly body: string;
  readonly status: MessageStatus;
  readonly refusal: string | null;
  readonly createdAt: Date;
  readonly sentAt: Date | null;
};

/**
 * The handlers that tell citizens of receipts and refund notes: one message per fact, however often the fact is said. Without a service the
 * messages are held. Links lead to `baseUrl`.
 */
export function messageHandlers(
  app: { readonly baseUrl: string },
  service?: MessageService,
): Readonly<Record<string, Handler>> {
  const handle =
    (draft: (tx: Tx, ids: readonly string[]) => Promise<readonly Draft[]>, key: string): Handler =>
    async (a, ulb, rows) => {
      const who: Who = { ulb, actor: systemActor("messages") };
      const ids = idsOf(rows, key);
      const keys = await inTransaction(a, who, async (tx) => {
        const drafts = await draft(tx, ids);
        await write(tx, drafts, service === undefined ? "held" : "ready");
        return drafts.map((d) => d.dedupeKey);
      });
      if (service !== undefined) await send(a, who, service, keys);
    };
  return {
    "receipt.issued": handle((tx, ids) => receiptDrafts(tx, ids, app.baseUrl), "receiptId"),
    "refund-note.issued": handle((tx, ids) => refundDrafts(tx, ids), "refundId"),
  };
}

/** Messages of the ULB, newest first; at most `limit` (200). */
export async function listMessages(
  read: Read,
  options: { readonly status?: MessageStatus; readonly limit?: number } = {},
): Promise<Message[]> {
  return read.query<Message>(
    `select message_id as id, topic, consumer_id as "consumerId", mobile, language, body, status, refusal, created_at as "createdAt",
       sent_at as "sentAt"
     from api.messages
     where ulb_id = :ulb and (:status::text is null or status = :status)
     order by created_at desc, message_id limit :row_limit`,
    { ulb: read.ulb.id, status: options.status ?? null, row_limit: Math.min(options.limit ?? 50, 200) },
  );
}

// ------------------------------------------------------------------------------------------------ what is said

type Draft = {
  readonly dedupeKey: string;
  readonly topic: string;
  readonly consumerId: string | null;
  readonly mobile: string | null;
  readonly language: Language;
  readonly body: string;
};

type Texts = {
  receipt(f: {
    readonly amount: string;
    readonly service: string;
    readonly code: string;
    readonly number: string;
    readonly date: string;
    readonly isCheque: boolean;
    readonly isRefundable: boolean;
    readonly link: string;
    readonly town: string;
  }): string;
  refund(f: { readonly amount: string; readonly code: string; readonly number: string; readonly town: string }): string;
};

/** Short, because a text beyond 160 letters (70 in an Indian script) is paid for twice. */
const TEXTS: Record<Language, Texts> = {
  en: {
    receipt: (f) =>
      `Rs ${f.amount} received for ${f.service} ${f.code} on ${f.date}, receipt ${f.number}` +
      `${f.isCheque ? ", subject to realisation of the cheque" : ""}${f.isRefundable ? ", refundable: not set against any due" : ""}. Verify: ${f.link} - ${f.town}`,
    refund: (f) =>
      `Rs ${f.amount} for ${f.code} was paid twice. It will be refunded the way it came: refund note ${f.number}. - ${f.town}`,
  },
  hi: {
    receipt: (f) =>
      `${f.service} ${f.code}: ${f.date} को रु ${f.amount} प्राप्त, रसीद ${f.number}` +
      `${f.isCheque ? ", चेक की वसूली के अधीन" : ""}${f.isRefundable ? ", वापसी योग्य: किसी देय में समायोजित नहीं" : ""}। जाँचें: ${f.link} - ${f.town}`,
    refund: (f) =>
      `${f.code}: रु ${f.amount} दो बार जमा हुआ। राशि उसी माध्यम से लौटाई जाएगी, वापसी पत्र ${f.number}। - ${f.town}`,
  },
  pa: {
    receipt: (f) =>
      `${f.service} ${f.code}: ${f.date} ਨੂੰ ਰੁ ${f.amount} ਪ੍ਰਾਪਤ, ਰਸੀਦ ${f.number}` +
      `${f.isCheque ? ", ਚੈੱਕ ਦੀ ਵਸੂਲੀ ਦੇ ਅਧੀਨ" : ""}${f.isRefundable ? ", ਵਾਪਸੀਯੋਗ: ਕਿਸੇ ਬਕਾਏ ਵਿੱਚ ਨਹੀਂ" : ""}। ਜਾਂਚੋ: ${f.link} - ${f.town}`,
    refund: (f) => `${f.code}: ਰੁ ${f.amount} ਦੋ ਵਾਰ ਜਮ੍ਹਾਂ ਹੋਇਆ। ਰਕਮ ਉਸੇ ਰਾਹੀਂ ਵਾਪਸ ਹੋਵੇਗੀ, ਵਾਪਸੀ ਨੋਟ ${f.number}। - ${f.town}`,
  },
};

/** The language a person is written in in the register: that of his name's script, English where there is only that. */
export function languageOf(nameLocal: string | null): Language {
  if (nameLocal === null) return "en";
  if (/\p{Script=Devanagari}/u.test(nameLocal)) return "hi";
  return /\p{Script=Gurmukhi}/u.test(nameLocal) ? "pa" : "en";
}

function townOf(ulb: Ulb, language: Language): string {
  return language !== "en" && ulb.nameLocal !== null && languageOf(ulb.nameLocal) === language
    ? ulb.nameLocal
    : ulb.name;
}

type ReceiptFacts = {
  readonly id: string;
  readonly token: string;
  readonly fy: string;
  readonly serial: bigint;
  readonly amount: Paise;
  readonly mode: string;
  readonly isRefundable: boolean;
  readonly service: string | null;
  readonly code: string | null;
  readonly day: LocalDate;
  readonly consumerId: string | null;
  readonly mobile: string | null;
  readonly nameLocal: string | null;
};

async function receiptDrafts(tx: Tx, ids: readonly string[], baseUrl: string): Promise<Draft[]> {
  const rows = await tx.query<ReceiptFacts>(
    `select r.receipt_id as id, r.token, r.fy, r.number as serial, r.amount, r.mode, r.service, r.consumer_code as code, r.value_date as day,
       exists (select 1 from collections.receipt_lines l
         where l.ulb_id = r.ulb_id and l.receipt_id = r.receipt_id and l.kind = 'refundable') as "isRefundable",
       r.consumer_id as "consumerId", c.mobile, c.name_local as "nameLocal"
     from collections.receipts r
     left join billing.consumers c on c.ulb_id = r.ulb_id and c.consumer_id = r.consumer_id
     where r.ulb_id = :ulb and r.receipt_id = any(:ids::uuid[])
     order by r.receipt_id`,
    { ulb: tx.ulb.id, ids },
  );
  return rows.map((r) => {
    const language = languageOf(r.nameLocal);
    return {
      dedupeKey: `receipt:${r.id}`,
      topic: "receipt.issued",
      consumerId: r.consumerId,
      mobile: r.mobile,
      language,
      body: TEXTS[language].receipt({
        amount: formatIndian(r.amount),
        service: labelOfCode(r.service ?? "", language)
          .replaceAll("-", " ")
          .toLowerCase(),
        code: r.code ?? "",
        number: receiptNumber(r.fy, r.serial),
        date: formatDate(r.day),
        isCheque: r.mode === "cheque" || r.mode === "dd",
        isRefundable: r.isRefundable,
        link: `${baseUrl}/receipt/${r.token}`,
        town: townOf(tx.ulb, language),
      }),
    };
  });
}

/** Refund notes are rare (a double click that the gateway let through): they are read one by one. */
async function refundDrafts(tx: Tx, ids: readonly string[]): Promise<Draft[]> {
  const consumers = await tx.query<{ id: string; mobile: string | null; nameLocal: string | null }>(
    `select c.consumer_id as id, c.mobile, c.name_local as "nameLocal"
     from collections.refunds n
     join billing.consumers c on c.ulb_id = n.ulb_id and c.consumer_id = n.consumer_id
     where n.ulb_id = :ulb and n.refund_id = any(:ids::uuid[])`,
    { ulb: tx.ulb.id, ids },
  );
  const byId = new Map(consumers.map((c) => [c.id, c]));
  const drafts: Draft[] = [];
  for (const id of ids) {
    const note = await getRefund(tx, id);
    const consumer = byId.get(note.consumerId ?? "");
    const language = languageOf(consumer?.nameLocal ?? null);
    drafts.push({
      dedupeKey: `refund-note:${id}`,
      topic: "refund-note.issued",
      consumerId: note.consumerId,
      mobile: consumer?.mobile ?? null,
      language,
      body: TEXTS[language].refund({
        amount: formatIndian(note.amount),
        code: note.consumerCode ?? "",
        number: note.number,
        town: townOf(tx.ulb, language),
      }),
    });
  }
  return drafts;
}

function idsOf(rows: readonly OutboxRow[], key: string): string[] {
  return rows.map(({ id, payload }) => {
    const value: unknown = typeof payload === "object" && payload !== null ? Reflect.get(payload, key) : undefined;
    if (typeof value !== "string") throw new Error(`outbox row ${id} carries no ${key}`);
    return value;
  });
}

// ------------------------------------------------------------------------------------------------ writing and sending

async function write(tx: Tx, drafts: readonly Draft[], status: "held" | "ready"): Promise<void> {
  if (drafts.length === 0) return;
  const now = tx.clock();
  await tx.query(
    `insert into api.messages (ulb_id, message_id, dedupe_key, topic, consumer_id, mobile, language, body, status, created_at)
     select :ulb, m.id, m.key, m.topic, m.consumer, m.mobile, m.language, m.body,
       case when m.mobile is null then 'unaddressed' else :status end, :now::timestamptz
     from unnest(:ids::uuid[], :keys::text[], :topics::text[], :consumers::uuid[], :mobiles::text[], :languages::text[], :bodies::text[])
       as m (id, key, topic, consumer, mobile, language, body)
     on conflict on constraint message_said_once do nothing`,
    {
      ulb: tx.ulb.id,
      now,
      status,
      ids: drafts.map(() => newId(now.getTime())),
      keys: drafts.map((d) => d.dedupeKey),
      topics: drafts.map((d) => d.topic),
      consumers: drafts.map((d) => d.consumerId),
      mobiles: drafts.map((d) => d.mobile),
      languages: drafts.map((d) => d.language),
      bodies: drafts.map((d) => d.body),
    },
  );
}

/** After this time whoever claimed a message is taken to be dead, and another sends it. */
const CLAIM_MINUTES = 10;

/**
 * Hands the messages to the service, outside any transaction: claimed first, so that two workers do not both send; marked afterwards. A worker
 * that dies in between leaves them claimed, and they go once more with the same ids. A service that cannot be reached gives them back.
 */
async function send(app: App, who: Who, service: MessageService, keys: readonly string[]): Promise<void> {
  const { batch, elsewhere } = await inTransaction(app, who, async (tx) => {
    const claimed = await tx.query<OutgoingMessage>(
      `update api.messages set status = 'sending', claimed_at = :now
       where ulb_id = :ulb and dedupe_key = any(:keys::text[])
         and (status = 'ready' or (status = 'sending' and claimed_at < :now::timestamptz - make_interval(mins => :claim_minutes)))
       returning message_id as id, mobile, language, body,
         (select c.email from billing.consumers c where c.ulb_id = messages.ulb_id and c.consumer_id = messages.consumer_id) as email`,
      { ulb: who.ulb.id, now: tx.clock(), keys, claim_minutes: CLAIM_MINUTES },
    );
    const open = await tx.queryOne<{ n: bigint }>(
      "select count(*) as n from api.messages where ulb_id = :ulb and dedupe_key = any(:keys::text[]) and status = 'sending'",
      { ulb: who.ulb.id, keys },
    );
    return { batch: claimed, elsewhere: Number(open?.n ?? 0n) - claimed.length };
  });
  if (batch.length > 0) await hand(app, who, service, batch);
  // If that worker dies, these rows of the outbox must still be open.
  if (elsewhere > 0) throw new Error(`${elsewhere} messages are being sent by another worker`);
}

async function hand(app: App, who: Who, service: MessageService, batch: readonly OutgoingMessage[]): Promise<void> {
  let results: readonly SendResult[];
  try {
    results = await service.send(batch);
  } catch (error) {
    await mark(
      app,
      who,
      batch.map((m) => ({ id: m.id, status: "ready" as const })),
    );
    throw error;
  }
  const said = new Map(results.map((r) => [r.id, r]));
  // What the service said nothing about is sent again with the row's next attempt.
  const silent = batch.filter((m) => !said.has(m.id));
  await mark(app, who, [...results, ...silent.map((m) => ({ id: m.id, status: "ready" as const }))]);
  if (silent.length > 0) throw new Error(`the message service did not answer for ${silent.length} of ${batch.length}`);
}

async function mark(
  app: App,
  who: Who,
  results: readonly (SendResult | { readonly id: string; readonly status: "ready" })[],
): Promise<void> {
  await inTransaction(app, who, (tx) =>
    tx.query(
      `update api.messages m
       set status = case r.status when 'accepted' then 'sent' else r.status end, provider_reference = r.reference, refusal = r.reason,
         sent_at = case when r.status = 'accepted' then :now::timestamptz end
       from unnest(:ids::uuid[], :statuses::text[], :refs::text[], :reasons::text[]) as r (id, status, reference, reason)
       where m.ulb_id = :ulb and m.message_id = r.id and m.status = 'sending'`,
      {
        ulb: tx.ulb.id,
        now: tx.clock(),
        ids: results.map((r) => r.id),
        statuses: results.map((r) => r.status),
        refs: results.map((r) => (r.status === "accepted" ? (r.reference ?? null) : null)),
        reasons: results.map((r) => (r.status === "refused" ? r.reason.slice(0, 500) || "no reason given" : null)),
      },
    ),
  );
}
