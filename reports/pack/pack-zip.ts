import { createHash } from "node:crypto";
import { Readable, type Writable } from "node:stream";
import { finished, pipeline } from "node:stream/promises";
import { ZipFile } from "yazl";
import type { PackedFile } from "./format.ts";

type Body = Iterable<string | Uint8Array> | AsyncIterable<string | Uint8Array>;
const PIECE = 65_536;

/** A zip that is written as its files are made, one after the other: nothing of it is held but the piece under way. */
export type PackZip = {
  readonly files: readonly PackedFile[];
  /** Resolves when the whole file is in; rejects with what broke it, or when whoever receives the zip went away. */
  add(name: string, what: string, body: Body, isCompressed?: boolean): Promise<PackedFile>;
  /** Writes the directory and waits until the last byte is taken. */
  end(): Promise<void>;
  /** Breaks the zip off, so that its reader sees that it is not whole. */
  destroy(error: Error): void;
};

export function openPackZip(out: Writable, made: Date): PackZip {
  const zip = new ZipFile();
  const stream = zip.outputStream as Readable;
  zip.on("error", (error: Error) => stream.destroy(error));
  const sent = pipeline(stream, out);
  // Waited for by whoever adds; unheard meanwhile.
  sent.catch(() => undefined);
  const brokenOff = sent.then(() => Promise.reject(new Error("the zip ended before its files")));
  brokenOff.catch(() => undefined);
  const files: PackedFile[] = [];
  return {
    files,
    add: async (name, what, body, isCompressed = true) => {
      const hash = createHash("sha256");
      let bytes = 0;
      async function* pieces(): AsyncGenerator<Buffer> {
        let parts: Buffer[] = [];
        let size = 0;
        for await (const part of body) {
          const buffer =
            typeof part === "string" ? Buffer.from(part) : Buffer.from(part.buffer, part.byteOffset, part.byteLength);
          parts.push(buffer);
          size += buffer.length;
          if (size < PIECE) continue;
          const piece = Buffer.concat(parts);
          hash.update(piece);
          bytes += piece.length;
          [parts, size] = [[], 0];
          yield piece;
        }
        const piece = Buffer.concat(parts);
        hash.update(piece);
        bytes += piece.length;
        yield piece;
      }
      const source = Readable.from(pieces(), { objectMode: false });
      zip.addReadStream(source, name, { mtime: made, compress: isCompressed, mode: 0o100644 });
      await Promise.race([finished(source), brokenOff]);
      const file = { name, what, bytes, sha256: hash.digest("hex") };
      files.push(file);
      return file;
    },
    end: async () => {
      zip.end();
      await sent;
    },
    destroy: (error) => void stream.destroy(error),
  };
}
