import Type from "typebox";
import { addAttachment, getAttachment, getVoucher, listAttachments, type Attachment } from "../../ledger/index.ts";
import { inSnapshot } from "../../ledger/kernel/tx.ts";
import { answerOnce } from "./idempotency.ts";
import { v1Errors } from "./errors.ts";
import { answers, callerOf, doc, OptionalIdempotencyHeader, WHO, type Routes, KEY_REFUSALS } from "./route.ts";
import { Moment, Uuid, ById } from "./schemas.ts";

/** 10 MB in base64, and the words around it. */
const BODY = 14 * 1024 * 1024;

const AttachmentView = Type.Object({
  number: Type.Integer({ examples: [1] }),
  fileName: Type.String(),
  mediaType: Type.String(),
  bytes: Type.Integer(),
  sha256: Type.String(),
  attachedBy: Type.String(),
  attachedAt: Moment,
});

const viewOf = (a: Attachment) => ({
  number: a.number,
  fileName: a.fileName,
  mediaType: a.mediaType,
  bytes: a.bytes,
  sha256: a.sha256,
  attachedBy: a.attachedBy,
  attachedAt: a.attachedAt.toISOString(),
});

/** Files that belong to a voucher. */
export const attachmentRoutes: Routes = (server, { app }) => {
  server.route({
    method: "GET",
    url: "/vouchers/:id/attachments",
    config: { roles: WHO.books },
    schema: {
      ...doc({
        tag: "Vouchers",
        summary: "List the files of a voucher",
        description: "Names, types, sizes and SHA-256; at most twenty.",
        roles: WHO.books,
      }),
      params: ById,
      response: answers(
        { status: 200, description: "The files", schema: Type.Object({ items: Type.Array(AttachmentView) }) },
        ["VOUCHER_NOT_FOUND"],
      ),
    },
    handler: async (request) =>
      inSnapshot(app, callerOf(request), async (read) => {
        await getVoucher(read, request.params.id);
        return { items: (await listAttachments(read, request.params.id)).map(viewOf) };
      }),
  });

  server.route({
    method: "GET",
    url: "/vouchers/:id/attachments/:number",
    config: { roles: WHO.books },
    schema: {
      ...doc({
        tag: "Vouchers",
        summary: "Get a file of a voucher",
        description: "Its bytes as they were given, under their own media type.",
        roles: WHO.books,
      }),
      params: Type.Object({ id: Uuid, number: Type.String({ pattern: "^\\d{1,2}$", examples: ["1"] }) }),
      response: answers(
        {
          status: 200,
          description: "The file",
          schema: Type.Unsafe<Buffer>({ description: "Bytes." }),
          contentType: "application/octet-stream",
        },
        ["ATTACHMENT_NOT_FOUND"],
      ),
    },
    handler: async (request, reply) => {
      const file = await inSnapshot(app, callerOf(request), (read) =>
        getAttachment(read, request.params.id, Number(request.params.number)),
      );
      return reply
        .header("content-disposition", `attachment; filename*=UTF-8''${encodeURIComponent(file.fileName)}`)
        .header("x-content-type-options", "nosniff")
        .type(file.mediaType)
        .send(file.content);
    },
  });

  server.route({
    method: "POST",
    url: "/vouchers/:id/attachments",
    config: { roles: WHO.makes },
    bodyLimit: BODY,
    schema: {
      ...doc({
        tag: "Vouchers",
        summary: "Attach a file to a voucher",
        description:
          "PDF, PNG, JPEG, CSV or XLSX by its content, at most 10 MB, twenty to a voucher. Once the voucher was submitted its files stay.",
        roles: WHO.makes,
      }),
      params: ById,
      headers: OptionalIdempotencyHeader,
      body: Type.Object(
        {
          fileName: Type.String({ minLength: 1, maxLength: 200 }),
          content: Type.String({ description: "The bytes in base64.", maxLength: 13_981_016 }),
        },
        { additionalProperties: false, examples: [{ fileName: "bill-17.pdf", content: "JVBERi0xLjcK" }] },
      ),
      response: answers({ status: 201, description: "The file", schema: AttachmentView }, [
        ...KEY_REFUSALS,
        "VOUCHER_NOT_FOUND",
        "VOUCHER_STATUS",
        "ATTACHMENT_SIZE",
        "ATTACHMENT_TYPE",
        "ATTACHMENTS_TOO_MANY",
      ]),
    },
    handler: async (request, reply) => {
      const { fileName, content } = request.body;
      if (!/^[A-Za-z0-9+/]*={0,2}$/.test(content) || content.length % 4 !== 0)
        throw v1Errors.REQUEST_INVALID({ problems: ["#/content is not base64"] });
      return answerOnce(app, request, reply, async (tx) => {
        const made = await addAttachment(tx, request.params.id, {
          fileName,
          content: Buffer.from(content, "base64"),
        });
        return { status: 201, body: viewOf(made) };
      });
    },
  });
};
