-- The budget: what was sanctioned, what is committed, and whether posting may go beyond it.

-- How strictly a year's budget is kept at posting; no row, no control.
create table ledger.budget_settings (
  ulb_id integer not null,
  fy text collate "C" not null,
  mode text not null,
  -- From which share of the sanctioned amount the control acts: 90 warns early, 110 tolerates a tenth.
  threshold_percent integer not null,
  -- Whether a checker may let one voucher pass, by name and with a reason.
  allows_override boolean not null,
  -- Whether expenditure that no budget line covers is held to a budget of nil.
  covers_unbudgeted boolean not null,
  reason text not null,
  changed_by text not null,
  changed_at timestamptz not null,
  primary key (ulb_id, fy),
  constraint budget_mode_is_known check (mode in ('off', 'warn', 'refuse')),
  constraint budget_threshold_is_sensible check (threshold_percent between 1 and 200)
);
call kernel.protect('ledger.budget_settings');
revoke delete on ledger.budget_settings from nagarkosh_app, nagarkosh_batch;

create table ledger.budget_lines (
  ulb_id integer not null,
  line_id bigint generated always as identity,
  fy text collate "C" not null,
  budget_head text collate "C" not null,
  account_prefix text collate "C" not null,
  -- Empty: any function, any functionary.
  function text collate "C" not null,
  fund text collate "C" not null,
  functionary text collate "C" not null,
  side text not null,
  primary key (ulb_id, line_id),
  constraint budget_line_is_one_of_its_kind unique (ulb_id, fy, account_prefix, function, fund, functionary),
  constraint budget_side_is_known check (side in ('income', 'expenditure')),
  constraint budget_line_names_an_account check (account_prefix ~ '^\d{1,12}$')
);
call kernel.protect('ledger.budget_lines');
revoke update, delete on ledger.budget_lines from nagarkosh_app, nagarkosh_batch;

create table ledger.budget_files (
  ulb_id integer not null,
  file_hash text not null,
  file_name text not null,
  row_count integer not null,
  imported_by text not null,
  imported_at timestamptz not null,
  primary key (ulb_id, file_hash)
);
call kernel.protect_append_only('ledger.budget_files');

create table ledger.reappropriations (
  ulb_id integer not null,
  reappropriation_id uuid not null,
  fy text collate "C" not null,
  from_line bigint not null,
  to_line bigint not null,
  amount ledger.paise not null,
  sanction text not null,
  reason text not null,
  status text not null default 'proposed',
  in_force_from date not null,
  proposed_by text not null,
  proposed_at timestamptz not null,
  decided_by text,
  decided_at timestamptz,
  decision_reason text,
  primary key (ulb_id, reappropriation_id),
  constraint reappropriation_status_is_known check (status in ('proposed', 'approved', 'rejected')),
  constraint reappropriation_is_positive check (amount > 0),
  constraint reappropriation_moves_between_lines check (from_line <> to_line),
  constraint decided_reappropriation_names_who check ((status = 'proposed') = (decided_by is null)),
  constraint maker_is_not_checker check (decided_by is null or decided_by <> proposed_by),
  constraint reappropriation_from_a_line foreign key (ulb_id, from_line) references ledger.budget_lines (ulb_id, line_id),
  constraint reappropriation_to_a_line foreign key (ulb_id, to_line) references ledger.budget_lines (ulb_id, line_id)
);
call kernel.protect('ledger.reappropriations');
revoke delete on ledger.reappropriations from nagarkosh_app, nagarkosh_batch;

-- What was sanctioned, version by version; rows are only added.
create table ledger.budget_amounts (
  ulb_id integer not null,
  amount_id bigint generated always as identity,
  line_id bigint not null,
  -- original and revised are whole estimates; supplementary and reappropriation are added to them.
  version text not null,
  amount ledger.paise not null,
  sanction text not null,
  in_force_from date not null,
  file_hash text,
  file_line integer,
  reappropriation_id uuid,
  made_by text not null,
  approved_by text,
  made_at timestamptz not null,
  primary key (ulb_id, amount_id),
  constraint budget_version_is_known check (version in ('original', 'revised', 'supplementary', 'reappropriation')),
  constraint budget_estimate_is_not_negative check (version = 'reappropriation' or amount >= 0),
  -- Two people here, or a sanction that came as a file.
  constraint reappropriation_is_approved check (
    version <> 'reappropriation' or file_hash is not null or (reappropriation_id is not null and approved_by <> made_by)),
  constraint budget_file_line_is_read_once unique (ulb_id, file_hash, file_line),
  constraint budget_amount_of_a_line foreign key (ulb_id, line_id) references ledger.budget_lines (ulb_id, line_id)
);
create index budget_amounts_by_line on ledger.budget_amounts (ulb_id, line_id);
create unique index original_is_sanctioned_once on ledger.budget_amounts (ulb_id, line_id) where version = 'original';
call kernel.protect_append_only('ledger.budget_amounts');

create table ledger.commitments (
  ulb_id integer not null,
  commitment_id uuid not null,
  reference text collate "C" not null,
  fy text collate "C" not null,
  line_id bigint not null,
  party_type text,
  party_id text collate "C",
  description text not null,
  amount ledger.paise not null,
  -- What is neither billed nor released yet.
  open_amount ledger.paise not null,
  committed_on date not null,
  made_by text not null,
  made_at timestamptz not null,
  primary key (ulb_id, commitment_id),
  constraint commitment_reference_is_used_once unique (ulb_id, reference, fy),
  constraint commitment_is_positive check (amount > 0),
  constraint commitment_is_never_negative check (open_amount between 0 and amount),
  constraint commitment_of_a_line foreign key (ulb_id, line_id) references ledger.budget_lines (ulb_id, line_id)
);
create index commitments_by_line on ledger.commitments (ulb_id, line_id);
call kernel.protect('ledger.commitments');
revoke delete on ledger.commitments from nagarkosh_app, nagarkosh_batch;

create table ledger.commitment_moves (
  ulb_id integer not null,
  commitment_id uuid not null,
  source_type text collate "C" not null,
  source_id text collate "C" not null,
  kind text not null,
  amount ledger.paise not null,
  reason text,
  actor text not null,
  at timestamptz not null,
  primary key (ulb_id, commitment_id, source_type, source_id),
  constraint commitment_move_is_known check (kind in ('consumed', 'released', 'restored')),
  constraint commitment_move_is_positive check (amount > 0),
  constraint move_of_a_commitment foreign key (ulb_id, commitment_id) references ledger.commitments (ulb_id, commitment_id)
);
call kernel.protect_append_only('ledger.commitment_moves');

-- A checker's word that one posting may go beyond the budget.
create table ledger.budget_overrides (
  ulb_id integer not null,
  source_type text collate "C" not null,
  source_id text collate "C" not null,
  actor text not null,
  reason text not null,
  at timestamptz not null,
  primary key (ulb_id, source_type, source_id),
  constraint override_has_a_reason check (length(reason) >= 5)
);
call kernel.protect_append_only('ledger.budget_overrides');

-- Postings that went beyond the budget: because the ULB only warns, or because somebody let them.
create table ledger.budget_warnings (
  ulb_id integer not null,
  warning_id bigint generated always as identity,
  fy text collate "C" not null,
  -- Null: expenditure that no budget line covers.
  line_id bigint,
  accounts text not null,
  source_type text collate "C" not null,
  source_id text collate "C" not null,
  limit_amount ledger.paise not null,
  spent ledger.paise not null,
  committed ledger.paise not null,
  amount ledger.paise not null,
  over_by ledger.paise not null,
  -- Who let it pass and why, where the control refuses.
  overridden_by text,
  reason text,
  actor text not null,
  at timestamptz not null,
  primary key (ulb_id, warning_id)
);
create index budget_warnings_by_source on ledger.budget_warnings (ulb_id, source_type, source_id);
create index budget_warnings_by_year on ledger.budget_warnings (ulb_id, fy, warning_id);
call kernel.protect_append_only('ledger.budget_warnings');

-- The budget line to which a posting line belongs: the longest account prefix, then the one for its function, then for its functionary.
create function ledger.budget_line_of(p_ulb integer, p_fy text, p_account text, p_function text, p_fund text, p_functionary text) returns bigint
language sql stable
as $$
  select b.line_id from ledger.budget_lines b
  where b.ulb_id = p_ulb and b.fy = p_fy and starts_with(p_account, b.account_prefix) and b.fund = p_fund
    and b.function in ('', coalesce(p_function, '')) and b.functionary in ('', coalesce(p_functionary, ''))
  order by length(b.account_prefix) desc, b.function <> '' desc, b.functionary <> '' desc
  limit 1
$$;
grant execute on function ledger.budget_line_of to nagarkosh_app, nagarkosh_batch;
