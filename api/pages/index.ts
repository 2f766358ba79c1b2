import type { FastifyPluginAsync } from "fastify";
import { assetRoutes } from "./assets.ts";
import { auditRoutes } from "./audit.tsx";
import { bankRoutes } from "./bank.tsx";
import { booksRoutes } from "./books.tsx";
import { citizenRoutes } from "./citizen.tsx";
import { counterRoutes } from "./counter.tsx";
import { dashboardRoutes } from "./dashboard.tsx";
import { homeRoutes } from "./home.tsx";
import { createDesk, type PagesOptions } from "./kit.tsx";
import { moneyRoutes } from "./money.tsx";
import { periodRoutes } from "./periods.tsx";
import { receiptRoutes } from "./receipt.tsx";
import { refundRoutes } from "./refunds.tsx";
import { voucherRoutes } from "./vouchers.tsx";

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
    booksRoutes(web, desk);
    voucherRoutes(web, desk);
    periodRoutes(web, desk);
    moneyRoutes(web, desk);
    refundRoutes(web, desk);
    bankRoutes(web, desk);
    auditRoutes(web, desk);
    dashboardRoutes(web, desk);
    await Promise.resolve();
  };
}
