import type { FastifyPluginAsync } from "fastify";
import { assetRoutes } from "./assets.ts";
import { auditRoutes } from "./audit.tsx";
import { bankRoutes } from "./bank.tsx";
import { booksRoutes } from "./books.tsx";
import { budgetRoutes } from "./budget.tsx";
import { changeRoutes } from "./changes.tsx";
import { citizenRoutes } from "./citizen.tsx";
import { consumerRoutes } from "./consumers.tsx";
import { counterRoutes } from "./counter.tsx";
import { counterOfficeRoutes } from "./counter/office.tsx";
import { receiptKeyRoutes } from "./counter/receipt-keys.tsx";
import { dashboardRoutes } from "./dashboard.tsx";
import { homeRoutes } from "./home.tsx";
import { importRoutes } from "./imports.tsx";
import { createDesk, type PagesOptions } from "./kit.tsx";
import { masterRoutes } from "./masters.tsx";
import { moneyRoutes } from "./money.tsx";
import { noticeRoutes } from "./notices.tsx";
import { payableRoutes } from "./payables.tsx";
import { periodRoutes } from "./periods.tsx";
import { rateRoutes } from "./rates.tsx";
import { receiptRoutes } from "./receipt.tsx";
import { refundRoutes } from "./refunds.tsx";
import { registerRoutes } from "./registers.tsx";
import { runRoutes } from "./runs.tsx";
import { statementRoutes } from "./statements.tsx";
import { taskRoutes } from "./tasks.tsx";
import { voucherRoutes } from "./vouchers.tsx";
import { yearRoutes } from "./years.tsx";

export { errorPage } from "./error-page.tsx";
export type { PagesOptions } from "./kit.tsx";

/** All pages for people, with their style sheet and fonts. They work without scripts; sessions, tokens of forms and errors are the server's. */
export function pagesPlugin(options: PagesOptions): FastifyPluginAsync {
  return async (web) => {
    const desk = createDesk(options);
    assetRoutes(web);
    homeRoutes(web, desk);
    citizenRoutes(web, desk);
    receiptRoutes(web, desk);
    counterRoutes(web, desk);
    rateRoutes(web, desk);
    runRoutes(web, desk);
    changeRoutes(web, desk);
    noticeRoutes(web, desk);
    consumerRoutes(web, desk);
    booksRoutes(web, desk);
    voucherRoutes(web, desk);
    importRoutes(web, desk);
    statementRoutes(web, desk);
    payableRoutes(web, desk);
    registerRoutes(web, desk);
    budgetRoutes(web, desk);
    masterRoutes(web, desk);
    periodRoutes(web, desk);
    yearRoutes(web, desk);
    moneyRoutes(web, desk);
    counterOfficeRoutes(web, desk);
    receiptKeyRoutes(web, desk);
    refundRoutes(web, desk);
    taskRoutes(web, desk);
    bankRoutes(web, desk);
    auditRoutes(web, desk);
    dashboardRoutes(web, desk);
    await Promise.resolve();
  };
}
