-- Entries of a year's closing (source "year-close") stand apart in the roll-up: the year's income and expenditure is what was posted
-- before they took it to the Municipal Fund, and its trial balance is shown before and after them.
alter table ledger.balance_daily add column is_closing boolean not null default false;
alter table ledger.balance_daily drop constraint balance_daily_pkey;
alter table ledger.balance_daily add primary key (ulb_id, account, entry_date, fund, function, ward, is_closing);

-- Where the surplus of a year stands until it joins the Municipal Fund, for the ULBs that are there already; a new one gets it with its map.
do $$
declare
  v_ulb integer;
begin
  for v_ulb in select ulb_id from ledger.ulbs order by ulb_id loop
    perform set_config('nagarkosh.ulb', v_ulb::text, true);
    insert into ledger.posting_map (ulb_id, key, account)
    select v_ulb, k.key, k.account
    from (values ('surplus', '3109000'), ('municipal-fund', '3101001')) as k (key, account)
    join ledger.accounts a on a.ulb_id = v_ulb and a.code = k.account
    on conflict do nothing;
  end loop;
end
$$;
