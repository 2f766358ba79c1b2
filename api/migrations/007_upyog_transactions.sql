-- A payment that a program of UPYOG's opened at pg-service: its number there, the gateway order that it is, and what was sent. What became of the money
-- stands in collections.
create table api.upyog_transactions (
  ulb_id integer not null references ledger.ulbs,
  txn_id text collate "C" not null,
  order_id uuid not null,
  bill_id uuid not null,
  consumer_code text not null,
  user_uuid text,
  request jsonb not null,
  created_at timestamptz not null,
  created_by text not null,
  primary key (ulb_id, txn_id)
);
create index upyog_transactions_of_order on api.upyog_transactions (ulb_id, order_id);
create index upyog_transactions_of_bill on api.upyog_transactions (ulb_id, bill_id);
create index upyog_transactions_of_consumer on api.upyog_transactions (ulb_id, consumer_code, created_at);
call kernel.protect_append_only('api.upyog_transactions');
