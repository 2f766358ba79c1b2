import type { FastifyInstance } from "fastify";
import type { VNode } from "preact";
import {
  publicKeys,
  ulbOfReceiptCode,
  verifyReceiptCode,
  type PublicKey,
  type SignedReceipt,
} from "../../../collections/index.ts";
import { findUlb } from "../../../ledger/index.ts";
import { formatDate } from "../../../ledger/kernel/dates.ts";
import type { Refusal } from "../../../ledger/kernel/errors.ts";
import { formatIndian } from "../../../ledger/kernel/money.ts";
import { Facts, Field, Flash, Refused, Table } from "../components.tsx";
import { wordFor } from "../i18n.ts";
import { attempt, field, send, viewOf, type Desk, type View } from "../kit.tsx";
import { Layout } from "../layout.tsx";

function VerifyPage(props: {
  readonly view: View;
  readonly keys: readonly PublicKey[];
  readonly typed: string;
  readonly issuer: string;
  readonly signed?: SignedReceipt;
  readonly refusal?: Refusal;
}): VNode {
  const { view, signed } = props;
  return (
    <Layout view={view} title="Check a receipt’s code" section="pay">
      <h1>Check a receipt’s code</h1>
      <Refused refusal={props.refusal} />
      {signed && (
        <>
          <Flash>
            The signature is valid: the paper must say exactly this. Open the code’s page to see whether it was
            cancelled since.
          </Flash>
          <Facts
            facts={[
              ["Issued by", props.issuer],
              ["Receipt", signed.number],
              ["Date", formatDate(signed.date)],
              ["Amount", `₹ ${formatIndian(signed.amount)}`],
              ["Account", signed.consumerCode],
              ["Paid by", wordFor(view.t, "mode", signed.mode)],
              ...(signed.isRefundable ? [["Settles", view.t("receipt.refundable")] as const] : []),
            ]}
          />
        </>
      )}
      <form method="get" action="/verify-receipt" class="panel" role="search">
        <Field label="What the scanner reads" name="code" value={props.typed} isRequired hasFocus maxLength={1200} />
        <button>Check</button>
      </form>
      <h2>Keys</h2>
      <p>
        Receipts are signed with Ed25519. Compare the key’s fingerprint with the one printed on the receipt. For
        checking without this page: <a href="/receipt-keys.json">the public keys</a>.
      </p>
      <Table
        caption="Keys that sign receipts"
        hideCaption
        empty="No receipt was signed yet."
        columns={[{ title: "Fingerprint", kind: "code" }, { title: "In use" }]}
        rows={props.keys.map((k) => ({
          cells: [k.fingerprint, k.retiredAt === null ? "yes" : "until it was replaced"],
        }))}
      />
    </Layout>
  );
}

/** The public half of the keys, and the page that checks a code by it: open to all, like the receipts' own pages. */
export function receiptKeyRoutes(web: FastifyInstance, desk: Desk): void {
  const limited = { config: { rateLimit: { max: 60, timeWindow: "1 minute" } } };

  web.get("/receipt-keys.json", limited, async (request, reply) => {
    const who = await desk.citizen(request);
    const keys = await desk.read(who, publicKeys);
    return reply.header("cache-control", "public, max-age=3600").send({
      ulb: who.ulb.code,
      algorithm: "Ed25519",
      keys: keys.map((k) => ({
        keyId: k.keyId,
        publicKey: k.publicKey,
        fingerprint: k.fingerprint,
        isInUse: k.retiredAt === null,
      })),
    });
  });

  web.get("/verify-receipt", limited, async (request, reply) => {
    const typed = field(request.query, "code").slice(0, 1200);
    const visitor = await desk.citizen(request);
    // A receipt of another ULB on this server is checked by that ULB's keys.
    const named = ulbOfReceiptCode(typed);
    const ulb = (named === undefined ? undefined : await findUlb(desk.app, named)) ?? visitor.ulb;
    const keys = await desk.read({ ...visitor, ulb }, publicKeys);
    const checked =
      typed === "" ? undefined : await attempt(() => Promise.resolve().then(() => verifyReceiptCode(typed, keys)));
    return send(
      reply,
      <VerifyPage
        view={viewOf(request)}
        keys={keys}
        typed={typed}
        issuer={ulb.name}
        {...(checked?.ok === true ? { signed: checked.value } : {})}
        {...(checked?.ok === false ? { refusal: checked.refusal } : {})}
      />,
      checked?.ok === false ? checked.refusal.status : 200,
    );
  });
}
