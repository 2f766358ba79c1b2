-- A statement of a large city is matched in hundreds of thousands of legs, and the row-by-row checks of their foreign keys were more than half of the
-- writing. What the legs name never goes away (matches, statement lines, entry lines and legs are append-only), so it is enough to look when they are
-- written, a statement at a time.
create function reconciliation.check_legs() returns trigger
language plpgsql
set search_path = pg_catalog, reconciliation, pg_temp
as $$
declare
  v_missing text;
begin
  -- A look-up for each row by its key, whatever the planner believes of tables that a run is just filling: hence the limit.
  select a.match_id::text into v_missing
  from (select distinct ulb_id, match_id from added) as a
  where (select true from reconciliation.matches m where m.ulb_id = a.ulb_id and m.match_id = a.match_id limit 1) is null
  limit 1;
  if found then
    raise exception 'a leg names the match %, which is not there', v_missing
      using errcode = 'foreign_key_violation', constraint = 'leg_is_of_a_match', table = 'match_legs', schema = 'reconciliation';
  end if;
  select a.line_id::text into v_missing
  from added as a
  where a.line_id is not null
    and (select true from reconciliation.bank_lines b where b.ulb_id = a.ulb_id and b.line_id = a.line_id limit 1) is null
  limit 1;
  if found then
    raise exception 'a leg names the statement line %, which is not there', v_missing
      using errcode = 'foreign_key_violation', constraint = 'leg_names_a_line', table = 'match_legs', schema = 'reconciliation';
  end if;
  select a.entry_id || ' line ' || a.line_no into v_missing
  from added as a
  where a.entry_id is not null
    and (
      select true from ledger.lines l where l.ulb_id = a.ulb_id and l.entry_id = a.entry_id and l.line_no = a.line_no limit 1
    ) is null
  limit 1;
  if found then
    raise exception 'a leg names the entry line %, which is not there', v_missing
      using errcode = 'foreign_key_violation', constraint = 'leg_names_an_item', table = 'match_legs', schema = 'reconciliation';
  end if;
  return null;
end
$$;
create trigger legs_name_what_is_there after insert on reconciliation.match_legs
  referencing new table as added for each statement execute function reconciliation.check_legs();
alter table reconciliation.match_legs drop constraint leg_is_of_a_match;
alter table reconciliation.match_legs drop constraint leg_names_a_line;
alter table reconciliation.match_legs drop constraint leg_names_an_item;

create function reconciliation.check_live_legs() returns trigger
language plpgsql
set search_path = pg_catalog, reconciliation, pg_temp
as $$
declare
  v_missing text;
begin
  select a.match_id || ' leg ' || a.leg_no into v_missing
  from added as a
  where (
    select true from reconciliation.match_legs l
    where l.ulb_id = a.ulb_id and l.match_id = a.match_id and l.leg_no = a.leg_no limit 1
  ) is null
  limit 1;
  if found then
    raise exception 'a live leg names the leg %, which is not there', v_missing
      using errcode = 'foreign_key_violation', constraint = 'live_leg_is_a_leg', table = 'live_legs', schema = 'reconciliation';
  end if;
  return null;
end
$$;
create trigger live_legs_are_legs after insert on reconciliation.live_legs
  referencing new table as added for each statement execute function reconciliation.check_live_legs();
alter table reconciliation.live_legs drop constraint live_leg_is_a_leg;
