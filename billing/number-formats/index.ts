// The face of the room of number formats: document numbers by UPYOG's token language, without gaps.
export { generateNumbers, numberFormat, setNumberFormat, type NumberRequest } from "./generate.ts";
