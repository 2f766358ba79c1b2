-- Heads for money of the gateway that no payment explains, for the convenience fee that payers bear, and for portals that take money for the
-- ULB, for the charts and ULBs that are there already.
insert into ledger.chart_accounts (chart, code, name, parent, type, normal_side, level, is_contra, schedule, is_posting, flag)
select c.chart, h.code, h.name, h.parent, 'asset', 'Dr', 3, false, h.schedule, true, 'P'
from ledger.charts c
cross join (values
  ('4314009', 'Receivable from other sources - payment aggregator adjustments', '43140', 'B-15'),
  ('4501008', 'Collections in transit - BBPS and portals', '45010', 'B-17')
) as h (code, name, parent, schedule)
where exists (select 1 from ledger.chart_accounts p where p.chart = c.chart and p.code = h.parent)
on conflict do nothing;

do $$
declare
  v_ulb integer;
begin
  for v_ulb in select ulb_id from ledger.ulbs order by ulb_id loop
    perform set_config('nagarkosh.ulb', v_ulb::text, true);
    insert into ledger.accounts (ulb_id, code, name, parent, type, normal_side, level, is_contra, schedule, is_posting, is_cash_bank, needs_function)
    select v_ulb, c.code, c.name, c.parent, c.type, c.normal_side, c.level, c.is_contra, c.schedule, c.is_posting, c.code like '450%', false
    from ledger.ulbs u
    join ledger.chart_accounts c on c.chart = u.chart
    where u.ulb_id = v_ulb and c.code in ('4314009', '4501008')
    on conflict do nothing;
    insert into ledger.posting_map (ulb_id, key, account)
    select v_ulb, k.key, k.account
    from (values
      ('gateway-adjustments', '4314009'),
      ('convenience-fee', '1808006'),
      ('bbps-clearing', '4501008')
    ) as k (key, account)
    join ledger.accounts a on a.ulb_id = v_ulb and a.code = k.account
    on conflict do nothing;
  end loop;
end
$$;
