import { createHash, randomBytes } from "node:crypto";
import { html, type SimResponse } from "../wire/messages.ts";

export const escape = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");

export function rupees(paise: number): string {
  const [whole = "0", fraction = "00"] = (paise / 100).toFixed(2).split(".");
  const head = whole.slice(0, -3).replace(/\B(?=(\d{2})+(?!\d))/g, ",");
  return `₹${head === "" ? "" : `${head},`}${whole.slice(-3)}.${fraction}`;
}

/** What a person typed as rupees, in paise: digits, and two after the point at most. Undefined if it is no amount. */
export function typedPaise(text: string): number | undefined {
  const [, whole, fraction = ""] = /^(\d{1,12})(?:\.(\d{1,2}))?$/.exec(text.trim()) ?? [];
  return whole === undefined ? undefined : Number(`${whole}${fraction.padEnd(2, "0")}`);
}

const STYLE = `
:root{color-scheme:light}
*{box-sizing:border-box}
body{margin:0;background:#eef1f6;color:#16202e;font:1rem/1.5 system-ui,-apple-system,"Segoe UI",sans-serif}
main{max-width:27rem;margin:2rem auto;background:#fff;border-radius:.75rem;overflow:hidden;box-shadow:0 8px 30px #16202e22}
header{background:#123a7a;color:#fff;padding:1.25rem 1.5rem}
header p{margin:0;opacity:.95}
h1{margin:0;font-size:1.15rem}
.amount{font-size:1.75rem;font-weight:650;margin:.25rem 0 0}
form,.body{padding:1.25rem 1.5rem 1.5rem}
fieldset{border:1px solid #c5cede;border-radius:.5rem;margin:0 0 1rem;padding:.5rem 1rem .75rem}
legend{font-weight:600;padding:0 .35rem}
label{display:flex;gap:.6rem;align-items:center;padding:.4rem 0;min-height:2.75rem;cursor:pointer}
input[type=radio]{width:1.15rem;height:1.15rem;margin:0;accent-color:#123a7a}
small{color:#4b5a70}
button{font:inherit;font-weight:600;width:100%;min-height:2.9rem;border-radius:.5rem;border:1px solid #123a7a;background:#123a7a;color:#fff;cursor:pointer;margin-top:.6rem}
button.quiet{background:#fff;color:#123a7a}
button.warn{background:#fff;border-color:#9d1c1c;color:#9d1c1c}
table{border-collapse:collapse;width:100%;font-size:.85rem;display:block;overflow-x:auto}
th,td{text-align:left;padding:.3rem .6rem .3rem 0;border-bottom:1px solid #dde3ee;white-space:nowrap}
h2{font-size:1rem;margin:0 0 .4rem}
button:focus-visible,input:focus-visible{outline:3px solid #e8a317;outline-offset:2px}
.note{background:#fff6dd;border:1px solid #e3c36a;border-radius:.5rem;padding:.6rem .9rem;margin:0 0 1rem}
`;
const styleHash = createHash("sha256").update(STYLE).digest("base64");

/** A page of the gateway's: its own style, at most one script, nothing from elsewhere. */
export function document(title: string, body: string, script?: string): SimResponse {
  const nonce = randomBytes(12).toString("base64");
  return html(
    `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">` +
      `<title>${escape(title)}</title><style>${STYLE}</style></head><body><main>${body}</main>` +
      `${script === undefined ? "" : `<script nonce="${nonce}">${script}</script>`}</body></html>`,
    200,
    {
      "content-security-policy": `default-src 'none'; style-src 'sha256-${styleHash}'; script-src 'nonce-${nonce}'; base-uri 'none'; frame-ancestors 'none'`,
      "referrer-policy": "no-referrer",
      "x-content-type-options": "nosniff",
    },
  );
}

export const hidden = (fields: Readonly<Record<string, string>>): string =>
  Object.entries(fields)
    .map(([name, value]) => `<input type="hidden" name="${escape(name)}" value="${escape(value)}">`)
    .join("");
