-- How document numbers are written, and what UPYOG's programs call our services.

-- The token language of UPYOG's idgen ("WS/[fy:yyyy-yy]/[SEQ_RCPT_WS]"). The newest version not later than the day is in force.
create table billing.number_formats (
  ulb_id integer not null,
  id_name text collate "C" not null,
  valid_from date not null,
  format text not null,
  set_at timestamptz not null,
  set_by text not null,
  primary key (ulb_id, id_name, valid_from),
  constraint number_format_is_short check (length(format) between 1 and 200),
  constraint number_format_has_a_name check (length(id_name) between 1 and 100)
);
call kernel.protect_append_only('billing.number_formats');

-- A business service of UPYOG ("PT") with its masters, where the ULB's differ from those that come with the program.
create table billing.upyog_services (
  ulb_id integer not null,
  code text collate "C" not null,
  -- Null for a service that is apportioned here but billed elsewhere.
  service text collate "C",
  master jsonb not null,
  set_at timestamptz not null,
  set_by text not null,
  primary key (ulb_id, code),
  constraint business_service_has_a_code check (length(code) between 1 and 64)
);
call kernel.protect('billing.upyog_services');
revoke delete on billing.upyog_services from nagarkosh_app, nagarkosh_batch;
