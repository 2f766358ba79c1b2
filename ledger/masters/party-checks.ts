// Forms of the numbers by which a party is known to others. Pure: what is wrong, in words, or nothing.

const HOLDERS: Readonly<Record<string, string>> = {
  A: "association",
  B: "body of individuals",
  C: "company",
  F: "firm",
  G: "Government",
  H: "Hindu undivided family",
  J: "artificial person",
  L: "local authority",
  P: "individual",
  T: "trust",
};

/** What is wrong with a PAN; undefined if it has its form. */
export function panProblem(pan: string): string | undefined {
  if (!/^[A-Z]{5}[0-9]{4}[A-Z]$/.test(pan))
    return `PAN "${pan.slice(0, 20)}" must have 5 letters, 4 digits and a letter, like AAACT1234F`;
  const holder = pan.charAt(3);
  return HOLDERS[holder]
    ? undefined
    : `PAN ${pan}: the fourth letter ${holder} is no kind of holder (${Object.keys(HOLDERS).join(", ")})`;
}

/** Who is behind a PAN, for the rate of TDS: individuals and Hindu undivided families, or others. Undefined without a PAN. */
export function payeeKindOf(pan: string | null): "individual" | "other" | undefined {
  if (pan === null) return undefined;
  return pan.charAt(3) === "P" || pan.charAt(3) === "H" ? "individual" : "other";
}

const DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";

/** The last character of a GSTIN, from its first fourteen: weights 1 and 2 by turns, modulo 36 (GSTN's published rule). */
export function gstinCheck(first14: string): string {
  const sum = [...first14].reduce((total, char, i) => {
    const product = DIGITS.indexOf(char) * (i % 2 === 0 ? 1 : 2);
    return total + Math.floor(product / 36) + (product % 36);
  }, 0);
  return DIGITS.charAt((36 - (sum % 36)) % 36);
}

/** What is wrong with a GSTIN; undefined if it has its form, its check character, and holds the PAN that is given besides. */
export function gstinProblem(gstin: string, pan: string | undefined): string | undefined {
  if (!/^[0-9]{2}[A-Z]{4}[A-Z0-9][0-9]{4}[A-Z][A-Z0-9]{3}$/.test(gstin))
    return `GSTIN "${gstin.slice(0, 20)}" must have 2 digits of the State, the PAN and 3 characters, like 27AAACT1234F1Z?`;
  const state = Number(gstin.slice(0, 2));
  if ((state < 1 || state > 38) && state !== 97 && state !== 99)
    return `GSTIN ${gstin}: ${gstin.slice(0, 2)} is no State`;
  const check = gstinCheck(gstin.slice(0, 14));
  if (gstin.charAt(14) !== check)
    return `GSTIN ${gstin}: its last character should be ${check}, so something in it is mistyped`;
  if (pan !== undefined && gstin.slice(2, 12) !== pan)
    return `GSTIN ${gstin} holds the PAN ${gstin.slice(2, 12)}, not ${pan}`;
  return undefined;
}

/** What is wrong with an IFSC; undefined if it has its form. */
export function ifscProblem(ifsc: string): string | undefined {
  return /^[A-Z]{4}0[A-Z0-9]{6}$/.test(ifsc)
    ? undefined
    : `IFSC "${ifsc.slice(0, 20)}" must have 4 letters, a zero and 6 letters or digits, like SBIN0001234`;
}

export function accountNumberProblem(number: string): string | undefined {
  return /^[A-Z0-9]{6,20}$/.test(number)
    ? undefined
    : `bank account number "${number.slice(0, 30)}" must have 6 to 20 digits or letters, without spaces`;
}

export function mobileProblem(mobile: string): string | undefined {
  return /^(\+91)?[6-9][0-9]{9}$/.test(mobile)
    ? undefined
    : `mobile number "${mobile.slice(0, 20)}" must have 10 digits and begin with 6 to 9`;
}

export function emailProblem(email: string): string | undefined {
  return /^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(email) ? undefined : `"${email.slice(0, 60)}" is not an e-mail address`;
}
