-- Layouts of statements that the ULB itself made: which column of a bank's table is what. A changed layout is a new version beside the old one.
create table reconciliation.bank_profiles (
  ulb_id integer not null,
  profile_id text collate "C" not null,
  version integer not null,
  bank text not null,
  -- The header's titles, each once, and what each column is; null: it is not read.
  titles text[] not null,
  roles text[] not null,
  date_form text not null,
  created_by text not null,
  created_at timestamptz not null,
  constraint profile_version_is_said_once primary key (ulb_id, profile_id, version),
  constraint profile_versions_begin_at_one check (version >= 1),
  constraint every_title_has_its_role check (cardinality(titles) = cardinality(roles)),
  constraint profile_names_its_bank check (length(trim(bank)) >= 2)
);
call kernel.protect_append_only('reconciliation.bank_profiles');

-- Files whose columns nobody has named yet. They are no statements and go when they are imported, discarded, or a week old.
create table reconciliation.statement_uploads (
  ulb_id integer not null,
  upload_id uuid not null,
  account text collate "C" not null,
  file_name text not null,
  sha256 text collate "C" not null,
  bytes bytea not null,
  uploaded_by text not null,
  uploaded_at timestamptz not null,
  primary key (ulb_id, upload_id),
  constraint upload_is_held_once unique (ulb_id, account, sha256),
  constraint upload_is_of_a_head_of_the_chart foreign key (ulb_id, account) references ledger.accounts (ulb_id, code)
);
call kernel.protect('reconciliation.statement_uploads');
revoke update on reconciliation.statement_uploads from nagarkosh_app, nagarkosh_batch;
