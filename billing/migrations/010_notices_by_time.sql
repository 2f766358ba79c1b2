-- Notices are listed the newest first; a city has hundreds of thousands of them.
create index notices_by_time on billing.notices (ulb_id, issued_at, notice_id);
