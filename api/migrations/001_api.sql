-- Who may sign in, and where. People are not rows of one ULB (they sign in before a ULB is known, and may work in several), so users and
-- sessions have no tenant column and no row-level security; what they may see is decided by user_roles, and every row of the books they
-- reach passes the policies of its own table. Only the application's own functions read these tables, always by key.
create schema if not exists api;
grant usage on schema api to nagarkosh_app, nagarkosh_batch;

create table api.users (
  user_id uuid primary key,
  login text not null constraint login_is_unique unique,
  name text not null,
  -- argon2id, with its parameters inside.
  password_hash text not null,
  is_active boolean not null default true,
  failed_attempts integer not null default 0,
  locked_until timestamptz,
  created_at timestamptz not null default now(),
  constraint login_is_lower_case check (login = lower(login) and length(login) between 3 and 120)
);
create table api.user_roles (
  ulb_id integer not null references ledger.ulbs,
  user_id uuid not null references api.users,
  role text not null,
  primary key (ulb_id, user_id, role),
  constraint role_is_known check (role in ('cashier', 'accountant', 'checker', 'auditor', 'state', 'admin'))
);
create index roles_of_user on api.user_roles (user_id);
create table api.sessions (
  -- sha256 of the cookie's token: who reads the table cannot use it.
  token_hash bytea primary key,
  user_id uuid not null references api.users,
  ulb_id integer not null references ledger.ulbs,
  created_at timestamptz not null,
  seen_at timestamptz not null,
  expires_at timestamptz not null
);
create index sessions_by_expiry on api.sessions (expires_at);
-- Secrets that all processes share, such as the one that signs forms: made once, by whoever comes first.
create table api.secrets (
  name text primary key,
  value text not null
);
grant select, insert on api.secrets to nagarkosh_batch;
grant select, insert, update, delete on api.users, api.user_roles, api.sessions to nagarkosh_app, nagarkosh_batch;
