-- Gives a head to the charts and ULBs that are there already; new ones have it from their chart. In a chart without its parent there is none.
create procedure ledger.add_head(p_code text, p_parent text, p_name text, p_type text, p_side text, p_schedule text, p_is_cash_bank boolean, p_key text)
language plpgsql
as $$
declare
  v_ulb integer;
begin
  insert into ledger.chart_accounts (chart, code, name, parent, type, normal_side, level, is_contra, schedule, is_posting, flag)
  select c.chart, p_code, p_name, p_parent, p_type, p_side, 3, false, p_schedule, true, 'P'
  from ledger.charts c
  where exists (select 1 from ledger.chart_accounts p where p.chart = c.chart and p.code = p_parent)
  on conflict do nothing;
  for v_ulb in select ulb_id from ledger.ulbs order by ulb_id loop
    -- A look through row-level security needs a ULB.
    perform set_config('nagarkosh.ulb', v_ulb::text, true);
    insert into ledger.accounts (ulb_id, code, name, parent, type, normal_side, level, is_contra, schedule, is_posting, is_cash_bank, needs_function)
    select v_ulb, c.code, c.name, c.parent, c.type, c.normal_side, c.level, c.is_contra, c.schedule, c.is_posting, p_is_cash_bank, false
    from ledger.ulbs u
    join ledger.chart_accounts c on c.chart = u.chart
    where u.ulb_id = v_ulb and c.code = p_code
    on conflict do nothing;
    insert into ledger.posting_map (ulb_id, key, account)
    select v_ulb, p_key, a.code from ledger.accounts a where a.ulb_id = v_ulb and a.code = p_code
    on conflict do nothing;
  end loop;
end
$$;
revoke execute on procedure ledger.add_head from public;

-- Cheques that are deposited and not yet credited. Nothing is posted there until a ULB decides to keep them apart from its bank.
call ledger.add_head('4501009', '45010', 'Collections in transit - cheques in clearing', 'asset', 'Dr', 'B-17', true, 'cheques-in-clearing');
