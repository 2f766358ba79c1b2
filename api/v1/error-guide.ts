export const ERROR_GUIDE: Readonly<Record<string, string>> = {};
