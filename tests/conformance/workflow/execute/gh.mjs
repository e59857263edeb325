// The GitHub command line, answered from the runs that the executor holds: runs, jobs, approvals, environments, variables, dispatches.
//
// Permissions are GitHub's: the token of a run may do what its job's `permissions` say, and no more; any other token may do anything.
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";

const forbidden = (need) => ({ exit: 1, stderr: `gh: Resource not accessible by integration (HTTP 403): the job's token needs \`${need}\`\n` });
const missing = (what) => ({ exit: 1, stderr: `gh: Not Found (HTTP 404): ${what}\n` });
const refused = (why) => ({ exit: 1, stderr: `gh: ${why} (HTTP 422)\n` });

/** `call` is a command from a stub, `step` the step that makes it. */
export function execute(call, step) {
  const { args } = call;
  const github = step.job.run.github;
  const may = (scope, level) => {
    if (call.token === "") return { exit: 4, stderr: "gh: To use GitHub CLI in a GitHub Actions workflow, set the GH_TOKEN environment variable.\n" };
    if (call.token !== step.job.token) return undefined;
    const granted = step.job.permissions[scope] ?? "none";
    return granted === "write" || granted === level ? undefined : forbidden(`${scope}: ${level}`);
  };
  const [group, verb, ...rest] = args;
  if (group === "api") return api(new Request(args.slice(1), call.input), github, may);
  if (group === "workflow" && verb === "run") return may("actions", "write") ?? dispatch(github, positional(rest)[0], fields(rest), flag(rest, "--ref", "-r"));
  if (group === "run" && verb === "cancel") return may("actions", "write") ?? cancel(github, positional(rest)[0]);
  if (group === "run" && verb === "view") return may("actions", "read") ?? view(github, positional(rest)[0], flag(rest, "--jq", "-q"));
  if (group === "run" && verb === "download") return may("actions", "read") ?? download(github, positional(rest)[0], rest, call.folder);
  if (group === "variable") return variable(github, verb, rest, call, step);
  return {};
}

/** The command line of `gh api`. */
class Request {
  constructor(args, input) {
    this.path = positional(args)[0].replace(/^\//, "");
    this.filter = flag(args, "--jq", "-q");
    this.body = { ...(input ? JSON.parse(input) : {}), ...fields(args) };
    this.method = flag(args, "--method", "-X") ?? (Object.keys(this.body).length ? "POST" : "GET");
  }
}

const TAKES_VALUE = /^(-X|--method|-f|-F|--field|--raw-field|-q|--jq|-H|--header|-t|--template|--input|-R|--repo|-r|--ref|--json|-b|--body|-e|--env|--hostname|--cache|-p|--preview|--pattern|-n|--name|-D|--dir)$/;

function positional(args) {
  return args.filter((arg, at) => !arg.startsWith("-") && !(at > 0 && TAKES_VALUE.test(args[at - 1])));
}

function flag(args, long, short) {
  const at = args.findIndex((arg) => arg === long || arg === short);
  return at >= 0 ? args[at + 1] : args.find((arg) => arg.startsWith(`${long}=`))?.slice(long.length + 1);
}

function fields(args) {
  const found = {};
  args.forEach((arg, at) => {
    if (!/^(-f|-F|--field|--raw-field)$/.test(arg)) return;
    const [, name, value] = /^([^=]+)=([\s\S]*)$/.exec(args[at + 1]);
    const parts = name.match(/[^[\]]+/g);
    const last = parts.pop();
    const inner = parts.reduce((object, part) => (object[part] ??= {}), found);
    inner[last] = value;
  });
  return found;
}

function answer(value, filter) {
  if (value === undefined) return {};
  const text = JSON.stringify(value);
  if (filter === undefined) return { stdout: `${text}\n` };
  const done = spawnSync("jq", ["-rc", filter], { input: text, encoding: "utf8" });
  return { stdout: done.stdout, stderr: done.stderr, exit: done.status };
}

/** The part of the REST interface that a release speaks to. Anything else is recorded, and answered with an empty object. */
const ROUTES = [
  ["GET", /^repos\/[^/]+\/[^/]+\/actions\/runs$/, "actions", "read", (github, _, query) => listed(github, query)],
  ["GET", /^repos\/[^/]+\/[^/]+\/actions\/runs\/(\d+)\/artifacts$/, "actions", "read", (github, [id]) => github.run(id) && artifacts(github, id)],
  ["GET", /^repos\/[^/]+\/[^/]+\/actions\/runs\/(\d+)(?:\/attempts\/1)?$/, "actions", "read", (github, [id]) => github.run(id)?.summary()],
  ["GET", /^repos\/[^/]+\/[^/]+\/actions\/runs\/(\d+)\/(?:attempts\/\d+\/)?jobs/, "actions", "read", (github, [id]) => github.run(id) && { jobs: github.run(id).jobSummaries() }],
  ["GET", /^repos\/[^/]+\/[^/]+\/actions\/runs\/(\d+)\/approvals$/, "actions", "read", (github, [id]) => github.run(id)?.approvals],
  ["GET", /^repos\/[^/]+\/[^/]+\/actions\/runs\/(\d+)\/pending_deployments$/, "actions", "read", (github, [id]) => github.run(id)?.pendingDeployments()],
  ["GET", /^repos\/[^/]+\/[^/]+\/environments\/([^/]+)$/, "actions", "read", (github, [name]) => github.environment(decodeURIComponent(name))],
  ["GET", /^repos\/[^/]+\/[^/]+\/environments$/, "actions", "read", (github) => ({ environments: github.environments() })],
];

function api(request, github, may) {
  const { method, path, filter, body } = request;
  const [route, query] = path.split("?");
  for (const [verb, pattern, scope, level, find] of ROUTES) {
    const found = method === verb && pattern.exec(route);
    if (!found) continue;
    const no = may(scope, level);
    if (no) return no;
    const value = find(github, found.slice(1), new URLSearchParams(query));
    return value === undefined ? missing(route) : answer(value, filter);
  }
  const cancelled = method === "POST" && /\/actions\/runs\/(\d+)\/(force-)?cancel$/.exec(route);
  if (cancelled) return may("actions", "write") ?? cancel(github, cancelled[1]);
  const dispatched = method === "POST" && /\/actions\/workflows\/([^/]+)\/dispatches$/.exec(route);
  if (dispatched) return may("actions", "write") ?? dispatch(github, dispatched[1], body.inputs ?? {}, body.ref);
  const team = method === "GET" && /^orgs\/[^/]+\/teams\/([^/]+)\/(?:members|memberships\/([^/]+))$/.exec(route);
  if (team) return may("organization_members", "read") ?? membership(github, team[1], team[2], filter);
  if (/\/actions\/variables/.test(route)) return variables(github, method, route, body, filter, may);
  if (/\/branches\/[^/]+\/protection$/.test(route)) return may("administration", method === "GET" ? "read" : "write") ?? protection(github, method, route, body, filter);
  if (/\/rulesets|\/environments\/[^/]+$/.test(route) && method !== "GET") return may("administration", "write") ?? answer({}, filter);
  if (/\/deployments/.test(route)) return may("deployments", method === "GET" ? "read" : "write") ?? answer({}, filter);
  if (/\/issues/.test(route)) return may("issues", method === "GET" ? "read" : "write") ?? answer({}, filter);
  return answer({}, filter);
}

function artifacts(github, id) {
  const names = [...github.artifacts.keys()].map((key) => key.split("/")).filter(([run]) => run === id).map(([, name]) => name);
  return { total_count: names.length, artifacts: names.map((name) => ({ name, expired: false })) };
}

function listed(github, query) {
  const wanted = query.get("status");
  const found = github.runs.map((run) => run.summary()).filter(({ status, conclusion }) => !wanted || status === wanted || conclusion === wanted);
  return { total_count: found.length, workflow_runs: found };
}

// The token of a run knows nothing of an organisation's teams; only another token may ask.
function membership(github, slug, login, filter) {
  const members = github.world.scenario.teams?.[slug];
  if (!members) return missing(`the team ${slug}`);
  if (login === undefined) return answer(members.map((each) => ({ login: each })), filter);
  return members.includes(login) ? answer({ state: "active", role: "member" }, filter) : missing(`${login} in ${slug}`);
}

/** A branch's protection is what was last put there; GitHub takes a plain flag and gives back an object. */
function protection(github, method, route, body, filter) {
  const usual = { lock_branch: { enabled: false }, enforce_admins: { enabled: true }, allow_force_pushes: { enabled: false } };
  if (method === "PUT") {
    const flags = Object.entries(body).map(([name, value]) => [name, typeof value === "boolean" || value === "true" || value === "false" ? { enabled: String(value) === "true" } : value]);
    github.protections.set(route, { ...usual, ...Object.fromEntries(flags) });
  } else if (method === "DELETE") github.protections.delete(route);
  return answer(github.protections.get(route) ?? usual, filter);
}

// The token of a run can never write variables, whatever its job is granted.
function variables(github, method, route, body, filter, may) {
  const name = /\/variables\/([^/]+)$/.exec(route)?.[1] ?? body.name;
  const no = may("actions_variables", method === "GET" ? "read" : "write");
  if (no) return no;
  if (method === "GET") return name in github.vars ? answer({ name, value: github.vars[name] }, filter) : missing(`the variable ${name}`);
  if (method === "DELETE") delete github.vars[name];
  else github.vars[name] = String(body.value);
  return {};
}

function variable(github, verb, rest, call, step) {
  const [name] = positional(rest);
  const methods = { set: "PATCH", get: "GET", delete: "DELETE" };
  const may = () => (call.token === step.job.token ? forbidden("actions_variables: write") : undefined);
  return variables(github, methods[verb] ?? "GET", `repos/o/r/actions/variables/${name}`, { value: flag(rest, "--body", "-b") ?? call.input }, ".value", may);
}

function cancel(github, id) {
  const run = github.run(id);
  if (!run) return missing(`the run ${id}`);
  if (run.conclusion) return { exit: 1, stderr: "gh: Cannot cancel a workflow run that is completed. (HTTP 409)\n" };
  run.cancel();
  return {};
}

function view(github, id, filter) {
  const run = github.run(id);
  return run ? answer({ ...run.summary(), jobs: run.jobSummaries() }, filter) : missing(`the run ${id}`);
}

const glob = (pattern) => new RegExp(`^${pattern.split("*").map((text) => text.replace(/[.+?^${}()|[\]\\]/g, "\\$&")).join(".*")}$`);

// Each artifact becomes a folder of its own, unless one is named.
function download(github, id, args, folder) {
  const [name, pattern] = [flag(args, "--name", "-n"), flag(args, "--pattern", "-p")];
  const fits = (artifact) => (name === undefined ? pattern === undefined || glob(pattern).test(artifact) : artifact === name);
  const found = [...github.artifacts].map(([key, files]) => [key.split("/"), files]).filter(([[run, artifact]]) => run === id && fits(artifact));
  if (!found.length) return { exit: 1, stderr: "no artifact matches any of the names or patterns provided\n" };
  const target = path.resolve(folder, flag(args, "--dir", "-D") ?? ".");
  for (const [[, artifact], files] of found) {
    const place = name === undefined ? path.join(target, artifact) : target;
    fs.mkdirSync(place, { recursive: true });
    files.forEach(({ name: file, content }) => fs.writeFileSync(path.join(place, file), content));
  }
  return {};
}

function dispatch(github, workflow, inputs, ref) {
  if (!workflow) return missing("no workflow was named");
  const problem = github.dispatch(workflow, inputs, ref, "github-actions[bot]");
  if (problem === undefined) return {};
  return problem.missing ? missing(problem.missing) : refused(problem.refused);
}
