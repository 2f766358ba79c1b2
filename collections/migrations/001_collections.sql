-- Money coming in: orders at the gateway, what the gateway said, payments, receipts, instruments, the counter, and what goes back.
create schema collections;
grant usage on schema collections to nagarkosh_app, nagarkosh_batch;

-- ---------------------------------------------------------------- orders at the gateway

-- The intent to call is recorded before the call. `receipt` is our id on the gateway's side: the way back when its answer was lost.
create table collections.orders (
  ulb_id integer not null,
  order_id uuid not null,
  receipt text not null,
  consumer_id uuid not null,
  bill_id uuid,
  amount ledger.paise not null,
  state text not null default 'planned',
  status text not null default 'created',
  provider_order_id text,
  requested_by text not null,
  created_at timestamptz not null,
  -- When somebody last set out to create it at the gateway; another caller waits for him before asking.
  attempted_at timestamptz not null,
  confirmed_at timestamptz,
  next_poll_at timestamptz,
  poll_count integer not null default 0,
  last_error text,
  primary key (ulb_id, order_id),
  constraint order_receipt_is_unique unique (ulb_id, receipt),
  constraint provider_order_is_ours_once unique (ulb_id, provider_order_id),
  constraint order_amount_is_positive check (amount > 0),
  constraint order_state_is_known check (state in ('planned', 'unknown', 'confirmed', 'rejected')),
  constraint order_status_is_known check (status in ('created', 'attempted', 'paid')),
  constraint confirmed_order_has_the_gateways_id check ((state = 'confirmed') = (provider_order_id is not null))
);
-- While the amount is unchanged two tabs share one order, and the gateway itself refuses the second success.
create unique index one_open_order_for_the_same_money on collections.orders
  (ulb_id, consumer_id, amount, coalesce(bill_id, '00000000-0000-0000-0000-000000000000'::uuid))
  where status <> 'paid' and state <> 'rejected';
create index orders_of_consumer on collections.orders (ulb_id, consumer_id, created_at);
create index orders_to_poll on collections.orders (ulb_id, next_poll_at) where next_poll_at is not null;
create index orders_unresolved on collections.orders (ulb_id, attempted_at) where state in ('planned', 'unknown');
call kernel.protect('collections.orders');

create table collections.order_requests (
  ulb_id integer not null,
  actor text not null,
  idempotency_key text not null,
  request_hash bytea not null,
  order_id uuid not null,
  created_at timestamptz not null,
  primary key (ulb_id, actor, idempotency_key),
  constraint request_of_an_order foreign key (ulb_id, order_id) references collections.orders (ulb_id, order_id)
);
call kernel.protect_append_only('collections.order_requests');

-- ---------------------------------------------------------------- what the gateway says

-- The inbox: the raw bytes, kept as they were signed. A repeated event id is one row.
create table collections.gateway_events (
  ulb_id integer not null,
  event_key text not null,
  arrival bigint generated always as identity,
  event text not null,
  raw bytea not null,
  received_at timestamptz not null,
  state text not null default 'new',
  attempts integer not null default 0,
  next_at timestamptz not null,
  last_error text,
  processed_at timestamptz,
  primary key (ulb_id, event_key),
  constraint event_state_is_known check (state in ('new', 'done', 'ignored', 'parked', 'dead')),
  constraint event_body_has_a_limit check (octet_length(raw) <= 262144)
);
create index gateway_events_open on collections.gateway_events (ulb_id, next_at, arrival) where state = 'new';
create index gateway_events_for_people on collections.gateway_events (ulb_id, arrival) where state in ('parked', 'dead');
call kernel.protect('collections.gateway_events');
revoke delete on collections.gateway_events from nagarkosh_app, nagarkosh_batch;

-- Requests that failed the signature: evidence, never work. The program keeps the newest thousand of a ULB.
create table collections.rejected_webhooks (
  ulb_id integer not null,
  rejected_id bigint generated always as identity,
  received_at timestamptz not null,
  reason text not null,
  event_key text,
  body_bytes integer not null,
  body_sha256 bytea not null,
  body_start text not null,
  primary key (ulb_id, rejected_id)
);
call kernel.protect('collections.rejected_webhooks');

-- ---------------------------------------------------------------- payments

create table collections.payments (
  ulb_id integer not null,
  payment_id text not null,
  order_id uuid,
  provider_order_id text,
  amount ledger.paise not null,
  -- created 0 < failed 1 < authorized 2 < captured 3; it only rises.
  rank smallint not null,
  method text not null,
  bank text,
  card_last4 text,
  card_network text,
  reference text,
  contact text,
  fee ledger.paise,
  tax ledger.paise,
  created_at timestamptz not null,
  -- The last moment at which the gateway said that it was not captured; what is captured later was captured after it.
  uncaptured_at timestamptz,
  captured_at timestamptz,
  first_seen_at timestamptz not null,
  -- What became of the captured money: a receipt, or a refund note for a second payment of the same bill.
  booked_as text,
  receipt_id uuid,
  refund_id uuid,
  booked_at timestamptz,
  settlement_id text,
  settled_on date,
  primary key (ulb_id, payment_id),
  constraint payment_of_an_order foreign key (ulb_id, order_id) references collections.orders (ulb_id, order_id),
  constraint payment_id_is_the_gateways check (payment_id ~ '^pay_[A-Za-z0-9]{14}$'),
  constraint payment_amount_is_not_negative check (amount >= 0),
  constraint payment_rank_is_known check (rank between 0 and 3),
  constraint captured_payment_has_its_moment check (rank < 3 or captured_at is not null),
  constraint only_captured_money_is_booked check (booked_as is null or rank = 3),
  constraint booked_once_as_one_thing check (
    (booked_as is null and receipt_id is null and refund_id is null)
    or (booked_as = 'receipt' and receipt_id is not null and refund_id is null)
    or (booked_as = 'refund-note' and receipt_id is null and refund_id is not null)
  ),
  constraint only_booked_money_is_settled check (settlement_id is null or booked_as is not null),
  constraint settled_payment_has_its_day check ((settlement_id is null) = (settled_on is null)),
  -- A card number is never stored, not even by mistake: at most four digits of it.
  constraint card_number_is_not_kept check (card_last4 is null or card_last4 ~ '^[0-9A-Za-z]{4}$')
);
create index payments_of_order on collections.payments (ulb_id, order_id);
create index payments_unbooked on collections.payments (ulb_id, payment_id) where rank = 3 and booked_as is null;
create index payments_unsettled on collections.payments (ulb_id, payment_id) where booked_as is not null and settlement_id is null;
call kernel.protect('collections.payments');
revoke delete on collections.payments from nagarkosh_app, nagarkosh_batch;

-- Every time a feed told us about a payment: callback, webhook, poll, settlement.
create table collections.payment_observations (
  ulb_id integer not null,
  observation_id bigint generated always as identity,
  payment_id text not null,
  feed text not null,
  rank smallint not null,
  event_key text,
  observed_at timestamptz not null,
  primary key (ulb_id, observation_id),
  constraint feed_is_known check (feed in ('callback', 'webhook', 'poll', 'settlement'))
);
create index observations_of_payment on collections.payment_observations (ulb_id, payment_id);
call kernel.protect_append_only('collections.payment_observations');

-- ---------------------------------------------------------------- the counter

create table collections.counter_sessions (
  ulb_id integer not null,
  session_id uuid not null,
  counter text not null,
  cashier text not null,
  status text not null default 'open',
  opened_at timestamptz not null,
  closed_at timestamptz,
  -- {"500": 12, "coins": "37.00"}: what was counted in the drawer.
  denominations jsonb,
  counted ledger.paise,
  primary key (ulb_id, session_id),
  constraint session_status_is_known check (status in ('open', 'closed')),
  constraint closed_session_was_counted check ((status = 'closed') = (counted is not null and closed_at is not null))
);
create unique index one_open_session_per_cashier on collections.counter_sessions (ulb_id, cashier) where status = 'open';
create index sessions_by_day on collections.counter_sessions (ulb_id, opened_at);
call kernel.protect('collections.counter_sessions');

-- ---------------------------------------------------------------- receipts

create table collections.receipts (
  ulb_id integer not null,
  receipt_id uuid not null,
  fy text collate "C" not null,
  number bigint not null,
  -- The secret of the QR code: who holds the paper may check it, nobody can guess another's.
  token text not null,
  consumer_id uuid,
  consumer_code text,
  service text,
  ward text,
  payer_name text not null,
  bill_id uuid,
  channel text not null,
  mode text not null,
  amount ledger.paise not null,
  -- When the money was paid, and the same as a date in India; rebate and penalty are reckoned on it.
  paid_at timestamptz not null,
  value_date date not null,
  -- The date in the books: the value date, or the first open day after it when its month was closed.
  entry_date date not null,
  issued_at timestamptz not null,
  issued_by text not null,
  status text not null default 'issued',
  status_reason text,
  status_date date,
  session_id uuid,
  payment_id text,
  idempotency_key text,
  print_count integer not null default 0,
  primary key (ulb_id, receipt_id),
  constraint receipt_number_is_unique unique (ulb_id, fy, number),
  constraint receipt_token_is_unique unique (ulb_id, token),
  constraint one_receipt_per_payment unique (ulb_id, payment_id),
  constraint counter_receipt_asked_once unique (ulb_id, issued_by, idempotency_key),
  constraint receipt_amount_is_positive check (amount > 0),
  constraint receipt_channel_is_known check (channel in ('online', 'counter')),
  constraint receipt_mode_is_known check (mode in ('cash', 'cheque', 'dd', 'bank-transfer', 'gateway')),
  constraint receipt_status_is_known check (status in ('issued', 'dishonoured', 'cancelled')),
  constraint receipt_evidence_exists check ((channel = 'online') = (payment_id is not null) and (channel = 'counter') = (session_id is not null)),
  constraint receipt_of_a_session foreign key (ulb_id, session_id) references collections.counter_sessions (ulb_id, session_id)
);
create index receipts_by_date on collections.receipts (ulb_id, entry_date, number);
create index receipts_of_consumer on collections.receipts (ulb_id, consumer_id, issued_at);
create index receipts_of_session on collections.receipts (ulb_id, session_id) where session_id is not null;
call kernel.protect('collections.receipts');
revoke delete on collections.receipts from nagarkosh_app, nagarkosh_batch;

-- A receipt says for ever what it said: only its status and its print count change.
create function collections.keep_receipt() returns trigger
language plpgsql
as $$
begin
  if (to_jsonb(new) - array['status', 'status_reason', 'status_date', 'print_count'])
     is distinct from (to_jsonb(old) - array['status', 'status_reason', 'status_date', 'print_count'])
     or (old.status <> 'issued' and new.status <> old.status) then
    raise exception 'receipt % is not changed; it is cancelled or dishonoured, once', old.receipt_id using errcode = 'restrict_violation';
  end if;
  return new;
end
$$;
create trigger receipt_is_kept before update on collections.receipts
  for each row execute function collections.keep_receipt();

create table collections.receipt_lines (
  ulb_id integer not null,
  receipt_id uuid not null,
  line_no smallint not null,
  -- tax, cess, penalty …, advance, unidentified: these sum to the receipt's amount; rebate is shown beside them.
  kind text not null,
  tax_head text,
  title text not null,
  demand_year text collate "C",
  period_from date,
  period_to date,
  amount ledger.paise not null,
  primary key (ulb_id, receipt_id, line_no),
  constraint receipt_line_is_positive check (amount > 0),
  -- Deferred, so that the receipt itself, whose number is taken last, may be written after its lines.
  constraint line_of_a_receipt foreign key (ulb_id, receipt_id) references collections.receipts (ulb_id, receipt_id)
    deferrable initially deferred
);
call kernel.protect_append_only('collections.receipt_lines');

-- ---------------------------------------------------------------- instruments: the money itself, until the bank has it

create table collections.remittances (
  ulb_id integer not null,
  remittance_id uuid not null,
  fy text collate "C" not null,
  number bigint not null,
  kind text not null,
  bank_account text collate "C" not null,
  amount ledger.paise not null,
  slip_number text not null,
  deposited_on date not null,
  made_by text not null,
  made_at timestamptz not null,
  primary key (ulb_id, remittance_id),
  constraint remittance_number_is_unique unique (ulb_id, fy, number),
  constraint slip_is_booked_once unique (ulb_id, bank_account, slip_number, deposited_on),
  constraint remittance_kind_is_known check (kind in ('cash', 'cheques')),
  constraint remittance_amount_is_positive check (amount > 0)
);
call kernel.protect_append_only('collections.remittances');

create table collections.instruments (
  ulb_id integer not null,
  instrument_id uuid not null,
  receipt_id uuid not null,
  kind text not null,
  amount ledger.paise not null,
  received_on date not null,
  -- Cheque and draft: number, bank (name or MICR/IFSC), branch, date on it. Bank transfer: UTR. Gateway: payment id.
  number text,
  bank text,
  branch text,
  instrument_date date,
  -- received: in our hands. deposited: with the bank. in-clearing: with the gateway. Then dishonoured or cancelled.
  status text not null,
  remittance_id uuid,
  -- The account of the books in which it is while it is ours.
  account text collate "C" not null,
  -- {"01": "540000"}: paise by fund, so that a deposit moves the money within the funds that it was received for.
  funds jsonb not null,
  primary key (ulb_id, instrument_id),
  constraint one_instrument_per_receipt unique (ulb_id, receipt_id),
  constraint instrument_of_a_receipt foreign key (ulb_id, receipt_id) references collections.receipts (ulb_id, receipt_id)
    deferrable initially deferred,
  constraint instrument_of_a_remittance foreign key (ulb_id, remittance_id) references collections.remittances (ulb_id, remittance_id),
  constraint instrument_kind_is_known check (kind in ('cash', 'cheque', 'dd', 'bank-transfer', 'gateway')),
  constraint instrument_status_is_known check (status in ('received', 'deposited', 'in-clearing', 'dishonoured', 'cancelled')),
  constraint deposited_by_a_remittance check (kind not in ('cash', 'cheque', 'dd') or (status in ('deposited', 'dishonoured')) = (remittance_id is not null)),
  constraint cheque_is_described check (kind not in ('cheque', 'dd') or (number is not null and bank is not null and instrument_date is not null))
);
-- The same leaf cannot be entered at two counters while it lives; after a return it may be presented again.
create unique index cheque_is_entered_once on collections.instruments (ulb_id, bank, number)
  where kind in ('cheque', 'dd') and status in ('received', 'deposited');
create unique index transfer_is_entered_once on collections.instruments (ulb_id, number)
  where kind = 'bank-transfer' and status <> 'cancelled';
create index instruments_in_hand on collections.instruments (ulb_id, received_on) where status = 'received';
create index instruments_of_remittance on collections.instruments (ulb_id, remittance_id) where remittance_id is not null;
call kernel.protect('collections.instruments');
revoke delete on collections.instruments from nagarkosh_app, nagarkosh_batch;

-- ---------------------------------------------------------------- what comes back: dishonours, cancellations, refunds

create table collections.dishonours (
  ulb_id integer not null,
  dishonour_id uuid not null,
  instrument_id uuid not null,
  receipt_id uuid not null,
  dishonoured_on date not null,
  reason text not null,
  bank_charge ledger.paise not null,
  payer_charge ledger.paise not null,
  -- Negotiable Instruments Act s.138: notice within thirty days of the bank's memo.
  notice_by date not null,
  recorded_by text not null,
  recorded_at timestamptz not null,
  primary key (ulb_id, dishonour_id),
  constraint instrument_is_dishonoured_once unique (ulb_id, instrument_id),
  constraint dishonour_of_an_instrument foreign key (ulb_id, instrument_id) references collections.instruments (ulb_id, instrument_id),
  constraint charges_are_not_negative check (bank_charge >= 0 and payer_charge >= 0)
);
call kernel.protect_append_only('collections.dishonours');

create table collections.cancellations (
  ulb_id integer not null,
  cancellation_id uuid not null,
  receipt_id uuid not null,
  cancelled_on date not null,
  reason text not null,
  requested_by text not null,
  approved_by text not null,
  recorded_at timestamptz not null,
  primary key (ulb_id, cancellation_id),
  constraint receipt_is_cancelled_once unique (ulb_id, receipt_id),
  constraint cancellation_of_a_receipt foreign key (ulb_id, receipt_id) references collections.receipts (ulb_id, receipt_id),
  constraint maker_is_not_checker check (requested_by <> approved_by)
);
call kernel.protect_append_only('collections.cancellations');

create table collections.refunds (
  ulb_id integer not null,
  refund_id uuid not null,
  fy text collate "C" not null,
  number bigint not null,
  token text not null,
  payment_id text not null,
  consumer_id uuid,
  consumer_code text,
  amount ledger.paise not null,
  reason text not null,
  -- payable: we owe it. approved: a second person agreed. requested: the gateway was asked. processed, failed: it said so.
  status text not null default 'payable',
  entry_date date not null,
  created_by text not null,
  created_at timestamptz not null,
  approved_by text,
  approved_at timestamptz,
  provider_refund_id text,
  processed_at timestamptz,
  -- Dates of the entries: paid out by the gateway, and (rarely) taken back because that failed after all.
  processed_on date,
  failed_on date,
  last_error text,
  -- The account that is debited when the gateway has paid it out.
  liability_account text collate "C" not null,
  settlement_id text,
  settled_on date,
  primary key (ulb_id, refund_id),
  constraint settled_refund_has_its_day check ((settlement_id is null) = (settled_on is null)),
  constraint refund_number_is_unique unique (ulb_id, fy, number),
  constraint refund_token_is_unique unique (ulb_id, token),
  constraint provider_refund_is_ours_once unique (ulb_id, provider_refund_id),
  constraint refund_of_a_payment foreign key (ulb_id, payment_id) references collections.payments (ulb_id, payment_id),
  constraint refund_amount_is_positive check (amount > 0),
  constraint refund_status_is_known check (status in ('payable', 'approved', 'requested', 'processed', 'failed')),
  constraint refund_maker_is_not_checker check (approved_by is null or approved_by <> created_by),
  constraint processed_refund_has_the_gateways_id check (status <> 'processed' or (provider_refund_id is not null and processed_at is not null and processed_on is not null))
);
create index refunds_of_payment on collections.refunds (ulb_id, payment_id);
create index refunds_open on collections.refunds (ulb_id, status) where status <> 'processed';
call kernel.protect('collections.refunds');
revoke delete on collections.refunds from nagarkosh_app, nagarkosh_batch;

-- ---------------------------------------------------------------- what a person must look at

create table collections.tasks (
  ulb_id integer not null,
  task_id uuid not null,
  kind text not null,
  subject text not null,
  message text not null,
  created_at timestamptz not null,
  done_at timestamptz,
  done_by text,
  resolution text,
  primary key (ulb_id, task_id),
  constraint task_is_set_once unique (ulb_id, kind, subject),
  constraint done_task_says_how check ((done_at is null) = (resolution is null))
);
create index tasks_open on collections.tasks (ulb_id, created_at) where done_at is null;
call kernel.protect('collections.tasks');
revoke delete on collections.tasks from nagarkosh_app, nagarkosh_batch;
