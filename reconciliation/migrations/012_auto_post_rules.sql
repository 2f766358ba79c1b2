-- What the bank does by itself (charges, interest) may be booked by a rule that one person proposed and another approved. A changed rule is a new
-- version beside the old one; nothing of a rule is ever overwritten.
create table reconciliation.auto_post_rules (
  ulb_id integer not null,
  rule_id uuid not null,
  version integer not null,
  account text collate "C" not null,
  name text not null,
  kind text collate "C" not null,
  -- Words that the bank's narration must all have.
  words text[] not null,
  -- The head on the other side; null: that of the posting map for this kind.
  head text collate "C",
  function text collate "C",
  line_limit ledger.paise not null,
  month_limit ledger.paise not null,
  -- The first day of the bank whose lines it books.
  valid_from date not null,
  reason text not null,
  proposed_by text not null,
  proposed_at timestamptz not null,
  constraint auto_post_version_is_said_once primary key (ulb_id, rule_id, version),
  constraint auto_post_version_with_its_maker unique (ulb_id, rule_id, version, proposed_by),
  constraint auto_post_versions_begin_at_one check (version >= 1),
  constraint auto_post_kind_is_known check (kind in ('bank-charge', 'bank-interest')),
  constraint auto_post_rule_has_words check (cardinality(words) between 1 and 10),
  constraint auto_post_rule_has_limits check (line_limit > 0 and month_limit >= line_limit),
  constraint auto_post_rule_has_a_reason check (length(trim(reason)) >= 5),
  constraint auto_post_head_is_of_the_chart foreign key (ulb_id, head) references ledger.accounts (ulb_id, code),
  constraint auto_post_rule_is_of_a_bank_account foreign key (ulb_id, account) references reconciliation.bank_accounts (ulb_id, account)
);
create index auto_post_rules_of_account on reconciliation.auto_post_rules (ulb_id, account);
call kernel.protect_append_only('reconciliation.auto_post_rules');

create table reconciliation.auto_post_decisions (
  ulb_id integer not null,
  rule_id uuid not null,
  version integer not null,
  proposed_by text not null,
  decision text collate "C" not null,
  reason text,
  decided_by text not null,
  decided_at timestamptz not null,
  constraint auto_post_version_is_decided_once primary key (ulb_id, rule_id, version),
  constraint decision_on_an_auto_post_version foreign key (ulb_id, rule_id, version, proposed_by)
    references reconciliation.auto_post_rules (ulb_id, rule_id, version, proposed_by),
  constraint auto_post_decision_is_known check (decision in ('approved', 'rejected')),
  constraint auto_post_maker_is_not_checker check (decided_by <> proposed_by),
  constraint auto_post_rejection_has_a_reason check (decision = 'approved' or length(trim(reason)) >= 5)
);
call kernel.protect_append_only('reconciliation.auto_post_decisions');

-- A rule that has ended books nothing more, in any version.
create table reconciliation.auto_post_ends (
  ulb_id integer not null,
  rule_id uuid not null,
  reason text not null,
  ended_by text not null,
  ended_at timestamptz not null,
  constraint auto_post_rule_ends_once primary key (ulb_id, rule_id),
  constraint auto_post_end_has_a_reason check (length(trim(reason)) >= 5)
);
call kernel.protect_append_only('reconciliation.auto_post_ends');

-- What rules booked. A line is booked by a rule once in its life: when a person takes that back, no rule books it again.
create table reconciliation.auto_posts (
  ulb_id integer not null,
  match_id uuid not null,
  line_id uuid not null,
  entry_id bigint not null,
  rule_id uuid not null,
  version integer not null,
  amount ledger.paise not null,
  on_date date not null,
  primary key (ulb_id, match_id),
  constraint line_is_posted_by_a_rule_once unique (ulb_id, line_id),
  constraint auto_post_is_of_a_version foreign key (ulb_id, rule_id, version) references reconciliation.auto_post_rules (ulb_id, rule_id, version)
);
create index auto_posts_of_rule on reconciliation.auto_posts (ulb_id, rule_id, on_date);
call kernel.protect_append_only('reconciliation.auto_posts');
