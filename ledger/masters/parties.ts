import { audit, type Json } from "../kernel/audit.ts";
import { dateInIndia, type LocalDate } from "../kernel/dates.ts";
import type { Read, Tx } from "../kernel/tx.ts";
import { masterErrors } from "./errors.ts";
import { asOnDay, changeDay, nameProblems, reasonOf, type Change } from "./history.ts";
import {
  accountNumberProblem,
  emailProblem,
  gstinProblem,
  ifscProblem,
  mobileProblem,
  panProblem,
} from "./party-checks.ts";

export const PARTY_TYPES = ["contractor", "supplier", "employee", "bank-account", "other"] as const;
export type PartyType = (typeof PARTY_TYPES)[number];
export type PartyStatus = "active" | "suspended" | "blacklisted";

export type PartyDetails = {
  readonly name: string;
  readonly nameLocal?: string | undefined;
  readonly pan?: string | undefined;
  readonly gstin?: string | undefined;
  readonly bankAccount?: string | undefined;
  readonly bankIfsc?: string | undefined;
  readonly bankName?: string | undefined;
  readonly address?: string | undefined;
  readonly mobile?: string | undefined;
  readonly email?: string | undefined;
  /** What else is known of it. Amounts in it are text. */
  readonly details?: Readonly<Record<string, Json>> | undefined;
};

export type PartyInput = PartyDetails & {
  readonly type: PartyType;
  /** The short code that will stand on lines ("C-0012"); the next free number of the type when not said. */
  readonly id?: string | undefined;
  /** Today when not said. */
  readonly validFrom?: LocalDate | undefined;
};

/** Somebody whom the ULB owes or pays; `type` and `id` stand on the lines of the books. */
export type Party = {
  readonly type: PartyType;
  readonly id: string;
  readonly name: string;
  readonly nameLocal: string | null;
  readonly status: PartyStatus;
  /** Since when and why it is suspended or blacklisted. */
  readonly statusFrom: LocalDate | null;
  readonly statusReason: string | null;
  readonly validFrom: LocalDate;
  readonly validTo: LocalDate | null;
  readonly pan: string | null;
  readonly gstin: string | null;
  readonly bankAccount: string | null;
  readonly bankIfsc: string | null;
  readonly bankName: string | null;
  readonly address: string | null;
  readonly mobile: string | null;
  readonly email: string | null;
  readonly details: Readonly<Record<string, Json>>;
};

const COLUMNS = `d.party_type as type, d.party_id as id, d.name, d.name_local as "nameLocal", d.status, d.status_from as "statusFrom",
  d.status_reason as "statusReason", d.valid_from as "validFrom", d.valid_to as "validTo", d.pan, d.gstin, d.bank_account as "bankAccount",
  d.bank_ifsc as "bankIfsc", d.bank_name as "bankName", d.address, d.mobile, d.email, d.details`;
const PREFIX: Record<PartyType, string> = {
  contractor: "C",
  supplier: "S",
  employee: "E",
  "bank-account": "B",
  other: "O",
};
const MASTER = "parties";
const ON_DAY = asOnDay("parties", MASTER, "t.party_type || '/' || t.party_id");

const tidy = (value: string | undefined): string | undefined => {
  const text = value?.trim();
  return text ? text : undefined;
};
const tidyCode = (value: string | undefined): string | undefined => tidy(value)?.replace(/\s/g, "").toUpperCase();

/** The details as they are kept: codes in capitals without spaces. Raises PARTY_DETAILS with everything that is wrong. */
export function checkedDetails(input: PartyDetails): PartyDetails {
  const pan = tidyCode(input.pan);
  const gstin = tidyCode(input.gstin);
  const ifsc = tidyCode(input.bankIfsc);
  const account = tidyCode(input.bankAccount);
  const mobile = tidy(input.mobile)?.replace(/[\s-]/g, "");
  const email = tidy(input.email);
  const problems = [
    ...nameProblems(input.name),
    pan && panProblem(pan),
    gstin && gstinProblem(gstin, pan),
    ifsc && ifscProblem(ifsc),
    account && accountNumberProblem(account),
    mobile && mobileProblem(mobile),
    email && emailProblem(email),
  ].filter((p) => typeof p === "string" && p !== "");
  if (problems.length > 0)
    throw masterErrors.PARTY_DETAILS({ name: input.name.trim().slice(0, 60), problems: problems as string[] });
  return {
    name: input.name.trim(),
    nameLocal: tidy(input.nameLocal),
    pan,
    gstin,
    bankAccount: account,
    bankIfsc: ifsc,
    bankName: tidy(input.bankName),
    address: tidy(input.address),
    mobile,
    email,
    details: input.details,
  };
}

const columnsOf = (d: PartyDetails): Record<string, unknown> => ({
  name: d.name,
  name_local: d.nameLocal ?? null,
  pan: d.pan ?? null,
  gstin: d.gstin ?? null,
  bank_account: d.bankAccount ?? null,
  bank_ifsc: d.bankIfsc ?? null,
  bank_name: d.bankName ?? null,
  address: d.address ?? null,
  mobile: d.mobile ?? null,
  email: d.email ?? null,
});

/**
 * Adds a party. Its code is its own for ever, also after it leaves. Raises PARTY_EXISTS, PARTY_DETAILS (everything that is wrong).
 * The same PAN or bank account may belong to another party; ask `similarParties` before.
 */
export async function addParty(tx: Tx, input: PartyInput): Promise<Party> {
  const details = checkedDetails(input);
  const id = tidyCode(input.id) ?? (await nextCode(tx, input.type));
  if (!/^[A-Z0-9][A-Z0-9./-]{0,29}$/.test(id)) {
    throw masterErrors.PARTY_DETAILS({
      name: details.name,
      problems: [`its code "${id.slice(0, 40)}" must have 1 to 30 letters, digits, points, slashes or hyphens`],
    });
  }
  const today = dateInIndia(tx.clock());
  const added = await tx.query(
    `insert into ledger.parties (ulb_id, party_type, party_id, name, name_local, valid_from, pan, gstin, bank_account, bank_ifsc, bank_name,
       address, mobile, email, details, created_at, created_by)
     values (:ulb, :party_type, :party_id, :name, :name_local, :valid_from, :pan, :gstin, :bank_account, :bank_ifsc, :bank_name,
       :address, :mobile, :email, :details, :now, :actor)
     on conflict do nothing returning 1`,
    {
      ulb: tx.ulb.id,
      party_type: input.type,
      party_id: id,
      ...columnsOf(details),
      valid_from: input.validFrom ?? today,
      details: JSON.stringify(details.details ?? {}),
      now: tx.clock(),
      actor: tx.actor.id,
    },
  );
  if (added.length === 0) {
    const there = await getParty(tx, input.type, id);
    throw masterErrors.PARTY_EXISTS({ type: input.type, id, name: there.name });
  }
  await audit(tx, { action: "add", subject: "party", subjectId: `${input.type}/${id}`, after: { name: details.name } });
  return getParty(tx, input.type, id);
}

async function nextCode(tx: Tx, type: PartyType): Promise<string> {
  await tx.query("select pg_advisory_xact_lock(7244011, :ulb::integer)", { ulb: tx.ulb.id });
  const row = await tx.queryOne<{ last: number }>(
    `select coalesce(max(substr(party_id, 3)::integer), 0) as last from ledger.parties
     where ulb_id = :ulb and party_type = :party_type and party_id ~ :form`,
    { ulb: tx.ulb.id, party_type: type, form: `^${PREFIX[type]}-[0-9]{1,8}$` },
  );
  return `${PREFIX[type]}-${String((row?.last ?? 0) + 1).padStart(4, "0")}`;
}

/** Raises PARTY_UNKNOWN. With `onDay`, as it was on that day. */
export async function getParty(read: Read, type: PartyType, id: string, onDay?: LocalDate): Promise<Party> {
  const party = await read.queryOne<Party>(
    `select ${COLUMNS} from ${onDay === undefined ? "ledger.parties d" : ON_DAY}
     where ${onDay === undefined ? "d" : "t"}.ulb_id = :ulb and d.party_type = :party_type and d.party_id = :party_id`,
    { ulb: read.ulb.id, party_type: type, party_id: id, ...(onDay === undefined ? {} : { on_day: onDay }) },
  );
  if (!party) throw masterErrors.PARTY_UNKNOWN({ type, id: id.slice(0, 40) });
  return party;
}

/** A party to whom something may be passed or paid on a day. Raises PARTY_UNKNOWN, PARTY_BARRED (suspended, blacklisted, or gone). */
export async function getPayableParty(read: Read, type: PartyType, id: string, day: LocalDate): Promise<Party> {
  const party = await getParty(read, type, id);
  const then = await getParty(read, type, id, day);
  const gone = then.validTo !== null && then.validTo < day;
  if (then.status !== "active" || gone) {
    throw masterErrors.PARTY_BARRED({
      id,
      name: party.name,
      status: gone ? "no longer a party" : then.status,
      from: (gone ? then.validTo : then.statusFrom) ?? day,
      reason: then.statusReason ?? "it left",
    });
  }
  return party;
}

/**
 * Parties in order of name, at most `limit` (200) from `offset`. `search` finds a part of the name, or the beginning of a code, PAN, GSTIN or
 * mobile number. With `onDay`, those who were parties on that day, as they were then.
 */
export async function listParties(
  read: Read,
  options: {
    readonly type?: PartyType | undefined;
    readonly search?: string | undefined;
    readonly status?: PartyStatus | undefined;
    readonly onDay?: LocalDate | undefined;
    readonly limit?: number | undefined;
    readonly offset?: number | undefined;
  } = {},
): Promise<Party[]> {
  const { type, status, onDay } = options;
  const search = options.search?.trim() ?? "";
  const escaped = search.replace(/[\\%_]/g, "\\$&");
  return read.query<Party>(
    `select ${COLUMNS} from ${onDay === undefined ? "ledger.parties d" : ON_DAY}
     where ${onDay === undefined ? "d" : "t"}.ulb_id = :ulb
       ${type === undefined ? "" : "and d.party_type = :party_type"}
       ${status === undefined ? "" : "and d.status = :status"}
       ${onDay === undefined ? "" : "and d.valid_from <= :on_day::date and (d.valid_to is null or d.valid_to >= :on_day::date)"}
       ${search === "" ? "" : "and (d.name ilike :part or d.name_local ilike :part or d.party_id ilike :start or d.pan ilike :start or d.gstin ilike :start or d.mobile ilike :start)"}
     order by lower(d.name), d.party_type, d.party_id
     limit :row_limit offset :row_offset`,
    {
      ulb: read.ulb.id,
      ...(type === undefined ? {} : { party_type: type }),
      ...(status === undefined ? {} : { status }),
      ...(onDay === undefined ? {} : { on_day: onDay }),
      ...(search === "" ? {} : { part: `%${escaped}%`, start: `${escaped}%` }),
      row_limit: Math.min(options.limit ?? 200, 200),
      row_offset: options.offset ?? 0,
    },
  );
}

/** Parties with the same PAN, GSTIN or bank account: perhaps the same one under another code. At most 20. */
export async function similarParties(
  read: Read,
  details: Pick<PartyDetails, "pan" | "gstin" | "bankAccount">,
): Promise<Party[]> {
  const pan = tidyCode(details.pan);
  const gstin = tidyCode(details.gstin);
  const account = tidyCode(details.bankAccount);
  if (pan === undefined && gstin === undefined && account === undefined) return [];
  return read.query<Party>(
    `select ${COLUMNS} from ledger.parties d
     where d.ulb_id = :ulb and (d.pan = :pan or d.gstin = :gstin or d.bank_account = :bank_account)
     order by d.party_type, d.party_id limit 20`,
    { ulb: read.ulb.id, pan: pan ?? null, gstin: gstin ?? null, bank_account: account ?? null },
  );
}

/** Replaces the details of a party from a day on. Raises PARTY_UNKNOWN, PARTY_DETAILS, REASON_MISSING, MASTER_AHEAD, MASTER_BACKDATED. */
export async function changeParty(
  tx: Tx,
  type: PartyType,
  id: string,
  details: PartyDetails,
  change: Change,
): Promise<Party> {
  const checked = checkedDetails(details);
  return changed(tx, type, id, "change", change, {
    ...columnsOf(checked),
    ...(checked.details === undefined ? {} : { details: JSON.stringify(checked.details) }),
  });
}

/**
 * Suspends or blacklists a party, or makes it active again, from a day on and with a reason that stays on record.
 * Raises PARTY_UNKNOWN, REASON_MISSING, MASTER_AHEAD, MASTER_BACKDATED.
 */
export async function setPartyStatus(
  tx: Tx,
  type: PartyType,
  id: string,
  status: PartyStatus,
  change: Change,
): Promise<Party> {
  const from = change.from ?? dateInIndia(tx.clock());
  const action = status === "active" ? "activate" : status === "suspended" ? "suspend" : "blacklist";
  return changed(tx, type, id, action, change, {
    status,
    status_from: status === "active" ? null : from,
    status_reason: status === "active" ? null : change.reason.trim(),
  });
}

/** The last day on which it is a party; undefined takes it back. Raises like `changeParty`. */
export async function setPartyEnd(
  tx: Tx,
  type: PartyType,
  id: string,
  lastDay: LocalDate | undefined,
  change: Change,
): Promise<Party> {
  const party = await getParty(tx, type, id);
  if (lastDay !== undefined && lastDay < party.validFrom) {
    throw masterErrors.PARTY_DETAILS({
      name: party.name,
      problems: [`it came on ${party.validFrom} and cannot leave on ${lastDay}`],
    });
  }
  return changed(tx, type, id, lastDay === undefined ? "reopen" : "close", change, { valid_to: lastDay ?? null });
}

async function changed(
  tx: Tx,
  type: PartyType,
  id: string,
  action: string,
  change: Change,
  columns: Record<string, unknown>,
): Promise<Party> {
  await tx.query(
    "select 1 from ledger.parties where ulb_id = :ulb and party_type = :party_type and party_id = :party_id for update",
    { ulb: tx.ulb.id, party_type: type, party_id: id },
  );
  const before = await getParty(tx, type, id);
  const what = `${type} ${id}`;
  const reason = reasonOf(`a change of ${what}`, change.reason);
  const from = await changeDay(tx, what, MASTER, `${type}/${id}`, change.from);
  await tx.query(
    `update ledger.parties set ${Object.keys(columns)
      .map((c) => `${c} = :${c}`)
      .join(", ")}, changed_from = :changed_from, change_reason = :change_reason
     where ulb_id = :ulb and party_type = :party_type and party_id = :party_id`,
    { ulb: tx.ulb.id, party_type: type, party_id: id, ...columns, changed_from: from, change_reason: reason },
  );
  const after = await getParty(tx, type, id);
  await audit(tx, {
    action,
    subject: "party",
    subjectId: `${type}/${id}`,
    before: plain(before),
    after: plain(after),
    reason,
  });
  return after;
}

const plain = ({ type: _type, id: _id, ...rest }: Party): Json => rest;
