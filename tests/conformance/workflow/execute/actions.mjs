// Steps that use an action: recorded, answered by the scenario, and for the few whose effect later steps see, done.
import fs from "node:fs";
import path from "node:path";
import { Scope } from "./expression.mjs";

/** What an action leaves behind in the job's workspace; every other action only succeeds. */
const EFFECTS = {
  "actions/checkout": (step) => {
    const { github } = step.job.run;
    fs.cpSync(github.release, step.job.workspace, { recursive: true });
    // Scripts of the repository's own are stubs too; the executor has no repository.
    for (const script of github.world.scenario.scripts ?? []) {
      const place = path.join(step.job.workspace, script);
      fs.mkdirSync(path.dirname(place), { recursive: true });
      fs.copyFileSync(github.commands.stub, place);
      fs.chmodSync(place, 0o755);
    }
    step.job.checkedOut = new Set(step.job.files());
  },
  "actions/upload-artifact": (step, inputs) => {
    const found = inputs.path.split("\n").map((each) => path.resolve(step.job.workspace, each.trim())).filter((each) => fs.existsSync(each));
    if (!found.length && inputs["if-no-files-found"] === "error") return 1;
    step.job.run.github.artifacts.set(`${step.job.run.id}/${inputs.name ?? "artifact"}`, found.map((each) => ({ name: path.basename(each), content: fs.readFileSync(each) })));
    return 0;
  },
  "actions/download-artifact": (step, inputs) => {
    const run = inputs["run-id"] || step.job.run.id;
    const files = step.job.run.github.artifacts.get(`${run}/${inputs.name ?? "artifact"}`);
    if (!files) return 1;
    const target = path.resolve(step.job.workspace, inputs.path ?? ".");
    fs.mkdirSync(target, { recursive: true });
    files.forEach(({ name, content }) => fs.writeFileSync(path.join(target, name), content));
    return 0;
  },
};
// Actions that ask GitHub for an identity, which needs a permission that is easily forgotten.
const WANTS_IDENTITY = /^(aws-actions\/configure-aws-credentials|azure\/login|google-github-actions\/auth)$/;

export async function act(step) {
  const { job } = step;
  const inputs = new Scope({ ...job.stepContexts(), env: { ...job.env, ...step.env } }, job.status).texts(step.token.find("with"));
  const [name] = step.token.find("uses").value.split("@");
  const scripted = job.world.answer("uses", name, step.where, step) ?? {};
  if (WANTS_IDENTITY.test(name) && job.permissions["id-token"] !== "write") job.world.complain(step.where, `${name} needs the permission \`id-token: write\``);
  const details = Object.keys(inputs).length ? ` with ${JSON.stringify(inputs)}` : "";
  job.world.record(step.where, `uses ${name}${details}`, { uses: name, inputs });
  if (scripted.takes) await job.clock.sleep(scripted.takes);
  const code = scripted.exit ?? EFFECTS[name]?.(step, inputs) ?? 0;
  return { code, outputs: scripted.outputs ?? {} };
}
