import { createHash } from "node:crypto";
import { invariant } from "./kernel/errors.ts";
import type { Read, Tx } from "./kernel/tx.ts";
import { ledgerErrors } from "./errors.ts";
import { entryNumber, type VoucherType } from "./entries.ts";

/** The numbers of one series that a block adds; both ends included. */
export type SealedRange = { readonly voucher: string; readonly fy: string; readonly from: bigint; readonly to: bigint };

/** A block of committed entries: whoever changes one of them afterwards, the database's owner included, breaks it and every later block. */
export type Seal = {
  readonly block: number;
  readonly sealedAt: Date;
  readonly ranges: readonly SealedRange[];
  readonly entryCount: number;
  /** Hex. */
  readonly merkleRoot: string;
  readonly previousHash: string;
  readonly hash: string;
};

/** What does not verify: in which block (0: in none), and which entry, as far as that can be told. */
export type SealProblem = { readonly block: number; readonly entry?: string; readonly problem: string };

/** An entry as the seal sees it: every field as text, "" where there is none; amounts in paise. Can be read from an exported file. */
export type SealedEntry = {
  readonly voucher: string;
  readonly fy: string;
  readonly number: bigint;
  /** entry date, value date, posted at (UTC, microseconds), posted by, source type, source id, number of the entry reversed, narration */
  readonly head: readonly string[];
  /** line no, account, debit, credit, fund, function, ward, functionary, budget head, scheme, party type, party id, demand year, entry date */
  readonly lines: readonly (readonly string[])[];
};

const GENESIS = "0".repeat(64);
/** Entries in one block at most: what a verifier holds in memory. */
const BLOCK = 20_000;
/** A block that says it has more was not made by this program. */
const MAX_BLOCK = 1_000_000n;
const LEAF = 32;
/** A verifier lists no more: books with so many faults are restored, not repaired. */
const MAX_PROBLEMS = 1000;

const sha256 = (...parts: (Buffer | string)[]): Buffer => {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest();
};

/** "3:abc," for each text: its length in UTF-8 bytes, the text, a comma. No two lists of texts give the same bytes. */
function netstrings(texts: readonly string[]): string {
  let all = "";
  for (const t of texts) all += `${Buffer.byteLength(t)}:${t},`;
  return all;
}

/** The bytes of an entry that are hashed: its key and head as netstrings, then each line as one netstring of netstrings. */
export function canonicalEntry(entry: SealedEntry): string {
  const head = [entry.voucher, entry.fy, String(entry.number), ...entry.head];
  return netstrings([netstrings(head), ...entry.lines.map(netstrings)]);
}

// RFC 6962: leaves and nodes are hashed with different prefixes, so that a node can never pass for a leaf.
const LEAF_PREFIX = Buffer.of(0);
const NODE_PREFIX = Buffer.of(1);

export function leafOf(bytes: string | Buffer): Buffer {
  return sha256(LEAF_PREFIX, bytes);
}

/** The Merkle root over the hashes of leaves, as in RFC 6962. At least one. */
export function merkleRoot(leaves: readonly Buffer[]): Buffer {
  let level = leaves;
  while (level.length > 1) {
    const next: Buffer[] = [];
    for (let i = 0; i < level.length; i += 2) {
      const [left, right] = [level[i] as Buffer, level[i + 1]];
      next.push(right ? sha256(NODE_PREFIX, left, right) : left);
    }
    level = next;
  }
  const [root] = level;
  invariant(root, "a tree has a leaf");
  return root;
}

type Hashed = Pick<Seal, "block" | "sealedAt" | "ranges" | "entryCount" | "merkleRoot" | "previousHash">;

/** hash(previous ‖ root ‖ block, time, ranges, count): a block stands on all blocks before it, and says when it was made. */
function blockHash(sealed: Hashed): string {
  const text = netstrings([
    String(sealed.block),
    sealed.sealedAt.toISOString(),
    ...sealed.ranges.map((r) => netstrings([r.voucher, r.fy, String(r.from), String(r.to)])),
    String(sealed.entryCount),
  ]);
  return sha256(Buffer.from(sealed.previousHash, "hex"), Buffer.from(sealed.merkleRoot, "hex"), text).toString("hex");
}

const sizeOf = (ranges: readonly SealedRange[]): bigint => ranges.reduce((a, r) => a + (r.to - r.from + 1n), 0n);
const nameOf = (e: { readonly voucher: string; readonly fy: string; readonly number: bigint }): string =>
  entryNumber(e.voucher as VoucherType, e.fy, e.number);

/**
 * Seals what was committed since the last block, at most 20,000 entries; undefined when there is nothing new. Numbers of a series are gapless
 * and commit in order, so "from the last sealed number to the last given" is a closed set: postings under way go into the next block. Raises
 * SEAL_GAP: it is what a deleted entry looks like.
 */
export async function seal(tx: Tx): Promise<Seal | undefined> {
  await tx.query("select pg_advisory_xact_lock(7244004, :ulb::integer)", { ulb: tx.ulb.id });
  const last = await tx.queryOne<{ block: number; hash: string }>(
    "select block, encode(hash, 'hex') as hash from ledger.seals where ulb_id = :ulb order by block desc limit 1",
    { ulb: tx.ulb.id },
  );
  const series = await tx.query<{ voucher: string; fy: string; last: bigint; sealed_to: bigint }>(
    `select s.series as voucher, s.fy, s.next_number - 1 as last, coalesce(m.sealed_to, 0) as sealed_to
     from ledger.series s
     left join ledger.seal_marks m on m.ulb_id = s.ulb_id and m.series = s.series and m.fy = s.fy
     where s.ulb_id = :ulb and s.series in ('receipt', 'payment', 'contra', 'journal', 'opening') and s.next_number - 1 > coalesce(m.sealed_to, 0)
     order by s.fy, s.series`,
    { ulb: tx.ulb.id },
  );
  const ranges: SealedRange[] = [];
  let room = BigInt(BLOCK);
  for (const s of series) {
    const from = s.sealed_to + 1n;
    const to = s.last < from + room - 1n ? s.last : from + room - 1n;
    ranges.push({ voucher: s.voucher, fy: s.fy, from, to });
    room -= to - from + 1n;
    if (room === 0n) break;
  }
  if (ranges.length === 0) return undefined;
  const entries = await readRanges(tx, ranges);
  // A seal over a gap could never verify: whoever deleted an entry before it was sealed stops the sealing, and is seen by that.
  let at = 0;
  for (const r of ranges)
    for (let number = r.from; number <= r.to; number += 1n) {
      const entry = entries[at];
      if (entry?.voucher !== r.voucher || entry.fy !== r.fy || entry.number !== number)
        throw ledgerErrors.SEAL_GAP({ entry: nameOf({ ...r, number }) });
      at += 1;
    }
  const leaves = entries.map((e) => leafOf(canonicalEntry(e)));
  const block: Hashed = {
    block: (last?.block ?? 0) + 1,
    sealedAt: tx.clock(),
    ranges,
    entryCount: leaves.length,
    merkleRoot: merkleRoot(leaves).toString("hex"),
    previousHash: last?.hash ?? GENESIS,
  };
  const made: Seal = { ...block, hash: blockHash(block) };
  await tx.query(
    `insert into ledger.seals (ulb_id, block, sealed_at, ranges, entry_count, leaves, merkle_root, previous_hash, hash)
     values (:ulb, :block, :at, :ranges, :count, :leaves, decode(:root, 'hex'), decode(:previous, 'hex'), decode(:hash, 'hex'))`,
    {
      leaves: Buffer.concat(leaves),
      ulb: tx.ulb.id,
      block: made.block,
      at: made.sealedAt,
      ranges: JSON.stringify(ranges.map((r) => ({ ...r, from: String(r.from), to: String(r.to) }))),
      count: made.entryCount,
      root: made.merkleRoot,
      previous: made.previousHash,
      hash: made.hash,
    },
  );
  await tx.query(
    `insert into ledger.seal_marks (ulb_id, series, fy, sealed_to)
     select :ulb, v, f, t from unnest(:vouchers::text[], :years::text[], :tos::bigint[]) as r (v, f, t)
     on conflict (ulb_id, series, fy) do update set sealed_to = excluded.sealed_to`,
    {
      ulb: tx.ulb.id,
      vouchers: ranges.map((r) => r.voucher),
      years: ranges.map((r) => r.fy),
      tos: ranges.map((r) => String(r.to)),
    },
  );
  return made;
}

/** What is posted and not sealed yet: how many entries, and since when the first of them waits. */
export async function sealLag(read: Read): Promise<{ readonly entries: bigint; readonly since: Date | null }> {
  const row = await read.queryOne<{ entries: bigint; since: Date | null }>(
    `select coalesce(sum(s.next_number - 1 - coalesce(m.sealed_to, 0)), 0)::bigint as entries, min(e.posted_at) as since
     from ledger.series s
     left join ledger.seal_marks m on m.ulb_id = s.ulb_id and m.series = s.series and m.fy = s.fy
     left join ledger.entries e
       on e.ulb_id = s.ulb_id and e.voucher = s.series and e.fy = s.fy and e.number = coalesce(m.sealed_to, 0) + 1
     where s.ulb_id = :ulb and s.series in ('receipt', 'payment', 'contra', 'journal', 'opening') and s.next_number - 1 > coalesce(m.sealed_to, 0)`,
    { ulb: read.ulb.id },
  );
  invariant(row, "a sum is one row");
  return row;
}

/** Blocks in order; all of them, or those after a block, at most so many, or the newest so many. */
export async function listSeals(
  read: Read,
  page: { readonly after?: number; readonly newest?: number; readonly limit?: number } = {},
): Promise<Seal[]> {
  const rows = await read.query<{
    block: number;
    sealed_at: Date;
    ranges: { voucher: string; fy: string; from: string; to: string }[];
    entry_count: number;
    root: string;
    previous: string;
    hash: string;
  }>(
    `select block, sealed_at, ranges, entry_count, encode(merkle_root, 'hex') as root, encode(previous_hash, 'hex') as previous,
       encode(hash, 'hex') as hash
     from ledger.seals
     where ulb_id = :ulb and block > coalesce(:after::integer, (select max(block) from ledger.seals where ulb_id = :ulb) - :newest::integer, 0)
     order by block
     limit :row_limit::bigint`,
    { ulb: read.ulb.id, after: page.after ?? null, newest: page.newest ?? null, row_limit: page.limit ?? null },
  );
  return rows.map((r) => ({
    block: r.block,
    sealedAt: r.sealed_at,
    ranges: r.ranges.map((x) => ({ ...x, from: BigInt(x.from), to: BigInt(x.to) })),
    entryCount: r.entry_count,
    merkleRoot: r.root,
    previousHash: r.previous,
    hash: r.hash,
  }));
}

/**
 * What can be said of a block without its entries: whether it stands on the one before it, is what it was made as, and whether the leaves that
 * were exported with it are those that were sealed. `leaves` is given back only then: no entry may be named by others.
 */
export function verifyHeader(
  sealed: Seal,
  previousHash: string,
  leaves?: Buffer,
): { readonly problems: SealProblem[]; readonly leaves: readonly Buffer[] | undefined; readonly isReadable: boolean } {
  const problems: SealProblem[] = [];
  const say = (problem: string): void => void problems.push({ block: sealed.block, problem });
  if (sealed.previousHash !== previousHash) say("does not stand on the block before it");
  if (blockHash(sealed) !== sealed.hash) say("was itself changed after it was made");
  const expected = sizeOf(sealed.ranges);
  if (expected !== BigInt(sealed.entryCount) || expected > MAX_BLOCK) {
    say(`names ${expected} numbers but counts ${sealed.entryCount} entries`);
    return { problems, leaves: undefined, isReadable: false };
  }
  const kept = leaves && leaves.length === LEAF * sealed.entryCount ? slices(leaves) : undefined;
  const namesThem = kept && merkleRoot(kept).toString("hex") === sealed.merkleRoot;
  if (leaves && !namesThem) say("keeps other leaves than it was sealed with, so that no entry can be named");
  return { problems, leaves: namesThem ? kept : undefined, isReadable: true };
}

/**
 * Recomputes one block from its entries, wherever they were read: the database or exported files. `previousHash` is the hash of the block
 * before it, or 64 zeros. With the block's leaves the entry that was changed is named. Empty when all is as it was sealed.
 */
export function verifyBlock(
  sealed: Seal,
  entries: readonly SealedEntry[],
  previousHash: string,
  leaves?: Buffer,
): SealProblem[] {
  const header = verifyHeader(sealed, previousHash, leaves);
  const { problems, leaves: kept } = header;
  if (!header.isReadable) return problems;
  const say = (problem: string, entry?: string): void =>
    void problems.push({ block: sealed.block, ...(entry === undefined ? {} : { entry }), problem });
  // In the order in which they are told: how many first, then which.
  if (entries.length !== sealed.entryCount) {
    say(`was sealed with ${sealed.entryCount} entries, there are ${entries.length}`);
  }
  const byName = new Map(entries.map((e) => [nameOf(e), e]));
  const found: Buffer[] = [];
  let named = 0;
  for (const r of sealed.ranges)
    for (let number = r.from; number <= r.to; number += 1n) {
      const name = nameOf({ ...r, number });
      const entry = byName.get(name);
      const leaf = entry ? leafOf(canonicalEntry(entry)) : Buffer.alloc(LEAF);
      if (!entry || (kept && !kept[found.length]?.equals(leaf))) {
        named += 1;
        say(entry ? "was changed after it was sealed" : "was sealed and is not there", name);
      }
      found.push(leaf);
    }
  if (merkleRoot(found).toString("hex") !== sealed.merkleRoot && named === 0)
    say("holds an entry that was changed after it was sealed");
  return problems;
}

function slices(leaves: Buffer): Buffer[] {
  return Array.from({ length: leaves.length / LEAF }, (_, i) => leaves.subarray(i * LEAF, (i + 1) * LEAF));
}

/** Up to which number each series ("receipt 2026-27") is in the blocks so far. */
type SealedTo = Map<string, bigint>;

/**
 * whatever reads blocks from first to last verifies them with it.
 */
export function chainOf(
  sealedTo: SealedTo = new Map(),
): (sealed: Seal, verify: (previousHash: string) => readonly SealProblem[]) => SealProblem[] {
  let previousHash = GENESIS;
  let block = 0;
  return (sealed, verify) => {
    const problems: SealProblem[] = [];
    const say = (problem: string): void => void problems.push({ block: sealed.block, problem });
    if (sealed.block !== block + 1) say(`follows block ${block}; blocks are missing`);
    for (const r of sealed.ranges) {
      const key = `${r.voucher} ${r.fy}`;
      const before = sealedTo.get(key) ?? 0n;
      if (r.from > before + 1n) say(`numbers before ${r.voucher} ${r.fy} ${r.from} are in no block`);
      if (r.from <= before)
        say(`seals ${r.voucher} ${r.fy} from ${r.from}, which an earlier block did up to ${before}`);
      sealedTo.set(key, r.to > before ? r.to : before);
    }
    problems.push(...verify(previousHash));
    previousHash = sealed.hash;
    block = sealed.block;
    return problems;
  };
}

/** A block that somebody outside keeps: the last one of an auditors' pack, or printed on a closing certificate. */
export type KnownBlock = { readonly block: number; readonly hash: string };

export function againstKnown(seals: readonly KnownBlock[], known: readonly KnownBlock[]): SealProblem[] {
  return known
    .filter((k) => seals.find((s) => s.block === k.block)?.hash !== k.hash)
    .map((k) => ({ block: k.block, problem: `is not the block that is known outside as ${k.hash}` }));
}

/**
 * The chain from exported data alone: blocks (with their leaves, if they were exported, so that a changed entry is named) and entries by
 * their printed number ("R/2026-27/000123"). Blocks known from elsewhere show a chain that was made anew or cut short.
 */
export function verifyChain(
  blocks: readonly (Seal & { readonly leaves?: Buffer })[],
  entriesByNumber: ReadonlyMap<string, SealedEntry>,
  known: readonly KnownBlock[] = [],
): SealProblem[] {
  const next = chainOf();
  const problems = blocks.flatMap((sealed) =>
    next(sealed, (previousHash) => {
      const entries: SealedEntry[] = [];
      if (sizeOf(sealed.ranges) <= MAX_BLOCK)
        for (const r of sealed.ranges)
          for (let number = r.from; number <= r.to; number += 1n) {
            const entry = entriesByNumber.get(nameOf({ ...r, number }));
            // What is filed under a number must say that number, too.
            if (entry && nameOf(entry) === nameOf({ ...r, number })) entries.push(entry);
          }
      return verifyBlock(sealed, entries, previousHash, sealed.leaves);
    }),
  );
  return [...problems, ...againstKnown(blocks, known)].slice(0, MAX_PROBLEMS);
}

/**
 * Recomputes every block from the rows of the database, names what was changed or deleted, and finds what was put in beside ledger.post:
 * entries under numbers that were never given, lines of no entry. Empty when nothing was tampered with; one block in memory at a time.
 */
export async function verifySeals(read: Read, known: readonly KnownBlock[] = []): Promise<SealProblem[]> {
  const problems: SealProblem[] = [];
  const sealedTo: SealedTo = new Map();
  const next = chainOf(sealedTo);
  const met: KnownBlock[] = [];
  for await (const sealed of eachSeal(read)) {
    if (known.some((k) => k.block === sealed.block)) met.push({ block: sealed.block, hash: sealed.hash });
    const entries = sizeOf(sealed.ranges) <= MAX_BLOCK ? await readRanges(read, sealed.ranges) : [];
    const broken = verifyBlock(sealed, entries, sealed.previousHash).length > 0;
    const leaves = broken ? await leavesOf(read, sealed.block) : undefined;
    problems.push(...next(sealed, (previousHash) => verifyBlock(sealed, entries, previousHash, leaves)));
    if (problems.length > MAX_PROBLEMS) break;
  }
  problems.push(...againstKnown(met, known), ...(await belowMarks(read, sealedTo)), ...(await strays(read)));
  return problems.slice(0, MAX_PROBLEMS);
}

const PAGE = 500;

/** All blocks, first to last, a page in memory at a time. */
export async function* eachSeal(read: Read): AsyncGenerator<Seal> {
  for (let after = 0; ;) {
    const page = await listSeals(read, { after, limit: PAGE });
    yield* page;
    const last = page.at(-1);
    if (page.length < PAGE || !last) return;
    after = last.block;
  }
}

/** The hashes of a block's entries, 32 bytes each: exported beside it, they name the entry that was changed. */
export async function leavesOf(read: Read, block: number): Promise<Buffer | undefined> {
  const row = await read.queryOne<{ leaves: Buffer }>(
    "select leaves from ledger.seals where ulb_id = :ulb and block = :block",
    { ulb: read.ulb.id, block },
  );
  return row?.leaves;
}

/** A chain that was cut short says less than the marks that sealing left. */
async function belowMarks(read: Read, sealedTo: SealedTo): Promise<SealProblem[]> {
  const marks = await read.query<{ series: string; fy: string; sealed_to: bigint }>(
    "select series, fy, sealed_to from ledger.seal_marks where ulb_id = :ulb order by fy, series",
    { ulb: read.ulb.id },
  );
  return marks
    .filter((m) => (sealedTo.get(`${m.series} ${m.fy}`) ?? 0n) < m.sealed_to)
    .map((m) => ({
      block: 0,
      problem: `${m.series} ${m.fy} was sealed up to ${m.sealed_to}, the blocks hold it up to ${sealedTo.get(`${m.series} ${m.fy}`) ?? 0n}; blocks are missing at the end`,
    }));
}

/** Rows that ledger.post cannot have written: numbers above those given out, lines without an entry or of another day than it. */
async function strays(read: Read): Promise<SealProblem[]> {
  const entries = await read.query<{ voucher: string; fy: string; number: bigint }>(
    `select e.voucher, e.fy, e.number
     from ledger.entries e
     left join ledger.series s on s.ulb_id = e.ulb_id and s.series = e.voucher and s.fy = e.fy
     where e.ulb_id = :ulb and (e.number between 1 and s.next_number - 1) is not true
     order by 1, 2, 3 limit 100`,
    { ulb: read.ulb.id },
  );
  const lines = await read.query<{ entry_id: bigint; lines: bigint }>(
    `select l.entry_id, count(*) as lines
     from ledger.lines l
     left join ledger.entries e on e.ulb_id = l.ulb_id and e.entry_id = l.entry_id
     where l.ulb_id = :ulb and (e.entry_id is null or e.entry_date <> l.entry_date)
     group by l.entry_id order by l.entry_id limit 100`,
    { ulb: read.ulb.id },
  );
  return [
    ...entries.map((e) => ({ block: 0, entry: nameOf(e), problem: "stands under a number that was never given out" })),
    ...lines.map((l) => ({
      block: 0,
      problem: `${l.lines} lines say that they belong to entry ${l.entry_id}, which is not there or of another day`,
    })),
  ];
}

type HeadRow = {
  number: bigint;
  entry_date: string;
  value_date: string;
  at: string;
  posted_by: string;
  source_type: string;
  source_id: string;
  reverses: string | null;
  narration: string;
};
type LineFields = {
  number: bigint;
  line_no: number;
  account: string;
  debit: string;
  credit: string;
  fund: string;
  function: string | null;
  ward: string | null;
  functionary: string | null;
  budget_head: string | null;
  scheme: string | null;
  party_type: string | null;
  party_id: string | null;
  demand_year: string | null;
  entry_date: string;
};

/** The entries of the ranges in the order in which they are sealed: range by range, by number. */
export async function readRanges(read: Read, ranges: readonly SealedRange[]): Promise<SealedEntry[]> {
  const entries: SealedEntry[] = [];
  for (const range of ranges) {
    const params = { ulb: read.ulb.id, voucher: range.voucher, fy: range.fy, low: range.from, high: range.to };
    const heads = await read.query<HeadRow>(
      `select e.number, e.entry_date, e.value_date, to_char(e.posted_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US') as at, e.posted_by,
         e.source_type, e.source_id, o.voucher || '/' || o.fy || '/' || o.number as reverses, e.narration
       from ledger.entries e
       left join ledger.entries o on o.ulb_id = e.ulb_id and o.entry_id = e.reverses_entry_id
       where e.ulb_id = :ulb and e.voucher = :voucher and e.fy = :fy and e.number between :low and :high
       order by e.number`,
      params,
    );
    // Columns, not arrays (read a third faster), and a look-up per entry: the planner would read the whole table for a block of it.
    const lines = await read.query<LineFields>(
      `select e.number, l.line_no, l.account, l.debit::text as debit, l.credit::text as credit, l.fund, l.function, l.ward, l.functionary, l.budget_head,
         l.scheme, l.party_type, l.party_id, l.demand_year, l.entry_date
       from (
         select e.entry_id, e.number from ledger.entries e
         where e.ulb_id = :ulb and e.voucher = :voucher and e.fy = :fy and e.number between :low and :high
         order by e.number
         offset 0
       ) as e
       cross join lateral (
         select l.* from ledger.lines l where l.ulb_id = :ulb and l.entry_id = e.entry_id order by l.line_no offset 0
       ) as l`,
      params,
    );
    let at = 0;
    for (const h of heads) {
      const own: string[][] = [];
      for (let l = lines[at]; l?.number === h.number; l = lines[++at])
        own.push([
          String(l.line_no), l.account, l.debit, l.credit, l.fund, l.function ?? "", l.ward ?? "", l.functionary ?? "", l.budget_head ?? "",
          l.scheme ?? "", l.party_type ?? "", l.party_id ?? "", l.demand_year ?? "", l.entry_date,
        ]); // prettier-ignore
      entries.push({
        voucher: range.voucher,
        fy: range.fy,
        number: h.number,
        head: [
          h.entry_date,
          h.value_date,
          h.at,
          h.posted_by,
          h.source_type,
          h.source_id,
          h.reverses ?? "",
          h.narration,
        ],
        lines: own,
      });
    }
  }
  return entries;
}
