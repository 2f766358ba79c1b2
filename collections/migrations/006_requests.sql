-- What the ULB asks for by itself: payment links, UPI codes, virtual accounts for NEFT and RTGS. Money that comes through one is the consumer's.
create table collections.payment_requests (
  ulb_id integer not null,
  request_id uuid not null,
  kind text not null,
  consumer_id uuid not null,
  bill_id uuid,
  -- Fixed for links and codes of one bill; a virtual account and an open code take what the payer sends.
  amount ledger.paise,
  usage text not null,
  -- Our id at the gateway: the way back when its answer was lost.
  reference text not null,
  state text not null default 'planned',
  provider_id text,
  -- Where the payer goes, or what he scans; for a virtual account its number and IFSC.
  url text,
  account_number text,
  ifsc text,
  expires_at timestamptz,
  closed_at timestamptz,
  closed_reason text,
  requested_by text not null,
  created_at timestamptz not null,
  attempted_at timestamptz not null,
  next_poll_at timestamptz,
  poll_count integer not null default 0,
  last_error text,
  primary key (ulb_id, request_id),
  constraint request_reference_is_unique unique (ulb_id, reference),
  constraint provider_request_is_ours_once unique (ulb_id, provider_id),
  constraint request_kind_is_known check (kind in ('link', 'qr', 'virtual-account')),
  constraint request_usage_is_known check (usage in ('single', 'multiple')),
  constraint request_amount_is_positive check (coalesce(amount > 0, true)),
  constraint link_has_an_amount check (kind <> 'link' or amount is not null),
  constraint request_state_is_known check (state in ('planned', 'unknown', 'open', 'closed', 'rejected')),
  constraint open_request_has_the_gateways_id check (state not in ('open', 'closed') or provider_id is not null),
  constraint closed_request_has_its_moment check ((state = 'closed') = (closed_at is not null))
);
create index requests_of_consumer on collections.payment_requests (ulb_id, consumer_id, created_at);
create index requests_to_poll on collections.payment_requests (ulb_id, next_poll_at) where next_poll_at is not null;
call kernel.protect('collections.payment_requests');
revoke delete on collections.payment_requests from nagarkosh_app, nagarkosh_batch;

-- Which payment came through which request, as soon as anybody says so; the payment itself may be heard of before or after.
create table collections.request_payments (
  ulb_id integer not null,
  payment_id text not null,
  request_id uuid not null,
  said_at timestamptz not null,
  primary key (ulb_id, payment_id),
  constraint payment_through_a_request foreign key (ulb_id, request_id) references collections.payment_requests (ulb_id, request_id)
);
create index payments_of_request on collections.request_payments (ulb_id, request_id);
call kernel.protect_append_only('collections.request_payments');

-- The column is new and empty: rows that are there need no look, which the policies of the tables would not allow here.
alter table collections.payments
  add constraint payment_of_a_request foreign key (ulb_id, request_id) references collections.payment_requests (ulb_id, request_id)
    not valid;
