import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { addAttachment, getAttachment, removeAttachment } from "../../../ledger/index.ts";
import type { Refusal } from "../../../ledger/kernel/errors.ts";
import type { Who } from "../../../ledger/kernel/tx.ts";
import { apiErrors } from "../../errors.ts";
import { attempt, type Desk } from "../kit.tsx";
import { READERS } from "../layout.tsx";

/** What the routes of a voucher share: its id checked, and its page shown, with a refusal beside the form. */
export type VoucherDoor = {
  readonly known: (id: string) => string;
  readonly show: (
    request: FastifyRequest,
    reply: FastifyReply,
    who: Who,
    id: string,
    refused?: { readonly refusal: Refusal },
  ) => Promise<FastifyReply>;
};

/** Files of a voucher: attached, taken away from a draft, looked at. */
export function fileRoutes(web: FastifyInstance, desk: Desk, { known, show }: VoucherDoor): void {
  type ById = { Params: { id: string } };
  type ByNumber = { Params: { id: string; number: string } };
  const numberOf = (text: string): number => {
    if (!/^\d{1,2}$/.test(text)) throw apiErrors.PAGE_NOT_FOUND({ path: `file ${text.slice(0, 20)}` });
    return Number(text);
  };

  web.post<ById>("/books/vouchers/:id/files", { config: { isUpload: true } }, async (request, reply) => {
    const who = desk.need(request, "accountant");
    const id = known(request.params.id);
    const fields: Record<string, string> = {};
    let file: { fileName: string; content: Buffer } | undefined;
    for await (const part of request.parts()) {
      if (part.type === "file") file = { fileName: part.filename.slice(0, 200), content: await part.toBuffer() };
      else if (typeof part.value === "string") fields[part.fieldname] = part.value;
    }
    // The token came among the parts, so it is checked here and not before.
    Object.assign(request, { body: fields });
    desk.session.checkCsrf(request);
    const done = await attempt(() =>
      desk.write(who, (tx) => addAttachment(tx, id, file ?? { fileName: "no file", content: Buffer.alloc(0) })),
    );
    return done.ok
      ? reply.redirect(`/books/vouchers/${id}`, 303)
      : show(request, reply, who, id, { refusal: done.refusal });
  });

  web.post<ByNumber>("/books/vouchers/:id/files/:number/remove", async (request, reply) => {
    const who = desk.need(request, "accountant");
    const id = known(request.params.id);
    const number = numberOf(request.params.number);
    const done = await attempt(() => desk.write(who, (tx) => removeAttachment(tx, id, number)));
    return done.ok
      ? reply.redirect(`/books/vouchers/${id}`, 303)
      : show(request, reply, who, id, { refusal: done.refusal });
  });

  web.get<ByNumber>("/books/vouchers/:id/files/:number", async (request, reply) => {
    const who = desk.need(request, ...READERS.books);
    const id = known(request.params.id);
    const number = numberOf(request.params.number);
    const file = await desk.read(who, (read) => getAttachment(read, id, number));
    // Never shown in our own page's name: it is saved, under its own type.
    return reply
      .header("cache-control", "no-store")
      .header("x-content-type-options", "nosniff")
      .header("content-disposition", `attachment; filename*=UTF-8''${encodeURIComponent(file.fileName)}`)
      .type(file.mediaType)
      .send(file.content);
  });
}
