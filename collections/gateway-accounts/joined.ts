import type { Gateway, Outcome, Page } from "../gateway/index.ts";

/**
 * Several accounts of one ULB as one gateway, for what does not know whose a thing is: webhooks, polls, refunds, settlements. New orders are
 * the first account's; ids are asked for at each account in turn until one knows them; lists run through all of them; a signature is good when any
 * account's secret made it (every one is tried).
 */
export function joinGateways(first: Gateway, others: readonly Gateway[]): Gateway {
  if (others.length === 0) return first;
  const all = [first, ...others];

  // "Rejected" by one only means that it is not that account's; an unknown outcome must stay unknown, whatever the others say.
  const ask = async <T>(call: (gateway: Gateway) => Promise<Outcome<T>>): Promise<Outcome<T>> => {
    let answer: Outcome<T> | undefined;
    for (const gateway of all) {
      const said = await call(gateway);
      if (said.kind === "ok") return said;
      if (answer?.kind !== "unknown") answer = said.kind === "unknown" ? said : (answer ?? said);
    }
    return answer ?? { kind: "unknown", status: 0, cause: "NO_ACCOUNT" };
  };
  const together = async <T>(call: (gateway: Gateway) => Promise<Outcome<T[]>>): Promise<Outcome<T[]>> => {
    const values: T[] = [];
    for (const gateway of all) {
      const said = await call(gateway);
      if (said.kind !== "ok") return said;
      values.push(...said.value);
    }
    return { kind: "ok", value: values };
  };
  /** A page of the lists one after another: of each as much as the page may need is read, a gateway's page at a time. */
  const paged = async <T>(
    page: Page,
    most: number,
    call: (gateway: Gateway, page: Page) => Promise<Outcome<T[]>>,
  ): Promise<Outcome<T[]>> => {
    const skip = page.skip ?? 0;
    const count = page.count ?? most;
    const values: T[] = [];
    for (const gateway of all) {
      for (let at = 0; values.length < skip + count;) {
        const said = await call(gateway, { count: most, skip: at });
        if (said.kind !== "ok") return said;
        values.push(...said.value);
        at += said.value.length;
        if (said.value.length < most) break;
      }
    }
    return { kind: "ok", value: values.slice(skip, skip + count) };
  };

  return {
    ...first,
    fetchOrder: (id) => ask((g) => g.fetchOrder(id)),
    findOrders: (receipt) => together((g) => g.findOrders(receipt)),
    orderPayments: (id) => ask((g) => g.orderPayments(id)),
    fetchPayment: (id) => ask((g) => g.fetchPayment(id)),
    listPayments: ({ from, to, ...page }) => paged(page, 100, (g, p) => g.listPayments({ from, to, ...p })),
    capturePayment: (id, amount) => withOwner(all, id, (g) => g.capturePayment(id, amount)),
    refundPayment: (refund) => withOwner(all, refund.paymentId, (g) => g.refundPayment(refund)),
    paymentRefunds: (id) => ask((g) => g.paymentRefunds(id)),
    listSettlements: ({ from, to, ...page }) => paged(page, 100, (g, p) => g.listSettlements({ from, to, ...p })),
    fetchSettlement: (id) => ask((g) => g.fetchSettlement(id)),
    settlementItems: ({ year, month, day, ...page }) =>
      paged(page, 1000, (g, p) => g.settlementItems({ year, month, ...(day === undefined ? {} : { day }), ...p })),
    links: {
      ...first.links,
      fetch: (id) => ask((g) => g.links.fetch(id)),
      find: (reference) => together((g) => g.links.find(reference)),
      edit: (id, change) => ask((g) => g.links.edit(id, change)),
      cancel: (id) => ask((g) => g.links.cancel(id)),
      notify: (id, medium) => ask((g) => g.links.notify(id, medium)),
      verifyReturn: (back) => all.map((g) => g.links.verifyReturn(back)).includes(true),
    },
    qrCodes: {
      ...first.qrCodes,
      fetch: (id) => ask((g) => g.qrCodes.fetch(id)),
      list: (page = {}) => paged(page, 100, (g, p) => g.qrCodes.list(p)),
      payments: (id, page) => ask((g) => g.qrCodes.payments(id, page)),
      close: (id) => ask((g) => g.qrCodes.close(id)),
    },
    virtualAccounts: {
      ...first.virtualAccounts,
      fetch: (id) => ask((g) => g.virtualAccounts.fetch(id)),
      list: (page = {}) => paged(page, 100, (g, p) => g.virtualAccounts.list(p)),
      payments: (id) => ask((g) => g.virtualAccounts.payments(id)),
      close: (id) => ask((g) => g.virtualAccounts.close(id)),
      transfer: (paymentId) => ask((g) => g.virtualAccounts.transfer(paymentId)),
    },
    disputes: {
      ...first.disputes,
      fetch: (id) => ask((g) => g.disputes.fetch(id)),
      list: (page = {}) => paged(page, 100, (g, p) => g.disputes.list(p)),
      accept: (id) => ask((g) => g.disputes.accept(id)),
      contest: (id, action, evidence) => ask((g) => g.disputes.contest(id, action, evidence)),
    },
    verifyWebhook: (body, signature, at) => all.map((g) => g.verifyWebhook(body, signature, at)).includes(true),
    verifyCheckout: (callback) => all.map((g) => g.verifyCheckout(callback)).includes(true),
    close: () => {
      for (const gateway of all) gateway.close();
    },
  };
}

/** What moves money is sent to the one account that has the payment, and to no other: its refusal is the answer. */
async function withOwner<T>(
  all: readonly Gateway[],
  paymentId: string,
  call: (gateway: Gateway) => Promise<Outcome<T>>,
): Promise<Outcome<T>> {
  let answer: Outcome<T> | undefined;
  for (const gateway of all) {
    const found = await gateway.fetchPayment(paymentId);
    if (found.kind === "ok") return call(gateway);
    if (answer?.kind !== "unknown") answer = found;
  }
  return answer ?? { kind: "unknown", status: 0, cause: "NO_ACCOUNT" };
}
