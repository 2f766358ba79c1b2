import { audit } from "../kernel/audit.ts";
import { dateInIndia } from "../kernel/dates.ts";
import type { Read, Tx } from "../kernel/tx.ts";
import { getAccount } from "../balances.ts";
import { ledgerErrors } from "../errors.ts";
import { DEFAULT_POSTING_MAP, POSTING_KEYS, postingAccount, type PostingKey } from "../posting-map.ts";
import { masterErrors } from "./errors.ts";
import { reasonOf } from "./history.ts";

export type MappedKey = {
  readonly key: PostingKey;
  /** What the rule books there. */
  readonly description: string;
  readonly account: string | null;
  readonly accountName: string | null;
  /** The head of NMAM that a new ULB gets. */
  readonly standard: string;
};

/** Every key of the posting map with the account that it has in this ULB; null where none is set. */
export async function listPostingMap(read: Read): Promise<MappedKey[]> {
  const rows = await read.query<{ key: string; account: string; name: string }>(
    `select m.key, m.account, a.name from ledger.posting_map m
     join ledger.accounts a on a.ulb_id = m.ulb_id and a.code = m.account
     where m.ulb_id = :ulb`,
    { ulb: read.ulb.id },
  );
  const found = new Map(rows.map((r) => [r.key, r]));
  return (Object.keys(DEFAULT_POSTING_MAP) as PostingKey[]).map((key) => ({
    key,
    description: POSTING_KEYS[key],
    account: found.get(key)?.account ?? null,
    accountName: found.get(key)?.name ?? null,
    standard: DEFAULT_POSTING_MAP[key],
  }));
}

export const isPostingKey = (key: string): key is PostingKey => Object.hasOwn(DEFAULT_POSTING_MAP, key);

/**
 * Lets a posting rule of this ULB use another account from now on; what is posted stays where it is. It must be a detailed head in use, of
 * the same type as before. Raises ACCOUNT_NOT_FOUND, ACCOUNT_NOT_POSTING, ACCOUNT_INACTIVE, MASTER_DETAILS, REASON_MISSING.
 */
export async function setPostingAccount(tx: Tx, key: PostingKey, account: string, reason: string): Promise<void> {
  const what = `posting map "${key}"`;
  const why = reasonOf(what, reason);
  if (!isPostingKey(key)) throw masterErrors.MASTER_UNKNOWN({ what });
  const [now] = await tx.query<{ account: string }>(
    "select account from ledger.posting_map where ulb_id = :ulb and key = :key for update",
    { ulb: tx.ulb.id, key },
  );
  const next = await usableAccount(tx, account, what);
  // What stands for cash goes to a cash head, what stands for a liability to a liability: the rules rely on it.
  const like = now === undefined ? undefined : await getAccount(tx, now.account);
  if (like && (like.type !== next.type || like.isCashBank !== next.isCashBank)) {
    throw masterErrors.MASTER_DETAILS({
      what,
      problems: [
        `${next.code} is ${kindOf(next)}, ${like.code} is ${kindOf(like)}; the rule needs one of the same kind`,
      ],
    });
  }
  await tx.query(
    `insert into ledger.posting_map as m (ulb_id, key, account) values (:ulb, :key, :account)
     on conflict (ulb_id, key) do update set account = :account, changed_from = :today, change_reason = :reason`,
    { ulb: tx.ulb.id, key, account, today: dateInIndia(tx.clock()), reason: why },
  );
  await audit(tx, {
    action: "change",
    subject: "posting-map",
    subjectId: key,
    before: { account: now?.account ?? null },
    after: { account: await postingAccount(tx, key) },
    reason: why,
  });
}

type Kind = { readonly type: string; readonly isCashBank: boolean };
const kindOf = (a: Kind): string => (a.isCashBank ? "cash or bank" : a.type);

async function usableAccount(tx: Tx, code: string, what: string) {
  const account = await getAccount(tx, code);
  if (!account.isPosting) throw ledgerErrors.ACCOUNT_NOT_POSTING({ what, account: code });
  if (!account.isActive) throw ledgerErrors.ACCOUNT_INACTIVE({ what, account: code });
  return account;
}

/** Where this ULB departs from the template of an event: leg -> account. A leg that is missing uses the template's account. */
export async function eventAccounts(read: Read, ruleId: string): Promise<Map<number, string>> {
  const rows = await read.query<{ leg: number; account: string }>(
    "select leg, account from ledger.event_accounts where ulb_id = :ulb and rule_id = :rule_id order by leg",
    { ulb: read.ulb.id, rule_id: ruleId },
  );
  return new Map(rows.map((r) => [r.leg, r.account]));
}

export type EventAccount = {
  readonly ruleId: string;
  readonly leg: number;
  readonly account: string;
  readonly accountName: string;
};

/** All legs of events that this ULB books elsewhere than the templates; at most 1,000. */
export async function listEventAccounts(read: Read): Promise<EventAccount[]> {
  return read.query<EventAccount>(
    `select e.rule_id as "ruleId", e.leg, e.account, a.name as "accountName" from ledger.event_accounts e
     join ledger.accounts a on a.ulb_id = e.ulb_id and a.code = e.account
     where e.ulb_id = :ulb order by e.rule_id, e.leg limit 1000`,
    { ulb: read.ulb.id },
  );
}

/**
 * Lets one leg of an event (a rule of posting_rules, legs count from 1) use another account in this ULB.
 * Raises ACCOUNT_NOT_FOUND, ACCOUNT_NOT_POSTING, ACCOUNT_INACTIVE, MASTER_DETAILS, REASON_MISSING.
 */
export async function setEventAccount(
  tx: Tx,
  ruleId: string,
  leg: number,
  account: string,
  reason: string,
): Promise<void> {
  const what = `event ${ruleId.slice(0, 40)} leg ${leg}`;
  const why = reasonOf(what, reason);
  const problems = [
    ...(/^[A-Z0-9][A-Z0-9-]{0,29}$/.test(ruleId) ? [] : ["an event is named like PT-01"]),
    ...(Number.isInteger(leg) && leg >= 1 && leg <= 99 ? [] : ["legs are counted from 1"]),
  ];
  if (problems.length > 0) throw masterErrors.MASTER_DETAILS({ what, problems });
  await usableAccount(tx, account, what);
  const before = (await eventAccounts(tx, ruleId)).get(leg) ?? null;
  await tx.query(
    `insert into ledger.event_accounts as e (ulb_id, rule_id, leg, account) values (:ulb, :rule_id, :leg, :account)
     on conflict (ulb_id, rule_id, leg) do update set account = :account, changed_from = :today, change_reason = :reason`,
    { ulb: tx.ulb.id, rule_id: ruleId, leg, account, today: dateInIndia(tx.clock()), reason: why },
  );
  await audit(tx, {
    action: "change",
    subject: "event-account",
    subjectId: `${ruleId}/${leg}`,
    before: { account: before },
    after: { account },
    reason: why,
  });
}
