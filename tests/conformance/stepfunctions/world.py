"""The world around an execution: what each call gets as its answer, and the record of the calls.

A scenario's `replies` come first; each has the calls it answers (`action`, `state`, `arguments`: regular expressions that must be found)
and `answers`, used one after the other, the last one again and again. An answer is
`{"output": …}`, `{"error": "Lambda.TooManyRequestsException", "cause": …}` or `{"never": true}`, each after `"after"` seconds, or
`{"pass": true}`, which leaves the call to whoever comes next.
`usual` has the same form, and is looked at after
`replies`. People who are asked through Systems Manager answer as `people` says (approvals.py). Other calls without a reply succeed with a result of the right shape in a world where all is well.
"""

import copy
import itertools
import json
import re

from stepfunctions import approvals, aws

# What a poll must see for the world to be well; everywhere else the shape of the result is enough.
ALL_IS_WELL = {
    "cloudwatch:describeAlarms": {"MetricAlarms": [{"AlarmName": "alarm", "StateValue": "OK"}], "CompositeAlarms": []},
    "cloudwatch:getMetricData": {"MetricDataResults": [{"Id": "value", "Label": "value", "Timestamps": [], "Values": [0.0], "StatusCode": "Complete"}]},
    "codebuild:startBuild.sync": {"Build": {"Id": "build:1", "BuildStatus": "SUCCEEDED", "ExportedEnvironmentVariables": []}},
    "codebuild:batchGetBuilds": {"Builds": [{"Id": "build:1", "BuildStatus": "SUCCEEDED", "ExportedEnvironmentVariables": []}]},
    "codedeploy:getDeployment": {"DeploymentInfo": {"DeploymentId": "d-1", "Status": "Succeeded"}},
    "ecs:describeServices": {"Services": [{"Deployments": [{"Status": "PRIMARY", "RolloutState": "COMPLETED"}], "RunningCount": 1, "DesiredCount": 1}]},
    "http:invoke": {"StatusCode": 200, "StatusText": "OK", "Headers": {}, "ResponseBody": {"ok": True}},
    "lambda:getAlias": {"AliasArn": "arn:aws:lambda:eu-west-1:123456789012:function:f:live", "Name": "live", "FunctionVersion": "41", "RevisionId": "r-1"},
    "lambda:invoke": {"StatusCode": 200, "ExecutedVersion": "41", "Payload": "{}"},
    "states:startExecution.sync:2": {"Status": "SUCCEEDED", "Output": {}},
}


class Reply:
    """One entry of a scenario's `replies`."""

    def __init__(self, entry):
        self.patterns = {key: re.compile(entry[key]) for key in ("action", "state", "arguments") if key in entry}
        self.answers = entry["answers"]
        self.used = 0
        self.source = entry

    def fits(self, call):
        return all(pattern.search(call[key]) for key, pattern in self.patterns.items())

    def next(self):
        answer = self.answers[min(self.used, len(self.answers) - 1)]
        self.used += 1
        return answer


class World:
    """Answers calls and remembers them."""

    def __init__(self, scenario):
        self.replies = [Reply(entry) for entry in scenario.get("replies", [])]
        # How the world of an example always answers; a single run need not see all of it.
        self.usual = [Reply(entry) for entry in scenario.get("usual", [])]
        self.tokens = itertools.count(1)
        self.approvals = approvals.Approvals(scenario.get("people", []))
        self.calls = []
        self.complaints = []

    def call(self, resource, state, arguments, at):
        """Records a call that begins, and gives `(record, answer)`."""
        text = json.dumps(arguments, sort_keys=True, separators=(",", ":"))
        record = {"at": at, "state": state, "action": resource.name + ("." + resource.wait if resource.wait else ""), "arguments": arguments}
        self.calls.append(record)
        self.complaints += [f"state `{state}`: {complaint}" for complaint in aws.complaints_about(resource, arguments)]
        asked = {"action": record["action"], "state": state, "arguments": text}
        for reply in self.replies + self.usual:
            if reply.fits(asked) and not (answer := reply.next()).get("pass"):
                return record, answer
        if resource.service == "ssm" and resource.action in approvals.ACTIONS:
            answer = self.asked(resource.action, state, arguments, at)
            record["people"] = self.approvals.seen(resource.action, answer)
            return record, answer
        return record, self.default(resource, record["action"])

    def asked(self, action, state, arguments, at):
        try:
            return {"output": self.approvals.call(action, state, arguments, at)}
        except LookupError as error:
            return {"error": f"Ssm.{error}", "cause": "there is no such execution"}

    def default(self, resource, action):
        if action in ALL_IS_WELL:
            return {"output": copy.deepcopy(ALL_IS_WELL[action])}
        if resource.wait == "waitForTaskToken":
            # A person answers when a scenario says so, never by itself.
            return {"never": True}
        try:
            operation = resource.operation()
        except LookupError:
            return {"output": {}}
        shape = operation.output_shape if operation else None
        return {"output": aws.example(shape) if shape is not None else {}}

    def unused(self):
        """Replies that answered nothing: the scenario and the machine have drifted apart."""
        return [reply.source for reply in self.replies if not reply.used]
