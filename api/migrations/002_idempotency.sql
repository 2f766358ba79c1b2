-- The machine interface: what a caller asked once is answered once, and machines prove who they are.
create schema if not exists api;
grant usage on schema api to nagarkosh_app, nagarkosh_batch;

-- One row per Idempotency-Key of an actor. It is written in the transaction of the deed itself, so the deed and its stored answer commit together;
-- for flows with the outside world between their steps it is claimed first (finished_at null) and answered at the end.
create table api.idempotency_keys (
  ulb_id integer not null,
  actor text not null,
  idempotency_key text not null,
  -- sha256 over method, address, If-Match and body: the same key with another request is refused.
  fingerprint bytea not null,
  created_at timestamptz not null,
  finished_at timestamptz,
  status integer,
  headers jsonb,
  -- The answer's JSON as text: it is given again byte for byte, not parsed.
  body text,
  primary key (ulb_id, actor, idempotency_key),
  constraint key_has_a_sane_length check (length(idempotency_key) between 8 and 100),
  constraint answer_is_whole check ((finished_at is null) = (status is null) and (finished_at is null) = (body is null))
);
create index idempotency_keys_by_age on api.idempotency_keys (ulb_id, created_at);
call kernel.protect('api.idempotency_keys');

-- Bearer tokens of machines. Only the hash is kept: who reads the table cannot use it.
create table api.access_tokens (
  ulb_id integer not null,
  token_hash bytea not null,
  token_id uuid not null,
  name text not null,
  actor text not null,
  roles text[] not null,
  created_at timestamptz not null,
  created_by text not null,
  expires_at timestamptz not null,
  revoked_at timestamptz,
  primary key (ulb_id, token_hash),
  constraint token_id_is_unique unique (ulb_id, token_id),
  constraint token_has_roles check (cardinality(roles) > 0),
  constraint token_roles_are_known check (roles <@ array['cashier', 'accountant', 'checker', 'auditor', 'state', 'admin', 'system']),
  constraint token_expires check (expires_at > created_at)
);
call kernel.protect('api.access_tokens');

-- /readyz compares the migrations of the database with those of the program.
grant select on kernel.migrations to nagarkosh_app, nagarkosh_batch;
