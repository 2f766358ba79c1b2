-- Rule files of a ULB: what a service is charged by, from a day on. Files and approvals are only ever added.
create table billing.rule_files (
  ulb_id integer not null,
  rule_file_id uuid not null,
  service text collate "C" not null,
  name text collate "C" not null,
  version integer not null,
  valid_from date not null,
  -- As it was loaded, letter by letter: a demand keeps the hash of the file that made it.
  content text not null,
  content_hash text collate "C" not null,
  loaded_at timestamptz not null,
  loaded_by text not null,
  primary key (ulb_id, rule_file_id),
  constraint rule_file_version_loaded_once unique (ulb_id, name, version),
  constraint rule_file_with_its_maker unique (ulb_id, rule_file_id, service, valid_from, loaded_by),
  constraint rule_file_hash_is_sha256 check (content_hash ~ '^[0-9a-f]{64}$')
);
call kernel.protect_append_only('billing.rule_files');

create table billing.rule_file_approvals (
  ulb_id integer not null,
  rule_file_id uuid not null,
  service text collate "C" not null,
  valid_from date not null,
  loaded_by text not null,
  -- The file that it takes the place of, from the same day on.
  replaces_id uuid,
  approved_at timestamptz not null,
  approved_by text not null,
  primary key (ulb_id, rule_file_id),
  constraint approval_of_a_rule_file foreign key (ulb_id, rule_file_id, service, valid_from, loaded_by)
    references billing.rule_files (ulb_id, rule_file_id, service, valid_from, loaded_by),
  constraint replaced_rule_file_was_approved foreign key (ulb_id, replaces_id) references billing.rule_file_approvals (ulb_id, rule_file_id),
  constraint rule_file_replaced_once unique (ulb_id, replaces_id),
  constraint rule_file_maker_is_not_checker check (approved_by <> loaded_by)
);
-- Among files that replace nothing a day begins one: two of them cannot both be the first of their day.
create unique index rule_file_alone_from_its_day on billing.rule_file_approvals (ulb_id, service, valid_from) where replaces_id is null;
call kernel.protect_append_only('billing.rule_file_approvals');
