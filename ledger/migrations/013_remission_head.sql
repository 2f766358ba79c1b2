-- The head against which taxes of earlier years are remitted (NMAM 280-50), for the ULBs that are there already.
do $$
declare
  v_ulb integer;
begin
  for v_ulb in select ulb_id from ledger.ulbs order by ulb_id loop
    perform set_config('nagarkosh.ulb', v_ulb::text, true);
    insert into ledger.posting_map (ulb_id, key, account)
    select v_ulb, 'remission-earlier-years', a.code
    from ledger.accounts a
    where a.ulb_id = v_ulb and a.code = '2805000'
    on conflict do nothing;
  end loop;
end
$$;
