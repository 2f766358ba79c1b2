import type { Read } from "../../ledger/kernel/tx.ts";
import type { Service } from "../due.ts";
import { CONSUMER_COLUMNS, type Consumer } from "./consumers.ts";

/** A word of the query: what it may be in the register, the best first (nothing for one with figures), and how many consumers' words those are. */
type Asked = { readonly token: string; readonly words: readonly string[]; readonly known: number };
type Statement = { readonly sql: string; readonly params: Record<string, unknown> };

const MOST_WORDS = 6;
/** What more than these have is no way to find anybody: it is looked for in what the other words found. */
const COMMON = 50_000;
// Greater than every word that begins with what stands before it, and less than every longer word.
const AFTER_ALL = "\u{10ffff}";
const AFTER_ITSELF = "\u0001";

/**
 * Consumers that have every word of the query, or a part of it, in name, number, address or mobile, however Indian names are spelled; at most
 * `limit` (100). The exact number comes first, then those who have the words as they are written, then beginnings, spellings and parts; consumers
 * in use before others.
 */
export async function findConsumers(
  read: Read,
  search: { readonly query: string; readonly service?: Service; readonly ward?: string; readonly limit?: number },
): Promise<Consumer[]> {
  const said = search.query.trim().slice(0, 100);
  if (said === "") return [];
  const asked = await wordsAsked(read, said);
  if (asked.length === 0) return [];
  const { sql, params } = searchStatement({
    ulb: read.ulb.id,
    said,
    asked,
    service: search.service ?? null,
    ward: search.ward ?? null,
    limit: Math.min(search.limit ?? 20, 100),
  });
  return read.query<Consumer>(sql, params);
}

/** Given apart for the test of its plan. The words come with the rarest first. */
export function searchStatement(of: {
  readonly ulb: number;
  readonly said: string;
  readonly asked: readonly Asked[];
  readonly service: Service | null;
  readonly ward: string | null;
  readonly limit: number;
}): Statement {
  // A number is written with and without its dashes and strokes.
  const number = of.said.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, "");
  const isNumber = hasFigures(number) && of.asked.length > 1;
  const rare = of.asked.filter((a, i) => i === 0 || a.known < COMMON);
  const sources = rare.map((a, i) => sourceOf(a, String(i)));
  const others = of.asked.slice(1).filter((a) => a.known >= COMMON);
  const common = others.map((a, i) => heldBy(a, String(i)));
  const numbers = isNumber ? [sourceOf({ token: number, words: [], known: 0 }, "number")] : [];
  const isStreamed = rare.every((a) => a.known >= COMMON);
  const inScope = `c.ulb_id = :ulb and c.consumer_id = s.consumer_id and (:service::text is null or c.service = :service)
          and (:ward::text is null or c.ward = :ward)`;
  const sql = `
    with found as (
      (select s.consumer_id, s.place
      from (${isStreamed ? (sources[0]?.sql ?? "") : allOf(sources)}) as s
      cross join lateral (
        select 1 from billing.consumers c
        where ${[inScope, ...common.map((c) => c.sql)].join(" and ")}
        offset 0
      ) as c
      -- Read in the order of the places: the best are found first, and the search stops.
      limit 500)
      ${numbers
        .map(
          (n) => `union all
      (select s.consumer_id, 0 from (${n.sql}) as s cross join lateral (select 1 from billing.consumers c where ${inScope} offset 0) as c limit 500)`,
        )
        .join("")}
    ),
    hits as (select consumer_id, min(place) as place from found group by consumer_id)
    select ${CONSUMER_COLUMNS}
    from hits
    join billing.consumers c using (consumer_id)
    where ulb_id = :ulb
    order by (code = :said) desc, (mobile is not distinct from :said) desc, is_active desc,
      cardinality(array(select unnest(:tokens::text[]) intersect select unnest(${WORDS}))) desc, place, code, service
    limit :row_limit`;
  const params = {
    ulb: of.ulb,
    said: of.said,
    tokens: of.asked.map((a) => a.token),
    service: of.service,
    ward: of.ward,
    row_limit: of.limit,
  };
  const used = [...(isStreamed ? sources.slice(0, 1) : sources), ...common, ...numbers];
  return { sql, params: Object.assign(params, ...used.map((u) => u.params)) as Statement["params"] };
}

const WORDS = "billing.words_of(c.code, c.name, c.name_local, c.address, c.mobile)";

/** The consumers of a word by its index, the best first. */
function sourceOf(asked: Asked, name: string): Statement {
  if (!hasFigures(asked.token)) {
    return {
      sql: `select w.consumer_id, t.place
        from unnest(:words_${name}::text[]) with ordinality as t (word, place)
        join billing.consumer_words w on w.ulb_id = :ulb and w.word = t.word collate "C"`,
      params: { [`words_${name}`]: asked.words },
    };
  }
  const { lows, highs } = rangeOf(asked.token);
  return {
    sql: `select w.consumer_id, t.place
        from unnest(:lows_${name}::text[], :highs_${name}::text[]) with ordinality as t (low, high, place)
        join billing.consumer_words w on w.ulb_id = :ulb and w.word >= t.low collate "C" and w.word < t.high collate "C"`,
    params: { [`lows_${name}`]: lows, [`highs_${name}`]: highs },
  };
}

/** Who is in all of the sources. */
function allOf(sources: readonly Statement[]): string {
  return `select consumer_id, min(place) as place
      from (${sources.map((s, i) => `select consumer_id, place, ${i} as source from (${s.sql}) as s${i}`).join(" union all ")}) as u
      group by consumer_id having count(distinct source) = ${sources.length}
      order by place`;
}

/** Whether what a consumer is called holds a word. */
function heldBy(asked: Asked, name: string): Statement {
  if (!hasFigures(asked.token))
    return { sql: `${WORDS} && :held_${name}::text[]`, params: { [`held_${name}`]: asked.words } };
  const { lows, highs } = rangeOf(asked.token);
  return {
    sql: `exists (
          select 1 from unnest(${WORDS}) as x (word)
          join unnest(:held_lows_${name}::text[], :held_highs_${name}::text[]) as f (low, high)
            on x.word >= f.low collate "C" and x.word < f.high collate "C")`,
    params: { [`held_lows_${name}`]: lows, [`held_highs_${name}`]: highs },
  };
}

/** The words of the query, that first which the fewest have: counted no further than a search can bear. */
async function wordsAsked(read: Read, said: string): Promise<Asked[]> {
  const asked = await read.query<Omit<Asked, "known">>(
    `select q.token,
       array(
         select m.word
         from (
           (select p.word, case when p.word = q.token then 0 when left(p.word, length(q.token)) = q.token then 1 else 3 end as rank
            from billing.word_parts p
            where p.ulb_id = :ulb and p.part >= q.token collate "C" and p.part < (q.token || :after_all) collate "C"
            order by p.part limit 2000)
           union all
           (select p.word, case when p.part = '~' || q.key then 2 else 4 end
            from billing.word_parts p
            where p.ulb_id = :ulb and p.part >= ('~' || q.key) collate "C"
              and p.part < ('~' || q.key || case when length(q.key) > 2 then :after_all else :after_itself end) collate "C"
            order by p.part limit 2000)
         ) as m
         where q.token !~ '[0-9]'
         group by m.word
         order by min(m.rank), length(m.word), m.word
         limit 200
       ) as words
     from (
       select distinct token, billing.spelling_key(token) as key
       from unnest((billing.search_words(:said))[1:${MOST_WORDS}]) as s (token)
     ) as q`,
    { ulb: read.ulb.id, said, after_all: AFTER_ALL, after_itself: AFTER_ITSELF },
  );
  const counted: Asked[] = [];
  for (const word of asked) {
    const source = sourceOf({ ...word, known: 0 }, "counted");
    const row = await read.queryOne<{ known: bigint }>(
      `select count(*) as known from (select 1 from (${source.sql}) as s limit ${COMMON}) as some_of_them`,
      { ulb: read.ulb.id, ...source.params },
    );
    counted.push({ ...word, known: Number(row?.known ?? 0n) });
  }
  return counted.sort((a, b) => a.known - b.known);
}

const hasFigures = (token: string): boolean => /[0-9]/.test(token);

/** Numbers that are it, begin with it, or end with it. */
function rangeOf(number: string): { readonly lows: readonly string[]; readonly highs: readonly string[] } {
  const fromEnd = `<${[...number].reverse().join("")}`;
  const isLong = number.length >= 3;
  return {
    lows: [number, number, ...(isLong ? [fromEnd] : [])],
    highs: [number + AFTER_ITSELF, number + AFTER_ALL, ...(isLong ? [fromEnd + AFTER_ALL] : [])],
  };
}
