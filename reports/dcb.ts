import { dcb, type DcbOptions } from "../billing/index.ts";
import type { Read } from "../ledger/kernel/tx.ts";
import { checkRange, headOf } from "./head.ts";
import type { Language } from "./labels.ts";
import type { DcbView } from "./pdf/statements.ts";

/** The DCB register per head and demand year for printing. Raises REPORT_RANGE. */
export async function dcbView(read: Read, options: DcbOptions & { readonly language?: Language }): Promise<DcbView> {
  checkRange(options);
  const rows = await dcb(read, options);
  return {
    ...headOf(read, options.language),
    from: options.from,
    to: options.to,
    ward: options.ward ?? null,
    rows: rows.map(({ name, taxHead: _code, ...row }) => ({ ...row, head: name })),
  };
}
