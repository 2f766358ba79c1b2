#!/usr/bin/env node
// The command line, run from TypeScript as it is: no build step that could be stale.
import { fileURLToPath } from "node:url";

process.env.TSX_TSCONFIG_PATH ??= fileURLToPath(new URL("../tsconfig.json", import.meta.url));
const { register } = await import("tsx/esm/api");
register();
await import("./cli.ts");
