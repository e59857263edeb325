// asl-validator: the schema of a state machine and its graph (dangling Next and Catch, unreachable states, a missing End),
// and the syntax of its JSONata and JSONPath. Accepts services that do not exist; run.py checks those against the AWS models.
import validate from "asl-validator";
import { judgeFiles } from "../lib/verdict.mjs";

// The validator's patterns refuse what the service takes: an empty text, and a line break inside one.
const asItReads = (key, value) => (typeof value === "string" ? value.replaceAll("\n", " ") || "-" : value);

await judgeFiles((text) => {
  const { isValid, errors } = validate(JSON.parse(text, asItReads));
  return isValid ? [] : errors.map((error) => `${error["Error code"]}: ${error.Message ?? JSON.stringify(error)}`);
});
