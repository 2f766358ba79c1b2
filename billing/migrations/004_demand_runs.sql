-- What rates ask of a consumer, the arithmetic behind a demand, and runs over a whole city.

-- Attributes, units and owners from a day on. The newest version not later than the day holds; a correction of a day is a further version.
create table billing.consumer_facts (
  ulb_id integer not null,
  consumer_id uuid not null,
  valid_from date not null,
  version integer not null,
  -- {"attributes": {…}, "lists": {"units": [{…}]}}: what the rule file of the service asks for.
  facts jsonb not null,
  -- The file, the order or the survey that says so.
  authority text not null,
  set_at timestamptz not null,
  set_by text not null,
  primary key (ulb_id, consumer_id, valid_from, version),
  constraint facts_of_a_consumer foreign key (ulb_id, consumer_id) references billing.consumers (ulb_id, consumer_id),
  constraint facts_have_attributes check (coalesce(jsonb_typeof(facts -> 'attributes'), 'none') = 'object'),
  constraint facts_have_an_authority check (length(trim(authority)) > 0),
  constraint facts_are_numbered_from_one check (version >= 1)
);
call kernel.protect_append_only('billing.consumer_facts');

-- The arithmetic of demands as it was when they were raised, a few dozen in one row: JSON, deflated, in the order of demand_ids. The rule
-- file named is kept for ever; `explain` puts both into words.
create table billing.assessments (
  ulb_id integer not null,
  batch_id uuid not null,
  chunk_no integer not null,
  rule_file_id uuid not null,
  demand_ids uuid[] not null,
  content bytea not null,
  primary key (ulb_id, batch_id, chunk_no),
  constraint assessments_of_a_batch foreign key (ulb_id, batch_id) references billing.demand_batches (ulb_id, batch_id),
  constraint assessments_by_a_rule_file foreign key (ulb_id, rule_file_id) references billing.rule_files (ulb_id, rule_file_id),
  constraint assessments_name_their_demands check (cardinality(demand_ids) between 1 and 1000)
);
alter table billing.assessments alter column content set storage external;
call kernel.protect_append_only('billing.assessments');

-- A run raises the demand of a service and period for every consumer, batch by batch in the order of ward and consumer. Its batches say how
-- far it is; whoever continues it begins after the last of them.
create table billing.demand_runs (
  ulb_id integer not null,
  run_id uuid not null,
  service text collate "C" not null,
  period_from date not null,
  period_to date not null,
  -- The date of its entries in the books.
  demand_date date not null,
  -- Null for the whole city.
  ward text collate "C",
  rule_file_id uuid not null,
  consumer_count integer not null,
  started_at timestamptz not null,
  started_by text not null,
  primary key (ulb_id, run_id),
  constraint run_by_a_rule_file foreign key (ulb_id, rule_file_id) references billing.rule_files (ulb_id, rule_file_id),
  constraint run_period_is_forward check (period_from <= period_to)
);
create index demand_runs_of_a_period on billing.demand_runs (ulb_id, service, period_from);
call kernel.protect_append_only('billing.demand_runs');

create table billing.demand_run_batches (
  ulb_id integer not null,
  run_id uuid not null,
  batch_no integer not null,
  -- Null where nothing was raised.
  batch_id uuid,
  last_ward text collate "C" not null,
  last_consumer_id uuid not null,
  raised integer not null,
  already integer not null,
  refused integer not null,
  total ledger.paise not null,
  done_at timestamptz not null,
  primary key (ulb_id, run_id, batch_no),
  constraint batch_of_a_run foreign key (ulb_id, run_id) references billing.demand_runs (ulb_id, run_id),
  constraint run_batch_is_a_demand_batch foreign key (ulb_id, batch_id) references billing.demand_batches (ulb_id, batch_id),
  constraint nothing_raised_is_no_batch check ((batch_id is null) = (raised = 0) and (raised = 0) = (total = 0))
);
call kernel.protect_append_only('billing.demand_run_batches');

-- Consumers that a run could not charge, and why.
create table billing.demand_run_refusals (
  ulb_id integer not null,
  run_id uuid not null,
  consumer_id uuid not null,
  code text collate "C" not null,
  message text not null,
  primary key (ulb_id, run_id, consumer_id),
  constraint refusal_of_a_run foreign key (ulb_id, run_id) references billing.demand_runs (ulb_id, run_id)
);
call kernel.protect_append_only('billing.demand_run_refusals');

-- How a run ended. A run that was finished can be cancelled as a whole; one that was stopped half-way as well.
create table billing.demand_run_endings (
  ulb_id integer not null,
  run_id uuid not null,
  ending text collate "C" not null,
  reason text,
  ended_at timestamptz not null,
  ended_by text not null,
  primary key (ulb_id, run_id, ending),
  constraint ending_of_a_run foreign key (ulb_id, run_id) references billing.demand_runs (ulb_id, run_id),
  constraint run_ending_is_known check (ending in ('finished', 'cancelled')),
  constraint cancelled_for_a_reason check (ending <> 'cancelled' or coalesce(length(trim(reason)), 0) > 0)
);
call kernel.protect_append_only('billing.demand_run_endings');
