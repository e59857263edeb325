// asl-validator: the schema of a state machine and its graph (dangling Next and Catch, unreachable states, a missing End),
// and the syntax of its JSONata and JSONPath. Accepts services that do not exist; run.py checks those against the AWS models.
import validate from "asl-validator";
import { judgeFiles } from "../lib/verdict.mjs";

await judgeFiles((text) => {
  const { isValid, errors } = validate(JSON.parse(text));
  return isValid ? [] : errors.map((error) => `${error["Error code"]}: ${error.Message ?? JSON.stringify(error)}`);
});
