-- What reports keep of their own: targets. Everything else is read from the books and the registers.
create schema reports;
grant usage on schema reports to nagarkosh_app, nagarkosh_batch;

-- What a ULB means to collect in a financial year. Ward '' is the whole town; a town that sets targets by ward has a row for each.
create table reports.collection_targets (
  ulb_id integer not null,
  fy text collate "C" not null,
  service text collate "C" not null,
  ward text collate "C" not null default '',
  amount ledger.paise not null,
  set_at timestamptz not null,
  set_by text not null,
  primary key (ulb_id, fy, service, ward),
  constraint target_is_of_a_year check (fy ~ '^\d{4}-\d{2}$'),
  constraint target_is_of_a_service check (service <> ''),
  constraint target_is_not_negative check (amount >= 0)
);
call kernel.protect('reports.collection_targets');
