import { createHash } from "node:crypto";
import { groupBy } from "./kernel/group.ts";
import type { Read, Tx } from "./kernel/tx.ts";

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

export type SealProblem = { readonly block: number; readonly problem: string };

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

const sha256 = (...parts: (Buffer | string)[]): Buffer => {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest();
};

/** "3:abc," for each text: its length in UTF-8 bytes, the text, a comma. No two lists of texts give the same bytes. */
function netstrings(texts: readonly string[]): string {
  return texts.map((t) => `${Buffer.byteLength(t)}:${t},`).join("");
}

/** The bytes of an entry that are hashed: its key and head as netstrings, then each line as one netstring of netstrings. */
export function canonicalEntry(entry: SealedEntry): string {
  const head = [entry.voucher, entry.fy, String(entry.number), ...entry.head];
  return netstrings([netstrings(head), ...entry.lines.map(netstrings)]);
}

/** RFC 6962: leaves and nodes are hashed with different prefixes, so that a node can never pass for a leaf. At least one leaf. */
export function merkleRoot(leaves: readonly string[]): Buffer {
  let level = leaves.map((leaf) => sha256(Buffer.of(0), leaf));
  while (level.length > 1) {
    const next: Buffer[] = [];
    for (let i = 0; i < level.length; i += 2) {
      const [left, right] = [level[i] as Buffer, level[i + 1]];
      next.push(right ? sha256(Buffer.of(1), left, right) : left);
    }
    level = next;
  }
  return level[0] as Buffer;
}

/** hash(previous ‖ root ‖ ranges ‖ count): a block stands on all blocks before it. */
function blockHash(previousHash: string, root: Buffer, ranges: readonly SealedRange[], count: number): string {
  const text = netstrings([
    ...ranges.map((r) => netstrings([r.voucher, r.fy, String(r.from), String(r.to)])),
    String(count),
  ]);
  return sha256(Buffer.from(previousHash, "hex"), root, text).toString("hex");
}

/**
 * Seals what was committed since the last block, at most 20,000 entries; undefined when there is nothing new. Numbers of a series are gapless
 * and commit in order, so "from the last sealed number to the last given" is a closed set: postings under way go into the next block.
 */
export async function seal(tx: Tx): Promise<Seal | undefined> {
  await tx.query("select pg_advisory_xact_lock(7244004, :ulb::integer)", { ulb: tx.ulb.id });
  const seals = await listSeals(tx);
  const last = seals.at(-1);
  const sealedTo = new Map<string, bigint>();
  for (const r of seals.flatMap((s) => s.ranges)) sealedTo.set(`${r.voucher} ${r.fy}`, r.to);
  const series = await tx.query<{ voucher: string; fy: string; last: bigint }>(
    `select series as voucher, fy, next_number - 1 as last from ledger.series
     where ulb_id = :ulb and series in ('receipt', 'payment', 'contra', 'journal', 'opening') order by fy, series`,
    { ulb: tx.ulb.id },
  );
  const ranges: SealedRange[] = [];
  let room = BigInt(BLOCK);
  for (const s of series) {
    const from = (sealedTo.get(`${s.voucher} ${s.fy}`) ?? 0n) + 1n;
    const to = s.last < from + room - 1n ? s.last : from + room - 1n;
    if (to < from) continue;
    ranges.push({ voucher: s.voucher, fy: s.fy, from, to });
    room -= to - from + 1n;
    if (room === 0n) break;
  }
  if (ranges.length === 0) return undefined;
  const leaves = (await readRanges(tx, ranges)).map(canonicalEntry);
  const root = merkleRoot(leaves);
  const previousHash = last?.hash ?? GENESIS;
  const made: Seal = {
    block: (last?.block ?? 0) + 1,
    sealedAt: tx.clock(),
    ranges,
    entryCount: leaves.length,
    merkleRoot: root.toString("hex"),
    previousHash,
    hash: blockHash(previousHash, root, ranges, leaves.length),
  };
  await tx.query(
    `insert into ledger.seals (ulb_id, block, sealed_at, ranges, entry_count, merkle_root, previous_hash, hash)
     values (:ulb, :block, :at, :ranges, :count, decode(:root, 'hex'), decode(:previous, 'hex'), decode(:hash, 'hex'))`,
    {
      ulb: tx.ulb.id,
      block: made.block,
      at: made.sealedAt,
      ranges: JSON.stringify(ranges.map((r) => ({ ...r, from: String(r.from), to: String(r.to) }))),
      count: made.entryCount,
      root: made.merkleRoot,
      previous: previousHash,
      hash: made.hash,
    },
  );
  return made;
}

/** All blocks, first to last. */
export async function listSeals(read: Read): Promise<Seal[]> {
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
     from ledger.seals where ulb_id = :ulb order by block`,
    { ulb: read.ulb.id },
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
 * Recomputes one block from its entries, wherever they were read: the database or exported files. `previousHash` is the hash of the block
 * before it, or 64 zeros. Empty when all is as it was sealed.
 */
export function verifyBlock(sealed: Seal, entries: readonly SealedEntry[], previousHash: string): SealProblem[] {
  const problems: SealProblem[] = [];
  const say = (problem: string): void => void problems.push({ block: sealed.block, problem });
  if (sealed.previousHash !== previousHash) say("does not stand on the block before it");
  const expected = sealed.ranges.reduce((a, r) => a + (r.to - r.from + 1n), 0n);
  if (expected !== BigInt(sealed.entryCount)) say(`names ${expected} numbers but counts ${sealed.entryCount} entries`);
  if (entries.length !== sealed.entryCount)
    say(`was sealed with ${sealed.entryCount} entries, there are ${entries.length}`);
  const root = entries.length === 0 ? Buffer.alloc(32) : merkleRoot(entries.map(canonicalEntry));
  if (root.toString("hex") !== sealed.merkleRoot) say("holds an entry that was changed after it was sealed");
  if (
    blockHash(sealed.previousHash, Buffer.from(sealed.merkleRoot, "hex"), sealed.ranges, sealed.entryCount) !==
    sealed.hash
  ) {
    say("was itself changed after it was made");
  }
  return problems;
}

/** Recomputes every block from the rows of the database; empty when nothing was tampered with. One block in memory at a time. */
export async function verifySeals(read: Read): Promise<SealProblem[]> {
  const problems: SealProblem[] = [];
  let previousHash = GENESIS;
  let expectedBlock = 1;
  const sealedTo = new Map<string, bigint>();
  for (const sealed of await listSeals(read)) {
    if (sealed.block !== expectedBlock)
      problems.push({ block: sealed.block, problem: `follows block ${expectedBlock - 1}; blocks are missing` });
    for (const r of sealed.ranges) {
      const key = `${r.voucher} ${r.fy}`;
      if (r.from !== (sealedTo.get(key) ?? 0n) + 1n)
        problems.push({
          block: sealed.block,
          problem: `numbers before ${r.voucher} ${r.fy} ${r.from} are in no block`,
        });
      sealedTo.set(key, r.to);
    }
    problems.push(...verifyBlock(sealed, await readRanges(read, sealed.ranges), previousHash));
    previousHash = sealed.hash;
    expectedBlock = sealed.block + 1;
  }
  return problems;
}

/** The entries of the ranges in the order in which they are sealed: range by range, by number. */
export async function readRanges(read: Read, ranges: readonly SealedRange[]): Promise<SealedEntry[]> {
  const entries: SealedEntry[] = [];
  for (const range of ranges) {
    const params = { ulb: read.ulb.id, voucher: range.voucher, fy: range.fy, low: range.from, high: range.to };
    const heads = await read.query<{ entry_id: bigint; number: bigint; head: string[] }>(
      `select e.entry_id, e.number, array[e.entry_date::text, e.value_date::text,
         to_char(e.posted_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'), e.posted_by, e.source_type, e.source_id,
         coalesce(o.voucher || '/' || o.fy || '/' || o.number, ''), e.narration] as head
       from ledger.entries e
       left join ledger.entries o on o.ulb_id = e.ulb_id and o.entry_id = e.reverses_entry_id
       where e.ulb_id = :ulb and e.voucher = :voucher and e.fy = :fy and e.number between :low and :high
       order by e.number`,
      params,
    );
    const lines = await read.query<{ entry_id: bigint; line: string[] }>(
      `select l.entry_id, array[l.line_no::text, l.account, l.debit::text, l.credit::text, l.fund, coalesce(l.function, ''), coalesce(l.ward, ''),
         coalesce(l.functionary, ''), coalesce(l.budget_head, ''), coalesce(l.scheme, ''), coalesce(l.party_type, ''), coalesce(l.party_id, ''),
         coalesce(l.demand_year, ''), l.entry_date::text] as line
       from ledger.entries e
       join ledger.lines l on l.ulb_id = e.ulb_id and l.entry_id = e.entry_id
       where e.ulb_id = :ulb and e.voucher = :voucher and e.fy = :fy and e.number between :low and :high
       order by l.entry_id, l.line_no`,
      params,
    );
    const byEntry = groupBy(lines, (l) => l.entry_id);
    for (const h of heads) {
      entries.push({
        voucher: range.voucher,
        fy: range.fy,
        number: h.number,
        head: h.head,
        lines: (byEntry.get(h.entry_id) ?? []).map((l) => l.line),
      });
    }
  }
  return entries;
}
