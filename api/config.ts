import path from "node:path";
import { defineErrors } from "../ledger/kernel/errors.ts";

export const configErrors = defineErrors({
  CONFIG_PORT: {
    status: 500,
    message: (f: { value: string }) => `PORT is "${f.value}"; it must be a number from 1 to 65535`,
  },
  CONFIG_PUBLIC_URL: {
    status: 500,
    message: (f: { value: string }) =>
      `PUBLIC_URL is "${f.value}"; write it like https://pay.example.org, without a path`,
  },
  CONFIG_MESSAGES: {
    status: 500,
    message: (f: { value: string }) => `MESSAGES is "${f.value}"; it must be file, console, sms or none`,
  },
  CONFIG_SMS: {
    status: 500,
    message: (f: { file: string; problem: string }) =>
      `the SMS gateway of SMS_GATEWAY_FILE "${f.file}" cannot be used: ${f.problem}`,
  },
  CONFIG_GATEWAY: {
    status: 500,
    message: (f: { missing: readonly string[] }) =>
      `the Razorpay gateway needs ${f.missing.join(", ")} as well; set all of RAZORPAY_KEY_ID, RAZORPAY_KEY_SECRET and RAZORPAY_WEBHOOK_SECRET, or none (the simulator, in demo mode only)`,
  },
});

/** The gateway of a real account; in demo mode without one, the built-in simulator. */
export type GatewayConfig = {
  readonly keyId: string;
  readonly keySecret: string;
  readonly webhookSecret: string;
  readonly baseUrl: string | undefined;
};

export type Config = {
  readonly host: string;
  readonly port: number;
  /** Where people reach this server, when that is not host and port: behind a proxy. For links, QR codes and the way back from the gateway. */
  readonly publicUrl: string | undefined;
  /** A server of yours, or undefined: the embedded PostgreSQL. */
  readonly databaseUrl: string | undefined;
  readonly redisUrl: string | undefined;
  readonly dataDir: string;
  readonly gateway: GatewayConfig | undefined;
  /** Where messages to citizens go; undefined: a file in demo mode, and otherwise they are held. */
  readonly messages: "file" | "console" | "sms" | "none" | undefined;
  /** The file that describes the SMS gateway (docs/guides/messages.md), for MESSAGES=sms. */
  readonly smsGatewayFile: string | undefined;
};

/** Reads the environment (docs/reference/configuration.md). Raises CONFIG_*. */
export function readConfig(env: NodeJS.ProcessEnv = process.env): Config {
  const port = Number(env["PORT"] ?? "8080");
  if (!Number.isInteger(port) || port < 1 || port > 65535) throw configErrors.CONFIG_PORT({ value: env["PORT"] ?? "" });
  return {
    host: env["HOST"] ?? "127.0.0.1",
    port,
    publicUrl: readPublicUrl(env["PUBLIC_URL"]),
    databaseUrl: env["DATABASE_URL"] || undefined,
    redisUrl: env["REDIS_URL"] || undefined,
    dataDir: path.resolve(env["NAGARKOSH_DATA"] ?? ".data"),
    gateway: readGateway(env),
    messages: readMessages(env["MESSAGES"]),
    smsGatewayFile: env["SMS_GATEWAY_FILE"] || undefined,
  };
}

function readPublicUrl(value: string | undefined): string | undefined {
  if (!value) return undefined;
  if (!/^https?:\/\/[^/?#\s]+$/.test(value)) throw configErrors.CONFIG_PUBLIC_URL({ value });
  return value;
}

function readMessages(value: string | undefined): Config["messages"] {
  if (!value) return undefined;
  if (value !== "file" && value !== "console" && value !== "sms" && value !== "none")
    throw configErrors.CONFIG_MESSAGES({ value });
  return value;
}

function readGateway(env: NodeJS.ProcessEnv): GatewayConfig | undefined {
  const names = ["RAZORPAY_KEY_ID", "RAZORPAY_KEY_SECRET", "RAZORPAY_WEBHOOK_SECRET"] as const;
  const missing = names.filter((n) => !env[n]);
  if (missing.length === names.length) return undefined;
  if (missing.length > 0) throw configErrors.CONFIG_GATEWAY({ missing });
  return {
    keyId: env["RAZORPAY_KEY_ID"] ?? "",
    keySecret: env["RAZORPAY_KEY_SECRET"] ?? "",
    webhookSecret: env["RAZORPAY_WEBHOOK_SECRET"] ?? "",
    baseUrl: env["RAZORPAY_BASE_URL"] || undefined,
  };
}
