-- What a person decides about a bank line, a book item or a settlement that no rule settles: the exception, what was proposed for it, and
-- what was decided on that.

create table reconciliation.bank_exceptions (
  ulb_id integer not null,
  exception_id uuid not null,
  account text collate "C" not null,
  subject text not null,
  -- A statement line's id, "entry:<id>:<line>", a settlement's id, or (held) the line whose money stands among unidentified credits.
  subject_id text collate "C" not null,
  kind text collate "C" not null,
  amount ledger.paise not null,
  on_date date not null,
  particulars text not null,
  reference text not null,
  -- Lines or items that it may belong to.
  candidates text[] not null,
  -- The usual way out of it, if there is one.
  template text,
  status text not null,
  owner text,
  due_on date not null,
  note text,
  -- The bank made a mistake: the line stands among its errors until it is reversed.
  is_bank_error boolean not null default false,
  proposal_id uuid,
  opened_at timestamptz not null,
  closed_at timestamptz,
  closed_by text,
  resolution text,
  primary key (ulb_id, exception_id),
  constraint exception_subject_is_known check (subject in ('line', 'item', 'settlement', 'held')),
  constraint exception_status_is_known check (status in ('open', 'proposed', 'closed')),
  constraint closed_exception_says_how check ((status = 'closed') = (closed_at is not null) and (closed_at is null) = (closed_by is null)
    and (closed_at is null) = (resolution is null)),
  constraint proposed_exception_names_its_proposal check ((status = 'proposed') = (proposal_id is not null))
);
-- An exception is open once, and so it is resolved once.
create unique index bank_exception_is_open_once on reconciliation.bank_exceptions (ulb_id, subject, subject_id) where status <> 'closed';
create index bank_exceptions_open on reconciliation.bank_exceptions (ulb_id, account, due_on, exception_id) where status <> 'closed';
create index bank_exceptions_closed on reconciliation.bank_exceptions (ulb_id, account, closed_at) where status = 'closed';
call kernel.protect('reconciliation.bank_exceptions');
revoke delete on reconciliation.bank_exceptions from nagarkosh_app, nagarkosh_batch;

create table reconciliation.exception_proposals (
  ulb_id integer not null,
  proposal_id uuid not null,
  exception_id uuid not null,
  template text collate "C" not null,
  -- What the maker filled in, and the lines of the entry as they were drafted from the posting map. Amounts are text.
  content jsonb not null,
  draft jsonb not null,
  reason text not null,
  proposed_at timestamptz not null,
  proposed_by text not null,
  primary key (ulb_id, proposal_id),
  constraint proposal_with_its_maker unique (ulb_id, proposal_id, proposed_by),
  constraint proposal_of_an_exception foreign key (ulb_id, exception_id)
    references reconciliation.bank_exceptions (ulb_id, exception_id),
  constraint proposal_has_a_reason check (length(trim(reason)) >= 5)
);
create index exception_proposals_of on reconciliation.exception_proposals (ulb_id, exception_id, proposed_at);
call kernel.protect_append_only('reconciliation.exception_proposals');

create table reconciliation.exception_decisions (
  ulb_id integer not null,
  proposal_id uuid not null,
  proposed_by text not null,
  decision text collate "C" not null,
  reason text,
  -- What approval posted and matched.
  entry_id bigint,
  match_id uuid,
  decided_at timestamptz not null,
  decided_by text not null,
  primary key (ulb_id, proposal_id),
  constraint decision_on_a_proposal foreign key (ulb_id, proposal_id, proposed_by)
    references reconciliation.exception_proposals (ulb_id, proposal_id, proposed_by),
  constraint exception_decision_is_known check (decision in ('approved', 'rejected', 'withdrawn')),
  constraint exception_maker_is_not_checker check (decision = 'withdrawn' or decided_by <> proposed_by),
  constraint exception_withdrawn_by_its_maker check (decision <> 'withdrawn' or decided_by = proposed_by),
  constraint refused_proposal_has_a_reason check (decision = 'approved' or coalesce(length(trim(reason)), 0) >= 5)
);
call kernel.protect_append_only('reconciliation.exception_decisions');

-- The gateway's rows of a settlement that does not add up, as it told them last: what a person decides is booked from these.
create table reconciliation.settlement_waiting_items (
  ulb_id integer not null,
  settlement_id text collate "C" not null,
  entity_id text collate "C" not null,
  type text not null,
  debit ledger.paise not null,
  credit ledger.paise not null,
  amount ledger.paise not null,
  fee ledger.paise not null,
  tax ledger.paise not null,
  is_on_hold boolean not null,
  payment_id text collate "C",
  order_receipt text,
  method text,
  primary key (ulb_id, settlement_id, entity_id),
  constraint waiting_item_of_a_settlement foreign key (ulb_id, settlement_id)
    references reconciliation.settlements (ulb_id, settlement_id)
);
call kernel.protect('reconciliation.settlement_waiting_items');

-- A settlement with adjustments: what a person said they are stands beside the figures that prove it.
alter table reconciliation.settlements add column adjustments ledger.paise not null default 0;
alter table reconciliation.settlements drop constraint booked_settlement_is_proved;
alter table reconciliation.settlements add constraint booked_settlement_is_proved
  check (status <> 'booked' or (entry_id is not null and coalesce(gross - refunds - fee - tax + adjustments = amount, false)));
