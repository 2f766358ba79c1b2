-- What every folder stands on: protection of tenant tables, the outbox and the audit trail.
-- The schema "kernel" itself is made by the migration runner, which keeps its own table there.

grant usage on schema kernel to nagarkosh_app, nagarkosh_batch;

-- The ULB of the running transaction. current_setting raises when nothing was set, and '' (left behind by SET LOCAL) fails the cast:
-- a query without a tenant is an error, never an empty answer.
create function kernel.current_ulb() returns integer
language sql stable parallel safe
as $$ select current_setting('nagarkosh.ulb')::integer $$;

create function kernel.refuse_change() returns trigger
language plpgsql
as $$
begin
  raise exception '% on %.% is refused: its rows are never changed, corrections are new rows', tg_op, tg_table_schema, tg_table_name
    using errcode = 'restrict_violation';
end
$$;

-- Row-level security for a table whose first key column is ulb_id.
create procedure kernel.protect(target regclass)
language plpgsql
as $$
begin
  execute format('alter table %s enable row level security', target);
  execute format('alter table %s force row level security', target);
  execute format(
    'create policy one_ulb on %s using (ulb_id = current_setting(''nagarkosh.ulb'')::integer) '
    'with check (ulb_id = current_setting(''nagarkosh.ulb'')::integer)', target);
  execute format('grant select, insert, update, delete on %s to nagarkosh_app, nagarkosh_batch', target);
end
$$;

-- The same, and rows are only ever added: not even the owner updates, deletes or truncates.
create procedure kernel.protect_append_only(target regclass)
language plpgsql
as $$
begin
  call kernel.protect(target);
  execute format('revoke update, delete on %s from nagarkosh_app, nagarkosh_batch', target);
  execute format(
    'create trigger append_only before update or delete or truncate on %s '
    'for each statement execute function kernel.refuse_change()', target);
end
$$;

create table kernel.outbox (
  ulb_id integer not null,
  outbox_id bigint generated always as identity,
  topic text not null,
  payload jsonb not null,
  dedupe_key text,
  created_at timestamptz not null,
  available_at timestamptz not null,
  rung_at timestamptz,
  done_at timestamptz,
  attempts integer not null default 0,
  last_error text,
  primary key (ulb_id, outbox_id),
  constraint outbox_said_once unique (ulb_id, dedupe_key)
);
-- Only open rows are ever looked for.
create index outbox_open on kernel.outbox (available_at, outbox_id) where done_at is null;
call kernel.protect('kernel.outbox');

create table kernel.audit_trail (
  ulb_id integer not null,
  audit_id bigint generated always as identity,
  at timestamptz not null,
  actor text not null,
  action text not null,
  subject text not null,
  subject_id text not null,
  before jsonb,
  after jsonb,
  reason text,
  primary key (ulb_id, audit_id)
);
create index audit_of_subject on kernel.audit_trail (ulb_id, subject, subject_id, audit_id);
call kernel.protect_append_only('kernel.audit_trail');
