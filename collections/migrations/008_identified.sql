-- Money of nobody we knew finds its consumer: one person says whose it is, another agrees, and the receipt keeps its number.

create table collections.identifications (
  ulb_id integer not null,
  identification_id uuid not null,
  receipt_id uuid not null,
  consumer_id uuid not null,
  reason text not null,
  proposed_by text not null,
  proposed_at timestamptz not null,
  outcome text,
  decided_by text,
  decided_at timestamptz,
  decision_reason text,
  booked_on date,
  primary key (ulb_id, identification_id),
  constraint identification_of_a_receipt foreign key (ulb_id, receipt_id) references collections.receipts (ulb_id, receipt_id),
  constraint identification_says_why check (length(trim(reason)) >= 5),
  constraint identification_outcome_is_known check (outcome in ('approved', 'rejected')),
  constraint identification_is_decided_as_a_whole
    check ((outcome is null) = (decided_by is null) and (outcome is null) = (decided_at is null)),
  constraint identification_decider_is_not_the_proposer check (coalesce(decided_by <> proposed_by, true)),
  constraint rejected_identification_says_why check ((coalesce(outcome, '') = 'rejected') = (decision_reason is not null)),
  constraint approved_identification_is_booked check ((coalesce(outcome, '') = 'approved') = (booked_on is not null))
);
-- One waits at a time, and one is approved for ever.
create unique index receipt_is_identified_once on collections.identifications (ulb_id, receipt_id) where coalesce(outcome, '') <> 'rejected';
call kernel.protect('collections.identifications');
revoke delete on collections.identifications from nagarkosh_app, nagarkosh_batch;

-- A receipt says for ever what it said: only its status and its print count change; and money of nobody becomes somebody's, once.
create or replace function collections.keep_receipt() returns trigger
language plpgsql
as $$
declare
  v_free text[] := array['status', 'status_reason', 'status_date', 'print_count'];
begin
  if old.consumer_id is null and new.consumer_id is not null and old.channel = 'online' and exists (
    select 1 from collections.identifications i
    where i.ulb_id = new.ulb_id and i.receipt_id = new.receipt_id and i.consumer_id = new.consumer_id and i.outcome = 'approved'
  ) then
    v_free := v_free || array['consumer_id', 'consumer_code', 'service', 'ward'];
  end if;
  if (to_jsonb(new) - v_free) is distinct from (to_jsonb(old) - v_free)
     or (old.status <> 'issued' and new.status <> old.status) then
    raise exception 'receipt % is not changed; it is cancelled or dishonoured, once', old.receipt_id using errcode = 'restrict_violation';
  end if;
  return new;
end
$$;
