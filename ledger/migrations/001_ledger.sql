-- The books: charts, ULBs, periods, series, entries and lines, and the one function that may write them.
create schema ledger;
grant usage on schema ledger to nagarkosh_app, nagarkosh_batch;

-- Whole paise. bigint is exact, and several times cheaper to sum than numeric; views show rupees.
create domain ledger.paise as bigint;

-- ---------------------------------------------------------------- reference data: small, the same for all, no tenant

create table ledger.charts (
  chart text primary key,
  name text not null,
  loaded_at timestamptz not null default now()
);
create table ledger.chart_accounts (
  chart text not null references ledger.charts,
  code text collate "C" not null,
  name text not null,
  parent text collate "C",
  type text not null,
  normal_side text not null,
  level smallint not null,
  is_contra boolean not null,
  schedule text,
  is_posting boolean not null,
  flag text not null,
  primary key (chart, code)
);
create table ledger.chart_functions (
  chart text not null references ledger.charts,
  code text collate "C" not null,
  name text not null,
  parent text collate "C",
  primary key (chart, code)
);
create table ledger.chart_funds (
  chart text not null references ledger.charts,
  code text collate "C" not null,
  name text not null,
  primary key (chart, code)
);
create table ledger.chart_schedules (
  chart text not null references ledger.charts,
  statement text not null,
  schedule text not null,
  title text not null,
  major_head text collate "C" not null,
  sign text not null,
  normal_side text not null,
  primary key (chart, statement, schedule, major_head)
);
grant select on ledger.charts, ledger.chart_accounts, ledger.chart_functions, ledger.chart_funds, ledger.chart_schedules
  to nagarkosh_app, nagarkosh_batch;

create table ledger.ulbs (
  ulb_id integer generated always as identity primary key,
  code text not null constraint ulb_code_is_unique unique,
  name text not null,
  name_local text,
  state text not null,
  chart text not null references ledger.charts,
  starts_on date not null,
  created_at timestamptz not null default now(),
  constraint ulb_code_is_short check (code ~ '^[a-z0-9][a-z0-9.-]{1,39}$')
);
grant select on ledger.ulbs to nagarkosh_app, nagarkosh_batch;
grant insert on ledger.ulbs to nagarkosh_batch;

-- ---------------------------------------------------------------- a ULB's own chart, funds, functions, posting map

create table ledger.accounts (
  ulb_id integer not null,
  code text collate "C" not null,
  name text not null,
  name_local text,
  parent text collate "C",
  type text not null,
  normal_side text not null,
  level smallint not null,
  is_contra boolean not null,
  schedule text,
  is_posting boolean not null,
  is_active boolean not null default true,
  -- 450: the heads that make a voucher a receipt, a payment or a contra.
  is_cash_bank boolean not null,
  -- Income and expenditure are always posted under a function (NMAM: function and account heads are compulsory).
  needs_function boolean not null,
  primary key (ulb_id, code),
  constraint account_type_is_known check (type in ('income', 'expense', 'liability', 'asset')),
  constraint account_side_is_known check (normal_side in ('Dr', 'Cr', 'either'))
);
call kernel.protect('ledger.accounts');

create table ledger.functions (
  ulb_id integer not null,
  code text collate "C" not null,
  name text not null,
  parent text collate "C",
  primary key (ulb_id, code)
);
call kernel.protect('ledger.functions');

create table ledger.funds (
  ulb_id integer not null,
  code text collate "C" not null,
  name text not null,
  primary key (ulb_id, code)
);
call kernel.protect('ledger.funds');

-- Which account a posting rule uses: data of the ULB, not code.
create table ledger.posting_map (
  ulb_id integer not null,
  key text not null,
  account text collate "C" not null,
  primary key (ulb_id, key),
  constraint posting_map_names_an_account foreign key (ulb_id, account) references ledger.accounts (ulb_id, code)
);
call kernel.protect('ledger.posting_map');

-- ---------------------------------------------------------------- periods and series

create table ledger.periods (
  ulb_id integer not null,
  period text collate "C" not null,
  status text not null default 'open',
  changed_at timestamptz,
  changed_by text,
  reason text,
  primary key (ulb_id, period),
  constraint period_is_a_month check (period ~ '^\d{4}-(0[1-9]|1[0-2])$'),
  constraint period_status_is_known check (status in ('open', 'closed')),
  constraint reopened_period_has_a_reason check (status = 'closed' or changed_at is null or reason is not null)
);
call kernel.protect('ledger.periods');

create table ledger.series (
  ulb_id integer not null,
  series text collate "C" not null,
  fy text collate "C" not null,
  -- The number that will be given next; a rolled-back transaction gives its number back with it.
  next_number bigint not null default 1,
  primary key (ulb_id, series, fy),
  constraint series_starts_at_one check (next_number >= 1)
) with (fillfactor = 20);
call kernel.protect('ledger.series');
revoke delete on ledger.series from nagarkosh_app, nagarkosh_batch;

-- ---------------------------------------------------------------- entries and lines

create sequence ledger.entry_id;

create table ledger.entries (
  ulb_id integer not null,
  entry_id bigint not null,
  voucher text collate "C" not null,
  fy text collate "C" not null,
  number bigint not null,
  -- The date under which the entry stands in the books (its period), and the date from which it counts.
  entry_date date not null,
  value_date date not null,
  posted_at timestamptz not null,
  posted_by text not null,
  source_type text collate "C" not null,
  source_id text collate "C" not null,
  reverses_entry_id bigint,
  narration text not null,
  primary key (ulb_id, entry_id),
  constraint entry_posted_once_per_source unique (ulb_id, source_type, source_id),
  constraint entry_number_used_once unique (ulb_id, voucher, fy, number),
  constraint voucher_is_known check (voucher in ('receipt', 'payment', 'contra', 'journal', 'opening'))
);
create unique index entry_reversed_once on ledger.entries (ulb_id, reverses_entry_id) where reverses_entry_id is not null;
create index entries_by_date on ledger.entries (ulb_id, entry_date, entry_id);

create table ledger.lines (
  ulb_id integer not null,
  entry_id bigint not null,
  line_no smallint not null,
  entry_date date not null,
  account text collate "C" not null,
  debit ledger.paise not null,
  credit ledger.paise not null,
  fund text collate "C" not null,
  function text collate "C",
  ward text collate "C",
  functionary text collate "C",
  budget_head text collate "C",
  scheme text collate "C",
  party_type text collate "C",
  party_id text collate "C",
  demand_year text collate "C",
  primary key (ulb_id, entry_id, line_no),
  constraint line_is_debit_or_credit check ((debit > 0 and credit = 0) or (credit > 0 and debit = 0))
);
create index lines_by_account on ledger.lines (ulb_id, account, entry_date, entry_id);

-- Only ledger.post writes entries and lines. The flag is set by the function's own SET clause and gone when it returns,
-- so that a raw INSERT is refused whoever makes it; UPDATE, DELETE and TRUNCATE are always refused.
create function ledger.refuse_raw_write() returns trigger
language plpgsql
as $$
begin
  if tg_op = 'INSERT' and current_setting('nagarkosh.posting', true) = 'on' then
    return null;
  end if;
  if tg_op = 'INSERT' then
    raise exception 'INSERT on %.% is refused: entries are made by ledger.post alone', tg_table_schema, tg_table_name
      using errcode = 'restrict_violation';
  end if;
  raise exception '% on %.% is refused: what is posted is never changed, post a reversal', tg_op, tg_table_schema, tg_table_name
    using errcode = 'restrict_violation';
end
$$;
create trigger only_the_posting_function before insert or update or delete or truncate on ledger.entries
  for each statement execute function ledger.refuse_raw_write();
create trigger only_the_posting_function before insert or update or delete or truncate on ledger.lines
  for each statement execute function ledger.refuse_raw_write();

-- Row-level security for readers. It is not forced on the owner: ledger.post (the owner's function) checks the ULB once per call
-- instead of once per row (measured: 15 % of a posting).
alter table ledger.entries enable row level security;
create policy one_ulb on ledger.entries using (ulb_id = current_setting('nagarkosh.ulb')::integer);
alter table ledger.lines enable row level security;
create policy one_ulb on ledger.lines using (ulb_id = current_setting('nagarkosh.ulb')::integer);
grant select on ledger.entries, ledger.lines to nagarkosh_app, nagarkosh_batch;

-- ---------------------------------------------------------------- posting

-- The lock that orders postings and a close of the same month: postings share it, a close takes it alone. An advisory lock writes no row
-- (FOR SHARE on the period row would write one, and a multixact, for every posting).
create function ledger.month_key(day date) returns integer
language sql immutable parallel safe
as $$ select date_part('year', day)::integer * 100 + date_part('month', day)::integer $$;

-- "2026-27": April to March.
create function ledger.fy_of(day date) returns text
language sql immutable parallel safe
as $$
  select (date_part('year', day)::integer - (date_part('month', day) < 4)::integer)::text || '-'
    || lpad(((date_part('year', day)::integer + 1 - (date_part('month', day) < 4)::integer) % 100)::text, 2, '0')
$$;

-- Posts a set of entries of one ULB and says for each what became of it:
--   posted | exists (same source, same content: the entry that is there) | a refusal, and nothing of that entry is written.
-- Refusals in order of precedence: SOURCE, NARRATION, VOUCHER_UNKNOWN, LINES, AMOUNT, ACCOUNT_UNKNOWN, ACCOUNT_NOT_POSTING,
-- ACCOUNT_INACTIVE, FUND_UNKNOWN, FUNCTION_MISSING, FUNCTION_UNKNOWN, UNBALANCED, FUND_UNBALANCED, VOUCHER_RULE, PERIOD_MISSING,
-- PERIOD_CLOSED, REVERSAL; SOURCE_CONFLICT for a source that is there with other content (its narration apart, which only words the fact).
-- p_* one element per entry; d_* the distinct dimension sets; l_* one element per line (l_entry, l_dim count from 1). A call that is
-- malformed (lengths, a source or a reversal twice) is an error, and nothing of it is written.
create function ledger.post(
  p_ulb integer, p_actor text,
  p_voucher text[], p_date date[], p_value_date date[], p_source_type text[], p_source_id text[], p_reverses bigint[], p_narration text[],
  d_fund text[], d_function text[], d_ward text[], d_functionary text[], d_budget_head text[], d_scheme text[],
  l_entry integer[], l_no smallint[], l_account text[], l_debit bigint[], l_credit bigint[], l_dim integer[],
  l_party_type text[], l_party_id text[], l_demand_year text[],
  out o_status text[], out o_entry_id bigint[], out o_number bigint[], out o_detail text[]
)
language plpgsql
security definer
-- pg_temp last: looked at first (where it is when it is not named), a caller's temporary type "text" would run his code as the owner.
set search_path = pg_catalog, ledger, pg_temp
set nagarkosh.posting = 'on'
set plan_cache_mode = force_generic_plan
-- Plans are made once per connection, perhaps while the tables are empty: every look-up below is by key, whatever the planner believes
-- (LATERAL … LIMIT 1 keeps it a look-up per row; a hash join over a table thought empty made a batch of 1,000 take 15 s).
set enable_seqscan = off
as $$
declare
  n constant integer := cardinality(p_voucher);
  v_fy text[];
  v_series integer;
  v_locked integer;
  v_dim_fault text[];
  v_reversal text[];
  v_all_fresh boolean;
  v_judged bigint;
  v_entries constant text := '[1:' || n || ']';
  v_lines constant text := array_dims(l_entry);
  v_dims constant text := array_dims(d_fund);
  r record;
begin
  if coalesce(current_setting('nagarkosh.ulb', true), '') = '' then
    -- A lane's call is a whole transaction: it names its ULB here, and the setting ends with it.
    perform set_config('nagarkosh.ulb', p_ulb::text, true);
  elsif current_setting('nagarkosh.ulb')::integer is distinct from p_ulb then
    raise exception 'posting for ULB % in a transaction of ULB %', p_ulb, current_setting('nagarkosh.ulb') using errcode = 'insufficient_privilege';
  end if;
  -- After a lock is taken the next statement must see what the former holder committed.
  if current_setting('transaction_isolation') <> 'read committed' then
    raise exception 'ledger.post runs in READ COMMITTED' using errcode = 'invalid_transaction_state';
  end if;
  if n is null or n = 0 or n > 5000 then
    raise exception 'a batch has 1 to 5000 entries, not %', coalesce(n, 0) using errcode = 'invalid_parameter_value';
  end if;
  -- One dimension, counted from 1, all of a length: unnest would fill a shorter array with nulls and lose lines, and a subscript into an array
  -- that counts from 0 would write another element than the one that was judged.
  if (array_dims(p_voucher), array_dims(p_date), array_dims(p_value_date), array_dims(p_source_type), array_dims(p_source_id), array_dims(p_reverses),
      array_dims(p_narration))
    is distinct from (v_entries, v_entries, v_entries, v_entries, v_entries, v_entries, v_entries) then
    raise exception 'p_ arrays have one element per entry' using errcode = 'invalid_parameter_value';
  end if;
  if v_dims is distinct from '[1:' || nullif(cardinality(d_fund), 0) || ']' or (array_dims(d_function), array_dims(d_ward), array_dims(d_functionary),
      array_dims(d_budget_head), array_dims(d_scheme)) is distinct from (v_dims, v_dims, v_dims, v_dims, v_dims) then
    raise exception 'd_ arrays have one element per dimension set' using errcode = 'invalid_parameter_value';
  end if;
  if v_lines is distinct from '[1:' || nullif(cardinality(l_entry), 0) || ']' or (array_dims(l_no), array_dims(l_account), array_dims(l_debit),
      array_dims(l_credit), array_dims(l_dim), array_dims(l_party_type), array_dims(l_party_id), array_dims(l_demand_year))
    is distinct from (v_lines, v_lines, v_lines, v_lines, v_lines, v_lines, v_lines, v_lines) then
    raise exception 'l_ arrays have one element per line' using errcode = 'invalid_parameter_value';
  end if;

  -- 1. Locks, each as its own statement so that what follows reads the newest committed state: months shared, then series in order.
  perform pg_advisory_xact_lock_shared(p_ulb, m) from (select distinct ledger.month_key(d) as m from unnest(p_date) as t (d) order by 1) as months;
  -- Not in one query with the count: an aggregate over DISTINCT has its input sorted, and the years would stand beside other entries.
  select array_agg(f) into v_fy from (select ledger.fy_of(d) as f from unnest(p_date) as t (d)) as t;
  select count(*) into v_series from (select distinct v, f from unnest(p_voucher, v_fy) as t (v, f)) as t;
  for i in 1..2 loop
    perform 1 from ledger.series s
    where s.ulb_id = p_ulb and (s.series, s.fy) in (select v, f from unnest(p_voucher, v_fy) as t (v, f))
    order by s.series, s.fy for no key update;
    get diagnostics v_locked = row_count;
    exit when v_locked = v_series;
    insert into ledger.series (ulb_id, series, fy)
    select distinct p_ulb, v, f from unnest(p_voucher, v_fy, p_date) as t (v, f, day)
    where v in ('receipt', 'payment', 'contra', 'journal', 'opening')
      -- What will be refused for its month starts no series.
      and exists (select 1 from ledger.periods m where m.ulb_id = p_ulb and m.period = to_char(t.day, 'YYYY-MM') and t.day > date '0001-01-01')
    order by 2, 3
    on conflict do nothing;
  end loop;

  -- 2. Judge every entry, as a set, and number those that pass. Dimension sets are few: they are judged once each, not once a line.
  select array_agg(case
      when not exists (select 1 from ledger.funds f where f.ulb_id = p_ulb and f.code = d.fund) then 'e:FUND_UNKNOWN'
      when d.function is not null and not exists (select 1 from ledger.functions f where f.ulb_id = p_ulb and f.code = d.function) then 'g:FUNCTION_UNKNOWN'
    end) into v_dim_fault
  from unnest(d_fund, d_function) as d (fund, function);
  if cardinality(array_remove(p_reverses, null)) > 0 then
    select array_agg(case
        when p.reverses is null then null
        when not exists (select 1 from ledger.entries x where x.ulb_id = p_ulb and x.entry_id = p.reverses) then 'REVERSAL:unknown:' || p.reverses
        when exists (
          select 1 from ledger.entries x where x.ulb_id = p_ulb and x.reverses_entry_id = p.reverses
            and (x.source_type, x.source_id) <> (p.source_type, p.source_id)) then 'REVERSAL:again:' || p.reverses
      end) into v_reversal
    from unnest(p_reverses, p_source_type, p_source_id) as p (reverses, source_type, source_id);
  end if;
  -- Numbers last: gapless within (ULB, voucher, financial year), because the series rows are ours until commit.
  with by_fund as (
    select l.e, d_fund[l.dim] as fund, sum(l.debit) as debit, sum(l.credit) as credit, count(*) as lines,
      count(*) filter (where a.is_cash_bank) as cash_lines,
      count(*) filter (where not a.is_cash_bank and l.account not like '240%') as other_lines,
      min(case
        when l.debit is null or l.credit is null or l.debit < 0 or l.credit < 0 or (l.debit > 0) = (l.credit > 0)
          or greatest(l.debit, l.credit) > 1000000000000000 then 'a:AMOUNT'
        when a.code is null then 'b:ACCOUNT_UNKNOWN'
        when not a.is_posting then 'c:ACCOUNT_NOT_POSTING'
        when not a.is_active then 'd:ACCOUNT_INACTIVE'
        when v_dim_fault[l.dim] = 'e:FUND_UNKNOWN' then 'e:FUND_UNKNOWN'
        when a.needs_function and d_function[l.dim] is null then 'f:FUNCTION_MISSING'
        else v_dim_fault[l.dim]
      end || ':' || coalesce(l.account, 'none') || ':' || coalesce(d_fund[l.dim], '')) as fault
    from unnest(l_entry, l_account, l_debit, l_credit, l_dim) as l (e, account, debit, credit, dim)
    left join lateral (
      select a.code, a.is_posting, a.is_active, a.is_cash_bank, a.needs_function from ledger.accounts a
      where a.ulb_id = p_ulb and a.code = l.account limit 1) as a on true
    group by l.e, d_fund[l.dim]
  ), by_entry as (
    select e, sum(debit) as debit, sum(credit) as credit, sum(lines) as lines, sum(cash_lines) as cash_lines, sum(other_lines) as other_lines,
      min(fault) as fault, min(fund) filter (where debit <> credit) as fund_off, max(debit - credit) filter (where debit <> credit) as fund_gap
    from by_fund group by e
  ), judged as materialized (
    select p.o, p.voucher, p.fy, x.entry_id as there, x.number as there_number,
      case
        when x.entry_id is not null then null
        when p.source_type is null or p.source_id is null or p.source_type = '' or p.source_id = '' then 'SOURCE:'
        when p.narration is null or p.narration !~ '\S' then 'NARRATION:'
        when p.voucher is null or p.voucher not in ('receipt', 'payment', 'contra', 'journal', 'opening') then 'VOUCHER_UNKNOWN:' || coalesce(p.voucher, 'none')
        when coalesce(b.lines, 0) < 2 then 'LINES:' || coalesce(b.lines, 0)
        when b.fault is not null then substr(b.fault, 3)
        when b.debit <> b.credit then 'UNBALANCED:' || b.debit || ':' || b.credit
        when b.fund_off is not null then 'FUND_UNBALANCED:' || b.fund_off || ':' || b.fund_gap
        when p.voucher in ('receipt', 'payment') and b.cash_lines = 0 then 'VOUCHER_RULE:' || p.voucher
        when p.voucher = 'journal' and b.cash_lines > 0 then 'VOUCHER_RULE:journal'
        when p.voucher = 'contra' and (b.other_lines > 0 or b.cash_lines < 2) then 'VOUCHER_RULE:contra'
        when m.period is null then 'PERIOD_MISSING:' || coalesce(to_char(p.day, 'YYYY-MM'), 'none')
        when m.status <> 'open' then 'PERIOD_CLOSED:' || m.period
        else v_reversal[p.o]
      end as refusal, coalesce(b.lines, 0) as lines
    from unnest(p_voucher, v_fy, p_date, p_source_type, p_source_id, p_narration) with ordinality
      as p (voucher, fy, day, source_type, source_id, narration, o)
    left join by_entry b on b.e = p.o
    left join lateral (
      select m.period, m.status from ledger.periods m 
      -- to_char shows 2026 BC as 2026, too.
      where m.ulb_id = p_ulb and m.period = to_char(p.day, 'YYYY-MM') and p.day > date '0001-01-01' limit 1) as m on true
    left join lateral (
      select x.entry_id, x.number from ledger.entries x
      where x.ulb_id = p_ulb and x.source_type = p.source_type and x.source_id = p.source_id limit 1) as x on true
  )
  select array_agg(case when t.there is not null then 'exists' when t.passed then 'posted' else split_part(t.refusal, ':', 1) end),
    array_agg(case when t.passed then nextval('ledger.entry_id') else t.there end),
    array_agg(case when t.passed then t.next_number + t.rank - 1 else t.there_number end),
    array_agg(substr(t.refusal, strpos(t.refusal, ':') + 1)),
    bool_and(t.there is null), sum(t.lines)
  into o_status, o_entry_id, o_number, o_detail, v_all_fresh, v_judged
  from (
    select j.o, j.there, j.there_number, j.refusal, j.passed, j.lines, s.next_number,
      count(*) filter (where j.passed) over (partition by j.voucher, j.fy order by j.o) as rank
    from (select *, there is null and refusal is null as passed from judged) as j
    left join lateral (
      select s.next_number from ledger.series s where s.ulb_id = p_ulb and s.series = j.voucher and s.fy = j.fy limit 1) as s on true
    order by j.o
  ) as t;

  if v_judged <> cardinality(l_entry)
    or exists (select 1 from unnest(l_dim) as l (dim) where (l.dim between 1 and cardinality(d_fund)) is not true) then
    raise exception 'a line belongs to one of the entries and has one of the dimension sets' using errcode = 'invalid_parameter_value';
  end if;

  -- The same source again: fine if it says the same, a conflict if not. Compared as sets: a set that is repeated whole is as cheap as new.
  if not v_all_fresh then
    for r in
      with again as materialized (
        select s.o::integer as o, o_entry_id[s.o] as entry_id from unnest(o_status) with ordinality as s (st, o) where s.st = 'exists'
      ), said as (
        select l.e as o, l.account, l.debit, l.credit, d_fund[l.dim] as fund, d_function[l.dim] as function, d_ward[l.dim] as ward,
          d_functionary[l.dim] as functionary, d_budget_head[l.dim] as budget_head, d_scheme[l.dim] as scheme, l.party_type, l.party_id,
          l.demand_year, count(*) as times
        from unnest(l_entry, l_account, l_debit, l_credit, l_dim, l_party_type, l_party_id, l_demand_year)
          as l (e, account, debit, credit, dim, party_type, party_id, demand_year)
        where o_status[l.e] = 'exists'
        group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13
      ), kept as (
        select a.o, l.account, l.debit, l.credit, l.fund, l.function, l.ward, l.functionary, l.budget_head, l.scheme, l.party_type, l.party_id,
          l.demand_year, count(*) as times
        from again a
        cross join lateral (select l.* from ledger.lines l where l.ulb_id = p_ulb and l.entry_id = a.entry_id offset 0) as l
        group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13
      )
      select o from ((table said except all table kept) union all (table kept except all table said)) as unlike
      union
      select a.o
      from again a
      cross join lateral (select e.* from ledger.entries e where e.ulb_id = p_ulb and e.entry_id = a.entry_id offset 0) as e
      where (e.voucher, e.entry_date, e.value_date, e.reverses_entry_id)
        is distinct from (p_voucher[a.o], p_date[a.o], coalesce(p_value_date[a.o], p_date[a.o]), p_reverses[a.o])
    loop
      o_status[r.o] := 'SOURCE_CONFLICT';
      o_detail[r.o] := o_entry_id[r.o]::text;
    end loop;
  end if;

  -- 3. Write.
  if 'posted' = any (o_status) then
    insert into ledger.entries (ulb_id, entry_id, voucher, fy, number, entry_date, value_date, posted_at, posted_by, source_type, source_id,
      reverses_entry_id, narration)
    select p_ulb, e.id, e.voucher, e.fy, e.num, e.day, coalesce(e.value_day, e.day), clock_timestamp(), p_actor, e.source_type, e.source_id,
      e.reverses, e.narration
    from unnest(o_status, o_entry_id, o_number, p_voucher, v_fy, p_date, p_value_date, p_source_type, p_source_id, p_reverses, p_narration)
      as e (st, id, num, voucher, fy, day, value_day, source_type, source_id, reverses, narration)
    where e.st = 'posted';

    insert into ledger.lines (ulb_id, entry_id, line_no, entry_date, account, debit, credit, fund, function, ward, functionary, budget_head, scheme,
      party_type, party_id, demand_year)
    select p_ulb, o_entry_id[l.e], l.no, p_date[l.e], l.account, l.debit, l.credit, d_fund[l.dim], d_function[l.dim], d_ward[l.dim],
      d_functionary[l.dim], d_budget_head[l.dim], d_scheme[l.dim], l.party_type, l.party_id, l.demand_year
    from unnest(l_entry, l_no, l_account, l_debit, l_credit, l_dim, l_party_type, l_party_id, l_demand_year)
      as l (e, no, account, debit, credit, dim, party_type, party_id, demand_year)
    where o_status[l.e] = 'posted';

    update ledger.series s set next_number = s.next_number + used.k
    from (select v, f, count(*) as k from unnest(o_status, p_voucher, v_fy) as t (st, v, f) where st = 'posted' group by v, f) as used
    where s.ulb_id = p_ulb and s.series = used.v and s.fy = used.f;
  end if;
end
$$;
revoke all on function ledger.post from public;
grant execute on function ledger.post to nagarkosh_app, nagarkosh_batch;
-- Series are counted by ledger.post and by ledger.take_numbers only.
revoke insert, update on ledger.series from nagarkosh_app, nagarkosh_batch;

-- Numbers of documents that are not entries (receipts, bills): gapless in the same way. Gives the first of p_count.
create function ledger.take_numbers(p_ulb integer, p_series text, p_fy text, p_count integer) returns bigint
language plpgsql
security definer
set search_path = pg_catalog, ledger, pg_temp
as $$
declare
  v_next bigint;
begin
  if current_setting('nagarkosh.ulb')::integer <> p_ulb then
    raise exception 'numbers for ULB % in a transaction of ULB %', p_ulb, current_setting('nagarkosh.ulb') using errcode = 'insufficient_privilege';
  end if;
  if p_count < 1 or p_series in ('receipt', 'payment', 'contra', 'journal', 'opening') then
    raise exception 'series % is numbered by ledger.post', p_series using errcode = 'invalid_parameter_value';
  end if;
  insert into ledger.series as s (ulb_id, series, fy, next_number) values (p_ulb, p_series, p_fy, 1 + p_count)
  on conflict (ulb_id, series, fy) do update set next_number = s.next_number + p_count
  returning s.next_number into v_next;
  return v_next - p_count;
end
$$;
revoke all on function ledger.take_numbers from public;
grant execute on function ledger.take_numbers to nagarkosh_app, nagarkosh_batch;

-- ---------------------------------------------------------------- roll-ups and seals, made behind the writers

-- Numbers are gapless and committed in order, so "all numbers below the mark" is a closed set of entries: marks need no clock and no lock.
create table ledger.rollup_marks (
  ulb_id integer not null,
  series text collate "C" not null,
  fy text collate "C" not null,
  rolled_to bigint not null,
  primary key (ulb_id, series, fy)
);
call kernel.protect('ledger.rollup_marks');
create table ledger.balance_daily (
  ulb_id integer not null,
  account text collate "C" not null,
  entry_date date not null,
  fund text collate "C" not null,
  function text collate "C" not null,
  ward text collate "C" not null,
  debit ledger.paise not null,
  credit ledger.paise not null,
  line_count bigint not null,
  primary key (ulb_id, account, entry_date, fund, function, ward)
);
call kernel.protect('ledger.balance_daily');

create table ledger.seals (
  ulb_id integer not null,
  block integer not null,
  sealed_at timestamptz not null,
  -- [{"voucher","fy","from","to"}]: the numbers of each series that this block adds.
  ranges jsonb not null,
  entry_count integer not null,
  merkle_root bytea not null,
  previous_hash bytea not null,
  hash bytea not null,
  primary key (ulb_id, block),
  constraint block_has_entries check (entry_count > 0)
);
call kernel.protect_append_only('ledger.seals');

-- ---------------------------------------------------------------- vouchers: drafts that a second person approves

create table ledger.vouchers (
  ulb_id integer not null,
  voucher_id uuid not null,
  voucher text collate "C" not null,
  entry_date date not null,
  narration text not null,
  external_reference text,
  status text not null default 'draft',
  version integer not null default 1,
  created_by text not null,
  created_at timestamptz not null,
  submitted_by text,
  submitted_at timestamptz,
  decided_by text,
  decided_at timestamptz,
  decision_reason text,
  entry_id bigint,
  primary key (ulb_id, voucher_id),
  constraint voucher_status_is_known check (status in ('draft', 'submitted', 'approved', 'rejected')),
  constraint maker_is_not_checker check (decided_by is null or (decided_by <> created_by and decided_by is distinct from submitted_by)),
  constraint approved_voucher_has_an_entry check ((status = 'approved') = (entry_id is not null)),
  constraint voucher_entry_exists foreign key (ulb_id, entry_id) references ledger.entries (ulb_id, entry_id)
);
create index vouchers_by_status on ledger.vouchers (ulb_id, status, entry_date);
call kernel.protect('ledger.vouchers');
revoke delete on ledger.vouchers from nagarkosh_app, nagarkosh_batch;

create table ledger.voucher_lines (
  ulb_id integer not null,
  voucher_id uuid not null,
  line_no smallint not null,
  account text collate "C" not null,
  side text not null,
  amount ledger.paise not null,
  dimensions jsonb not null default '{}',
  primary key (ulb_id, voucher_id, line_no),
  constraint voucher_line_side_is_known check (side in ('debit', 'credit')),
  constraint voucher_line_is_positive check (amount > 0),
  constraint voucher_line_of_a_voucher foreign key (ulb_id, voucher_id) references ledger.vouchers (ulb_id, voucher_id)
);
call kernel.protect('ledger.voucher_lines');

-- ---------------------------------------------------------------- for people who read the database

create view ledger.journal with (security_invoker = true) as
select e.ulb_id, e.voucher, e.fy, e.number, e.entry_date, l.line_no, l.account, a.name as account_name,
  l.debit / 100.00 as debit_rupees, l.credit / 100.00 as credit_rupees,
  l.fund, l.function, l.ward, l.party_type, l.party_id, l.demand_year, e.narration, e.source_type, e.source_id, e.posted_by, e.posted_at
from ledger.entries e
join ledger.lines l on l.ulb_id = e.ulb_id and l.entry_id = e.entry_id
join ledger.accounts a on a.ulb_id = l.ulb_id and a.code = l.account;
grant select on ledger.journal to nagarkosh_app, nagarkosh_batch;
