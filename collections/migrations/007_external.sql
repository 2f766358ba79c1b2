-- Money that others take for the ULB: BBPS, UPI aggregators, portals of the State. They post what they took; they settle later.
create table collections.external_partners (
  ulb_id integer not null,
  partner text not null,
  name text not null,
  channel text not null,
  -- Whose access token may post for it.
  actor text not null,
  clearing_account text collate "C" not null,
  is_active boolean not null default true,
  set_at timestamptz not null,
  set_by text not null,
  primary key (ulb_id, partner),
  constraint partner_actor_is_one_partners unique (ulb_id, actor),
  constraint partner_code_is_short check (partner ~ '^[a-z0-9][a-z0-9-]{1,30}$'),
  constraint partner_channel_is_known check (channel in ('bbps', 'upi-aggregator', 'portal'))
);
call kernel.protect('collections.external_partners');
revoke delete on collections.external_partners from nagarkosh_app, nagarkosh_batch;

create table collections.external_payments (
  ulb_id integer not null,
  partner text not null,
  -- The partner's own id of the payment: the same again is the same payment.
  reference text not null,
  consumer_id uuid not null,
  bill_id uuid,
  amount ledger.paise not null,
  instrument text not null,
  paid_at timestamptz not null,
  -- A second id of the network (platform bill, RRN), for people who look it up.
  network_reference text,
  receipt_id uuid not null,
  posted_at timestamptz not null,
  settlement_id uuid,
  settled_on date,
  primary key (ulb_id, partner, reference),
  constraint external_payment_of_a_partner foreign key (ulb_id, partner) references collections.external_partners (ulb_id, partner),
  constraint external_payment_has_one_receipt unique (ulb_id, receipt_id),
  constraint external_amount_is_positive check (amount > 0),
  constraint settled_external_has_its_day check ((settlement_id is null) = (settled_on is null))
);
create index external_unsettled on collections.external_payments (ulb_id, partner, posted_at) where settlement_id is null;
call kernel.protect('collections.external_payments');
revoke delete on collections.external_payments from nagarkosh_app, nagarkosh_batch;

-- What a partner paid over, as its file or notice says. Items that we do not have, or with another amount, stand in `problems`.
create table collections.external_settlements (
  ulb_id integer not null,
  settlement_id uuid not null,
  partner text not null,
  reference text not null,
  amount ledger.paise not null,
  bank_account text collate "C" not null,
  settled_on date not null,
  items integer not null,
  problems jsonb not null,
  recorded_by text not null,
  recorded_at timestamptz not null,
  primary key (ulb_id, settlement_id),
  constraint external_settlement_is_booked_once unique (ulb_id, partner, reference),
  constraint external_settlement_of_a_partner foreign key (ulb_id, partner) references collections.external_partners (ulb_id, partner),
  constraint external_settlement_is_positive check (amount > 0)
);
call kernel.protect_append_only('collections.external_settlements');
