import "@fastify/cookie"; // adds cookies to the request and reply types
import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import type { FastifyReply, FastifyRequest } from "fastify";
import { newToken } from "../ledger/kernel/ids.ts";
import type { App, Role, Ulb, Who } from "../ledger/kernel/tx.ts";
import { getUlbById } from "../ledger/index.ts";
import { apiErrors } from "./errors.ts";
import { checkPassword, rolesOf } from "./users.ts";

export type Language = "en" | "hi";

/** What is known of whoever asks. Without a user it is a citizen. */
export type Session = {
  readonly user?: { readonly id: string; readonly name: string; readonly roles: readonly Role[]; readonly ulb: Ulb };
  /** Goes into every form as `_csrf`; bound to the session, or for a citizen to a cookie of his own. */
  readonly csrf: string;
  readonly lang: Language;
};

declare module "fastify" {
  interface FastifyRequest {
    session: Session;
  }
}

type Person = NonNullable<Session["user"]>;

export type SessionFacade = {
  /** The signed-in person behind the request's cookie, if his session is alive. Sets no cookie and makes no session. */
  person(request: FastifyRequest): Promise<Person | undefined>;
  /** Fills request.session from the cookies; run before every route. */
  load(request: FastifyRequest, reply: FastifyReply): Promise<void>;
  signIn(request: FastifyRequest, reply: FastifyReply, login: string, password: string): Promise<boolean>;
  signOut(request: FastifyRequest, reply: FastifyReply): Promise<void>;
  /** Who acts, if he has one of the roles. Raises NOT_SIGNED_IN, ROLE_DENIED. */
  need(request: FastifyRequest, ...roles: readonly Role[]): Who;
  /** Raises FORM_EXPIRED unless the form carries this session's token. */
  checkCsrf(request: FastifyRequest): void;
};

const HOURS = 12;
const IDLE_MINUTES = 60;
const hashOf = (token: string): Buffer => createHash("sha256").update(token).digest();

/** Server-side sessions: the cookie carries a random token, the table its hash; an hour idle or twelve hours end it. */
export function createSessions(
  app: App,
  options: { readonly secret: string; readonly secure: boolean },
): SessionFacade {
  const cookie = { path: "/", httpOnly: true, sameSite: "lax", secure: options.secure } as const;
  const csrfFor = (token: string): string =>
    createHmac("sha256", options.secret).update(`csrf:${token}`).digest("base64url");

  async function find(token: string): Promise<Person | undefined> {
    const now = app.clock();
    const { rows } = await app.db.batch.query<{
      user_id: string;
      login: string;
      name: string;
      ulb_id: number;
      stale: boolean;
    }>(
      `select s.user_id, u.login, u.name, s.ulb_id, s.seen_at < $2::timestamptz - interval '1 minute' as stale
       from api.sessions s join api.users u on u.user_id = s.user_id
       where s.token_hash = $1 and s.expires_at > $2 and s.seen_at > $2::timestamptz - make_interval(mins => $3) and u.is_active`,
      [hashOf(token), now, IDLE_MINUTES],
    );
    const row = rows[0];
    if (!row) return undefined;
    const roles = (await rolesOf(app, row.user_id)).get(row.ulb_id) ?? [];
    if (row.stale)
      await app.db.batch.query("update api.sessions set seen_at = $2 where token_hash = $1", [hashOf(token), now]);
    return { id: row.login, name: row.name, roles, ulb: await getUlbById(app, row.ulb_id) };
  }

  return {
    person: async (request) => {
      const token = request.cookies["session"];
      return token ? find(token) : undefined;
    },

    load: async (request, reply) => {
      const query = request.query as Record<string, unknown> | undefined;
      const asked = query?.["lang"];
      const lang: Language = asked === "hi" || (asked !== "en" && request.cookies["lang"] === "hi") ? "hi" : "en";
      if (asked === "hi" || asked === "en") void reply.setCookie("lang", asked, { ...cookie, maxAge: 365 * 86_400 });
      const token = request.cookies["session"];
      if (token) {
        const user = await find(token);
        if (user) {
          request.session = { user, csrf: csrfFor(token), lang };
          return;
        }
        void reply.clearCookie("session", cookie);
      }
      let visitor = request.cookies["visitor"];
      if (!visitor || visitor.length !== 27) {
        visitor = newToken();
        void reply.setCookie("visitor", visitor, cookie);
      }
      request.session = { csrf: csrfFor(visitor), lang };
    },

    signIn: async (request, reply, login, password) => {
      const user = await checkPassword(app, login, password);
      if (!user) return false;
      const ulbId = [...(await rolesOf(app, user.id)).keys()][0];
      if (ulbId === undefined) return false;
      const token = newToken();
      const now = app.clock();
      await app.db.batch.query("delete from api.sessions where expires_at < $1", [now]);
      await app.db.batch.query(
        `insert into api.sessions (token_hash, user_id, ulb_id, created_at, seen_at, expires_at)
         values ($1, $2, $3, $4, $4, $4::timestamptz + make_interval(hours => $5))`,
        [hashOf(token), user.id, ulbId, now, HOURS],
      );
      void reply.setCookie("session", token, { ...cookie, maxAge: HOURS * 3600 });
      const roles = (await rolesOf(app, user.id)).get(ulbId) ?? [];
      request.session = {
        user: { id: user.login, name: user.name, roles, ulb: await getUlbById(app, ulbId) },
        csrf: csrfFor(token),
        lang: request.session.lang,
      };
      return true;
    },

    signOut: async (request, reply) => {
      const token = request.cookies["session"];
      if (token) await app.db.batch.query("delete from api.sessions where token_hash = $1", [hashOf(token)]);
      void reply.clearCookie("session", cookie);
    },

    need: (request, ...roles) => {
      const { user } = request.session;
      if (!user) throw apiErrors.NOT_SIGNED_IN(undefined);
      if (!roles.some((r) => user.roles.includes(r))) throw apiErrors.ROLE_DENIED({ needed: roles, actor: user.id });
      return { ulb: user.ulb, actor: { id: user.id, roles: user.roles } };
    },

    checkCsrf: (request) => {
      const body = request.body as Record<string, unknown> | undefined;
      const field = body?.["_csrf"];
      // A multipart form's field is an object with a value.
      const given = typeof field === "object" && field !== null && "value" in field ? field.value : field;
      const expected = Buffer.from(request.session.csrf);
      const got = Buffer.from(typeof given === "string" ? given : "");
      if (got.length !== expected.length || !timingSafeEqual(got, expected)) throw apiErrors.FORM_EXPIRED(undefined);
    },
  };
}
