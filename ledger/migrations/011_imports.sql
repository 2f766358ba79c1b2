-- Files that were read into the books, so that the same file again adds nothing, and what each of their vouchers became.
create table ledger.import_files (
  ulb_id integer not null,
  kind text collate "C" not null,
  file_hash text collate "C" not null,
  file_name text not null,
  row_count integer not null,
  entry_count integer not null,
  imported_at timestamptz not null,
  imported_by text not null,
  -- Who read the file first, where a second person imported it; the command line imports alone.
  prepared_by text,
  primary key (ulb_id, kind, file_hash),
  constraint import_kind_is_known check (kind in ('opening-balances', 'vouchers', 'published-balances', 'published-income')),
  constraint import_maker_is_not_checker check (prepared_by is null or prepared_by <> imported_by)
);
call kernel.protect_append_only('ledger.import_files');

-- The external reference of an entry: what its voucher was called in the file, and the line on which it begins. It names the entry by its
-- source, because it is written before the entry is posted (numbers are taken last).
create table ledger.import_references (
  ulb_id integer not null,
  kind text collate "C" not null,
  file_hash text collate "C" not null,
  line_no integer not null,
  reference text not null,
  source_type text collate "C" not null,
  source_id text collate "C" not null,
  primary key (ulb_id, kind, file_hash, line_no),
  constraint import_reference_of_a_file foreign key (ulb_id, kind, file_hash) references ledger.import_files (ulb_id, kind, file_hash)
);
create index import_references_by_source on ledger.import_references (ulb_id, source_type, source_id);
call kernel.protect_append_only('ledger.import_references');

-- A file that the accountant has handed in on the web and that a second person imports or declines.
create table ledger.import_drafts (
  ulb_id integer not null,
  draft_id uuid not null,
  kind text collate "C" not null,
  file_name text not null,
  content bytea not null,
  options jsonb not null default '{}',
  status text not null default 'waiting',
  prepared_by text not null,
  prepared_at timestamptz not null,
  decided_by text,
  decided_at timestamptz,
  reason text,
  primary key (ulb_id, draft_id),
  constraint import_draft_kind_is_known check (kind in ('opening-balances', 'vouchers', 'published-balances', 'published-income')),
  constraint import_draft_status_is_known check (status in ('waiting', 'imported', 'declined')),
  constraint import_draft_is_decided_by_somebody check ((status = 'waiting') = (decided_by is null)),
  constraint import_draft_maker_is_not_checker check (status <> 'imported' or decided_by <> prepared_by),
  constraint declined_import_has_a_reason check (status <> 'declined' or reason is not null)
);
create index import_drafts_waiting on ledger.import_drafts (ulb_id, status, prepared_at);
call kernel.protect('ledger.import_drafts');
revoke delete on ledger.import_drafts from nagarkosh_app, nagarkosh_batch;
