export { composeVouchers, vouchersFromTemplate, type TemplateInput, type TemplateLine } from "./compose.ts";
export { previewEntries, type Preview } from "./preview.ts";
export {
  getTemplate,
  listTemplates,
  type Template,
  type TemplateAccount,
  type TemplateLeg,
  type TemplateVoucher,
} from "./read.ts";
