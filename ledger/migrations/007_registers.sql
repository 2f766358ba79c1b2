-- The registers that stand behind control accounts: grants, deposit works, works in progress, fixed assets, loans, investments, inter-fund
-- dues, provisions, prior-period items. One mechanism for all: a person proposes an act, another approves it, and in that commit its entries
-- are posted and its movements written. Balances are sums of movements; nothing here is a running total.

-- Heads that the registers post to and that the first chart lacked, for the charts and ULBs that are there already.
insert into ledger.chart_accounts (chart, code, name, parent, type, normal_side, level, is_contra, schedule, is_posting, flag)
select c.chart, h.code, h.name, h.parent, h.type, h.normal_side, 3, false, h.schedule, true, 'P'
from ledger.charts c
cross join (values
  ('1601006', 'Revenue Grant-Specific grants used', '16010', 'income', 'Cr', 'I-6'),
  ('4314008', 'Receivable from other sources - sale of fixed assets', '43140', 'asset', 'Dr', 'B-15')
) as h (code, name, parent, type, normal_side, schedule)
where exists (select 1 from ledger.chart_accounts p where p.chart = c.chart and p.code = h.parent)
on conflict do nothing;

do $$
declare
  v_ulb integer;
begin
  for v_ulb in select ulb_id from ledger.ulbs order by ulb_id loop
    perform set_config('nagarkosh.ulb', v_ulb::text, true);
    insert into ledger.accounts (ulb_id, code, name, parent, type, normal_side, level, is_contra, schedule, is_posting, is_cash_bank, needs_function)
    select v_ulb, c.code, c.name, c.parent, c.type, c.normal_side, c.level, c.is_contra, c.schedule, c.is_posting, false, c.type in ('income', 'expense')
    from ledger.ulbs u
    join ledger.chart_accounts c on c.chart = u.chart
    where u.ulb_id = v_ulb and c.code in ('1601006', '4314008')
    on conflict do nothing;
    insert into ledger.posting_map (ulb_id, key, account)
    select v_ulb, k.key, k.account
    from (values
      ('control-grants', '320'),
      ('control-deposit-works', '341'),
      ('control-deposit-work-spend', '47010'),
      ('control-assets', '410'),
      ('control-depreciation', '411'),
      ('control-works', '412'),
      ('control-secured-loans', '330'),
      ('control-unsecured-loans', '331'),
      ('control-investments', '420'),
      ('control-fund-investments', '421'),
      ('control-inter-fund', '47020'),
      ('inter-fund', '4702051'),
      ('grant-income', '1601006'),
      ('grant-claim-income', '1602002'),
      ('grant-claim-receivable', '4315001'),
      ('grant-refund-payable', '3504004'),
      ('capital-contribution', '3121000'),
      ('special-funds-used', '3123000'),
      ('deposit-work-charges', '1407008'),
      ('deposit-work-refund', '3504005'),
      ('asset-sale-receivable', '4314008'),
      ('asset-sale-profit', '1803001'),
      ('asset-sale-loss', '2711001'),
      ('asset-written-off', '2704003'),
      ('revaluation-reserve', '3126001'),
      ('loan-interest-accrued', '3602001'),
      ('sinking-fund-transfer', '2902001'),
      ('investment-interest', '1701001'),
      ('investment-interest-accrued', '4314003'),
      ('investment-profit', '1704001'),
      ('investment-loss', '2712001'),
      ('investment-decline', '2713000'),
      ('prior-period-expense', '2808000'),
      ('prior-period-revenue', '2802000'),
      ('prior-period-other-income', '2804000'),
      ('receivable-property-tax', '43110'),
      ('receivable-other-taxes', '43119'),
      ('receivable-cess', '43120'),
      ('receivable-fees-and-charges', '43130'),
      ('receivable-other', '43140'),
      ('receivable-cess-control-property-tax', '43191'),
      ('receivable-cess-control-fees-and-charges', '43192'),
      ('receivable-cess-control-other-taxes', '43199'),
      ('provision-property-tax', '4321000'),
      ('provision-other-taxes', '4321200'),
      ('provision-cess', '4322000'),
      ('provision-fees-and-charges', '4323000'),
      ('provision-other', '4324000'),
      ('provision-cess-share-property-tax', '4329100'),
      ('provision-cess-share-fees-and-charges', '4329200'),
      ('provision-cess-share-other-taxes', '4329900'),
      ('provision-expense-property-tax', '2701001'),
      ('provision-expense-other-taxes', '2701003'),
      ('provision-expense-cess', '2701003'),
      ('provision-expense-fees-and-charges', '2701004'),
      ('provision-expense-other', '2701003'),
      ('provision-back-property-tax', '1806001'),
      ('provision-back-other-taxes', '1806006'),
      ('provision-back-cess', '1806006'),
      ('provision-back-fees-and-charges', '1806006'),
      ('provision-back-other', '1806006')
    ) as k (key, account)
    join ledger.accounts a on a.ulb_id = v_ulb and a.code = k.account
    on conflict do nothing;
  end loop;
end
$$;

-- From which day a ULB keeps a register: from then on it must equal its control accounts before a month is closed.
create table ledger.register_settings (
  ulb_id integer not null,
  register text collate "C" not null,
  kept_from date,
  set_at timestamptz not null,
  set_by text not null,
  primary key (ulb_id, register)
);
call kernel.protect('ledger.register_settings');
revoke delete on ledger.register_settings from nagarkosh_app, nagarkosh_batch;

-- ---------------------------------------------------------------- acts and what they moved

create table ledger.register_acts (
  ulb_id integer not null,
  act_id uuid not null,
  kind text collate "C" not null,
  register text collate "C" not null,
  -- What it is about: a grant, an asset, a loan. Empty where an act is about the register as a whole (a depreciation run).
  item_id text collate "C" not null default '',
  act_date date not null,
  -- What its maker wrote, as text; amounts in rupees.
  facts jsonb not null,
  -- The entries as they were proposed (kept as text, so that they can be compared), with a fingerprint of the movements: what the checker
  -- saw is what is posted, or the approval is refused.
  effect json not null,
  status text not null default 'proposed',
  version integer not null default 1,
  made_by text not null,
  made_at timestamptz not null,
  decided_by text,
  decided_at timestamptz,
  decision_reason text,
  -- The entry that was posted elsewhere and that this act takes into the register.
  taken_entry_id bigint,
  takes_back uuid,
  primary key (ulb_id, act_id),
  constraint register_act_status_is_known check (status in ('proposed', 'approved', 'rejected')),
  constraint register_act_decided_or_not check ((status = 'proposed') = (decided_by is null)),
  constraint register_act_maker_is_not_checker check (decided_by is null or decided_by <> made_by),
  constraint rejected_register_act_has_a_reason check (status <> 'rejected' or decision_reason is not null),
  constraint taken_entry_exists foreign key (ulb_id, taken_entry_id) references ledger.entries (ulb_id, entry_id),
  constraint taken_back_act_exists foreign key (ulb_id, takes_back) references ledger.register_acts (ulb_id, act_id)
);
create unique index register_act_taken_back_once on ledger.register_acts (ulb_id, takes_back) where takes_back is not null and status <> 'rejected';
create index register_acts_of_item on ledger.register_acts (ulb_id, register, item_id, act_date, act_id);
create index register_acts_proposed on ledger.register_acts (ulb_id, made_at) where status = 'proposed';
call kernel.protect('ledger.register_acts');
revoke delete on ledger.register_acts from nagarkosh_app, nagarkosh_batch;

-- What approved acts did to the registers; amounts count in the measure's own sense (an unspent grant is positive although it is a credit).
create table ledger.register_movements (
  ulb_id integer not null,
  movement_id bigint generated always as identity,
  act_id uuid not null,
  register text collate "C" not null,
  item_id text collate "C" not null,
  measure text collate "C" not null,
  -- The kind of act that moved it; of an act that was taken back, for what takes it back too.
  kind text collate "C" not null,
  -- The account that the measure stands behind.
  account text collate "C" not null,
  fund text collate "C" not null,
  on_date date not null,
  amount ledger.paise not null,
  primary key (ulb_id, movement_id),
  constraint movement_moves_something check (amount <> 0),
  constraint movement_of_an_act foreign key (ulb_id, act_id) references ledger.register_acts (ulb_id, act_id),
  constraint movement_stands_behind_an_account foreign key (ulb_id, account) references ledger.accounts (ulb_id, code)
);
create index register_movements_of_item on ledger.register_movements (ulb_id, register, item_id, measure);
create index register_movements_of_act on ledger.register_movements (ulb_id, act_id);
call kernel.protect_append_only('ledger.register_movements');

-- ---------------------------------------------------------------- what the registers hold

create table ledger.grants (
  ulb_id integer not null,
  item_id text collate "C" not null,
  name text not null,
  source text not null,
  purpose text not null,
  sanction_no text not null,
  sanctioned_on date not null,
  amount ledger.paise not null,
  account text collate "C" not null,
  bank_account text collate "C" not null,
  fund text collate "C" not null,
  function text collate "C" not null,
  scheme text collate "C",
  created_by text not null,
  created_at timestamptz not null,
  primary key (ulb_id, item_id),
  constraint grant_purpose_is_known check (purpose in ('revenue', 'capital')),
  constraint grant_is_of_an_amount check (amount > 0),
  constraint grant_has_a_head foreign key (ulb_id, account) references ledger.accounts (ulb_id, code),
  constraint grant_has_a_bank_account foreign key (ulb_id, bank_account) references ledger.accounts (ulb_id, code),
  constraint grant_has_a_fund foreign key (ulb_id, fund) references ledger.funds (ulb_id, code)
);
call kernel.protect('ledger.grants');

create table ledger.deposit_works (
  ulb_id integer not null,
  item_id text collate "C" not null,
  name text not null,
  depositor text not null,
  agreement_no text not null,
  agreed_on date not null,
  estimate ledger.paise not null,
  account text collate "C" not null,
  spend_account text collate "C" not null,
  fund text collate "C" not null,
  function text collate "C" not null,
  ward text collate "C",
  created_by text not null,
  created_at timestamptz not null,
  primary key (ulb_id, item_id),
  constraint deposit_work_is_of_an_amount check (estimate > 0),
  constraint deposit_work_has_a_head foreign key (ulb_id, account) references ledger.accounts (ulb_id, code),
  constraint deposit_work_has_a_spend_head foreign key (ulb_id, spend_account) references ledger.accounts (ulb_id, code),
  constraint deposit_work_has_a_fund foreign key (ulb_id, fund) references ledger.funds (ulb_id, code)
);
call kernel.protect('ledger.deposit_works');

create table ledger.works_in_progress (
  ulb_id integer not null,
  item_id text collate "C" not null,
  name text not null,
  sanction_no text not null,
  sanctioned_on date not null,
  estimate ledger.paise not null,
  account text collate "C" not null,
  fund text collate "C" not null,
  function text collate "C" not null,
  ward text collate "C",
  scheme text collate "C",
  created_by text not null,
  created_at timestamptz not null,
  primary key (ulb_id, item_id),
  constraint work_is_of_an_amount check (estimate > 0),
  constraint work_has_a_head foreign key (ulb_id, account) references ledger.accounts (ulb_id, code),
  constraint work_has_a_fund foreign key (ulb_id, fund) references ledger.funds (ulb_id, code)
);
call kernel.protect('ledger.works_in_progress');

create table ledger.asset_classes (
  ulb_id integer not null,
  item_id text collate "C" not null,
  name text not null,
  account text collate "C" not null,
  accumulated_account text collate "C",
  depreciation_account text collate "C",
  created_by text not null,
  created_at timestamptz not null,
  primary key (ulb_id, item_id),
  -- Land has neither and is not depreciated.
  constraint class_depreciates_or_not check ((accumulated_account is null) = (depreciation_account is null)),
  constraint class_has_a_head foreign key (ulb_id, account) references ledger.accounts (ulb_id, code),
  constraint class_has_an_accumulated_head foreign key (ulb_id, accumulated_account) references ledger.accounts (ulb_id, code),
  constraint class_has_a_depreciation_head foreign key (ulb_id, depreciation_account) references ledger.accounts (ulb_id, code)
);
call kernel.protect('ledger.asset_classes');

-- Percent of cost a year, straight line; from which day. A year uses the rate in force on its last day.
create table ledger.asset_rates (
  ulb_id integer not null,
  class_id text collate "C" not null,
  valid_from date not null,
  rate_percent numeric(7, 4) not null,
  reason text not null,
  set_by text not null,
  set_at timestamptz not null,
  primary key (ulb_id, class_id, valid_from),
  constraint rate_of_a_class foreign key (ulb_id, class_id) references ledger.asset_classes (ulb_id, item_id),
  constraint rate_is_a_percentage check (rate_percent > 0 and rate_percent <= 100)
);
call kernel.protect_append_only('ledger.asset_rates');

create table ledger.assets (
  ulb_id integer not null,
  item_id text collate "C" not null,
  name text not null,
  class text collate "C" not null,
  location text not null,
  acquired_on date not null,
  residual ledger.paise not null,
  grant_id text collate "C",
  fund text collate "C" not null,
  function text collate "C" not null,
  ward text collate "C",
  created_by text not null,
  created_at timestamptz not null,
  primary key (ulb_id, item_id),
  constraint asset_of_a_class foreign key (ulb_id, class) references ledger.asset_classes (ulb_id, item_id),
  constraint asset_met_from_a_grant foreign key (ulb_id, grant_id) references ledger.grants (ulb_id, item_id),
  constraint asset_residual_is_not_negative check (residual >= 0),
  constraint asset_has_a_fund foreign key (ulb_id, fund) references ledger.funds (ulb_id, code)
);
call kernel.protect('ledger.assets');

create table ledger.loans (
  ulb_id integer not null,
  item_id text collate "C" not null,
  name text not null,
  sanction_no text not null,
  sanctioned_on date not null,
  amount ledger.paise not null,
  account text collate "C" not null,
  interest_account text collate "C" not null,
  interest_due_account text collate "C" not null,
  rate_percent numeric(7, 4) not null,
  method text not null,
  instalments integer not null,
  every_months integer not null,
  first_due date not null,
  fund text collate "C" not null,
  function text collate "C" not null,
  created_by text not null,
  created_at timestamptz not null,
  primary key (ulb_id, item_id),
  constraint loan_is_of_an_amount check (amount > 0),
  constraint loan_method_is_known check (method in ('equal-principal', 'emi', 'bullet')),
  constraint loan_has_instalments check (instalments between 1 and 600 and every_months in (1, 3, 6, 12)),
  constraint loan_rate_is_a_percentage check (rate_percent >= 0 and rate_percent <= 100),
  constraint loan_has_a_head foreign key (ulb_id, account) references ledger.accounts (ulb_id, code),
  constraint loan_has_an_interest_head foreign key (ulb_id, interest_account) references ledger.accounts (ulb_id, code),
  constraint loan_has_an_interest_due_head foreign key (ulb_id, interest_due_account) references ledger.accounts (ulb_id, code),
  constraint loan_has_a_fund foreign key (ulb_id, fund) references ledger.funds (ulb_id, code)
);
call kernel.protect('ledger.loans');

create table ledger.investments (
  ulb_id integer not null,
  item_id text collate "C" not null,
  name text not null,
  institution text not null,
  reference text not null,
  account text collate "C" not null,
  decline_account text collate "C" not null,
  rate_percent numeric(7, 4) not null,
  made_on date not null,
  matures_on date,
  -- Its interest and profit belong to this earmarked fund, if one is named.
  special_fund_account text collate "C",
  fund text collate "C" not null,
  function text collate "C" not null,
  created_by text not null,
  created_at timestamptz not null,
  primary key (ulb_id, item_id),
  constraint investment_rate_is_a_percentage check (rate_percent >= 0 and rate_percent <= 100),
  constraint investment_matures_after_it_is_made check (matures_on is null or matures_on > made_on),
  constraint investment_has_a_head foreign key (ulb_id, account) references ledger.accounts (ulb_id, code),
  constraint investment_has_a_decline_head foreign key (ulb_id, decline_account) references ledger.accounts (ulb_id, code),
  constraint investment_of_a_special_fund foreign key (ulb_id, special_fund_account) references ledger.accounts (ulb_id, code),
  constraint investment_has_a_fund foreign key (ulb_id, fund) references ledger.funds (ulb_id, code)
);
call kernel.protect('ledger.investments');

revoke update, delete on ledger.grants, ledger.deposit_works, ledger.works_in_progress, ledger.asset_classes, ledger.assets, ledger.loans,
  ledger.investments from nagarkosh_app, nagarkosh_batch;

-- How much of what is outstanding is provided for, by revenue and age; in versions. A ULB without a version uses the program's own.
create table ledger.provision_norms (
  ulb_id integer not null,
  revenue text collate "C" not null,
  valid_from date not null,
  -- [{"yearsOld": 2, "percent": "25"}, …]: from this age on, until the next.
  steps jsonb not null,
  reason text not null,
  set_by text not null,
  set_at timestamptz not null,
  primary key (ulb_id, revenue, valid_from)
);
call kernel.protect_append_only('ledger.provision_norms');
