import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import {
  approvalLimit,
  approveVoucher,
  cancelVoucher,
  changeVoucher,
  draftVoucher,
  getVoucher,
  listAccounts,
  listAttachments,
  listAutoReversalsDue,
  listVouchers,
  recurringDue,
  rejectVoucher,
  reversalReasons,
  sendBackVoucher,
  signVoucher,
  submitVoucher,
  VOUCHER_STATUSES,
  voucherRules,
  voucherSteps,
  type Account,
  type Voucher,
  type VoucherInput,
} from "../../ledger/index.ts";
import { localDate, type LocalDate } from "../../ledger/kernel/dates.ts";
import type { Refusal } from "../../ledger/kernel/errors.ts";
import { isUuid } from "../../ledger/kernel/ids.ts";
import type { Tx, Who } from "../../ledger/kernel/tx.ts";
import { apiErrors } from "../errors.ts";
import { budgetNotes } from "./budget-notes.ts";
import { attempt, dateField, field, send, viewOf, type Desk } from "./kit.tsx";
import { READERS } from "./layout.tsx";
import { fileRoutes } from "./vouchers/files.ts";
import { typedOf, typedVoucher, VoucherForm, voucherOf, withMore, type TypedVoucher } from "./vouchers/form.tsx";
import { VouchersPage, type ListQuery } from "./vouchers/list.tsx";
import { limitRoutes } from "./vouchers/limit-routes.tsx";
import { recurringRoutes } from "./vouchers/recurring-routes.tsx";
import { templateRoutes } from "./vouchers/template-routes.tsx";
import { VoucherPage, type VoucherSight } from "./vouchers/voucher.tsx";

export { typedVoucher, voucherOf } from "./vouchers/form.tsx";

const PAGE = 100;
const versionOf = (body: unknown): number => Number(field(body, "version")) || 0;

/** The id in the address of a voucher. Raises PAGE_NOT_FOUND. */
function known(id: string): string {
  if (!isUuid(id)) throw apiErrors.PAGE_NOT_FOUND({ path: `/books/vouchers/${id.slice(0, 60)}` });
  return id;
}

/** Everything that the page of a voucher shows. */
async function sightOf(desk: Desk, who: Who, id: string): Promise<VoucherSight> {
  return desk.read(who, async (read) => {
    const voucher = await getVoucher(read, id);
    const used = new Set(voucher.lines.map((l) => l.account));
    const { secondSignatureAbove } = await voucherRules(read, desk.today());
    return {
      voucher,
      names: new Map((await listAccounts(read)).filter((a) => used.has(a.code)).map((a) => [a.code, a.name])),
      steps: await voucherSteps(read, id),
      files: await listAttachments(read, id),
      reasons: await reversalReasons(read),
      limit: await approvalLimit(read, who.actor, voucher.voucher, desk.today()),
      secondSignatureAbove,
      budget: await budgetNotes(read, voucher),
      who,
    };
  });
}

export function voucherRoutes(web: FastifyInstance, desk: Desk): void {
  type ById = { Params: { id: string } };
  const postingAccounts = (who: Who): Promise<Account[]> =>
    desk.read(who, async (read) => (await listAccounts(read)).filter((a) => a.isPosting && a.isActive));
  const show = async (
    request: FastifyRequest,
    reply: FastifyReply,
    who: Who,
    id: string,
    refused?: { readonly refusal: Refusal; readonly typedReason?: string },
  ) =>
    send(
      reply,
      <VoucherPage
        view={refused ? viewOf(request, `/books/vouchers/${id}`) : viewOf(request)}
        {...await sightOf(desk, who, id)}
        {...refused}
      />,
      refused?.refusal.status,
    );

  templateRoutes(web, desk);
  recurringRoutes(web, desk, { known, show });
  limitRoutes(web, desk);
  fileRoutes(web, desk, { known, show });

  web.get("/books/vouchers", async (request, reply) => {
    const who = desk.need(request, ...READERS.books);
    const { query, filter } = listQueryOf(request.query, who);
    const after = /^(\d{4}-\d{2}-\d{2})_([0-9a-f-]{36})$/.exec(field(request.query, "after"));
    const found = await desk.read(who, async (read) => ({
      vouchers: await listVouchers(read, query.status, {
        ...filter,
        limit: PAGE + 1,
        ...(after ? { after: { date: localDate(after[1] ?? ""), id: known(after[2] ?? "") } } : {}),
      }),
      due: (await recurringDue(read, desk.today())).length + (await listAutoReversalsDue(read, desk.today())).length,
    }));
    const vouchers = found.vouchers.slice(0, PAGE);
    const last = vouchers.at(-1);
    const here = `/books/vouchers?${new URLSearchParams({
      status: query.status,
      type: query.type,
      from: query.from,
      to: query.to,
      q: query.search,
      back: query.backDated,
    }).toString()}`;
    return send(
      reply,
      <VouchersPage
        view={viewOf(request)}
        query={query}
        vouchers={vouchers}
        due={found.due}
        first={after ? here : undefined}
        next={found.vouchers.length > PAGE && last ? `${here}&after=${last.date}_${last.id}` : undefined}
        canWrite={who.actor.roles.includes("accountant")}
      />,
    );
  });

  web.get("/books/vouchers/new", async (request, reply) => {
    const who = desk.need(request, "accountant");
    return send(
      reply,
      <VoucherForm
        view={viewOf(request)}
        action="/books/vouchers"
        typed={blank(desk.today())}
        accounts={await postingAccounts(who)}
      />,
    );
  });

  /** Saves what was typed; `save` makes the draft or changes it. With "submit" it goes on in the same transaction, or stays as it was. */
  const saving = async (
    who: Who,
    body: unknown,
    kinds: readonly VoucherInput["voucher"][],
    save: (tx: Tx, input: VoucherInput) => Promise<Voucher>,
  ) => {
    const typed = typedVoucher(body);
    return attempt(async () => {
      const input = voucherOf(typed, kinds);
      return desk.write(who, async (tx) => {
        const draft = await save(tx, input);
        return field(body, "then") === "submit" ? submitVoucher(tx, draft.id, draft.version) : draft;
      });
    });
  };

  web.post("/books/vouchers", async (request, reply) => {
    const who = desk.need(request, "accountant");
    const typed = typedVoucher(request.body);
    const form = async (shown: TypedVoucher, refusal?: Refusal) =>
      send(
        reply,
        <VoucherForm
          view={viewOf(request, "/books/vouchers/new")}
          action="/books/vouchers"
          typed={shown}
          accounts={await postingAccounts(who)}
          refusal={refusal}
        />,
        refusal?.status,
      );
    if (field(request.body, "then") === "more") return form(withMore(typed));
    const saved = await saving(who, request.body, [], draftVoucher);
    return saved.ok ? reply.redirect(`/books/vouchers/${saved.value.id}`, 303) : form(typed, saved.refusal);
  });

  web.get<ById>("/books/vouchers/:id/edit", async (request, reply) => {
    const who = desk.need(request, "accountant");
    const id = known(request.params.id);
    const voucher = await desk.read(who, (read) => getVoucher(read, id));
    if (voucher.status !== "draft" && voucher.status !== "sent-back")
      return reply.redirect(`/books/vouchers/${id}`, 303);
    return send(
      reply,
      <VoucherForm
        view={viewOf(request)}
        action={`/books/vouchers/${id}/edit`}
        version={voucher.version}
        typed={typedOf(voucher)}
        accounts={await postingAccounts(who)}
      />,
    );
  });

  web.post<ById>("/books/vouchers/:id/edit", async (request, reply) => {
    const who = desk.need(request, "accountant");
    const id = known(request.params.id);
    const version = versionOf(request.body);
    const typed = typedVoucher(request.body);
    const action = `/books/vouchers/${id}/edit`;
    const form = async (shown: TypedVoucher, refusal?: Refusal) =>
      send(
        reply,
        <VoucherForm
          view={viewOf(request, action)}
          action={action}
          version={version}
          typed={shown}
          accounts={await postingAccounts(who)}
          refusal={refusal}
        />,
        refusal?.status,
      );
    if (field(request.body, "then") === "more") return form(withMore(typed));
    // What a template made stays of its kind; nobody makes an opening voucher out of another.
    const was = await desk.read(who, (read) => getVoucher(read, id));
    const saved = await saving(who, request.body, [was.voucher], (tx, input) => changeVoucher(tx, id, version, input));
    return saved.ok ? reply.redirect(`/books/vouchers/${id}`, 303) : form(typed, saved.refusal);
  });

  web.get<ById>("/books/vouchers/:id", async (request, reply) => {
    const who = desk.need(request, ...READERS.books);
    return show(request, reply, who, known(request.params.id));
  });

  const STEPS = {
    submit: { role: "accountant", run: submitVoucher },
    cancel: { role: "accountant", run: cancelVoucher },
    sign: { role: "checker", run: signVoucher },
    approve: { role: "checker", run: approveVoucher },
    "send-back": { role: "checker", run: sendBackVoucher },
    reject: { role: "checker", run: rejectVoucher },
  } as const;
  for (const [step, { role, run }] of Object.entries(STEPS)) {
    web.post<ById>(`/books/vouchers/:id/${step}`, async (request, reply) => {
      const who = desk.need(request, role);
      const id = known(request.params.id);
      const reason = field(request.body, "reason").slice(0, 300);
      const done = await attempt(() =>
        desk.write(who, async (tx) => void (await run(tx, id, versionOf(request.body), reason))),
      );
      if (done.ok) return reply.redirect(`/books/vouchers/${id}`, 303);
      return show(request, reply, who, id, { refusal: done.refusal, typedReason: reason });
    });
  }
}

const blank = (today: LocalDate): TypedVoucher => ({ ...typedVoucher({ date: today, type: "journal" }), lines: [] });

/** What a list of vouchers was asked for. Raises DATE_FORMAT. */
function listQueryOf(query: unknown, who: Who) {
  const asked = field(query, "status");
  const status =
    VOUCHER_STATUSES.find((s) => s === asked) ?? (who.actor.roles.includes("checker") ? "submitted" : "draft");
  const type = (["receipt", "payment", "contra", "journal", "opening"] as const).find(
    (t) => t === field(query, "type"),
  );
  const search = field(query, "q").slice(0, 100);
  const day = (name: string): LocalDate | undefined =>
    field(query, name) === "" ? undefined : dateField(query, name, "" as LocalDate);
  const [from, to] = [day("from"), day("to")];
  const isBackDated = field(query, "back") === "yes" ? true : undefined;
  const shown: ListQuery = {
    status,
    type: type ?? "",
    from: from ?? "",
    to: to ?? "",
    search,
    backDated: isBackDated ? "yes" : "",
  };
  return { query: shown, filter: { kind: type, from, to, search: search === "" ? undefined : search, isBackDated } };
}
