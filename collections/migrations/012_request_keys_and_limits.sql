-- A payment request that is asked for again under its key is the same request, also where the first answer was lost.
alter table collections.payment_requests add column idempotency_key text;
create unique index request_is_asked_for_once on collections.payment_requests (ulb_id, requested_by, idempotency_key)
  where idempotency_key is not null;

-- What a UPI app may pay at once, as the ULB has it from its bank or NPCI; every version stays, the last one counts.
create table collections.upi_limits (
  ulb_id integer not null,
  limit_id bigint generated always as identity,
  limit_amount ledger.paise not null,
  -- The circular or the bank's letter it rests on.
  basis text not null,
  set_at timestamptz not null,
  set_by text not null,
  primary key (ulb_id, limit_id),
  constraint upi_limit_is_an_amount check (limit_amount >= 100),
  constraint upi_limit_has_its_source check (length(trim(basis)) >= 5)
);
call kernel.protect_append_only('collections.upi_limits');
