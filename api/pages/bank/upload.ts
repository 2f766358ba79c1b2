import type { FastifyRequest } from "fastify";

export type Upload = {
  readonly content: Buffer;
  readonly fileName: string;
  readonly fields: Readonly<Record<string, string>>;
};

/** The one file of an upload, with the form's fields; no file is an empty one, which is refused as such. */
export async function uploadOf(request: FastifyRequest): Promise<Upload> {
  const fields: Record<string, string> = {};
  let content: Buffer = Buffer.alloc(0);
  let fileName = "";
  for await (const part of request.parts()) {
    if (part.type === "file") {
      content = await part.toBuffer();
      fileName = part.filename.slice(0, 200);
    } else if (typeof part.value === "string") fields[part.fieldname] = part.value;
  }
  return { content, fileName, fields };
}
