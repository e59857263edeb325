// GitHub's own workflow parser, as both the judge and the executor use it.
import { parseWorkflow } from "@actions/workflow-parser/workflows/workflow-parser";
import { convertWorkflowTemplate, NoOperationTraceWriter } from "@actions/workflow-parser";
import { ErrorPolicy } from "@actions/workflow-parser/model/convert";
import { StringToken } from "@actions/workflow-parser/templates/tokens/string-token";

// For the sake of editors, this edition of the parser looks for expressions in the source of a text of several lines, with its indentation and its
// escapes; the service looks in the text.
Object.defineProperty(StringToken.prototype, "source", { get: () => undefined, set: () => {} });

/** Parses a workflow: `{ root, template, errors }`, where `root` is the token tree and `template` GitHub's reading of it. */
export async function parse(name, content) {
  const parsed = parseWorkflow({ name, content }, new NoOperationTraceWriter());
  let template;
  if (parsed.value) {
    template = await convertWorkflowTemplate(parsed.context, parsed.value, undefined, { errorPolicy: ErrorPolicy.TryConversion });
  }
  const errors = [...parsed.context.errors.getErrors().map(({ message }) => message), ...(template?.errors ?? []).map(({ Message }) => Message)];
  return { root: parsed.value, template, errors: [...new Set(errors)] };
}
