import type { Readable } from "node:stream";
import yauzl, { type Entry, type ZipFile } from "yauzl";

/** Why a zip is not looked into: it is not the program's, or it is made to harm whoever opens it. */
export class UnreadablePack extends Error {
  readonly file: string;
  constructor(file: string, problem: string) {
    super(problem);
    this.file = file;
  }
}

export type ReadLimits = {
  readonly files: number;
  /** Unpacked, all files together. */
  readonly bytes: number;
  /** Unpacked to packed, for files of more than 16 MB: a journal reaches about 30. */
  readonly ratio: number;
};
export const READ_LIMITS: ReadLimits = { files: 5000, bytes: 64 * 2 ** 30, ratio: 250 };
const SMALL = 16 * 2 ** 20;

export type PackReader = {
  readonly names: readonly string[];
  /** Unpacked size as the directory of the zip says it; a file that unpacks to more or less breaks off. */
  sizeOf(name: string): number;
  open(name: string): Promise<Readable>;
  close(): void;
};

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]*(\/[A-Za-z0-9][A-Za-z0-9._-]*)?$/;

/**
 * Opens a pack for reading. Raises UnreadablePack for what is no zip or a torn one, for names that lead outside, twice the same name, encrypted
 * files, and what unpacks to more than the limits: nothing is unpacked before all that is known from the directory of the zip.
 */
export async function openPack(path: string, limits: ReadLimits = READ_LIMITS): Promise<PackReader> {
  let zip: ZipFile;
  try {
    zip = await yauzl.openPromise(path, { autoClose: false, strictFileNames: true, validateEntrySizes: true });
  } catch (error) {
    throw new UnreadablePack("the pack", `cannot be opened as a zip: ${messageOf(error)}`);
  }
  const entries = new Map<string, Entry>();
  try {
    let bytes = 0;
    for await (const entry of zip.eachEntry()) {
      const name = entry.fileName;
      if (entries.size >= limits.files) throw new UnreadablePack("the pack", `holds more than ${limits.files} files`);
      if (!NAME.test(name) || name.includes("..")) throw new UnreadablePack(name, "has a name that no pack has");
      if (entries.has(name)) throw new UnreadablePack(name, "stands in the zip twice");
      if (entry.isEncrypted()) throw new UnreadablePack(name, "is encrypted");
      if (entry.compressionMethod !== 0 && entry.compressionMethod !== 8)
        throw new UnreadablePack(name, `is packed by method ${entry.compressionMethod}, which no pack uses`);
      bytes += entry.uncompressedSize;
      if (bytes > limits.bytes) throw new UnreadablePack(name, `takes the pack over ${limits.bytes} bytes`);
      if (entry.uncompressedSize > SMALL && entry.uncompressedSize > entry.compressedSize * limits.ratio)
        throw new UnreadablePack(name, `unpacks to more than ${limits.ratio} times its size`);
      entries.set(name, entry);
    }
  } catch (error) {
    zip.close();
    throw error instanceof UnreadablePack
      ? error
      : new UnreadablePack("the pack", `cannot be read as a zip: ${messageOf(error)}`);
  }
  return {
    names: [...entries.keys()],
    sizeOf: (name) => entries.get(name)?.uncompressedSize ?? 0,
    open: (name) => {
      const entry = entries.get(name);
      if (!entry) throw new UnreadablePack(name, "is not in the pack");
      return zip.openReadStreamPromise(entry);
    },
    close: () => zip.close(),
  };
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The lines of a text, as bytes, in bounded memory. Raises UnreadablePack when one is longer than `atMost`. */
export async function* linesOf(name: string, source: AsyncIterable<Buffer>, atMost: number): AsyncGenerator<Buffer> {
  let parts: Buffer[] = [];
  let size = 0;
  for await (const piece of source) {
    let start = 0;
    for (let end = piece.indexOf(10); end >= 0; end = piece.indexOf(10, start)) {
      yield Buffer.concat([...parts, piece.subarray(start, end)]);
      [parts, size] = [[], 0];
      start = end + 1;
    }
    parts.push(piece.subarray(start));
    size += piece.length - start;
    if (size > atMost) throw new UnreadablePack(name, `has a line of more than ${atMost} bytes`);
  }
  if (size > 0) yield Buffer.concat(parts);
}
