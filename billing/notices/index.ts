export { noticeErrors } from "./errors.ts";
export { issueToDefaulters, previewForDefaulters, type Defaulters, type DefaulterNotices } from "./defaulters.ts";
export { issueNotice, issueNotices, NOTICES_AT_ONCE, type IssuedNotices } from "./issue.ts";
export { getNotice, latestNotices, listNotices, recordService, type Notice, type NoticeLine } from "./notices.ts";
export {
  listNoticeTerms,
  noticeTermsOn,
  setNoticeTerms,
  type NoticeKind,
  type NoticeTerms,
  type SetNoticeTerms,
} from "./terms.ts";
