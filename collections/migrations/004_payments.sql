-- How the ULB takes money online: settings, what becomes of money that nobody owed, captures that we make ourselves, orders that the gateway
-- made twice, refunds that are asked for, and what people lay before the gateway's own answer.

create table collections.merchant_settings (
  ulb_id integer not null,
  setting_id bigint generated always as identity,
  -- The account at the gateway ("acc_…"): an event that names another is not ours, however well it is signed.
  account_id text,
  -- auto: the gateway captures by itself. manual: we do, and decline when nothing is due any more.
  capture text not null,
  -- ulb: the gateway's fee is the ULB's expense. payer: it is added to what the payer pays.
  fee_bearer text not null,
  -- The day on which rebate and penalty of an online payment are reckoned.
  rebate_date text not null,
  set_at timestamptz not null,
  set_by text not null,
  primary key (ulb_id, setting_id),
  constraint account_id_is_the_gateways check (coalesce(account_id ~ '^acc_[A-Za-z0-9]{14}$', true)),
  constraint capture_is_known check (capture in ('auto', 'manual')),
  constraint fee_bearer_is_known check (fee_bearer in ('ulb', 'payer')),
  constraint rebate_date_is_known check (rebate_date in ('attempt', 'capture'))
);
call kernel.protect_append_only('collections.merchant_settings');

create table collections.excess_policies (
  ulb_id integer not null,
  policy_id bigint generated always as identity,
  service text not null,
  policy text not null,
  -- AUTO_REFUND: up to this sum, within so many days of the first payment.
  limit_amount ledger.paise,
  window_days integer not null,
  set_at timestamptz not null,
  set_by text not null,
  primary key (ulb_id, policy_id),
  constraint excess_policy_is_known check (policy in ('ADVANCE', 'AUTO_REFUND', 'HOLD')),
  constraint auto_refund_has_a_limit check ((policy = 'AUTO_REFUND') = (limit_amount is not null)),
  constraint excess_window_is_sensible check (window_days between 0 and 180)
);
create index excess_policies_latest on collections.excess_policies (ulb_id, service, policy_id desc);
call kernel.protect_append_only('collections.excess_policies');

-- ---------------------------------------------------------------- orders and payments

alter table collections.orders
  -- Answers that did not come, one after the other: the next question waits longer.
  add column poll_failures integer not null default 0;

-- The gateway made more than one order for one request of ours. Money on any of them is this order's money.
create table collections.orphan_orders (
  ulb_id integer not null,
  provider_order_id text not null,
  order_id uuid not null,
  found_at timestamptz not null,
  next_poll_at timestamptz,
  poll_count integer not null default 0,
  primary key (ulb_id, provider_order_id),
  constraint orphan_of_an_order foreign key (ulb_id, order_id) references collections.orders (ulb_id, order_id)
);
create index orphans_to_poll on collections.orphan_orders (ulb_id, next_poll_at) where next_poll_at is not null;
call kernel.protect('collections.orphan_orders');
revoke delete on collections.orphan_orders from nagarkosh_app, nagarkosh_batch;

alter table collections.payments
  -- Where no event told the moment of capture: when an answer first showed it captured.
  add column captured_seen_at timestamptz,
  -- What the payer paid on top for the gateway's fee, where payers bear it; part of `amount`.
  add column convenience_fee ledger.paise not null default 0,
  -- Sum of refunds that live (asked for, owed, on their way, paid), and of disputes that are open or lost.
  add column refunded ledger.paise not null default 0,
  add column disputed ledger.paise not null default 0,
  -- What the gateway gave back beyond the capture although we had paid it another way: it is claimed back.
  add column overrun ledger.paise not null default 0,
  -- The payment link, QR code or virtual account that it came through.
  add column request_id uuid,
  add constraint convenience_fee_is_part_of_it check (convenience_fee between 0 and amount),
  add constraint refunds_are_within_the_capture check (refunded >= 0 and overrun >= 0 and refunded <= amount + overrun),
  add constraint disputed_is_not_negative check (disputed >= 0);

-- Captures that we make ourselves: the intent is recorded before the call, and a payment is captured or declined once.
create table collections.capture_commands (
  ulb_id integer not null,
  payment_id text not null,
  state text not null default 'planned',
  reason text,
  attempts integer not null default 0,
  next_at timestamptz not null,
  last_error text,
  decided_at timestamptz not null,
  primary key (ulb_id, payment_id),
  constraint capture_of_a_payment foreign key (ulb_id, payment_id) references collections.payments (ulb_id, payment_id),
  constraint capture_state_is_known check (state in ('planned', 'in_flight', 'ok', 'declined', 'rejected')),
  constraint declined_capture_says_why check ((state in ('declined', 'rejected')) = (reason is not null))
);
create index captures_to_make on collections.capture_commands (ulb_id, next_at) where state in ('planned', 'in_flight');
call kernel.protect('collections.capture_commands');
revoke delete on collections.capture_commands from nagarkosh_app, nagarkosh_batch;

-- Money that the gateway gave back without ever having captured it for us: noted, and nothing of it is in the books.
create table collections.uncaptured_refunds (
  ulb_id integer not null,
  provider_refund_id text not null,
  payment_id text not null,
  amount ledger.paise not null,
  status text not null,
  seen_at timestamptz not null,
  primary key (ulb_id, provider_refund_id)
);
call kernel.protect('collections.uncaptured_refunds');
revoke delete on collections.uncaptured_refunds from nagarkosh_app, nagarkosh_batch;

-- What a person brings for a payment that we do not see (a bank's message, a statement): kept beside the gateway's own answer, which decides.
create table collections.payment_evidence (
  ulb_id integer not null,
  evidence_id uuid not null,
  order_id uuid,
  payment_id text,
  note text not null,
  file_name text,
  file_type text,
  content bytea,
  gateway_said text not null,
  added_by text not null,
  added_at timestamptz not null,
  primary key (ulb_id, evidence_id),
  constraint evidence_is_about_something check (order_id is not null or payment_id is not null),
  constraint evidence_file_has_a_limit check (coalesce(octet_length(content), 0) <= 5242880),
  constraint evidence_file_is_whole check ((content is null) = (file_name is null) and (content is null) = (file_type is null))
);
create index evidence_of_order on collections.payment_evidence (ulb_id, order_id) where order_id is not null;
create index evidence_of_payment on collections.payment_evidence (ulb_id, payment_id) where payment_id is not null;
call kernel.protect_append_only('collections.payment_evidence');

-- ---------------------------------------------------------------- refunds

alter table collections.refunds
  -- second-payment: of what was paid already. advance: out of the consumer's credit. receipt: a whole payment, whose dues open again.
  -- unidentified: money of nobody we know. gateway: made over there without us.
  add column origin text not null default 'second-payment',
  -- The day on which it was sanctioned in the books: Dr what it comes from, Cr refunds payable.
  add column sanctioned_on date,
  add column send_attempts integer not null default 0,
  add column next_send_at timestamptz,
  add column rejected_by text,
  add column rejected_reason text,
  -- Paid from the bank because the gateway could not.
  add column bank_account text collate "C",
  add column bank_reference text,
  add column bank_paid_on date,
  add constraint refund_origin_is_known check (origin in ('second-payment', 'advance', 'receipt', 'unidentified', 'gateway')),
  drop constraint refund_status_is_known,
  add constraint refund_status_is_known check
    (status in ('asked', 'rejected', 'payable', 'approved', 'requested', 'processed', 'failed', 'bank-due', 'bank-paid')),
  add constraint rejected_refund_says_why check ((status = 'rejected') = (rejected_by is not null and rejected_reason is not null)),
  add constraint refund_rejector_is_not_the_maker check (rejected_by is null or rejected_by <> created_by),
  add constraint bank_refund_is_described check
    ((status = 'bank-paid') = (bank_account is not null and bank_reference is not null and bank_paid_on is not null)),
  add constraint bank_reference_pays_one_refund unique (ulb_id, bank_account, bank_reference);
create index refunds_to_send on collections.refunds (ulb_id, next_send_at) where next_send_at is not null;

-- The payment keeps the sum of its living refunds, so that one row lock and one CHECK say how much may still be given back.
create function collections.keep_refunded() returns trigger
language plpgsql
as $$
declare
  v_before bigint := 0;
  v_after bigint := 0;
  v_room bigint;
begin
  if tg_op = 'UPDATE' and old.status not in ('failed', 'rejected') then v_before := old.amount; end if;
  if new.status not in ('failed', 'rejected') then v_after := new.amount; end if;
  if v_after = v_before then return null; end if;
  update collections.payments
  set refunded = refunded + v_after - v_before,
    overrun = case when tg_op = 'INSERT' and new.origin = 'gateway'
      then greatest(overrun, refunded + v_after - amount) else overrun end
  where ulb_id = new.ulb_id and payment_id = new.payment_id
  returning amount - refunded - disputed into v_room;
  -- What the gateway has done is done; what we set out to do stays within captured − refunded − disputed.
  if tg_op = 'INSERT' and new.origin <> 'gateway' and v_room < 0 then
    raise exception 'refund of payment % exceeds what was captured and is neither refunded nor disputed by %', new.payment_id, -v_room
      using errcode = 'check_violation', constraint = 'refunds_are_within_the_capture';
  end if;
  return null;
end
$$;
create trigger payment_knows_its_refunds after insert or update on collections.refunds
  for each row execute function collections.keep_refunded();

-- ---------------------------------------------------------------- receipts that other doors and ends bring

alter table collections.receipts
  drop constraint receipt_channel_is_known,
  add constraint receipt_channel_is_known check (channel in ('online', 'counter', 'external')),
  drop constraint receipt_status_is_known,
  add constraint receipt_status_is_known check
    (status in ('issued', 'dishonoured', 'cancelled', 'transferred', 'reversed'));

alter table collections.receipts
  -- "bbps/…": the reference of the portal that took the money; the same reference is one receipt.
  add column external_ref text,
  add constraint one_receipt_per_external_payment unique (ulb_id, external_ref),
  add constraint external_receipt_has_its_reference check ((channel = 'external') = (external_ref is not null));

-- Refunds that are there already count against their payments.
do $$
declare
  v_ulb integer;
begin
  for v_ulb in select ulb_id from ledger.ulbs order by ulb_id loop
    perform set_config('nagarkosh.ulb', v_ulb::text, true);
    update collections.payments p set refunded = r.amount
    from (
      select payment_id, sum(amount) as amount from collections.refunds
      where ulb_id = v_ulb and status not in ('failed', 'rejected') group by payment_id
    ) as r
    where p.ulb_id = v_ulb and p.payment_id = r.payment_id;
    update collections.refunds n set origin = 'gateway'
    where n.ulb_id = v_ulb and not exists (
      select 1 from collections.payments p where p.ulb_id = n.ulb_id and p.refund_id = n.refund_id);
  end loop;
end
$$;
