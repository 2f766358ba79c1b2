-- Payments that a payer's bank disputes: what the gateway says of them, what we answer, and what it cost.
create table collections.disputes (
  ulb_id integer not null,
  dispute_id text not null,
  payment_id text not null,
  amount ledger.paise not null,
  -- What the gateway took; nothing unless the dispute is lost.
  amount_deducted ledger.paise not null,
  reason_code text not null,
  phase text not null,
  status text not null,
  -- When the bank last asked for more: an answer of before does not count any more.
  action_required_at timestamptz,
  respond_by timestamptz,
  created_at timestamptz not null,
  first_seen_at timestamptz not null,
  -- The last moment at which it was said not to be decided; a loss that only a poll saw came after it.
  seen_open_at timestamptz,
  decided_at timestamptz,
  -- Our answer: what was written, which documents went along, and when it was sent. A draft has no date.
  answer text,
  answer_documents text[] not null default '{}',
  answered_at timestamptz,
  answered_by text,
  accepted_by text,
  next_poll_at timestamptz,
  -- A lost dispute in the books: the part whose dues opened again, and the part that had been refunded already.
  booked_on date,
  reopened ledger.paise not null default 0,
  adjusted ledger.paise not null default 0,
  settlement_id text,
  settled_on date,
  primary key (ulb_id, dispute_id),
  constraint dispute_id_is_the_gateways check (dispute_id ~ '^disp_[A-Za-z0-9]{14}$'),
  constraint dispute_of_a_payment foreign key (ulb_id, payment_id) references collections.payments (ulb_id, payment_id),
  constraint dispute_amount_is_positive check (amount > 0),
  constraint dispute_deduction_is_within check (amount_deducted >= 0),
  constraint dispute_status_is_known check (status in ('open', 'under_review', 'closed', 'won', 'lost')),
  constraint dispute_phase_is_known check (phase in ('fraud', 'retrieval', 'chargeback', 'pre_arbitration', 'arbitration')),
  constraint booked_dispute_is_lost check (booked_on is null or status = 'lost'),
  constraint booked_dispute_is_whole check (booked_on is null or reopened + adjusted = amount_deducted),
  constraint settled_dispute_is_booked check (settled_on is null or booked_on is not null),
  constraint settled_dispute_has_its_day check ((settlement_id is null) = (settled_on is null))
);
create index disputes_of_payment on collections.disputes (ulb_id, payment_id);
create index disputes_live on collections.disputes (ulb_id, respond_by) where status in ('open', 'under_review');
create index disputes_to_poll on collections.disputes (ulb_id, next_poll_at) where next_poll_at is not null;
call kernel.protect('collections.disputes');
revoke delete on collections.disputes from nagarkosh_app, nagarkosh_batch;

create table collections.dispute_observations (
  ulb_id integer not null,
  observation_id bigint generated always as identity,
  dispute_id text not null,
  feed text not null,
  status text not null,
  event_key text,
  observed_at timestamptz not null,
  primary key (ulb_id, observation_id),
  constraint dispute_feed_is_known check (feed in ('webhook', 'poll', 'settlement', 'answer'))
);
create index observations_of_dispute on collections.dispute_observations (ulb_id, dispute_id);
call kernel.protect_append_only('collections.dispute_observations');
