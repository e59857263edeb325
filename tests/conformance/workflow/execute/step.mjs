// One step: its condition, its environment, its process or action, and what it leaves to the steps after it.
import fs from "node:fs";
import path from "node:path";
import { act } from "./actions.mjs";
import { Scope } from "./expression.mjs";
import { StepProcess } from "./process.mjs";

export class Step {
  conclusion;

  constructor(job, definition, token, number) {
    Object.assign(this, { job, definition, token, number });
    this.id = token.find("id")?.value;
    this.name = token.find("name") ? new Scope(job.stepContexts()).text(token.find("name")) : (this.id ?? `step ${number}`);
    this.where = job.where;
  }

  #scope() {
    return new Scope(this.job.stepContexts(), this.job.status);
  }

  /** Whether a step that is under way may go on although its job was stopped. */
  goesOn() {
    return this.#scope().holds(this.definition.if.expression);
  }

  async execute() {
    this.started_at = this.job.run.moment();
    const { job } = this;
    if (!this.#scope().holds(this.definition.if.expression)) return this.#finish("skipped", "skipped", {});
    job.world.mark(this, { began: true });
    const scope = this.#scope();
    this.env = scope.texts(this.token.find("env"));
    const { code, outputs } = this.token.find("run") ? await this.#run() : await act(this);
    // A step that was told to stop has not failed by itself.
    const stopped = this.process?.kill_reason !== undefined && !this.timed_out;
    const outcome = stopped ? "cancelled" : code === 0 ? "success" : "failure";
    const forgiven = outcome === "failure" && this.#scope().value(this.token.find("continue-on-error")) === true;
    if (outcome === "failure") {
      const said = this.process?.output?.trim().split("\n").slice(-3).join(" | ") ?? "";
      job.world.record(this.where, `step \`${this.name}\` failed${forgiven ? " and is forgiven" : ""}${said ? `: ${said}` : ""}`);
      if (!forgiven) job.failed = true;
    }
    job.world.mark(this, { outcome, ...this.effects });
    return this.#finish(outcome, forgiven ? "success" : outcome, outputs);
  }

  #finish(outcome, conclusion, outputs) {
    this.process = undefined;
    this.conclusion = conclusion;
    this.completed_at = this.job.run.moment();
    if (this.id) this.job.results[this.id] = { outcome, conclusion, outputs };
  }

  async #run() {
    const { job } = this;
    const contexts = { ...job.stepContexts(), env: { ...job.env, ...this.env } };
    const scope = new Scope(contexts, job.status);
    const shell = this.#setting(scope, "shell");
    const script = scope.text(this.token.find("run"));
    for (const clock of ["SECONDS", "EPOCHSECONDS", "EPOCHREALTIME"]) {
      if (new RegExp(`\\$\\{?${clock}\\b`).test(script)) job.world.complain(this.where, `step \`${this.name}\` reads bash's own clock (\`${clock}\`), which the executor cannot move`);
    }
    const file = (name) => path.join(job.folder, `${this.number}-${name}`);
    const files = { output: file("output"), env: file("env"), path: file("path"), step_summary: file("summary"), state: file("state") };
    Object.values(files).forEach((each) => fs.writeFileSync(each, ""));
    fs.writeFileSync(file("script"), script);
    this.process = new StepProcess(job.clock);
    const connection = job.run.github.commands.register({ process: this.process, job, name: this.name, where: this.where, number: this.number });
    const cwd = path.resolve(job.workspace, this.#setting(scope, "working-directory") ?? ".");
    const timer = this.#timer(scope);
    const code = await this.process.run(shell, file("script"), { cwd, env: { ...this.#environment(contexts, files), ...connection } });
    if (timer) timer.dropped = true;
    Object.assign(job.env, assignments(fs.readFileSync(files.env, "utf8")));
    job.extra_path.unshift(...fs.readFileSync(files.path, "utf8").split("\n").filter(Boolean));
    const summary = fs.readFileSync(files.step_summary, "utf8");
    if (summary) job.world.events.push({ at: job.clock.now, where: this.where, summary });
    const outputs = assignments(fs.readFileSync(files.output, "utf8"));
    if (job.world.scenario.effects) this.effects = { outputs, exported: assignments(fs.readFileSync(files.env, "utf8")), path: fs.readFileSync(files.path, "utf8"), obeyed: obeyed(this.process.said) };
    return { code, outputs };
  }

  #timer(scope) {
    const minutes = scope.value(this.token.find("timeout-minutes"));
    if (minutes === undefined) return undefined;
    return this.job.clock.enqueue(Number(minutes) * 60, () => {
      this.timed_out = true;
      this.process?.kill("the step timed out");
      return false;
    });
  }

  /** `shell` and `working-directory`: the step's own, else the job's, else the workflow's. */
  #setting(scope, name) {
    const places = [this.token, ...[this.job.token_tree, this.job.run.workflow.root].map((tree) => tree.find("defaults")?.find("run"))];
    const token = places.map((place) => place?.find(name)).find(Boolean);
    return token && scope.text(token);
  }

  #environment(contexts, files) {
    const { github } = contexts;
    const event = path.join(this.job.folder, "event.json");
    fs.writeFileSync(event, JSON.stringify(github.event));
    const known = "actor api_url event_name job ref ref_name ref_type repository repository_owner run_attempt run_id run_number server_url sha triggering_actor workflow workflow_ref workspace";
    const fixed = Object.fromEntries(known.split(" ").map((name) => [`GITHUB_${name.toUpperCase()}`, String(github[name] ?? "")]));
    const own = Object.fromEntries(Object.entries(files).map(([name, place]) => [`GITHUB_${name.toUpperCase()}`, place]));
    const runner = { RUNNER_OS: "Linux", RUNNER_ARCH: "X64", RUNNER_TEMP: this.job.folder, RUNNER_NAME: "runner" };
    const search = [...this.job.extra_path, this.job.run.github.commands.path].join(":");
    return { HOME: this.job.folder, LANG: "C.UTF-8", TZ: "UTC", CI: "true", GITHUB_ACTIONS: "true", ...fixed, ...own, GITHUB_EVENT_PATH: event, ...runner, ...contexts.env, PATH: search };
  }
}

/** The commands that the runner obeys in what a step says: `::name …::` at the start of a line, and the old `##[name …]` anywhere. */
function obeyed(said) {
  const known = "add-mask add-matcher add-path debug echo endgroup error group notice remove-matcher save-state set-env set-output stop-commands warning".split(" ");
  const found = said.flatMap((stream) => stream.split(/\r\n|\r|\n/)).map((line) => (/^\s*::([^\s:]+).*?::/.exec(line) ?? /##\[([^\s\]]+).*?\]/.exec(line))?.[1]);
  return found.filter((name) => known.includes(name));
}

/** The files that a step writes for the runner: `name=value`, or a heredoc of several lines. */
function assignments(text) {
  const found = {};
  const lines = text.split("\n");
  for (let at = 0; at < lines.length; at++) {
    const [, name, delimiter] = /^([^=<]+)<<(.+)$/.exec(lines[at]) ?? [];
    if (name) {
      const end = lines.indexOf(delimiter, at + 1);
      if (end < 0) throw new Error(`a step wrote no end \`${delimiter}\` after \`${name}<<\``);
      found[name] = lines.slice(at + 1, end).join("\n");
      at = end;
    } else if (lines[at].includes("=")) {
      const cut = lines[at].indexOf("=");
      found[lines[at].slice(0, cut)] = lines[at].slice(cut + 1);
    }
  }
  return found;
}
