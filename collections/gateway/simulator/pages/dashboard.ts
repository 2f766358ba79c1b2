import { books, checkBooks } from "../books.ts";
import { isCard } from "../shapes.ts";
import type { SimResponse } from "../wire/messages.ts";
import type { World } from "../world.ts";
import { document, escape, rupees } from "./layout.ts";

const SHOWN = 20;

function table(title: string, head: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = (row: readonly string[], tag: "td" | "th"): string =>
    `<tr>${row.map((c) => `<${tag}>${c}</${tag}>`).join("")}</tr>`;
  return (
    `<div class="body"><h2>${title}</h2>` +
    (rows.length === 0
      ? "<p>none</p>"
      : `<table><thead>${cells(head, "th")}</thead><tbody>${rows.map((r) => cells(r, "td")).join("")}</tbody></table>`) +
    `</div>`
  );
}
const newest = <T>(map: ReadonlyMap<string, T>): T[] => [...map.values()].slice(-SHOWN).reverse();
const at = (ms: number): string => new Date(ms + 5.5 * 3_600_000).toISOString().slice(0, 16).replace("T", " ");

/** What the merchant sees at the gateway: its balance, and the newest of everything. For looking; what is done is done by the control API. */
export function dashboard(w: World): SimResponse {
  const sums = books(w);
  const wrong = checkBooks(w).filter((c) => !c.ok);
  const counts = new Map<string, number>();
  for (const e of w.dispatcher.log) counts.set(e.status, (counts.get(e.status) ?? 0) + 1);
  const page = (path: string, text: string): string =>
    `<a href="${escape(`${w.mountPath}${path}`)}">${escape(text)}</a>`;
  return document(
    `${w.merchantName} at the simulator`,
    `<header><h1>${escape(w.merchantName)}</h1><p>${at(w.clock.now())} IST, ${escape(w.accountId)}</p><p class="amount">${sums.available < 0 ? "−" : ""}${rupees(Math.abs(sums.available))}</p><p>available</p></header>` +
      `<div class="body">` +
      (wrong.length === 0
        ? "<p>The books balance.</p>"
        : `<p class="note" role="alert">${escape(wrong.map((c) => `${c.name}: ${c.left} against ${c.right}`).join("; "))}</p>`) +
      `<p>captured ${rupees(sums.captured)}, fees ${rupees(sums.fees)}, refunded ${rupees(sums.refunded)}, disputed ${rupees(Math.abs(sums.disputed))}, settled ${rupees(sums.settled)}</p>` +
      `<p>Webhooks: ${escape([...counts].map(([status, n]) => `${n} ${status}`).join(", ") || "none")}. Bank statement: ${["csv", "mt940", "camt053"].map((f) => page(`/__sim/bank-statement.${f}`, f)).join(", ")}.</p></div>` +
      table(
        "Payments",
        ["Payment", "Made", "Amount", "By", "Status"],
        newest(w.payments).map((p) => [
          p.id,
          at(p.createdAt),
          rupees(p.amount),
          isCard(p) ? "card" : p.method,
          p.status,
        ]),
      ) +
      table(
        "Settlements",
        ["Settlement", "UTR", "Amount", "Status"],
        newest(w.settlements).map((s) => [s.id, s.utr, rupees(s.amount), s.status]),
      ) +
      table(
        "Refunds",
        ["Refund", "Payment", "Amount", "Status"],
        newest(w.refunds).map((r) => [r.id, r.payment_id, rupees(r.amount), r.status]),
      ) +
      table(
        "Disputes",
        ["Dispute", "Payment", "Amount", "Answer by", "Status"],
        newest(w.disputes).map((d) => [d.id, d.paymentId, rupees(d.amount), at(d.respondBy), d.status]),
      ) +
      table(
        "Links and codes",
        ["Open", "Amount", "Status"],
        [
          ...newest(w.links).map((l) => [page(`/l/${l.id}`, l.id), rupees(l.amount), l.status]),
          ...newest(w.qrCodes).map((q) => [
            page(`/upi/${q.id}`, q.id),
            q.amount === null ? "open" : rupees(q.amount),
            q.status,
          ]),
        ],
      ),
  );
}
