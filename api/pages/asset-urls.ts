import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";

const here = import.meta.dirname;
const packages = createRequire(import.meta.url);
const htmx = path.join(path.dirname(packages.resolve("htmx.org/package.json")), "dist", "htmx.min.js");
const fonts = path.dirname(packages.resolve("@expo-google-fonts/noto-sans-devanagari/package.json"));

const FILES = {
  "styles.css": { file: path.join(here, "styles.css"), type: "text/css; charset=utf-8" },
  "icon.svg": { file: path.join(here, "icon.svg"), type: "image/svg+xml" },
  "autosubmit.js": { file: path.join(here, "autosubmit.mjs"), type: "text/javascript; charset=utf-8" },
  "bench.js": { file: path.join(here, "bench.mjs"), type: "text/javascript; charset=utf-8" },
  "print.js": { file: path.join(here, "print.mjs"), type: "text/javascript; charset=utf-8" },
  "htmx.js": { file: htmx, type: "text/javascript; charset=utf-8" },
  "fonts/noto-sans-devanagari-400.ttf": {
    file: path.join(fonts, "400Regular", "NotoSansDevanagari_400Regular.ttf"),
    type: "font/ttf",
  },
  "fonts/noto-sans-devanagari-600.ttf": {
    file: path.join(fonts, "600SemiBold", "NotoSansDevanagari_600SemiBold.ttf"),
    type: "font/ttf",
  },
} as const;

export type AssetName = keyof typeof FILES;
type Asset = { readonly bytes: Buffer; readonly type: string; readonly version: string };

const loaded = new Map<string, Asset>();

/** A file of ours by its name under /assets; undefined for any other name, so that no path leaves this list. */
export function asset(name: string): Asset | undefined {
  const known = loaded.get(name);
  if (known) return known;
  if (!Object.hasOwn(FILES, name)) return undefined;
  const { file, type } = FILES[name as AssetName];
  const bytes = readFileSync(file);
  const made = { bytes, type, version: createHash("sha256").update(bytes).digest("hex").slice(0, 12) };
  loaded.set(name, made);
  return made;
}

/** The address of an asset with its version: what is behind it never changes, so it may be kept for ever. */
export function assetUrl(name: AssetName): string {
  return `/assets/${name}?v=${asset(name)?.version ?? ""}`;
}
