"""A server's own OpenAPI document, and whether answers keep to it."""
import copy
import re

import jsonschema

# Of the Debian package openapi-specification.
OFFICIAL_SCHEMA = "/usr/share/openapi-specification/schemas/v3.0/schema.json"
METHODS = ("get", "post", "put", "patch", "delete", "head", "options")
# Given by the HTTP library before a route is reached.
OF_THE_LIBRARY = {400, 408, 411, 413, 414, 431}


class Document:
    def __init__(self, text):
        self.text = text
        self.operations = {(m.upper(), p): o for p, item in text["paths"].items() for m, o in item.items() if m in METHODS}
        self.by_id = {o["operationId"]: (key, o) for key, o in self.operations.items()}
        # Answers hold nothing that is not described, which requests may.
        self.schemas = copy.deepcopy(text["components"]["schemas"])
        for schema in self.schemas.values():
            if "properties" in schema:
                schema.setdefault("additionalProperties", False)

    def references(self, value=None):
        value = self.text if value is None else value
        if isinstance(value, dict):
            if isinstance(value.get("$ref"), str):
                yield value["$ref"]
            for member in value.values():
                yield from self.references(member) if isinstance(member, (dict, list)) else ()
        elif isinstance(value, list):
            for member in value:
                yield from self.references(member) if isinstance(member, (dict, list)) else ()

    def operation_of(self, method, path):
        """The operation that a path below /api/v2 belongs to; the one with the fewest parameters first."""
        fits = [key for key in self.operations if key[0] == method and re.fullmatch(re.sub(r"{(path|ipornet)}", ".*", re.sub(r"{(?!path}|ipornet})\w+}", "[^/]+", key[1])), path)]
        return min(fits, key=lambda key: key[1].count("{"), default=None)

    def problems(self, key, answer):
        """What of an answer the document does not say, one line each."""
        responses = self.operations[key]["responses"]
        described = responses.get(str(answer.status))
        if described is None:
            return [] if answer.status in OF_THE_LIBRARY else [f"{key}: the status {answer.status} is not documented: {answer}"]
        kind = (answer.headers["Content-Type"] or "").split(";")[0]
        content = described.get("content", {})
        if not answer.body:
            return []
        if kind not in content and "*/*" not in content:
            return [f"{key}: {answer.status} with the type {kind} is not documented"]
        if kind != "application/json" or kind not in content:
            return []
        schema = {**content[kind]["schema"], "components": {"schemas": self.schemas}}
        found = jsonschema.Draft4Validator(schema).iter_errors(answer.json())
        return [f"{key}: {'/'.join(map(str, error.absolute_path))}: {error.message}" for error in found]
