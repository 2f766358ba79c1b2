/** The streams of an OLE2 compound file, which old office files are. */

const SIGNATURE = [0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1];
const END = 0xfffffffa;

export const isOle2 = (bytes: Uint8Array): boolean => SIGNATURE.every((b, i) => bytes[i] === b);

/** What is wrong with the container, for a refusal. */
export class Ole2Damaged extends Error {}

/** One stream by its name, or undefined. Throws Ole2Damaged when chains leave the file or run in a circle. */
export function ole2Stream(bytes: Uint8Array, names: readonly string[]): Uint8Array | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 512) throw new Ole2Damaged("the container is cut off");
  const shift = view.getUint16(30, true);
  const miniShift = view.getUint16(32, true);
  if (shift < 7 || shift > 16 || miniShift > shift)
    throw new Ole2Damaged("the container has sectors of an unknown size");
  const size = 2 ** shift;
  const sectorAt = (n: number): number => {
    const at = (n + 1) * size;
    if (n >= END || at + 4 > bytes.length) throw new Ole2Damaged("the container is cut off or damaged");
    return at;
  };
  const u32 = (at: number): number => {
    if (at + 4 > bytes.length) throw new Ole2Damaged("the container is cut off");
    return view.getUint32(at, true);
  };

  const most = Math.ceil(bytes.length / size) + 1;
  const fatSectors: number[] = [];
  for (let i = 0; i < 109; i++) {
    const n = u32(76 + 4 * i);
    if (n < END) fatSectors.push(n);
  }
  let difat = u32(68);
  for (let i = 0; difat < END && i < most; i++) {
    const at = sectorAt(difat);
    for (let k = 0; k < size / 4 - 1; k++) {
      const n = u32(at + 4 * k);
      if (n < END) fatSectors.push(n);
    }
    difat = u32(at + size - 4);
  }
  const next = (n: number): number => {
    const sector = fatSectors[Math.floor(n / (size / 4))];
    if (sector === undefined) throw new Ole2Damaged("a chain of the container leaves its table");
    return u32(sectorAt(sector) + 4 * (n % (size / 4)));
  };
  const chain = (start: number): Uint8Array => {
    const parts: Uint8Array[] = [];
    for (let n = start; n < END; n = next(n)) {
      if (parts.length > most) throw new Ole2Damaged("a chain of the container runs in a circle");
      const at = sectorAt(n);
      parts.push(bytes.subarray(at, Math.min(at + size, bytes.length)));
    }
    return Buffer.concat(parts);
  };

  const directory = Buffer.from(chain(u32(48)));
  const entries: { name: string; type: number; start: number; size: number }[] = [];
  for (let at = 0; at + 128 <= directory.length; at += 128) {
    const length = Math.min(64, directory.readUInt16LE(at + 64));
    entries.push({
      name: directory.toString("utf16le", at, at + Math.max(0, length - 2)),
      type: directory.readUInt8(at + 66),
      start: directory.readUInt32LE(at + 116),
      size: directory.readUInt32LE(at + 120),
    });
  }
  const root = entries.find((e) => e.type === 5);
  const wanted = names
    .map((n) => entries.find((e) => e.type === 2 && e.name.toLowerCase() === n.toLowerCase()))
    .find((e) => e);
  if (!wanted || !root) return undefined;
  if (wanted.size > bytes.length) throw new Ole2Damaged("a stream of the container is longer than the file");
  if (wanted.size >= u32(56)) return chain(wanted.start).subarray(0, wanted.size);

  // Small streams stand in the root's own stream, in sectors of their own.
  const mini = chain(root.start);
  const miniFat = Buffer.from(u32(60) < END ? chain(u32(60)) : new Uint8Array());
  const miniSize = 2 ** miniShift;
  const parts: Uint8Array[] = [];
  for (let n = wanted.start; n < END;) {
    if (parts.length > most * 64 || 4 * n + 4 > miniFat.length)
      throw new Ole2Damaged("a chain of the container runs in a circle");
    parts.push(mini.subarray(n * miniSize, (n + 1) * miniSize));
    n = miniFat.readUInt32LE(4 * n);
  }
  return Buffer.concat(parts).subarray(0, wanted.size);
}
