-- A payment link may be paid in parts; the first is at least so much. Null: it is paid at once.
alter table collections.payment_requests
  add column first_part ledger.paise,
  add constraint parts_are_of_a_link check (first_part is null or (kind = 'link' and usage = 'multiple' and first_part > 0 and first_part < amount));
