-- Some disputes are deducted when they are made: what a settlement took for one before its verdict stands in gateway adjustments until it is lost (then
-- the loss comes out of there) or won (then a later settlement gives it back).
alter table collections.disputes
  add column held_amount ledger.paise not null default 0,
  add column held_in text;
