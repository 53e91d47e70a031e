"""The contract of the REST API as data: its operations, a validator for its schemas, and documents made from them."""
import json
import pathlib
import random
import re

CONTRACT = json.loads((pathlib.Path(__file__).parent / "data" / "api_contract.json").read_text())
SCHEMAS = CONTRACT["schemas"]
METHODS = ("get", "post", "put", "patch", "delete", "head", "options")


class Operation:
    def __init__(self, method, path, data):
        self.method, self.path, self.data = method.upper(), path, data
        self.id = data["operationId"]
        self.tag = data["tags"][0]
        self.security = [name for entry in data.get("security", CONTRACT["security"]) for name in entry]
        self.parameters = data.get("parameters", [])
        self.path_parameters = re.findall(r"{(\w+)}", path)

    def __repr__(self):
        return f"{self.method} {self.path}"

    @property
    def audience(self):
        """admin, user, share, or None for calls that anybody may make."""
        if not self.security:
            return None
        if "BasicAuth" in self.security:
            return "share" if self.path.startswith("/shares") else "login"
        return "user" if self.path.startswith("/user/") else "admin"

    def body_schema(self):
        content = self.data.get("requestBody", {}).get("content", {})
        return content.get("application/json")

    def response(self, status):
        """The schemas of an answer by content type; None when the contract does not know the status."""
        responses = self.data["responses"]
        found = responses.get(str(status), responses.get("default"))
        if found is None:
            return None
        if "$ref" in found:
            found = CONTRACT["responses"][found["$ref"].split("/")[-1]]
        return found.get("content", {})

    def successes(self):
        return {int(s) for s in self.data["responses"] if s.isdigit() and int(s) < 300}


OPERATIONS = [Operation(m, p, o) for p, methods in CONTRACT["paths"].items() for m, o in methods.items() if m in METHODS]


def resolve(schema):
    while "$ref" in schema:
        schema = SCHEMAS[schema["$ref"].split("/")[-1]]
    return schema


TYPES = {
    "string": lambda v: isinstance(v, str),
    "integer": lambda v: isinstance(v, int) and not isinstance(v, bool),
    "number": lambda v: isinstance(v, (int, float)) and not isinstance(v, bool),
    "boolean": lambda v: isinstance(v, bool),
    "array": lambda v: isinstance(v, list),
    "object": lambda v: isinstance(v, dict),
}


def problems(value, schema, where=""):
    """What of `value` is not as `schema` says, one line each."""
    schema = resolve(schema)
    found = []
    for part in schema.get("allOf", []):
        found += problems(value, part, where)
    if value is None and schema.get("nullable"):
        return found
    kind = schema.get("type")
    if kind and not TYPES[kind](value):
        return found + [f"{where}: {value!r} is no {kind}"]
    if "enum" in schema and value not in schema["enum"]:
        found.append(f"{where}: {value!r} is not one of {schema['enum']}")
    if isinstance(value, dict):
        for name in schema.get("required", []):
            if name not in value:
                found.append(f"{where}: {name} is missing")
        members = schema.get("properties", {})
        extra = schema.get("additionalProperties")
        for name, member in value.items():
            if name in members:
                found += problems(member, members[name], f"{where}/{name}")
            elif isinstance(extra, dict):
                found += problems(member, extra, f"{where}/{name}")
    if isinstance(value, list):
        for i, item in enumerate(value):
            found += problems(item, schema.get("items", {}), f"{where}/{i}")
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        if value < schema.get("minimum", value) or value > schema.get("maximum", value):
            found.append(f"{where}: {value} is beyond its limits")
    return found


class Maker:
    """Documents that fit a schema, more or less; the same ones for the same seed."""

    STRINGS = ["", "x", "anna", "a b", "ü", "../x", "/", "/tmp/x", "x@example.com", "192.0.2.0/24", "<&>", "\0", "\ud800".encode("utf-8", "replace").decode(), "x" * 300, "%2e%2e", "{{.Name}}", "2026-11-20T00:00:00Z"]
    NUMBERS = [0, 1, 2, 5, -1, 100, 2**31, 2**53, -(2**63), 2**63 - 1]
    WRONG = [None, True, "text", 7, 1.5, [], {}, [[]], {"a": {"b": 1}}]

    def __init__(self, seed):
        self.random = random.Random(seed)

    def text(self):
        return self.random.choice(self.STRINGS)

    def make(self, schema, depth=0):
        schema = resolve(schema)
        if self.random.random() < 0.03:
            return self.random.choice(self.WRONG)
        if "allOf" in schema:
            merged = {}
            for part in schema["allOf"]:
                value = self.make(part, depth)
                if isinstance(value, dict):
                    merged.update(value)
            return merged
        if "enum" in schema and self.random.random() < 0.9:
            return self.random.choice(schema["enum"])
        kind = schema.get("type", "string")
        if kind == "object":
            value = {}
            for name, member in schema.get("properties", {}).items():
                if name in schema.get("required", []) or self.random.random() < (0.5 if depth < 3 else 0.2):
                    value[name] = self.make(member, depth + 1)
            if isinstance(schema.get("additionalProperties"), dict):
                value["/"] = self.make(schema["additionalProperties"], depth + 1)
            return value
        if kind == "array":
            return [self.make(schema.get("items", {}), depth + 1) for _ in range(self.random.choice([0, 1, 1, 2]))]
        if kind == "integer":
            return self.random.choice(self.NUMBERS)
        if kind == "number":
            return self.random.choice([0.5, -1.0, 1e300, 3])
        if kind == "boolean":
            return self.random.random() < 0.5
        return self.text()
