import type { LocalDate } from "../../ledger/kernel/dates.ts";
import type { Read } from "../../ledger/kernel/tx.ts";

/** README.txt: what is in the pack and how it is checked, for an auditor who has never seen the program. */
export function readmeText(
  read: Read,
  range: { readonly from: LocalDate; readonly to: LocalDate },
  years: readonly string[],
): string {
  return `AUDITORS' PACK

${read.ulb.name} (${read.ulb.code}), ${range.from} to ${range.to}
Made ${read.clock().toISOString()} by ${read.actor.id}. Everything in it was read at one instant.


WHAT IS IN IT

journal.jsonl          every journal entry of the financial year(s) ${years.join(", ")}, one a line (JSON), in the order in
                       which entries were sealed; those not yet sealed at the end. Amounts are whole paise.
seals.jsonl            the seals: one block a line, since the books began
chart-of-accounts.csv  the chart
opening-balances.csv   balances before the first entry of the first financial year, by fund; earlier years' income and
                       expenditure stand in the surplus account
trial-balance.csv      opening, debits, credits, closing of every account for the range
statements/            every statement and register of the program that can be made for the range
registers/             masters, vouchers, periods and their closing, and the audit trail (who did what, when, why)
manifest.json          size and SHA-256 of every file, the last seal, the range, who made the pack and when
manifest.sha256        SHA-256 of manifest.json. Write this line down, or have it signed: nobody can then change
                       any file of the pack unseen.


HOW TO CHECK IT WITHOUT THE PEOPLE WHO KEEP THE BOOKS

1. With any tool that computes SHA-256:  sha256sum manifest.json  must give what manifest.sha256 says, and
   sha256sum FILE  what manifest.json says of each file.

2. With our program, which needs no database for it:
      npx nagarkosh verify PACK.zip --known BLOCK:HASH
   where BLOCK:HASH is the last seal of an earlier pack or of a closing certificate that you hold.

3. With a program of your own, or verify-pack.py (plain Python 3, published with ours, a page long):
   - every entry: debits equal credits, in total and within each fund; two lines or more; each line a debit or a credit;
   - numbers of each voucher series and financial year run from 1 without a gap;
   - opening-balances.csv plus the journal gives trial-balance.csv. Entries with source_type "year-close" close a year
     and are left out of the trial balance. Vouchers "opening" on the first day of the books (manifest.json, ulb.booksFrom)
     are opening balances of a range that begins with that day or before it, not movements;
   - the seals, as follows.


THE SEALS

A seal is made soon after entries are posted. Whoever changes an entry later, the owner of the database included, breaks
the seal of its block and of every later block.

netstring(t) = the length of t in UTF-8 bytes, a colon, t, a comma.   list(a, b, ...) = netstring(a) netstring(b) ...

entry   = list( HEAD, LINE 1, LINE 2, ... ) where
   HEAD = list(voucher, fy, number, entry_date, value_date, posted_at, posted_by, source_type, source_id, reverses, narration)
   LINE = list(line, account, debit_paise, credit_paise, fund, function, ward, functionary, budget_head, scheme,
               party_type, party_id, demand_year, entry_date)
leaf    = SHA-256( byte 00, entry )
node    = SHA-256( byte 01, left, right ); an odd one goes up as it is. The leaves stand in the order of the block's
          ranges, within a range by number. The last node is merkle_root (the tree of RFC 6962).
hash    = SHA-256( previous_hash, merkle_root, list(block, sealed_at, list(voucher, fy, from, to) of each range, entry_count) )
          where the two hashes are their 32 bytes. previous_hash of block 1 is 32 zero bytes.

"leaves" in seals.jsonl are the leaves of the block, 64 hexadecimal digits each, where the block holds entries of this
pack; they name the entry that was changed. They must give merkle_root, or they prove nothing.

What the seals cannot tell by themselves: that the whole chain was made anew, or cut short. Hold each pack's last seal
against the next pack: the same block must have the same hash.
`;
}
