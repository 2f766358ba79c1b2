-- Part of a receipt is refunded: what stays of the payment is applied anew under this id (billing takes back whole payments only).
alter table collections.refunds
  add column rest_id uuid;
