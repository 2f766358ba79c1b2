import type { Read } from "../kernel/tx.ts";
import type { EntryDraft, VoucherType } from "../entries.ts";
import { choice, code, day, optional, readFacts, text, type FactsOf, type Fields, type Typed } from "./fields.ts";
import { checkAccount, type ItemKind } from "./items.ts";
import type { Movement, RegisterName } from "./measures.ts";

/** An entry as an act asks for it; its source is the act. */
export type Draft = Omit<EntryDraft, "source">;

/** What an act would do: the entries, what moves in the registers, and the items that come into being. */
export type Effect = {
  readonly drafts: readonly Draft[];
  readonly movements: readonly Movement[];
  readonly items?: readonly { readonly kind: ItemKind; readonly id: string; readonly typed: Typed }[];
  /** The act that it takes back, and what that one was about. */
  readonly takesBack?: { readonly act: string; readonly register: string; readonly item: string };
};

/**
 * How it comes into the books. `post`: its entry is posted. `opening`: the balance is in the books already (opening balances), the register
 * takes it without an entry. `entry`: another room posted it (a bill, a voucher), the register takes that entry.
 */
export type Mode = "post" | "opening" | "entry";
const MODES = {
  post: "Post the entry",
  entry: "It is posted already, as the entry named below",
  opening: "It is part of the opening balances: no entry",
} as const satisfies Record<Mode, string>;

const COMMON = {
  date: day("Date"),
  remark: optional(text("Order or reference", "What the papers call it; it stands in the narration")),
} satisfies Fields;
const BOOKED = {
  mode: choice("How it is booked", MODES),
  entry: optional(
    code("Entry", { hint: "The id of the entry (the number in the address of its page), if it is posted already" }),
  ),
} satisfies Fields;

type Common = FactsOf<typeof COMMON>;

/** A kind of act as the mechanism sees it: its facts are text until `decide` reads them. */
export type ActKind = {
  readonly kind: string;
  readonly register: RegisterName | "provision" | "prior-period";
  readonly title: string;
  /** The posting rules it books by, of NMAM's list. */
  readonly rule: string;
  readonly fields: Fields;
  /** It is about an item that is there; otherwise about the register as a whole. */
  readonly isOnItem: boolean;
  readonly decide: (read: Read, item: string, typed: Typed) => Promise<Effect>;
};

/** Defines a kind of act. `decide` judges the facts against what the register holds, and raises its refusals; it writes nothing. */
export function actKind<F extends Fields>(of: {
  readonly kind: string;
  readonly register: ActKind["register"];
  readonly title: string;
  readonly rule: string;
  readonly fields: F;
  readonly isOnItem?: boolean;
  /** Modes besides posting. */
  readonly modes?: readonly Mode[];
  readonly decide: (read: Read, item: string, facts: FactsOf<F> & Common & { readonly mode: Mode }) => Promise<Effect>;
}): ActKind {
  const modes = of.modes ?? [];
  const booked = modes.length === 0 ? {} : { ...BOOKED, mode: only(["post", ...modes]) };
  const fields = { ...COMMON, ...of.fields, ...booked };
  return {
    kind: of.kind,
    register: of.register,
    title: of.title,
    rule: of.rule,
    fields,
    isOnItem: of.isOnItem ?? true,
    decide: (read, item, typed) => {
      const mode = modes.length === 0 ? { mode: "post" } : {};
      // The fields of `of` and the common ones give exactly these facts; the union of records is beyond inference.
      const facts = { ...readFacts(fields, typed), ...mode } as unknown as FactsOf<F> &
        Common & { readonly mode: Mode };
      return of.decide(read, item, facts);
    },
  };
}

function only(modes: readonly Mode[]): typeof BOOKED.mode {
  return choice("How it is booked", Object.fromEntries(modes.map((m) => [m, MODES[m]])) as typeof MODES);
}

/** "Instalment of AMRUT 2.0 (order 12 of 3 May)": the words, and what the papers call it. */
export function narrate(words: string, facts: Common): string {
  return facts.remark === undefined ? words : `${words} (${facts.remark})`;
}

/** The voucher of an entry whose other side is `account`: a receipt or payment if that is cash or bank, a journal otherwise. */
export async function voucherFor(read: Read, account: string, money: "receipt" | "payment"): Promise<VoucherType> {
  return (await checkAccount(read, account)).isCashBank ? money : "journal";
}
