// What the runner's commands and actions answer, and the record of everything that happens, in order.
//
// A scenario's `replies` come first: `{ "command": regex, "job": regex, "step": number, "run": number, "during": job, "answers": [...] }`, or `"uses"`
// in place of `command` for an action; the last three keep it to a step of its job, to a run, and to while a job is under way. Answers are used one after the other, the last one again and again: `{ "stdout", "stderr", "exit", "takes": seconds,
// "never": true, "cancels": true (somebody cancels the first run now), "pass": true (as if there were no reply), "outputs": {…} }`. `usual` has the same
// form and is looked at after them. Everything else succeeds and prints nothing.

/** One entry of a scenario's `replies`. */
class Reply {
  #used = 0;

  constructor(entry) {
    this.entry = entry;
    this.command = entry.command === undefined ? undefined : new RegExp(entry.command);
    this.uses = entry.uses === undefined ? undefined : new RegExp(entry.uses);
    this.job = new RegExp(entry.job ?? "");
  }

  fits(kind, text, job, { number, job: own }) {
    const { step, run, during } = this.entry;
    const underWay = () => own.run.jobs.some(({ id, state }) => id === during && state === "in_progress");
    return this[kind]?.test(text) === true && this.job.test(job) && (step ?? number) === number && (run ?? own.run.id) === own.run.id && (during === undefined || underWay());
  }

  next() {
    const { answers } = this.entry;
    return answers[Math.min(this.#used++, answers.length - 1)];
  }

  get unused() {
    return this.#used === 0;
  }
}

export class World {
  events = [];
  complaints = [];
  #replies;
  #usual;

  constructor(scenario, clock) {
    this.scenario = scenario;
    this.clock = clock;
    this.#replies = (scenario.replies ?? []).map((entry) => new Reply(entry));
    // How the world of an example always answers; a single run need not see all of it.
    this.#usual = (scenario.usual ?? []).map((entry) => new Reply(entry));
  }

  /** Remembers one thing that happened, in the words that a scenario's expectations are matched against. */
  record(where, text, details = {}) {
    const event = { at: this.clock.now, where, text, ...details };
    this.events.push(event);
    return event;
  }

  /** Remembers that a step began or ended; no line of the trace. */
  mark(step, details) {
    this.events.push({ at: this.clock.now, where: step.where, job: step.job.id, step: step.number, ...details });
  }

  /** Everything that happened, one line each. */
  get calls() {
    return this.events.filter(({ text }) => text !== undefined).map(({ where, text }) => `${where}: ${text}`);
  }

  complain(where, text) {
    const sentence = `${where}: ${text}`;
    if (!this.complaints.includes(sentence)) this.complaints.push(sentence);
  }

  /** The scripted answer to a command (`kind` is "command") or an action ("uses"), if there is one. */
  answer(kind, text, where, step) {
    for (const reply of [...this.#replies, ...this.#usual]) {
      const answer = reply.fits(kind, text, where, step) ? reply.next() : undefined;
      // An answer that passes leaves the call to whoever comes next.
      if (answer && !answer.pass) return answer;
    }
    return undefined;
  }

  /** Replies that answered nothing mean that the scenario and the workflow have drifted apart. */
  get unused() {
    return this.#replies.filter((reply) => reply.unused).map((reply) => `a reply of the scenario answered nothing: ${JSON.stringify(reply.entry)}`);
  }
}
