-- A debit or credit note that came by UPYOG's address amendment/_create: its number there, and what only UPYOG's programs read back. What it does to
-- the register stands in billing.demand_changes, and so does its state.
create table api.upyog_amendments (
  ulb_id integer not null references ledger.ulbs,
  amendment_id text collate "C" not null,
  change_id uuid not null,
  business_service text not null,
  -- As it was sent: reason, document number, effective dates, details, documents.
  request jsonb not null,
  created_at timestamptz not null,
  primary key (ulb_id, amendment_id),
  constraint amendment_is_one_change unique (ulb_id, change_id)
);
call kernel.protect_append_only('api.upyog_amendments');
