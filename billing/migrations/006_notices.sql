-- Notices: what a consumer was called upon to pay, step by step, as it was issued; and where payments by UPI go that papers ask for.

-- The newest version not later than the day is in force; without an address the code on a paper leads to the page on which it is paid.
create table billing.upi_addresses (
  ulb_id integer not null,
  valid_from date not null,
  vpa text collate "C",
  payee_name text not null,
  set_at timestamptz not null,
  set_by text not null,
  primary key (ulb_id, valid_from),
  constraint upi_address_is_name_at_bank check (vpa ~ '^[A-Za-z0-9._-]{2,}@[A-Za-z][A-Za-z0-9.-]+$' and length(vpa) <= 255),
  constraint payee_has_a_name check (length(trim(payee_name)) > 0)
);
call kernel.protect_append_only('billing.upi_addresses');

-- What a step costs and how many days it gives, from a day on. Without a version a step has no fee and gives fifteen days.
create table billing.notice_terms (
  ulb_id integer not null,
  service text collate "C" not null,
  kind text collate "C" not null,
  valid_from date not null,
  days integer not null,
  fee ledger.paise not null,
  tax_head text collate "C",
  set_at timestamptz not null,
  set_by text not null,
  primary key (ulb_id, service, kind, valid_from),
  constraint notice_kind_is_known check (kind in ('demand-notice', 'reminder', 'warrant')),
  constraint notice_gives_days check (days between 0 and 365),
  constraint fee_has_a_head check (fee >= 0 and (fee > 0) = (tax_head is not null))
);
call kernel.protect_append_only('billing.notice_terms');

create table billing.notices (
  ulb_id integer not null,
  notice_id uuid not null,
  kind text collate "C" not null,
  fy text collate "C" not null,
  number bigint not null,
  consumer_id uuid not null,
  as_of date not null,
  days integer not null,
  -- The demand notice that a reminder or a warrant follows.
  follows_id uuid,
  -- The same for a warrant: it must have been served.
  served_id uuid,
  dues ledger.paise not null,
  fee ledger.paise not null,
  fee_demand_id uuid,
  total ledger.paise not null,
  -- Over the demands that it names and what is due of them: the same dues are called for once at each step.
  fingerprint text collate "C" not null,
  batch_id uuid not null,
  issued_at timestamptz not null,
  issued_by text not null,
  primary key (ulb_id, notice_id),
  constraint notice_of_its_consumer unique (ulb_id, notice_id, consumer_id),
  constraint notice_number_used_once unique (ulb_id, kind, fy, number),
  constraint notice_issued_once_for_the_same_dues unique (ulb_id, consumer_id, kind, fingerprint),
  constraint notice_to_a_consumer foreign key (ulb_id, consumer_id) references billing.consumers (ulb_id, consumer_id),
  constraint notice_kind_is_known check (kind in ('demand-notice', 'reminder', 'warrant')),
  constraint notice_follows_one_of_the_consumer foreign key (ulb_id, follows_id, consumer_id)
    references billing.notices (ulb_id, notice_id, consumer_id),
  constraint only_a_demand_notice_comes_first check ((kind = 'demand-notice') = (follows_id is null)),
  constraint a_warrant_follows_a_served_notice check (
    (kind = 'warrant') = (served_id is not null) and (served_id is null or served_id = follows_id)),
  constraint notice_is_about_something check (dues > 0),
  constraint fee_is_a_demand check (fee >= 0 and (fee > 0) = (fee_demand_id is not null)),
  constraint fee_was_raised foreign key (ulb_id, fee_demand_id) references billing.demands (ulb_id, demand_id),
  constraint notice_adds_up check (total = dues + fee)
);
create index notices_of_consumer on billing.notices (ulb_id, consumer_id, kind, as_of);
create index notice_fees on billing.notices (ulb_id, fee_demand_id) where fee_demand_id is not null;
call kernel.protect_append_only('billing.notices');

create table billing.notice_lines (
  ulb_id integer not null,
  notice_id uuid not null,
  line_no smallint not null,
  -- Null for a penalty reckoned to the day that is demanded only when it is paid.
  demand_id uuid,
  tax_head text collate "C" not null,
  kind text collate "C" not null,
  demand_year text collate "C" not null,
  period_from date not null,
  period_to date not null,
  due_date date not null,
  part text collate "C" not null,
  amount ledger.paise not null,
  cess_head text collate "C",
  cess ledger.paise not null,
  primary key (ulb_id, notice_id, line_no),
  constraint line_of_a_notice foreign key (ulb_id, notice_id) references billing.notices (ulb_id, notice_id),
  constraint notice_part_is_known check (part in ('arrears', 'current', 'penalty', 'fee'))
);
call kernel.protect_append_only('billing.notice_lines');

create table billing.served_notices (
  ulb_id integer not null,
  notice_id uuid not null,
  consumer_id uuid not null,
  served_on date not null,
  how text not null,
  recorded_at timestamptz not null,
  recorded_by text not null,
  constraint notice_served_once primary key (ulb_id, notice_id),
  constraint served_to_its_consumer unique (ulb_id, notice_id, consumer_id),
  constraint service_of_a_notice foreign key (ulb_id, notice_id, consumer_id) references billing.notices (ulb_id, notice_id, consumer_id),
  constraint service_says_how check (length(trim(how)) > 0)
);
call kernel.protect_append_only('billing.served_notices');
-- Not validated: there is no notice yet, and row-level security would ask for a ULB.
alter table billing.notices add constraint warrant_follows_a_notice_that_was_served
  foreign key (ulb_id, served_id, consumer_id) references billing.served_notices (ulb_id, notice_id, consumer_id) not valid;
