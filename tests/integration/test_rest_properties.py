"""Every operation of the contract and of the server's own document, asked with inputs made from their schemas: no 5xx, no
status and no member that the document does not describe."""
import json
import os
import re
import string
import tempfile
import urllib.parse

import pytest
from contract import OPERATIONS
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.configuration import set_hypothesis_home_dir
from openapi import Document
from rest import Rest, admin
from slipway_server import SlipwayServer, free_port, user

# What hypothesis writes down does not belong into the source.
HOME = tempfile.TemporaryDirectory(prefix="slipway-hypothesis-")
set_hypothesis_home_dir(HOME.name)

# An operation; the same ones with each run. Sanitized servers are slow.
EXAMPLES = 4 if os.environ.get("SLIPWAY_SANITIZER") else 10
# What would end the test itself: its tokens, its accounts, the module that serves it.
LEFT_OUT = {"logout", "client_logout", "change_admin_password", "change_user_password", "loaddata_from_file"}
ACCOUNTS = {"root", "anna"}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    directory = tmp_path_factory.mktemp("server")
    port = free_port()
    config = {"httpd": {"bindings": [{"address": "127.0.0.1", "port": port, "upload_chunk_size": 1}]}, "common": {"max_per_host_connections": 0, "max_per_host_transfers": 0, "defender": {"enabled": True, "threshold": 1000000, "login_delay": {"password_failed": 0}}}}
    server = SlipwayServer(directory, dump={"admins": [admin()], "users": [user("anna", directory / "anna", filters={"allow_api_key_auth": True})]}, config=config)
    server.http_port = port
    server.start()
    yield server
    server.stop()


class World:
    """Clients, the document, and objects for path parameters to find."""

    def __init__(self, server):
        self.port = server.http_port
        self.anybody = Rest(self.port)
        self.admin, self.user = self.anybody.admin(), self.anybody.user("anna")
        self.document = Document(Rest(self.port, base="").get("/openapi/openapi.json").json())
        self.objects = [
            ("/roles", {"name": "there"}), ("/folders", {"name": "there", "mapped_path": str(server.dir / "folder")}), ("/groups", {"name": "there"}), ("/eventactions", {"name": "there", "type": 4}),
            ("/eventrules", {"name": "there", "status": 1, "trigger": 6, "actions": [{"name": "there", "order": 1}]}), ("/users", user("there", server.dir / "there")), ("/admins", admin("there")), ("/iplists/2", {"ipornet": "203.0.113.0/24", "mode": 2}),
        ]

    def restore(self):
        """What operations are asked about is there again, whatever others did to it."""
        for path, body in self.objects:
            name = body.get("name") or body.get("username") or "203.0.113.0%2F24"
            if self.admin.get(f"{path}/{name}").status == 404:
                assert self.admin.post(path, body).status == 201
        for name in ("there", "dir"):
            for kind in ("files", "dirs"):
                self.user.delete(f"/user/{kind}", query={"path": name})
        assert self.user.post("/user/files/upload", b"content", query={"path": "there"}, raw=True).status == 201
        assert self.user.post("/user/files/upload", b"content", query={"path": "dir/there", "mkdir_parents": "true"}, raw=True).status == 201
        self.share = self.user.post("/user/shares", {"name": "s", "scope": 3, "paths": ["/dir"]}).headers["X-Object-ID"]
        self.key = self.admin.post("/apikeys", {"name": "k", "scope": 1}).headers["X-Object-ID"]

    def client(self, key):
        security = self.document.operations[key]["security"]
        if not any("Bearer" in way for way in security):
            return Rest(self.port, base="") if "servers" in self.document.text["paths"][key[1]] else self.anybody
        return self.user if key[1].startswith("/user/") else self.admin

    def known(self, name, path):
        """Values of a path parameter that something is behind."""
        if name == "id":
            return [self.share] if "share" in path else [self.key] if "apikeys" in path else ["3139382e35312e3130302e37"]
        if path.startswith("/modules"):
            return ["protocol-http", "protocol-sftp"]
        return {"type": ["1", "2"], "ipornet": ["203.0.113.0/24"], "path": ["there", "new/file"], "connectionID": ["SFTP_x"]}.get(name, ["there"])


@pytest.fixture(scope="module")
def world(server):
    return World(server)


# ---- inputs

TEXTS = st.one_of(
    st.sampled_from(["", "there", "dir", "/", "/there", "..", "../x", "a b", "<&>", "%2e", "{{.Name}}", "ü", "x" * 300, "\0", "\x7f", "2026-11-20T00:00:00Z", "192.0.2.0/24", "*", "a@example.com"]),
    st.text(st.characters(blacklist_categories=("Cs",)), max_size=20),
    st.text(string.ascii_letters, min_size=1, max_size=8),
)
NUMBERS = st.one_of(st.sampled_from([0, 1, 2, -1, 500, 2**31 - 1, 2**31, 2**53, 2**63 - 1, -(2**63), 2**64]), st.integers(-1000, 1000))
ANYTHING = st.recursive(st.one_of(st.none(), st.booleans(), NUMBERS, st.floats(allow_nan=False, allow_infinity=False), TEXTS), lambda inner: st.one_of(st.lists(inner, max_size=2), st.dictionaries(TEXTS, inner, max_size=2)), max_leaves=4)


# Documents and parameters that get past the first check; what is made goes over them, a member or two at a time.
FITTING = {
    "User": {"username": "new", "password": "Some Password 1", "status": 1, "home_dir": "/tmp/slipway-properties/home", "permissions": {"/": ["*"]}},
    "Group": {"name": "new"}, "Role": {"name": "new"}, "EventAction": {"name": "new", "type": 4},
    "BaseVirtualFolder": {"name": "new", "mapped_path": "/tmp/slipway-properties/folder"},
    "Admin": {"username": "new", "password": "Some Password 1", "status": 1, "permissions": ["*"]},
    "APIKey": {"name": "new", "scope": 1}, "IPListEntry": {"ipornet": "203.0.113.0/24", "mode": 2},
    "EventRule": {"name": "new", "status": 1, "trigger": 6, "actions": [{"name": "there", "order": 1}]},
    "Share": {"name": "new", "scope": 3, "paths": ["/dir"]}, "TOTPChoice": {"config_name": "Default"},
    "TOTPTrial": {"config_name": "Default", "secret": "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", "passcode": "123456"},
    "BackupData": {"version": 17}, "FileTimes": {"modification_time": 1_000_000_000_000}, "LogLevelConfig": {"level": "debug"},
}
NAMES = st.text(string.ascii_lowercase, min_size=1, max_size=4)
NETWORKS = st.integers(1, 250).map("192.0.2.{}/32".format)
FIELDS = {"path": ["there", "/dir", "/dir/x", "/"], "target": ["/dir/y", "z"], "algo": ["sha256"], "Upload-Metadata": ["path L3R1cw=="], "Upload-Offset": ["0"], "output-file": ["properties.json"]}


def mostly(good, bad, chance=20):
    """One value in `chance` is of the other kind."""
    return st.integers(1, chance).flatmap(lambda n: bad if n == chance else good)


def value_of(schema, schemas, depth=0):
    while "$ref" in schema or len(schema.get("allOf", ())) == 1:
        schema = schema["allOf"][0] if "allOf" in schema else schemas[schema["$ref"].split("/")[-1]]
    if "enum" in schema:
        return mostly(st.sampled_from(schema["enum"]), ANYTHING)
    kind = schema.get("type")
    if kind == "array":
        return mostly(st.lists(value_of(schema.get("items", {}), schemas, depth + 1), max_size=2), ANYTHING)
    if kind == "object" and "properties" in schema:
        members = {name: value_of(member, schemas, depth + 1) for name, member in schema["properties"].items()}
        required = {name: members.pop(name) for name in schema.get("required", ())}
        if depth > 3:
            members = {}

        @st.composite
        def document(draw):
            chosen = draw(st.sets(st.sampled_from(sorted(members)), max_size=6)) if members else ()
            made = {name: draw(member) for name, member in required.items() if draw(st.integers(1, 20)) > 1}
            return {**made, **{name: draw(members[name]) for name in sorted(chosen)}}

        return mostly(document(), ANYTHING)
    if kind == "object":
        inner = schema.get("additionalProperties")
        return st.dictionaries(TEXTS, value_of(inner, schemas, depth + 1) if isinstance(inner, dict) else ANYTHING, max_size=2)
    return mostly({"string": TEXTS, "boolean": st.booleans(), "integer": NUMBERS}.get(kind, ANYTHING), ANYTHING)


def field_of(schema):
    """Something for a query or a header."""
    if "enum" in schema:
        return mostly(st.sampled_from([str(value) for value in schema["enum"]]), TEXTS, 4)
    return mostly({"integer": NUMBERS.map(str), "boolean": st.sampled_from(["true", "false"])}.get(schema.get("type"), TEXTS), TEXTS, 4)


@st.composite
def body_of(draw, schema, schemas):
    name = schema.get("$ref", "").split("/")[-1]
    if name not in FITTING or draw(st.integers(1, 4)) == 1:
        return draw(value_of(schema, schemas))
    document = dict(FITTING[name])
    members = schemas[name]["properties"]
    for member in draw(st.sets(st.sampled_from(sorted(members)), max_size=2)):
        document[member] = draw(value_of(members[member], schemas, 1))
    for member, fresh in (("name", NAMES), ("username", NAMES), ("ipornet", NETWORKS)):
        if document.get(member) == FITTING[name].get(member) and member in document:
            document[member] = draw(fresh)
    return document


PRINTABLE = re.compile(r"[^\x20-\x7e]")


@st.composite
def request_of(draw, world, key):
    method, path = key
    operation = world.document.operations[key]
    query, headers = {}, {}
    for parameter in operation.get("parameters", ()):
        name, place = parameter["name"], parameter["in"]
        if place == "path":
            # One in two finds something.
            value = draw(mostly(st.sampled_from(world.known(name, path)), TEXTS, 2))
            if value in ACCOUNTS and path.startswith(("/users", "/admins")):
                value = "there"
            path = path.replace("{%s}" % name, urllib.parse.quote(value, safe="/" if name == "path" else ""))
        elif draw(st.booleans()) or (parameter.get("required") and draw(st.integers(1, 5)) > 1):
            value = draw(mostly(st.sampled_from(FIELDS[name]), TEXTS, 4) if name in FIELDS else field_of(parameter["schema"]))
            if place == "query":
                query[name] = value
            else:
                headers[name] = PRINTABLE.sub("?", value).strip()
    body = None
    content = operation.get("requestBody", {}).get("content", {})
    if "application/json" in content:
        document = draw(body_of(content["application/json"]["schema"], world.document.text["components"]["schemas"]))
        if isinstance(document, dict) and isinstance(document.get("username"), str) and document["username"] in ACCOUNTS:
            document["username"] = "new"
        body = json.dumps(document)
        if draw(st.integers(1, 20)) == 1:
            body = body[: len(body) // 2]  # not even JSON
        headers["Content-Type"] = draw(st.sampled_from(["application/json", "application/json; charset=utf-8", "text/plain"]))
    elif "multipart/form-data" in content:
        name = draw(mostly(NAMES, TEXTS, 3)).replace('"', "").replace("\r", "").replace("\n", "")
        field = draw(mostly(st.just("filenames"), st.sampled_from(["filename", "x"]), 4))
        body = f'--b\r\nContent-Disposition: form-data; name="{field}"; filename="{name}"\r\n\r\n{draw(TEXTS)}\r\n--b--\r\n'
        if draw(st.integers(1, 5)) == 1:
            body = body[: draw(st.integers(0, len(body)))]
        headers["Content-Type"] = "multipart/form-data; boundary=b"
    elif content:
        body = draw(TEXTS)
    return method, path, query, headers, None if body is None else body.encode()


# ---- the test

KEYS = sorted({(o.method, o.path.replace("{filePath}", "{path}")) for o in OPERATIONS if o.id not in LEFT_OUT})
# That it is all is test_openapi's to say.
OWN = [("GET", "/modules"), ("GET", "/modules/{name}"), ("GET", "/modules/{name}/description"), ("POST", "/modules/{name}/reconfigure"), ("POST", "/shares/{id}/{name}")]


@pytest.mark.parametrize("key", KEYS + OWN, ids=lambda key: " ".join(key))
def test_answers_keep_to_the_document(world, key):
    world.restore()

    @settings(max_examples=EXAMPLES, derandomize=True, deadline=None, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    @given(st.data())
    def ask(data):
        method, path, query, headers, body = data.draw(request_of(world, key))
        answer = world.client(key).send(method, path, body, query=query, headers=headers, raw=True)
        assert answer.status < 500 or answer.status == 501, (method, path, query, headers, body, answer)
        # Free texts in paths may reach another route, or none.
        if world.document.operation_of(method, urllib.parse.unquote(path)) == key and answer.status != 405:
            problems = world.document.problems(key, answer)
            assert not problems, (problems, path, query, headers, body, answer)

    ask()
