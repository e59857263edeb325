// Executes workflows: `run.mjs WORKFLOW SCENARIO…` prints one JSON trace a scenario; `run.mjs --pairs WORKFLOW SCENARIO WORKFLOW SCENARIO…` does
// so for several workflows, each with its scenario.
//
// GitHub's own parser reads the file and GitHub's own evaluator every expression; scripts run in real shells. Ours are the scheduling of
// jobs, written after GitHub's documentation, and the commands at the edge, which only record. Dispatched workflows of the same
// release run too, so that a rollback is seen to its end.
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { AwsCommandLine } from "./execute/aws.mjs";
import { Clock } from "./execute/clock.mjs";
import { Commands } from "./execute/commands.mjs";
import { GitHub } from "./execute/github.mjs";
import { World } from "./execute/world.mjs";

async function execute(workflow, scenario, stub, aws) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "workflow-"));
  const clock = new Clock();
  const world = new World(scenario, clock);
  const commands = await Commands.start(world, folder, stub, aws);
  try {
    const release = path.resolve(path.dirname(workflow), "../..");
    const github = new GitHub({ world, clock, commands, folder, release });
    await github.load();
    const problem = github.dispatch(path.basename(workflow), scenario.inputs ?? {});
    if (problem) {
      const why = problem.missing ?? problem.refused;
      return { result: "refused", seconds: 0, calls: [`the dispatch: refused: ${why}`], events: [], complaints: [] };
    }
    if (scenario.cancel_after !== undefined) {
      clock.enqueue(scenario.cancel_after, () => {
        github.runs[0].cancel();
        return false;
      });
    }
    await clock.run();
    // `again`: [{ run, jobs }], runs that somebody does again once everything has ended.
    for (const { run, jobs } of scenario.again ?? []) {
      github.run(run).again(jobs);
      await clock.run();
    }
    const unfinished = github.runs.filter((run) => !run.conclusion).map((run) => `${run.where}: the run never ends`);
    return {
      result: github.runs.map((run) => `${run.where} ${run.conclusion}`).join("; "),
      seconds: world.events.at(-1).at,
      calls: world.calls,
      events: world.events,
      // What the API tells of each run, for those who want to see it: the shape that `releasec record` reads.
      ...(process.env.HISTORY && { history: github.runs.map((run) => ({ run: run.summary(), jobs: run.jobSummaries(), approvals: run.approvals })) }),
      complaints: [...world.complaints, ...world.unused, ...unfinished],
    };
  } finally {
    commands.stop();
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

const [first, ...rest] = process.argv.slice(2);
const pairs = first === "--pairs" ? rest.flatMap((each, at) => (at % 2 ? [] : [[each, rest[at + 1]]])) : rest.map((scenario) => [first, scenario]);
// The bundler puts this file next to the stub.
const stub = path.join(import.meta.dirname, "stub.sh");

function digestOf(workflow) {
  const plan = path.resolve(path.dirname(workflow), "../../plan.json");
  return fs.existsSync(plan) ? JSON.parse(fs.readFileSync(plan, "utf8")).digest.sha256 : "";
}

/**
 * A scenario, with what it takes over from the world that it names under `like`. Its text may say `{{plan}}` for the digest of the plan, which
 * every change of an example changes.
 */
function read(file, digest) {
  const { like, ...scenario } = JSON.parse(fs.readFileSync(file, "utf8").replaceAll("{{plan}}", digest));
  return { ...(like && read(path.resolve(path.dirname(file), like), digest)), ...scenario };
}

// Starting it takes a second, so one serves all scenarios.
const aws = new AwsCommandLine();
for (const [workflow, file] of pairs) {
  const trace = await execute(workflow, read(file, digestOf(workflow)), stub, aws);
  process.stdout.write(`${JSON.stringify(trace)}\n`);
}
aws.stop();
