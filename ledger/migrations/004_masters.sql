-- Masters as dated, versioned data: what stands behind the codes on a line. A master is added, renamed, closed and opened again; it is never
-- deleted, and what it was on any day can be told.

-- ---------------------------------------------------------------- history

-- What a master was before and after each change. Version 1 is how it stood before its first change (from_day is null: since it was there).
create table ledger.master_versions (
  ulb_id integer not null,
  master text collate "C" not null,
  code text collate "C" not null,
  version integer not null,
  from_day date,
  recorded_at timestamptz not null,
  recorded_by text not null,
  reason text,
  content jsonb not null,
  primary key (ulb_id, master, code, version),
  constraint only_the_first_version_has_no_day check (version = 1 or from_day is not null)
);
call kernel.protect_append_only('ledger.master_versions');
-- Written by the trigger below alone.
revoke insert on ledger.master_versions from nagarkosh_app, nagarkosh_batch;

-- Keeps the history of a master's row, whoever changes it. Arguments: the master's name, then its key columns. The row's changed_from and
-- change_reason only bring a change's day and reason here; in the table they are always empty. Days go forward: a change counts from the
-- day of the last one or later, so that what was printed for an earlier day stays what it was.
create function ledger.keep_version() returns trigger
language plpgsql
security definer
set search_path = pg_catalog, ledger, pg_temp
as $$
declare
  before constant jsonb := to_jsonb(old) - array['ulb_id', 'changed_from', 'change_reason'];
  after constant jsonb := to_jsonb(new) - array['ulb_id', 'changed_from', 'change_reason'];
  v_actor constant text := coalesce(nullif(current_setting('nagarkosh.actor', true), ''), session_user);
  v_reason constant text := new.change_reason;
  v_code text;
  v_version integer;
  v_last date;
  -- A change that names no day counts from today.
  v_day date := coalesce(new.changed_from, (now() at time zone 'Asia/Kolkata')::date);
begin
  new.changed_from := null;
  new.change_reason := null;
  if old.ulb_id <> new.ulb_id then
    raise exception 'a master stays in its ULB' using errcode = 'restrict_violation';
  end if;
  if before = after then
    return new;
  end if;
  for i in 1 .. tg_nargs - 1 loop
    if before ->> tg_argv[i] is distinct from after ->> tg_argv[i] then
      raise exception 'the code of a master is never changed (%.%): close it and add another', tg_table_name, before ->> tg_argv[i]
        using errcode = 'restrict_violation';
    end if;
    v_code := concat_ws('/', v_code, before ->> tg_argv[i]);
  end loop;
  select version, from_day into v_version, v_last from ledger.master_versions
  where ulb_id = new.ulb_id and master = tg_argv[0] and code = v_code
  order by version desc limit 1;
  if v_day < v_last then
    raise exception 'the last change of % % counts from %, a later one cannot count from %', tg_argv[0], v_code, v_last, v_day
      using errcode = 'restrict_violation', constraint = 'master_changes_go_forward';
  end if;
  if v_version is null then
    insert into ledger.master_versions (ulb_id, master, code, version, from_day, recorded_at, recorded_by, reason, content)
    values (new.ulb_id, tg_argv[0], v_code, 1, null, clock_timestamp(), v_actor, null, before);
    v_version := 1;
  end if;
  insert into ledger.master_versions (ulb_id, master, code, version, from_day, recorded_at, recorded_by, reason, content)
  values (new.ulb_id, tg_argv[0], v_code, v_version + 1, v_day, clock_timestamp(), v_actor, v_reason, after);
  return new;
end
$$;

create function ledger.refuse_master_delete() returns trigger
language plpgsql
as $$
begin
  raise exception '% on %.% is refused: a master is closed, never deleted', tg_op, tg_table_schema, tg_table_name
    using errcode = 'restrict_violation';
end
$$;

-- Protects a master: one ULB sees its own, nobody deletes, every change is kept. `keys` are its key columns after the ULB.
create procedure ledger.protect_master(target regclass, master text, variadic keys text[])
language plpgsql
as $$
begin
  if not (select relrowsecurity from pg_class where oid = target) then
    call kernel.protect(target);
  end if;
  execute format('revoke delete on %s from nagarkosh_app, nagarkosh_batch', target);
  execute format('create trigger never_deleted before delete or truncate on %s for each statement execute function ledger.refuse_master_delete()', target);
  execute format('create trigger keep_version before update on %s for each row execute function ledger.keep_version(%L, %s)', target, master,
    (select string_agg(quote_literal(k), ', ') from unnest(keys) as k));
end
$$;

-- ---------------------------------------------------------------- chart, functions, funds, posting map: what is there becomes dated

alter table ledger.accounts
  add column valid_from date,
  add column closed_from date,
  add column changed_from date,
  add column change_reason text;
alter table ledger.functions
  add column name_local text,
  add column is_active boolean not null default true,
  add column valid_from date,
  add column closed_from date,
  add column changed_from date,
  add column change_reason text;
alter table ledger.funds
  add column name_local text,
  add column is_active boolean not null default true,
  add column valid_from date,
  add column closed_from date,
  add column changed_from date,
  add column change_reason text;
alter table ledger.posting_map
  add column changed_from date,
  add column change_reason text;
call ledger.protect_master('ledger.accounts', 'accounts', 'code');
call ledger.protect_master('ledger.functions', 'functions', 'code');
call ledger.protect_master('ledger.funds', 'funds', 'code');
call ledger.protect_master('ledger.posting_map', 'posting-map', 'key');

-- A head is what it was when it was posted to: type, side and place in the chart stay.
create function ledger.refuse_new_nature() returns trigger
language plpgsql
as $$
begin
  raise exception 'account % keeps its place, type and side: close it and add another', old.code
    using errcode = 'restrict_violation', constraint = 'account_nature_stays';
end
$$;
create trigger account_nature_stays before update on ledger.accounts
  for each row
  when ((old.parent, old.type, old.normal_side, old.level, old.is_contra, old.is_posting, old.is_cash_bank)
    is distinct from (new.parent, new.type, new.normal_side, new.level, new.is_contra, new.is_posting, new.is_cash_bank))
  execute function ledger.refuse_new_nature();

-- The posting function refuses what is closed. Its text is taken as it stands and two look-ups are replaced, so that what others changed in
-- it stays.
do $$
declare
  was text := pg_get_functiondef('ledger.post'::regproc);
  is_now text;
begin
  is_now := replace(was,
    'then ''e:FUND_UNKNOWN''
      when d.function is not null',
    'then ''e:FUND_UNKNOWN''
      when exists (select 1 from ledger.funds f where f.ulb_id = p_ulb and f.code = d.fund and not f.is_active) then ''e:FUND_CLOSED''
      when d.function is not null and exists (
        select 1 from ledger.functions f where f.ulb_id = p_ulb and f.code = d.function and not f.is_active) then ''g:FUNCTION_CLOSED''
      when d.function is not null');
  if is_now = was then
    raise exception 'ledger.post judges funds and functions in another place than this migration knows';
  end if;
  was := is_now;
  is_now := replace(was,
    'when v_dim_fault[l.dim] = ''e:FUND_UNKNOWN'' then ''e:FUND_UNKNOWN''',
    'when v_dim_fault[l.dim] in (''e:FUND_UNKNOWN'', ''e:FUND_CLOSED'') then v_dim_fault[l.dim]');
  if is_now = was then
    raise exception 'ledger.post reports funds in another place than this migration knows';
  end if;
  execute is_now;
end
$$;

-- ---------------------------------------------------------------- the other dimensions

create table ledger.functionaries (
  ulb_id integer not null,
  code text collate "C" not null,
  name text not null,
  name_local text,
  parent text collate "C",
  is_active boolean not null default true,
  valid_from date,
  closed_from date,
  changed_from date,
  change_reason text,
  primary key (ulb_id, code),
  constraint functionary_hangs_under_another foreign key (ulb_id, parent) references ledger.functionaries (ulb_id, code)
);
call ledger.protect_master('ledger.functionaries', 'functionaries', 'code');

-- Zones, wards and localities: what stands in ledger.lines.ward.
create table ledger.fields (
  ulb_id integer not null,
  code text collate "C" not null,
  name text not null,
  name_local text,
  kind text not null,
  parent text collate "C",
  is_active boolean not null default true,
  valid_from date,
  closed_from date,
  changed_from date,
  change_reason text,
  primary key (ulb_id, code),
  constraint field_kind_is_known check (kind in ('zone', 'ward', 'locality')),
  constraint field_hangs_under_another foreign key (ulb_id, parent) references ledger.fields (ulb_id, code)
);
call ledger.protect_master('ledger.fields', 'fields', 'code');

create table ledger.fund_sources (
  ulb_id integer not null,
  code text collate "C" not null,
  name text not null,
  name_local text,
  is_active boolean not null default true,
  valid_from date,
  closed_from date,
  changed_from date,
  change_reason text,
  primary key (ulb_id, code)
);
call ledger.protect_master('ledger.fund_sources', 'fund-sources', 'code');

create table ledger.schemes (
  ulb_id integer not null,
  code text collate "C" not null,
  name text not null,
  name_local text,
  parent text collate "C",
  fund text collate "C" not null,
  source text collate "C" not null,
  is_active boolean not null default true,
  valid_from date,
  closed_from date,
  changed_from date,
  change_reason text,
  primary key (ulb_id, code),
  constraint scheme_hangs_under_another foreign key (ulb_id, parent) references ledger.schemes (ulb_id, code),
  constraint scheme_is_of_a_fund foreign key (ulb_id, fund) references ledger.funds (ulb_id, code),
  constraint scheme_has_a_source foreign key (ulb_id, source) references ledger.fund_sources (ulb_id, code)
);
call ledger.protect_master('ledger.schemes', 'schemes', 'code');

-- What the budget is made by: a range of account codes (both ends with all heads below them), perhaps of one fund or function.
create table ledger.budget_heads (
  ulb_id integer not null,
  code text collate "C" not null,
  name text not null,
  name_local text,
  account_from text collate "C" not null,
  account_to text collate "C" not null,
  fund text collate "C",
  function text collate "C",
  is_active boolean not null default true,
  valid_from date,
  closed_from date,
  changed_from date,
  change_reason text,
  primary key (ulb_id, code),
  constraint budget_head_ends_after_its_start check (account_to >= account_from),
  constraint budget_head_is_of_a_fund foreign key (ulb_id, fund) references ledger.funds (ulb_id, code),
  constraint budget_head_is_of_a_function foreign key (ulb_id, function) references ledger.functions (ulb_id, code)
);
call ledger.protect_master('ledger.budget_heads', 'budget-heads', 'code');

-- ---------------------------------------------------------------- parties

create table ledger.parties (
  ulb_id integer not null,
  party_type text collate "C" not null,
  -- The short code that stands on lines: "C-0012".
  party_id text collate "C" not null,
  name text not null,
  name_local text,
  status text not null default 'active',
  status_from date,
  status_reason text,
  valid_from date not null,
  valid_to date,
  pan text collate "C",
  gstin text collate "C",
  bank_account text collate "C",
  bank_ifsc text collate "C",
  bank_name text,
  address text,
  mobile text,
  email text,
  details jsonb not null default '{}',
  created_at timestamptz not null,
  created_by text not null,
  changed_from date,
  change_reason text,
  primary key (ulb_id, party_type, party_id),
  constraint party_type_is_known check (party_type in ('contractor', 'supplier', 'employee', 'bank-account', 'other')),
  constraint party_code_is_short check (party_id ~ '^[A-Z0-9][A-Z0-9./-]{0,29}$'),
  constraint party_status_is_known check (status in ('active', 'suspended', 'blacklisted')),
  constraint barred_party_has_a_day_and_a_reason check (status = 'active' or (status_from is not null and status_reason is not null)),
  constraint party_pan_has_its_form check (pan ~ '^[A-Z]{3}[ABCFGHJLPT][A-Z][0-9]{4}[A-Z]$'),
  constraint party_gstin_has_its_form check (gstin ~ '^[0-9]{2}[A-Z0-9]{10}[A-Z0-9]{3}$'),
  constraint party_ifsc_has_its_form check (bank_ifsc ~ '^[A-Z]{4}0[A-Z0-9]{6}$'),
  constraint party_leaves_after_it_came check (valid_to >= valid_from)
);
create index parties_by_name on ledger.parties (ulb_id, lower(name));
create index parties_by_pan on ledger.parties (ulb_id, pan) where pan is not null;
create index parties_by_gstin on ledger.parties (ulb_id, gstin) where gstin is not null;
create index parties_by_bank_account on ledger.parties (ulb_id, bank_account) where bank_account is not null;
call ledger.protect_master('ledger.parties', 'parties', 'party_type', 'party_id');

-- ---------------------------------------------------------------- tax sections: dated rows of a code, one for each day at most

create table ledger.tax_sections (
  ulb_id integer not null,
  code text collate "C" not null,
  valid_from date not null,
  valid_to date,
  kind text not null,
  section text not null,
  payment_code text,
  description text not null,
  rate_percent numeric not null,
  -- What must be exceeded before the deduction is made: by one payment or contract, or by all of a financial year. Null: from the first rupee.
  threshold_single ledger.paise,
  threshold_year ledger.paise,
  account text collate "C" not null,
  -- Whom it is deducted from; null is everybody.
  payee_kind text,
  changed_from date,
  change_reason text,
  primary key (ulb_id, code, valid_from),
  constraint tax_kind_is_known check (kind in ('tds', 'gst-tds', 'cess', 'other')),
  constraint tax_rate_is_a_percentage check (rate_percent > 0 and rate_percent <= 100),
  constraint tax_section_ends_after_it_starts check (valid_to >= valid_from),
  constraint tax_payee_kind_is_known check (payee_kind in ('individual', 'other')),
  constraint tax_thresholds_are_positive check (threshold_single > 0 and threshold_year > 0),
  constraint tax_section_names_an_account foreign key (ulb_id, account) references ledger.accounts (ulb_id, code)
);
call ledger.protect_master('ledger.tax_sections', 'tax-sections', 'code', 'valid_from');

-- Not an exclusion constraint: that would need an extension, and the writers of one code are few. They queue on a lock of the code.
create function ledger.refuse_overlapping_sections() returns trigger
language plpgsql
as $$
declare
  other date;
begin
  perform pg_advisory_xact_lock(7244010, hashtext(new.ulb_id || '/' || new.code));
  select t.valid_from into other from ledger.tax_sections t
  where t.ulb_id = new.ulb_id and t.code = new.code and t.valid_from <> new.valid_from
    and t.valid_from <= coalesce(new.valid_to, 'infinity') and coalesce(t.valid_to, 'infinity') >= new.valid_from
  limit 1;
  if other is not null then
    raise exception 'section % from % overlaps the one from %', new.code, new.valid_from, other
      using errcode = 'exclusion_violation', constraint = 'tax_sections_of_a_code_do_not_overlap';
  end if;
  return new;
end
$$;
create trigger sections_do_not_overlap before insert or update on ledger.tax_sections
  for each row execute function ledger.refuse_overlapping_sections();

-- ---------------------------------------------------------------- the ULB's own bank accounts and their cheque books

create table ledger.bank_books (
  ulb_id integer not null,
  account text collate "C" not null,
  bank text not null,
  branch text,
  ifsc text collate "C",
  -- "XXXXXXXX5678": the whole number is nobody's business who reads the books.
  number_masked text not null,
  fund text collate "C" not null,
  scheme text collate "C",
  is_active boolean not null default true,
  valid_from date not null,
  closed_from date,
  changed_from date,
  change_reason text,
  primary key (ulb_id, account),
  constraint bank_book_is_an_account foreign key (ulb_id, account) references ledger.accounts (ulb_id, code),
  constraint bank_book_is_of_a_fund foreign key (ulb_id, fund) references ledger.funds (ulb_id, code),
  constraint bank_book_is_of_a_scheme foreign key (ulb_id, scheme) references ledger.schemes (ulb_id, code),
  constraint bank_book_ifsc_has_its_form check (ifsc ~ '^[A-Z]{4}0[A-Z0-9]{6}$')
);
call ledger.protect_master('ledger.bank_books', 'bank-books', 'account');

create table ledger.cheque_books (
  ulb_id integer not null,
  book_id uuid not null,
  account text collate "C" not null,
  prefix text collate "C" not null default '',
  first_leaf integer not null,
  last_leaf integer not null,
  received_on date not null,
  status text not null default 'in-stock',
  status_reason text,
  changed_from date,
  change_reason text,
  primary key (ulb_id, book_id),
  constraint cheque_book_is_of_a_bank_book foreign key (ulb_id, account) references ledger.bank_books (ulb_id, account),
  constraint cheque_book_has_leaves check (first_leaf >= 0 and last_leaf between first_leaf and first_leaf + 9999),
  constraint cheque_book_status_is_known check (status in ('in-stock', 'in-use', 'finished', 'cancelled')),
  constraint cancelled_cheque_book_has_a_reason check (status <> 'cancelled' or status_reason is not null)
);
create index cheque_books_of_an_account on ledger.cheque_books (ulb_id, account, prefix, first_leaf);
call ledger.protect_master('ledger.cheque_books', 'cheque-books', 'book_id');

-- A leaf is in one book. Writers of one account queue on its bank book, so that each sees what the other wrote.
create function ledger.refuse_overlapping_cheque_books() returns trigger
language plpgsql
as $$
declare
  other record;
begin
  if tg_op = 'UPDATE' and (old.account, old.prefix, old.first_leaf, old.last_leaf) is distinct from (new.account, new.prefix, new.first_leaf, new.last_leaf) then
    raise exception 'the leaves of a cheque book are never changed' using errcode = 'restrict_violation';
  end if;
  perform 1 from ledger.bank_books b where b.ulb_id = new.ulb_id and b.account = new.account for update;
  select b.first_leaf, b.last_leaf into other from ledger.cheque_books b
  where b.ulb_id = new.ulb_id and b.account = new.account and b.prefix = new.prefix and b.book_id <> new.book_id
    and b.first_leaf <= new.last_leaf and b.last_leaf >= new.first_leaf
  limit 1;
  if found then
    raise exception 'cheques % to % of % stand in the book % to % already', new.first_leaf, new.last_leaf, new.account, other.first_leaf, other.last_leaf
      using errcode = 'exclusion_violation', constraint = 'cheque_books_do_not_overlap';
  end if;
  return new;
end
$$;
create trigger cheque_books_do_not_overlap before insert or update on ledger.cheque_books
  for each row execute function ledger.refuse_overlapping_cheque_books();

-- ---------------------------------------------------------------- which account an event's leg uses, where the ULB departs from the template

create table ledger.event_accounts (
  ulb_id integer not null,
  rule_id text collate "C" not null,
  leg integer not null,
  account text collate "C" not null,
  changed_from date,
  change_reason text,
  primary key (ulb_id, rule_id, leg),
  constraint event_leg_is_counted_from_one check (leg >= 1),
  constraint event_names_an_account foreign key (ulb_id, account) references ledger.accounts (ulb_id, code)
);
call ledger.protect_master('ledger.event_accounts', 'event-accounts', 'rule_id', 'leg');

-- ---------------------------------------------------------------- changes that two people make: chart, funds, functions, posting map, taxes

create table ledger.master_changes (
  ulb_id integer not null,
  change_id uuid not null,
  change jsonb not null,
  summary text not null,
  reason text not null,
  status text not null default 'proposed',
  proposed_by text not null,
  proposed_at timestamptz not null,
  decided_by text,
  decided_at timestamptz,
  decision_reason text,
  primary key (ulb_id, change_id),
  constraint master_change_status_is_known check (status in ('proposed', 'confirmed', 'rejected')),
  constraint decided_change_has_a_decider check ((status = 'proposed') = (decided_by is null)),
  constraint rejected_change_has_a_reason check (status <> 'rejected' or decision_reason is not null),
  constraint maker_is_not_checker check (decided_by <> proposed_by)
);
create index master_changes_by_status on ledger.master_changes (ulb_id, status, proposed_at);
call kernel.protect('ledger.master_changes');
revoke delete on ledger.master_changes from nagarkosh_app, nagarkosh_batch;
create trigger never_deleted before delete or truncate on ledger.master_changes
  for each statement execute function ledger.refuse_master_delete();

-- ---------------------------------------------------------------- charts: which keep books and which only report; from one to another

alter table ledger.charts add column keeps_books boolean not null default true;

create table ledger.chart_crosswalk (
  from_chart text not null references ledger.charts,
  -- A head, or a heading for all heads below it that have no row of their own.
  from_code text collate "C" not null,
  to_chart text not null references ledger.charts,
  to_code text collate "C" not null,
  share numeric not null,
  primary key (from_chart, from_code, to_chart, to_code),
  constraint share_is_a_part_of_one check (share > 0 and share <= 1),
  constraint crosswalk_leads_to_an_account foreign key (to_chart, to_code) references ledger.chart_accounts (chart, code)
);
grant select on ledger.chart_crosswalk to nagarkosh_app, nagarkosh_batch;

-- ---------------------------------------------------------------- what every ULB begins with

-- Sources: section 194C until 31 March 2026, section 393(1) of the Income-tax Act 2025 from then on with payment code 1017, rates unchanged
-- (to be checked against the Act by the ULB); CGST Act s. 51, half of 2 % for each of CGST and SGST; BOCW Cess Act 1996.
create procedure ledger.seed_masters(p_ulb integer)
language sql
as $$
  insert into ledger.fund_sources (ulb_id, code, name)
  select p_ulb, v.code, v.name
  from (values ('01', 'Own Sources'), ('02', 'Loans'), ('03', 'Grants'), ('04', 'MLACDS'), ('05', 'MPLADS'), ('06', 'JNNURM'), ('07', 'Deposit Works'),
    ('08', 'Finance Commission grants'), ('09', 'AMRUT / SBM / PMAY / Smart City')) as v (code, name)
  on conflict do nothing;

  insert into ledger.tax_sections (ulb_id, code, valid_from, valid_to, kind, section, payment_code, description, rate_percent, threshold_single,
    threshold_year, account, payee_kind)
  select p_ulb, v.code, v.valid_from::date, v.valid_to::date, v.kind, v.section, v.payment_code, v.description, v.rate, v.single, v.year, m.account, v.payee_kind
  from (values
    ('TDS-CONTRACTOR-IND', '2020-04-01', '2026-03-31', 'tds', '194C', '94C', 'Contractor who is an individual or HUF', 1, 3000000, 10000000, 'tds-contractors', 'individual'),
    ('TDS-CONTRACTOR', '2020-04-01', '2026-03-31', 'tds', '194C', '94C', 'Contractor who is a firm, company or other', 2, 3000000, 10000000, 'tds-contractors', 'other'),
    ('TDS-CONTRACTOR-IND', '2026-04-01', null, 'tds', '393(1)', '1017', 'Contractor who is an individual or HUF', 1, 3000000, 10000000, 'tds-contractors', 'individual'),
    ('TDS-CONTRACTOR', '2026-04-01', null, 'tds', '393(1)', '1017', 'Contractor who is a firm, company or other', 2, 3000000, 10000000, 'tds-contractors', 'other'),
    ('GST-TDS-CGST', '2018-10-01', null, 'gst-tds', '51', null, 'Supply inside the State: central half of 2 %', 1, 25000000, null, 'gst-tds-cgst', null),
    ('GST-TDS-SGST', '2018-10-01', null, 'gst-tds', '51', null, 'Supply inside the State: State half of 2 %', 1, 25000000, null, 'gst-tds-sgst', null),
    ('GST-TDS-IGST', '2018-10-01', null, 'gst-tds', '51', null, 'Supply from another State', 2, 25000000, null, 'gst-tds-igst', null),
    ('BOCW', '2018-10-01', null, 'cess', 'BOCW Cess Act 1996 s. 3', null, 'Building and other construction workers'' welfare cess', 1, null, null, 'bocw-cess', null)
  ) as v (code, valid_from, valid_to, kind, section, payment_code, description, rate, single, year, key, payee_kind)
  join ledger.posting_map m on m.ulb_id = p_ulb and m.key = v.key
  on conflict do nothing
$$;
grant execute on procedure ledger.seed_masters to nagarkosh_batch;

do $$
declare
  v_ulb integer;
begin
  for v_ulb in select ulb_id from ledger.ulbs order by ulb_id loop
    perform set_config('nagarkosh.ulb', v_ulb::text, true);
    insert into ledger.posting_map (ulb_id, key, account)
    select v_ulb, k.key, k.account
    from (values ('tds-contractors', '3502025'), ('gst-tds-cgst', '3503008'), ('gst-tds-sgst', '3503009'), ('gst-tds-igst', '3503010'), ('bocw-cess', '3502064'))
      as k (key, account)
    join ledger.accounts a on a.ulb_id = v_ulb and a.code = k.account
    on conflict do nothing;
    call ledger.seed_masters(v_ulb);
  end loop;
end
$$;
