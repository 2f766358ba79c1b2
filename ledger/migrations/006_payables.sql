-- What the ULB owes and how it pays: bills, the sub-ledger of open items, payments, cheques, advices, and orders about deposits.

-- ---------------------------------------------------------------- settings: a ULB without a row has the defaults of ledger/payables/settings.ts

create table ledger.payable_settings (
  ulb_id integer not null primary key,
  -- BK-03, BK-05 and DP-05: the periods are State rules.
  stale_months smallint not null,
  lapse_years smallint not null,
  deposit_lapse_years smallint not null,
  -- From this amount on a transfer goes by RTGS, below it by NEFT.
  rtgs_from ledger.paise not null,
  -- The function under which lapsed and forfeited amounts are income (income heads need one).
  income_function text collate "C" not null,
  first_signatory text not null,
  second_signatory text not null,
  changed_by text not null,
  changed_at timestamptz not null,
  constraint settings_are_sensible check (stale_months between 1 and 36 and lapse_years between 1 and 30 and deposit_lapse_years between 1 and 30
    and rtgs_from > 0)
);
call kernel.protect('ledger.payable_settings');
revoke delete on ledger.payable_settings from nagarkosh_app, nagarkosh_batch;

-- When and to whom a recovery is remitted: by the code of its tax section or recovery. Without a row the kind's default counts.
create table ledger.recovery_terms (
  ulb_id integer not null,
  code text collate "C" not null,
  due_day smallint not null,
  payee text not null,
  changed_by text not null,
  changed_at timestamptz not null,
  primary key (ulb_id, code),
  constraint due_day_is_in_every_month check (due_day between 1 and 28)
);
call kernel.protect('ledger.recovery_terms');

-- ---------------------------------------------------------------- bills (GEN-13)

create table ledger.bills (
  ulb_id integer not null,
  bill_id uuid not null,
  kind text collate "C" not null,
  party_type text collate "C" not null,
  party_id text collate "C" not null,
  -- The party's own number and date.
  number text not null,
  bill_date date not null,
  received_on date not null,
  due_on date,
  narration text not null,
  fund text collate "C" not null,
  contract_ref text,
  contract_value ledger.paise,
  gross ledger.paise not null,
  -- The value without GST: what tax is deducted from.
  taxable ledger.paise not null,
  net ledger.paise not null,
  -- What was asked for when deductions were computed (sections, retention, recoveries), to compute them again at passing.
  asked jsonb not null,
  status text collate "C" not null default 'draft',
  version integer not null default 1,
  -- The number in the register of bills, given at submission: "B/2026-27/000012".
  register_number text,
  created_by text not null,
  created_at timestamptz not null,
  submitted_by text,
  submitted_at timestamptz,
  decided_by text,
  decided_at timestamptz,
  decision_reason text,
  booked_on date,
  entry_id bigint,
  cancelled_by text,
  cancelled_at timestamptz,
  cancel_reason text,
  cancel_entry_id bigint,
  primary key (ulb_id, bill_id),
  constraint bill_kind_is_known check (kind in ('contractor', 'supplier', 'salary', 'other')),
  constraint bill_status_is_known check (status in ('draft', 'submitted', 'passed', 'rejected', 'cancelled')),
  constraint bill_amounts_agree check (gross > 0 and taxable > 0 and taxable <= gross and net >= 0 and net <= gross),
  constraint bill_maker_is_not_checker check (decided_by is null or (decided_by <> created_by and decided_by is distinct from submitted_by)),
  constraint bill_canceller_is_not_maker check (cancelled_by is null or cancelled_by <> created_by),
  constraint passed_bill_has_an_entry check ((status in ('passed', 'cancelled')) = (entry_id is not null)),
  constraint cancelled_bill_is_reversed check ((status = 'cancelled') = (cancel_entry_id is not null)),
  constraint bill_is_of_a_party foreign key (ulb_id, party_type, party_id) references ledger.parties (ulb_id, party_type, party_id),
  constraint bill_entry_exists foreign key (ulb_id, entry_id) references ledger.entries (ulb_id, entry_id),
  constraint bill_reversal_exists foreign key (ulb_id, cancel_entry_id) references ledger.entries (ulb_id, entry_id)
);
-- A bill is taken in once; one that was refused or cancelled may come again.
create unique index bill_of_a_party_once on ledger.bills (ulb_id, party_type, party_id, upper(number)) where status not in ('rejected', 'cancelled');
create index bills_by_status on ledger.bills (ulb_id, status, bill_date);
create index bills_of_a_party on ledger.bills (ulb_id, party_type, party_id, booked_on);
call kernel.protect('ledger.bills');
revoke delete on ledger.bills from nagarkosh_app, nagarkosh_batch;

create table ledger.bill_lines (
  ulb_id integer not null,
  bill_id uuid not null,
  line_no smallint not null,
  account text collate "C" not null,
  amount ledger.paise not null,
  function text collate "C",
  ward text collate "C",
  functionary text collate "C",
  budget_head text collate "C",
  scheme text collate "C",
  what text,
  primary key (ulb_id, bill_id, line_no),
  constraint bill_line_is_positive check (amount > 0),
  constraint bill_line_of_a_bill foreign key (ulb_id, bill_id) references ledger.bills (ulb_id, bill_id)
);
call kernel.protect('ledger.bill_lines');

create table ledger.bill_deductions (
  ulb_id integer not null,
  bill_id uuid not null,
  line_no smallint not null,
  kind text collate "C" not null,
  code text collate "C" not null,
  label text not null,
  party_type text collate "C" not null,
  party_id text collate "C" not null,
  base ledger.paise not null,
  rate numeric,
  amount ledger.paise not null,
  account text collate "C" not null,
  function text collate "C",
  -- The rule in words, as it was shown when the bill was made.
  rule text not null,
  -- The advance that it recovers.
  item_id uuid,
  primary key (ulb_id, bill_id, line_no),
  constraint deduction_kind_is_known check (kind in ('tds', 'gst-tds', 'cess', 'retention', 'advance', 'recovery', 'income')),
  constraint deduction_is_positive check (amount > 0),
  constraint deduction_of_an_advance check ((kind = 'advance') = (item_id is not null)),
  constraint deduction_of_a_bill foreign key (ulb_id, bill_id) references ledger.bills (ulb_id, bill_id)
);
call kernel.protect('ledger.bill_deductions');

-- Who is paid by a bill of many (a pay bill); a bill without rows pays its party.
create table ledger.bill_payees (
  ulb_id integer not null,
  bill_id uuid not null,
  line_no smallint not null,
  party_type text collate "C" not null,
  party_id text collate "C" not null,
  gross ledger.paise not null,
  net ledger.paise not null,
  primary key (ulb_id, bill_id, line_no),
  constraint payee_stands_once unique (ulb_id, bill_id, party_type, party_id),
  constraint payee_amounts_agree check (gross > 0 and net >= 0 and net <= gross),
  constraint payee_is_a_party foreign key (ulb_id, party_type, party_id) references ledger.parties (ulb_id, party_type, party_id),
  constraint payee_of_a_bill foreign key (ulb_id, bill_id) references ledger.bills (ulb_id, bill_id)
);
call kernel.protect('ledger.bill_payees');

-- ---------------------------------------------------------------- payments

create table ledger.payments (
  ulb_id integer not null,
  payment_id uuid not null,
  kind text collate "C" not null,
  mode text collate "C" not null,
  -- The bank book it is paid from.
  account text collate "C" not null,
  fund text collate "C" not null,
  -- The leaf, for a cheque.
  leaf text collate "C",
  payee text not null,
  -- The authority to which a remittance goes; the payees of others stand on the lines.
  payee_type text collate "C",
  payee_id text collate "C",
  payment_date date not null,
  narration text not null,
  amount ledger.paise not null,
  status text collate "C" not null default 'submitted',
  version integer not null default 1,
  created_by text not null,
  created_at timestamptz not null,
  decided_by text,
  decided_at timestamptz,
  decision_reason text,
  entry_id bigint,
  cancelled_by text,
  cancelled_at timestamptz,
  cancel_reason text,
  cancel_entry_id bigint,
  -- What the authority gave for a remittance.
  challan_number text,
  challan_date date,
  primary key (ulb_id, payment_id),
  constraint payment_kind_is_known check (kind in ('bills', 'remittance', 'deposit', 'advance', 'reissue')),
  constraint payment_mode_is_known check (mode in ('cheque', 'transfer')),
  constraint payment_status_is_known check (status in ('submitted', 'issued', 'rejected', 'cancelled')),
  constraint payment_by_cheque_names_its_leaf check ((mode = 'cheque') = (leaf is not null)),
  constraint payment_is_positive check (amount > 0),
  constraint payment_maker_is_not_checker check (decided_by is null or decided_by <> created_by),
  constraint payment_canceller_is_not_maker check (cancelled_by is null or cancelled_by <> created_by),
  constraint issued_payment_has_an_entry check ((status in ('issued', 'cancelled')) = (entry_id is not null)),
  constraint cancelled_payment_is_reversed check ((status = 'cancelled') = (cancel_entry_id is not null)),
  constraint challan_has_number_and_date check ((challan_number is null) = (challan_date is null)),
  constraint payment_is_from_a_bank_book foreign key (ulb_id, account) references ledger.bank_books (ulb_id, account),
  constraint payment_entry_exists foreign key (ulb_id, entry_id) references ledger.entries (ulb_id, entry_id),
  constraint payment_reversal_exists foreign key (ulb_id, cancel_entry_id) references ledger.entries (ulb_id, entry_id)
);
create index payments_by_status on ledger.payments (ulb_id, status, payment_date);
call kernel.protect('ledger.payments');
revoke delete on ledger.payments from nagarkosh_app, nagarkosh_batch;

create table ledger.cheques (
  ulb_id integer not null,
  cheque_id uuid not null,
  -- The bank book and the leaf.
  account text collate "C" not null,
  number text collate "C" not null,
  -- None for a leaf that was spoiled.
  payment_id uuid,
  payee text not null,
  amount ledger.paise not null,
  issued_on date not null,
  status text collate "C" not null,
  delivered_on date,
  delivered_to text,
  cleared_on date,
  ended_on date,
  reason text,
  -- The entry that took it out of the bank book (stale).
  stale_entry_id bigint,
  primary key (ulb_id, cheque_id),
  constraint cheque_leaf_used_once unique (ulb_id, account, number),
  constraint cheque_of_one_payment unique (ulb_id, payment_id),
  constraint cheque_status_is_known check (status in ('issued', 'delivered', 'cleared', 'cancelled', 'stale', 'reissued', 'lapsed', 'spoiled')),
  constraint spoiled_leaf_pays_nobody check ((status = 'spoiled') = (payment_id is null) and (amount > 0) = (payment_id is not null)),
  constraint cleared_cheque_has_a_date check ((status = 'cleared') = (cleared_on is not null)),
  constraint stale_cheque_is_booked check ((status in ('stale', 'reissued', 'lapsed')) = (stale_entry_id is not null)),
  constraint cheque_of_a_payment foreign key (ulb_id, payment_id) references ledger.payments (ulb_id, payment_id),
  constraint stale_entry_exists foreign key (ulb_id, stale_entry_id) references ledger.entries (ulb_id, entry_id)
);
create index cheques_by_status on ledger.cheques (ulb_id, status, issued_on);
call kernel.protect('ledger.cheques');
revoke delete on ledger.cheques from nagarkosh_app, nagarkosh_batch;

-- What happened to a leaf, for ever.
create table ledger.cheque_events (
  ulb_id integer not null,
  event_id bigint generated always as identity,
  cheque_id uuid not null,
  event text not null,
  status text not null,
  on_date date not null,
  by_whom text not null,
  at timestamptz not null,
  note text,
  primary key (ulb_id, event_id),
  constraint event_of_a_cheque foreign key (ulb_id, cheque_id) references ledger.cheques (ulb_id, cheque_id)
);
create index events_of_a_cheque on ledger.cheque_events (ulb_id, cheque_id, event_id);
call kernel.protect_append_only('ledger.cheque_events');

create table ledger.advices (
  ulb_id integer not null,
  advice_id uuid not null,
  -- "PA/2026-27/000012": gapless, quoted to the bank, and found again in its statement.
  number text collate "C" not null,
  payment_id uuid not null,
  account text collate "C" not null,
  advised_on date not null,
  amount ledger.paise not null,
  status text collate "C" not null,
  sent_on date,
  cleared_on date,
  primary key (ulb_id, advice_id),
  constraint advice_number_used_once unique (ulb_id, number),
  constraint advice_of_one_payment unique (ulb_id, payment_id),
  constraint advice_status_is_known check (status in ('issued', 'sent', 'cleared', 'cancelled')),
  constraint cleared_advice_has_a_date check ((status = 'cleared') = (cleared_on is not null)),
  constraint advice_of_a_payment foreign key (ulb_id, payment_id) references ledger.payments (ulb_id, payment_id)
);
call kernel.protect('ledger.advices');
revoke delete on ledger.advices from nagarkosh_app, nagarkosh_batch;

-- Beneficiary details as they were when the bank was told.
create table ledger.advice_lines (
  ulb_id integer not null,
  advice_id uuid not null,
  line_no smallint not null,
  party_type text collate "C",
  party_id text collate "C",
  name text not null,
  bank_account text not null,
  ifsc text not null,
  method text collate "C" not null,
  amount ledger.paise not null,
  -- The bank sent it back (account closed, wrong number): on which day, why, and the entry that restored the payable.
  returned_on date,
  return_reason text,
  return_entry_id bigint,
  primary key (ulb_id, advice_id, line_no),
  constraint transfer_method_is_known check (method in ('NEFT', 'RTGS')),
  constraint advice_line_is_positive check (amount > 0),
  constraint returned_line_is_booked check ((returned_on is null) = (return_entry_id is null)),
  constraint line_of_an_advice foreign key (ulb_id, advice_id) references ledger.advices (ulb_id, advice_id)
);
call kernel.protect('ledger.advice_lines');
revoke delete on ledger.advice_lines from nagarkosh_app, nagarkosh_batch;

-- ---------------------------------------------------------------- the sub-ledger: open items, and every movement of them

create table ledger.payable_items (
  ulb_id integer not null,
  item_id uuid not null,
  kind text collate "C" not null,
  account text collate "C" not null,
  fund text collate "C" not null,
  party_type text collate "C" not null,
  party_id text collate "C" not null,
  opened_on date not null,
  due_on date,
  amount ledger.paise not null,
  -- What is left: amount and movements, kept here so that the rule below stands in the table and the row can be locked.
  open ledger.paise not null,
  what text not null,
  -- The tax section or recovery, the purpose of an advance, the sort of a deposit.
  code text collate "C" not null,
  base ledger.paise,
  rate numeric,
  bill_id uuid,
  payment_id uuid,
  cheque_id uuid,
  primary key (ulb_id, item_id),
  constraint item_kind_is_known check (kind in ('creditor', 'recovery', 'deposit', 'advance', 'stale')),
  constraint item_is_never_overpaid check (open >= 0),
  constraint item_is_never_more_than_it_was check (amount > 0 and open <= amount),
  constraint item_of_a_bill foreign key (ulb_id, bill_id) references ledger.bills (ulb_id, bill_id),
  constraint item_of_a_payment foreign key (ulb_id, payment_id) references ledger.payments (ulb_id, payment_id),
  constraint item_of_a_cheque foreign key (ulb_id, cheque_id) references ledger.cheques (ulb_id, cheque_id)
);
create index open_items_of_a_kind on ledger.payable_items (ulb_id, kind, due_on) where open > 0;
create index items_of_a_party on ledger.payable_items (ulb_id, party_type, party_id, kind);
create index items_of_bills on ledger.payable_items (ulb_id, bill_id);
call kernel.protect('ledger.payable_items');
revoke delete on ledger.payable_items from nagarkosh_app, nagarkosh_batch;

create table ledger.payable_movements (
  ulb_id integer not null,
  movement_id bigint generated always as identity,
  item_id uuid not null,
  on_date date not null,
  -- Plus when the item grows, minus when it is settled.
  amount ledger.paise not null,
  why text collate "C" not null,
  entry_id bigint not null,
  payment_id uuid,
  bill_id uuid,
  primary key (ulb_id, movement_id),
  constraint movement_is_not_nil check (amount <> 0),
  constraint movement_of_an_item foreign key (ulb_id, item_id) references ledger.payable_items (ulb_id, item_id),
  constraint movement_is_posted foreign key (ulb_id, entry_id) references ledger.entries (ulb_id, entry_id)
);
create index movements_of_an_item on ledger.payable_movements (ulb_id, item_id, movement_id);
create index movements_of_an_entry on ledger.payable_movements (ulb_id, entry_id);
call kernel.protect_append_only('ledger.payable_movements');

create table ledger.payment_lines (
  ulb_id integer not null,
  payment_id uuid not null,
  line_no smallint not null,
  -- None for an advance until it is paid: the payment makes its item.
  item_id uuid,
  account text collate "C" not null,
  party_type text collate "C" not null,
  party_id text collate "C" not null,
  amount ledger.paise not null,
  what text not null,
  code text collate "C" not null,
  primary key (ulb_id, payment_id, line_no),
  constraint payment_line_is_positive check (amount > 0),
  constraint item_stands_once_in_a_payment unique (ulb_id, payment_id, item_id),
  constraint payment_line_of_a_payment foreign key (ulb_id, payment_id) references ledger.payments (ulb_id, payment_id),
  constraint payment_line_of_an_item foreign key (ulb_id, item_id) references ledger.payable_items (ulb_id, item_id)
);
create index payment_lines_of_an_item on ledger.payment_lines (ulb_id, item_id);
call kernel.protect('ledger.payment_lines');
revoke delete on ledger.payment_lines from nagarkosh_app, nagarkosh_batch;

-- ---------------------------------------------------------------- orders about an item that need no money: forfeited, lapsed, made a security deposit

create table ledger.item_orders (
  ulb_id integer not null,
  order_id uuid not null,
  kind text collate "C" not null,
  item_id uuid not null,
  amount ledger.paise not null,
  order_date date not null,
  -- The order or resolution, and why.
  reason text not null,
  status text collate "C" not null default 'submitted',
  created_by text not null,
  created_at timestamptz not null,
  decided_by text,
  decided_at timestamptz,
  decision_reason text,
  entry_id bigint,
  primary key (ulb_id, order_id),
  constraint order_kind_is_known check (kind in ('forfeit', 'lapse', 'convert')),
  constraint order_status_is_known check (status in ('submitted', 'approved', 'rejected')),
  constraint order_maker_is_not_checker check (decided_by is null or decided_by <> created_by),
  constraint order_is_positive check (amount > 0),
  constraint approved_order_has_an_entry check ((status = 'approved') = (entry_id is not null)),
  constraint order_of_an_item foreign key (ulb_id, item_id) references ledger.payable_items (ulb_id, item_id),
  constraint order_entry_exists foreign key (ulb_id, entry_id) references ledger.entries (ulb_id, entry_id)
);
create index item_orders_by_status on ledger.item_orders (ulb_id, status, order_date);
call kernel.protect('ledger.item_orders');
revoke delete on ledger.item_orders from nagarkosh_app, nagarkosh_batch;

-- ---------------------------------------------------------------- the heads that paying uses, for the ULBs that are there already

do $$
declare
  v_ulb integer;
begin
  for v_ulb in select ulb_id from ledger.ulbs order by ulb_id loop
    perform set_config('nagarkosh.ulb', v_ulb::text, true);
    insert into ledger.posting_map (ulb_id, key, account)
    select v_ulb, k.key, k.account
    from (values
      ('creditors-suppliers', '3501001'), ('creditors-contractors', '3501002'), ('creditors-other', '3501003'), ('salaries-payable', '3501101'),
      ('deposit-emd', '3401001'), ('deposit-retention', '3401002'), ('deposit-security', '3401003'),
      ('advance-suppliers', '4604001'), ('advance-contractors', '4604002'), ('advance-materials', '4604004'), ('advance-employees', '4601006'),
      ('advance-imprest', '4605003'), ('advance-other', '4604003'),
      ('stale-cheques-lapsed', '1805002'), ('deposits-forfeited', '1801001'), ('deposits-lapsed-emd', '1801101'), ('deposits-lapsed', '1801102'),
      ('bill-penalties', '1808005')) as k (key, account)
    join ledger.accounts a on a.ulb_id = v_ulb and a.code = k.account
    on conflict do nothing;
  end loop;
end
$$;
