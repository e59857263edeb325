"""A stand-in Terraform provider: it serves a provider's real schema and plans without an account.

Terraform starts it like any provider, through the launcher that judge.py writes into a filesystem mirror. Terraform itself checks
the configuration against the schema and evaluates every expression; this process only answers what a provider must: computed
values are unknown in a plan, and data sources have made-up values. Blind to ConflictsWith, allowed values and ARN formats.

STUB_SCHEMA names the file with the schemas of one run (`{provider: schema}`), the first argument the provider.
"""

import hashlib
import json
import os
import sys

import grpc
import msgpack
import tf.provider
from tf.gen import tfplugin_pb2 as pb
from tf.gen import tfplugin_pb2_grpc as rpc
from tf.runner import run_provider

UNKNOWN = msgpack.ExtType(0, b"\x00")
BLOCK_NESTING = {"single": 1, "list": 2, "set": 3, "map": 4, "group": 5}
# Arguments that are JSON in a string, in whatever resource: Terraform takes any text, the service would not.
JSON_ARGUMENTS = {"assume_role_policy", "content", "definition", "event_pattern", "policy", "redrive_policy"}
ACCOUNT = "123456789012"
# What GitHub numbers: the id is text that reads as a number, and is used as one.
NUMBERED = {"github_team", "github_user"}
# Data sources whose values take part in names and policies, so that a plan reads as it would for real.
KNOWN_DATA = {
    "aws_caller_identity": {"account_id": ACCOUNT, "arn": f"arn:aws:iam::{ACCOUNT}:root", "id": ACCOUNT, "user_id": "AIDASTANDIN"},
    "aws_partition": {"partition": "aws", "dns_suffix": "amazonaws.com", "id": "aws"},
    "github_team": {"id": "2000001"},
    "github_user": {"id": "1000001"},
    "aws_region": {"name": "eu-west-1", "region": "eu-west-1", "id": "eu-west-1"},
}


def decode(value):
    if value.msgpack:
        return msgpack.unpackb(value.msgpack, raw=False, strict_map_key=False)
    return json.loads(value.json) if value.json else None


def encode(value):
    return pb.DynamicValue(msgpack=msgpack.packb(value, use_bin_type=False))


def wire_block(block):
    """A schema block in Terraform's own message."""
    attributes = [
        pb.Schema.Attribute(
            name=name,
            type=json.dumps(attribute["type"]).encode(),
            required=attribute.get("required", False),
            optional=attribute.get("optional", False),
            computed=attribute.get("computed", False),
        )
        for name, attribute in sorted(block["attributes"].items())
    ]
    nested = [
        pb.Schema.NestedBlock(
            type_name=name,
            nesting=BLOCK_NESTING[part["nesting_mode"]],
            block=wire_block(part["block"]),
            min_items=part.get("min_items", 0),
            max_items=part.get("max_items", 0),
        )
        for name, part in sorted(block.get("block_types", {}).items())
    ]
    return pb.Schema.Block(version=0, attributes=attributes, block_types=nested)


def wire_schema(schema):
    return pb.Schema(version=schema["version"], block=wire_block(schema["block"]))


def fill(block, values, make):
    """Puts `make(name, type)` where the configuration is silent and the provider would answer."""
    for name, attribute in block["attributes"].items():
        if attribute.get("computed") and values.get(name) is None:
            values[name] = make(name, attribute["type"])
    for name, part in block.get("block_types", {}).items():
        inner = values.get(name)
        items = inner if isinstance(inner, list) else [inner]
        for item in items:
            if isinstance(item, dict):
                fill(part["block"], item, make)


def made_up(type_name, values):
    """Values for a data source: the same for the same question, and of the right type."""
    seed = hashlib.sha256(json.dumps(values, default=str, sort_keys=True).encode()).hexdigest()[:8]
    empty = {"number": 0, "bool": False, "dynamic": None}

    def make(name, kind):
        if kind == "string" and name == "id" and type_name in NUMBERED:
            return str(int(seed, 16))
        if kind == "string":
            return f"arn:aws:stub:eu-west-1:{ACCOUNT}:{type_name}/{seed}" if name.endswith("arn") else f"{type_name}-{name}-{seed}"
        if isinstance(kind, list):
            return {} if kind[0] == "map" else []
        return empty[kind]

    return make


def policy_document(values):
    """The JSON of aws_iam_policy_document, which conditions elsewhere in a configuration may look into."""
    statements = []
    for statement in values.get("statement") or []:
        entry = {"Sid": statement.get("sid"), "Effect": statement.get("effect") or "Allow"}
        for key, name in (("actions", "Action"), ("not_actions", "NotAction"), ("resources", "Resource"), ("not_resources", "NotResource")):
            if statement.get(key):
                entry[name] = sorted(statement[key])
        for principal in statement.get("principals") or []:
            entry.setdefault("Principal", {})[principal["type"]] = sorted(principal["identifiers"])
        for condition in statement.get("condition") or []:
            entry.setdefault("Condition", {}).setdefault(condition["test"], {})[condition["variable"]] = condition["values"]
        statements.append({key: value for key, value in entry.items() if value is not None})
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def has_unknown(value):
    if isinstance(value, dict):
        return any(has_unknown(item) for item in value.values())
    if isinstance(value, list):
        return any(has_unknown(item) for item in value)
    return isinstance(value, msgpack.ExtType)


class Servicer(rpc.ProviderServicer):
    """The provider protocol, version 6, as far as init, validate and plan use it."""

    def __init__(self, provider):
        self.schema = provider.schema

    def GetMetadata(self, request, context):
        # Terraform falls back to GetProviderSchema.
        context.set_code(grpc.StatusCode.UNIMPLEMENTED)
        return pb.GetMetadata.Response()

    def GetProviderSchema(self, request, context):
        return pb.GetProviderSchema.Response(
            provider=wire_schema(self.schema["provider"]),
            resource_schemas={name: wire_schema(schema) for name, schema in self.schema["resource_schemas"].items()},
            data_source_schemas={name: wire_schema(schema) for name, schema in self.schema["data_source_schemas"].items()},
        )

    def ValidateProviderConfig(self, request, context):
        return pb.ValidateProviderConfig.Response()

    def ValidateResourceConfig(self, request, context):
        diagnostics = []
        for name, value in (decode(request.config) or {}).items():
            if name in JSON_ARGUMENTS and isinstance(value, str) and value.lstrip().startswith(("{", "[")):
                try:
                    json.loads(value)
                except ValueError as error:
                    found = pb.Diagnostic(severity=1, summary="Invalid JSON", detail=f"{request.type_name}.{name}: {error}")
                    found.attribute.steps.add(attribute_name=name)
                    diagnostics.append(found)
        return pb.ValidateResourceConfig.Response(diagnostics=diagnostics)

    def ValidateDataResourceConfig(self, request, context):
        return pb.ValidateDataResourceConfig.Response()

    def ConfigureProvider(self, request, context):
        return pb.ConfigureProvider.Response()

    def PlanResourceChange(self, request, context):
        planned = decode(request.proposed_new_state)
        if planned is not None:
            fill(self.schema["resource_schemas"][request.type_name]["block"], planned, lambda name, kind: UNKNOWN)
        return pb.PlanResourceChange.Response(planned_state=encode(planned))

    def ReadDataSource(self, request, context):
        values = decode(request.config)
        values.update(KNOWN_DATA.get(request.type_name, {}))
        if request.type_name == "aws_iam_policy_document":
            values["json"] = UNKNOWN if has_unknown(values) else policy_document(values)
        fill(self.schema["data_source_schemas"][request.type_name]["block"], values, made_up(request.type_name, values))
        return pb.ReadDataSource.Response(state=encode(values))

    def GetFunctions(self, request, context):
        return pb.GetFunctions.Response()

    def StopProvider(self, request, context):
        return pb.StopProvider.Response()


class Provider:
    """What `run_provider` hands to the servicer."""

    def __init__(self, name):
        with open(os.environ["STUB_SCHEMA"], encoding="utf-8") as file:
            self.schema = json.load(file)[name]


if __name__ == "__main__":
    # The library serves providers written in Python classes; its handshake and server are what we use, with our own servicer.
    tf.provider.ProviderServicer = Servicer
    run_provider(Provider(sys.argv[1]), argv=["provider"])
