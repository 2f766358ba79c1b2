import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { VNode } from "preact";
import {
  actKindOf,
  addItem,
  approveAct,
  ASSET_CLASSES,
  balances,
  depreciationCharges,
  getAct,
  keepRegister,
  keptRegisters,
  listAccounts,
  listActs,
  listAssetRates,
  loans,
  notInRegister,
  previewAct,
  proposeAct,
  provisionNorms,
  provisionStatement,
  registerOf,
  REGISTERS,
  registerTies,
  rejectAct,
  REVENUES,
  setAssetRate,
  setProvisionNorms,
  type Act,
  type NormStep,
  type RegisterName,
  type RegisterTie,
  type Typed,
} from "../../ledger/index.ts";
import {
  financialYear,
  financialYearEnd,
  financialYearOf,
  localDate,
  previousFinancialYear,
} from "../../ledger/kernel/dates.ts";
import type { Refusal } from "../../ledger/kernel/errors.ts";
import { isUuid } from "../../ledger/kernel/ids.ts";
import type { Read, Who } from "../../ledger/kernel/tx.ts";
import { apiErrors } from "../errors.ts";
import { Books } from "./books-frame.tsx";
import { Field } from "./components.tsx";
import { attempt, dateField, field, send, viewOf, type Desk, type View } from "./kit.tsx";
import { READERS } from "./layout.tsx";
import { ActFormPage, ActPage, ActTable, itemPath } from "./registers/act.tsx";
import { initialFacts, offersOf, typedFacts } from "./registers/forms.tsx";
import { ItemPage, MissingPage, NewItemPage, RegisterPage, Schedule, TieTable } from "./registers/register.tsx";
import { ClassesPage, DepreciationPage, ProvisionsPage } from "./registers/runs.tsx";

const PAGE = 100;

function OverviewPage(props: {
  readonly view: View;
  readonly day: string;
  readonly ties: readonly RegisterTie[];
  readonly waiting: readonly Act[];
}): VNode {
  const untied = REGISTERS.filter((r) => !props.ties.some((t) => t.register === r.name));
  return (
    <Books view={props.view} title="Registers" tab="registers">
      <h1>Registers</h1>
      <form method="get" action="/books/registers" class="filter">
        <Field label="At the end of" name="on" type="date" value={props.day} />
        <button class="second">Show</button>
      </form>
      <TieTable ties={props.ties} title={(name) => registerOf(name).title} />
      <p>
        {untied.map((r, i) => (
          <>
            {i > 0 && " · "}
            <a href={`/books/registers/${r.name}`}>{r.title}</a>
          </>
        ))}
      </p>
      <ActTable caption="Acts that wait for a checker" acts={props.waiting} empty="No act waits for approval." />
    </Books>
  );
}

const namesOf = async (read: Read): Promise<ReadonlyMap<string, string>> =>
  new Map((await listAccounts(read)).map((a) => [a.code, a.name]));

/** "2 25, 3 50" -> steps of norms; what is not sound is refused by setProvisionNorms or as a rate. */
function stepsOf(text: string): NormStep[] {
  return text
    .split(/[,;]/)
    .map((s) => s.trim().split(/\s+/))
    .filter((s) => s[0] !== "")
    .map(([years = "", percent = ""]) => ({ yearsOld: /^\d{1,3}$/.test(years) ? Number(years) : -1, percent }));
}

export function registerRoutes(web: FastifyInstance, desk: Desk): void {
  type ByName = { Params: { register: string } };
  type ById = { Params: { id: string } };
  const has = (who: Who, role: Who["actor"]["roles"][number]): boolean => who.actor.roles.includes(role);
  const known = (id: string): string => {
    if (!isUuid(id)) throw apiErrors.PAGE_NOT_FOUND({ path: `/books/registers/acts/${id.slice(0, 60)}` });
    return id;
  };

  web.get("/books/registers", async (request, reply) => {
    const who = desk.need(request, ...READERS.books);
    const day = dateField(request.query, "on", desk.today());
    const found = await desk.read(who, async (read) => ({
      ties: await registerTies(read, day),
      waiting: await listActs(read, { status: "proposed" }),
    }));
    return send(reply, <OverviewPage view={viewOf(request)} day={day} {...found} />);
  });

  // ---------------------------------------------------------------- acts

  const actForm = async (
    request: FastifyRequest,
    reply: FastifyReply,
    who: Who,
    of: {
      readonly kind: string;
      readonly item: string;
      readonly typed?: Typed;
      readonly refusal?: Refusal;
      readonly isPreview?: boolean;
    },
  ) => {
    const kind = actKindOf(of.kind);
    const typed = of.typed ?? initialFacts(kind.fields, { date: desk.today() });
    const page = await desk.read(who, async (read) => {
      const register = kind.kind === "take-back" ? (await getAct(read, of.item)).register : kind.register;
      const shown =
        of.isPreview === true
          ? await attempt(() => previewAct(read, { kind: of.kind, item: of.item, facts: typed }))
          : undefined;
      return {
        register,
        offers: await offersOf(read),
        names: await namesOf(read),
        preview: shown?.ok === true ? shown.value.drafts : undefined,
        refusal: of.refusal ?? (shown?.ok === false ? shown.refusal : undefined),
      };
    });
    const again = `/books/registers/act/new?kind=${kind.kind}&item=${encodeURIComponent(of.item)}`;
    return send(
      reply,
      <ActFormPage view={viewOf(request, again)} kind={kind} item={of.item} typed={typed} {...page} />,
      page.refusal?.status ?? 200,
    );
  };

  web.get("/books/registers/act/new", async (request, reply) => {
    const who = desk.need(request, "accountant");
    return actForm(request, reply, who, {
      kind: field(request.query, "kind"),
      item: field(request.query, "item"),
    });
  });

  web.post("/books/registers/act", async (request, reply) => {
    const who = desk.need(request, "accountant");
    const of = { kind: field(request.body, "kind"), item: field(request.body, "item").slice(0, 60) };
    const typed = typedFacts(actKindOf(of.kind).fields, request.body);
    if (field(request.body, "then") === "preview")
      return actForm(request, reply, who, { ...of, typed, isPreview: true });
    const done = await attempt(() => desk.write(who, (tx) => proposeAct(tx, { ...of, facts: typed })));
    if (done.ok) return reply.redirect(`/books/registers/acts/${done.value.id}`, 303);
    return actForm(request, reply, who, { ...of, typed, refusal: done.refusal });
  });

  const showAct = (who: Who, id: string) =>
    desk.read(who, async (read) => ({ act: await getAct(read, id), names: await namesOf(read), who }));

  web.get<ById>("/books/registers/acts/:id", async (request, reply) => {
    const who = desk.need(request, ...READERS.books);
    return send(reply, <ActPage view={viewOf(request)} {...await showAct(who, known(request.params.id))} />);
  });

  for (const step of ["approve", "reject"] as const) {
    web.post<ById>(`/books/registers/acts/:id/${step}`, async (request, reply) => {
      const who = desk.need(request, "checker");
      const id = known(request.params.id);
      const version = Number(field(request.body, "version")) || 0;
      const reason = field(request.body, "reason").slice(0, 300);
      const done = await attempt(() =>
        desk.write(who, async (tx) => {
          if (step === "approve") await approveAct(tx, id, version);
          else await rejectAct(tx, id, version, reason);
        }),
      );
      if (done.ok) return reply.redirect(`/books/registers/acts/${id}`, 303);
      return send(
        reply,
        <ActPage
          view={viewOf(request, `/books/registers/acts/${id}`)}
          {...await showAct(who, id)}
          refusal={done.refusal}
          typedReason={reason}
        />,
        done.refusal.status,
      );
    });
  }

  // ---------------------------------------------------------------- runs and what they use

  web.get("/books/registers/depreciation", async (request, reply) => {
    const who = desk.need(request, ...READERS.books);
    const asked = field(request.query, "fy");
    // In April the year that ended is the one to be charged.
    const fy = asked === "" ? previousFinancialYear(financialYearOf(desk.today())) : financialYear(asked);
    const found = await attempt(() => desk.read(who, (read) => depreciationCharges(read, fy)));
    return send(
      reply,
      <DepreciationPage
        view={viewOf(request)}
        fy={fy}
        charges={found.ok ? found.value : []}
        refusal={found.ok ? undefined : found.refusal}
        canWrite={has(who, "accountant")}
      />,
      found.ok ? 200 : found.refusal.status,
    );
  });

  const provisions = async (
    request: FastifyRequest,
    reply: FastifyReply,
    who: Who,
    over: { readonly refusal?: Refusal; readonly typed?: Typed } = {},
  ) => {
    const last = financialYearEnd(previousFinancialYear(financialYearOf(desk.today())));
    const day = dateField(request.query, "date", last);
    const found = await desk.read(who, async (read) => ({
      statement: await provisionStatement(read, day),
      norms: await provisionNorms(read, day),
    }));
    return send(
      reply,
      <ProvisionsPage
        view={viewOf(request, "/books/registers/provisions")}
        day={day}
        {...found}
        {...over}
        canWrite={has(who, "accountant")}
        canSet={has(who, "admin")}
      />,
      over.refusal?.status ?? 200,
    );
  };
  web.get("/books/registers/provisions", async (request, reply) =>
    provisions(request, reply, desk.need(request, ...READERS.books)),
  );
  web.post("/books/registers/norms", async (request, reply) => {
    const who = desk.need(request, "admin");
    const typed = Object.fromEntries(
      ["revenue", "validFrom", "steps", "reason"].map((n) => [n, field(request.body, n).slice(0, 200)]),
    );
    const done = await attempt(() => {
      const { validFrom = "", steps = "", reason = "" } = typed;
      const revenue = REVENUES.find((r) => r === typed["revenue"]) ?? "other";
      const norms = { revenue, validFrom: localDate(validFrom), steps: stepsOf(steps), reason };
      return desk.write(who, (tx) => setProvisionNorms(tx, norms));
    });
    if (done.ok) return reply.redirect("/books/registers/provisions", 303);
    return provisions(request, reply, who, { refusal: done.refusal, typed });
  });

  const classes = async (
    request: FastifyRequest,
    reply: FastifyReply,
    who: Who,
    over: { readonly refusal?: Refusal; readonly typed?: Typed } = {},
  ) => {
    const found = await desk.read(who, async (read) => ({
      classes: await ASSET_CLASSES.list(read, { limit: 500 }),
      rates: await listAssetRates(read),
      offers: await offersOf(read),
    }));
    return send(
      reply,
      <ClassesPage
        view={viewOf(request, "/books/registers/classes")}
        {...found}
        fields={ASSET_CLASSES.fields}
        canSet={has(who, "admin")}
        typed={over.typed ?? {}}
        refusal={over.refusal}
      />,
      over.refusal?.status ?? 200,
    );
  };
  web.get("/books/registers/classes", async (request, reply) =>
    classes(request, reply, desk.need(request, ...READERS.books)),
  );
  web.post("/books/registers/classes", async (request, reply) => {
    const who = desk.need(request, "admin");
    const id = field(request.body, "id").slice(0, 60);
    const typed = typedFacts(ASSET_CLASSES.fields, request.body);
    const done = await attempt(() => desk.write(who, (tx) => addItem(tx, ASSET_CLASSES, id, typed)));
    if (done.ok) return reply.redirect("/books/registers/classes", 303);
    return classes(request, reply, who, { refusal: done.refusal, typed: { ...typed, id } });
  });
  web.post("/books/registers/classes/rate", async (request, reply) => {
    const who = desk.need(request, "admin");
    const typed = Object.fromEntries(
      ["class", "validFrom", "percent", "reason"].map((n) => [n, field(request.body, n).slice(0, 200)]),
    );
    const done = await attempt(() => {
      const { class: of = "", validFrom = "", percent = "", reason = "" } = typed;
      const rate = { class: of, validFrom: localDate(validFrom), percent, reason };
      return desk.write(who, (tx) => setAssetRate(tx, rate));
    });
    if (done.ok) return reply.redirect("/books/registers/classes", 303);
    return classes(request, reply, who, { refusal: done.refusal, typed });
  });

  // ---------------------------------------------------------------- a register, its items

  const register = async (
    request: FastifyRequest<ByName>,
    reply: FastifyReply,
    who: Who,
    over: { readonly refusal?: Refusal } = {},
  ) => {
    const definition = registerOf(request.params.register);
    const after = field(request.query, "after");
    const { items } = definition;
    const found = await desk.read(who, async (read) => {
      const list = items === undefined ? [] : await items.list(read, { after, limit: PAGE + 1 });
      const shown = list.slice(0, PAGE);
      const name = definition.name as RegisterName;
      return {
        items: shown,
        next: list.length > PAGE ? shown.at(-1)?.id : undefined,
        balances: items === undefined ? [] : await balances(read, { register: name, items: shown.map((i) => i.id) }),
        acts: await listActs(read, { register: definition.name }),
        ties: (await registerTies(read, desk.today())).filter((t) => t.register === name),
        keptFrom: (await keptRegisters(read)).get(definition.name) ?? null,
      };
    });
    return send(
      reply,
      <RegisterPage
        view={viewOf(request, `/books/registers/${definition.name}`)}
        definition={definition}
        after={after}
        {...found}
        today={desk.today()}
        canWrite={has(who, "accountant")}
        canKeep={has(who, "admin")}
        {...over}
      />,
      over.refusal?.status ?? 200,
    );
  };
  web.get<ByName>("/books/registers/:register", async (request, reply) =>
    register(request, reply, desk.need(request, ...READERS.books)),
  );
  web.post<ByName>("/books/registers/:register/keep", async (request, reply) => {
    const who = desk.need(request, "admin");
    const { name } = registerOf(request.params.register);
    const done = await attempt(() => {
      const text = field(request.body, "from");
      const from = text === "" ? null : localDate(text);
      return desk.write(who, (tx) => keepRegister(tx, name as RegisterName, from));
    });
    if (done.ok) return reply.redirect(`/books/registers/${name}`, 303);
    return register(request, reply, who, { refusal: done.refusal });
  });

  web.get<ByName>("/books/registers/:register/missing", async (request, reply) => {
    const who = desk.need(request, ...READERS.books);
    const definition = registerOf(request.params.register);
    const found = await desk.read(who, async (read) => ({
      lines: await notInRegister(read, definition.name as RegisterName, desk.today()),
      names: await namesOf(read),
    }));
    return send(reply, <MissingPage view={viewOf(request)} definition={definition} {...found} />);
  });

  const newItem = async (
    request: FastifyRequest<ByName>,
    reply: FastifyReply,
    who: Who,
    over: { readonly id?: string; readonly typed?: Typed; readonly refusal?: Refusal } = {},
  ) => {
    const definition = registerOf(request.params.register);
    if (!definition.isEntered || definition.items === undefined)
      throw apiErrors.PAGE_NOT_FOUND({ path: `/books/registers/${definition.name}/new` });
    const { fields } = definition.items;
    return send(
      reply,
      <NewItemPage
        view={viewOf(request, `/books/registers/${definition.name}/new`)}
        definition={definition}
        id={over.id ?? ""}
        typed={over.typed ?? initialFacts(fields)}
        offers={await desk.read(who, offersOf)}
        refusal={over.refusal}
      />,
      over.refusal?.status ?? 200,
    );
  };
  web.get<ByName>("/books/registers/:register/new", async (request, reply) =>
    newItem(request, reply, desk.need(request, "accountant")),
  );
  web.post<ByName>("/books/registers/:register/new", async (request, reply) => {
    const who = desk.need(request, "accountant");
    const { name, items, isEntered } = registerOf(request.params.register);
    if (!isEntered || items === undefined) throw apiErrors.PAGE_NOT_FOUND({ path: `/books/registers/${name}/new` });
    const id = field(request.body, "id").slice(0, 60);
    const typed = typedFacts(items.fields, request.body);
    const done = await attempt(() => desk.write(who, (tx) => addItem(tx, items, id, typed)));
    if (done.ok) return reply.redirect(itemPath(name, id), 303);
    return newItem(request, reply, who, { id, typed, refusal: done.refusal });
  });

  web.get<ByName>("/books/registers/:register/item", async (request, reply) => {
    const who = desk.need(request, ...READERS.books);
    const definition = registerOf(request.params.register);
    const { items } = definition;
    if (items === undefined) throw apiErrors.PAGE_NOT_FOUND({ path: `/books/registers/${definition.name}/item` });
    const id = field(request.query, "id");
    const found = await desk.read(who, async (read) => ({
      item: await items.get(read, id),
      balances: await balances(read, { register: definition.name as RegisterName, items: [id] }),
      acts: await listActs(read, { register: definition.name, item: id }),
      loan: definition.name === "loan" ? await loans.get(read, id) : undefined,
    }));
    const { loan, ...shown } = found;
    return send(
      reply,
      <ItemPage
        view={viewOf(request)}
        definition={definition}
        {...shown}
        canWrite={has(who, "accountant")}
        more={loan && <Schedule terms={{ ...loan, everyMonths: Number(loan.everyMonths) }} />}
      />,
    );
  });
}
