export { noticeErrors } from "./errors.ts";
export { issueNotice, issueNotices, NOTICES_AT_ONCE, type IssuedNotices } from "./issue.ts";
export { getNotice, latestNotices, recordService, type Notice, type NoticeLine } from "./notices.ts";
export { noticeTermsOn, setNoticeTerms, type NoticeKind, type NoticeTerms } from "./terms.ts";
