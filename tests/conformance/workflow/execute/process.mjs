// One `run:` step as a real process of a real shell, on the virtual clock: when one of its commands sleeps, the whole step is suspended.
import { spawn } from "node:child_process";
import fs from "node:fs";

// What GitHub starts for each `shell:`, with the script's path put in at the end.
const SHELLS = {
  undefined: ["bash", "-e"],
  bash: ["bash", "--noprofile", "--norc", "-eo", "pipefail"],
  sh: ["sh", "-e"],
};
// A step with several processes side by side, one of which sleeps, has this much real time to show that another is still at work.
const QUIET_AFTER_MS = 250;
// GitHub interrupts, then terminates, then kills; the pauses are shortened from 7.5 s and 2.5 s.
const PATIENCE_MS = 400;

export class StepProcess {
  /** Whether it is this step's turn: its processes run in real time until it yields. */
  #active = true;
  #sleeping = new Set();
  #watchdog;

  constructor(clock) {
    this.clock = clock;
    this.kill_reason = undefined;
  }

  get isAlive() {
    return this.child !== undefined;
  }

  static shell(name) {
    const command = SHELLS[name];
    if (!command) throw new Error(`the executor knows no shell \`${name}\``);
    return command;
  }

  /** Runs a script to its end and gives its exit code; to be awaited by the strand whose turn it is. */
  run(shell, file, options) {
    const [program, ...flags] = StepProcess.shell(shell);
    return new Promise((resolve, reject) => {
      this.output = "";
      // All of it, of each stream by itself.
      this.said = ["", ""];
      this.child = spawn(program, [...flags, file], { ...options, detached: true, stdio: ["ignore", "pipe", "pipe"] });
      for (const [at, stream] of [this.child.stdout, this.child.stderr].entries()) {
        stream.on("data", (chunk) => {
          this.output = (this.output + chunk).slice(-4000);
          this.said[at] += chunk;
        });
      }
      this.child.on("error", reject);
      let finished = false;
      const finish = (code) => {
        if (finished) return;
        finished = true;
        clearTimeout(this.#watchdog);
        this.child = undefined;
        if (this.#active) resolve(code ?? 1);
        // It ended while another had the turn, so its strand must queue for its own.
        else this.clock.enqueue(0, () => resolve(code ?? 1));
      };
      // The output is complete at "close", but a process that was left behind may hold it open for ever.
      this.child.on("close", finish);
      this.child.on("exit", (code) => setTimeout(finish, QUIET_AFTER_MS, code));
    });
  }

  /** Suspends the step for that long, then calls `resume`. Gives the entry in the clock's queue. */
  sleep(seconds, resume) {
    const entry = this.clock.enqueue(seconds, () => {
      this.#sleeping.delete(entry);
      if (!this.child) return false;
      this.#take();
      return resume();
    });
    this.#sleeping.add(entry);
    if (this.#isOneAfterAnother()) this.suspend();
    else this.#watch();
    return entry;
  }

  /** Whether each process of the step waits for the next, so that none can be at work while one sleeps. */
  #isOneAfterAnother() {
    let [pid, ...others] = [this.child.pid];
    while (pid !== undefined && others.length === 0) {
      try {
        [pid, ...others] = fs.readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ").filter(Boolean).map(Number);
      } catch {
        return false;
      }
    }
    return others.length === 0;
  }

  /** Gives up the turn without an end in sight. */
  suspend() {
    if (!this.#active) return;
    this.#active = false;
    clearTimeout(this.#watchdog);
    this.clock.yield();
  }

  #take() {
    this.#active = true;
    this.#watch();
  }

  /** Any request shows that the step is at work. */
  stirs() {
    if (this.#active) this.#watch();
  }

  #watch() {
    clearTimeout(this.#watchdog);
    if (this.#sleeping.size > 0) this.#watchdog = setTimeout(() => this.suspend(), QUIET_AFTER_MS);
  }

  /** Ends the step from outside, in a turn of the step's own. */
  kill(reason) {
    this.clock.enqueue(0, () => {
      if (!this.child) return false;
      this.kill_reason ??= reason;
      this.#active = true;
      // What slept will be interrupted and never wake.
      this.#sleeping.forEach((entry) => (entry.dropped = true));
      this.#sleeping.clear();
      const { pid } = this.child;
      ["SIGINT", "SIGTERM", "SIGKILL"].forEach((signal, at) => {
        setTimeout(() => this.child && signalGroup(pid, signal), at * PATIENCE_MS).unref();
      });
    });
  }

  /** Kills one command of the step (for `timeout`), in a turn of the step's own. */
  take_to_kill(pid) {
    if (!this.child) return false;
    this.#take();
    signalGroup(pid, "SIGTERM");
    return undefined;
  }
}

/** Signals a process and all that it started, if they are still there. */
export function signalGroup(pid, signal) {
  try {
    process.kill(-pid, signal);
  } catch (gone) {
    if (gone.code !== "ESRCH") throw gone;
  }
}
