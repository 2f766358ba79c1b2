-- A bill that is not to be paid any more, though what it asks for may still be due: the next one takes another number.
create table billing.cancelled_bills (
  ulb_id integer not null,
  bill_id uuid not null,
  reason text not null,
  cancelled_at timestamptz not null,
  cancelled_by text not null,
  primary key (ulb_id, bill_id),
  constraint cancelled_bill_is_a_bill foreign key (ulb_id, bill_id) references billing.bills (ulb_id, bill_id),
  constraint bill_cancelled_for_a_reason check (length(trim(reason)) > 0)
);
call kernel.protect_append_only('billing.cancelled_bills');
