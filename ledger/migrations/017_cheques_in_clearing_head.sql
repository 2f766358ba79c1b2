-- A head for cheques that are deposited and not yet credited, for the charts and ULBs that are there already. Nothing is posted there until a ULB
-- decides to keep them apart from its bank.
insert into ledger.chart_accounts (chart, code, name, parent, type, normal_side, level, is_contra, schedule, is_posting, flag)
select c.chart, '4501009', 'Collections in transit - cheques in clearing', '45010', 'asset', 'Dr', 3, false, 'B-17', true, 'P'
from ledger.charts c
where exists (select 1 from ledger.chart_accounts p where p.chart = c.chart and p.code = '45010')
on conflict do nothing;

do $$
declare
  v_ulb integer;
begin
  for v_ulb in select ulb_id from ledger.ulbs order by ulb_id loop
    perform set_config('nagarkosh.ulb', v_ulb::text, true);
    insert into ledger.accounts (ulb_id, code, name, parent, type, normal_side, level, is_contra, schedule, is_posting, is_cash_bank, needs_function)
    select v_ulb, c.code, c.name, c.parent, c.type, c.normal_side, c.level, c.is_contra, c.schedule, c.is_posting, true, false
    from ledger.ulbs u
    join ledger.chart_accounts c on c.chart = u.chart
    where u.ulb_id = v_ulb and c.code = '4501009'
    on conflict do nothing;
    insert into ledger.posting_map (ulb_id, key, account)
    select v_ulb, 'cheques-in-clearing', a.code from ledger.accounts a where a.ulb_id = v_ulb and a.code = '4501009'
    on conflict do nothing;
  end loop;
end
$$;
