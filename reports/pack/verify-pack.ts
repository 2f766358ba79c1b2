import { createHash } from "node:crypto";
import type { Readable } from "node:stream";
import Papa from "papaparse";
import { againstKnown, chainOf, verifyHeader, type KnownBlock, type Seal } from "../../ledger/index.ts";
import {
  CHART,
  JOURNAL,
  MANIFEST,
  MANIFEST_HASH,
  NEEDED,
  OPENINGS,
  PACK_FORMAT,
  SEALS,
  TRIAL_BALANCE,
  type PackManifest,
} from "./format.ts";
import { journalCheck, sealIndex, type JournalFacts, type PackProblem, type Say, type Sums } from "./journal-check.ts";
import {
  linesOf,
  messageOf,
  openPack,
  READ_LIMITS,
  UnreadablePack,
  type PackReader,
  type ReadLimits,
} from "./pack-reader.ts";
import { amountOf, checkStatements, isStatement } from "./statement-check.ts";

export type { PackProblem };

/** What was looked at, so that "no problems" says of how much. */
export type PackVerdict = {
  readonly problems: readonly PackProblem[];
  /** True when more were found than are listed. */
  readonly isCutShort: boolean;
  readonly manifest: PackManifest | undefined;
  /** SHA-256 of manifest.json: what a person keeps of a pack. */
  readonly manifestHash: string | undefined;
  readonly files: number;
  readonly blocks: number;
  readonly entries: number;
  readonly lines: number;
};

const MAX_PROBLEMS = 1000;
const MAX_MANIFEST = 16 * 2 ** 20;
const MAX_TABLE = 256 * 2 ** 20;
const MAX_LINE = 64 * 2 ** 20;

/**
 * Verifies an auditors' pack from the file alone: the hash of every file, the chain of seals, every entry against its seal and its own balance,
 * numbers without gaps, and the trial balance and statements recomputed from the journal. Never throws for what is wrong with the pack: each
 * problem is listed with its file, and entry and block where they are known. `known` are blocks, `manifestHash` the manifest that somebody holds.
 */
export async function verifyPack(
  path: string,
  options: {
    readonly known?: readonly KnownBlock[];
    readonly manifestHash?: string | undefined;
    readonly limits?: ReadLimits;
  } = {},
): Promise<PackVerdict> {
  const problems: PackProblem[] = [];
  let isCutShort = false;
  const say: Say = (p) => {
    if (problems.length < MAX_PROBLEMS) problems.push(p);
    else isCutShort = true;
  };
  const found: { manifest?: PackManifest; manifestHash?: string; files: number; blocks: number; facts?: JournalFacts } =
    { files: 0, blocks: 0 };
  let reader: PackReader | undefined;
  try {
    reader = await openPack(path, options.limits ?? READ_LIMITS);
    await verify(reader, options, say, found);
  } catch (error) {
    if (!(error instanceof UnreadablePack)) throw error;
    say({ file: error.file, problem: error.message });
  } finally {
    reader?.close();
  }
  return {
    problems,
    isCutShort,
    manifest: found.manifest,
    manifestHash: found.manifestHash,
    files: found.files,
    blocks: found.blocks,
    entries: found.facts?.entries ?? 0,
    lines: found.facts?.lines ?? 0,
  };
}

async function verify(
  reader: PackReader,
  options: { readonly known?: readonly KnownBlock[]; readonly manifestHash?: string | undefined },
  say: Say,
  found: { manifest?: PackManifest; manifestHash?: string; files: number; blocks: number; facts?: JournalFacts },
): Promise<void> {
  for (const name of [MANIFEST, MANIFEST_HASH])
    if (!reader.names.includes(name)) throw new UnreadablePack(name, "is not in the pack; this is no auditors' pack");
  const bytes = await wholeOf(reader, MANIFEST, MAX_MANIFEST);
  found.manifestHash = createHash("sha256").update(bytes).digest("hex");
  const said = (await wholeOf(reader, MANIFEST_HASH, 1000)).toString("latin1");
  if (said !== `${found.manifestHash}  ${MANIFEST}\n`) {
    say({ file: MANIFEST, problem: `is not the file whose SHA-256 ${MANIFEST_HASH} holds` });
    say({ file: MANIFEST_HASH, problem: `does not hold the SHA-256 of ${MANIFEST}, ${found.manifestHash}` });
  }
  if (options.manifestHash !== undefined && options.manifestHash !== found.manifestHash)
    say({ file: MANIFEST, problem: `is not the manifest that is known outside as ${options.manifestHash}` });
  const manifest = parseManifest(bytes);
  found.manifest = manifest;

  const listed = new Map(manifest.files.map((f) => [f.name, f]));
  for (const name of reader.names)
    if (!listed.has(name) && name !== MANIFEST && name !== MANIFEST_HASH)
      say({ file: name, problem: "is in the pack and not in its manifest" });
  for (const name of NEEDED)
    if (!listed.has(name)) say({ file: name, problem: "is not in the manifest; a pack has it" });
  const isThere = (name: string): boolean => reader.names.includes(name) && listed.has(name);

  /** Hashes a file while `use` reads it, to its end; what cannot be read is a problem of that file. */
  const checked = async (name: string, use: (source: AsyncIterable<Buffer>) => Promise<void>): Promise<void> => {
    const file = listed.get(name);
    if (!file || !isThere(name)) return;
    const hash = createHash("sha256");
    let size = 0;
    async function* through(source: Readable): AsyncGenerator<Buffer> {
      for await (const piece of source as AsyncIterable<Buffer>) {
        hash.update(piece);
        size += piece.length;
        yield piece;
      }
    }
    try {
      const pieces = through(await reader.open(name));
      await use(pieces);
      for await (const _rest of pieces);
      found.files += 1;
    } catch (error) {
      say({
        file: name,
        problem: error instanceof UnreadablePack ? error.message : `cannot be unpacked: ${messageOf(error)}`,
      });
      return;
    }
    const digest = hash.digest("hex");
    if (size !== file.bytes) say({ file: name, problem: `has ${size} bytes, the manifest says ${file.bytes}` });
    if (digest !== file.sha256)
      say({ file: name, problem: `was changed: its SHA-256 is ${digest}, the manifest says ${file.sha256}` });
  };
  const tables = new Map<string, readonly Readonly<Record<string, string>>[]>();
  const table = (name: string): Promise<void> =>
    checked(name, async (source) => {
      const text = (await gathered(name, source, MAX_TABLE)).toString("utf8");
      const read = Papa.parse<Record<string, string>>(text, { header: true, skipEmptyLines: true });
      const [fault] = read.errors;
      if (fault) say({ file: name, problem: `is not a sound CSV: ${fault.message} (row ${(fault.row ?? 0) + 2})` });
      tables.set(name, read.data);
    });

  await table(CHART);
  await table(OPENINGS);
  await table(TRIAL_BALANCE);
  const index = sealIndex(manifest.years);
  const met: KnownBlock[] = [];
  await checked(SEALS, (source) => readSeals(source, options.known ?? [], index, met, say, found));
  const last = met.at(-1);
  if (isThere(SEALS) && (last?.block !== manifest.lastBlock?.block || last?.hash !== manifest.lastBlock?.hash))
    say({
      file: SEALS,
      problem: `ends with block ${last?.block ?? 0}, the manifest says ${manifest.lastBlock?.block ?? 0} with another hash`,
    });

  const accounts = new Map(
    (tables.get(CHART) ?? []).map((a) => [a["code"] ?? "", { isPosting: a["is_posting"] === "true" }]),
  );
  const check = journalCheck({ ...manifest, booksFrom: manifest.ulb.booksFrom, index, accounts, say });
  await checked(JOURNAL, async (source) => {
    let at = 0;
    for await (const line of linesOf(JOURNAL, source, MAX_LINE)) check.take(line, (at += 1));
  });
  found.facts = check.finish();
  if (found.facts.entries !== manifest.entries)
    say({ file: JOURNAL, problem: `holds ${found.facts.entries} entries, the manifest says ${manifest.entries}` });
  if (found.facts.unsealed !== manifest.unsealedEntries)
    say({
      file: JOURNAL,
      problem: `holds ${found.facts.unsealed} entries that no seal covers, the manifest says ${manifest.unsealedEntries}`,
    });

  for (const file of manifest.files) {
    if (([CHART, OPENINGS, TRIAL_BALANCE, SEALS, JOURNAL] as string[]).includes(file.name)) continue;
    if (!reader.names.includes(file.name)) say({ file: file.name, problem: "is in the manifest and not in the pack" });
    else if (isStatement(file.name)) await table(file.name);
    else await checked(file.name, () => Promise.resolve());
  }
  for (const name of [CHART, OPENINGS, TRIAL_BALANCE, SEALS, JOURNAL])
    if (listed.has(name) && !reader.names.includes(name))
      say({ file: name, problem: "is in the manifest and not in the pack" });
  const closing = tables.has(OPENINGS) ? withOpenings(tables.get(OPENINGS) ?? [], found.facts.sums, say) : undefined;
  if (closing) checkStatements({ tables, closing, chart: tables.get(CHART) ?? [], say });
}

async function readSeals(
  source: AsyncIterable<Buffer>,
  known: readonly KnownBlock[],
  index: ReturnType<typeof sealIndex>,
  met: KnownBlock[],
  say: Say,
  found: { blocks: number },
): Promise<void> {
  const next = chainOf();
  let at = 0;
  for await (const line of linesOf(SEALS, source, MAX_LINE)) {
    at += 1;
    const read = parseSeal(line);
    if (!read) {
      say({ file: SEALS, problem: `line ${at} is not a seal` });
      continue;
    }
    const { sealed, leaves } = read;
    found.blocks += 1;
    let believed: readonly Buffer[] | undefined;
    let isReadable = true;
    const problems = next(sealed, (previousHash) => {
      const header = verifyHeader(sealed, previousHash, leaves);
      believed = header.leaves;
      isReadable = header.isReadable;
      return header.problems;
    });
    for (const p of problems) say({ file: SEALS, block: sealed.block, problem: p.problem });
    if (isReadable) index.add(sealed, believed);
    if (isReadable && !leaves && index.holds(sealed))
      say({
        file: SEALS,
        block: sealed.block,
        problem: "has lost its leaves, so that its entries cannot be held against it",
      });
    met.push({ block: sealed.block, hash: sealed.hash });
  }
  for (const p of againstKnown(met, known)) say({ file: SEALS, block: p.block, problem: p.problem });
}

function parseSeal(line: Buffer): { sealed: Seal; leaves: Buffer | undefined } | undefined {
  try {
    const o = JSON.parse(line.toString("utf8")) as {
      block: number;
      sealed_at: string;
      ranges: { voucher: string; fy: string; from: string; to: string }[];
      entry_count: number;
      merkle_root: string;
      previous_hash: string;
      hash: string;
      leaves: string;
    };
    const isHash = (t: string): boolean => /^[0-9a-f]{64}$/.test(t);
    const isWhole = (t: string): boolean => /^[1-9]\d{0,8}$/.test(t);
    if (
      !Number.isSafeInteger(o.block) ||
      !Number.isSafeInteger(o.entry_count) ||
      !isHash(o.merkle_root) ||
      !isHash(o.previous_hash) ||
      !isHash(o.hash)
    )
      return undefined;
    if (
      !/^([0-9a-f]{64})*$/.test(o.leaves) ||
      o.ranges.some((r) => !isWhole(r.from) || !isWhole(r.to) || BigInt(r.from) > BigInt(r.to))
    )
      return undefined;
    const sealedAt = new Date(o.sealed_at);
    if (sealedAt.toISOString() !== o.sealed_at) return undefined;
    return {
      sealed: {
        block: o.block,
        sealedAt,
        ranges: o.ranges.map((r) => ({ voucher: r.voucher, fy: r.fy, from: BigInt(r.from), to: BigInt(r.to) })),
        entryCount: o.entry_count,
        merkleRoot: o.merkle_root,
        previousHash: o.previous_hash,
        hash: o.hash,
      },
      leaves: o.leaves === "" ? undefined : Buffer.from(o.leaves, "hex"),
    };
  } catch {
    return undefined;
  }
}

function parseManifest(bytes: Buffer): PackManifest {
  const isDay = (t: unknown): boolean => typeof t === "string" && /^\d{4}-\d{2}-\d{2}$/.test(t);
  const isList = (t: unknown): t is readonly unknown[] => Array.isArray(t);
  const isYear = (t: unknown): boolean => typeof t === "string" && /^\d{4}-\d{2}$/.test(t);
  const isFile = (t: unknown): boolean => {
    const f = t as Partial<PackManifest["files"][number]> | null;
    return (
      typeof f?.name === "string" &&
      Number.isSafeInteger(f.bytes) &&
      typeof f.sha256 === "string" &&
      /^[0-9a-f]{64}$/.test(f.sha256)
    );
  };
  try {
    const value = JSON.parse(bytes.toString("utf8")) as Partial<Record<keyof PackManifest, unknown>>;
    const sound =
      value.format === PACK_FORMAT &&
      isDay(value.from) &&
      isDay(value.to) &&
      isList(value.years) &&
      value.years.every(isYear) &&
      isList(value.files) &&
      value.files.every(isFile) &&
      typeof value.ulb === "object";
    if (!sound) throw new Error(`its format is ${JSON.stringify(value.format)}, this program reads "${PACK_FORMAT}"`);
    return value as PackManifest;
  } catch (error) {
    throw new UnreadablePack(MANIFEST, `is not the manifest of an auditors' pack: ${messageOf(error)}`);
  }
}

/** Balances at the end of the range by account, from the openings file and the journal; openings that do not balance are named. */
function withOpenings(
  openings: readonly Readonly<Record<string, string>>[],
  sums: ReadonlyMap<string, Sums>,
  say: Say,
): ReadonlyMap<string, Sums> {
  const all = new Map([...sums].map(([account, s]) => [account, { ...s }]));
  const funds = new Map<string, bigint>();
  for (const row of openings) {
    const account = row["code"] ?? "";
    const side = (column: "debit" | "credit"): bigint =>
      amountOf(OPENINGS, `account ${account}, ${column}`, row[column], say) ?? 0n;
    const amount = side("debit") - side("credit");
    const sum = all.get(account) ?? { before: 0n, debit: 0n, credit: 0n };
    all.set(account, { ...sum, before: sum.before + amount });
    funds.set(row["fund"] ?? "", (funds.get(row["fund"] ?? "") ?? 0n) + amount);
  }
  for (const [fund, difference] of funds)
    if (difference !== 0n)
      say({ file: OPENINGS, problem: `does not balance in fund ${fund}: debits less credits are ${difference} paise` });
  return all;
}

async function gathered(name: string, source: AsyncIterable<Buffer>, atMost: number): Promise<Buffer> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const piece of source) {
    size += piece.length;
    if (size > atMost) throw new UnreadablePack(name, `has more than ${atMost} bytes`);
    parts.push(piece);
  }
  return Buffer.concat(parts);
}

async function wholeOf(reader: PackReader, name: string, atMost: number): Promise<Buffer> {
  try {
    return await gathered(name, (await reader.open(name)) as AsyncIterable<Buffer>, atMost);
  } catch (error) {
    throw error instanceof UnreadablePack ? error : new UnreadablePack(name, `cannot be unpacked: ${messageOf(error)}`);
  }
}
