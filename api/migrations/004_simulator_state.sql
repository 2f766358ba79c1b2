-- What the built-in payment gateway simulator of a demo knows, so that `npm start` twice goes on where it was: the gateway has no memory of its
-- own, and orders in the books would otherwise lead nowhere. One row; it is no ULB's, and nothing of the books is in it.
create table api.simulator_state (
  only_row boolean primary key default true,
  state text not null,
  saved_at timestamptz not null,
  constraint simulator_state_is_one_row check (only_row)
);
grant select, insert, update on api.simulator_state to nagarkosh_batch;
