-- A head of its own for what cash in whole rupees is rounded by, for the charts and ULBs that are there already: it stood among other income,
-- together with the convenience fee. A ULB that mapped the key to another head keeps its own.
insert into ledger.chart_accounts (chart, code, name, parent, type, normal_side, level, is_contra, schedule, is_posting, flag)
select c.chart, '1808007', 'Miscellaneous Income-Rounding Differences', '18080', 'income', 'Cr', 3, false, 'I-9', true, 'P'
from ledger.charts c
where exists (select 1 from ledger.chart_accounts p where p.chart = c.chart and p.code = '18080')
on conflict do nothing;

do $$
declare
  v_ulb integer;
begin
  for v_ulb in select ulb_id from ledger.ulbs order by ulb_id loop
    perform set_config('nagarkosh.ulb', v_ulb::text, true);
    insert into ledger.accounts (ulb_id, code, name, parent, type, normal_side, level, is_contra, schedule, is_posting, is_cash_bank, needs_function)
    select v_ulb, c.code, c.name, c.parent, c.type, c.normal_side, c.level, c.is_contra, c.schedule, c.is_posting, false, true
    from ledger.ulbs u
    join ledger.chart_accounts c on c.chart = u.chart
    where u.ulb_id = v_ulb and c.code = '1808007'
    on conflict do nothing;
    update ledger.posting_map m set account = '1808007'
    where m.ulb_id = v_ulb and m.key = 'rounding' and m.account = '1808006'
      and exists (select 1 from ledger.accounts a where a.ulb_id = v_ulb and a.code = '1808007');
  end loop;
end
$$;
