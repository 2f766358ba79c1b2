// Only a convenience on the reconciliation bench: sums of what is ticked, and keys. Without scripts the forms do the same, and the server judges.
const bench = document.querySelector("form[data-bench]");
const rows = [...document.querySelectorAll("[data-row]")];
const boxOf = (row) => row?.querySelector("input[type=checkbox]");

/** "1,23,456.78" from paise. */
const rupees = (paise) => {
  const size = paise < 0n ? -paise : paise;
  const whole = String(size / 100n);
  const head = whole.slice(0, -3).replace(/\B(?=(\d{2})+(?!\d))/g, ",");
  const text = `${head === "" ? "" : `${head},`}${whole.slice(-3)}.${String(size % 100n).padStart(2, "0")}`;
  return paise < 0n ? `(${text})` : text;
};

function count() {
  if (!bench) return;
  let [bank, book, ticked] = [0n, 0n, 0];
  for (const box of bench.querySelectorAll("input[type=checkbox][data-paise]:checked")) {
    ticked += 1;
    if (box.dataset.side === "bank") bank += BigInt(box.dataset.paise);
    else book += BigInt(box.dataset.paise);
  }
  const out = bench.querySelector("[data-sums]");
  if (!out) return;
  const difference = bank - book;
  out.textContent =
    ticked === 0
      ? "Nothing is chosen yet."
      : `Bank ${rupees(bank)}, book ${rupees(book)}: ${difference === 0n ? "they agree" : `difference ${rupees(difference)}`}.`;
  out.dataset.agree = String(ticked > 0 && difference === 0n);
}
bench?.addEventListener("change", count);
count();

const current = () => rows.indexOf(document.activeElement?.closest("[data-row]"));
function go(step) {
  const next = rows[Math.max(0, Math.min(rows.length - 1, current() + step))];
  boxOf(next)?.focus();
  next?.scrollIntoView({ block: "nearest" });
}
function across() {
  const here = rows[current()]?.dataset.row;
  const order = ["proposal", "bank", "book"].filter((side) => rows.some((r) => r.dataset.row === side));
  const side = order[(order.indexOf(here) + 1) % order.length];
  boxOf(rows.find((r) => r.dataset.row === side))?.focus();
}
const press = (selector) => document.querySelector(selector)?.click();
const KEYS = {
  j: () => go(1),
  k: () => go(-1),
  o: across,
  x: () => boxOf(rows[current()])?.click(),
  a: () => rows[current()]?.querySelector("button[data-accept]")?.click(),
  A: () => press("button[data-accept-chosen]"),
  m: () => press("button[data-match]"),
  "/": () => document.querySelector("#f-text")?.focus(),
  "?": () => document.querySelector("#keys")?.toggleAttribute("open"),
};
document.addEventListener("keydown", (event) => {
  const { target } = event;
  const types = target.matches("textarea, select, input:not([type=checkbox])");
  if (event.key === "Escape" && types) target.blur();
  if (types || event.ctrlKey || event.metaKey || event.altKey || !Object.hasOwn(KEYS, event.key)) return;
  event.preventDefault();
  KEYS[event.key]();
});
