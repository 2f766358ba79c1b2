-- Did it reach the bank: gateway settlements, bank statements, and the matches between statement lines and the bank book.
create schema reconciliation;
grant usage on schema reconciliation to nagarkosh_app, nagarkosh_batch;

create table reconciliation.bank_accounts (
  ulb_id integer not null,
  account text collate "C" not null,
  bank text not null,
  branch text not null,
  name text not null,
  -- Only the masked number is kept; the statement's own last digits are compared with it.
  number_masked text not null,
  fund text collate "C" not null,
  -- Bank profile of its statements; null: recognised by the header.
  profile text,
  created_by text not null,
  created_at timestamptz not null,
  primary key (ulb_id, account),
  constraint bank_account_is_a_head_of_the_chart foreign key (ulb_id, account) references ledger.accounts (ulb_id, code),
  constraint bank_account_number_is_masked check (number_masked ~ '^[X*]*[0-9]{4}$')
);
call kernel.protect('reconciliation.bank_accounts');

-- ---------------------------------------------------------------- gateway settlements

create table reconciliation.settlements (
  ulb_id integer not null,
  settlement_id text collate "C" not null,
  status text not null,
  amount ledger.paise not null,
  utr text,
  settled_on date not null,
  -- The figures that were proved, once booked: gross − refunds − fee − tax = amount.
  payments integer,
  gross ledger.paise,
  refunds ledger.paise,
  fee ledger.paise,
  tax ledger.paise,
  entry_id bigint,
  -- Where its net stands: settlements in transit, or the bank account itself.
  transit_account text collate "C",
  arrival_match_id uuid,
  arrived_on date,
  recorded_at timestamptz not null,
  primary key (ulb_id, settlement_id),
  constraint settlement_status_is_known check (status in ('exception', 'booked')),
  constraint booked_settlement_is_proved check (status <> 'booked' or (entry_id is not null and gross - refunds - fee - tax = amount)),
  constraint only_a_booked_settlement_arrives check (arrival_match_id is null or status = 'booked'),
  constraint settlement_arrives_on_a_day check ((arrival_match_id is null) = (arrived_on is null))
);
create index settlements_in_transit on reconciliation.settlements (ulb_id, settled_on) where status = 'booked' and arrival_match_id is null;
create index settlements_by_arrival on reconciliation.settlements (ulb_id, arrival_match_id) where arrival_match_id is not null;
call kernel.protect('reconciliation.settlements');

create table reconciliation.settlement_items (
  ulb_id integer not null,
  settlement_id text collate "C" not null,
  entity_id text collate "C" not null,
  type text not null,
  debit ledger.paise not null,
  credit ledger.paise not null,
  amount ledger.paise not null,
  fee ledger.paise not null,
  tax ledger.paise not null,
  payment_id text collate "C",
  order_receipt text,
  method text,
  primary key (ulb_id, settlement_id, entity_id),
  constraint item_belongs_to_a_settlement foreign key (ulb_id, settlement_id)
    references reconciliation.settlements (ulb_id, settlement_id)
);
create index settlement_items_by_payment on reconciliation.settlement_items (ulb_id, payment_id) where payment_id is not null;
call kernel.protect_append_only('reconciliation.settlement_items');

-- What does not add up waits here with its figures until a person, or a later import, settles it.
create table reconciliation.exceptions (
  ulb_id integer not null,
  exception_id uuid not null,
  subject text not null,
  subject_id text not null,
  kind text not null,
  message text not null,
  facts jsonb not null,
  opened_at timestamptz not null,
  closed_at timestamptz,
  closed_by text,
  resolution text,
  primary key (ulb_id, exception_id),
  constraint closed_exception_says_how check ((closed_at is null) = (resolution is null))
);
create unique index exception_open_once on reconciliation.exceptions (ulb_id, subject, subject_id) where closed_at is null;
call kernel.protect('reconciliation.exceptions');

-- ---------------------------------------------------------------- bank statements

create table reconciliation.statement_files (
  ulb_id integer not null,
  file_id uuid not null,
  account text collate "C" not null,
  file_name text not null,
  sha256 text collate "C" not null,
  bytes bytea not null,
  imported_by text not null,
  imported_at timestamptz not null,
  primary key (ulb_id, file_id),
  constraint file_is_imported_once unique (ulb_id, account, sha256),
  constraint file_is_of_a_bank_account foreign key (ulb_id, account) references reconciliation.bank_accounts (ulb_id, account)
);
call kernel.protect_append_only('reconciliation.statement_files');

create table reconciliation.statements (
  ulb_id integer not null,
  statement_id uuid not null,
  account text collate "C" not null,
  file_id uuid not null,
  profile text not null,
  from_date date not null,
  -- The last day it covers: its last line, or the day its page names.
  to_date date not null,
  opening ledger.paise not null,
  closing ledger.paise not null,
  lines_in_file integer not null,
  lines_added integer not null,
  primary key (ulb_id, statement_id),
  constraint statement_is_of_a_file foreign key (ulb_id, file_id) references reconciliation.statement_files (ulb_id, file_id),
  constraint statement_runs_forward check (from_date <= to_date)
);
create index statements_by_account on reconciliation.statements (ulb_id, account, to_date);
call kernel.protect_append_only('reconciliation.statements');

create table reconciliation.bank_lines (
  ulb_id integer not null,
  line_id uuid not null,
  account text collate "C" not null,
  statement_id uuid not null,
  file_line integer not null,
  -- Lines of an account form one chain: each balance is the one before it plus the amount.
  position bigint not null,
  posted_on date not null,
  -- The day from which it counts in the chain: posted_on, and never before the line ahead of it.
  booked_on date not null,
  value_date date not null,
  amount ledger.paise not null,
  balance ledger.paise not null,
  narration text not null,
  reference text not null,
  -- SHA-256 over account, dates, amount, narration, reference and balance; equal lines are told apart by their occurrence.
  fingerprint text collate "C" not null,
  occurrence integer not null,
  primary key (ulb_id, line_id),
  constraint line_is_stored_once unique (ulb_id, account, fingerprint, occurrence),
  constraint line_has_one_place_in_the_chain unique (ulb_id, account, position),
  constraint line_moves_money check (amount <> 0),
  constraint line_is_of_a_statement foreign key (ulb_id, statement_id) references reconciliation.statements (ulb_id, statement_id)
);
create index bank_lines_by_day on reconciliation.bank_lines (ulb_id, account, booked_on, position);
call kernel.protect_append_only('reconciliation.bank_lines');

-- ---------------------------------------------------------------- matches

-- A match is never changed or deleted: un-matching is a record of its own that names it.
create table reconciliation.matches (
  ulb_id integer not null,
  match_id uuid not null,
  account text collate "C" not null,
  pass text not null,
  rules text not null,
  evidence text not null,
  -- The entry that this match posted (arrival of a settlement, a bank charge); un-matching reverses it.
  entry_id bigint,
  reverses_match_id uuid,
  reason text,
  made_by text not null,
  made_at timestamptz not null,
  primary key (ulb_id, match_id),
  constraint match_is_of_a_bank_account foreign key (ulb_id, account) references reconciliation.bank_accounts (ulb_id, account),
  constraint reversed_match_exists foreign key (ulb_id, reverses_match_id) references reconciliation.matches (ulb_id, match_id),
  constraint unmatching_has_a_reason check ((reverses_match_id is null) = (reason is null))
);
create unique index match_is_reversed_once on reconciliation.matches (ulb_id, reverses_match_id) where reverses_match_id is not null;
create index matches_by_account on reconciliation.matches (ulb_id, account, made_at);
call kernel.protect_append_only('reconciliation.matches');

create table reconciliation.match_legs (
  ulb_id integer not null,
  match_id uuid not null,
  leg_no integer not null,
  account text collate "C" not null,
  kind text not null,
  line_id uuid,
  entry_id bigint,
  line_no smallint,
  amount ledger.paise not null,
  on_date date not null,
  primary key (ulb_id, match_id, leg_no),
  constraint leg_is_of_a_match foreign key (ulb_id, match_id) references reconciliation.matches (ulb_id, match_id),
  constraint leg_names_a_line foreign key (ulb_id, line_id) references reconciliation.bank_lines (ulb_id, line_id),
  constraint leg_names_an_item foreign key (ulb_id, entry_id, line_no) references ledger.lines (ulb_id, entry_id, line_no),
  constraint leg_is_one_thing check (
    case kind
      when 'line' then line_id is not null and entry_id is null and line_no is null
      when 'item' then line_id is null and entry_id is not null and line_no is not null
      when 'opening' then line_id is null and entry_id is null and line_no is null
      else false
    end
  )
);
call kernel.protect_append_only('reconciliation.match_legs');

-- The legs of a match are inserted by one statement, and they balance: what the bank shows is what the book shows.
create function reconciliation.refuse_unbalanced_match() returns trigger
language plpgsql
as $$
declare
  bad record;
begin
  select l.match_id, sum(case when l.kind = 'item' then -l.amount else l.amount end) as difference
  into bad
  from new_legs l
  group by l.ulb_id, l.match_id
  having sum(case when l.kind = 'item' then -l.amount else l.amount end) <> 0
  limit 1;
  if found then
    raise exception 'match % does not balance: lines less items is % paise', bad.match_id, bad.difference using errcode = 'check_violation';
  end if;
  return null;
end
$$;
create trigger match_balances after insert on reconciliation.match_legs
  referencing new table as new_legs
  for each statement execute function reconciliation.refuse_unbalanced_match();

-- Which lines and items are in a live match: each at most once. Un-matching takes its rows away; the history stays in match_legs.
create table reconciliation.live_legs (
  ulb_id integer not null,
  match_id uuid not null,
  leg_no integer not null,
  account text collate "C" not null,
  kind text not null,
  line_id uuid,
  entry_id bigint,
  line_no smallint,
  amount ledger.paise not null,
  on_date date not null,
  primary key (ulb_id, match_id, leg_no),
  constraint live_leg_is_a_leg foreign key (ulb_id, match_id, leg_no) references reconciliation.match_legs (ulb_id, match_id, leg_no)
);
create unique index line_is_in_one_live_match on reconciliation.live_legs (ulb_id, line_id) where line_id is not null;
create unique index item_is_in_one_live_match on reconciliation.live_legs (ulb_id, entry_id, line_no) where entry_id is not null;
create unique index opening_is_in_one_live_match on reconciliation.live_legs (ulb_id, account) where kind = 'opening';
create index live_legs_by_account on reconciliation.live_legs (ulb_id, account);
call kernel.protect('reconciliation.live_legs');
revoke update on reconciliation.live_legs from nagarkosh_app, nagarkosh_batch;
