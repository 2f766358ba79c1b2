-- How a posted demand is changed: proposals and what was decided on them, reductions of demands, demands that were cancelled.

-- ---------------------------------------------------------------- reductions in the register

alter table billing.allocations drop constraint allocation_kind_is_known;
alter table billing.allocations add constraint allocation_kind_is_known
  check (kind in ('payment', 'advance', 'rebate', 'write-off', 'reduction', 'remission', 'cancelled', 'transferred'));

-- What was taken off a line after it was demanded: it bears no penalty from the start and earns no rebate. Kept by the trigger as `settled` is.
alter table billing.demand_details
  add column reduced ledger.paise not null default 0,
  add column cess_reduced ledger.paise not null default 0;
alter table billing.demand_details
  add constraint reduced_is_part_of_settled check (reduced between 0 and settled),
  add constraint cess_reduced_is_part_of_reduced check (cess_reduced between 0 and reduced);

create or replace function billing.settle_details() returns trigger
language plpgsql
security definer
set search_path = pg_catalog, billing, pg_temp
as $$
begin
  update billing.demand_details d
  set settled = d.settled + a.amount, cess_settled = d.cess_settled + a.cess,
    reduced = d.reduced + a.reduced, cess_reduced = d.cess_reduced + a.cess_reduced
  from (
    select ulb_id, demand_id, tax_head, sum(amount)::bigint as amount, sum(cess)::bigint as cess,
      sum(case when kind in ('reduction', 'remission', 'cancelled', 'transferred') then amount else 0 end)::bigint as reduced,
      sum(case when kind in ('reduction', 'remission', 'cancelled', 'transferred') then cess else 0 end)::bigint as cess_reduced
    from added group by ulb_id, demand_id, tax_head
  ) as a
  where d.ulb_id = a.ulb_id and d.demand_id = a.demand_id and d.tax_head = a.tax_head;
  return null;
end
$$;

-- Arrears that came from another consumer are a demand of their own kind: nothing of them is income again.
alter table billing.demands drop constraint demand_kind_is_known;
alter table billing.demands add constraint demand_kind_is_known
  check (kind in ('regular', 'opening', 'supplementary', 'charge', 'penalty', 'transferred'));

-- ---------------------------------------------------------------- changes

create table billing.demand_changes (
  ulb_id integer not null,
  change_id uuid not null,
  kind text collate "C" not null,
  consumer_id uuid not null,
  -- The date of its entry in the books.
  change_date date not null,
  reason text not null,
  order_number text,
  order_date date,
  -- What is changed, as it was proposed. Amounts are text.
  content jsonb not null,
  proposed_at timestamptz not null,
  proposed_by text not null,
  primary key (ulb_id, change_id),
  constraint change_with_its_maker unique (ulb_id, change_id, proposed_by),
  constraint change_of_a_consumer foreign key (ulb_id, consumer_id) references billing.consumers (ulb_id, consumer_id),
  constraint change_kind_is_known check (
    kind in ('debit-note', 'credit-note', 'remission', 'exemption', 'cancellation', 'retrospective', 'transfer')),
  constraint change_has_a_reason check (length(trim(reason)) >= 5),
  constraint order_has_number_and_date check ((order_number is null) = (order_date is null)),
  constraint order_number_is_something check (order_number is null or length(trim(order_number)) > 0),
  constraint change_follows_its_order check (order_date is null or order_date <= change_date),
  constraint relief_and_back_demand_have_an_order check (
    kind not in ('remission', 'exemption', 'retrospective') or order_number is not null)
);
create index demand_changes_of_consumer on billing.demand_changes (ulb_id, consumer_id, proposed_at);
create index demand_changes_by_time on billing.demand_changes (ulb_id, proposed_at);
call kernel.protect_append_only('billing.demand_changes');

-- A change is decided once: approved or rejected by another person, or withdrawn by its maker.
create table billing.demand_change_decisions (
  ulb_id integer not null,
  change_id uuid not null,
  proposed_by text not null,
  decision text collate "C" not null,
  reason text,
  decided_at timestamptz not null,
  decided_by text not null,
  primary key (ulb_id, change_id),
  constraint decision_on_a_change foreign key (ulb_id, change_id, proposed_by)
    references billing.demand_changes (ulb_id, change_id, proposed_by),
  constraint decision_is_known check (decision in ('approved', 'rejected', 'withdrawn')),
  constraint change_maker_is_not_checker check (decision = 'withdrawn' or decided_by <> proposed_by),
  constraint change_withdrawn_by_its_maker check (decision <> 'withdrawn' or decided_by = proposed_by),
  constraint refused_change_has_a_reason check (decision = 'approved' or coalesce(length(trim(reason)), 0) >= 5)
);
call kernel.protect_append_only('billing.demand_change_decisions');

-- ---------------------------------------------------------------- demands that were cancelled

-- Which demand of a period it is: 0 is the first, n the one raised after n were cancelled.
alter table billing.demands
  add column revision smallint not null default 0,
  add column after_revision smallint generated always as (case when revision > 0 then revision - 1 end) stored;
alter table billing.demands add constraint demand_revision_is_counted_up check (revision >= 0);

create table billing.cancelled_demands (
  ulb_id integer not null,
  demand_id uuid not null,
  consumer_id uuid not null,
  period_from date not null,
  period_to date not null,
  -- Null for demands that do not demand the period itself (supplementary ones, charges, penalties): nothing follows them.
  revision smallint,
  cancelled_on date not null,
  source_type text collate "C" not null,
  source_id text collate "C" not null,
  reason text not null,
  cancelled_at timestamptz not null,
  cancelled_by text not null,
  primary key (ulb_id, demand_id),
  constraint cancelled_demand_was_raised foreign key (ulb_id, demand_id) references billing.demands (ulb_id, demand_id),
  constraint period_cancelled_once_per_revision unique (ulb_id, consumer_id, period_from, period_to, revision),
  constraint cancellation_has_a_reason check (length(trim(reason)) >= 5)
);
create index cancelled_demands_by_source on billing.cancelled_demands (ulb_id, source_type, source_id);
call kernel.protect_append_only('billing.cancelled_demands');

-- A period is demanded once, and again only after the demand before was cancelled.
drop index billing.demand_raised_once_per_period;
create unique index demand_raised_once_per_period on billing.demands (ulb_id, consumer_id, period_from, period_to, revision)
  where kind in ('regular', 'opening');
-- Not validated: every demand that is there is the first of its period, and row-level security would ask for a ULB.
alter table billing.demands add constraint demand_follows_a_cancelled_one foreign key (ulb_id, consumer_id, period_from, period_to, after_revision)
  references billing.cancelled_demands (ulb_id, consumer_id, period_from, period_to, revision) not valid;

-- ---------------------------------------------------------------- arrears that went to another consumer

create table billing.transferred_details (
  ulb_id integer not null,
  to_demand_id uuid not null,
  tax_head text collate "C" not null,
  from_demand_id uuid not null,
  source_type text collate "C" not null,
  source_id text collate "C" not null,
  amount ledger.paise not null,
  cess ledger.paise not null,
  primary key (ulb_id, to_demand_id, tax_head),
  constraint transferred_from_a_demand foreign key (ulb_id, from_demand_id, tax_head)
    references billing.demand_details (ulb_id, demand_id, tax_head),
  constraint transferred_to_a_demand foreign key (ulb_id, to_demand_id, tax_head)
    references billing.demand_details (ulb_id, demand_id, tax_head),
  constraint transfer_is_more_than_nothing check (amount > 0 and cess between 0 and amount)
);
create index transferred_details_from on billing.transferred_details (ulb_id, from_demand_id, tax_head);
call kernel.protect_append_only('billing.transferred_details');
