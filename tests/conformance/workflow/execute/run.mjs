// One run of one workflow: which job starts when, what its needs say, and how the run ends.
import { Scope } from "./expression.mjs";
import { Job } from "./job.mjs";
import { combinations } from "./matrix.mjs";
import { concurrency } from "./settings.mjs";

// GitHub takes its time to tell the runners, and then gives them five minutes.
const CANCEL_AFTER = 5;
const CANCEL_PATIENCE = 5 * 60;

export class Run {
  conclusion = null;
  cancelled = false;
  approvals = [];
  /** Every job that has been started or is being asked for, by its instance. */
  jobs = [];
  /** Per job of the file: `{ result, outputs }`, as `needs` shows it. */
  #results = new Map();

  constructor(github, workflow, { id, event, inputs, payload, by }) {
    Object.assign(this, { github, workflow, id, event, inputs, payload, by });
    this.world = github.world;
    this.clock = github.clock;
    this.where = workflow.file;
    this.token = `token-of-run-${id}`;
    this.definitions = new Map(workflow.template.jobs.map((job) => [job.id.value, job]));
    this.tokens = workflow.root.find("jobs");
    this.gates = new Map([...this.definitions.keys()].map((name) => [name, this.clock.gate()]));
    this.base = { github: { ...github.context(this), token: this.token }, inputs, vars: github.vars };
    this.env = new Scope(this.base).texts(workflow.root.find("env"));
    this.title = new Scope(this.base).text(workflow.root.find("run-name")) || workflow.name;
    this.permissions = new Scope(this.base).value(workflow.root.find("permissions"));
  }

  /** The virtual time, as the API writes it. */
  moment() {
    return new Date((this.github.commands.epoch + this.clock.now) * 1000).toISOString().replace(".000Z", "Z");
  }

  async execute(names = [...this.definitions.keys()]) {
    this.started_at ??= this.moment();
    const leave = await this.github.enter(new Scope(this.base).value(concurrency(this.workflow.root)), this);
    if (!leave) return this.#conclude("cancelled");
    for (const name of names) this.clock.spawn(() => this.#definition(name));
    for (const gate of this.gates.values()) await this.clock.wait(gate);
    leave();
    return this.#conclude(this.#overall());
  }

  /** Somebody does the run again: `all` of it, or the jobs that `failed`, each with all that need it; the others keep their results. */
  again(which) {
    const wanted = (name) => which === "all" || ["failure", "cancelled"].includes(this.#results.get(name).result);
    const chosen = new Set([...this.definitions.keys()].filter(wanted));
    for (let before = -1; before < chosen.size;) {
      before = chosen.size;
      this.definitions.forEach(({ needs }, name) => (needs ?? []).some((need) => chosen.has(need.value)) && chosen.add(name));
    }
    chosen.forEach((name) => this.gates.set(name, this.clock.gate()));
    this.jobs = this.jobs.filter(({ id }) => !chosen.has(id));
    this.base.github.run_attempt = String(Number(this.base.github.run_attempt) + 1);
    Object.assign(this, { conclusion: null, cancelled: false, cancelRequested: false });
    this.world.record(this.where, `done again: ${which}`);
    this.clock.spawn(() => this.execute([...chosen]));
  }

  #overall() {
    const results = [...this.#results.values()].map(({ result }) => result);
    if (this.cancelled && results.includes("cancelled")) return "cancelled";
    if (results.includes("failure") || results.includes("cancelled")) return "failure";
    return results.includes("success") ? "success" : "skipped";
  }

  #conclude(conclusion) {
    this.conclusion = conclusion;
    this.updated_at = this.moment();
    this.world.record(this.where, `ended ${conclusion}`);
    this.github.completed(this);
  }

  /** One job of the file, from its needs to its result; several instances when it has a matrix. */
  async #definition(name) {
    const definition = this.definitions.get(name);
    if (definition.type !== "job") throw new Error(`${this.where}/${name}: the executor runs no reusable workflows`);
    const needs = (definition.needs ?? []).map((need) => need.value);
    for (const need of needs) await this.clock.wait(this.gates.get(need));
    const contexts = { ...this.base, needs: Object.fromEntries(needs.map((need) => [need, this.#results.get(need)])) };
    const holds = (cancelled) => new Scope(contexts, this.#status(needs, cancelled)).holds(definition.if.expression);
    if (holds(this.cancelled)) this.#results.set(name, await this.#instances(name, definition, contexts, holds));
    else {
      // A job that would have run had nobody cancelled is cancelled; any other is skipped.
      const result = this.cancelled && holds(false) ? "cancelled" : "skipped";
      this.world.record(`${this.where}/${name}`, result);
      this.#results.set(name, { result, outputs: {} });
    }
    this.gates.get(name).open();
  }

  /** What the status functions see: every ancestor, however far up, not only the direct needs. */
  #status(needs, cancelled) {
    const ancestors = new Set();
    const climb = (names) => names.forEach((name) => {
      if (ancestors.has(name)) return;
      ancestors.add(name);
      climb((this.definitions.get(name).needs ?? []).map((need) => need.value));
    });
    climb(needs);
    const results = [...ancestors].map((name) => this.#results.get(name).result);
    return { success: !cancelled && results.every((result) => result === "success"), failure: results.includes("failure"), cancelled };
  }

  async #instances(name, definition, contexts, holds) {
    const strategy = new Scope(contexts).value(this.tokens.find(name).find("strategy")) ?? {};
    const chosen = combinations(strategy.matrix);
    const jobs = chosen.map((matrix, at) => new Job(this, name, definition, this.tokens.find(name), { contexts, matrix, at, total: chosen.length, strategy, holds }));
    this.jobs.push(...jobs);
    const waiting = [...jobs];
    const worker = async (done) => {
      for (let job = waiting.shift(); job; job = waiting.shift()) {
        await job.execute();
        if (job.result === "failure" && !job.forgiven && jobs.length > 1 && (strategy["fail-fast"] ?? true)) jobs.forEach((other) => other.cancel("a failure in its matrix"));
      }
      done.open();
    };
    const workers = Array.from({ length: Math.min(strategy["max-parallel"] ?? jobs.length, jobs.length) }, () => this.clock.gate());
    workers.forEach((done) => this.clock.spawn(() => worker(done)));
    for (const done of workers) await this.clock.wait(done);
    return { result: worst(jobs.map((job) => (job.forgiven ? "success" : job.result))), outputs: Object.assign({}, ...jobs.map((job) => job.outputs)) };
  }

  /** Somebody cancels the run. */
  cancel() {
    if (this.cancelRequested || this.conclusion) return;
    this.cancelRequested = true;
    this.world.record(this.where, "cancellation requested");
    this.clock.enqueue(CANCEL_AFTER, () => {
      if (this.conclusion) return false;
      this.cancelled = true;
      this.world.record(this.where, "cancelled");
      this.unqueue?.();
      // A running job whose own condition still holds goes on; so does, in a cancelled job, a running step whose condition holds.
      this.jobs.filter((job) => !job.ended && !job.holds(true)).forEach((job) => job.cancel());
      this.clock.enqueue(CANCEL_PATIENCE, () => {
        this.jobs.filter((job) => !job.ended).forEach((job) => job.terminate());
        return false;
      });
      return false;
    });
  }

  summary() {
    const { id, event, conclusion, workflow } = this;
    const { sha, ref_name, actor } = this.base.github;
    const waits = this.jobs.some(({ state }) => state === "waiting") && !this.jobs.some(({ state }) => state === "in_progress");
    const status = conclusion ? "completed" : this.unqueue ? "pending" : waits ? "waiting" : "in_progress";
    const html_url = `https://github.com/${this.base.github.repository}/actions/runs/${id}`;
    return { id, databaseId: id, name: workflow.name, display_title: this.title, event, status, conclusion, head_branch: ref_name, head_sha: sha, run_attempt: Number(this.base.github.run_attempt), run_started_at: this.started_at ?? null, updated_at: this.updated_at ?? null, html_url, actor: { login: actor }, triggering_actor: { login: actor } };
  }

  jobSummaries() {
    return this.jobs.map((job, at) => job.summary(at + 1));
  }

  pendingDeployments() {
    return this.jobs.filter((job) => job.state === "waiting").map((job) => ({ environment: { name: job.environment } }));
  }
}

function worst(results) {
  return ["failure", "cancelled", "success"].find((result) => results.includes(result)) ?? "skipped";
}
