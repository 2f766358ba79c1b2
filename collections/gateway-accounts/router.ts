import { createHash } from "node:crypto";
import { inSnapshot, systemActor, type App, type Ulb } from "../../ledger/kernel/tx.ts";
import { createGateway, type Gateway } from "../gateway/index.ts";
import { openGatewayAccounts, type OpenedAccount } from "./accounts.ts";
import { joinGateways } from "./joined.ts";
import type { SealingKey } from "./sealing.ts";

/** Accounts are read again after so long: a rotation by another process is known by then. */
const FRESH_MS = 60_000;

export type GatewayRouter = {
  /**
   * The ULB's accounts as one gateway. New money goes to the service's own account, else to the ULB's, else to the server's; what is there
   * already (an order, a payment, a signature) is found in whichever account it belongs to.
   */
  of(ulb: Ulb, serviceCode?: string): Promise<Gateway>;
  close(): void;
};

type Opened = { readonly at: number; readonly print: string; readonly byService: ReadonlyMap<string, Gateway> };

/** Gateways by ULB and service. `usual` is the server's own account (the environment's), which is nobody's to close here. */
export function createGatewayRouter(
  app: App,
  options: {
    readonly usual: Gateway;
    readonly key: SealingKey;
    readonly isProduction?: boolean;
    readonly allowSimulator?: boolean;
    readonly freshMs?: number;
  },
): GatewayRouter {
  const opened = new Map<number, Opened>();

  const openOne = (account: OpenedAccount): Gateway =>
    createGateway({
      keyId: account.keyId,
      keySecret: account.keySecret,
      previousKeySecrets: account.oldKeySecrets.map((k) => k.secret),
      webhookSecrets: account.webhookSecrets,
      ...(account.baseUrl === null ? {} : { baseUrl: account.baseUrl }),
      ...(options.isProduction === undefined ? {} : { isProduction: options.isProduction }),
      ...(options.allowSimulator === undefined ? {} : { allowSimulator: options.allowSimulator }),
    });

  async function ofUlb(ulb: Ulb): Promise<Opened> {
    const now = app.clock().getTime();
    const before = opened.get(ulb.id);
    if (before && Math.abs(now - before.at) < (options.freshMs ?? FRESH_MS)) return before;
    const accounts = await inSnapshot(app, { ulb, actor: systemActor("gateway-accounts") }, (read) =>
      openGatewayAccounts(read, options.key),
    );
    const print = createHash("sha256").update(JSON.stringify(accounts)).digest("hex");
    if (before?.print === print) {
      const kept = { ...before, at: now };
      opened.set(ulb.id, kept);
      return kept;
    }
    const fresh: Opened = {
      at: now,
      print,
      byService: new Map(accounts.map((a) => [a.serviceCode ?? "", openOne(a)])),
    };
    opened.set(ulb.id, fresh);
    // Calls that are under way keep their own connections; only idle ones end.
    if (before) for (const gateway of before.byService.values()) gateway.close();
    return fresh;
  }

  return {
    of: async (ulb, serviceCode) => {
      const { byService } = await ofUlb(ulb);
      const named = serviceCode === undefined ? undefined : byService.get(serviceCode);
      // The server's account comes last where there are others: orders from before the change are still there. One that is not set up (it has no
      // key) answers nothing and would only spoil the lists.
      const usual = options.usual.keyId === "" ? [] : [options.usual];
      const general = byService.get("");
      const ranked = [named, general, ...(general ? [] : usual), ...byService.values(), ...usual];
      const [first, ...rest] = new Set(ranked.filter((g) => g !== undefined));
      return joinGateways(first ?? options.usual, rest);
    },
    close: () => {
      for (const { byService } of opened.values()) for (const gateway of byService.values()) gateway.close();
      opened.clear();
    },
  };
}
