import Type, { type Static } from "typebox";
import { billingErrors, services } from "../../billing/index.ts";
import {
  excessPolicies,
  listExcessPolicies,
  listMerchantSettings,
  listUpiLimits,
  merchantSettings,
  setExcessPolicy,
  setMerchantSettings,
  setUpiLimit,
  upiLimit,
  type ExcessPolicy,
  type UpiLimit,
} from "../../collections/index.ts";
import { dateInIndia } from "../../ledger/kernel/dates.ts";
import { toRupees } from "../../ledger/kernel/money.ts";
import { inSnapshot } from "../../ledger/kernel/tx.ts";
import { answerOnce } from "./idempotency.ts";
import { answers, callerOf, doc, WHO, type Routes } from "./route.ts";
import { amountOf, Moment, Money, Nullable, strict } from "./schemas.ts";

const Service = Type.String({ minLength: 1, maxLength: 60, examples: ["property-tax"] });
const Merchant = {
  accountId: Nullable(Type.String({ maxLength: 40, examples: ["acc_ABCDEFGH123456"] })),
  capture: Type.Union([Type.Literal("auto"), Type.Literal("manual")]),
  feeBearer: Type.Union([Type.Literal("ulb"), Type.Literal("payer")]),
  rebateDate: Type.Union([Type.Literal("attempt"), Type.Literal("capture")]),
};
const Excess = Type.Object({
  policy: Type.Union([Type.Literal("ADVANCE"), Type.Literal("AUTO_REFUND"), Type.Literal("HOLD")]),
  limit: Nullable(Money),
  windowDays: Nullable(Type.Integer()),
});
const Limit = Type.Object({
  amount: Money,
  basis: Type.String({ description: "The circular or letter it rests on." }),
  setBy: Nullable(Type.String({ description: "null: nobody set it, it is the usual one" })),
  setAt: Nullable(Moment),
});

const excessView = (p: ExcessPolicy): Static<typeof Excess> =>
  p.policy === "AUTO_REFUND"
    ? { policy: p.policy, limit: toRupees(p.limit), windowDays: p.windowDays }
    : { policy: p.policy, limit: null, windowDays: null };
const limitView = (l: UpiLimit): Static<typeof Limit> => ({
  amount: toRupees(l.amount),
  basis: l.basis,
  setBy: l.setBy,
  setAt: l.setAt?.toISOString() ?? null,
});

/** How the ULB takes payments online. Nothing is overwritten: each change is a version with its person and moment. */
export const paymentSettingRoutes: Routes = (server, { app }) => {
  server.route({
    method: "GET",
    url: "/payment-settings",
    config: { roles: WHO.books },
    schema: {
      ...doc({
        tag: "Payment settings",
        summary: "See the payment settings",
        description: "What is in force: the merchant account's terms, what becomes of excess money, the limit of UPI.",
        roles: WHO.books,
      }),
      response: answers(
        {
          status: 200,
          description: "The settings",
          schema: Type.Object({
            merchant: Type.Object(Merchant),
            excess: Type.Array(Type.Object({ service: Service, ...Excess.properties })),
            upiLimit: Limit,
          }),
        },
        [],
      ),
    },
    handler: async (request) =>
      inSnapshot(app, callerOf(request), async (read) => {
        const known = [...(await services(read, dateInIndia(app.clock()))).keys()];
        return {
          merchant: await merchantSettings(read),
          excess: [...(await excessPolicies(read, known))].map(([service, p]) => ({ service, ...excessView(p) })),
          upiLimit: limitView(await upiLimit(read)),
        };
      }),
  });

  server.route({
    method: "GET",
    url: "/payment-settings/versions",
    config: { roles: WHO.books },
    schema: {
      ...doc({
        tag: "Payment settings",
        summary: "List versions of the payment settings",
        description: "Who decided what and when, the newest first, at most 200 of each kind.",
        roles: WHO.books,
      }),
      response: answers(
        {
          status: 200,
          description: "The versions",
          schema: Type.Object({
            merchant: Type.Array(Type.Object({ ...Merchant, setBy: Type.String(), setAt: Moment })),
            excess: Type.Array(
              Type.Object({ service: Service, ...Excess.properties, setBy: Type.String(), setAt: Moment }),
            ),
            upiLimit: Type.Array(Limit),
          }),
        },
        [],
      ),
    },
    handler: async (request) =>
      inSnapshot(app, callerOf(request), async (read) => ({
        merchant: (await listMerchantSettings(read)).map((m) => ({ ...m, setAt: m.setAt.toISOString() })),
        excess: (await listExcessPolicies(read)).map((e) => ({
          service: e.service,
          ...excessView(e.policy),
          setBy: e.setBy,
          setAt: e.setAt.toISOString(),
        })),
        upiLimit: (await listUpiLimits(read)).map(limitView),
      })),
  });

  server.route({
    method: "PUT",
    url: "/payment-settings/merchant",
    config: { roles: WHO.administers },
    schema: {
      ...doc({
        tag: "Payment settings",
        summary: "Set the merchant account's terms",
        description: "What is not named stays as it is.",
        roles: WHO.administers,
      }),
      body: Type.Partial(Type.Object(Merchant), {
        ...strict,
        examples: [{ accountId: "acc_ABCDEFGH123456", capture: "manual" }],
      }),
      response: answers({ status: 200, description: "The terms in force", schema: Type.Object(Merchant) }, [
        "MERCHANT_ACCOUNT",
      ]),
    },
    handler: async (request, reply) =>
      answerOnce(app, request, reply, async (tx) => ({
        status: 200,
        body: await setMerchantSettings(tx, request.body),
      })),
  });

  server.route({
    method: "PUT",
    url: "/payment-settings/excess/:service",
    config: { roles: WHO.administers },
    schema: {
      ...doc({
        tag: "Payment settings",
        summary: "Set what becomes of excess money",
        description:
          "Of a service: ADVANCE, kept as the consumer's credit; AUTO_REFUND, given back by itself up to a limit within some days; HOLD, a person decides.",
        roles: WHO.administers,
      }),
      params: Type.Object({ service: Service }),
      body: Type.Union(
        [
          Type.Object({ policy: Type.Union([Type.Literal("ADVANCE"), Type.Literal("HOLD")]) }, strict),
          Type.Object(
            {
              policy: Type.Literal("AUTO_REFUND"),
              limit: Money,
              windowDays: Type.Integer({ minimum: 0, maximum: 180 }),
            },
            strict,
          ),
        ],
        { examples: [{ policy: "AUTO_REFUND", limit: "50000.00", windowDays: 7 }] },
      ),
      response: answers({ status: 200, description: "The policy in force", schema: Excess }, [
        "SERVICE_UNKNOWN",
        "EXCESS_POLICY",
        "MONEY_DECIMALS",
      ]),
    },
    handler: async (request, reply) =>
      answerOnce(app, request, reply, async (tx) => {
        const { service } = request.params;
        if (!(await services(tx, dateInIndia(tx.clock()))).has(service))
          throw billingErrors.SERVICE_UNKNOWN({ service: service.slice(0, 60) });
        await setExcessPolicy(
          tx,
          service,
          request.body.policy === "AUTO_REFUND"
            ? { policy: "AUTO_REFUND", limit: amountOf(request.body.limit), windowDays: request.body.windowDays }
            : { policy: request.body.policy },
        );
        const now = (await excessPolicies(tx, [service])).get(service);
        return { status: 200, body: now === undefined ? null : excessView(now) };
      }),
  });

  server.route({
    method: "PUT",
    url: "/payment-settings/upi-limit",
    config: { roles: WHO.administers },
    schema: {
      ...doc({
        tag: "Payment settings",
        summary: "Set the limit of UPI",
        description:
          "What a UPI app may pay at once, with its source. A sum above it is not refused: the citizen is told of another way.",
        roles: WHO.administers,
      }),
      body: Type.Object(
        { amount: Money, basis: Type.String({ minLength: 5, maxLength: 300 }) },
        { ...strict, examples: [{ amount: "500000.00", basis: "NPCI circular OC-185A of August 2024" }] },
      ),
      response: answers({ status: 200, description: "The limit in force", schema: Limit }, [
        "UPI_LIMIT",
        "MONEY_DECIMALS",
      ]),
    },
    handler: async (request, reply) =>
      answerOnce(app, request, reply, async (tx) => ({
        status: 200,
        body: limitView(await setUpiLimit(tx, { amount: amountOf(request.body.amount), basis: request.body.basis })),
      })),
  });
};
