-- The papers of the books: who did what with a voucher, who may approve how much, the files that belong to it, and the vouchers that
-- come again or are taken back by themselves.

alter table ledger.vouchers
  add column drafted_on date,
  -- Everybody who drafted, changed or submitted it: none of them may decide.
  add column makers text[],
  add column first_signatory text,
  add column first_signed_at timestamptz,
  add column file_number text,
  add column sanction_number text,
  add column sanction_date date,
  add column back_date_reason text,
  add column template text collate "C",
  add column reverses_entry_id bigint,
  add column reversal_reason text collate "C",
  add column auto_reverse_on date,
  add column auto_reversal_entry_id bigint,
  add column recurring_id uuid,
  add column due_on date;

do $$
declare
  v_ulb integer;
begin
  for v_ulb in select ulb_id from ledger.ulbs order by ulb_id loop
    perform set_config('nagarkosh.ulb', v_ulb::text, true);
    update ledger.vouchers
    set drafted_on = (created_at at time zone 'Asia/Kolkata')::date,
      makers = case when submitted_by is null or submitted_by = created_by then array[created_by] else array[created_by, submitted_by] end
    where ulb_id = v_ulb;
  end loop;
end
$$;

alter table ledger.vouchers alter column drafted_on set not null;
alter table ledger.vouchers alter column makers set not null;
-- Nobody sets the flag: it follows from the dates.
alter table ledger.vouchers add column is_back_dated boolean generated always as (entry_date < drafted_on) stored;

alter table ledger.vouchers drop constraint voucher_status_is_known;
alter table ledger.vouchers
  add constraint voucher_status_is_known
    check (status in ('draft', 'submitted', 'sent-back', 'approved', 'rejected', 'cancelled'));
alter table ledger.vouchers drop constraint maker_is_not_checker;
alter table ledger.vouchers
  add constraint maker_is_not_checker check (
    (decided_by is null or (decided_by <> created_by and decided_by is distinct from submitted_by and decided_by <> all (makers)))
    and (first_signatory is null or (first_signatory <> created_by and first_signatory <> all (makers)))),
  add constraint two_signatories_are_two_people check (decided_by is null or status <> 'approved' or decided_by is distinct from first_signatory),
  add constraint sanction_has_number_and_date check ((sanction_number is null) = (sanction_date is null)),
  add constraint reversal_has_a_reason check ((reverses_entry_id is null) = (reversal_reason is null)),
  add constraint auto_reversal_comes_after check (auto_reverse_on is null or auto_reverse_on > entry_date),
  add constraint auto_reversal_of_an_approved_voucher check (auto_reversal_entry_id is null or (status = 'approved' and auto_reverse_on is not null)),
  add constraint recurring_voucher_has_its_day check ((recurring_id is null) = (due_on is null));
-- A recurring voucher is drafted once for each day on which it is due, whatever becomes of the draft.
create unique index recurring_voucher_drafted_once on ledger.vouchers (ulb_id, recurring_id, due_on) where recurring_id is not null;
-- One reversal of an entry at a time.
create unique index reversal_under_way_once on ledger.vouchers (ulb_id, reverses_entry_id)
  where reverses_entry_id is not null and status not in ('rejected', 'cancelled');
create index vouchers_to_auto_reverse on ledger.vouchers (ulb_id, auto_reverse_on)
  where auto_reverse_on is not null and auto_reversal_entry_id is null;

-- ---------------------------------------------------------------- the history of a voucher

create table ledger.voucher_steps (
  ulb_id integer not null,
  voucher_id uuid not null,
  step_no integer not null,
  step text collate "C" not null,
  at timestamptz not null,
  actor text not null,
  reason text,
  -- The version of the voucher after the step.
  version integer not null,
  primary key (ulb_id, voucher_id, step_no),
  constraint voucher_step_is_known check (
    step in ('drafted', 'changed', 'submitted', 'sent-back', 'signed', 'approved', 'rejected', 'cancelled', 'attached', 'detached', 'auto-reversed')),
  constraint step_against_the_maker_has_a_reason check (step not in ('sent-back', 'rejected', 'cancelled') or length(reason) >= 5),
  constraint step_of_a_voucher foreign key (ulb_id, voucher_id) references ledger.vouchers (ulb_id, voucher_id)
);
call kernel.protect_append_only('ledger.voucher_steps');

-- ---------------------------------------------------------------- who may approve how much

create table ledger.approval_limits (
  ulb_id integer not null,
  role text collate "C" not null,
  -- '' for everybody in the role; a name for a person of whom another limit holds.
  actor text not null,
  -- 'any', or one kind of voucher.
  voucher_type text collate "C" not null,
  valid_from date not null,
  -- Null: no limit.
  up_to ledger.paise,
  set_by text not null,
  set_at timestamptz not null,
  primary key (ulb_id, role, actor, voucher_type, valid_from),
  constraint limit_is_for_a_kind_of_voucher check (voucher_type in ('any', 'receipt', 'payment', 'contra', 'journal', 'opening')),
  constraint limit_is_an_amount check (up_to is null or up_to >= 0)
);
call kernel.protect('ledger.approval_limits');
revoke delete on ledger.approval_limits from nagarkosh_app, nagarkosh_batch;

create table ledger.voucher_rules (
  ulb_id integer not null,
  valid_from date not null,
  -- Above this amount two people sign; null: one signature is enough.
  second_signature_above ledger.paise,
  -- A voucher dated more days back than this needs a reason; null: none does.
  back_date_days integer,
  set_by text not null,
  set_at timestamptz not null,
  primary key (ulb_id, valid_from),
  constraint second_signature_above_an_amount check (second_signature_above is null or second_signature_above >= 0),
  constraint back_date_days_are_days check (back_date_days is null or back_date_days >= 0)
);
call kernel.protect('ledger.voucher_rules');
revoke delete on ledger.voucher_rules from nagarkosh_app, nagarkosh_batch;

-- ---------------------------------------------------------------- attachments

create table ledger.voucher_attachments (
  ulb_id integer not null,
  voucher_id uuid not null,
  number smallint not null,
  file_name text not null,
  media_type text not null,
  byte_count integer not null,
  sha256 bytea not null,
  content bytea not null,
  attached_by text not null,
  attached_at timestamptz not null,
  primary key (ulb_id, voucher_id, number),
  constraint twenty_attachments_at_most check (number between 1 and 20),
  constraint attachment_is_at_most_10_mb check (byte_count between 1 and 10485760 and byte_count = octet_length(content)),
  constraint attachment_has_its_hash check (sha256 = sha256(content)),
  constraint attachment_is_of_a_known_type check (
    media_type in ('application/pdf', 'image/png', 'image/jpeg', 'text/csv', 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet')),
  constraint attachment_of_a_voucher foreign key (ulb_id, voucher_id) references ledger.vouchers (ulb_id, voucher_id)
);
call kernel.protect('ledger.voucher_attachments');
revoke update on ledger.voucher_attachments from nagarkosh_app, nagarkosh_batch;

-- What a checker saw stays: files are taken away only from a voucher that was never submitted.
create function ledger.keep_attachments() returns trigger
language plpgsql
as $$
begin
  if tg_op = 'DELETE' and not exists (
    select 1 from ledger.vouchers v
    where v.ulb_id = old.ulb_id and v.voucher_id = old.voucher_id and v.submitted_at is not null) then
    return old;
  end if;
  raise exception '% on ledger.voucher_attachments is refused: files of a submitted voucher stay as they are', tg_op
    using errcode = 'restrict_violation';
end
$$;
create trigger attachments_stay before update or delete on ledger.voucher_attachments
  for each row execute function ledger.keep_attachments();
create trigger attachments_are_not_emptied before truncate on ledger.voucher_attachments
  for each statement execute function kernel.refuse_change();

-- ---------------------------------------------------------------- reversals and recurring vouchers

-- Reference data, the same for all: why an entry is taken back.
create table ledger.reversal_reasons (
  code text collate "C" primary key,
  name text not null,
  is_active boolean not null default true
);
insert into ledger.reversal_reasons (code, name) values
  ('wrong-head', 'Wrong head of account'),
  ('wrong-amount', 'Wrong amount'),
  ('wrong-date', 'Wrong date or period'),
  ('wrong-party', 'Wrong party, fund or function'),
  ('duplicate', 'Entered twice'),
  ('cancelled-sanction', 'Sanction cancelled or changed'),
  ('not-carried-out', 'Transaction not carried out'),
  ('audit', 'Asked for by the auditor'),
  ('other', 'Other, as described');
grant select on ledger.reversal_reasons to nagarkosh_app, nagarkosh_batch;
-- "not valid": the columns are new, so there is nothing to look through, and a scan without a ULB is refused by row-level security.
alter table ledger.vouchers add constraint reversal_reason_is_known
  foreign key (reversal_reason) references ledger.reversal_reasons (code) not valid;

create table ledger.recurring_vouchers (
  ulb_id integer not null,
  recurring_id uuid not null,
  title text not null,
  voucher text collate "C" not null,
  narration text not null,
  external_reference text,
  -- [{"side","account","amount" in paise as text, dimensions…}]
  lines jsonb not null,
  every_months smallint not null,
  day_of_month smallint not null,
  starts_on date not null,
  ends_on date,
  status text not null default 'active',
  created_by text not null,
  created_at timestamptz not null,
  stopped_by text,
  stopped_at timestamptz,
  stop_reason text,
  primary key (ulb_id, recurring_id),
  constraint recurring_voucher_comes_regularly check (every_months in (1, 3, 6, 12)),
  constraint recurring_voucher_has_a_day check (day_of_month between 1 and 31),
  constraint recurring_voucher_ends_after_its_start check (ends_on is null or ends_on >= starts_on),
  constraint recurring_voucher_status_is_known check (status in ('active', 'stopped')),
  constraint stopped_with_a_reason check ((status = 'stopped') = (stop_reason is not null))
);
call kernel.protect('ledger.recurring_vouchers');
revoke delete on ledger.recurring_vouchers from nagarkosh_app, nagarkosh_batch;
alter table ledger.vouchers add constraint drafted_from_a_recurring_voucher
  foreign key (ulb_id, recurring_id) references ledger.recurring_vouchers (ulb_id, recurring_id) not valid;
