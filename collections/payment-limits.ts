import { rupees, type Paise } from "../ledger/kernel/money.ts";

/**
 * What a UPI app may pay at once. NPCI sets it by kind of merchant and raises it from time to time: ₹ 5,00,000 for taxes paid to a government body
 * since September 2024. Banks may allow less. A sum above it is not refused: the payer chooses another way.
 */
export const UPI_LIMIT: Paise = rupees("500000.00");
