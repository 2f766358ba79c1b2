// Who may import whom. api/architecture.test.ts holds the same table with its reasons and fails if it looked at no files;
// this one sees cycles too.
const order = ["ledger", "billing", "collections", "reconciliation", "reports", "api"];
module.exports = {
  forbidden: [
    { name: "no-cycles", severity: "error", from: {}, to: { circular: true } },
    ...order.map((folder, i) => ({
      name: `${folder}-looks-down`,
      severity: "error",
      from: { path: `^${folder}/` },
      to: { path: `^(${order.slice(i + 1).join("|") || "none"})/` },
    })),
  ],
  options: {
    tsConfig: { fileName: "tsconfig.json" },
    tsPreCompilationDeps: true,
    doNotFollow: { path: "node_modules" },
    enhancedResolveOptions: { extensions: [".ts", ".tsx", ".js", ".mjs"] },
  },
};
