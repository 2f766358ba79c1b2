-- A head for the gateway's fees of a year that it deducts from settlements of the next, for the charts and ULBs that are there already.
insert into ledger.chart_accounts (chart, code, name, parent, type, normal_side, level, is_contra, schedule, is_posting, flag)
select c.chart, '3508020', 'Others-Payment Aggregator Fees Payable', '35080', 'liability', 'Cr', 3, false, 'B-9', true, 'P'
from ledger.charts c
where exists (select 1 from ledger.chart_accounts p where p.chart = c.chart and p.code = '35080')
on conflict do nothing;

do $$
declare
  v_ulb integer;
begin
  for v_ulb in select ulb_id from ledger.ulbs order by ulb_id loop
    perform set_config('nagarkosh.ulb', v_ulb::text, true);
    insert into ledger.accounts (ulb_id, code, name, parent, type, normal_side, level, is_contra, schedule, is_posting, is_cash_bank, needs_function)
    select v_ulb, c.code, c.name, c.parent, c.type, c.normal_side, c.level, c.is_contra, c.schedule, c.is_posting, false, false
    from ledger.ulbs u
    join ledger.chart_accounts c on c.chart = u.chart
    where u.ulb_id = v_ulb and c.code = '3508020'
    on conflict do nothing;
    insert into ledger.posting_map (ulb_id, key, account)
    select v_ulb, 'gateway-fees-payable', a.code from ledger.accounts a where a.ulb_id = v_ulb and a.code = '3508020'
    on conflict do nothing;
  end loop;
end
$$;
