-- Where a ULB decides so, a deposited cheque stands in a head of its own until the bank credits it, and the bank's head holds only what the bank has.
alter table collections.counter_policies
  -- Deposits from this day on; null: they go to the bank's head at once.
  add column clearing_head_from date;

alter table collections.remittances
  -- Where its leaves stand until they are credited; null: in the bank's head. The policy may change, what was deposited stays where it is.
  add column clearing_account text collate "C",
  add constraint only_cheques_are_in_clearing check (clearing_account is null or kind = 'cheques');

alter table collections.instruments
  -- The entry with which the bank's credit was booked, where the leaf stood in clearing.
  add column credit_entry_id bigint;
