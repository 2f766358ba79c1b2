import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { SimulatorOptions } from "./options.ts";
import { createSimulator, type Simulator } from "./simulator.ts";

export type RunningSimulator = Simulator & { readonly url: string; readonly port: number; close(): Promise<void> };

/** The simulator on a port of its own (0: any free one), on the loopback only. */
export async function startSimulator(port: number, options: SimulatorOptions = {}): Promise<RunningSimulator> {
  const simulator = createSimulator(options);
  const server = createServer((req, res) => {
    simulator.handle(req, res).catch(() => {
      if (!res.headersSent) res.writeHead(500);
      res.end();
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  const address = server.address() as AddressInfo;
  return Object.assign(simulator, {
    url: `http://127.0.0.1:${address.port}`,
    port: address.port,
    close: async () => {
      simulator.stop();
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  });
}
