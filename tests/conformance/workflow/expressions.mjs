// Evaluates expressions: one JSON object `{ expression, contexts }` a line in, one `{ value }` or `{ error }` a line out.
import fs from "node:fs";
import { fromData, Scope } from "./execute/expression.mjs";

for (const line of fs.readFileSync(0, "utf8").split("\n")) {
  if (!line) continue;
  const { expression, contexts } = JSON.parse(line);
  let said;
  try {
    said = { value: fromData(new Scope(contexts).evaluate(expression)) };
  } catch (error) {
    said = { error: String(error.message) };
  }
  process.stdout.write(`${JSON.stringify(said)}\n`);
}
