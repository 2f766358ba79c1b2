-- The tax superintendent keeps the rates and raises the demand. Of the books he has nothing: no voucher, no period, no bank.
alter table api.user_roles
  drop constraint role_is_known,
  add constraint role_is_known
    check (role in ('cashier', 'superintendent', 'accountant', 'checker', 'auditor', 'state', 'admin'));
alter table api.access_tokens
  drop constraint token_roles_are_known,
  add constraint token_roles_are_known
    check (roles <@ array['cashier', 'superintendent', 'accountant', 'checker', 'auditor', 'state', 'admin', 'system']);
