-- A payment that a program of UPYOG's took at collection-services: what only such programs read back. The money stands in collections, under the same id.
create table api.upyog_payments (
  ulb_id integer not null references ledger.ulbs,
  payment_id uuid not null,
  -- As it was sent: mode, payer, instrument, details, additional details.
  request jsonb not null,
  created_at timestamptz not null,
  primary key (ulb_id, payment_id)
);
call kernel.protect_append_only('api.upyog_payments');
