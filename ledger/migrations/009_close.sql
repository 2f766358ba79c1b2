-- Closing days, months and years: what was checked, who attested and signed, and the figures that stood at each close.

-- ---------------------------------------------------------------- days: the cash and bank book, signed

-- Up to which day the cash and bank book is signed: nothing is dated on or before it under cash and bank heads. One row a ULB; no row, no lock.
create table ledger.cash_locks (
  ulb_id integer not null,
  locked_to date not null,
  primary key (ulb_id)
);
call kernel.protect('ledger.cash_locks');

create table ledger.day_closes (
  ulb_id integer not null,
  day date not null,
  event_no integer not null,
  event text not null,
  at timestamptz not null,
  actor text not null,
  signed_as text,
  reason text,
  -- [{"account","opening","receipts","payments","closing"}], amounts as text.
  cash_book jsonb,
  -- {"500": 3}: notes and coins that were counted.
  counted jsonb,
  counted_amount ledger.paise,
  book_amount ledger.paise,
  primary key (ulb_id, day, event_no),
  constraint day_event_is_known check (event in ('closed', 'reopened')),
  constraint closed_day_is_signed check (event <> 'closed' or (signed_as is not null and cash_book is not null and counted_amount is not null)),
  constraint reopened_day_has_a_reason check (event <> 'reopened' or length(reason) >= 5),
  constraint count_that_differs_is_explained check (event <> 'closed' or counted_amount = book_amount or length(reason) >= 5)
);
call kernel.protect_append_only('ledger.day_closes');

-- The posting function learns of the lock: one look-up by key in a call, and one comparison for each entry that is not a journal (a journal
-- has no cash or bank line). Its text is amended, not repeated, so that what else it does stays in one place; no place, no migration.
do $$
declare
  v_text text := pg_get_functiondef('ledger.post'::regproc);
  v_new text;
begin
  v_new := replace(v_text, E'  v_judged bigint;\n', E'  v_judged bigint;\n  v_cash_locked date;\n');
  assert v_new <> v_text, 'ledger.post declares v_judged';
  v_text := v_new;
  v_new := replace(v_text, E'  -- 2. Judge every entry,', E'  select c.locked_to into v_cash_locked from ledger.cash_locks c where c.ulb_id = p_ulb;\n\n  -- 2. Judge every entry,');
  assert v_new <> v_text, 'ledger.post judges after it has locked';
  v_text := v_new;
  v_new := replace(v_text, E'        when m.status <> ''open'' then ''PERIOD_CLOSED:'' || m.period\n',
    E'        when m.status <> ''open'' then ''PERIOD_CLOSED:'' || m.period\n'
    '        when p.day <= v_cash_locked and p.voucher <> ''journal'' and b.cash_lines > 0 then ''DAY_CLOSED:'' || p.day || '':'' || v_cash_locked\n');
  assert v_new <> v_text, 'ledger.post refuses closed months';
  execute v_new;
end
$$;

-- ---------------------------------------------------------------- the checklist: who attested what, and what a ULB insists on

create table ledger.attestations (
  ulb_id integer not null,
  item text collate "C" not null,
  -- A month "2026-07" or a financial year "2025-26".
  subject text collate "C" not null,
  attestation_no integer not null,
  verdict text not null,
  remark text not null,
  signed_as text not null,
  actor text not null,
  at timestamptz not null,
  primary key (ulb_id, item, subject, attestation_no),
  constraint attestation_verdict_is_known check (verdict in ('done', 'nil', 'not-applicable', 'withdrawn')),
  constraint attestation_is_signed check (length(signed_as) >= 3),
  constraint attestation_says_something check (length(remark) >= 3)
);
call kernel.protect_append_only('ledger.attestations');

create table ledger.close_settings (
  ulb_id integer not null,
  item text collate "C" not null,
  computed text not null,
  attestation text not null,
  reason text not null,
  changed_by text not null,
  changed_at timestamptz not null,
  primary key (ulb_id, item),
  constraint close_setting_is_known check (computed in ('refuse', 'warn') and attestation in ('refuse', 'warn'))
);
call kernel.protect('ledger.close_settings');
revoke delete on ledger.close_settings from nagarkosh_app, nagarkosh_batch;

-- ---------------------------------------------------------------- months and years: every close and reopening, with the figures at that moment

create table ledger.period_events (
  ulb_id integer not null,
  event_id bigint generated always as identity,
  -- A month "2026-07" or a financial year "2025-26".
  subject text collate "C" not null,
  event text not null,
  at timestamptz not null,
  actor text not null,
  reason text,
  entry_count bigint not null,
  debit ledger.paise not null,
  credit ledger.paise not null,
  -- SHA-256 of the trial balance by account, fund, function and ward: equal hashes, equal books.
  balances_hash text not null,
  -- The last sealed block when it happened.
  seal_block integer,
  primary key (ulb_id, event_id),
  constraint period_event_is_known check (event in ('closed', 'reopened', 'audited')),
  constraint reopening_has_a_reason check (event <> 'reopened' or length(reason) >= 5)
);
create index period_events_of_subject on ledger.period_events (ulb_id, subject, event_id);
call kernel.protect_append_only('ledger.period_events');

create table ledger.years (
  ulb_id integer not null,
  fy text collate "C" not null,
  status text not null default 'open',
  -- The last version of its figures.
  version integer not null default 0,
  changed_at timestamptz not null,
  changed_by text not null,
  primary key (ulb_id, fy),
  constraint year_status_is_known check (status in ('open', 'provisional', 'audited')),
  constraint closed_year_has_figures check (status = 'open' or version > 0)
);
call kernel.protect('ledger.years');
revoke delete on ledger.years from nagarkosh_app, nagarkosh_batch;

create function ledger.keep_audited_year() returns trigger
language plpgsql
as $$
begin
  if old.status = 'audited' then
    raise exception 'year % is audited: it is never changed, later findings are prior-period items of an open year', old.fy
      using errcode = 'restrict_violation';
  end if;
  if tg_op = 'UPDATE' and new.status = 'audited' and old.status <> 'provisional' then
    raise exception 'year % is % and cannot become audited', old.fy, old.status using errcode = 'restrict_violation';
  end if;
  return new;
end
$$;
create trigger audited_year_stays before update or delete on ledger.years
  for each row execute function ledger.keep_audited_year();

create function ledger.keep_months_of_closed_year() returns trigger
language plpgsql
as $$
begin
  if new.status = 'open' and old.status = 'closed' and exists (
    select 1 from ledger.years y
    where y.ulb_id = new.ulb_id and y.fy = ledger.fy_of((new.period || '-01')::date) and y.status <> 'open') then
    raise exception 'month % belongs to a closed year: the year is reopened first', new.period using errcode = 'restrict_violation';
  end if;
  return new;
end
$$;
create trigger months_of_closed_year_stay before update on ledger.periods
  for each row execute function ledger.keep_months_of_closed_year();

create table ledger.year_proposals (
  ulb_id integer not null,
  fy text collate "C" not null,
  proposal_no integer not null,
  proposed_by text not null,
  proposed_at timestamptz not null,
  remark text not null,
  status text not null default 'waiting',
  decided_by text,
  decided_at timestamptz,
  decision_reason text,
  primary key (ulb_id, fy, proposal_no),
  constraint proposal_status_is_known check (status in ('waiting', 'approved', 'rejected', 'withdrawn')),
  constraint decided_proposal_names_who check ((status = 'waiting') = (decided_by is null)),
  constraint maker_is_not_checker check (status in ('waiting', 'withdrawn') or decided_by <> proposed_by)
);
create unique index one_proposal_waits on ledger.year_proposals (ulb_id, fy) where status = 'waiting';
call kernel.protect('ledger.year_proposals');
revoke delete on ledger.year_proposals from nagarkosh_app, nagarkosh_batch;

create table ledger.year_versions (
  ulb_id integer not null,
  fy text collate "C" not null,
  version integer not null,
  kind text not null,
  closed_by text not null,
  approved_by text not null,
  at timestamptz not null,
  entry_count bigint not null,
  -- No entry of the year has a higher id: what is above was posted for a later version.
  last_entry_id bigint not null,
  debit ledger.paise not null,
  credit ledger.paise not null,
  -- Income less expenditure of the year, all funds.
  surplus ledger.paise not null,
  balances_hash text not null,
  seal_block integer,
  certificate_number text,
  certificate_date date,
  auditor text,
  remarks text,
  primary key (ulb_id, fy, version),
  constraint year_version_kind_is_known check (kind in ('provisional', 'audited')),
  constraint maker_is_not_checker check (closed_by <> approved_by),
  constraint audited_version_has_a_certificate check (
    (kind = 'audited') = (certificate_number is not null and certificate_date is not null and auditor is not null))
);
call kernel.protect_append_only('ledger.year_versions');

-- The trial balance of a version, before its closing entries.
create table ledger.year_version_balances (
  ulb_id integer not null,
  fy text collate "C" not null,
  version integer not null,
  account text collate "C" not null,
  fund text collate "C" not null,
  function text collate "C" not null,
  ward text collate "C" not null,
  opening ledger.paise not null,
  debit ledger.paise not null,
  credit ledger.paise not null,
  primary key (ulb_id, fy, version, account, fund, function, ward)
);
call kernel.protect_append_only('ledger.year_version_balances');
