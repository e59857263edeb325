"""Real provider schemas, read from the npm packages that were generated from them.

Terraform's providers are hundreds of megabytes and come from a registry that a build machine may not reach. The packages
`@cdktf/provider-*` were generated from the very schemas, and carry their TypeScript source in source maps; its comments and
helper functions say of each argument what it is. This module turns one resource at a time back into the JSON that
`terraform providers schema` prints.

Lost on the way: which arguments are sensitive or write-only, some maximum counts, and all cross-argument rules.
"""

import base64
import json
import pathlib
import re

SCALARS = {"string": "string", "number": "number", "boolean": "bool"}
# How a generated getter reads a value, and so which type the value has.
GETTERS = {
    "String": "string",
    "Number": "number",
    "Boolean": "bool",
    "List": ["list", "string"],
    "NumberList": ["list", "number"],
    "StringMap": ["map", "string"],
    "NumberMap": ["map", "number"],
    "BooleanMap": ["map", "bool"],
    "AnyMap": ["map", "dynamic"],
    "StringMapList": ["list", ["map", "string"]],
}
MAP_HELPERS = {"StringMap": "string", "BooleanMap": "bool", "NumberMap": "number"}

SOURCE_MAP = re.compile(r"sourceMappingURL=data:application/json;base64,(\S+)")
CLASS = re.compile(r"export class (\w+) extends cdktf\.(\w+) \{(.*?)\n\}\n", re.S)
FIELD = re.compile(
    r"// (\w+) - computed: (\w+), optional: (\w+), required: (\w+)\s*\n(.*?)(?=\n  // \w+ - computed|\n  // =====|\Z)", re.S
)
HCL_FIELD = re.compile(r'\n\s+(\w+): \{\s*\n\s*value: [^\n]*\n\s*isBlock: (\w+),\s*\n\s*type: "(\w+)",\s*\n\s*storageClassType: "(\w+)"')
STORAGE = re.compile(r"(string|number|boolean|any)(List|Map|MapList)?$")


class Source:
    """The TypeScript of one resource, cut into its classes and helper functions."""

    def __init__(self, folder):
        self.text = "\n".join(self._sources(folder))
        self.classes = {name: (kind, body) for name, kind, body in CLASS.findall(self.text)}

    @staticmethod
    def _sources(folder):
        for path in sorted(folder.glob("*.js")):
            if found := SOURCE_MAP.search(path.read_text(encoding="utf-8")):
                yield from json.loads(base64.b64decode(found[1]))["sourcesContent"]

    def first(self, *kinds):
        return next((name for name, (kind, _) in self.classes.items() if kind in kinds), None)

    def hcl_fields(self, class_name):
        """`{argument: (is block, collection, storage class)}`, from the function that prints the structure as HCL."""
        kind, body = self.classes[class_name]
        if kind == "ComplexObject":
            body = self.function(class_name.removesuffix("OutputReference") + "ToHclTerraform")
        return {name: (block == "true", collection, storage) for name, block, collection, storage in HCL_FIELD.findall(body)}

    def function(self, name):
        found = re.search(rf"export function {name[0].lower()}{name[1:]}\(.*?\n\}}\n", self.text, re.S)
        return found[0] if found else ""

    def required_by_interface(self, name):
        found = re.search(rf"export interface {name} \{{(.*?)\n\}}\n", self.text, re.S)
        return set(re.findall(r"#(\w+) [^\n]*\n\s*\*/\s*\n\s*readonly \w+: ", found[1])) if found else set()


def block(source, class_name):
    """The schema block of a resource, a data source, a provider or a nested structure."""
    attributes, nested = {}, {}
    hcl = source.hcl_fields(class_name)
    for name, computed, optional, required, body in FIELD.findall(source.classes[class_name][1]):
        flags = {"computed": computed == "true", "optional": optional == "true", "required": required == "true"}
        helper = re.search(r'new (?:cdktf\.)?(\w+)\(this, "(\w+)"', body)
        printed = hcl.get(name)
        if helper and source.classes.get(helper[1], ("",))[0] in ("ComplexObject", "ComplexList", "ComplexMap"):
            structure(source, name, helper[1], body, printed, flags, attributes, nested)
        elif printed and printed[0]:
            nested[name] = provider_block(source, printed)
        else:
            attributes[name] = attribute(printed, helper, body, flags)
    result = {"attributes": attributes}
    if nested:
        result["block_types"] = nested
    return result


def structure(source, name, helper, body, printed, flags, attributes, nested):
    """An argument with a structure of its own: a nested block, or an attribute that holds objects."""
    single = source.classes[helper][0] == "ComplexObject"
    inner = block(source, helper if single else helper.removesuffix("List").removesuffix("Map") + "OutputReference")
    is_set = f'"{name}", true' in body or bool(printed and printed[1] == "set")
    if (printed and printed[0]) or not (flags["computed"] or printed):
        if name == "timeouts":
            nested[name] = {"nesting_mode": "single", "block": inner}
            return
        nested[name] = {"nesting_mode": "set" if is_set else "list", "block": inner}
        if single:
            nested[name]["max_items"] = 1
        if flags["required"]:
            nested[name]["min_items"] = 1
        return
    collection = "set" if is_set else "map" if source.classes[helper][0] == "ComplexMap" else "list"
    attributes[name] = {"type": [collection, object_type(inner)]} | {flag: True for flag, on in flags.items() if on}


def object_type(inner):
    fields = {name: attribute["type"] for name, attribute in inner["attributes"].items()}
    fields |= {name: [nested["nesting_mode"], object_type(nested["block"])] for name, nested in inner.get("block_types", {}).items()}
    return ["object", fields]


def provider_block(source, printed):
    """A block of a provider's own configuration, for which no class is generated, only the function that prints it."""
    base = printed[2].removesuffix("List")
    required = source.required_by_interface(base)
    attributes = {}
    for name, _, collection, storage in HCL_FIELD.findall(source.function(base + "ToHclTerraform")):
        attributes[name] = {"type": storage_type(storage, collection), ("required" if name in required else "optional"): True}
    return {"nesting_mode": "set" if printed[1] == "set" else "list", "block": {"attributes": attributes}}


def storage_type(storage, collection):
    found = STORAGE.match(storage)
    if not found:
        return "dynamic"
    element = SCALARS.get(found[1], "dynamic")
    if found[2] is None:
        return element
    if found[2] == "MapList":
        return ["list", ["map", element]]
    return ["map", element] if found[2] == "Map" else ["set" if collection == "set" else "list", element]


def attribute(printed, helper, body, flags):
    if printed:
        kind = storage_type(printed[2], printed[1])
        if not STORAGE.match(printed[2]):
            kind = ["list", "dynamic"]
    else:
        getter = re.search(r"get(\w*?)Attribute\('", body)
        kind = GETTERS.get(getter[1] if getter else "String", "string")
        if getter is None and helper and helper[1] in MAP_HELPERS:
            kind = ["map", MAP_HELPERS[helper[1]]]
        if "tolist(" in body and isinstance(kind, list):
            kind = ["set", kind[1]]
    return {"type": kind} | {flag: True for flag, on in flags.items() if on}


class Provider:
    """One provider's package; `schema` gives the part that a configuration uses."""

    def __init__(self, packages, name):
        self.name = name
        self.lib = pathlib.Path(packages) / f"@cdktf/provider-{name}" / "lib"
        if not self.lib.is_dir():
            raise LookupError(f"no schema is installed for the provider `{name}`")
        self.configuration = Source(self.lib / "provider")
        self.version = re.search(r"providerVersion: '([\d.]+)'", Source(self._any_resource()).text)[1]

    def _any_resource(self):
        return next(path for path in sorted(self.lib.iterdir()) if path.is_dir() and path.name != "provider" and not path.name.startswith("data-"))

    def schema(self, resources, data_sources):
        """`terraform providers schema`, for these types; a type that the provider does not have is left out."""
        top = self.configuration.first("TerraformProvider")
        return {
            "provider": {"version": 0, "block": block(self.configuration, top)},
            "resource_schemas": self._types(resources, ""),
            "data_source_schemas": self._types(data_sources, f"data-{self.name}-"),
        }

    def _types(self, names, prefix):
        found = {}
        for name in sorted(names):
            folder = self.lib / (prefix + name.removeprefix(self.name + "_").replace("_", "-"))
            if folder.is_dir():
                source = Source(folder)
                found[name] = {"version": 0, "block": block(source, source.first("TerraformResource", "TerraformDataSource"))}
        return found
