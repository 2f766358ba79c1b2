-- What is owed: tax heads, consumers, demands, bills, and what has settled them.
create schema billing;
grant usage on schema billing to nagarkosh_app, nagarkosh_batch;

-- ---------------------------------------------------------------- masters: versioned data of the ULB

-- Order of settlement, rebate, penalty and rounding of a service, from a day on. The newest version not later than the day is in force.
create table billing.service_terms (
  ulb_id integer not null,
  service text collate "C" not null,
  valid_from date not null,
  name text not null,
  name_local text,
  -- Money paid before it is due is one liability per service.
  advance_account text collate "C" not null,
  fund text collate "C" not null,
  terms jsonb not null,
  primary key (ulb_id, service, valid_from),
  constraint advance_account_exists foreign key (ulb_id, advance_account) references ledger.accounts (ulb_id, code),
  constraint service_fund_exists foreign key (ulb_id, fund) references ledger.funds (ulb_id, code),
  constraint service_is_a_short_name check (service ~ '^[a-z][a-z0-9-]{1,39}$')
);
call kernel.protect('billing.service_terms');

create table billing.tax_heads (
  ulb_id integer not null,
  code text collate "C" not null,
  valid_from date not null,
  is_active boolean not null default true,
  service text collate "C" not null,
  name text not null,
  name_local text,
  kind text collate "C" not null,
  basis text collate "C" not null,
  -- Among heads of one period the lowest is settled first.
  priority integer not null,
  function text collate "C" not null,
  income_account text collate "C",
  -- Income of earlier years that is demanded only now (NMAM 280-10).
  prior_income_account text collate "C",
  receivable_account text collate "C",
  arrears_account text collate "C",
  rebate_account text collate "C",
  provision_account text collate "C",
  write_off_account text collate "C",
  -- A cess is levied for the State on another head.
  cess_on text collate "C",
  cess_percent numeric,
  cess_control_account text collate "C",
  cess_payable_account text collate "C",
  cess_provision_account text collate "C",
  primary key (ulb_id, code, valid_from),
  constraint tax_head_kind_is_known check (kind in ('tax', 'charge', 'fee', 'penalty', 'interest', 'cess')),
  constraint tax_head_basis_is_known check (basis in ('accrual', 'receipt')),
  constraint accrued_head_has_a_receivable check (basis = 'receipt' or (receivable_account is not null and arrears_account is not null)),
  constraint own_head_has_income check (kind = 'cess' or income_account is not null),
  constraint cess_has_its_accounts check (
    kind <> 'cess' or (cess_on is not null and cess_control_account is not null and cess_payable_account is not null)),
  constraint income_account_exists foreign key (ulb_id, income_account) references ledger.accounts (ulb_id, code),
  constraint prior_income_account_exists foreign key (ulb_id, prior_income_account) references ledger.accounts (ulb_id, code),
  constraint receivable_account_exists foreign key (ulb_id, receivable_account) references ledger.accounts (ulb_id, code),
  constraint arrears_account_exists foreign key (ulb_id, arrears_account) references ledger.accounts (ulb_id, code),
  constraint rebate_account_exists foreign key (ulb_id, rebate_account) references ledger.accounts (ulb_id, code),
  constraint provision_account_exists foreign key (ulb_id, provision_account) references ledger.accounts (ulb_id, code),
  constraint write_off_account_exists foreign key (ulb_id, write_off_account) references ledger.accounts (ulb_id, code),
  constraint cess_control_account_exists foreign key (ulb_id, cess_control_account) references ledger.accounts (ulb_id, code),
  constraint cess_payable_account_exists foreign key (ulb_id, cess_payable_account) references ledger.accounts (ulb_id, code),
  constraint cess_provision_account_exists foreign key (ulb_id, cess_provision_account) references ledger.accounts (ulb_id, code),
  constraint tax_head_function_exists foreign key (ulb_id, function) references ledger.functions (ulb_id, code)
);
call kernel.protect('billing.tax_heads');

create table billing.consumers (
  ulb_id integer not null,
  consumer_id uuid not null,
  service text collate "C" not null,
  code text collate "C" not null,
  name text not null,
  name_local text,
  mobile text collate "C",
  email text,
  address text not null,
  ward text collate "C" not null,
  is_active boolean not null default true,
  -- Unapplied credit: kept by the trigger of billing.advances, never written otherwise.
  advance ledger.paise not null default 0,
  created_at timestamptz not null,
  created_by text not null,
  primary key (ulb_id, consumer_id),
  constraint consumer_code_is_unique unique (ulb_id, service, code),
  constraint advance_never_negative check (advance >= 0),
  constraint consumer_has_a_code check (length(code) between 1 and 60)
);
create index consumers_by_mobile on billing.consumers (ulb_id, mobile) where mobile is not null;
create index consumers_by_name on billing.consumers (ulb_id, lower(name) text_pattern_ops);
create index consumers_by_ward on billing.consumers (ulb_id, service, ward, consumer_id);
create index consumers_with_advance on billing.consumers (ulb_id, consumer_id) where advance > 0;
call kernel.protect('billing.consumers');
revoke insert, update, delete on billing.consumers from nagarkosh_app, nagarkosh_batch;
grant insert (ulb_id, consumer_id, service, code, name, name_local, mobile, email, address, ward, is_active, created_at, created_by),
  update (name, name_local, mobile, email, address, ward, is_active) on billing.consumers to nagarkosh_app, nagarkosh_batch;

-- ---------------------------------------------------------------- demands

-- One batch is one journal entry (source demand-batch / batch_id); this table and the demands are its sub-ledger.
create table billing.demand_batches (
  ulb_id integer not null,
  batch_id uuid not null,
  kind text collate "C" not null,
  demand_date date not null,
  narration text not null,
  demand_count integer not null,
  total ledger.paise not null,
  advance_adjusted ledger.paise not null,
  created_at timestamptz not null,
  created_by text not null,
  primary key (ulb_id, batch_id)
);
call kernel.protect_append_only('billing.demand_batches');

create table billing.demands (
  ulb_id integer not null,
  demand_id uuid not null,
  consumer_id uuid not null,
  kind text collate "C" not null,
  period_from date not null,
  period_to date not null,
  demand_year text collate "C" not null,
  due_date date not null,
  rebate_until date,
  -- The date of its entry in the books.
  raised_on date not null,
  source_type text collate "C" not null,
  source_id text collate "C" not null,
  -- A penalty names the demand whose lateness it charges.
  late_demand_id uuid,
  late_tax_head text collate "C",
  created_at timestamptz not null,
  primary key (ulb_id, demand_id),
  constraint demand_of_a_consumer foreign key (ulb_id, consumer_id) references billing.consumers (ulb_id, consumer_id),
  constraint demand_kind_is_known check (kind in ('regular', 'opening', 'supplementary', 'charge', 'penalty')),
  constraint demand_period_is_forward check (period_from <= period_to),
  constraint demand_year_is_a_year check (demand_year ~ '^\d{4}-\d{2}$'),
  constraint penalty_names_its_demand check ((kind = 'penalty') = (late_demand_id is not null and late_tax_head is not null))
);
-- A period is demanded once; an increase is a supplementary demand.
create unique index demand_raised_once_per_period on billing.demands (ulb_id, consumer_id, period_from, period_to)
  where kind in ('regular', 'opening');
create index demands_by_source on billing.demands (ulb_id, source_type, source_id);
create index demands_by_late_demand on billing.demands (ulb_id, late_demand_id) where late_demand_id is not null;
call kernel.protect_append_only('billing.demands');

create table billing.demand_details (
  ulb_id integer not null,
  demand_id uuid not null,
  tax_head text collate "C" not null,
  head_version date not null,
  consumer_id uuid not null,
  basis text collate "C" not null,
  -- With the cess in it: they are paid, aged and written off together.
  amount ledger.paise not null,
  cess_head text collate "C",
  cess_version date,
  cess ledger.paise not null,
  receivable_account text collate "C",
  income_account text collate "C",
  ward text collate "C" not null,
  -- What has settled it: kept by the trigger of billing.allocations, never written otherwise.
  settled ledger.paise not null default 0,
  cess_settled ledger.paise not null default 0,
  primary key (ulb_id, demand_id, tax_head),
  constraint detail_of_a_demand foreign key (ulb_id, demand_id) references billing.demands (ulb_id, demand_id),
  constraint detail_names_a_tax_head foreign key (ulb_id, tax_head, head_version) references billing.tax_heads (ulb_id, code, valid_from),
  constraint detail_names_a_cess foreign key (ulb_id, cess_head, cess_version) references billing.tax_heads (ulb_id, code, valid_from),
  constraint demand_is_more_than_nothing check (amount > 0),
  constraint cess_is_part_of_the_demand check (cess between 0 and amount and (cess = 0) = (cess_head is null)),
  constraint receivable_exactly_on_accrual check ((basis = 'accrual') = (receivable_account is not null)),
  constraint receivable_never_negative check (settled between 0 and amount),
  constraint cess_never_over_settled check (cess_settled between 0 and cess)
) with (fillfactor = 85);
-- The open lines of a consumer: what a payment looks at.
create index open_details on billing.demand_details (ulb_id, consumer_id) where settled < amount;
create index details_by_consumer on billing.demand_details (ulb_id, consumer_id);
call kernel.protect('billing.demand_details');
revoke insert, update, delete on billing.demand_details from nagarkosh_app, nagarkosh_batch;
grant insert (ulb_id, demand_id, tax_head, head_version, consumer_id, basis, amount, cess_head, cess_version, cess, receivable_account,
  income_account, ward) on billing.demand_details to nagarkosh_app, nagarkosh_batch;

-- ---------------------------------------------------------------- what settles demands

-- A payment is applied once, and taken back once (then by a row with negative amounts that names it).
create table billing.applied_payments (
  ulb_id integer not null,
  source_type text collate "C" not null,
  source_id text collate "C" not null,
  consumer_id uuid not null,
  bill_id uuid,
  on_date date not null,
  amount ledger.paise not null,
  reverses_type text collate "C",
  reverses_id text collate "C",
  made_at timestamptz not null,
  made_by text not null,
  primary key (ulb_id, source_type, source_id),
  constraint payment_taken_back_once unique (ulb_id, reverses_type, reverses_id),
  constraint payment_taken_back_was_applied foreign key (ulb_id, reverses_type, reverses_id)
    references billing.applied_payments (ulb_id, source_type, source_id),
  constraint only_what_is_taken_back_is_negative check ((amount < 0) = (reverses_id is not null))
);
create index applied_payments_of_consumer on billing.applied_payments (ulb_id, consumer_id, on_date);
call kernel.protect_append_only('billing.applied_payments');

create table billing.allocations (
  ulb_id integer not null,
  allocation_id uuid not null,
  consumer_id uuid not null,
  demand_id uuid not null,
  tax_head text collate "C" not null,
  kind text collate "C" not null,
  source_type text collate "C" not null,
  source_id text collate "C" not null,
  -- The date of its entry in the books.
  on_date date not null,
  amount ledger.paise not null,
  cess ledger.paise not null,
  reverses_allocation_id uuid,
  made_at timestamptz not null,
  made_by text not null,
  primary key (ulb_id, allocation_id),
  constraint allocation_to_a_demand foreign key (ulb_id, demand_id, tax_head)
    references billing.demand_details (ulb_id, demand_id, tax_head),
  constraint allocation_kind_is_known check (kind in ('payment', 'advance', 'rebate', 'write-off')),
  constraint only_what_is_taken_back_is_negative check (amount <> 0 and (amount < 0) = (reverses_allocation_id is not null)),
  constraint cess_is_part_of_the_allocation check (
    (amount > 0 and cess between 0 and amount) or (amount < 0 and cess between amount and 0))
);
create index allocations_by_source on billing.allocations (ulb_id, source_type, source_id);
create index allocations_of_detail on billing.allocations (ulb_id, demand_id, tax_head, on_date);
create index allocations_of_consumer on billing.allocations (ulb_id, consumer_id, on_date);
create index allocations_by_date on billing.allocations (ulb_id, on_date);
create index allocations_taken_back on billing.allocations (ulb_id, reverses_allocation_id) where reverses_allocation_id is not null;
call kernel.protect_append_only('billing.allocations');

-- The one writer of settled amounts: whoever inserts an allocation cannot settle more than was demanded (receivable_never_negative).
create function billing.settle_details() returns trigger
language plpgsql
security definer
set search_path = pg_catalog, billing, pg_temp
as $$
begin
  update billing.demand_details d
  set settled = d.settled + a.amount, cess_settled = d.cess_settled + a.cess
  from (
    select ulb_id, demand_id, tax_head, sum(amount)::bigint as amount, sum(cess)::bigint as cess
    from added group by ulb_id, demand_id, tax_head
  ) as a
  where d.ulb_id = a.ulb_id and d.demand_id = a.demand_id and d.tax_head = a.tax_head;
  return null;
end
$$;
create trigger allocations_settle_details after insert on billing.allocations
  referencing new table as added for each statement execute function billing.settle_details();

-- Credit of consumers: + received, − adjusted, returned or taken back.
create table billing.advances (
  ulb_id integer not null,
  advance_id uuid not null,
  consumer_id uuid not null,
  kind text collate "C" not null,
  account text collate "C" not null,
  source_type text collate "C" not null,
  source_id text collate "C" not null,
  on_date date not null,
  amount ledger.paise not null,
  made_at timestamptz not null,
  made_by text not null,
  primary key (ulb_id, advance_id),
  constraint advance_of_a_consumer foreign key (ulb_id, consumer_id) references billing.consumers (ulb_id, consumer_id),
  constraint advance_kind_has_its_sign check (
    (kind in ('received', 'restored') and amount > 0) or (kind in ('adjusted', 'refunded', 'taken-back') and amount < 0))
);
create index advances_of_consumer on billing.advances (ulb_id, consumer_id, on_date);
create index advances_by_source on billing.advances (ulb_id, source_type, source_id);
call kernel.protect_append_only('billing.advances');

create function billing.keep_advance() returns trigger
language plpgsql
security definer
set search_path = pg_catalog, billing, pg_temp
as $$
begin
  update billing.consumers c
  set advance = c.advance + a.amount
  from (select ulb_id, consumer_id, sum(amount)::bigint as amount from added group by ulb_id, consumer_id) as a
  where c.ulb_id = a.ulb_id and c.consumer_id = a.consumer_id;
  return null;
end
$$;
create trigger advances_keep_the_balance after insert on billing.advances
  referencing new table as added for each statement execute function billing.keep_advance();

create table billing.write_offs (
  ulb_id integer not null,
  write_off_id uuid not null,
  resolution_number text not null,
  resolution_date date not null,
  written_off_on date not null,
  against text collate "C" not null,
  reason text not null,
  total ledger.paise not null,
  made_at timestamptz not null,
  made_by text not null,
  primary key (ulb_id, write_off_id),
  constraint write_off_has_a_resolution check (length(trim(resolution_number)) > 0),
  constraint write_off_follows_its_resolution check (resolution_date <= written_off_on),
  constraint write_off_is_against_something_known check (against in ('provision', 'expense')),
  constraint write_off_is_more_than_nothing check (total > 0)
);
call kernel.protect_append_only('billing.write_offs');

-- ---------------------------------------------------------------- bills

create table billing.bills (
  ulb_id integer not null,
  bill_id uuid not null,
  fy text collate "C" not null,
  number bigint not null,
  consumer_id uuid not null,
  as_of date not null,
  arrears ledger.paise not null,
  current ledger.paise not null,
  penalty ledger.paise not null,
  rebate ledger.paise not null,
  rounding ledger.paise not null,
  total ledger.paise not null,
  fingerprint text collate "C" not null,
  issued_at timestamptz not null,
  issued_by text not null,
  primary key (ulb_id, bill_id),
  constraint bill_number_used_once unique (ulb_id, fy, number),
  constraint bill_of_a_consumer foreign key (ulb_id, consumer_id) references billing.consumers (ulb_id, consumer_id),
  constraint bill_adds_up check (total = arrears + current + penalty - rebate + rounding)
);
create index bills_of_consumer on billing.bills (ulb_id, consumer_id, fy, number);
call kernel.protect_append_only('billing.bills');

create table billing.bill_lines (
  ulb_id integer not null,
  bill_id uuid not null,
  line_no smallint not null,
  -- Null for a penalty reckoned to date that is demanded only when it is paid.
  demand_id uuid,
  tax_head text collate "C" not null,
  kind text collate "C" not null,
  demand_year text collate "C" not null,
  period_from date not null,
  period_to date not null,
  due_date date not null,
  part text collate "C" not null,
  amount ledger.paise not null,
  cess_head text collate "C",
  cess ledger.paise not null,
  rebate ledger.paise not null,
  primary key (ulb_id, bill_id, line_no),
  constraint line_of_a_bill foreign key (ulb_id, bill_id) references billing.bills (ulb_id, bill_id)
);
call kernel.protect_append_only('billing.bill_lines');

-- ---------------------------------------------------------------- imports

create table billing.import_files (
  ulb_id integer not null,
  kind text collate "C" not null,
  file_hash text collate "C" not null,
  file_name text not null,
  row_count integer not null,
  added integer not null,
  imported_at timestamptz not null,
  imported_by text not null,
  primary key (ulb_id, kind, file_hash)
);
call kernel.protect_append_only('billing.import_files');

-- Which line of which file made what.
create table billing.import_rows (
  ulb_id integer not null,
  kind text collate "C" not null,
  file_hash text collate "C" not null,
  line_no integer not null,
  subject_id uuid not null,
  primary key (ulb_id, kind, file_hash, line_no),
  constraint row_of_an_imported_file foreign key (ulb_id, kind, file_hash) references billing.import_files (ulb_id, kind, file_hash)
);
call kernel.protect_append_only('billing.import_rows');
