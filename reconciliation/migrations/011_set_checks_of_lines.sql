-- The same for the lines of a statement and for matches: their foreign keys were checked row by row, a third of the writing of each. A statement is
-- append-only, and a bank account now stays what it is, so that it is enough to look once per statement that writes them.
create trigger bank_account_stays before delete or truncate on reconciliation.bank_accounts
  for each statement execute function kernel.refuse_change();
create trigger bank_account_keeps_its_head before update of ulb_id, account on reconciliation.bank_accounts
  for each statement execute function kernel.refuse_change();
revoke delete on reconciliation.bank_accounts from nagarkosh_app, nagarkosh_batch;

create function reconciliation.check_bank_lines() returns trigger
language plpgsql
set search_path = pg_catalog, reconciliation, pg_temp
as $$
declare
  v_missing text;
begin
  select a.statement_id::text into v_missing
  from (select distinct ulb_id, statement_id from added) as a
  where (
    select true from reconciliation.statements s where s.ulb_id = a.ulb_id and s.statement_id = a.statement_id limit 1
  ) is null
  limit 1;
  if found then
    raise exception 'a line names the statement %, which is not there', v_missing
      using errcode = 'foreign_key_violation', constraint = 'line_is_of_a_statement', table = 'bank_lines', schema = 'reconciliation';
  end if;
  return null;
end
$$;
create trigger lines_are_of_statements after insert on reconciliation.bank_lines
  referencing new table as added for each statement execute function reconciliation.check_bank_lines();
alter table reconciliation.bank_lines drop constraint line_is_of_a_statement;

create function reconciliation.check_matches() returns trigger
language plpgsql
set search_path = pg_catalog, reconciliation, pg_temp
as $$
declare
  v_missing text;
begin
  select a.account into v_missing
  from (select distinct ulb_id, account from added) as a
  where (
    select true from reconciliation.bank_accounts b where b.ulb_id = a.ulb_id and b.account = a.account limit 1
  ) is null
  limit 1;
  if found then
    raise exception 'a match names the bank account %, which is not there', v_missing
      using errcode = 'foreign_key_violation', constraint = 'match_is_of_a_bank_account', table = 'matches', schema = 'reconciliation';
  end if;
  return null;
end
$$;
create trigger matches_are_of_bank_accounts after insert on reconciliation.matches
  referencing new table as added for each statement execute function reconciliation.check_matches();
alter table reconciliation.matches drop constraint match_is_of_a_bank_account;
