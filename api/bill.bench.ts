import { spawn } from "node:child_process";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { refreshStatistics, withConnection } from "../ledger/kernel/database.ts";
import { inTransaction, type App, type Who } from "../ledger/kernel/tx.ts";
import { createWebApp, formSecret } from "./app.ts";
import { noGateway } from "./gateway.ts";
import { createAccessToken } from "./v1/index.ts";

const RATE = 200;
const SECONDS = 30;
const AS_OF = "2026-10-15";

/**
 * Bills fetched over HTTP at 200 requests a second, open loop (a late answer does not hold the next question back), each of another consumer
 * taken at random among all of the city: arrears of the year before with the penalty of thirteen months reckoned to the day. First bills that are
 * issued anew (one transaction, a number, its lines), then the same bills once more.
 */
export async function fetchBills(app: App, city: Who): Promise<void> {
  await refreshStatistics(app.db.address);
  // What the city's making left to write would be charged to the bills' commits.
  await withConnection(app.db.address, "admin", (client) => client.query("checkpoint"));
  const web = await createWebApp({
    app: {
      ...app,
      gateway: noGateway,
      baseUrl: "http://127.0.0.1",
      demo: false,
      defaultUlb: () => Promise.resolve(city.ulb),
    },
    secret: await formSecret(app),
    log: false,
  });
  await web.listen({ host: "127.0.0.1", port: 0 });
  const { port } = web.server.address() as AddressInfo;
  const { token } = await inTransaction(app, city, (tx) =>
    createAccessToken(tx, {
      name: "bench",
      actor: "bench@test",
      roles: ["accountant"],
      expiresAt: new Date("2100-01-01"),
    }),
  );
  const { rows } = await app.db.batch.query<{ id: string }>(
    "select consumer_id as id from billing.consumers where ulb_id = $1 order by random() limit $2",
    [city.ulb.id, RATE * SECONDS],
  );
  const ids = rows.map((r) => r.id);
  for (const what of ["bills issued anew", "the same bills fetched again"]) {
    const client = spawn(process.execPath, ["-e", CLIENT, String(port), token, String(RATE), AS_OF], {
      stdio: ["pipe", "inherit", "inherit"],
      env: { ...process.env, WHAT: what },
    });
    client.stdin.end(JSON.stringify(ids));
    await once(client, "exit");
  }
  await web.close();
}

/** A process of its own, so that asking costs the server nothing but its half of the machine. */
const CLIENT = `
const http = require("node:http");
const [port, token, rate, asOf] = process.argv.slice(1);
let text = "";
process.stdin.on("data", (c) => (text += c)).on("end", async () => {
  const ids = JSON.parse(text), agent = new http.Agent({ keepAlive: true, maxSockets: 64 }), took = [], body = JSON.stringify({ asOf });
  let failed = 0, lines = 0;
  const ask = (id) => new Promise((resolve) => {
    const start = performance.now();
    const r = http.request({ port, agent, method: "POST", path: "/v1/consumers/" + id + "/bills",
      headers: { authorization: "Bearer " + token, "content-type": "application/json", "content-length": body.length } }, (res) => {
      let all = "";
      res.on("data", (c) => (all += c)).on("end", () => {
        took.push(performance.now() - start);
        if (res.statusCode !== 201) { failed += 1; if (failed === 1) console.error(res.statusCode, all.slice(0, 300)); }
        else lines += JSON.parse(all).lines.length;
        resolve();
      });
    });
    r.on("error", () => { failed += 1; resolve(); });
    r.end(body);
  });
  for (const id of ids.slice(0, 300)) await ask(id);
  took.length = 0; lines = 0;
  const start = performance.now(), all = [];
  for (let i = 300; i < ids.length; i++) {
    const wait = start + ((i - 300) * 1000) / rate - performance.now();
    if (wait > 1) await new Promise((r) => setTimeout(r, wait));
    all.push(ask(ids[i]));
  }
  await Promise.all(all);
  const seconds = (performance.now() - start) / 1000;
  took.sort((a, b) => a - b);
  const at = (p) => took[Math.min(took.length - 1, Math.floor(took.length * p))].toFixed(1);
  console.log(process.env.WHAT + ": " + took.length + " at " + (took.length / seconds).toFixed(0) + "/s, " + failed + " failed, " +
    (lines / (took.length - failed)).toFixed(1) + " lines each; ms p50 " + at(0.5) + ", p95 " + at(0.95) + ", p99 " + at(0.99) + ", most " + at(1));
});
`;
