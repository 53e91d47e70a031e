"""The server's OpenAPI document: sound, complete beside the contract, and kept by the answers."""
import json
import pathlib
import re

import jsonschema
import pytest
from contract import CONTRACT, OPERATIONS
from openapi import OFFICIAL_SCHEMA, Document
from rest import Rest, admin
from slipway_server import SlipwayServer, free_port, user

PAGE_FILES = {"/openapi/": "text/html; charset=utf-8", "/openapi/viewer.js": "text/javascript; charset=utf-8", "/openapi/viewer.css": "text/css; charset=utf-8"}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    directory = tmp_path_factory.mktemp("server")
    port = free_port()
    server = SlipwayServer(directory, dump={"admins": [admin()], "users": [user("anna", directory / "anna")]}, config={"httpd": {"bindings": [{"address": "127.0.0.1", "port": port, "upload_chunk_size": 1}]}})
    server.http_port = port
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def root(server):
    return Rest(server.http_port, base="")


@pytest.fixture(scope="module")
def document(root):
    return Document(root.get("/openapi/openapi.json").json())


def test_it_fits_the_schema_of_openapi(document):
    jsonschema.Draft4Validator(json.loads(pathlib.Path(OFFICIAL_SCHEMA).read_text())).validate(document.text)


def test_it_is_sound_where_that_schema_does_not_look(document):
    identifiers = [o["operationId"] for o in document.operations.values()]
    assert len(identifiers) == len(set(identifiers))
    tags = {tag["name"] for tag in document.text["tags"]}
    for (method, path), operation in document.operations.items():
        declared = {p["name"] for p in operation.get("parameters", []) if p["in"] == "path"}
        assert declared == set(re.findall(r"{(\w+)}", path)), (method, path)
        assert set(operation["tags"]) <= tags
        for way in operation["security"]:
            assert set(way) <= set(document.text["components"]["securitySchemes"])
    for reference in document.references():
        assert reference.split("/")[-1] in document.text["components"]["schemas"], reference
    used = {reference.split("/")[-1] for reference in document.references()}
    assert used == set(document.text["components"]["schemas"]), "schemas that nothing refers to"


def test_the_contracts_operations_are_in_it_under_their_names(document):
    # The contract writes the last one with another name of its parameter.
    path_of = lambda o: o.path.replace("{filePath}", "{path}")  # noqa: E731
    for key, identifier in {(o.method, path_of(o)): o.id for o in OPERATIONS}.items():
        assert key in document.operations, key
        assert document.operations[key]["operationId"] == identifier


# Members that the contract has and this server does not keep, and why.
NOT_HERE = {
    ("RecoveryCode", "secret"),  # clients look for "code"
    ("AdminProfile", None), ("AdminTOTPConfig", None),  # one schema for both kinds of accounts
}


def test_the_contracts_schemas_are_in_it_with_their_members(document):
    ours = document.text["components"]["schemas"]
    for name, schema in CONTRACT["schemas"].items():
        if name not in ours or (name, None) in NOT_HERE:
            continue
        for member in schema.get("properties", {}):
            assert member in ours[name]["properties"] or (name, member) in NOT_HERE, (name, member)


def test_the_document_is_json_and_yaml(root, document):
    answer = root.get("/openapi/openapi.yaml")
    assert answer.headers["Content-Type"] == "application/yaml"
    assert answer.json() == document.text
    packed = root.get("/openapi/openapi.json", headers={"Accept-Encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "gzip" and len(packed.body) < 40_000


def test_the_page_is_served_safely(root):
    answer = root.get("/openapi")
    assert (answer.status, answer.headers["Location"]) == (301, "openapi/")
    for path, kind in PAGE_FILES.items():
        answer = root.get(path)
        assert (answer.status, answer.headers["Content-Type"]) == (200, kind)
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert "unsafe" not in answer.headers["Content-Security-Policy"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["X-Frame-Options"] == "DENY"
    text = root.get("/openapi/").text
    assert "viewer.js" in text and "<style" not in text and not re.search(r"<script(?! src)| on\w+=|https?://", text)


@pytest.mark.parametrize("settings", [{"openapi_path": ""}, {"binding": {"render_openapi": False}}, {"binding": {"enable_rest_api": False}}])
def test_it_is_not_served_where_it_is_not_wanted(make_server, settings):
    port = free_port()
    binding = {"address": "127.0.0.1", "port": port, **settings.pop("binding", {})}
    make_server(config={"httpd": {"bindings": [binding], **settings}})
    for path in ("/openapi", "/openapi/openapi.json", *PAGE_FILES):
        assert Rest(port, base="").get(path).status == 404
    assert Rest(port, base="").get("/healthz").status == 200


def test_logins_that_are_off_are_not_in_it(make_server):
    port = free_port()
    make_server(config={"httpd": {"bindings": [{"address": "127.0.0.1", "port": port, "disabled_login_methods": 48}]}})
    paths = Rest(port, base="").get("/openapi/openapi.json").json()["paths"]
    assert not {"/token", "/user/token", "/users/{username}/forgot-password"} & set(paths)
    assert "/users" in paths
