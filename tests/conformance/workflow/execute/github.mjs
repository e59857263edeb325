// The service around the runs: workflow files, dispatches and other triggers, environments, variables, concurrency groups.
import fs from "node:fs";
import path from "node:path";
import { parse } from "../parse.mjs";
import { Run } from "./run.mjs";

export const REPOSITORY = "example/shop";
const SHA = "0123456789abcdef0123456789abcdef01234567";

export class GitHub {
  runs = [];
  #groups = new Map();

  constructor({ world, clock, commands, folder, release }) {
    Object.assign(this, { world, clock, commands, folder, release });
    this.vars = { ...world.scenario.vars };
    this.secrets = { ...world.scenario.secrets };
    this.artifacts = new Map();
    this.protections = new Map();
  }

  /** Reads every workflow of the release, as GitHub reads a repository. */
  async load() {
    const place = path.join(this.release, ".github/workflows");
    this.workflows = new Map();
    for (const file of fs.readdirSync(place).sort()) {
      const { root, template, errors } = await parse(file, fs.readFileSync(path.join(place, file), "utf8"));
      if (errors.length) throw new Error(`${file} is no workflow: ${errors.join("; ")}`);
      const name = root.find("name")?.value ?? `.github/workflows/${file}`;
      this.workflows.set(file, { file, name, root, template });
    }
  }

  run(id) {
    return this.runs.find((run) => run.id === Number(id));
  }

  /** Starts a run, by a person or by the token of another run; gives nothing, or `{ missing }` or `{ refused }` when GitHub would not start it. */
  dispatch(wanted, given, ref = "main", by = undefined) {
    const workflow = this.workflows.get(path.basename(wanted)) ?? [...this.workflows.values()].find(({ name }) => name === wanted);
    if (!workflow) return { missing: `the workflow ${wanted}` };
    const declared = workflow.template.events.workflow_dispatch;
    if (!declared) return { refused: "Workflow does not have 'workflow_dispatch' trigger" };
    const { inputs, problem } = readInputs(declared.inputs ?? {}, given);
    if (problem) return { refused: problem };
    this.start(workflow, "workflow_dispatch", inputs, { inputs: given, ref: `refs/heads/${ref}` }, by);
    return undefined;
  }

  start(workflow, event, inputs, payload, by) {
    const run = new Run(this, workflow, { id: this.runs.length + 1, event, inputs, payload, by });
    this.runs.push(run);
    this.world.record(workflow.file, `started by ${event}${Object.keys(inputs).length ? ` with ${JSON.stringify(inputs)}` : ""}`);
    this.clock.spawn(() => run.execute());
  }

  /** Runs that listen for the end of another start now. */
  completed(run) {
    for (const workflow of this.workflows.values()) {
      const trigger = workflow.template.events.workflow_run;
      if (!trigger?.workflows?.includes(run.workflow.name) || !(trigger.types ?? ["completed"]).includes("completed")) continue;
      this.start(workflow, "workflow_run", {}, { workflow_run: run.summary() });
    }
  }

  /** What the API tells of an environment, or `undefined` where there is none. */
  environment(name) {
    const known = this.world.scenario.environments?.[name];
    if (!known) return undefined;
    const rules = [];
    if (known.reviewers || known.teams) {
      const users = (known.reviewers ?? []).map((login) => ({ type: "User", reviewer: { login } }));
      const teams = (known.teams ?? []).map((slug) => ({ type: "Team", reviewer: { slug } }));
      rules.push({ type: "required_reviewers", prevent_self_review: known.prevent_self_review ?? true, reviewers: [...users, ...teams] });
    }
    if (known.wait) rules.push({ type: "wait_timer", wait_timer: known.wait });
    if (known.branches ?? true) rules.push({ type: "branch_policy" });
    const policy = { protected_branches: true, custom_branch_policies: false };
    return { name, can_admins_bypass: known.can_admins_bypass ?? false, protection_rules: rules, deployment_branch_policy: policy, ...known.api };
  }

  /** Who may review an environment: its people and the members of its teams. */
  reviewers(known) {
    const members = (known.teams ?? []).flatMap((slug) => this.world.scenario.teams?.[slug] ?? []);
    return [...(known.reviewers ?? []), ...members];
  }

  environments() {
    return Object.keys(this.world.scenario.environments ?? {}).map((name) => this.environment(name));
  }

  /** The `github` context of a run. */
  context(run) {
    const { scenario } = this.world;
    const [owner] = REPOSITORY.split("/");
    return {
      actor: "ana",
      triggering_actor: "ana",
      ref: "refs/heads/main",
      ref_name: "main",
      ref_type: "branch",
      ref_protected: true,
      sha: SHA,
      ...scenario.github,
      ...(run.by && { actor: run.by, triggering_actor: run.by }),
      api_url: "https://api.github.com",
      event: run.payload,
      event_name: run.event,
      repository: REPOSITORY,
      repository_owner: owner,
      run_attempt: "1",
      run_id: String(run.id),
      run_number: String(run.id),
      server_url: "https://github.com",
      workflow: run.workflow.name,
      workflow_ref: `${REPOSITORY}/.github/workflows/${run.workflow.file}@refs/heads/main`,
    };
  }

  /**
   * Waits for a concurrency group. `holder` has `where` and `cancel()`. Gives the function that leaves the group, or nothing when the holder
   * was cancelled while it waited. Names are shared by the whole repository, and their case does not matter.
   */
  async enter(setting, holder) {
    if (!setting?.group) return () => {};
    const key = setting.group.toLowerCase();
    const group = this.#groups.get(key) ?? { current: undefined, pending: [] };
    this.#groups.set(key, group);
    const leave = () => {
      group.current = group.pending.shift();
      group.current?.gate.open();
    };
    const entry = { holder, gate: this.clock.gate() };
    if (!group.current) {
      group.current = entry;
      return leave;
    }
    if (setting["cancel-in-progress"]) group.current.holder.cancel();
    // Only one may wait, and a newer one takes its place, unless the group queues.
    if (setting.queue !== "max") for (const older of group.pending.splice(0)) this.#drop(older);
    group.pending.push(entry);
    holder.unqueue = () => {
      group.pending = group.pending.filter((waiting) => waiting !== entry);
      this.#drop(entry);
    };
    this.world.record(holder.where, `waits for the concurrency group ${setting.group}`);
    await this.clock.wait(entry.gate);
    holder.unqueue = undefined;
    return entry.dropped ? undefined : leave;
  }

  #drop(entry) {
    entry.dropped = true;
    this.world.record(entry.holder.where, "left the queue of its concurrency group without a turn");
    entry.gate.open();
  }
}

/** Checks and completes the inputs of a dispatch as GitHub does. */
function readInputs(declared, given) {
  const unknown = Object.keys(given).filter((name) => !(name in declared));
  if (unknown.length) return { problem: `Unexpected inputs provided: ${JSON.stringify(unknown)}` };
  const inputs = {};
  for (const [name, { type, required, default: usual, options }] of Object.entries(declared)) {
    const value = given[name] ?? usual;
    if (value === undefined || value === "") {
      if (required) return { problem: `Required input '${name}' not provided` };
      inputs[name] = type === "boolean" ? false : "";
    } else if (type === "boolean") {
      if (!["true", "false"].includes(String(value))) return { problem: `Input '${name}' is not a boolean` };
      inputs[name] = String(value) === "true";
    } else if (type === "choice" && !options.includes(String(value))) {
      return { problem: `Provided value '${value}' for input '${name}' not in the list of allowed values` };
    } else inputs[name] = type === "number" ? Number(value) : String(value);
  }
  return { inputs };
}
