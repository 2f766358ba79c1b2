-- The gateway's fees of a year that it deducts from settlements of the next.
call ledger.add_head('3508020', '35080', 'Others-Payment Aggregator Fees Payable', 'liability', 'Cr', 'B-9', false, 'gateway-fees-payable');
