import type { ComponentChildren, VNode } from "preact";
import type { Role } from "../../ledger/kernel/tx.ts";
import { assetUrl } from "./asset-urls.ts";
import type { Key } from "./i18n.ts";
import type { View } from "./kit.tsx";

/** Who may read which part. The ledger's own rules (maker is not checker) come on top. */
export const READERS = {
  counter: ["cashier"],
  demand: ["superintendent", "accountant", "checker", "auditor", "admin"],
  books: ["accountant", "checker", "auditor", "admin"],
  audit: ["auditor", "accountant", "checker", "state", "admin"],
  dashboard: ["accountant", "checker", "auditor", "state", "admin", "cashier"],
} as const satisfies Record<string, readonly Role[]>;

type Section = "home" | "pay" | keyof typeof READERS;

const LINKS: readonly { readonly section: Section; readonly href: string; readonly key: Key }[] = [
  { section: "pay", href: "/pay", key: "nav.pay" },
  { section: "counter", href: "/counter", key: "nav.counter" },
  { section: "demand", href: "/demand", key: "nav.demand" },
  { section: "books", href: "/books", key: "nav.books" },
  { section: "audit", href: "/audit", key: "nav.audit" },
  { section: "dashboard", href: "/dashboard", key: "nav.dashboard" },
];

function isOpenTo(section: Section, roles: readonly Role[]): boolean {
  if (section === "home" || section === "pay") return true;
  const readers: readonly Role[] = READERS[section];
  return readers.some((r) => roles.includes(r));
}

/** The same address in the other language. */
export function inOtherLanguage(path: string, lang: "en" | "hi"): string {
  const [address = "/", query = ""] = path.split("?");
  const params = new URLSearchParams(query);
  params.set("lang", lang === "en" ? "hi" : "en");
  return `${address}?${params.toString()}`;
}

export type LayoutProps = {
  readonly view: View;
  readonly title: string;
  readonly section: Section;
  /** The ULB's name, where the page is about one. */
  readonly ulb?: { readonly name: string; readonly nameLocal: string | null } | undefined;
  readonly scripts?: readonly ("htmx.js" | "autosubmit.js" | "bench.js" | "print.js")[];
  /** Wide pages hold registers and statements; the others are for reading and filling in. */
  readonly wide?: boolean;
  readonly children: ComponentChildren;
};

/** The frame of every page: language, navigation, one main part. Nothing in it needs a script. */
export function Layout({ view, title, section, ulb, scripts = [], wide = false, children }: LayoutProps): VNode {
  const { t, session } = view;
  const { user } = session;
  const city = ulb ?? user?.ulb;
  const cityName = city && ((session.lang === "hi" ? city.nameLocal : null) ?? city.name);
  return (
    <html lang={session.lang}>
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light" />
        <title>{`${title} · ${cityName ?? t("app.name")}`}</title>
        <link rel="icon" href={assetUrl("icon.svg")} type="image/svg+xml" />
        <link rel="stylesheet" href={assetUrl("styles.css")} />
        {scripts.includes("htmx.js") && <meta name="htmx-config" content='{"includeIndicatorCSS":false}' />}
        {scripts.map((name) => (
          <script src={assetUrl(name)} defer />
        ))}
      </head>
      <body>
        <a class="skip" href="#main">
          {t("skip")}
        </a>
        <header class="top">
          <div class="top-row">
            <a class="brand" href="/">
              <svg viewBox="0 0 32 32" width="32" height="32" aria-hidden="true" focusable="false">
                <rect width="32" height="32" rx="6" fill="#fff" />
                <path
                  d="M6 25h20M8 22V13m5 9V13m6 9V13m5 9V13M5 11l11-6 11 6z"
                  stroke="#0b3d62"
                  stroke-width="2.2"
                  fill="none"
                  stroke-linejoin="round"
                  stroke-linecap="round"
                />
              </svg>
              <span>
                <strong>{cityName ?? t("app.name")}</strong>
                <small>{cityName === undefined ? t("app.tagline") : t("app.name")}</small>
              </span>
            </a>
            <div class="who">
              <a
                href={inOtherLanguage(view.path, session.lang)}
                hreflang={session.lang === "en" ? "hi" : "en"}
                aria-label={t("lang.label")}
              >
                <span lang={session.lang === "en" ? "hi" : "en"}>{t("lang.other")}</span>
              </a>
              {user ? (
                <form method="post" action="/signout" class="inline">
                  <input type="hidden" name="_csrf" value={session.csrf} />
                  <span class="name">
                    <span class="quiet">{t("nav.signedin")}</span> {user.name}
                  </span>
                  <button class="link">{t("nav.signout")}</button>
                </form>
              ) : (
                <a href="/signin">{t("nav.signin")}</a>
              )}
            </div>
          </div>
          <nav aria-label={t("nav.label")}>
            <ul>
              {LINKS.filter((l) => isOpenTo(l.section, user?.roles ?? [])).map((l) => (
                <li>
                  <a href={l.href} aria-current={l.section === section ? "page" : undefined}>
                    {t(l.key)}
                  </a>
                </li>
              ))}
            </ul>
          </nav>
        </header>
        <main
          id="main"
          tabIndex={-1}
          class={wide ? "wide" : undefined}
          // The pages of the offices are written in English so far, the counter’s in both; a screen reader must not read them out as Hindi.
          lang={session.lang !== "en" && section in READERS && section !== "counter" ? "en" : undefined}
        >
          {children}
        </main>
        <footer>
          <p>{t("footer.note")}</p>
          <p>
            <a href="/docs">{t("footer.api")}</a>
          </p>
        </footer>
      </body>
    </html>
  );
}
