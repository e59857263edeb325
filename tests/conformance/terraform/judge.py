"""`terraform fmt -check`, `init`, `validate` and `plan`, genuine and offline, on one folder at a time.

The providers are stand-ins with the real schemas (provider.py, schema.py), found by `init` in a filesystem mirror that is made
here. Which providers a configuration wants is asked of Terraform; where they live is thus never written down.
"""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from lib.verdict import judge_files
from terraform.schema import Provider
from terraform.variables import values_for

HERE = pathlib.Path(__file__).resolve().parent
PACKAGES = pathlib.Path(sys.executable).parents[2] / "npm/node_modules"
WANTED_PROVIDER = re.compile(r"provider\[([^\]/]+)/([^\]/]+)/([^\]/]+)\]")
WANTED_TYPE = re.compile(r'^\s*(resource|data)\s+"(\w+)"', re.M)
# A plan wants a backend; the one a team uses needs its account.
LOCAL_BACKEND = 'terraform {\n  backend "local" {}\n}\n'


class Refused(Exception):
    """Terraform said no; the text is its reason."""


class Workspace:
    """A copy of one folder and what stands beside it (a configuration may read the state machine), with the stand-ins it needs."""

    def __init__(self, source, scratch):
        self.source = pathlib.Path(source).resolve()
        self.folder = scratch / "release" / self.source.name
        shutil.copytree(self.source.parent, scratch / "release", ignore=shutil.ignore_patterns(".terraform*", "*.tfstate*"))
        home = scratch / "home"
        home.mkdir()
        self.mirror = scratch / "mirror"
        self.settings = scratch / "terraform.rc"
        self.settings.write_text("")
        self.schema = scratch / "schema.json"
        passed_on = {name: os.environ[name] for name in ("PATH", "TMPDIR") if name in os.environ}
        self.environment = passed_on | {
            "HOME": str(home),
            "TF_CLI_CONFIG_FILE": str(self.settings),
            "STUB_SCHEMA": str(self.schema),
            "TF_IN_AUTOMATION": "1",
            "CHECKPOINT_DISABLE": "1",
        }

    def terraform(self, *arguments, folder=None, allowed=(0,)):
        command = ["terraform", f"-chdir={folder or self.folder}", *arguments]
        done = subprocess.run(command, capture_output=True, text=True, env=self.environment)
        if done.returncode not in allowed:
            raise Refused(f"terraform {arguments[0]}: {tidy(done.stderr or done.stdout)}")
        return done.stdout

    def supply_providers(self):
        """Writes the mirror: for each provider wanted, a launcher under the version whose schema we have."""
        wanted = sorted(set(WANTED_PROVIDER.findall(self.terraform("providers"))))
        types = WANTED_TYPE.findall("\n".join(path.read_text(encoding="utf-8") for path in self.folder.glob("*.tf")))
        platform = json.loads(self.terraform("version", "-json"))["platform"]
        schemas = {}
        for host, namespace, name in wanted:
            try:
                provider = Provider(PACKAGES, name)
            except LookupError as missing:
                raise Refused(str(missing)) from missing
            of_provider = {kind: {type_ for found, type_ in types if found == kind and type_.startswith(name + "_")} for kind in ("resource", "data")}
            schemas[name] = provider.schema(of_provider["resource"], of_provider["data"])
            folder = self.mirror / host / namespace / name / provider.version / platform
            folder.mkdir(parents=True)
            launcher = folder / f"terraform-provider-{name}_v{provider.version}"
            launcher.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{HERE / "provider.py"}" "{name}"\n')
            launcher.chmod(0o755)
        self.schema.write_text(json.dumps(schemas))
        self.settings.write_text(f'provider_installation {{\n  filesystem_mirror {{\n    path = "{self.mirror}"\n  }}\n}}\n')

    def judge(self):
        self.terraform("fmt", "-check", "-diff", "-recursive", folder=self.source)
        self.supply_providers()
        self.terraform("init", "-input=false", "-no-color", "-backend=false")
        found = json.loads(self.terraform("validate", "-json", allowed=(0, 1)))
        if found["diagnostics"]:
            raise Refused("; ".join(sentence(diagnostic) for diagnostic in found["diagnostics"]))
        (self.folder / "conformance_override.tf").write_text(LOCAL_BACKEND)
        self.terraform("init", "-input=false", "-no-color", "-reconfigure")
        (self.folder / "conformance.auto.tfvars.json").write_text(json.dumps(values_for(self.folder)))
        self.terraform("plan", "-input=false", "-no-color", "-lock=false", "-out=plan.bin")


def sentence(diagnostic):
    place = diagnostic.get("range") or {}
    where = f"{place.get('filename', '?')}:{place.get('start', {}).get('line', '?')}"
    return f"terraform validate: {diagnostic['severity']}: {where}: {diagnostic['summary']}: {diagnostic['detail']}"


def tidy(text):
    return re.sub(r"\x1b\[[0-9;]*m|[╷│╵]", "", text).strip()


def judge(path):
    with tempfile.TemporaryDirectory() as scratch:
        try:
            Workspace(path, pathlib.Path(scratch)).judge()
        except Refused as reason:
            return [str(reason)]
    return []


if __name__ == "__main__":
    judge_files(judge)
