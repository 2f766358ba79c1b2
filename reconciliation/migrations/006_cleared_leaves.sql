-- Which cheques and drafts the matches with the bank have cleared, so that un-matching takes back those and no others: one that a person cleared
-- from the pass book keeps its day.
create table reconciliation.cleared_leaves (
  ulb_id integer not null,
  instrument_id uuid not null,
  -- The line of the bank book in which it was deposited.
  entry_id bigint not null,
  number text collate "C" not null,
  -- It was only acknowledged, and its receipt was issued with the match: the engine leaves that match alone.
  is_realised boolean not null,
  constraint leaf_is_cleared_once primary key (ulb_id, instrument_id)
);
create index cleared_leaves_of on reconciliation.cleared_leaves (ulb_id, entry_id, number);
call kernel.protect('reconciliation.cleared_leaves');
revoke update on reconciliation.cleared_leaves from nagarkosh_app, nagarkosh_batch;
