// One job on one runner: its environment and who approves it, its steps in order, its timeout, its cancellation.
import fs from "node:fs";
import path from "node:path";
import { Scope } from "./expression.mjs";
import { concurrency, granted } from "./settings.mjs";
import { Step } from "./step.mjs";

const DAY = 24 * 3600;
// An approval that nobody gives fails the job then.
const APPROVAL_EXPIRES = 30 * DAY;
const DEFAULT_TIMEOUT_MINUTES = 360;

export class Job {
  state = "queued";
  result;
  outputs = {};
  steps = [];
  #stopped;
  #gate;

  constructor(run, id, definition, token, { contexts, matrix, at, total, strategy, holds }) {
    Object.assign(this, { run, id, definition, token_tree: token, holds });
    this.name = matrix ? `${id} (${Object.values(matrix).map(String).join(", ")})` : id;
    this.where = `${run.where}/${this.name}`;
    this.token = run.token;
    this.mark = `${run.id}/${this.name}`;
    const place = { "job-index": at, "job-total": total, "fail-fast": strategy["fail-fast"] ?? true, "max-parallel": strategy["max-parallel"] ?? total };
    this.contexts = { ...contexts, strategy: place, matrix: matrix ?? null, github: { ...contexts.github, job: id } };
    const scope = new Scope(this.contexts);
    this.permissions = granted(scope.value(token.find("permissions")) ?? run.permissions);
    this.title = scope.text(definition.name);
  }

  get world() {
    return this.run.world;
  }

  get clock() {
    return this.run.clock;
  }

  get ended() {
    return this.state === "completed";
  }

  async execute() {
    const scope = new Scope(this.contexts);
    const leave = this.#stopped ? undefined : await this.run.github.enter(scope.value(concurrency(this.token_tree)), this);
    if (leave && (await this.#approved(scope))) await this.#work();
    else this.result ??= "cancelled";
    leave?.();
    this.state = "completed";
    this.completed_at = this.run.moment();
    this.forgiven = this.result === "failure" && new Scope(this.contexts).value(this.token_tree.find("continue-on-error")) === true;
    this.world.record(this.where, `ended ${this.result}`, { job: this.id, result: this.result });
  }

  /** Whether the environment lets the job through: its reviewers, then its wait. */
  async #approved(scope) {
    const token = this.token_tree.find("environment");
    if (!token) return !this.#stopped;
    const value = scope.value(token);
    this.environment = typeof value === "string" ? value : value.name;
    const known = this.world.scenario.environments?.[this.environment];
    if (!known) this.world.complain(this.where, `the environment \`${this.environment}\` does not exist; GitHub would create it, unprotected`);
    if (known?.reviewers || known?.teams) {
      const answer = await this.#asked(known);
      if (!answer) return false;
      if (answer.state !== "approved") {
        this.result = "failure";
        return false;
      }
    }
    if (known?.wait) await this.#pause(known.wait * 60);
    return !this.#stopped;
  }

  async #asked(known) {
    this.state = "waiting";
    this.world.record(this.where, `asks for approval of ${this.environment}`, { asked: this.environment });
    known.asked = (known.asked ?? 0) + 1;
    const answer = known.answers?.[Math.min(known.asked, known.answers.length) - 1] ?? { state: "expired", after: APPROVAL_EXPIRES };
    if (answer.cancels) this.run.github.runs[0].cancel();
    await this.#pause(Math.min(answer.after ?? 0, APPROVAL_EXPIRES));
    if (this.#stopped) return undefined;
    const reviewers = this.run.github.reviewers(known);
    const who = answer.by ?? reviewers[0];
    if (answer.by && !reviewers.includes(answer.by)) throw new Error(`the scenario lets ${answer.by} answer for ${this.environment}, who is no reviewer`);
    this.world.record(this.where, answer.state === "expired" ? `${this.environment} expired` : `${this.environment} ${answer.state} by ${who}`, { answered: this.environment, state: answer.state, comment: answer.comment });
    if (answer.state !== "expired") {
      const review = { state: answer.state, comment: answer.comment ?? "", user: { login: who }, environments: [{ name: this.environment }] };
      this.run.approvals.push(review);
    }
    return answer;
  }

  /** Waits that long, or until the job is cancelled. */
  async #pause(seconds) {
    this.#gate = this.clock.gate();
    const gate = this.#gate;
    const entry = this.clock.enqueue(seconds, () => {
      gate.open();
      return false;
    });
    await this.clock.wait(gate);
    entry.dropped = true;
    this.#gate = undefined;
  }

  async #work() {
    this.state = "in_progress";
    this.started_at = this.run.moment();
    const scope = new Scope(this.contexts);
    this.folder = fs.mkdtempSync(path.join(this.run.github.folder, "job-"));
    this.workspace = path.join(this.folder, "workspace");
    fs.mkdirSync(this.workspace);
    this.env = { ...this.run.env, ...scope.texts(this.token_tree.find("env")) };
    this.extra_path = [];
    const minutes = Number(scope.value(this.token_tree.find("timeout-minutes")) ?? DEFAULT_TIMEOUT_MINUTES);
    const timer = this.clock.enqueue(minutes * 60, () => {
      this.timed_out = true;
      this.world.record(this.where, `timed out after ${minutes} minutes`);
      this.#stop("timed out");
      return false;
    });
    this.results = {};
    for (const [at, definition] of this.definition.steps.entries()) {
      const step = new Step(this, definition, this.token_tree.find("steps").get(at), at + 1);
      this.steps.push(step);
      if (!this.terminated) await step.execute();
    }
    timer.dropped = true;
    this.run.github.commands.cleanUp(this);
    this.result = this.#outcome();
    const final = new Scope({ ...this.stepContexts(), env: undefined });
    this.outputs = final.texts(this.token_tree.find("outputs"));
    if (this.world.scenario.effects) this.world.events.push({ at: this.clock.now, where: this.where, left: this.files().filter((each) => !this.checkedOut?.has(each)) });
  }

  /** What lies in the job's own folders. */
  files() {
    return fs.readdirSync(this.folder, { recursive: true }).map(String).sort();
  }

  #outcome() {
    // GitHub's own pages disagree on what `needs` shows of a job that timed out, so a scenario may say "failure" and both are tried.
    if (this.timed_out) return this.world.scenario.timeout_result ?? "cancelled";
    if (this.#stopped) return "cancelled";
    return this.failed ? "failure" : "success";
  }

  /** The contexts of a step at this moment. */
  stepContexts() {
    const github = { ...this.contexts.github, workspace: this.workspace };
    return {
      ...this.contexts,
      github,
      env: this.env,
      job: { status: this.#stopped ? "cancelled" : this.failed ? "failure" : "success" },
      runner: { name: "runner", os: "Linux", arch: "X64", temp: this.folder, tool_cache: this.folder },
      secrets: { GITHUB_TOKEN: this.token, ...this.run.github.secrets },
      steps: this.results,
    };
  }

  get status() {
    const cancelled = this.#stopped !== undefined;
    return { success: !cancelled && !this.failed, failure: !cancelled && this.failed === true, cancelled };
  }

  cancel(reason = "cancelled") {
    if (this.ended || this.#stopped) return;
    this.#stop(reason);
  }

  #stop(reason) {
    this.#stopped = reason;
    this.unqueue?.();
    this.#gate?.open();
    const running = this.steps.at(-1);
    if (running?.process && !running.goesOn()) running.process.kill(reason);
  }

  /** GitHub's patience has ended: nothing of the job runs any more. */
  terminate() {
    this.terminated = true;
    this.#stopped ??= "terminated";
    this.world.record(this.where, "terminated: it ran on for five minutes after the cancellation");
    this.#gate?.open();
    this.steps.at(-1)?.process?.kill("terminated");
  }

  summary(id) {
    const steps = this.steps.map((step) => ({ number: step.number, name: step.name, status: step.conclusion ? "completed" : "in_progress", conclusion: step.conclusion ?? null, started_at: step.started_at ?? null, completed_at: step.completed_at ?? null }));
    return { id, databaseId: id, run_id: this.run.id, name: this.title, status: this.state, conclusion: this.result ?? null, started_at: this.started_at ?? this.completed_at ?? null, completed_at: this.completed_at ?? null, steps };
  }
}
