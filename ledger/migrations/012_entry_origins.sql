-- From which kind of fact an entry comes: its own source, or, where it takes an entry back, the source of what it takes back.
create view ledger.entry_origins with (security_invoker = true) as
select e.ulb_id, e.entry_id, e.entry_date, coalesce(oo.source_type, o.source_type, e.source_type) as origin
from ledger.entries e
left join ledger.entries o on o.ulb_id = e.ulb_id and o.entry_id = e.reverses_entry_id
left join ledger.entries oo on oo.ulb_id = o.ulb_id and oo.entry_id = o.reverses_entry_id;
grant select on ledger.entry_origins to nagarkosh_app, nagarkosh_batch;
