"""The AWS command line itself parses every `aws …` that an execution recorded: services, operations, options, shorthand, value types.

Reads a JSON list of command lines (lists of words) from standard input and prints a JSON list of complaints. Nothing is sent: the
place where the command line would call AWS only notes that it got that far. (Version 1, the one that is a Python package; a command
that only version 2 has would be refused here.)
"""

import contextlib
import io
import json
import os
import sys

os.environ.update(AWS_ACCESS_KEY_ID="none", AWS_SECRET_ACCESS_KEY="none", AWS_DEFAULT_REGION="eu-west-1", AWS_EC2_METADATA_DISABLED="true")
os.environ.update(AWS_CONFIG_FILE=os.devnull, AWS_SHARED_CREDENTIALS_FILE=os.devnull)

import awscli.clidriver
import botocore.client


class Understood(BaseException):
    """The command line has been parsed and would now call AWS. Not an `Exception`, which the driver would swallow."""


def call(self, operation_name, api_params):
    # The parameters are checked where they are turned into a request.
    shape = self.meta.service_model.operation_model(operation_name).input_shape
    if shape is not None:
        botocore.validate.validate_parameters(api_params, shape)
    raise Understood


botocore.client.BaseClient._make_api_call = call


def complaint(driver, words):
    said = io.StringIO()
    try:
        with contextlib.redirect_stderr(said), contextlib.redirect_stdout(io.StringIO()):
            status = driver.main(words)
    except Understood:
        return None
    except SystemExit as end:
        status = end.code
    if words[:1] == ["s3"] and "does not exist" in said.getvalue():
        return None  # the file would be there; everything else of the command was understood
    return None if status == 0 else " ".join(said.getvalue().split())[-300:]


def main():
    driver = awscli.clidriver.create_clidriver()
    complaints = []
    for words in json.load(sys.stdin):
        if found := complaint(driver, words[1:]):
            complaints.append(f"`{' '.join(words)}`: {found}")
    json.dump(complaints, sys.stdout)


main()
