-- Consumers as a city keeps them: owners with shares, changes by two people, where a consumer came from, and the search for them.

-- ---------------------------------------------------------------- changes of consumers

create table billing.consumer_changes (
  ulb_id integer not null,
  change_id uuid not null,
  kind text collate "C" not null,
  consumer_id uuid not null,
  -- The day from which it counts; dues and advances pass over on it.
  change_date date not null,
  reason text not null,
  document_number text not null,
  document_date date not null,
  -- What is changed, as it was proposed, with what was seen before.
  content jsonb not null,
  proposed_at timestamptz not null,
  proposed_by text not null,
  primary key (ulb_id, change_id),
  constraint consumer_change_with_its_maker unique (ulb_id, change_id, proposed_by),
  constraint change_of_a_consumer foreign key (ulb_id, consumer_id) references billing.consumers (ulb_id, consumer_id),
  constraint consumer_change_kind_is_known check (kind in ('mutation', 'merge', 'split')),
  constraint consumer_change_has_a_reason check (length(trim(reason)) >= 5),
  constraint consumer_change_has_a_document check (length(trim(document_number)) > 0 and document_date <= change_date)
);
create index consumer_changes_of_consumer on billing.consumer_changes (ulb_id, consumer_id, proposed_at);
create index consumer_changes_by_time on billing.consumer_changes (ulb_id, proposed_at);
call kernel.protect_append_only('billing.consumer_changes');

-- A change is decided once: approved or rejected by another person, or withdrawn by its maker.
create table billing.consumer_change_decisions (
  ulb_id integer not null,
  change_id uuid not null,
  proposed_by text not null,
  decision text collate "C" not null,
  reason text,
  -- What the consumer was before and after, of an approved change.
  before jsonb,
  after jsonb,
  decided_at timestamptz not null,
  decided_by text not null,
  primary key (ulb_id, change_id),
  constraint decision_on_a_consumer_change foreign key (ulb_id, change_id, proposed_by)
    references billing.consumer_changes (ulb_id, change_id, proposed_by),
  constraint decision_is_known check (decision in ('approved', 'rejected', 'withdrawn')),
  constraint consumer_change_maker_is_not_checker check (decision = 'withdrawn' or decided_by <> proposed_by),
  constraint consumer_change_withdrawn_by_its_maker check (decision <> 'withdrawn' or decided_by = proposed_by),
  constraint refused_consumer_change_has_a_reason check (decision = 'approved' or coalesce(length(trim(reason)), 0) >= 5),
  constraint approved_change_says_what_it_did check ((decision = 'approved') = (before is not null and after is not null))
);
call kernel.protect_append_only('billing.consumer_change_decisions');

-- Where a consumer came from and went to.
create table billing.consumer_lineage (
  ulb_id integer not null,
  change_id uuid not null,
  kind text collate "C" not null,
  from_consumer_id uuid not null,
  to_consumer_id uuid not null,
  primary key (ulb_id, from_consumer_id, to_consumer_id),
  constraint lineage_of_a_change foreign key (ulb_id, change_id) references billing.consumer_changes (ulb_id, change_id),
  constraint lineage_from_a_consumer foreign key (ulb_id, from_consumer_id) references billing.consumers (ulb_id, consumer_id),
  constraint lineage_to_a_consumer foreign key (ulb_id, to_consumer_id) references billing.consumers (ulb_id, consumer_id),
  constraint lineage_kind_is_known check (kind in ('merge', 'split')),
  constraint lineage_joins_two check (from_consumer_id <> to_consumer_id)
);
create unique index consumer_merged_once on billing.consumer_lineage (ulb_id, from_consumer_id) where kind = 'merge';
create unique index consumer_split_from_one on billing.consumer_lineage (ulb_id, to_consumer_id) where kind = 'split';
create index lineage_to on billing.consumer_lineage (ulb_id, to_consumer_id);
call kernel.protect_append_only('billing.consumer_lineage');

-- An advance goes over with a merge.
alter table billing.advances drop constraint advance_kind_has_its_sign;
alter table billing.advances add constraint advance_kind_has_its_sign check (
  (kind in ('received', 'restored', 'taken-over') and amount > 0) or (kind in ('adjusted', 'refunded', 'taken-back', 'handed-over') and amount < 0));

-- ---------------------------------------------------------------- owners

-- All owners of a consumer from a day on, as one version; the newest version of the latest day not later than a day is in force on it.
create table billing.consumer_owners (
  ulb_id integer not null,
  consumer_id uuid not null,
  version smallint not null,
  owner_no smallint not null,
  valid_from date not null,
  name text not null,
  name_local text,
  -- As it was written ("1/3", "33.5 %"), and exactly: so many parts of the whole.
  share text collate "C" not null,
  parts numeric not null,
  whole numeric not null,
  guardian text,
  relation text collate "C",
  mobile text collate "C",
  -- Null for owners that were entered with the consumer.
  change_id uuid,
  recorded_at timestamptz not null,
  recorded_by text not null,
  primary key (ulb_id, consumer_id, version, owner_no),
  constraint owner_of_a_consumer foreign key (ulb_id, consumer_id) references billing.consumers (ulb_id, consumer_id),
  constraint owner_by_a_change foreign key (ulb_id, change_id) references billing.consumer_changes (ulb_id, change_id),
  constraint owner_has_a_name check (length(trim(name)) > 0),
  constraint owner_has_a_share check (parts > 0 and parts <= whole),
  constraint owner_mobile_is_indian check (mobile is null or mobile ~ '^[6-9]\d{9}$'),
  constraint owner_relation_is_known check (relation in ('father', 'mother', 'husband', 'wife', 'guardian')),
  constraint relation_is_to_somebody check ((relation is null) = (guardian is null) and coalesce(length(trim(guardian)), 1) > 0)
);
call kernel.protect_append_only('billing.consumer_owners');

create function billing.check_shares() returns trigger
language plpgsql
set search_path = pg_catalog, billing, pg_temp
as $$
begin
  if exists (
    select 1
    from (select distinct ulb_id, consumer_id, version from added) v
    join billing.consumer_owners o using (ulb_id, consumer_id, version)
    group by ulb_id, consumer_id, version
    having sum(o.parts) <> max(o.whole) or min(o.whole) <> max(o.whole) or min(o.valid_from) <> max(o.valid_from)
  ) then
    raise exception 'the shares of the owners do not make up the whole' using errcode = 'check_violation', constraint = 'shares_make_up_the_whole';
  end if;
  return null;
end
$$;
create trigger shares_make_up_the_whole after insert on billing.consumer_owners
  referencing new table as added for each statement execute function billing.check_shares();

-- ---------------------------------------------------------------- search

-- The words of a text, for what is stored and for what is asked alike: small letters without accents and nuktas, figures as 0 to 9. One
-- expression without a subquery: it is reckoned for a million consumers at once.
create function billing.search_words(said text) returns text[]
language sql immutable parallel safe
as $$
  select array_remove(
    string_to_array(
      regexp_replace(
        translate(
          lower(regexp_replace(normalize(said, nfkd), '[\u0300-\u036f\u093c\u0a3c\u200c\u200d]', '', 'g')),
          E'०१२३४५६७८९੦੧੨੩੪੫੬੭੮੯।॥\t\n\r' || '!"#$%&''()*+,-./:;<=>?@[\]^_`{|}~',
          '01234567890123456789' || repeat(' ', 37)),
        '(\S{60})\S+', '\1', 'g'),
      ' '),
    '')
$$;

-- What is left of a word that Indian names share however they are spelled, in Devanagari and Gurmukhi too: the first sound and the consonants
-- after it, aspirated or not, doubled or not. Chaudhary, Choudhury, Chowdhari and चौधरी are "cdr".
create function billing.spelling_key(word text) returns text
language plpgsql immutable parallel safe strict
as $$
declare
  k text := word;
begin
  if k ~ '[\u0900-\u097f\u0a00-\u0a7f]' then
    k := replace(k, 'सिंह', 'सिंघ');
    -- The vowel that is not written, except at the end, where it is not spoken.
    k := regexp_replace(k, '([\u0915-\u0939])(?![\u093e-\u094d]|$)', '\1अ', 'g');
    k := regexp_replace(k, '([\u0a15-\u0a39\u0a5c])(?![\u0a3e-\u0a4d]|$)', '\1ਅ', 'g');
    k := translate(k,
      'कखगघङञणनचछजझटठतथडढदधपफबभवमयरऋृलळशषसहअआॲऐऔाैौइईएऍऎिीेॅॆउऊओऑुूोॉॊंँ' ||
      'ਕਖਗਘਙਞਣਨਚਛਜਝਟਠਤਥਡਢਦਧਪਫਬਭਵਮਯਰੜਲਸਹਅਆਐਔਾੈੌਇਈਏਿੀੇਉਊਓੁੂੋੰਂ्ःੱ੍',
      'kkggnnnn11jjttttddddpfbbbmyrrrllssshaaaaaaaaiiiiiiiiiiuuuuuuuuunn' ||
      'kkggnnnn11jjttttddddpfbbbmyrrlshaaaaaaaiiiiiiuuuuuunn');
  end if;
  if k in ('mohd', 'md', 'mhd', 'mohmd', 'muhd', 'mohamd') then k := 'mohamad'; end if;
  k := replace(replace(replace(k, 'ph', 'f'), 'x', 'ks'), 'q', 'k');
  k := translate(replace(k, 'ch', '1'), 'c1z', 'kcj');
  -- w is a vowel in Chowdhary, a consonant in Agarwal.
  k := translate(regexp_replace(k, '([aeou])w(?=[^aeiouy]|$)', '\1', 'g'), 'vw', 'bb');
  k := regexp_replace(regexp_replace(k, '([bcdfgjklmnprst])h+', '\1', 'g'), '([aeiouy])h$', '\1');
  k := regexp_replace(regexp_replace(k, 'm(?=[pb])', 'n', 'g'), '(.)\1+', '\1', 'g');
  return translate(left(k, 1), 'eo', 'iu') || regexp_replace(substr(k, 2), '[aeiouy]', '', 'g');
end
$$;

-- What a consumer is found by: the words of name, number, address and mobile; the number in one piece; and, after "<", number and mobile from
-- the end, so that their last figures are the beginning of a word.
create function billing.words_of(code text, name text, name_local text, address text, mobile text) returns text[]
language plpgsql immutable parallel safe
as $$
declare
  whole text := lower(regexp_replace(code, '[^[:alnum:]]+', '', 'g'));
begin
  return billing.search_words(concat_ws(' ', name, name_local, address, code, mobile))
    || array_remove(array[whole, '<' || reverse(whole), '<' || reverse(mobile), nullif(ltrim(substring(code from '[0-9]+$'), '0'), '')], null);
end
$$;

-- Under what a word is looked up: itself and every end of it (a part of a name), and after "~" its spelling key.
create function billing.parts_of(word text) returns setof text
language sql immutable parallel safe
as $$
  select word
  union
  select '~' || billing.spelling_key(word)
  union
  select substr(word, i) from generate_series(2, length(word) - 2) as i
$$;

-- Both tables are kept by triggers and never written otherwise.
create table billing.consumer_words (
  ulb_id integer not null,
  word text collate "C" not null,
  consumer_id uuid not null,
  primary key (ulb_id, word, consumer_id)
);
call kernel.protect('billing.consumer_words');
revoke insert, update, delete on billing.consumer_words from nagarkosh_app, nagarkosh_batch;

-- Each word without figures of the ULB once, however many consumers have it.
create table billing.word_parts (
  ulb_id integer not null,
  part text collate "C" not null,
  word text collate "C" not null,
  primary key (ulb_id, part, word)
);
call kernel.protect('billing.word_parts');
revoke insert, update, delete on billing.word_parts from nagarkosh_app, nagarkosh_batch;

create function billing.keep_word_parts() returns trigger
language plpgsql
security definer
set search_path = pg_catalog, billing, pg_temp
set work_mem = '64MB'
as $$
begin
  insert into billing.word_parts (ulb_id, part, word)
  select n.ulb_id, p.part, n.word
  from (select distinct ulb_id, word from added where word !~ '[0-9<]') as n
  cross join lateral billing.parts_of(n.word) as p (part)
  where not exists (select 1 from billing.word_parts k where k.ulb_id = n.ulb_id and k.part = n.word and k.word = n.word)
  order by n.ulb_id, p.part, n.word
  on conflict do nothing;
  return null;
end
$$;
create trigger words_keep_their_parts after insert on billing.consumer_words
  referencing new table as added for each statement execute function billing.keep_word_parts();

-- In the order of the index: a million consumers at once are written from one end to the other.
create function billing.keep_words_of_new() returns trigger
language plpgsql
security definer
set search_path = pg_catalog, billing, pg_temp
set work_mem = '64MB'
as $$
begin
  insert into billing.consumer_words (ulb_id, word, consumer_id)
  select distinct a.ulb_id, w.word collate "C", a.consumer_id
  from added a
  cross join lateral unnest(billing.words_of(a.code, a.name, a.name_local, a.address, a.mobile)) as w (word)
  order by 1, 2, 3;
  return null;
end
$$;
create trigger consumers_keep_their_words after insert on billing.consumers
  referencing new table as added for each statement execute function billing.keep_words_of_new();

create function billing.keep_words_of_changed() returns trigger
language plpgsql
security definer
set search_path = pg_catalog, billing, pg_temp
as $$
begin
  delete from billing.consumer_words w
  where w.ulb_id = old.ulb_id and w.consumer_id = old.consumer_id
    and w.word = any(billing.words_of(old.code, old.name, old.name_local, old.address, old.mobile));
  insert into billing.consumer_words (ulb_id, word, consumer_id)
  select distinct new.ulb_id, w.word, new.consumer_id
  from unnest(billing.words_of(new.code, new.name, new.name_local, new.address, new.mobile)) as w (word);
  return null;
end
$$;
create trigger changed_consumers_keep_their_words after update of code, name, name_local, address, mobile on billing.consumers
  for each row execute function billing.keep_words_of_changed();

-- backfill: the consumers that are there, of all ULBs. The owner is under row-level security too, and names no ULB here.
alter table billing.consumers no force row level security;
alter table billing.consumer_words no force row level security;
alter table billing.word_parts no force row level security;
insert into billing.consumer_words (ulb_id, word, consumer_id)
select distinct c.ulb_id, w.word collate "C", c.consumer_id
from billing.consumers c
cross join lateral unnest(billing.words_of(c.code, c.name, c.name_local, c.address, c.mobile)) as w (word)
order by 1, 2, 3;
do $$
begin
  if exists (
    select 1 from billing.consumers c
    where not exists (
      select 1 from billing.consumer_words w
      where w.ulb_id = c.ulb_id and w.consumer_id = c.consumer_id
        and w.word = (billing.words_of(c.code, c.name, c.name_local, c.address, c.mobile))[1])
  ) then
    raise exception 'a consumer has no words to be found by';
  end if;
end
$$;
alter table billing.consumers force row level security;
alter table billing.consumer_words force row level security;
alter table billing.word_parts force row level security;
