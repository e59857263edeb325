// Virtual time and strict turns for jobs, so that a run of hours takes seconds and is the same each time.
//
// A *strand* (a job, a person's answer, a timer) runs until it sleeps, blocks or ends; then whoever is due earliest goes on, and the clock
// jumps to that time. Two jobs "at the same time" thus never race: they go in the order in which they became due.

export class Clock {
  now = 0;
  #queue = [];
  #order = 0;
  #yielded = () => {};
  #fault;

  /** Starts `work` as a strand of its own, `after` seconds from now. */
  spawn(work, after = 0) {
    this.enqueue(after, () => {
      work().then(
        () => this.yield(),
        (fault) => {
          this.#fault ??= fault;
          this.yield();
        },
      );
    });
  }

  /** The strand that calls goes on `seconds` later. */
  sleep(seconds) {
    return new Promise((resume) => {
      this.enqueue(seconds, resume);
      this.yield();
    });
  }

  /** The strand that calls waits until `gate.open()` is called by another. */
  wait(gate) {
    return gate.isOpen ? Promise.resolve() : new Promise((resume) => {
      gate.waiters.push(resume);
      this.yield();
    });
  }

  /** A gate that strands can wait at. */
  gate() {
    const gate = { isOpen: false, waiters: [] };
    gate.open = () => {
      gate.isOpen = true;
      gate.waiters.splice(0).forEach((resume) => this.enqueue(0, resume));
    };
    return gate;
  }

  /**
   * `act` happens `after` seconds from now, unless the entry is `dropped` first. It takes the turn for someone, who yields it later;
   * when it has nothing to do it returns `false`.
   */
  enqueue(after, act) {
    const entry = { due: this.now + Math.max(0, after), order: this.#order++, act, dropped: false };
    this.#queue.push(entry);
    return entry;
  }

  /** Ends the turn. */
  yield() {
    this.#yielded();
  }

  /** Runs everything to its end. */
  async run() {
    while (this.#queue.length > 0) {
      this.#queue.sort((a, b) => a.due - b.due || a.order - b.order);
      const { due, act, dropped } = this.#queue.shift();
      if (dropped) continue;
      this.now = Math.max(this.now, due);
      const turn = new Promise((resolve) => (this.#yielded = resolve));
      if (act() !== false) await turn;
      if (this.#fault) throw this.#fault;
    }
  }
}
