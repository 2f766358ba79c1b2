-- Bank reconciliation statements as they were signed: what stood in one does not change when a match is taken back later.
create table reconciliation.brs_statements (
  ulb_id integer not null,
  brs_id uuid not null,
  account text collate "C" not null,
  as_of date not null,
  -- The whole statement as JSON text, and its SHA-256.
  content text not null,
  sha256 text collate "C" not null,
  difference ledger.paise not null,
  status text not null,
  prepared_by text not null,
  prepared_at timestamptz not null,
  checked_by text,
  checked_at timestamptz,
  approved_by text,
  approved_at timestamptz,
  withdrawn_by text,
  withdrawn_at timestamptz,
  reason text,
  primary key (ulb_id, brs_id),
  constraint brs_of_a_bank_account foreign key (ulb_id, account) references reconciliation.bank_accounts (ulb_id, account),
  constraint brs_status_is_known check (status in ('prepared', 'checked', 'approved', 'withdrawn')),
  constraint brs_is_proved check (difference = 0),
  constraint brs_checked_by_another check (checked_by is null or checked_by <> prepared_by),
  constraint brs_approved_by_a_third check (approved_by is null or (approved_by <> prepared_by and coalesce(approved_by <> checked_by, false))),
  constraint brs_steps_in_order check (
    case status
      when 'prepared' then checked_by is null and approved_by is null and withdrawn_by is null
      when 'checked' then checked_by is not null and checked_at is not null and approved_by is null and withdrawn_by is null
      when 'approved' then checked_by is not null and approved_by is not null and approved_at is not null and withdrawn_by is null
      else withdrawn_by is not null and withdrawn_at is not null and coalesce(length(trim(reason)), 0) >= 5 and approved_by is null
    end)
);
create unique index brs_is_signed_once on reconciliation.brs_statements (ulb_id, account, as_of) where status <> 'withdrawn';
call kernel.protect('reconciliation.brs_statements');
revoke delete on reconciliation.brs_statements from nagarkosh_app, nagarkosh_batch;

create function reconciliation.keep_brs() returns trigger
language plpgsql
as $$
begin
  if (new.account, new.as_of, new.content, new.sha256, new.difference, new.prepared_by, new.prepared_at)
     is distinct from (old.account, old.as_of, old.content, old.sha256, old.difference, old.prepared_by, old.prepared_at)
     or old.status in ('approved', 'withdrawn') then
    raise exception 'bank reconciliation statement % is not changed; what differs is another statement', old.brs_id using errcode = 'restrict_violation';
  end if;
  return new;
end
$$;
create trigger keep_brs before update on reconciliation.brs_statements
  for each row execute function reconciliation.keep_brs();
