-- Days on which a bank is closed beside Sundays, second and fourth Saturdays and the national holidays; windows of matching count working days.
create table reconciliation.bank_holidays (
  ulb_id integer not null,
  -- The name of a bank as its accounts have it; empty: all banks of the ULB.
  bank text not null,
  day date not null,
  name text not null,
  created_by text not null,
  created_at timestamptz not null,
  constraint bank_holiday_is_declared_once primary key (ulb_id, bank, day),
  constraint bank_holiday_has_a_name check (name <> '')
);
call kernel.protect('reconciliation.bank_holidays');

-- The references and slips that a match rests on. What arrives later with one of them is weighed together with the match, so that the order in
-- which files come does not decide who is matched.
create table reconciliation.match_proofs (
  ulb_id integer not null,
  account text collate "C" not null,
  proof text collate "C" not null,
  match_id uuid not null,
  -- No foreign key: a proof is only ever read together with its match, and a check per row would cost a tenth of the writing.
  constraint proof_is_named_once primary key (ulb_id, account, proof, match_id)
);
call kernel.protect_append_only('reconciliation.match_proofs');

-- Nothing asks for all live legs of an account; the opening has an index of its own.
drop index reconciliation.live_legs_by_account;

-- Matches by part of a reference and by the rest of a deposit are few, and contested by amount.
create index weak_matches on reconciliation.matches (ulb_id, account, pass) where pass in ('P2', 'P6');
