-- A bank account that is known by its head and its statements alone has no number yet: many statements do not print one.
alter table reconciliation.bank_accounts drop constraint bank_account_number_is_masked;
alter table reconciliation.bank_accounts
  add constraint bank_account_number_is_masked check (number_masked ~ '^([X*]*[0-9]{4})?$');
