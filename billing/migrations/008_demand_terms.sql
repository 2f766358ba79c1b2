-- The terms of early and late payment that a rule file gave a demand: they stay with it, whatever later rules say.
create table billing.demand_terms (
  ulb_id integer not null,
  -- Made of what the terms say: the same terms are kept once.
  terms_id uuid not null,
  -- {"early": [rebates], "late": [charges]}, each with the heads it is on.
  terms jsonb not null,
  kept_at timestamptz not null,
  primary key (ulb_id, terms_id),
  constraint demand_terms_are_lists check (
    coalesce(jsonb_typeof(terms -> 'early'), 'none') = 'array' and coalesce(jsonb_typeof(terms -> 'late'), 'none') = 'array'
  )
);
call kernel.protect_append_only('billing.demand_terms');

-- Null: the terms of the service on the day hold.
alter table billing.demands add column terms_id uuid;
alter table billing.demands add constraint demand_stands_under_kept_terms foreign key (ulb_id, terms_id)
  references billing.demand_terms (ulb_id, terms_id) not valid;

-- What was charged for lateness, head by head, on arrears that went over to another consumer: it goes with them and is not charged again.
create table billing.transferred_penalties (
  ulb_id integer not null,
  to_demand_id uuid not null,
  tax_head text collate "C" not null,
  penalty_head text collate "C" not null,
  from_demand_id uuid not null,
  amount ledger.paise not null,
  primary key (ulb_id, to_demand_id, tax_head, penalty_head),
  constraint penalty_goes_with_its_arrears foreign key (ulb_id, to_demand_id, tax_head)
    references billing.transferred_details (ulb_id, to_demand_id, tax_head),
  constraint transferred_penalty_is_more_than_nothing check (amount > 0)
);
create index transferred_penalties_from on billing.transferred_penalties (ulb_id, from_demand_id, tax_head);
call kernel.protect_append_only('billing.transferred_penalties');
