"""The AWS command line itself, with a made-up AWS behind it, for the workflow executor.

Reads one JSON object a line, `{"words": ["aws", …], "folder": …, "input": …}`, and answers each with `{"stdout", "stderr", "exit", "understood"}`. The command
line parses services, operations, options, shorthand and value types, builds the request, and prints the result through `--query`
and `--output`; only the request is answered here, with a result of the right shape in a world where all is well.

It is version 1, the one that is a Python package; options that only version 2 knows, and that change nothing here, are taken away first.
"""

import contextlib
import io
import json
import os
import pathlib
import re
import sys
import tempfile

os.environ.update(AWS_ACCESS_KEY_ID="none", AWS_SECRET_ACCESS_KEY="none", AWS_DEFAULT_REGION="eu-west-1", AWS_EC2_METADATA_DISABLED="true")
os.environ.update(AWS_CONFIG_FILE=os.devnull, AWS_SHARED_CREDENTIALS_FILE=os.devnull, AWS_PAGER="", LC_ALL="C.UTF-8")

import awscli.clidriver
import botocore.client
import botocore.response
import botocore.validate

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from stepfunctions import aws
from stepfunctions.world import ALL_IS_WELL

ONLY_VERSION_2 = {"--cli-binary-format": 2, "--no-cli-pager": 1, "--cli-auto-prompt": 1, "--no-cli-auto-prompt": 1}


class Understood(BaseException):
    """A command that does more than one call has been parsed. Not an `Exception`, which the driver would swallow."""


def answer(self, operation_name, api_params):
    """Stands where the command line would send a request."""
    service = self.meta.service_model
    operation = service.operation_model(operation_name)
    if operation.input_shape is not None:
        report = botocore.validate.ParamValidator().validate(api_params, operation.input_shape)
        if report.has_errors():
            raise ValueError(report.generate_report())
    if answer.whole_command:
        raise Understood
    shape = operation.output_shape
    if shape is None:
        return {}
    name = "".join(filter(str.isalnum, str(service.service_id).lower())) + ":" + operation_name[0].lower() + operation_name[1:]
    found = aws.to_model(ALL_IS_WELL[name], shape, name, []) if name in ALL_IS_WELL else aws.example(shape, str)
    for member, inner in shape.members.items():
        if member in found and inner.type_name == "blob":
            body = str(found[member] or "{}").encode()
            found[member] = botocore.response.StreamingBody(io.BytesIO(body), len(body)) if operation.has_streaming_output else body
    return found


botocore.client.BaseClient._make_api_call = answer


@contextlib.contextmanager
def as_file(text):
    """A file with what stood on the command's standard input, which belongs to this process's caller."""
    with tempfile.NamedTemporaryFile("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        yield file.name


def words_of_version_1(words):
    kept, skip = [], 0
    for word in words:
        if skip:
            skip -= 1
        elif word in ONLY_VERSION_2:
            skip = ONLY_VERSION_2[word] - 1
        else:
            kept.append(word)
    return kept


def run(driver, words, folder, stdin):
    if words[1:2] == ["--version"]:
        return {"stdout": "aws-cli/2.31.0 Python/3.13.7 Linux/6.8.0 exe/x86_64\n", "stderr": "", "exit": 0, "understood": True}
    out, err = io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True), io.StringIO()
    arguments = words_of_version_1(words[1:])
    # A waiter and the file commands make many calls of their own; that they would make the first is enough.
    answer.whole_command = arguments[:1] == ["s3"] or arguments[1:2] == ["wait"]
    os.chdir(folder)
    try:
        with as_file(stdin) as place, contextlib.redirect_stderr(err), contextlib.redirect_stdout(out):
            status = driver.main([re.sub(r"^(fileb?)://(/dev/stdin|-)$", rf"\1://{place}", word) for word in arguments])
    except Understood:
        status = 0
    except SystemExit as end:
        status = end.code or 0
    said = err.getvalue()
    if status and arguments[:1] == ["s3"] and "does not exist" in said:
        status = 0  # the file would be there; everything else of the command was understood
    text = out.buffer.getvalue().decode()
    return {"stdout": text, "stderr": said, "exit": status, "understood": status == 0}


def main():
    driver = awscli.clidriver.create_clidriver()
    for line in sys.stdin:
        asked = json.loads(line)
        print(json.dumps(run(driver, asked["words"], asked["folder"], asked.get("input") or "")), file=sys.__stdout__, flush=True)


main()
