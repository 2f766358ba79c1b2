import type { FastifyRequest } from "fastify";
import type { SessionFacade } from "../session.ts";

export type Uploaded = {
  readonly fields: Readonly<Record<string, string>>;
  /** Undefined where none was chosen. */
  readonly file: { readonly name: string; readonly type: string; readonly content: Buffer } | undefined;
};

/** The one file of a form with its fields, in memory: the server takes no larger one. The form's token comes among the parts and is checked here. */
export async function uploadOf(request: FastifyRequest, session: SessionFacade): Promise<Uploaded> {
  const fields: Record<string, string> = {};
  let file: Uploaded["file"];
  for await (const part of request.parts()) {
    if (part.type === "file") {
      const content = await part.toBuffer();
      if (part.filename !== "" && content.length > 0)
        file = { name: part.filename.slice(0, 200), type: part.mimetype, content };
    } else if (typeof part.value === "string") fields[part.fieldname] = part.value;
  }
  Object.assign(request, { body: fields });
  session.checkCsrf(request);
  return { fields, file };
}
