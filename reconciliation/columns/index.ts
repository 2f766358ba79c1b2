// What the rest of reconciliation, and through it the other folders, use of this one.
export { columnErrors } from "./errors.ts";
export { COLUMN_ROLES, DATE_FORMS, guessChoice, NO_HEADER, ROLE_WORDS, widthOf, type ColumnChoice } from "./mapping.ts";
export { listOwnProfiles, type OwnProfile } from "./own-profiles.ts";
export { importByColumns, tryColumns, type ColumnsInput, type ColumnsReport, type ColumnTrial } from "./trial.ts";
export { discardFile, heldFile, holdFile, type HeldFile } from "./uploads.ts";
export { columnLabels } from "../parsers/cells.ts";
