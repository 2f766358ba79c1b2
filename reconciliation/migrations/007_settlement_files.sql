-- Rows of a settlement that a lost dispute stands behind, and where the amount paid out is known from: a file of rows does not say it.
alter table reconciliation.settlement_items add column dispute_id text collate "C";
alter table reconciliation.settlement_waiting_items add column dispute_id text collate "C";

alter table reconciliation.settlements add column amount_from text not null default 'gateway';
alter table reconciliation.settlements add constraint amount_is_known_from check (amount_from in ('gateway', 'bank', 'rows'));
