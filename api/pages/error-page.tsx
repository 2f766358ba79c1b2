import { renderToString } from "preact-render-to-string";
import type { VNode } from "preact";
import type { Session } from "../session.ts";
import { sentence } from "./components.tsx";
import { localRefusal, translator } from "./i18n.ts";
import type { View } from "./kit.tsx";
import { Layout } from "./layout.tsx";

export function ErrorPage({
  view,
  status,
  message,
}: {
  readonly view: View;
  readonly status: number;
  readonly message: string;
}): VNode {
  const { t } = view;
  const title = status === 404 ? t("error.404") : status === 403 ? t("error.403") : t("error.title");
  const split = /^([A-Z][A-Z0-9_]+): ([\s\S]*)$/.exec(message);
  const { lang } = view.session;
  const local = localRefusal(lang, split?.[1] ?? (status === 404 ? "PAGE_NOT_FOUND" : ""));
  return (
    <Layout view={view} title={title} section="home">
      <h1>{title}</h1>
      <div class="flash problem" role="alert">
        <p lang={lang !== "en" && local === undefined ? "en" : undefined}>{sentence(local ?? split?.[2] ?? message)}</p>
        {split && <p class="code">{split[1]}</p>}
      </div>
      <p class="actions">
        <a class="button second" href="/">
          {t("error.home")}
        </a>
      </p>
    </Layout>
  );
}

/** The page of a refusal that belongs to no form, or of a failure. A request that failed before its session was loaded speaks English. */
export function errorPage(session: Session | null | undefined, status: number, message: string): string {
  const known: Session = session ?? { csrf: "", lang: "en" };
  const view: View = { session: known, t: translator(known.lang), path: "/" };
  return `<!doctype html>${renderToString(<ErrorPage view={view} status={status} message={message} />)}`;
}
