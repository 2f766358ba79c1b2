import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";
import { inflate } from "@sparticuz/chromium";
import { chromium, type Browser, type BrowserContext, type Page } from "playwright-core";
import { afterAll } from "vitest";
import { createGateway, createSimulator, type Simulator } from "../collections/index.ts";
import type { App, Ulb } from "../ledger/kernel/tx.ts";
import { createWebApp, formSecret } from "./app.ts";
import type { WebApp } from "./web-app.ts";

const SIMULATOR = "/__sim/razorpay";

export type TestWeb = { readonly url: string; readonly app: WebApp; readonly simulator: Simulator };

/**
 * The whole web application on a free port, as `serve --demo` puts it together: real database, real SDK, and the gateway's simulator with its
 * hosted payment page mounted on the same server. Webhooks wait until the test delivers them. Stopped when the test file is done.
 */
export async function startTestWeb(app: App, ulb: Ulb): Promise<TestWeb> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const simulator = createSimulator({
    clock: app.clock,
    mountPath: SIMULATOR,
    merchantName: ulb.name,
    webhookUrl: `${url}/webhooks/razorpay/{ulb}`,
  });
  const gateway = createGateway(simulator.gatewayConfig(url));
  const webApp: WebApp = { ...app, gateway, demo: true, baseUrl: url, defaultUlb: () => Promise.resolve(ulb) };
  const web = await createWebApp({
    app: webApp,
    secret: await formSecret(app),
    log: false,
    mounted: { prefix: "/__sim/", handle: (req, res) => simulator.handle(req, res) },
  });
  await web.listen({ host: "127.0.0.1", port });
  afterAll(async () => {
    gateway.close();
    await web.close();
    simulator.stop();
  });
  return { url, app: webApp, simulator };
}

/** The address must be known before the server is made: it stands in the content security policy and in the gateway's way back. */
async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve, reject) => {
    probe.once("error", reject);
    probe.listen(0, "127.0.0.1", resolve);
  });
  const { port } = probe.address() as AddressInfo;
  await new Promise<void>((resolve) => probe.close(() => resolve()));
  return port;
}

/** The browser that came with npm. Nothing of the system's is used, not even its fonts. Closed when the test file is done. */
export async function openBrowser(): Promise<Browser> {
  const home = await unpackBrowser();
  const browser = await launch(home, {}).catch((error: unknown) => {
    // A machine with only Node lacks the libraries that browsers link to; a set of them came along. Where they are there, the system's fit better.
    if (!/shared librar/i.test(String(error))) throw error;
    return launch(home, { LD_LIBRARY_PATH: path.join(home, "al2023", "lib") });
  });
  afterAll(() => browser.close());
  return browser;
}

/**
 * Fonts of the browser's own. The list that came with it names /tmp/fonts, which another program of the same package may or may not have made;
 * without any font the browser dies at the first form field.
 */
function fontList(home: string): string {
  const file = path.join(home, "fonts", "nagarkosh.conf");
  const folder = path.join(home, "fonts", "fonts");
  const list = `<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig><dir>${folder}</dir><cachedir>${path.join(home, "fonts-cache")}</cachedir></fontconfig>\n`;
  writeFileSync(file, list);
  return file;
}

function launch(home: string, more: Readonly<Record<string, string>>): Promise<Browser> {
  const inherited = Object.entries(process.env).filter((e): e is [string, string] => e[1] !== undefined);
  return chromium.launch({
    executablePath: path.join(home, "chromium"),
    headless: true,
    // No sandbox: it cannot be had as root, and the browser sees pages of ours alone. Web security stays on: it is part of what is tested.
    args: ["--no-sandbox", "--no-zygote", "--disable-gpu", "--disable-dev-shm-usage", "--font-render-hinting=none"],
    env: { ...Object.fromEntries(inherited), FONTCONFIG_FILE: fontList(home), ...more },
  });
}

/** Unpacks the browser once per machine, version and user; whole or not at all, so that a run that was killed leaves nothing half done. */
async function unpackBrowser(): Promise<string> {
  const load = createRequire(import.meta.url);
  const home = path.resolve(path.dirname(load.resolve("@sparticuz/chromium")), "..", "..");
  const { version } = load(path.join(home, "package.json")) as { version: string };
  const target = path.join(tmpdir(), `nagarkosh-chromium-${version}-${process.getuid?.() ?? "user"}`);
  if (existsSync(target)) return target;
  const work = mkdtempSync(`${target}-`);
  const before = process.env["TMPDIR"];
  try {
    process.env["TMPDIR"] = work; // where the package unpacks to
    await Promise.all(
      ["chromium.br", "fonts.tar.br", "al2023.tar.br"].map((name) => inflate(path.join(home, "bin", name))),
    );
  } finally {
    if (before === undefined) delete process.env["TMPDIR"];
    else process.env["TMPDIR"] = before;
  }
  try {
    renameSync(work, target);
  } catch {
    // Another run was faster; its copy is as good.
    rmSync(work, { recursive: true, force: true });
  }
  return target;
}

/** A person at a browser of his own. */
export type Visitor = {
  readonly page: Page;
  readonly context: BrowserContext;
  /** What the browser complained about: scripts, refused content, addresses that are not ours. Empty when all is well. */
  readonly complaints: readonly string[];
  signIn(login: string, password: string): Promise<void>;
};

export const DESKTOP = { width: 1280, height: 900 };
/** The narrowest phone that pages are made for. */
export const PHONE = { width: 360, height: 740 };

/** Opens a browser window. Whatever is not on `url` is refused and complained about: pages need nothing from elsewhere. */
export async function visit(
  browser: Browser,
  url: string,
  options: {
    readonly lang?: "en" | "hi";
    readonly viewport?: { readonly width: number; readonly height: number };
    readonly scripts?: boolean;
    /** Every page of this visit is held against the rules of accessibility: they come with the page, which is quicker. */
    readonly rules?: boolean;
  } = {},
): Promise<Visitor> {
  const context = await browser.newContext({
    baseURL: url,
    viewport: options.viewport ?? DESKTOP,
    javaScriptEnabled: options.scripts ?? true,
    acceptDownloads: true,
    reducedMotion: "reduce",
  });
  const complaints: string[] = [];
  await context.route(
    (address) => address.origin !== url,
    (route) => {
      complaints.push(`asked for ${route.request().url()}`);
      return route.abort();
    },
  );
  if (options.lang) await context.addCookies([{ name: "lang", value: options.lang, url }]);
  if (options.rules === true) await context.addInitScript(RULES);
  const page = await context.newPage();
  page.on("pageerror", (error) => complaints.push(`script: ${error.message}`));
  page.on("console", (message) => {
    // The browser itself notes every answer of 4xx and 5xx; refusals are what tests look for.
    if (message.type() === "error" && !/^Failed to load resource/.test(message.text())) {
      complaints.push(message.text());
    }
  });
  return {
    page,
    context,
    complaints,
    signIn: async (login, password) => {
      await page.goto("/signin");
      await page.locator('input[name="login"]').fill(login);
      await page.locator('input[name="password"]').fill(password);
      await page.locator('input[name="password"]').press("Enter");
      await page.waitForURL((address) => !address.pathname.startsWith("/signin"));
    },
  };
}

/** axe-core as one script. Injected by hand: its own driver sends twice the text twice, and opens a blank page for every page it looks at. */
const require = createRequire(import.meta.url);
const RULES = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
const RUN_RULES = `axe.run(document, {
  runOnly: { type: "tag", values: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"] },
  resultTypes: ["violations"],
}).then(({ violations }) => violations.map((v) => v.id + ": " + v.help + " (" + v.nodes.map((n) => n.target.join(" ")).join("; ") + ")"))`;

/** What WCAG 2.1 A and AA have against the page, one line a rule with the elements; [] when nothing. */
export async function accessibilityProblems(page: Page): Promise<string[]> {
  if (!(await page.evaluate<boolean>("'axe' in window"))) await page.evaluate(RULES);
  return page.evaluate<string[]>(RUN_RULES);
}

/** Writes what the page looks like into the folder named by NAGARKOSH_SCREENSHOTS; does nothing unless it is set. */
export async function screenshot(page: Page, name: string): Promise<void> {
  const folder = process.env["NAGARKOSH_SCREENSHOTS"];
  if (folder === undefined || folder === "") return;
  mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: path.join(folder, `${name}.png`), fullPage: true });
}

/** Takes a picture for the documentation, the window as it stands, when NAGARKOSH_PICTURES is set; see docs/images. */
export async function picture(page: Page, name: string): Promise<void> {
  if (process.env["NAGARKOSH_PICTURES"] === undefined) return;
  await page.screenshot({ path: path.resolve(import.meta.dirname, "../docs/images", `${name}.png`) });
}

/** How far the page is wider than its window; 0 when nobody has to scroll sideways to read. */
export async function overflow(page: Page): Promise<number> {
  return page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth");
}
