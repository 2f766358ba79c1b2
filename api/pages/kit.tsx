import type { FastifyReply, FastifyRequest } from "fastify";
import type { VNode } from "preact";
import { renderToString } from "preact-render-to-string";
import { newId } from "../../ledger/kernel/ids.ts";
import { Refusal } from "../../ledger/kernel/errors.ts";
import { inSnapshot, inTransaction, type Read, type Role, type Tx, type Who } from "../../ledger/kernel/tx.ts";
import { dateInIndia, localDate, type LocalDate } from "../../ledger/kernel/dates.ts";
import type { WebApp } from "../web-app.ts";
import type { Session, SessionFacade } from "../session.ts";
import { translator, type Translate } from "./i18n.ts";

export type PagesOptions = { readonly app: WebApp; readonly session: SessionFacade };

/** What every page is drawn with. `path` is the address to GET this page again, in the other language too. */
export type View = {
  readonly session: Session;
  readonly t: Translate;
  readonly path: string;
};

export function viewOf(request: FastifyRequest, path: string = request.url): View {
  return { session: request.session, t: translator(request.session.lang), path };
}

/** Sends a page. Pages are of the moment and of one person: nothing between keeps them. */
export function send(reply: FastifyReply, page: VNode, status = 200): FastifyReply {
  return reply
    .status(status)
    .header("cache-control", "no-store")
    .type("text/html; charset=utf-8")
    .send(`<!doctype html>${renderToString(page)}`);
}

/** A piece of a page, for htmx to put in its place. */
export function sendPart(reply: FastifyReply, part: VNode): FastifyReply {
  return reply.header("cache-control", "no-store").type("text/html; charset=utf-8").send(renderToString(part));
}

export type Attempt<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly refusal: Refusal };

/** Runs what a form asked for; a refusal is given back, to be shown beside the form. Everything else is thrown on. */
export async function attempt<T>(work: () => Promise<T>): Promise<Attempt<T>> {
  try {
    return { ok: true, value: await work() };
  } catch (error) {
    if (error instanceof Refusal) return { ok: false, refusal: error };
    throw error;
  }
}

/** The text of a form or query field: the first of several, without spaces around it and without NUL; "" when it is missing. */
export function field(from: unknown, name: string): string {
  if (typeof from !== "object" || from === null) return "";
  const found = (from as Record<string, unknown>)[name];
  const value: unknown = Array.isArray(found) ? found[0] : found;
  return typeof value === "string" ? value.replaceAll("\0", "").trim() : "";
}

/** An amount as people type it: commas of grouping and a rupee sign in front are taken away; rupees() judges the rest. */
export function typedAmount(input: string): string {
  return input.replace(/^₹\s*/, "").replace(/,/g, "");
}

/** The date of a query field, or the given one when the field is missing or empty. Raises DATE_FORMAT. */
export function dateField(from: unknown, name: string, otherwise: LocalDate): LocalDate {
  const text = field(from, name);
  return text === "" ? otherwise : localDate(text);
}

/** A key made when the form is drawn: the same form sent twice is one payment. */
export function formKey(): string {
  return `form-${newId()}`;
}

/** The tools that all routes use, around one application. */
export type Desk = ReturnType<typeof createDesk>;

export function createDesk({ app, session }: PagesOptions) {
  return {
    app,
    session,
    today: (): LocalDate => dateInIndia(app.clock()),
    need: (request: FastifyRequest, ...roles: readonly Role[]): Who => session.need(request, ...roles),
    /** A person without an account, in the ULB he is looking at. */
    citizen: async (request: FastifyRequest): Promise<Who> => ({
      ulb: request.session.user?.ulb ?? (await app.defaultUlb()),
      actor: { id: "citizen", roles: ["citizen"] },
    }),
    read: <T,>(who: Who, fn: (read: Read) => Promise<T>): Promise<T> => inSnapshot(app, who, fn),
    write: <T,>(who: Who, fn: (tx: Tx) => Promise<T>): Promise<T> => inTransaction(app, who, fn),
  };
}
