"""The automation documents of Systems Manager that ask people (`aws:approve`): who was asked, and what they answered when.

A scenario's `people` says what comes of each request, by the state that asked: `{"asked": regex, "status": "Success", "by": ["ana"],
"after": 60}`. `status` is AWS's word (`Success`, `Failed`, `TimedOut`, `Cancelled`); when `by` is not said, the last who may answers; a request that
no entry fits is never answered.
"""

import json
import re

ACTIONS = {"startAutomationExecution", "getAutomationExecution", "describeAutomationExecutions", "stopAutomationExecution"}
USUAL_DELAY = 60


def principal(name):
    """How AWS names a person who approved."""
    return f"arn:aws:iam::123456789012:role/{name}"


class Request:
    """One execution of a document."""

    def __init__(self, number, state, answer, approvers, at):
        self.id = f"{number:08d}-0000-4000-8000-000000000000"
        self.state, self.answer, self.approvers, self.at, self.stopped = state, answer, approvers, at, False

    def status(self, now):
        if self.stopped:
            return "Cancelled"
        if self.answer is None or now < self.at + self.answer.get("after", USUAL_DELAY):
            return "Waiting"
        return self.answer.get("status", "Success")

    def outputs(self, now):
        if self.status(now) == "Waiting" or self.answer is None:
            return {}
        word = "Approve" if self.status(now) == "Success" else "Reject"
        people = [principal(name) for name in self.answer["by"]] if "by" in self.answer else self.approvers[-1:]
        decisions = [json.dumps({"approver": who, "decision": word}) for who in people]
        return {"approve.ApproverDecisions": decisions}


class Approvals:
    """Every request of one run."""

    def __init__(self, answers):
        self.answers = answers
        self.requests = {}

    def call(self, action, state, arguments, now):
        """The result of one call, as the service gives it."""
        if action == "startAutomationExecution":
            approvers = arguments.get("Parameters", {}).get("Approvers", [])
            request = Request(len(self.requests) + 1, state, self._answer(state), approvers, now)
            self.requests[request.id] = request
            return {"AutomationExecutionId": request.id}
        if action == "describeAutomationExecutions":
            wanted = [value for entry in arguments.get("Filters", []) if entry["Key"] == "ExecutionId" for value in entry["Values"]]
            found = [request for request in self.requests.values() if request.id in wanted]
            return {"AutomationExecutionMetadataList": [self._metadata(request, now) for request in found]}
        request = self.requests.get(arguments.get("AutomationExecutionId"))
        if request is None:
            raise LookupError("AutomationExecutionNotFoundException")
        if action == "stopAutomationExecution":
            request.stopped = request.stopped or request.status(now) == "Waiting"
            return {}
        return {"AutomationExecution": self._metadata(request, now)}

    def seen(self, action, answer):
        """What a call showed of the requests: the state that asked each, and how it stands."""
        output = answer.get("output", {})
        if action == "startAutomationExecution":
            found = [{**output, "AutomationExecutionStatus": "Asked"}]
        else:
            found = output.get("AutomationExecutionMetadataList", [output["AutomationExecution"]] if "AutomationExecution" in output else [])
        return [{"asked": self.requests[each["AutomationExecutionId"]].state, "status": each["AutomationExecutionStatus"]} for each in found]

    def _answer(self, state):
        return next((answer for answer in self.answers if re.search(answer["asked"], state)), None)

    @staticmethod
    def _metadata(request, now):
        return {"AutomationExecutionId": request.id, "AutomationExecutionStatus": request.status(now), "Outputs": request.outputs(now)}
