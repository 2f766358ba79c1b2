-- The counter as an office keeps it: the ULB's rules of the counter, sessions with a float, handovers between cashiers, a drawer that does not
-- tally, several bills in one payment, receipts without a consumer, books of manual receipts, cheques that are only acknowledged until the bank
-- has realised them, and card machines with their batches.

-- Heads for the ULBs that are there already; a new ULB gets them with its posting map.
do $$
declare
  v_ulb integer;
begin
  for v_ulb in select ulb_id from ledger.ulbs order by ulb_id loop
    perform set_config('nagarkosh.ulb', v_ulb::text, true);
    insert into ledger.posting_map (ulb_id, key, account)
    select v_ulb, k.key, k.account
    from (values
      ('pos-clearing', '4501006'),
      ('cash-short', '4601006'),
      ('cash-over', '3504007'),
      ('rounding', '1808006'),
      ('cheques-provisional', '3408000')
    ) as k (key, account)
    join ledger.accounts a on a.ulb_id = v_ulb and a.code = k.account and a.is_posting
    on conflict do nothing;
  end loop;
end
$$;

-- ---------------------------------------------------------------- the ULB's rules of the counter

-- Every version stays: a receipt of last year is judged by the rules of last year.
create table collections.counter_policies (
  ulb_id integer not null,
  version integer not null,
  -- at-tender: a receipt subject to realisation. at-realisation: an acknowledgement first, the receipt when the bank has the money.
  cheque_receipt text not null,
  -- none, or up-to-rupee: cash is taken in whole rupees, what is above the dues is a rounding (case S79).
  cash_rounding text not null,
  -- After so many returns that were the drawer's fault within twelve months no cheque is taken from the consumer; 0: never refused.
  cheque_block_after smallint not null,
  -- What the payer is charged for a return that is his fault, unless the act says otherwise.
  dishonour_charge ledger.paise not null,
  has_cash_limit boolean not null,
  -- How old the leaf of a manual receipt book may be when it is entered.
  manual_days smallint not null,
  set_by text not null,
  set_at timestamptz not null,
  reason text not null,
  primary key (ulb_id, version),
  constraint cheque_receipt_is_known check (cheque_receipt in ('at-tender', 'at-realisation')),
  constraint cash_rounding_is_known check (cash_rounding in ('none', 'up-to-rupee')),
  constraint counter_figures_are_sound check (cheque_block_after between 0 and 20 and dishonour_charge >= 0 and manual_days between 1 and 366)
);
call kernel.protect_append_only('collections.counter_policies');

-- ---------------------------------------------------------------- sessions: float, handover, difference

alter table collections.counter_sessions
  add column office text not null default '',
  add column float ledger.paise not null default 0,
  add column float_from text,
  add column float_denominations jsonb,
  -- The counter is being left to the next cashier: it takes nothing more, and he may open it under the same name.
  add column is_leaving boolean not null default false,
  -- Counted and not in tally: waits for the supervisor.
  add column declared jsonb,
  add column declared_at timestamptz,
  -- What the drawer was short of (negative) or over when it was closed, and on whose word.
  add column difference bigint not null default 0,
  add column difference_reason text,
  add column difference_approved_by text,
  add constraint float_is_handed_by_somebody check (float = 0 or (float_from is not null and float_from <> cashier)),
  add constraint difference_is_approved_by_another check (
    difference = 0 or (difference_reason is not null and difference_approved_by is not null and difference_approved_by <> cashier)
  );
create unique index one_open_session_per_counter on collections.counter_sessions (ulb_id, office, lower(counter))
  where status = 'open' and not is_leaving;

-- Cash that goes from one drawer into another: given by one cashier, taken (or refused) by the other.
create table collections.handovers (
  ulb_id integer not null,
  handover_id uuid not null,
  from_session uuid not null,
  from_cashier text not null,
  to_cashier text not null,
  amount ledger.paise not null,
  denominations jsonb not null,
  given_at timestamptz not null,
  status text not null default 'given',
  to_session uuid,
  answered_at timestamptz,
  primary key (ulb_id, handover_id),
  constraint handover_from_a_session foreign key (ulb_id, from_session) references collections.counter_sessions (ulb_id, session_id),
  constraint handover_to_a_session foreign key (ulb_id, to_session) references collections.counter_sessions (ulb_id, session_id),
  constraint handover_amount_is_positive check (amount > 0),
  constraint handover_is_between_two check (from_cashier <> to_cashier),
  constraint handover_status_is_known check (status in ('given', 'accepted', 'refused')),
  constraint answered_handover_says_when check ((status = 'given') = (answered_at is null) and (status = 'accepted') = (to_session is not null))
);
create index handovers_from on collections.handovers (ulb_id, from_session);
create index handovers_to on collections.handovers (ulb_id, to_session) where to_session is not null;
create index handovers_waiting on collections.handovers (ulb_id, to_cashier) where status = 'given';
call kernel.protect('collections.handovers');
revoke delete on collections.handovers from nagarkosh_app, nagarkosh_batch;

-- The cash by which a closed session was short (negative) or over: what the deposit of its cash is less or more by, fund by fund.
create table collections.cash_differences (
  ulb_id integer not null,
  difference_id uuid not null,
  session_id uuid not null,
  fund text collate "C" not null,
  amount bigint not null,
  -- The part that the float is short of: it belongs to no deposit.
  is_of_float boolean not null,
  booked_on date not null,
  remittance_id uuid,
  primary key (ulb_id, difference_id),
  constraint difference_of_a_session foreign key (ulb_id, session_id) references collections.counter_sessions (ulb_id, session_id),
  constraint difference_in_a_remittance foreign key (ulb_id, remittance_id) references collections.remittances (ulb_id, remittance_id),
  constraint difference_is_not_nil check (amount <> 0),
  constraint float_is_never_deposited check (not is_of_float or remittance_id is null)
);
create index differences_in_hand on collections.cash_differences (ulb_id, session_id) where remittance_id is null and not is_of_float;
call kernel.protect('collections.cash_differences');
revoke delete on collections.cash_differences from nagarkosh_app, nagarkosh_batch;

-- ---------------------------------------------------------------- receipts

alter table collections.receipts
  -- One payment at the counter may settle several consumers: one receipt each, one money.
  add column tender_id uuid,
  add column kind text not null default 'original',
  -- A replacement after a transfer to the right consumer: the receipt of the money itself.
  add column original_id uuid,
  add column replaces uuid,
  add column book_no text,
  add column leaf_no text,
  add column payer_mobile text,
  add column payer_pan text,
  -- Cash above the limit: on whose permission and why.
  add column limit_reason text,
  add column limit_allowed_by text,
  drop constraint receipt_mode_is_known,
  add constraint receipt_mode_is_known
    check (mode in ('cash', 'cheque', 'dd', 'postal-order', 'bank-transfer', 'challan', 'pos', 'upi', 'gateway')),
  drop constraint receipt_status_is_known,
  add constraint receipt_status_is_known check (status in ('issued', 'dishonoured', 'cancelled', 'transferred')),
  add constraint receipt_kind_is_known check (kind in ('original', 'replacement')),
  add constraint replacement_names_its_receipt check ((kind = 'replacement') = (original_id is not null and replaces is not null)),
  add constraint receipt_is_replaced_once unique (ulb_id, replaces),
  add constraint leaf_has_its_book check ((book_no is null) = (leaf_no is null)),
  add constraint leaf_is_used_once unique (ulb_id, book_no, leaf_no),
  add constraint limit_is_lifted_with_a_reason check ((limit_reason is null) = (limit_allowed_by is null)),
  add constraint limit_is_lifted_by_another check (limit_allowed_by is null or limit_allowed_by <> issued_by);
create index receipts_of_tender on collections.receipts (ulb_id, tender_id) where tender_id is not null;
create index receipts_of_money on collections.receipts (ulb_id, original_id) where original_id is not null;
create index cash_of_mobile on collections.receipts (ulb_id, payer_mobile, value_date) where mode = 'cash' and payer_mobile is not null;
create index cash_of_pan on collections.receipts (ulb_id, payer_pan, value_date) where mode = 'cash' and payer_pan is not null;
create index cash_of_bill on collections.receipts (ulb_id, bill_id) where mode = 'cash' and bill_id is not null;

alter table collections.receipt_lines
  -- A miscellaneous receipt's head; lines of a consumer have their tax head.
  add column account text collate "C";

-- One form, one payment: the receipts that came of it are found again by its key.
create table collections.tenders (
  ulb_id integer not null,
  tender_id uuid not null,
  session_id uuid not null,
  mode text not null,
  amount ledger.paise not null,
  taken_by text not null,
  taken_at timestamptz not null,
  idempotency_key text not null,
  -- What was asked, hashed: the same key for another payment is refused.
  request_hash bytea not null,
  primary key (ulb_id, tender_id),
  constraint tender_asked_once unique (ulb_id, taken_by, idempotency_key),
  constraint tender_of_a_session foreign key (ulb_id, session_id) references collections.counter_sessions (ulb_id, session_id),
  constraint tender_amount_is_positive check (amount > 0)
);
call kernel.protect_append_only('collections.tenders');

create table collections.receipt_transfers (
  ulb_id integer not null,
  transfer_id uuid not null,
  from_receipt uuid not null,
  to_receipt uuid not null,
  transferred_on date not null,
  reason text not null,
  requested_by text not null,
  approved_by text not null,
  recorded_at timestamptz not null,
  primary key (ulb_id, transfer_id),
  constraint receipt_is_transferred_once unique (ulb_id, from_receipt),
  constraint transfer_of_a_receipt foreign key (ulb_id, from_receipt) references collections.receipts (ulb_id, receipt_id),
  constraint transfer_to_a_receipt foreign key (ulb_id, to_receipt) references collections.receipts (ulb_id, receipt_id),
  constraint transfer_maker_is_not_checker check (requested_by <> approved_by)
);
call kernel.protect_append_only('collections.receipt_transfers');

-- ---------------------------------------------------------------- acknowledgements: a cheque before the bank has realised it

create table collections.acknowledgements (
  ulb_id integer not null,
  ack_id uuid not null,
  fy text collate "C" not null,
  number bigint not null,
  token text not null,
  session_id uuid not null,
  consumer_id uuid not null,
  consumer_code text not null,
  payer_name text not null,
  bill_id uuid,
  mode text not null,
  amount ledger.paise not null,
  received_on date not null,
  issued_at timestamptz not null,
  issued_by text not null,
  -- held: in our hands or at the bank. Then realised (its receipt exists), returned by the bank, or cancelled.
  status text not null default 'held',
  status_on date,
  receipt_id uuid,
  idempotency_key text not null,
  primary key (ulb_id, ack_id),
  constraint ack_number_is_unique unique (ulb_id, fy, number),
  constraint ack_token_is_unique unique (ulb_id, token),
  constraint ack_asked_once unique (ulb_id, issued_by, idempotency_key),
  constraint ack_of_a_session foreign key (ulb_id, session_id) references collections.counter_sessions (ulb_id, session_id),
  constraint ack_amount_is_positive check (amount > 0),
  constraint ack_mode_is_known check (mode in ('cheque', 'dd', 'postal-order')),
  constraint ack_status_is_known check (status in ('held', 'realised', 'returned', 'cancelled')),
  constraint ack_says_when check ((status = 'held') = (status_on is null)),
  constraint realised_ack_has_its_receipt check ((status = 'realised') = (receipt_id is not null) or status = 'returned')
);
create index acks_of_consumer on collections.acknowledgements (ulb_id, consumer_id) where status = 'held';
call kernel.protect('collections.acknowledgements');
revoke delete on collections.acknowledgements from nagarkosh_app, nagarkosh_batch;

-- ---------------------------------------------------------------- instruments

create table collections.pos_batches (
  ulb_id integer not null,
  batch_id uuid not null,
  acquirer text not null,
  batch_no text not null,
  settled_on date not null,
  gross ledger.paise not null,
  fee ledger.paise not null,
  fee_gst ledger.paise not null,
  utr text not null,
  bank_account text collate "C" not null,
  recorded_by text not null,
  recorded_at timestamptz not null,
  primary key (ulb_id, batch_id),
  constraint batch_is_settled_once unique (ulb_id, acquirer, batch_no, settled_on),
  constraint batch_figures_are_sound check (gross > 0 and fee >= 0 and fee_gst >= 0 and fee + fee_gst < gross)
);
call kernel.protect_append_only('collections.pos_batches');

alter table collections.instruments
  alter column receipt_id drop not null,
  add column ack_id uuid,
  -- A leaf that pays for several consumers has a share for each; share 0 stands for the leaf.
  add column tender_id uuid,
  add column share_no smallint not null default 0,
  add column acquirer text,
  add column batch_no text,
  add column batch_id uuid,
  add column cleared_on date,
  -- Not validated: the columns are new and empty, and a look through row-level security needs a ULB.
  add constraint instrument_of_an_ack foreign key (ulb_id, ack_id) references collections.acknowledgements (ulb_id, ack_id)
    deferrable initially deferred not valid,
  add constraint instrument_of_a_batch foreign key (ulb_id, batch_id) references collections.pos_batches (ulb_id, batch_id) not valid,
  add constraint one_instrument_per_ack unique (ulb_id, ack_id),
  add constraint instrument_has_its_paper check (receipt_id is not null or ack_id is not null),
  drop constraint instrument_kind_is_known,
  add constraint instrument_kind_is_known
    check (kind in ('cash', 'cheque', 'dd', 'postal-order', 'bank-transfer', 'challan', 'pos', 'upi', 'gateway')),
  drop constraint instrument_status_is_known,
  add constraint instrument_status_is_known
    check (status in ('received', 'deposited', 'cleared', 'settled', 'in-clearing', 'dishonoured', 'cancelled')),
  drop constraint deposited_by_a_remittance,
  add constraint deposited_by_a_remittance check (
    kind not in ('cash', 'cheque', 'dd', 'postal-order') or (status in ('deposited', 'cleared', 'dishonoured')) = (remittance_id is not null)
  ),
  add constraint settled_in_a_batch check (kind not in ('pos', 'upi') or (status = 'settled') = (batch_id is not null)),
  add constraint cleared_instrument_says_when check ((status = 'cleared') <= (cleared_on is not null)),
  add constraint card_slip_is_described check (kind not in ('pos', 'upi') or (number is not null and acquirer is not null));
drop index collections.cheque_is_entered_once;
create unique index cheque_is_entered_once on collections.instruments (ulb_id, bank, number)
  where kind in ('cheque', 'dd') and status in ('received', 'deposited', 'cleared') and share_no = 0;
drop index collections.transfer_is_entered_once;
create unique index transfer_is_entered_once on collections.instruments (ulb_id, number)
  where kind in ('bank-transfer', 'challan') and status <> 'cancelled' and share_no = 0;
create unique index card_slip_is_entered_once on collections.instruments (ulb_id, acquirer, number)
  where kind in ('pos', 'upi') and status <> 'cancelled' and share_no = 0;
create unique index postal_order_is_entered_once on collections.instruments (ulb_id, number)
  where kind = 'postal-order' and status in ('received', 'deposited', 'cleared') and share_no = 0;
create index instruments_of_tender on collections.instruments (ulb_id, tender_id) where tender_id is not null;
create index instruments_unsettled on collections.instruments (ulb_id, acquirer, batch_no) where kind in ('pos', 'upi') and status = 'received';

-- What the bag was made of: the pay-in slip says it.
alter table collections.remittances
  add column denominations jsonb;

alter table collections.dishonours
  alter column receipt_id drop not null,
  add column ack_id uuid,
  add column reason_code text,
  -- Whether the drawer is at fault: only then may he be charged and given notice (Madras High Court, 2019).
  add column is_drawers_fault boolean not null default true,
  add constraint dishonour_has_its_paper check (receipt_id is not null or ack_id is not null),
  add constraint only_the_drawer_at_fault_is_charged check (is_drawers_fault or payer_charge = 0);

-- Negotiable Instruments Act s.138: when the drawer was given notice, and when it reached him.
create table collections.cheque_notices (
  ulb_id integer not null,
  notice_id uuid not null,
  dishonour_id uuid not null,
  issued_on date not null,
  served_on date,
  issued_by text not null,
  recorded_at timestamptz not null,
  primary key (ulb_id, notice_id),
  constraint notice_of_a_dishonour foreign key (ulb_id, dishonour_id) references collections.dishonours (ulb_id, dishonour_id),
  constraint one_notice_per_dishonour unique (ulb_id, dishonour_id),
  constraint served_after_it_was_issued check (served_on is null or served_on >= issued_on)
);
call kernel.protect('collections.cheque_notices');
revoke delete on collections.cheque_notices from nagarkosh_app, nagarkosh_batch;

-- ---------------------------------------------------------------- signatures of receipts

-- Ed25519: the public half is published, so that a code can be checked without asking us. A key that was replaced stays for what it signed.
create table collections.signing_keys (
  ulb_id integer not null,
  key_id text not null,
  public_key text not null,
  private_key text not null,
  created_at timestamptz not null,
  retired_at timestamptz,
  primary key (ulb_id, key_id)
);
create unique index one_signing_key_in_use on collections.signing_keys (ulb_id) where retired_at is null;
call kernel.protect('collections.signing_keys');
revoke delete on collections.signing_keys from nagarkosh_app, nagarkosh_batch;

-- ---------------------------------------------------------------- the day of an office

create table collections.counter_days (
  ulb_id integer not null,
  office text not null,
  day date not null,
  -- The check list as it stood: what was asked and what was found.
  checks jsonb not null,
  totals jsonb not null,
  closed_by text not null,
  closed_at timestamptz not null,
  primary key (ulb_id, office, day)
);
call kernel.protect_append_only('collections.counter_days');

-- ---------------------------------------------------------------- cash above the limit, with permission

create table collections.cash_permissions (
  ulb_id integer not null,
  permission_id uuid not null,
  day date not null,
  -- Whose cash: a consumer's, a mobile number's or a PAN's.
  payer_kind text not null,
  payer text not null,
  up_to ledger.paise not null,
  reason text not null,
  allowed_by text not null,
  allowed_at timestamptz not null,
  tender_id uuid,
  primary key (ulb_id, permission_id),
  constraint permission_payer_is_known check (payer_kind in ('consumer', 'mobile', 'pan')),
  constraint permission_has_a_reason check (length(reason) >= 5)
);
create index permissions_of_day on collections.cash_permissions (ulb_id, day) where tender_id is null;
call kernel.protect('collections.cash_permissions');
revoke delete on collections.cash_permissions from nagarkosh_app, nagarkosh_batch;
