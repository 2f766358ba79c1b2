-- What the city says to its citizens. A message is written once per fact; whether it leaves the house depends on a message service being
-- configured: without one it is held, for a person to see what would have been said.
create table api.messages (
  ulb_id integer not null references ledger.ulbs,
  message_id uuid not null,
  -- The fact it is about, such as "receipt:0196d2…".
  dedupe_key text not null,
  topic text not null,
  consumer_id uuid,
  mobile text collate "C",
  language text not null,
  body text not null,
  status text not null,
  -- What the service calls it, and why it would not take it.
  provider_reference text,
  refusal text,
  created_at timestamptz not null,
  claimed_at timestamptz,
  sent_at timestamptz,
  primary key (ulb_id, message_id),
  constraint message_said_once unique (ulb_id, dedupe_key),
  constraint message_status_is_known check (status in ('held', 'unaddressed', 'ready', 'sending', 'sent', 'refused')),
  constraint message_language_is_known check (language in ('en', 'hi', 'pa')),
  constraint message_without_mobile_is_unaddressed check ((mobile is null) = (status = 'unaddressed')),
  constraint message_sent_has_its_moment check ((status = 'sent') = (sent_at is not null)),
  constraint message_refused_has_a_reason check ((status = 'refused') = (refusal is not null))
);
create index messages_by_time on api.messages (ulb_id, created_at desc, message_id);
call kernel.protect('api.messages');
