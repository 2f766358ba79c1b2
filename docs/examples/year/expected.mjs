// Computes what the exports of this year must say, from opening-balances.csv and vouchers.csv alone (and the chart's names). It shares no
// code with the program: everything is added up here again, in whole paise, with nothing but Node.
//   node docs/examples/year/expected.mjs          writes trial-balance.csv, income-expenditure.csv … beside itself
//   node docs/examples/year/expected.mjs --check  says which of them differ
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

const here = path.dirname(fileURLToPath(import.meta.url));

function parse(file) {
  const rows = [];
  for (const line of readFileSync(file, "utf8").trim().split("\n")) {
    const cells = [];
    let cell = "";
    let quoted = false;
    for (let i = 0; i < line.length; i += 1) {
      const c = line[i];
      if (quoted && c === '"' && line[i + 1] === '"') {
        cell += '"';
        i += 1;
      } else if (c === '"') quoted = !quoted;
      else if (c === "," && !quoted) {
        cells.push(cell);
        cell = "";
      } else cell += c;
    }
    rows.push([...cells, cell]);
  }
  const [head, ...body] = rows;
  return body.map((r) => Object.fromEntries(head.map((h, i) => [h, r[i]])));
}
const paise = (text) => {
  if (text === "") return 0n;
  const [whole, part = ""] = text.split(".");
  return BigInt(whole) * 100n + BigInt(part.padEnd(2, "0"));
};
const rupees = (v) => {
  const a = v < 0n ? -v : v;
  return `${v < 0n ? "-" : ""}${a / 100n}.${String(a % 100n).padStart(2, "0")}`;
};
const csv = (rows) =>
  rows
    .map((r) => r.map((c) => (/[",\n]/.test(c) || /^\s|\s$/.test(c) ? `"${c.replaceAll('"', '""')}"` : c)).join(","))
    .join("\n") + "\n";

const chart = new Map(
  parse(path.join(here, "../../../ledger/charts/nmam-1/accounts.csv")).map((a) => [a.code, a]),
);
const opening = parse(path.join(here, "opening-balances.csv")).map((r) => ({ ...r, amount: paise(r.debit) - paise(r.credit) }));
const legs = parse(path.join(here, "vouchers.csv")).map((r) => ({ ...r, amount: r.side === "Dr" ? paise(r.amount) : -paise(r.amount) }));
const vouchers = new Map();
for (const leg of legs) vouchers.set(leg.voucher, [...(vouchers.get(leg.voucher) ?? []), leg]);

const sum = (rows, take = (r) => r.amount) => rows.reduce((t, r) => t + take(r), 0n);
const starts = (code, ...prefixes) => prefixes.some((p) => code.startsWith(p));
const debitsOf = (rows) => sum(rows.filter((r) => r.amount > 0n));
const creditsOf = (rows) => -sum(rows.filter((r) => r.amount < 0n));
/** Net movement of the year on accounts that begin so: debit positive. */
const moved = (...prefixes) => sum(legs.filter((l) => starts(l.code, ...prefixes)));
const opened = (...prefixes) => sum(opening.filter((o) => starts(o.code, ...prefixes)));
const closed = (...prefixes) => opened(...prefixes) + moved(...prefixes);
const out = {};

// ---------------------------------------------------------------- trial balance
const codes = [...new Set([...opening, ...legs].map((r) => r.code))].sort();
const side = (v) => (v >= 0n ? [rupees(v), "0.00"] : ["0.00", rupees(-v)]);
out["trial-balance"] = csv([
  ["code", "name", "open_dr", "open_cr", "dr", "cr", "close_dr", "close_cr"],
  ...codes.flatMap((code) => {
    const o = sum(opening.filter((r) => r.code === code));
    const own = legs.filter((r) => r.code === code);
    if (o === 0n && own.length === 0) return [];
    return [[code, chart.get(code).name, ...side(o), rupees(debitsOf(own)), rupees(creditsOf(own)), ...side(o + sum(own))]];
  }),
]);

// ---------------------------------------------------------------- income and expenditure
const income = [
  ["I-1", "110", "Tax Revenue"],
  ["I-2", "120", "Assigned Revenues & Compensations"],
  ["I-3", "130", "Rental Income from Municipal Properties"],
  ["I-4", "140", "Fees & User Charges"],
  ["I-5", "150", "Sale & Hire Charges"],
  ["I-6", "160", "Revenue Grants, Contributions & Subsidies"],
  ["I-7", "170", "Income from Investments"],
  ["I-8", "171", "Interest Earned"],
  ["I-9", "180", "Other Income"],
];
const expenditure = [
  ["I-10", "210", "Establishment Expenses"],
  ["I-11", "220", "Administrative Expenses"],
  ["I-12", "230", "Operations & Maintenance"],
  ["I-13", "240", "Interest & Finance Charges"],
  ["I-14", "250", "Programme Expenses"],
  ["I-15", "260", "Revenue Grants, Contributions & Subsidies (paid)"],
  ["I-16", "270", "Provisions & Write off"],
  ["I-17", "271", "Miscellaneous Expenses"],
  ["(face)", "272", "Depreciation"],
];
const a = -sum(income, ([, head]) => moved(head));
const b = sum(expenditure, ([, head]) => moved(head));
const prior = -moved("280");
const reserves = moved("290");
out["income-expenditure"] = csv([
  ["schedule", "head", "line", "amount"],
  ...income.map(([s, head, line]) => [s, head, line, rupees(-moved(head))]),
  ["", "", "A. Total - INCOME", rupees(a)],
  ...expenditure.map(([s, head, line]) => [s, head, line, rupees(moved(head))]),
  ["", "", "B. Total - EXPENDITURE", rupees(b)],
  ["", "", "A-B. Gross surplus/(deficit) of income over expenditure before prior period items", rupees(a - b)],
  ["I-18", "280", "Add/Less: Prior period items (net)", rupees(prior)],
  ["", "", "Gross surplus/(deficit) after prior period items", rupees(a - b + prior)],
  ["(face)", "290", "Less: Transfer to Reserve Funds", rupees(reserves)],
  ["", "", "Net balance being surplus/(deficit) carried over to Municipal Fund", rupees(a - b + prior - reserves)],
]);
const surplus = -moved("1", "2");
if (surplus !== a - b + prior - reserves) throw new Error("a head of income or expenditure stands on no line");

// ---------------------------------------------------------------- balance sheet
const sheet = [];
const put = (schedule, head, line, now, before) => sheet.push([schedule, head, line, rupees(now), rupees(before)]);
const stock = (sign) => (schedule, head, line) => {
  const now = sign * closed(head) + (head === "310" ? surplus : 0n);
  put(schedule, head, line, now, sign * opened(head));
  return [now, sign * opened(head)];
};
const liability = stock(-1n);
const asset = stock(1n);
const total = (schedule, line, ...parts) => {
  const both = [0, 1].map((i) => parts.reduce((t, p) => t + p[i], 0n));
  put(schedule, "", line, both[0], both[1]);
  return both;
};
const funds = total(
  "",
  "Total Reserves & Surplus",
  liability("B-1", "310", "Municipal (General) Fund"),
  liability("B-2", "311", "Earmarked Funds"),
  liability("B-3", "312", "Reserves"),
);
const grants = liability("B-4", "320", "Grants, Contributions for specific purposes");
const loans = total("", "Total Loans", liability("B-5", "330", "Secured loans"), liability("B-6", "331", "Unsecured loans"));
const current = total(
  "",
  "Total Current Liabilities and Provisions",
  liability("B-7", "340", "Deposits received"),
  liability("B-8", "341", "Deposit works"),
  liability("B-9", "350", "Other liabilities (Sundry Creditors)"),
  liability("B-10", "360", "Provisions"),
);
const liabilities = total("", "TOTAL LIABILITIES", funds, grants, loans, current);
const net = total("B-11", "Net Block", asset("B-11", "410", "Gross Block"), asset("B-11", "411", "Less: Accumulated Depreciation"));
const fixed = total("", "Total Fixed Assets", net, asset("B-11", "412", "Capital Work-in-Progress"));
const invested = total(
  "",
  "Total Investments",
  asset("B-12", "420", "Investment - General Fund"),
  asset("B-13", "421", "Investment - Other Funds"),
);
const working = total(
  "",
  "Total Current Assets, Loans & Advances",
  asset("B-14", "430", "Stock in hand (Inventories)"),
  asset("B-15", "431", "Sundry Debtors (Receivables) - gross amount outstanding"),
  asset("B-15", "432", "Less: Accumulated provision against bad & doubtful receivables"),
  asset("B-16", "440", "Prepaid expenses"),
  asset("B-17", "450", "Cash and Bank Balances"),
  asset("B-18", "460", "Loans, advances and deposits"),
  asset("B-18", "461", "Less: Accumulated provision against loans"),
);
const assets = total(
  "",
  "TOTAL ASSETS",
  fixed,
  invested,
  working,
  asset("B-19", "470", "Other Assets"),
  asset("B-20", "480", "Miscellaneous Expenditure (to the extent not written off)"),
);
if (liabilities[0] !== assets[0] || liabilities[1] !== assets[1]) throw new Error("the balance sheet does not balance");
out["balance-sheet"] = csv([["schedule", "head", "line", "amount", "previous"], ...sheet]);

// ---------------------------------------------------------------- receipts and payments
const minor = (code) => code.slice(0, 5);
const heads = (rows, take) => {
  const by = new Map();
  for (const r of rows) by.set(minor(r.code), (by.get(minor(r.code)) ?? 0n) + take(r));
  return [...by].filter(([, v]) => v !== 0n).sort(([x], [y]) => (x < y ? -1 : 1));
};
const counter = [...vouchers.values()]
  .filter((v) => v.some((l) => starts(l.code, "450")))
  .flat()
  .filter((l) => !starts(l.code, "450"));
// What funds owe each other is nil in the town: it shows as neither receipt nor payment when all funds are taken together.
const between = sum(counter.filter((l) => starts(l.code, "47020")));
const flows = counter.filter((l) => !starts(l.code, "47020"));
if (between !== 0n) flows.push({ code: "47020", amount: between });
const received = heads(flows.filter((l) => l.amount < 0n), (l) => -l.amount);
const paid = heads(flows.filter((l) => l.amount > 0n), (l) => l.amount);
const isYear = (code) => starts(code, "1", "2") && !starts(code, "272", "290");
const operatingIn = (code) => isYear(code) || starts(code, "431", "432", "440");
const operatingOut = (code) => isYear(code) || starts(code, "35010", "35011", "430", "431", "432", "440");
const cash = [...opening, ...legs].filter((r) => starts(r.code, "450"));
const openCash = heads(opening.filter((r) => starts(r.code, "450")), (r) => r.amount);
const closeCash = heads(cash, (r) => r.amount);
// Where minor heads share a name, what they are a part of is said beside it.
const named = [...chart].filter(([code]) => code.length === 5);
const whole = (code) => {
  const group = chart.get(`${code.slice(0, 4)}0`)?.name ?? "";
  return group.endsWith(" (group)") ? group.slice(0, -8) : chart.get(code.slice(0, 3)).name;
};
const name = (code) => {
  const own = chart.get(code).name;
  return named.some(([c, a]) => c !== code && a.name === own) ? `${own} (${whole(code)})` : own;
};
const rows = (section, list, isReceipt) =>
  list.map(([code, v]) => [section, code, name(code), isReceipt ? rupees(v) : "", isReceipt ? "" : rupees(v)]);
const totalIn = sum([...openCash, ...received], ([, v]) => v);
const totalOut = sum([...paid, ...closeCash], ([, v]) => v);
if (totalIn !== totalOut) throw new Error("receipts and payments do not come to the same total");
out["receipts-payments"] = csv([
  ["section", "code", "line", "receipts", "payments"],
  ...rows("Opening balances", openCash, true),
  ...rows("Operating receipts", received.filter(([c]) => operatingIn(c)), true),
  ...rows("Non-operating receipts", received.filter(([c]) => !operatingIn(c)), true),
  ...rows("Operating payments", paid.filter(([c]) => operatingOut(c)), false),
  ...rows("Non-operating payments", paid.filter(([c]) => !operatingOut(c)), false),
  ...rows("Closing balances", closeCash, false),
  ["Total", "", "TOTAL", rupees(totalIn), rupees(totalOut)],
]);

// ---------------------------------------------------------------- cash flow, indirect: what each movement adds to cash
const plus = (...prefixes) => -moved(...prefixes);
const dr = (...prefixes) => -debitsOf(legs.filter((l) => starts(l.code, ...prefixes)));
const cr = (...prefixes) => creditsOf(legs.filter((l) => starts(l.code, ...prefixes)));
const less = (...prefixes) => -plus(...prefixes);
const operating = [
  ["Gross surplus/(deficit) over expenditure", plus("1", "2") - plus("290")],
  ["Add: Depreciation", less("272")],
  ["Add: Interest & finance expenses", less("240")],
  ["Less: Profit on disposal of assets", less("18030", "27110")],
  ["Less: Dividend income", less("17020")],
  ["Less: Investment income", less("170", "171", "27120", "27130") + plus("17020")],
];
const adjusted = sum(operating, ([, v]) => v);
const changes = [
  ["(Increase)/decrease in Sundry debtors", plus("431", "432")],
  ["(Increase)/decrease in Stock in hand", plus("430")],
  ["(Increase)/decrease in Prepaid expenses", plus("440")],
  [
    "(Increase)/decrease in Other current assets",
    plus("460", "461", "470", "480") - plus("46010", "46020", "46030", "46110"),
  ],
  ["(Decrease)/increase in Deposits received", plus("340")],
  ["(Decrease)/increase in Deposit works", plus("341")],
  ["(Decrease)/increase in Other current liabilities", plus("350") - plus("35012")],
  ["(Decrease)/increase in Provisions", plus("360") - plus("36020")],
  ["Extra-ordinary items", 0n],
];
const fromOperating = adjusted + sum(changes, ([, v]) => v);
const investing = [
  ["(Purchase) of fixed assets & CWIP", dr("410") + cr("411") + plus("412", "272")],
  ["(Increase)/decrease in special funds/grants", plus("310", "312", "320", "290") - plus("29020")],
  ["(Increase)/decrease in earmarked funds", plus("311", "29020")],
  ["(Purchase) of investments", dr("420", "421") + cr("42090", "42190") + plus("27130")],
  ["Add: Proceeds from disposal of assets", cr("410") + dr("411") + plus("18030", "27110")],
  ["Add: Proceeds from disposal of investments", cr("420", "421") - cr("42090", "42190") + plus("17040", "27120")],
  ["Add: Investment income received", plus("170") - plus("17040")],
  ["Add: Interest income received", plus("171")],
];
const fromInvesting = sum(investing, ([, v]) => v);
const financing = [
  ["Add: Loans from banks/others received", cr("330", "331")],
  ["Less: Loans repaid", dr("330", "331")],
  ["Less: Loans & advances to employees (net)", plus("46010", "46020")],
  ["Less: Loans to others (net)", plus("46030", "46110")],
  ["Less: Finance expenses paid", plus("240", "35012", "36020")],
];
const fromFinancing = sum(financing, ([, v]) => v);
const change = fromOperating + fromInvesting + fromFinancing;
if (opened("450") + change !== closed("450")) throw new Error("the cash flow does not come to the closing cash");
const part = (section, list) => list.map(([line, v]) => [section, line, rupees(v)]);
out["cash-flow"] = csv([
  ["section", "line", "amount"],
  ...part("A", operating),
  ["A", "Adjusted income before changes in current assets and liabilities", rupees(adjusted)],
  ...part("A", changes),
  ["A", "Net cash generated from/(used in) operating activities [A]", rupees(fromOperating)],
  ...part("B", investing),
  ["B", "Net cash from investing activities [B]", rupees(fromInvesting)],
  ...part("C", financing),
  ["C", "Net cash from financing activities [C]", rupees(fromFinancing)],
  ["", "Net increase/(decrease) in cash and cash equivalents (A+B+C)", rupees(change)],
  ["", "Cash and cash equivalents at beginning", rupees(opened("450"))],
  [
    "",
    "Cash and cash equivalents at end (cash; bank; scheduled co-op banks; post offices; others)",
    rupees(closed("450")),
  ],
]);

// ---------------------------------------------------------------- function-wise
const byFunction = new Map();
for (const l of legs.filter((r) => starts(r.code, "1", "2"))) {
  const row = byFunction.get(l.function) ?? [0n, 0n];
  if (starts(l.code, "1")) row[0] -= l.amount;
  else row[1] += l.amount;
  byFunction.set(l.function, row);
}
out["function-wise"] = csv([
  ["function", "income", "expenditure", "net"],
  ...[...byFunction].sort(([x], [y]) => (x < y ? -1 : 1)).map(([f, [i, e]]) => [f, rupees(i), rupees(e), rupees(i - e)]),
]);

// ---------------------------------------------------------------- demand, collection, balance: what each kind of voucher of this year is
const yearIn = (text) => /(\d{4}-\d{2})$/.exec(text)?.[1];
const isReceivable = (code) => starts(code, "431") && !starts(code, "43180", "43191", "43192", "43199");
const dcb = new Map();
const yearRow = (year) => {
  if (!dcb.has(year)) dcb.set(year, { opening: 0n, demand: 0n, collected: 0n, reduced: 0n });
  return dcb.get(year);
};
for (const o of opening) if (isReceivable(o.code) && yearIn(o.subledger)) yearRow(yearIn(o.subledger)).opening += o.amount;
for (const v of vouchers.values()) {
  const has = (amountSign, ...prefixes) => v.some((l) => starts(l.code, ...prefixes) && (amountSign > 0 ? l.amount > 0n : l.amount < 0n));
  const rebate = sum(v.filter((l) => starts(l.code, "11090") && l.amount > 0n));
  for (const l of v) {
    const year = yearIn(l.subledger);
    if (!isReceivable(l.code) || !year) continue;
    const row = yearRow(year);
    if (l.type === "Journal" && l.amount > 0n && has(-1, "1", "280")) row.demand += l.amount;
    else if (l.type === "Journal" && l.amount < 0n && has(1, "11090", "280", "432")) row.reduced -= l.amount;
    else if (l.type === "Receipt" && rebate > 0n && year === "2025-26") {
      row.reduced += rebate;
      row.collected += -l.amount - rebate;
    } else row.collected -= l.amount; // receipts, advances and suspense adjusted; returned cheques and over-payments take it back
  }
}
out["dcb"] = csv([
  [
    "demand_year",
    "opening_balance",
    "demand_raised_in_year",
    "total_demand",
    "collected_incl_advance_adjusted",
    "rebate_remission_writeoff",
    "closing_balance",
  ],
  ...[...dcb]
    .sort(([x], [y]) => (x < y ? -1 : 1))
    .map(([year, r]) => [
      year,
      ...[r.opening, r.demand, r.opening + r.demand, r.collected, r.reduced, r.opening + r.demand - r.collected - r.reduced].map(rupees),
    ]),
]);

// ---------------------------------------------------------------- ageing
const kinds = [
  ["Property tax", ["43110"], "43191", [25n, 50n, 75n, 100n]],
  ["Other taxes", ["43119"], "43199", [50n, 100n, 100n, 100n]],
  ["Cess", ["43120"], undefined, [50n, 100n, 100n, 100n]],
  ["Fees and user charges", ["43130"], undefined, [50n, 100n, 100n, 100n]],
  ["Water charges", ["4313001"], "43192", [50n, 100n, 100n, 100n]],
  ["Trade licence", ["4313002"], undefined, [50n, 100n, 100n, 100n]],
  ["Other receivables", ["43140"], undefined, [50n, 100n, 100n, 100n]],
  ["Rent", ["4314001", "4314005"], undefined, [50n, 100n, 100n, 100n]],
];
const kindOf = (code) => {
  let best;
  for (const k of kinds)
    for (const p of k[1]) if (code.startsWith(p) && p.length > (best?.[0] ?? 0)) best = [p.length, k];
  return best?.[1];
};
const half = (amount, percent) => (amount * percent * 2n + 100n) / 200n;
const aged = [];
for (const kind of kinds) {
  const years = new Map();
  for (const r of [...opening, ...legs]) {
    const year = yearIn(r.subledger);
    if (year && kindOf(r.code) === kind) years.set(year, (years.get(year) ?? 0n) + r.amount);
  }
  const own = [...years].filter(([, v]) => v !== 0n).sort(([x], [y]) => (x < y ? -1 : 1));
  // The control head names no year here: its balance is shared in proportion, largest remainder first.
  const held = kind[2] === undefined ? 0n : -closed(kind[2]);
  const gross = sum(own, ([, v]) => (v > 0n ? v : 0n));
  const share = own.map(([, v]) => (gross === 0n ? 0n : (held * (v > 0n ? v : 0n)) / gross));
  const rest = own.map(([, v], i) => [gross === 0n ? 0n : (held * (v > 0n ? v : 0n)) % gross, i]);
  let left = gross === 0n ? 0n : held - share.reduce((x, y) => x + y, 0n);
  for (const [, i] of rest.sort((x, y) => (x[0] === y[0] ? x[1] - y[1] : x[0] > y[0] ? -1 : 1))) {
    if (left === 0n) break;
    share[i] += 1n;
    left -= 1n;
  }
  own.forEach(([year, v], i) => {
    const age = 2025 - Number(year.slice(0, 4));
    const rate = age < 2 ? 0n : kind[3][Math.min(age, 5) - 2];
    aged.push([kind[0], year, String(age), ...[v, share[i], v - share[i]].map(rupees), String(rate), rupees(half(v, rate)), rupees(half(share[i], rate))]);
  });
}
out["ageing"] = csv([
  [
    "revenue",
    "demand_year",
    "years_old",
    "gross_outstanding",
    "state_cess_inside",
    "own_share",
    "rate_percent",
    "provision_gross",
    "provision_cess_share",
  ],
  ...aged,
]);

let differ = 0;
for (const [report, text] of Object.entries(out)) {
  const file = path.join(here, `${report}.csv`);
  if (!process.argv.includes("--check")) writeFileSync(file, text);
  else if (readFileSync(file, "utf8") !== text) {
    console.error(`${report}.csv is not what the vouchers say`);
    differ += 1;
  }
}
process.exitCode = differ === 0 ? 0 : 1;
