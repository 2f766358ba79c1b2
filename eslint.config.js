import tseslint from "typescript-eslint";

// Money and dates are made and converted in the kernel alone; elsewhere these calls are how floats and local time zones get in.
const noFloats = [
  { selector: "CallExpression[callee.name='parseFloat']", message: "amounts are Paise: use rupees()" },
  {
    selector: "MemberExpression[object.name='Number'][property.name='parseFloat']",
    message: "amounts are Paise: use rupees()",
  },
];
const noClocks = [
  {
    selector: "NewExpression[callee.name='Date'][arguments.length=0]",
    message: "take the time from the handle: tx.clock()",
  },
  {
    selector: "CallExpression[callee.object.name='Date'][callee.property.name='now']",
    message: "take the time from the handle: tx.clock()",
  },
];

export default tseslint.config(
  {
    ignores: [
      "node_modules/",
      ".data/",
      "out/",
      "coverage/",
      "**/*.mjs",
      "eslint.config.js",
      ".dependency-cruiser.cjs",
    ],
  },
  ...tseslint.configs.recommendedTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      "@typescript-eslint/no-floating-promises": "error",
      "@typescript-eslint/no-explicit-any": "error",
      "@typescript-eslint/no-non-null-assertion": "error",
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_", varsIgnorePattern: "^_" }],
      "@typescript-eslint/restrict-template-expressions": "off",
      // It takes a branded bigint (Paise) for something that cannot be negated.
      "@typescript-eslint/no-unsafe-unary-minus": "off",
      // Our handles are records of functions, not classes: there is no `this` to lose.
      "@typescript-eslint/unbound-method": "off",
      // `async` functions without await keep one shape for all handlers.
      "@typescript-eslint/require-await": "off",
      "no-restricted-syntax": ["error", ...noFloats],
    },
  },
  {
    files: ["{ledger,billing,collections,reconciliation}/**/*.ts"],
    ignores: [
      "**/*.test.ts",
      "**/*.bench.ts",
      "**/testing*.ts",
      "ledger/kernel/**",
      "collections/gateway/simulator/**",
    ],
    rules: { "no-restricted-syntax": ["error", ...noFloats, ...noClocks] },
  },
  {
    files: ["**/*.test.{ts,tsx}", "**/testing*.ts"],
    rules: {
      "@typescript-eslint/no-unsafe-assignment": "off",
      "@typescript-eslint/no-unsafe-member-access": "off",
      "@typescript-eslint/no-unsafe-argument": "off",
    },
  },
);
