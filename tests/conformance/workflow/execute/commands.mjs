// The commands that a step finds on its PATH: harmless ones are real, those that would reach the world are stubs that ask this server.
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import net from "node:net";
import path from "node:path";
import { execute as gh } from "./gh.mjs";
import { signalGroup } from "./process.mjs";

// Real: they only compute, or touch the step's own folder.
const REAL = (
  "awk base64 basename bash cat chmod cksum cmp comm cp cut diff dirname env expr false find fold grep gunzip gzip head id install join jq kill ln ls " +
  "md5sum mkdir mktemp mv nl nproc numfmt od paste printf pwd readlink realpath rev rm rmdir sed seq sh sha1sum sha256sum sha512sum shuf sort split stat " +
  "tac tail tar tee test touch tr true tsort uname uniq unzip wc which xargs zip"
).split(" ");
// Stubs: whatever a release calls. A scenario may name more under `tools`.
const STUBS = (
  "argocd aws az cdk cosign curl date docker eb fastlane flyway gcloud gh git glab helm helmfile kubectl kustomize liquibase mysql node npm npx openssl pip " +
  "psql python3 sam sentry-cli sleep sops ssh terraform timeout wget yarn"
).split(" ");
// When a run starts, if its scenario does not say so with `now`.
const USUAL_START = "2026-06-01T02:00:00Z";

/** Text as `printf '%b'` takes it, with no blank that the stub's `read` could trim. */
const escaped = (text) => [...Buffer.from(text)].map((byte) => `\\0${byte.toString(8).padStart(3, "0")}`).join("");

const SECONDS = { s: 1, m: 60, h: 3600, d: 86400 };
const duration = (text) => {
  const [, number, unit] = /^(\d+(?:\.\d+)?)([smhd]?)$/.exec(text) ?? [];
  return number === undefined ? undefined : Number(number) * SECONDS[unit || "s"];
};

/** A command line as a person would type it. */
export const line = (name, args) => [name, ...args].map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`)).join(" ");

export class Commands {
  #steps = new Map();
  #next = 0;

  /** Starts the server, and lays out the folders for PATH. */
  static async start(world, folder, stub, aws) {
    const commands = new Commands();
    commands.world = world;
    commands.stub = stub;
    commands.epoch = Date.parse(world.scenario.now ?? USUAL_START) / 1000;
    commands.aws = aws;
    commands.path = [layOutStubs(path.join(folder, "stubs"), stub, [...STUBS, ...(world.scenario.tools ?? [])]), layOutReal(path.join(folder, "real"))].join(":");
    commands.server = net.createServer((socket) => commands.#serve(socket));
    await new Promise((resolve) => commands.server.listen(0, "127.0.0.1", resolve));
    return commands;
  }

  stop() {
    this.server.close();
  }

  /** Kills whatever the steps of a job left behind, as the runner does. */
  cleanUp(job) {
    const mark = `CONFORMANCE_JOB=${this.server.address().port}/${job.mark}\0`;
    for (const pid of fs.readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
      try {
        if (fs.readFileSync(`/proc/${pid}/environ`, "latin1").includes(mark)) process.kill(Number(pid), "SIGKILL");
      } catch (gone) {
        if (!["ENOENT", "ESRCH", "EACCES", "EPERM"].includes(gone.code)) throw gone;
      }
    }
  }

  /** The environment that connects a step's stubs with this server. `step` is `{ process, job, where }`. */
  register(step) {
    const key = String(this.#next++);
    this.#steps.set(key, step);
    const { port } = this.server.address();
    return { CONFORMANCE_PORT: String(port), CONFORMANCE_STEP: key, CONFORMANCE_JOB: `${port}/${step.job.mark}`, ...(this.world.scenario.variables && { CONFORMANCE_VARIABLES: "yes" }) };
  }

  #serve(socket) {
    const caller = new Caller(socket);
    caller
      .fields(6)
      .then(async ([key, pid, folder, token, input, count]) => {
        const [name, ...args] = await caller.fields(Number(count) + 1);
        const [more] = await caller.fields(1);
        const variables = await caller.fields(Number(more));
        const step = this.#steps.get(key);
        // What a step left behind gets no answer any more; it waits for its job to end, which kills it.
        if (!step.process.isAlive) return;
        step.process.stirs();
        await this.#answer(step, { name, args, pid: Number(pid), folder, token, input, variables }, caller);
      })
      .catch((error) => {
        // A stub that was killed with its step hangs up in the middle of a word.
        if (!(error instanceof HungUp)) this.world.complain("executor", String(error.stack ?? error));
        socket.destroy();
      });
  }

  async #answer(step, call, caller) {
    const { name, args } = call;
    if (name === "sleep") {
      const seconds = args.map(duration).reduce((sum, each) => sum + each, 0);
      step.process.sleep(seconds, () => caller.end({ exit: Number.isNaN(seconds) ? 1 : 0 }));
    } else if (name === "date") caller.end(date(args, this.epoch + this.world.clock.now));
    else if (name === "timeout") await this.#timeout(step, args, caller);
    else await this.#command(step, call, caller);
  }

  async #command(step, call, caller) {
    const text = line(call.name, call.args);
    // Recorded first: what the command sets going (a dispatch, a cancellation) comes after it.
    const event = this.world.record(step.where, text, { step: step.number, command: [call.name, ...call.args], ...(call.input ? { input: call.input } : {}), ...plans(call.variables) });
    const answer = await this.#outcome(step, call, text);
    if (answer.exit) event.text += ` (exit ${answer.exit})`;
    if (answer.cancels) step.job.run.github.runs[0].cancel();
    if (answer.never) step.process.suspend();
    else if (answer.takes) step.process.sleep(answer.takes, () => caller.end(answer));
    else caller.end(answer);
  }

  /** What the scenario says; else what the command does by itself. An `aws` that the command line does not understand fails in any case. */
  async #outcome(step, call, text) {
    const scripted = this.#scripted(text, step);
    if (call.name === "aws") {
      const own = await this.aws.run(["aws", ...call.args], call.folder, call.input);
      if (!own.understood) this.world.complain(step.where, `\`${text}\`: ${own.stderr.trim().split("\n").slice(-3).join(" ")}`);
      return own.understood ? (scripted ?? own) : own;
    }
    return scripted ?? (call.name === "gh" ? gh(call, step) : usual(call));
  }

  /** A scenario's answer; `{{now}}` in what it prints is the virtual time. */
  #scripted(text, step) {
    const found = this.world.answer("command", text, step.where, step);
    if (!found?.stdout) return found;
    const now = new Date((this.epoch + this.world.clock.now) * 1000).toISOString();
    return { ...found, stdout: found.stdout.replaceAll("{{now}}", now) };
  }

  /** `timeout`, by the virtual clock. */
  async #timeout(step, args, caller) {
    // Its own options, of which two take a value, come before the duration.
    let at = 0;
    while (args[at].startsWith("-")) at += /^(-k|-s|--kill-after|--signal)$/.test(args[at]) ? 2 : 1;
    caller.say(`timeout ${at + 1}`);
    const [pid] = await caller.fields(1);
    let late = false;
    const alarm = step.process.clock.enqueue(duration(args[at]), () => {
      late = true;
      return step.process.take_to_kill(Number(pid));
    });
    const [code] = await caller.fields(1).finally(() => {
      alarm.dropped = true;
      // `timeout` takes its command along when it is itself interrupted or killed.
      signalGroup(Number(pid), "SIGKILL");
    });
    caller.end({ exit: late ? 124 : Number(code) });
  }
}

/** The variables of a command that are the plan's and not the runner's. */
function plans(variables) {
  if (!variables.length) return {};
  const runners = /^(GITHUB_|RUNNER_|CONFORMANCE_|BASH_FUNC_)|^(PATH|HOME|PWD|OLDPWD|SHLVL|_|LANG|TZ|CI)$/;
  const pairs = variables.map((each) => [each.slice(0, each.indexOf("=")), each.slice(each.indexOf("=") + 1)]);
  return { env: Object.fromEntries(pairs.filter(([name]) => !runners.test(name)).sort(([a], [b]) => (a < b ? -1 : 1))) };
}

class HungUp extends Error {}

/** One stub at the other end of a socket. */
class Caller {
  #buffer = Buffer.alloc(0);
  #wanted;

  constructor(socket) {
    this.socket = socket;
    socket.on("data", (chunk) => {
      this.#buffer = Buffer.concat([this.#buffer, chunk]);
      this.#wanted?.();
    });
    socket.on("error", () => this.#hangUp());
    socket.on("close", () => this.#hangUp());
  }

  /** The next `count` NUL-terminated fields. */
  fields(count) {
    return new Promise((resolve, reject) => {
      this.#wanted = () => {
        if (this.gone) return reject(new HungUp());
        const found = [];
        let from = 0;
        while (found.length < count) {
          const end = this.#buffer.indexOf(0, from);
          if (end < 0) return undefined;
          found.push(this.#buffer.subarray(from, end).toString());
          from = end + 1;
        }
        this.#buffer = this.#buffer.subarray(from);
        this.#wanted = undefined;
        return resolve(found);
      };
      this.#wanted();
    });
  }

  #hangUp() {
    this.gone = true;
    this.#wanted?.();
  }

  say(text) {
    if (!this.gone) this.socket.write(`${text}\n`);
  }

  end({ stdout = "", stderr = "", exit = 0 }) {
    if (stdout) this.say(`out ${escaped(stdout)}`);
    if (stderr) this.say(`err ${escaped(stderr)}`);
    this.say(`exit ${exit}`);
  }
}

function layOutStubs(folder, stub, names) {
  fs.mkdirSync(folder);
  const file = path.join(folder, ".stub");
  fs.copyFileSync(stub, file);
  fs.chmodSync(file, 0o755);
  for (const name of new Set(names)) fs.symlinkSync(".stub", path.join(folder, name));
  return folder;
}

function layOutReal(folder) {
  fs.mkdirSync(folder);
  const places = process.env.PATH.split(":").concat("/usr/bin", "/bin");
  for (const name of REAL) {
    const found = places.map((place) => path.join(place, name)).find((file) => fs.existsSync(file));
    if (found) fs.symlinkSync(found, path.join(folder, name));
  }
  return folder;
}

/** `date`, with the virtual clock's time for now. */
function date(args, now) {
  const given = args.findIndex((arg) => /^(-\w*d|--date(=.*)?)$/.test(arg));
  const stamp = new Date(now * 1000).toISOString().slice(0, 19).replace("T", " ");
  let words = [`--date=@${now}`, ...args];
  if (given >= 0) {
    const joined = args[given].startsWith("--date=");
    const wanted = joined ? args[given].slice("--date=".length) : args[given + 1];
    const relative = /^(now\b|today\b|[-+]?\s*\d+\s*(second|sec|minute|min|hour|day|week|month|year)s?\b|next\b|last\b|tomorrow\b|yesterday\b)/i.test(wanted);
    const absolute = relative ? `${stamp} UTC ${wanted.replace(/^(now|today)\b/i, "")}` : wanted;
    words = args.flatMap((arg, at) => (at === given ? [`--date=${absolute}`] : at === given + 1 && !joined ? [] : [arg]));
  }
  const done = spawnSync("/usr/bin/date", words, { encoding: "utf8", env: { ...process.env, TZ: process.env.TZ ?? "UTC", LC_ALL: "C" } });
  return { stdout: done.stdout, stderr: done.stderr, exit: done.status };
}

// What a script that looks for its tools is told.
const VERSIONS = { gh: "gh version 2.80.0", git: "git version 2.51.0", helm: "v3.19.0", kubectl: "Client Version: v1.34.0", terraform: "Terraform v1.13.0" };

/** What a command does when no scenario says otherwise: it succeeds, and leaves behind the files that it is known for. */
function usual({ name, args, folder }) {
  if (args.length === 1 && /^(--version|version)$/.test(args[0]) && name in VERSIONS) return { stdout: `${VERSIONS[name]}\n` };
  const value = (flag) => args.map((arg, at) => (arg === flag ? args[at + 1] : arg.startsWith(`${flag}=`) ? arg.slice(flag.length + 1) : undefined)).find(Boolean);
  if (name === "terraform" && value("-out")) fs.writeFileSync(path.resolve(folder, value("-out")), "plan\n");
  if (name === "git" && args[0] === "worktree" && args[1] === "add") {
    const place = args.slice(2).find((arg) => !arg.startsWith("-"));
    fs.cpSync(folder, path.resolve(folder, place), { recursive: true });
  }
  if (name === "terraform" && args[0] === "apply") return { stdout: "Apply complete! Resources: 0 added, 1 changed, 0 destroyed.\n" };
  // A second checkout, at another commit; the executor has but one.
  if (name === "git" && args[0] === "worktree" && args[1] === "add") fs.cpSync(folder, args.slice(2).find((arg) => arg.startsWith("/")), { recursive: true });
  if (name !== "curl") return {};
  const file = value("-o") ?? value("--output");
  if (file && file !== "/dev/null") fs.writeFileSync(path.resolve(folder, file), '{"ok":true}\n');
  const format = value("-w") ?? value("--write-out") ?? "";
  const code = format.replaceAll("\\n", "\n").replaceAll(/%\{(http_code|response_code)\}/g, "200");
  return { stdout: (file ? "" : '{"ok":true}\n') + code };
}
