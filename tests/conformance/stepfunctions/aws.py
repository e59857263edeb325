"""What AWS itself says of each call: services, operations, arguments, results and errors, from the models that boto3 carries.

Step Functions names things as the SDK for Java does: the service by its id without spaces (`cloudwatchlogs`), operations in
camelCase, arguments and results in PascalCase (`DbSnapshotIdentifier`).
"""

import functools
import gzip
import pathlib
import re

import botocore
import botocore.loaders
import botocore.model
import botocore.validate

DATA = pathlib.Path(botocore.__file__).parent / "data"
SERVICE_ID = re.compile(rb'"serviceId"\s*:\s*"([^"]+)"')
WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
# The integrations that Step Functions has of its own: (service, action) to the ways in which it can be waited for.
OPTIMISED = {
    ("apigateway", "invoke"): {"", "waitForTaskToken"},
    ("athena", "getQueryExecution"): {""},
    ("athena", "getQueryResults"): {""},
    ("athena", "startQueryExecution"): {"", "sync"},
    ("athena", "stopQueryExecution"): {""},
    ("batch", "submitJob"): {"", "sync", "waitForTaskToken"},
    ("codebuild", "startBuild"): {"", "sync"},
    ("codebuild", "stopBuild"): {""},
    ("dynamodb", "deleteItem"): {""},
    ("dynamodb", "getItem"): {""},
    ("dynamodb", "putItem"): {""},
    ("dynamodb", "updateItem"): {""},
    ("ecs", "runTask"): {"", "sync", "waitForTaskToken"},
    ("eks", "call"): {""},
    ("eks", "runJob"): {"", "sync", "waitForTaskToken"},
    ("events", "putEvents"): {"", "waitForTaskToken"},
    ("glue", "startJobRun"): {"", "sync"},
    ("http", "invoke"): {""},
    ("lambda", "invoke"): {"", "waitForTaskToken"},
    ("sns", "publish"): {"", "waitForTaskToken"},
    ("sqs", "sendMessage"): {"", "waitForTaskToken"},
    ("states", "startExecution"): {"", "sync", "sync:2", "waitForTaskToken"},
}
# Optimised integrations that are no AWS operation: the arguments they know, and those they need.
NO_OPERATION = {
    ("http", "invoke"): (
        {"ApiEndpoint", "Method", "Authentication", "InvocationConfig", "Headers", "QueryParameters", "RequestBody", "Transform"},
        {"ApiEndpoint", "Method"},
    ),
    ("apigateway", "invoke"): (
        {"ApiEndpoint", "Method", "Headers", "Stage", "Path", "QueryParameters", "RequestBody", "AllowNullValues", "AuthType"},
        {"ApiEndpoint", "Method"},
    ),
    ("eks", "call"): (
        {"ClusterName", "CertificateAuthority", "Endpoint", "Method", "Path", "QueryParameters", "RequestBody"},
        {"ClusterName", "CertificateAuthority", "Endpoint", "Method", "Path"},
    ),
    ("eks", "runJob"): (
        {"ClusterName", "CertificateAuthority", "Endpoint", "Namespace", "Job", "LogOptions"},
        {"ClusterName", "CertificateAuthority", "Endpoint", "Job"},
    ),
}
# Arguments that take any JSON there, and that Step Functions itself turns into text.
TAKES_JSON = {"Message", "MessageBody", "Payload", "Input", "Detail"}
BOTO_NAME = {"states": "stepfunctions", "http": None}
RESOURCE = re.compile(r"^arn:aws[a-z-]*:states:::(?:(aws-sdk):)?([a-z0-9-]+):([A-Za-z0-9]+)(?:\.(sync:2|sync|waitForTaskToken))?$")


class Resource:
    """The `Resource` of a Task state, taken apart."""

    def __init__(self, arn):
        found = RESOURCE.match(arn)
        if not found:
            raise LookupError(f"`{arn}` is no resource that a Task can call")
        self.sdk, self.service, self.action, self.wait = bool(found[1]), found[2], found[3], found[4] or ""
        self.name = f"{self.service}:{self.action}"

    def operation(self):
        """The model of the operation, or `None` for an integration that is no AWS operation. Raises `LookupError`."""
        if self.sdk:
            if self.wait not in ("", "waitForTaskToken"):
                raise LookupError(f"`{self.name}`: an SDK integration cannot be waited for with `.{self.wait}`")
            model = service_model(self.service)
        else:
            ways = OPTIMISED.get((self.service, self.action))
            if ways is None:
                raise LookupError(f"`{self.name}` is no integration of Step Functions' own; an SDK call is `aws-sdk:{self.name}`")
            if self.wait not in ways:
                raise LookupError(f"`{self.name}` cannot be waited for with `.{self.wait}`")
            if (self.service, self.action) in NO_OPERATION:
                return None
            model = boto_model(BOTO_NAME.get(self.service, self.service))
        for name in model.operation_names:
            if name[0].lower() + name[1:] == self.action:
                return model.operation_model(name)
        raise LookupError(f"the service `{self.service}` has no operation `{self.action}`")


@functools.cache
def service_ids():
    """`{name that Step Functions uses: name that boto3 uses}`."""
    names = {}
    for folder in sorted(DATA.iterdir()):
        for path in sorted(folder.glob("*/service-2.json*"))[-1:]:
            read = gzip.open if path.suffix == ".gz" else open
            with read(path, "rb") as file:
                # Metadata stands in front, so the megabytes behind it need not be read.
                found = SERVICE_ID.search(file.read(8192))
            if found:
                names[re.sub(r"[^a-z0-9]", "", found[1].decode().lower())] = folder.name
    return names


def service_model(name):
    boto = service_ids().get(name)
    if boto is None:
        raise LookupError(f"there is no AWS service `{name}`")
    return boto_model(boto)


@functools.cache
def boto_model(name):
    return botocore.model.ServiceModel(botocore.loaders.Loader().load_service_model(name, "service-2"), name)


def pascal(name):
    """`dbSnapshotARN` as Step Functions writes it: `DbSnapshotArn`."""
    return "".join(word[:1].upper() + word[1:].lower() for word in WORD.findall(name))


def to_model(value, shape, place, complaints, free=frozenset()):
    """Arguments with the names of the model; what has no such name is a complaint."""
    if shape.type_name == "structure" and isinstance(value, dict):
        members = {name: member for member in shape.members for name in (pascal(member), member) if name[:1].isupper()}
        renamed = {}
        for name, item in value.items():
            member = members.get(name)
            if member is None:
                complaints.append(f"{place} has no argument `{name}`")
            elif name in free:
                renamed[member] = str(item)
            else:
                renamed[member] = to_model(item, shape.members[member], f"{place}.{name}", complaints, free)
        return renamed
    if shape.type_name == "list" and isinstance(value, list):
        return [to_model(item, shape.member, place, complaints, free) for item in value]
    if shape.type_name == "map" and isinstance(value, dict):
        return {key: to_model(item, shape.value, f"{place}.{key}", complaints, free) for key, item in value.items()}
    return value


def complaints_about(resource, arguments):
    """What AWS would not take in a call with these (evaluated) arguments."""
    try:
        operation = resource.operation()
    except LookupError as error:
        return [str(error)]
    if operation is None:
        known, needed = NO_OPERATION[(resource.service, resource.action)]
        found = [f"{resource.name} has no argument `{name}`" for name in arguments if name not in known]
        return found + [f"{resource.name} needs `{name}`" for name in sorted(needed - set(arguments))]
    if operation.input_shape is None:
        return [f"{resource.name} has no argument `{name}`" for name in arguments]
    complaints = []
    free = frozenset() if resource.sdk else TAKES_JSON
    renamed = to_model(arguments, operation.input_shape, resource.name, complaints, free)
    report = botocore.validate.ParamValidator().validate(renamed, operation.input_shape)
    return complaints + ([f"{resource.name}: {line}" for line in report.generate_report().splitlines()] if report.has_errors() else [])


def unknown_error(resource, name):
    """Why `name` can never be an error of a call to `resource`, or `None`."""
    prefix, _, error = name.partition(".")
    if prefix == "States" or not error:
        return None
    try:
        operation = resource.operation()
    except LookupError:
        return None
    if operation is None:
        return None
    model = operation.service_model
    own = re.sub(r"[^a-z0-9]", "", str(model.service_id).lower())
    if prefix.lower() != own:
        return f"`{name}` does not begin with the name of the service (`{resource.service}`)"
    known = {stem(shape.error_code or shape.name) for shape in model.error_shapes} | {stem(shape.name) for shape in model.error_shapes}
    # The SDK for Java ends every error in Exception, whatever the model says; what the model does not know it calls by the service's own name.
    if error.endswith("Exception") and stem(error) in known | {own, "sdkclient"}:
        return None
    return f"the service `{resource.service}` has no error `{error}`"


def stem(error):
    return re.sub(r"(Exception|Fault|Error)$", "", error).lower().replace(".", "")


# A result that named a next page would be asked for it for ever; one that names an error is none.
NEVER_GIVEN = re.compile(r"^(next.*(token|marker)|marker|.*continuationToken|functionError)$", re.I)


def example(shape, name=pascal, depth=0):
    """A result of the right shape: the first allowed word, one item a list, the member's own name as text. `name` writes a member's name."""
    kind = shape.type_name
    if kind == "structure":
        given = {member: inner for member, inner in shape.members.items() if (depth < 3 or member in shape.required_members) and not NEVER_GIVEN.match(member)}
        return {name(member): example(inner, name, depth + 1) for member, inner in given.items()} if depth <= 6 else {}
    if kind == "list":
        return [] if depth > 3 else [example(shape.member, name, depth + 1)]
    if kind == "map":
        return {}
    if kind == "string":
        return shape.enum[0] if getattr(shape, "enum", None) else shape.name.ljust(shape.metadata.get("min", 0), "-")
    if kind == "timestamp":
        return "2026-06-01T02:00:00Z"
    return {"boolean": False, "integer": 1, "long": 1, "float": 1.0, "double": 1.0}.get(kind, "")
