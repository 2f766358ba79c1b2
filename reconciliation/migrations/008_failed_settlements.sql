-- A settlement that the gateway calls failed after it was booked is taken back; what it had paid comes again in another one.
alter table reconciliation.settlements
  drop constraint settlement_status_is_known,
  add constraint settlement_status_is_known check (status in ('exception', 'booked', 'failed'));
