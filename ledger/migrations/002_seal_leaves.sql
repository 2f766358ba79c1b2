-- A block keeps the hashes of its entries, so that the entry that was changed is named, and its hash covers the time it was made.
-- Blocks of the older form cannot be verified by the newer rule: they are made anew by the next sealing, from entries that are there.
drop table ledger.seals;

create table ledger.seals (
  ulb_id integer not null,
  block integer not null,
  sealed_at timestamptz not null,
  -- [{"voucher","fy","from","to"}]: the numbers of each series that this block adds.
  ranges jsonb not null,
  entry_count integer not null,
  -- The hashes of the entries, 32 bytes each, in order: they prove nothing that the root does not, and name the entry that was changed.
  leaves bytea not null,
  merkle_root bytea not null,
  previous_hash bytea not null,
  hash bytea not null,
  primary key (ulb_id, block),
  constraint block_has_entries check (entry_count > 0),
  constraint block_has_a_leaf_for_each_entry check (octet_length(leaves) = 32 * entry_count)
);
call kernel.protect_append_only('ledger.seals');
