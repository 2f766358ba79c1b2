import type { Command } from "commander";
import { InvalidArgumentError } from "commander";
import { createWriteStream } from "node:fs";
import { dateInIndia, financialYearEnd, financialYearStart } from "../../ledger/kernel/dates.ts";
import { inSnapshot, type App, type Who } from "../../ledger/kernel/tx.ts";
import { getUlb, listUlbs, type KnownBlock } from "../../ledger/index.ts";
import {
  allTies,
  bookFaults,
  reportErrors,
  verifyPack,
  writePack,
  type PackProblem,
  type ReportOptions,
} from "../../reports/index.ts";
import { COMMAND_LINE, sealOrSay, withSystem } from "./common.ts";
import { printTies } from "./print.ts";

export const AUDIT_PACK = "audit-pack";
export const AUDIT_PACK_HOLDS =
  "journal, seals, statements, registers and manifest of a range, verified offline by `verify PACK.zip`";

/** A block that somebody outside keeps, as "12:9f0c…". */
function knownBlock(text: string, before: readonly KnownBlock[] = []): KnownBlock[] {
  const match = /^(\d{1,9}):([0-9a-f]{64})$/.exec(text);
  if (!match) throw new InvalidArgumentError("write it as BLOCK:HASH, the hash as 64 hexadecimal digits");
  return [...before, { block: Number(match[1]), hash: match[2] ?? "" }];
}

function manifestHash(text: string): string {
  if (!/^[0-9a-f]{64}$/.test(text)) throw new InvalidArgumentError("write the SHA-256 as 64 hexadecimal digits");
  return text;
}

/** verify: the books in the database, or a pack without any. */
export function registerVerify(program: Command): void {
  program
    .command("verify")
    .description("all ties, seals and entries recomputed; or an auditors' pack, offline, without a database")
    .argument("[pack]", "a zip made by `export audit-pack`")
    .option("--ulb <code>", "one ULB; all of them unless named")
    .option("--known <block:hash>", "a seal that you hold from elsewhere; may be repeated", knownBlock)
    .option("--manifest <sha256>", "the manifest's SHA-256 that you hold from elsewhere; for a pack", manifestHash)
    .action(async (pack: string | undefined, options: { ulb?: string; known?: KnownBlock[]; manifest?: string }) => {
      if (pack !== undefined) return verifyFile(pack, options);
      await withSystem(async ({ app }) => {
        const ulbs = options.ulb === undefined ? await listUlbs(app) : [await getUlb(app, options.ulb)];
        const today = dateInIndia(app.clock());
        for (const ulb of ulbs) {
          const { ties, faults } = await inSnapshot(app, { ulb, actor: COMMAND_LINE }, async (read) => {
            const faults = await bookFaults(read, options.known);
            return { faults, ties: await allTies(read, today, faults) };
          });
          console.log(`${ulb.code}: ${ulb.name}`);
          for (const fault of [...faults.seals, ...faults.entries, ...faults.rollUp]) console.error(`  ${fault}`);
          if (!printTies(ties)) process.exitCode = 1;
        }
      });
    });
}

const placeOf = (p: PackProblem): string =>
  [p.file, ...(p.entry === undefined ? [] : [p.entry]), ...(p.block === undefined ? [] : [`block ${p.block}`])].join(
    ", ",
  );

async function verifyFile(pack: string, options: { known?: KnownBlock[]; manifest?: string }): Promise<void> {
  const verdict = await verifyPack(pack, { known: options.known ?? [], manifestHash: options.manifest });
  const { manifest, problems } = verdict;
  for (const p of problems) console.error(`${placeOf(p)}: ${p.problem}`);
  if (verdict.isCutShort) console.error("more problems were found than are listed");
  if (manifest) {
    console.log(
      `${manifest.ulb.name} (${manifest.ulb.code}), ${manifest.from} to ${manifest.to}, made ${manifest.madeAt} by ${manifest.madeBy}`,
    );
    console.log(
      `${verdict.files} files, ${verdict.blocks} seals, ${verdict.entries} entries of ${verdict.lines} lines, ${manifest.unsealedEntries} of them not sealed yet`,
    );
    if (manifest.lastBlock) console.log(`last seal: ${manifest.lastBlock.block}:${manifest.lastBlock.hash}`);
    console.log(`SHA-256 of manifest.json: ${verdict.manifestHash ?? ""}`);
  }
  console.log(problems.length === 0 ? "the pack verifies" : `${problems.length} problems: the pack does NOT verify`);
  if (problems.length > 0) process.exitCode = 1;
}

type PackRange = Pick<ReportOptions, "from" | "to" | "fy">;

/** Writes the pack of a year, or of a range, to a file or standard output. Raises REPORT_OPTION_MISSING, REPORT_RANGE. */
export async function exportPack(app: App, who: Who, options: PackRange, out: string | undefined): Promise<void> {
  const { fy, from, to } = options;
  const range =
    fy !== undefined
      ? { from: financialYearStart(fy), to: financialYearEnd(fy) }
      : from !== undefined && to !== undefined
        ? { from, to }
        : undefined;
  if (!range) throw reportErrors.REPORT_OPTION_MISSING({ report: AUDIT_PACK, option: "fy", example: "2025-26" });
  await sealOrSay(app, who.ulb);
  const manifest = await writePack(app, who, range, out === undefined ? process.stdout : createWriteStream(out));
  console.error(
    `${out ?? "standard output"}: ${manifest.files.length} files, ${manifest.entries} entries, last seal ${
      manifest.lastBlock ? `${manifest.lastBlock.block}:${manifest.lastBlock.hash}` : "none"
    }`,
  );
  for (const l of manifest.leftOut) console.error(`  left out: ${l.report} as ${l.format}: ${l.reason}`);
}
