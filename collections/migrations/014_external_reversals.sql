-- A partner takes a payment of before back (the network gave the money back to the payer): once, under a reference of its own.
create table collections.external_reversals (
  ulb_id integer not null,
  partner text not null,
  -- The partner's own id of the reversal: the same again is the same reversal.
  reversal_reference text not null,
  -- The payment that it takes back.
  reference text not null,
  reversal_id uuid not null,
  amount ledger.paise not null,
  reason text not null,
  reversed_at timestamptz not null,
  -- The date in the books.
  booked_on date not null,
  posted_at timestamptz not null,
  posted_by text not null,
  primary key (ulb_id, partner, reversal_reference),
  constraint external_payment_is_reversed_once unique (ulb_id, partner, reference),
  constraint reversal_of_an_external_payment foreign key (ulb_id, partner, reference)
    references collections.external_payments (ulb_id, partner, reference),
  constraint external_reversal_says_why check (length(trim(reason)) >= 3)
);
call kernel.protect_append_only('collections.external_reversals');
