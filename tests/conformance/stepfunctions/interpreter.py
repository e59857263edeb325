"""moto's interpreter of state machines, with virtual time, JSONata and our world in place of AWS.

What a definition means (the flow, arguments, retries, catches, choices, parallel branches) is moto's own reading of it. Replaced are
only its clock, its threads' freedom, the Java program that it evaluates JSONata with, and the calls at its edge. Where moto is
known to differ from the service, the place here says so.
"""

import datetime
import json
import re
import sys
import threading
import types

from stepfunctions import aws, virtual

virtual.install()

from moto.stepfunctions.parser.api import HistoryEventType, StateMachineType, TaskFailedEventDetails
from moto.stepfunctions.parser.asl.component.common.error_name import error_equals_decl
from moto.stepfunctions.parser.asl.component.common.error_name.custom_error_name import CustomErrorName
from moto.stepfunctions.parser.asl.component.common.error_name.error_name import ErrorName
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import FailureEvent, FailureEventException
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name import StatesErrorName
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name_type import StatesErrorNameType
from moto.stepfunctions.parser.asl.component.common.retry import jitter_strategy_decl, retrier_decl
from moto.stepfunctions.parser.asl.component.common.string import string_expression
from moto.stepfunctions.parser.asl.component.program.program import Program
from moto.stepfunctions.parser.asl.component.state import state as state_module
from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration import inline_iteration_component, iteration_worker
from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration.job import JobPool
from moto.stepfunctions.parser.asl.component.state.exec.state_parallel import branches_decl, branch_worker
from moto.stepfunctions.parser.asl.component.state.exec.state_task import state_task_factory
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service import StateTaskService
from moto.stepfunctions.parser.asl.component.state.wait.wait_function import timestamp as wait_timestamp
from moto.stepfunctions.parser.asl.component.state.wait.wait_function.wait_function import WaitFunction
from moto.stepfunctions.parser.asl.eval import states
from moto.stepfunctions.parser.asl.eval.event import event_manager
from moto.stepfunctions.parser.asl.eval.evaluation_details import AWSExecutionDetails, EvaluationDetails, ExecutionDetails, StateMachineDetails
from moto.stepfunctions.parser.asl.eval.program_state import ProgramEnded, ProgramError, ProgramStopped
from moto.stepfunctions.parser.asl.jsonata import jsonata as moto_jsonata
from moto.stepfunctions.parser.asl.parse import preprocessor
from moto.stepfunctions.parser.backend.execution_worker import SyncExecutionWorker

from stepfunctions import query

ACCOUNT, REGION = "123456789012", "eu-west-1"
STATUS = re.compile(r"States\.Http\.StatusCode\.\d+$")
# When an execution starts, if its scenario does not say so with `now`.
USUAL_START = "2026-06-01T02:00:00+00:00"

# The run that is under way. moto builds its components from plain classes, so there is no other way to hand it in.
clock = None
world = None
faults = []


class Call(StateTaskService):
    """Every Task state: it asks our world instead of AWS."""

    def _get_supported_parameters(self):
        return set()  # no filter: an unknown argument is to be seen, not dropped

    def _eval_body(self, env):
        # The token must exist before the arguments are evaluated, because they pass it on.
        if self.resource.condition == "waitForTaskToken":
            self._token = env.states.context_object.update_task_token()
        super()._eval_body(env=env)
        env.states.context_object.context_object_data.pop("Task", None)

    def _eval_service_task(self, env, resource_runtime_part, normalised_parameters, state_credentials):
        try:
            record, answer = self._ask(env, normalised_parameters)
        except virtual.TooLong:
            raise
        except Exception as error:  # a fault of ours must not look like a failed task
            faults.append(f"state `{self.name}`: {error!r}")
            raise
        record["outcome"] = "under way"
        try:
            clock.sleep(self._patience(env, answer))
        except TimeoutError:
            record["outcome"] = "States.Timeout"
            raise
        if "error" in answer:
            record["outcome"] = answer["error"]
            raise FailureEventException(failure_event(env, answer["error"], answer.get("cause", "")))
        record["outcome"] = "ok"
        env.stack.append(answer.get("output", {}))

    def _ask(self, env, arguments):
        resource = aws.Resource(self.resource.resource_arn)
        if resource.wait == "waitForTaskToken" and self._token not in json.dumps(arguments):
            world.complaints.append(f"state `{self.name}` waits for a token that it gives to nobody")
        return world.call(resource, self.name, arguments, clock.seconds)

    def _patience(self, env, answer):
        """Seconds until the answer; when the state's own timeout comes first, waits that long and raises `TimeoutError`."""
        self.timeout.eval(env=env)
        timeout = env.stack.pop()
        limits = [timeout]
        if self.heartbeat is not None:
            self.heartbeat.eval(env=env)
            limits.append(env.stack.pop())
        after = virtual.ONE_YEAR if answer.get("never") else answer.get("after", 0)
        if after > min(limits):
            clock.sleep(min(limits))
            raise TimeoutError
        return after


class StatusName(CustomErrorName):
    """`States.Http.StatusCode.429`."""

    def __init__(self, error_name):
        ErrorName.__init__(self, error_name=error_name)


def named_error(error_name):
    """The interpreter's own class for an error of the States.* family, a custom one for all others."""
    try:
        return StatesErrorName(typ=StatesErrorNameType.from_name(error_name))
    except ValueError:
        return StatusName(error_name) if STATUS.match(error_name or "") else CustomErrorName(error_name=error_name)


def failure_event(env, error, cause):
    details = {"taskFailedEventDetails": TaskFailedEventDetails(error=error, cause=cause)}
    return FailureEvent(env=env, error_name=named_error(error), event_type=HistoryEventType.TaskFailed, event_details=details)


def replace_clock():
    """Waits, retries and timestamps go by the virtual clock."""
    WaitFunction._wait_interval = lambda self, env, wait_seconds: clock.sleep(wait_seconds)

    def until(self, env):
        self.string.eval(env=env)
        moment = wait_timestamp.Timestamp._from_timestamp_string(timestamp=(text := env.stack.pop()))
        if moment is None:
            raise FailureEventException(self._create_failure_event(env, text))
        return (moment.replace(tzinfo=datetime.timezone.utc) - clock.now()).total_seconds()

    wait_timestamp.Timestamp._get_wait_seconds = until
    retrier_decl.time = types.SimpleNamespace(sleep=lambda seconds: clock.sleep(seconds))
    # Jitter takes its longest delay, so that a run is the same each time.
    jitter_strategy_decl.random = types.SimpleNamespace(uniform=lambda low, high: high)

    class VirtualDatetime(datetime.datetime):
        @classmethod
        def now(cls, tz=None):
            return clock.now()

    state_module.datetime = types.SimpleNamespace(datetime=VirtualDatetime, timezone=datetime.timezone)
    event_manager.EventManager._get_current_timestamp = staticmethod(lambda: clock.now())


def replace_threads():
    """Branches and the items of a map take turns."""
    pool = branches_decl.BranchWorkerPool
    ended = pool.on_terminated

    def start(self):
        self._worker_thread = threading.Thread(target=self._thread_routine, daemon=True)
        clock.fork(self._worker_thread)
        self._worker_thread.start()

    def on_terminated(self, env):
        before = self._termination_event.is_set()
        ended(self, env)
        if not before and self._termination_event.is_set():
            clock.ready(self.joiner)

    def wait(self):
        self.joiner = clock.current()
        clock.block()

    branch_worker.BranchWorker.start = start
    pool.on_terminated = on_terminated
    pool.wait = wait

    def launch(self, env, eval_input, job_pool):
        worker = self._create_worker(env=env, eval_input=eval_input, job_pool=job_pool)
        thread = threading.Thread(target=worker.eval, daemon=True)
        clock.fork(thread)
        thread.start()
        return worker

    close = JobPool.close_job

    def close_job(self, job):
        before = self._is_terminated()
        close(self, job)
        if not before and self._is_terminated():
            clock.ready(self.joiner)

    def await_jobs(self):
        if not self._is_terminated():
            self.joiner = clock.current()
            clock.block()

    inline_iteration_component.InlineIterationComponent._launch_worker = launch
    JobPool.close_job = close_job
    JobPool.await_jobs = await_jobs


def replace_edges():
    """Calls go to our world, JSONata to an evaluator in Python, and wildcards catch what the service lets them catch."""
    state_task_factory.state_task_service_for = lambda service_name: Call()
    moto_jsonata._eval_jsonata = lambda expression: query.evaluate(expression, lambda: clock.now(), moto_jsonata.JSONataException)
    # moto's own stand-ins for $hash, $uuid and the like only say that they are missing.
    string_expression.get_intrinsic_functions_declarations = lambda variable_references: ""

    evaluate = string_expression.StringJSONata._eval_body

    def evaluate_or_fail(self, env):
        try:
            evaluate(self, env)
        except moto_jsonata.JSONataException as error:
            # moto would call it States.Runtime, which nothing can catch; to the service it is an error of its own.
            raise FailureEventException(failure_event(env, "States.QueryEvaluationError", error.details)) from error

    string_expression.StringJSONata._eval_body = evaluate_or_fail
    states.long_uid = lambda: f"task-token-{next(world.tokens)}"
    original = moto_jsonata.encode_jsonata_variable_declarations
    for module in list(sys.modules.values()):
        if getattr(module, "encode_jsonata_variable_declarations", None) is original:
            module.encode_jsonata_variable_declarations = query.declarations

    # A branch or an item may fail with a States.* error; moto's own code would stumble over its name.
    branches_decl.CustomErrorName = iteration_worker.CustomErrorName = named_error

    # The service reports the status of a call to an endpoint under a name that begins like its own; moto refuses it as a custom one.
    preprocessor.CustomErrorName = lambda error_name: StatusName(error_name) if STATUS.match(error_name or "") else CustomErrorName(error_name=error_name)

    matches = error_equals_decl.ErrorEqualsDecl._eval_body
    # The service: States.ALL catches neither of these.
    escape = {StatesErrorNameType.StatesStatesDataLimitExceeded.to_name(), StatesErrorNameType.StatesRuntime.to_name()}
    timeout = StatesErrorNameType.StatesTimeout.to_name()

    def eval_body(self, env):
        error = env.stack[-1]
        names = {name.error_name for name in self.error_names}
        matches(self, env)
        if error.error_name in escape and error.error_name not in names:
            env.stack[-1] = False
        # The service: States.TaskFailed catches any error but a timeout; moto leaves out all of the States.* family.
        if "States.TaskFailed" in names and error.error_name not in escape | {timeout}:
            env.stack[-1] = True

    error_equals_decl.ErrorEqualsDecl._eval_body = eval_body


def replace_timeout():
    """A machine's own TimeoutSeconds by the virtual clock; the interpreter would wait for it in earnest."""
    original = Program.eval

    def evaluate(self, env):
        if self.timeout_seconds and not env.is_frame():
            clock.limit = min(clock.limit, self.timeout_seconds.timeout_seconds)
        mine, self.timeout_seconds = self.timeout_seconds, None
        try:
            original(self, env)
        finally:
            self.timeout_seconds = mine

    Program.eval = evaluate


replace_clock()
replace_threads()
replace_edges()
replace_timeout()


class Communication:
    """The interpreter wants someone to tell; the outcome is read from its environment instead."""

    def terminated(self):
        pass


def execute(definition, scenario, a_world):
    """Runs a definition to its end: `(status, error, cause, output, history)`."""
    global clock, world
    world = a_world
    start = datetime.datetime.fromisoformat(scenario.get("now", USUAL_START).replace("Z", "+00:00"))
    clock = virtual.Clock(start)
    faults.clear()
    query.forget()
    role = f"arn:aws:iam::{ACCOUNT}:role/release"
    machine = f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:release"
    details = EvaluationDetails(
        AWSExecutionDetails(account=ACCOUNT, region=REGION, role_arn=role),
        ExecutionDetails(
            arn=machine.replace("stateMachine", "execution") + ":run", name="run", role_arn=role, inpt=scenario.get("input", {}), start_time=start.isoformat()
        ),
        StateMachineDetails(arn=machine, name="release", typ=StateMachineType.STANDARD, definition=json.dumps(definition)),
    )
    worker = SyncExecutionWorker(details, Communication(), None, {})
    if "abort_after" in scenario:
        abort_later(worker, scenario["abort_after"])
    worker.start()
    if faults:
        raise RuntimeError("; ".join(faults))
    env = worker.env
    history = env.event_manager.get_event_history()
    state = env.program_state()
    if clock.seconds >= clock.limit:
        return "TIMED_OUT", "States.Timeout", "", None, history
    if isinstance(state, ProgramEnded):
        return "SUCCEEDED", None, None, env.states.get_input(), history
    if isinstance(state, ProgramStopped):
        return "ABORTED", None, None, None, history
    if isinstance(state, ProgramError):
        return "FAILED", state.error.get("error"), state.error.get("cause"), None, history
    raise RuntimeError(f"the interpreter ended in {state!r}")


def abort_later(worker, seconds):
    """A person stops the execution after that time."""

    def stop():
        clock.ended_at = clock.seconds
        worker.stop(stop_date=clock.now(), error=None, cause=None)

    thread = threading.Thread(target=stop, daemon=True)
    clock.fork(thread, after=seconds)
    thread.start()
