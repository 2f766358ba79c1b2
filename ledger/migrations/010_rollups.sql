-- Balances at any day without reading the days of years: what the daily roll-up holds is also kept summed, by month and by year, and coarser
-- than function and ward. A balance at a day is then whole years, whole months and the days of the part month, and what is not rolled up yet.

-- The day comes first: the days of a part month are read for all accounts together.
alter table ledger.balance_daily drop constraint balance_daily_pkey;
alter table ledger.balance_daily add primary key (ulb_id, entry_date, account, fund, function, ward, is_closing);

create table ledger.balance_sums (
  ulb_id integer not null,
  -- 'fund': by account and fund alone; 'function': by function too; 'all': by function and ward. What is summed over stands as ''.
  grain text collate "C" not null,
  span text collate "C" not null,
  -- First day of the day, month or financial year.
  starts_on date not null,
  account text collate "C" not null,
  fund text collate "C" not null,
  function text collate "C" not null,
  ward text collate "C" not null,
  is_closing boolean not null,
  debit ledger.paise not null,
  credit ledger.paise not null,
  line_count bigint not null,
  primary key (ulb_id, grain, span, starts_on, account, fund, function, ward, is_closing),
  constraint sum_grain_is_known check (grain in ('fund', 'function', 'all')),
  constraint sum_span_is_known check (span in ('day', 'month', 'year')),
  -- Days with their wards are in balance_daily; they would stand here a second time.
  constraint sum_of_a_day_has_no_ward check (span <> 'day' or grain <> 'all'),
  constraint sum_names_what_its_grain_keeps check ((function = '' or grain <> 'fund') and (ward = '' or grain = 'all'))
-- Room on the page: the sums of the running month and year are updated in place by every roll-up.
) with (fillfactor = 80);
call kernel.protect('ledger.balance_sums');

-- The day on which a span that holds a day begins.
create function ledger.span_start(span text, day date) returns date
language sql immutable parallel safe
as $$
  select case span
    when 'day' then day
    when 'month' then date_trunc('month', day::timestamp)::date
    else make_date(date_part('year', day)::integer - (date_part('month', day) < 4)::integer, 4, 1)
  end
$$;

-- What was rolled up is rolled up anew into all levels: until the next roll-up has run, balances are read from the lines.
truncate ledger.balance_daily;
truncate ledger.rollup_marks;

-- Up to which number each series is sealed: sealing begins there without reading the chain, and a chain that was cut short says less than its mark.
create table ledger.seal_marks (
  ulb_id integer not null,
  series text collate "C" not null,
  fy text collate "C" not null,
  sealed_to bigint not null,
  primary key (ulb_id, series, fy)
);
call kernel.protect('ledger.seal_marks');
revoke delete on ledger.seal_marks from nagarkosh_app, nagarkosh_batch;

do $$
declare
  v_ulb integer;
begin
  for v_ulb in select ulb_id from ledger.ulbs order by ulb_id loop
    perform set_config('nagarkosh.ulb', v_ulb::text, true);
    insert into ledger.seal_marks (ulb_id, series, fy, sealed_to)
    select v_ulb, r.voucher, r.fy, max(r."to")
    from ledger.seals s
    cross join lateral jsonb_to_recordset(s.ranges) as r (voucher text, fy text, "to" bigint)
    where s.ulb_id = v_ulb
    group by r.voucher, r.fy;
  end loop;
end
$$;
