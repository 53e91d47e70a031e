"""Modules over the REST API: listed, described without secrets, changed in the running server, and never half changed."""
import json

import pytest
from rest import Rest, admin, rest_config
from slipway_server import free_port


@pytest.fixture
def server(make_server):
    port = free_port()
    config = rest_config(port, signing_passphrase="never to be shown")
    server = make_server(dump={"admins": [admin(), admin("helper", permissions=["view_status", "view_users"])]}, config=config)
    server.http_port = port
    return server


@pytest.fixture
def root(server):
    return Rest(server.http_port).admin()


def change_file(server, change):
    change(server.config)
    server.write_config()


def test_a_description_has_the_options_and_no_secret(server, root):
    answer = root.get("/modules/protocol-http/description")
    assert answer.status == 200
    document = answer.json()
    assert (document["name"], document["kind"], document["state"], document["section"]) == (
        "protocol-http", "protocol", "running", "httpd")
    options = {row["name"]: row for row in document["options"]}
    assert options["signing_passphrase"]["secret"] is True
    assert options["jwt_lifetime"]["minimum"] == 1 and options["jwt_lifetime"]["default"] == "20"
    assert document["values"]["signing_passphrase"] == "[**redacted**]"
    assert document["values"]["bindings"][0]["port"] == server.http_port
    assert "never to be shown" not in answer.text
    assert root.get("/modules/nothing/description").status == 404


def test_modules_that_do_not_run_are_listed_and_described_too(root):
    states = {m["name"]: m["state"] for m in root.get("/modules").json()}
    assert states["protocol-http"] == "running"
    assert root.post("/modules/action-command/disable").status == 200
    assert root.get("/modules/action-command").json()["state"] == "disabled"
    assert root.get("/modules/action-command/description").json()["state"] == "disabled"
    assert root.post("/modules/action-command/enable").status == 200
    assert root.post("/modules/action-command/enable").status == 409


def test_a_reconfiguration_takes_effect_without_a_restart(server, root):
    before = root.get("/modules/protocol-http/description").json()["values"]["jwt_lifetime"]
    change_file(server, lambda c: c["httpd"].update(jwt_lifetime=before + 5))
    assert root.get("/modules/protocol-http/description").json()["values"]["jwt_lifetime"] == before
    assert root.post("/modules/protocol-http/reconfigure").status == 200
    assert root.get("/modules/protocol-http/description").json()["values"]["jwt_lifetime"] == before + 5


@pytest.mark.parametrize("change", [
    lambda c: c["httpd"].update(jwt_lifetime=0),  # the table says no
    lambda c: c["httpd"].update(no_such_option=1),
    lambda c: c["httpd"]["bindings"][0].update(enable_https=True),  # the module says no
    lambda c: c["httpd"]["bindings"].append({"address": "203.0.113.1", "port": 9}),  # the system says no
])
def test_a_reconfiguration_that_fails_leaves_the_old_one_at_work(server, root, change):
    before = root.get("/modules/protocol-http/description").json()["values"]
    change_file(server, change)
    refused = root.post("/modules/protocol-http/reconfigure")
    assert 400 <= refused.status < 600 and refused.status != 404, refused
    assert root.get("/modules/protocol-http/description").json()["values"] == before
    assert Rest(server.http_port).admin().get("/version").status == 200


def test_a_file_that_is_no_configuration_changes_nothing(server, root):
    path = next(server.dir.glob("slipway.json"))
    path.write_text("{")
    assert root.post("/modules/protocol-http/reconfigure").status == 400
    assert root.get("/modules/protocol-http").json()["state"] == "running"


def test_only_superusers_manage_modules(server):
    helper = Rest(server.http_port).admin("helper")
    for method, path in (("GET", "/modules"), ("GET", "/modules/protocol-http"), ("GET", "/modules/protocol-http/description"),
                         ("POST", "/modules/action-http/disable"), ("POST", "/modules/action-http/enable"),
                         ("POST", "/modules/action-http/reconfigure")):
        assert helper.send(method, path).status == 403, path
        assert Rest(server.http_port).send(method, path).status == 401, path
    assert {m["name"]: m["state"] for m in Rest(server.http_port).admin().get("/modules").json()}["action-http"] == "running"


def test_changes_are_in_the_log_with_who_made_them(server, root):
    assert root.post("/modules/action-http/disable").status == 200
    line = server.wait_for_log(message="change of a module")
    lines = server.log_lines(message="change of a module")
    assert lines[0]["change"] == "disable" and lines[0]["module"] == "action-http" and lines[0]["admin"] == "root", (line, lines)
    assert json.dumps(lines).count("never to be shown") == 0
