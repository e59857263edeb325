// Evaluates expressions and the tokens that hold them, with GitHub's own evaluator. What is ours is only the way contexts are handed in.
import crypto from "node:crypto";
import { data, Evaluator, Lexer, Parser } from "@actions/expressions";
import { truthy } from "@actions/expressions/result";
import { isBasicExpression, isMapping, isSequence } from "@actions/workflow-parser/templates/tokens/type-guards";

function toData(value) {
  if (value === null || value === undefined) return new data.Null();
  if (typeof value === "string") return new data.StringData(value);
  if (typeof value === "number") return new data.NumberData(value);
  if (typeof value === "boolean") return new data.BooleanData(value);
  if (Array.isArray(value)) return new data.Array(...value.map(toData));
  const dictionary = new data.Dictionary();
  for (const [key, item] of Object.entries(value)) dictionary.add(key, toData(item));
  return dictionary;
}

export function fromData(value) {
  if (value instanceof data.Array) return value.values().map(fromData);
  if (value instanceof data.Dictionary) return Object.fromEntries(value.pairs().map(({ key, value: item }) => [key, fromData(item)]));
  return value instanceof data.Null ? null : value.value;
}

/** The words of an expression. This edition of the reader makes one quote only of the first pair of quotes in a text, the service of each. */
function tokens(expression) {
  const quoted = ({ lexeme }) => lexeme.startsWith("'");
  return new Lexer(expression).lex().tokens.map((token) => (quoted(token) ? { ...token, value: token.lexeme.slice(1, -1).replaceAll("''", "'") } : token));
}

/** Contexts and the state that the status functions look at, as one place of a workflow sees them. */
export class Scope {
  /** `status` is `{ success, failure, cancelled }`. */
  constructor(contexts, status = { success: true, failure: false, cancelled: false }) {
    this.contexts = contexts;
    this.status = status;
  }

  evaluate(expression) {
    const status = (name, value) => ({ name, description: "", minArgs: 0, maxArgs: 0, call: () => new data.BooleanData(value) });
    const functions = [
      status("success", this.status.success),
      status("failure", this.status.failure),
      status("cancelled", this.status.cancelled),
      status("always", true),
      {
        name: "hashFiles",
        description: "",
        minArgs: 1,
        maxArgs: 255,
        call: (...patterns) => new data.StringData(crypto.createHash("sha256").update(patterns.map((p) => p.coerceString()).join("\n")).digest("hex")),
      },
    ];
    const tree = new Parser(tokens(expression), Object.keys(this.contexts), functions).parse();
    return new Evaluator(tree, toData(this.contexts), new Map(functions.map((entry) => [entry.name.toLowerCase(), entry]))).evaluate();
  }

  holds(expression) {
    return truthy(this.evaluate(expression));
  }

  /** The plain value of a token: expressions evaluated, mappings and sequences walked through. */
  value(token) {
    if (token === undefined || token === null) return undefined;
    if (isBasicExpression(token)) return fromData(this.evaluate(token.expression));
    if (isMapping(token)) return Object.fromEntries([...token].map(({ key, value }) => [this.text(key), this.value(value)]));
    if (isSequence(token)) return [...token].map((item) => this.value(item));
    return token.value;
  }

  /** A token as text, the way GitHub puts a value into a string. */
  text(token) {
    if (token === undefined || token === null) return "";
    return isBasicExpression(token) ? this.evaluate(token.expression).coerceString() : String(token.value ?? "");
  }

  /** A mapping of texts, such as `env` or `with`. */
  texts(token) {
    if (!token) return {};
    if (isBasicExpression(token)) return Object.fromEntries(Object.entries(this.value(token) ?? {}).map(([key, item]) => [key, String(item)]));
    return Object.fromEntries([...token].map(({ key, value }) => [this.text(key), this.text(value)]));
  }
}
