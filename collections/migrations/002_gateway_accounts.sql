-- Merchant accounts at the payment gateway: a ULB may have several, one for all its services and others for particular ones (taxes under their
-- own merchant category, fees and rents under another). Keys and webhook secrets are sealed with a key that is not in this database.
create table collections.gateway_accounts (
  ulb_id integer not null,
  account_id uuid not null,
  name text not null,
  provider text not null default 'razorpay',
  -- Null: for every service that has no account of its own.
  service_code text,
  -- acc_…, as webhooks name the account; null until it is known.
  merchant_id text,
  -- Null: the gateway's own address.
  base_url text,
  is_active boolean not null default true,
  created_at timestamptz not null,
  created_by text not null,
  primary key (ulb_id, account_id),
  constraint gateway_account_name_is_unique unique (ulb_id, name),
  constraint gateway_account_name_is_short check (length(name) between 1 and 60),
  constraint gateway_provider_is_known check (provider in ('razorpay')),
  constraint merchant_id_is_the_gateways check (merchant_id is null or merchant_id ~ '^acc_[A-Za-z0-9]{14}$')
);
create unique index one_live_gateway_account_for_a_service on collections.gateway_accounts
  (ulb_id, coalesce(service_code, '')) where is_active;
call kernel.protect('collections.gateway_accounts');
revoke delete on collections.gateway_accounts from nagarkosh_app, nagarkosh_batch;

-- Two versions live while one takes the place of the other: the old key for 24 hours, the old webhook secret for seven days (it still signs
-- retries of older events). Versions are kept: what was signed with which is an auditor's question.
create table collections.gateway_credentials (
  ulb_id integer not null,
  account_id uuid not null,
  kind text not null,
  version integer not null,
  -- rzp_test_… or rzp_live_…; the id is no secret.
  key_id text,
  -- AES-256-GCM: nonce, tag, text; bound to this very row.
  sealed bytea not null,
  valid_from timestamptz not null,
  -- Null: the current one.
  valid_until timestamptz,
  created_by text not null,
  primary key (ulb_id, account_id, kind, version),
  constraint credential_of_an_account foreign key (ulb_id, account_id)
    references collections.gateway_accounts (ulb_id, account_id),
  constraint credential_kind_is_known check (kind in ('key', 'webhook')),
  constraint key_has_its_id check ((kind = 'key') = (key_id is not null)),
  constraint key_id_is_the_gateways check (coalesce(key_id, 'rzp_test_00000000000000') ~ '^rzp_(test|live)_[A-Za-z0-9]{14}$'),
  constraint credential_is_sealed check (octet_length(sealed) between 29 and 1024),
  constraint credential_ends_after_it_begins check (coalesce(valid_until, 'infinity') > valid_from)
);
create unique index one_current_credential_of_a_kind on collections.gateway_credentials
  (ulb_id, account_id, kind) where valid_until is null;
call kernel.protect('collections.gateway_credentials');
revoke delete on collections.gateway_credentials from nagarkosh_app, nagarkosh_batch;
