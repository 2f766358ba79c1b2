import type { FastifyInstance } from "fastify";
import type { VNode } from "preact";
import { attempt, field, send, viewOf, type Desk, type View } from "./kit.tsx";
import { Badge, Field, Flash, Form, Table } from "./components.tsx";
import { wordFor, type Key } from "./i18n.ts";
import { Layout } from "./layout.tsx";

const DOORS = ["pay", "counter", "demand", "books", "audit", "dashboard"] as const;
const HOME: Record<(typeof DOORS)[number], { readonly title: Key; readonly text: Key }> = {
  pay: { title: "home.pay.title", text: "home.pay.text" },
  counter: { title: "home.counter.title", text: "home.counter.text" },
  demand: { title: "home.demand.title", text: "home.demand.text" },
  books: { title: "home.books.title", text: "home.books.text" },
  audit: { title: "home.audit.title", text: "home.audit.text" },
  dashboard: { title: "home.dashboard.title", text: "home.dashboard.text" },
};
const DEMO_LOGINS = ["accountant", "checker", "cashier", "superintendent", "auditor", "state", "admin"] as const;

export function HomePage({
  view,
  ulb,
}: {
  readonly view: View;
  readonly ulb: { name: string; nameLocal: string | null } | undefined;
}): VNode {
  const { t } = view;
  return (
    <Layout view={view} title={t("nav.home")} section="home" ulb={ulb} wide>
      <h1>{t("home.title")}</h1>
      <p>{t("home.lead")}</p>
      <ul class="cards">
        {DOORS.map((door) => (
          <li>
            <a class="card" href={`/${door}`}>
              <strong>{t(HOME[door].title)}</strong>
              {t(HOME[door].text)}
              {door !== "pay" && !view.session.user && <small> ({t("home.signin")})</small>}
            </a>
          </li>
        ))}
      </ul>
    </Layout>
  );
}

export function SignInPage(props: {
  readonly view: View;
  readonly next: string;
  readonly login?: string;
  readonly hasFailed?: boolean;
  readonly demo: boolean;
}): VNode {
  const { view, next } = props;
  const { t } = view;
  return (
    <Layout view={view} title={t("signin.title")} section="home">
      <h1>{t("signin.title")}</h1>
      {props.hasFailed && <Flash kind="problem">{t("signin.failed")}</Flash>}
      <div class="two">
        <div class="panel">
          <Form view={view} action="/signin">
            <input type="hidden" name="next" value={next} />
            <Field
              label={t("signin.login")}
              name="login"
              value={props.login}
              isRequired
              hasFocus={!props.login}
              autoComplete="username"
            />
            <Field
              label={t("signin.password")}
              name="password"
              type="password"
              isRequired
              hasFocus={Boolean(props.login)}
              autoComplete="current-password"
            />
            <button>{t("signin.submit")}</button>
          </Form>
        </div>
        {props.demo && (
          <div class="panel">
            <h2>{t("signin.demo.title")}</h2>
            <p>{t("signin.demo.text")}</p>
            <Table
              caption={t("signin.demo.title")}
              hideCaption
              columns={[{ title: t("signin.login") }, { title: t("signin.role") }]}
              rows={DEMO_LOGINS.map((role) => ({
                cells: [
                  <a href={`/signin?${new URLSearchParams({ login: `${role}@demo`, next }).toString()}`}>
                    {role}@demo
                  </a>,
                  <Badge kind="plain">{wordFor(t, "role", role)}</Badge>,
                ],
              }))}
            />
          </div>
        )}
      </div>
    </Layout>
  );
}

/** Only an address of this site: "//other.example" and "https:…" lead away. */
export function safeNext(next: string): string {
  return /^\/(?![/\\])[\x21-\x7e]*$/.test(next) ? next : "/";
}

export function homeRoutes(web: FastifyInstance, desk: Desk): void {
  web.get("/", async (request, reply) => {
    // A fresh installation has no city yet; its first page is there all the same.
    const ulb = await attempt(() => desk.app.defaultUlb());
    return send(reply, <HomePage view={viewOf(request)} ulb={ulb.ok ? ulb.value : undefined} />);
  });

  web.get("/signin", async (request, reply) =>
    send(
      reply,
      <SignInPage
        view={viewOf(request)}
        next={safeNext(field(request.query, "next"))}
        login={field(request.query, "login").slice(0, 120)}
        demo={desk.app.demo}
      />,
    ),
  );

  // Passwords are tried slowly: by this limit for one address, and by the lock for one account.
  web.post("/signin", { config: { rateLimit: { max: 20, timeWindow: "1 minute" } } }, async (request, reply) => {
    const login = field(request.body, "login");
    const body = request.body as { password?: unknown } | undefined;
    const password = typeof body?.password === "string" ? body.password : "";
    const next = safeNext(field(request.body, "next"));
    if (await desk.session.signIn(request, reply, login, password)) {
      return reply.redirect(next === "/" ? doorOf(request.session.user?.roles ?? []) : next, 303);
    }
    return send(
      reply,
      <SignInPage
        view={viewOf(request, "/signin")}
        next={next}
        login={login.slice(0, 120)}
        hasFailed
        demo={desk.app.demo}
      />,
      401,
    );
  });

  web.post("/signout", async (request, reply) => {
    await desk.session.signOut(request, reply);
    return reply.redirect("/", 303);
  });
}

/** Where a person's work is. */
function doorOf(roles: readonly string[]): string {
  if (roles.includes("cashier")) return "/counter";
  if (roles.includes("accountant") || roles.includes("checker")) return "/books";
  if (roles.includes("superintendent")) return "/demand/rates";
  if (roles.includes("auditor")) return "/audit";
  return roles.includes("state") || roles.includes("admin") ? "/dashboard" : "/";
}
