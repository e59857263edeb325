"""Virtual time and strict turns for the interpreter's threads.

A state machine waits for days and runs branches side by side. Here a wait costs nothing, and of all branches exactly one runs at a
time, in an order that depends on nothing but the definition: a *strand* (the main flow, one branch, one item of a map) keeps its turn
until it waits or ends; then the one that is due earliest goes on, and the clock jumps to its time.
"""

import datetime
import heapq
import itertools
import threading

# The longest a standard execution may last.
ONE_YEAR = 365 * 24 * 3600


class TooLong(Exception):
    """The execution has outlived its own timeout, or the service's limit of a year."""


class Strand:
    """One flow of control. Its threads (the interpreter starts several, and waits for each) share the turn."""

    def __init__(self):
        self.turn = threading.Semaphore(0)


_of_thread = threading.local()


class StrandThread(threading.Thread):
    """A thread belongs to the strand that starts it."""

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.strand = getattr(_of_thread, "strand", None)

    def run(self):
        _of_thread.strand = self.strand
        super().run()


class Clock:
    """The virtual clock, and the queue of strands that wait for their time."""

    def __init__(self, start, limit=ONE_YEAR):
        self.start = start
        self.limit = limit
        self.seconds = 0
        # When someone put an end to the run; strands that wake later find it over.
        self.ended_at = None
        self._order = itertools.count()
        self._queue = []
        _of_thread.strand = Strand()

    def now(self):
        return self.start + datetime.timedelta(seconds=self.seconds)

    def current(self):
        return _of_thread.strand

    def sleep(self, seconds):
        """The current strand goes on `seconds` later."""
        strand = self.current()
        self.ready(strand, max(0, seconds))
        self._pass_on()
        strand.turn.acquire()
        if self.seconds >= self.limit:
            raise TooLong

    def ready(self, strand, after=0):
        """Queues a strand that has no turn."""
        due = min(self.seconds + after, self.limit)
        heapq.heappush(self._queue, (due, next(self._order), strand))

    def block(self):
        """The current strand gives up its turn until another calls `ready` for it."""
        strand = self.current()
        self._pass_on()
        strand.turn.acquire()

    def fork(self, thread, after=0):
        """Makes a thread that is about to start a strand of its own, due `after` seconds from now."""
        strand = Strand()
        run = thread.run

        def in_turn():
            _of_thread.strand = strand
            strand.turn.acquire()
            try:
                run()
            finally:
                self._pass_on()

        thread.strand = strand
        thread.run = in_turn
        self.ready(strand, after)

    def _pass_on(self):
        if not self._queue:
            return  # every other strand has ended; the one that blocks will be made ready by the thread it waits for
        due, _, strand = heapq.heappop(self._queue)
        self.seconds = max(self.seconds, due)
        strand.turn.release()


def install():
    """From now on every new thread is a strand thread. To be called before the interpreter is imported."""
    threading.Thread = StrandThread
