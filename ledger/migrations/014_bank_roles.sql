-- Roles that the resolution of bank exceptions posts to, for the ULBs that are there already.
do $$
declare
  v_ulb integer;
begin
  for v_ulb in select ulb_id from ledger.ulbs order by ulb_id loop
    perform set_config('nagarkosh.ulb', v_ulb::text, true);
    insert into ledger.posting_map (ulb_id, key, account)
    select v_ulb, k.key, a.code
    from (values ('bank-claims', '4603000'), ('cash-shortage', '4603000'), ('cash-excess', '3504007')) as k (key, code)
    join ledger.accounts a on a.ulb_id = v_ulb and a.code = k.code
    on conflict do nothing;
  end loop;
end
$$;
