import { createRequire } from "node:module";
import { invariant } from "../../ledger/kernel/errors.ts";

type Rect = { readonly x: number; readonly y: number; readonly w: number; readonly h: number; readonly color: string };
type Measured = { _canvas?: readonly Rect[]; _width?: number };

/** The maker of the squares on our papers; it is pdfmake's own and has no types. */
const { measure } = (
  createRequire(import.meta.url)("pdfmake/js/qrEnc.js") as {
    default: { measure(node: { qr: string; eccLevel: string; padding: number }): Measured };
  }
).default;

/** The longest text that a square carries; links and UPI texts have a few hundred letters. */
const LONGEST = 1000;

/** The same square as on our papers, as an SVG image with its quiet margin: for screens. The text has 1 to 1,000 bytes. */
export function qrSvg(content: string): string {
  const bytes = Buffer.byteLength(content);
  invariant(bytes > 0 && bytes <= LONGEST, `a square of ${bytes} bytes is not drawn`);
  const { _canvas: rects = [], _width: size = 0 } = measure({ qr: content, eccLevel: "M", padding: 4 });
  const path = rects
    .filter((r) => r.color === "#000")
    .map((r) => `M${r.x} ${r.y}h${r.w}v${r.h}h-${r.w}z`)
    .join("");
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size} ${size}" shape-rendering="crispEdges">` +
    `<path fill="#fff" d="M0 0h${size}v${size}H0z"/><path d="${path}"/></svg>`
  );
}
