type Operation = { readonly tags?: readonly string[]; readonly summary?: string; readonly description?: string };
type Paths = Readonly<Record<string, Readonly<Record<string, Operation>>>>;

/** The page docs/reference/http-api.md, its table made from the document that the server gives. */
export function httpApiMarkdown(paths: Paths): string {
  const rows = Object.entries(paths).flatMap(([address, methods]) =>
    Object.entries(methods).map(([method, operation]) => {
      const roles = /Roles: (.*)\.$/.exec(operation.description ?? "")?.[1] ?? "all";
      return {
        tag: operation.tags?.[0] ?? "",
        line: `| \`${method.toUpperCase()} ${address}\` | ${operation.summary ?? ""} | ${roles} |`,
      };
    }),
  );
  const tags = [...new Set(rows.map((r) => r.tag))];
  const tables = tags.map(
    (tag) =>
      `### ${tag}\n\n| Address | Does | Roles |\n| --- | --- | --- |\n${rows
        .filter((r) => r.tag === tag)
        .map((r) => r.line)
        .join("\n")}\n`,
  );
  return `# HTTP interface

The whole of it, with schemas and examples, is at \`/openapi.json\` (OpenAPI 3.1) and as a page at \`/docs\` of a running server.

## How one asks

\`\`\`sh
npx nagarkosh token create --help        # make a token for a program; it is shown once
curl -H "Authorization: Bearer $TOKEN" http://localhost:8080/v1/consumers?query=PT-01
\`\`\`

- **Who.** A program sends a bearer token; it belongs to one ULB, acts under a name of its own, has roles, and expires. A signed-in person's browser may
  read with its session. What one may do is in the table; a stranger gets 401, the wrong role 403, before the body is read.
- **Amounts** are strings in rupees, \`"1234.50"\`; a JSON number and a third decimal are refused, nothing is coerced or rounded. **Dates** are
  \`2026-04-01\`, months \`2026-04\`, financial years \`2026-27\`, moments ISO in UTC. A field that is not known is refused, not dropped.
- **Lists** answer \`{ "items": [...], "next": "..." }\`; give \`next\` back as \`cursor\` for the page after it, until it is null.
- **Once.** Every POST that moves money needs \`Idempotency-Key\` (8 to 100 letters, digits, \`- _ : .\`), new for every new deed. The same key with the
  same request gives the stored answer, byte for byte, with \`Idempotency-Replayed: true\`; with another request 409 \`IDEMPOTENCY_KEY_REUSED\`.
  A duplicate that comes while the first is under way waits for it (after ten seconds: 409 \`IDEMPOTENCY_KEY_BUSY\`). The key, the deed and
  its answer commit together, so a crash leaves all or nothing. A refused deed leaves its key free. Keys are kept for 90 days.
- **Drafts** carry an \`ETag\`; send it back as \`If-Match\`. If somebody changed the draft meanwhile nothing is written (412 \`VOUCHER_CHANGED\`).
- **Errors** are problem details (RFC 9457) with a stable code, the facts and the arithmetic: see [errors](errors.md).
- **Files** are sent as \`text/csv\`, all or nothing; with \`dryRun=true\` the same is done and taken back. Every bad row is listed.

## Addresses

${tables.join("\n")}
### Health

| Address | Does |
| --- | --- |
| \`GET /healthz\` | 200 while the process runs |
| \`GET /readyz\` | 200 when the database answers and has exactly this program's migrations; otherwise 503 with the reasons |
| \`GET /metrics\` | Prometheus: request durations by route, journal entries, outbox and inbox depth |

This page is made by \`npx vitest run api/v1/openapi.test.ts -u\`.
`;
}
