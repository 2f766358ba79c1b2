-- Every captured payment has its one receipt. A second payment of what is paid already has one whose line is refundable, and the refund note beside it
-- that gives the money back; what was booked before as a refund note alone stays as it was.
alter table collections.payments
  drop constraint booked_once_as_one_thing,
  add constraint booked_once_as_one_thing check (
    (booked_as is null and receipt_id is null and refund_id is null)
    or (booked_as = 'receipt' and receipt_id is not null)
    or (booked_as = 'refund-note' and receipt_id is null and refund_id is not null)
  );
