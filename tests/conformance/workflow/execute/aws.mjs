// The AWS command line, kept running for one execution (aws_cli.py says what it is and what stands behind it).
import { spawn } from "node:child_process";
import path from "node:path";
import readline from "node:readline";

/* global CONFORMANCE -- the bundler puts in the folder of the sources, and the judges' Python stands next to the bundles */
const PYTHON = path.join(import.meta.dirname, "../../python/bin/python");
const SCRIPT = path.join(CONFORMANCE, "workflow/aws_cli.py");

export class AwsCommandLine {
  #waiting = [];

  /** Runs one command line. Starting Python takes a second, so it is started for the first. */
  run(words, folder, input) {
    this.child ??= this.#start();
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.child.stdin.write(`${JSON.stringify({ words, folder, input })}\n`);
    });
  }

  #start() {
    const child = spawn(PYTHON, ["-B", SCRIPT], { stdio: ["pipe", "pipe", "inherit"] });
    readline.createInterface({ input: child.stdout }).on("line", (line) => this.#waiting.shift().resolve(JSON.parse(line)));
    child.on("close", () => this.#waiting.splice(0).forEach(({ reject }) => reject(new Error("the AWS command line ended"))));
    return child;
  }

  stop() {
    this.child?.stdin.end();
  }
}
