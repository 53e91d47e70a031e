"""Every operation of the contract against the running server: its answers keep their schemas, and nothing is a 5xx."""
import base64
import io
import json
import random
import time
import urllib.parse
import zipfile

import pytest
from contract import OPERATIONS, Maker, problems
from rest import Rest, admin, basic, rest_config
from slipway_server import SlipwayServer, free_port, user
from test_rest_user import form, passcode

# Parts of the contract that this server does not have, and what it says instead.
ABSENT = {
    "get_fs_events": 501, "get_provider_events": 501, "get_log_events": 501,
    "get_license": 404, "add_license": 404, "get_saas_usage": 404,
    "admin_forgot_password": 400, "admin_reset_password": 400, "user_forgot_password": 400, "user_reset_password": 400,
    "run_event_rule": 501,
}
# The contract says "secret" where clients look for "code".
WEAK_SCHEMAS = {"get_admin_recovery_codes", "get_user_recovery_codes"}


def tus_config(port):
    config = rest_config(port)
    config["httpd"]["bindings"][0]["upload_chunk_size"] = 1
    return config


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    directory = tmp_path_factory.mktemp("server")
    port = free_port()
    dump = {
        "admins": [admin(), admin("nobody", permissions=["view_conns"])],
        "users": [user("anna", directory / "homes" / "anna"), user("bob", directory / "homes" / "bob")],
    }
    config = {**tus_config(port), "common": {"max_per_host_connections": 0, "max_per_host_transfers": 0, "defender": {"enabled": True, "threshold": 100000, "login_delay": {"password_failed": 0}}}}
    server = SlipwayServer(directory, dump=dump, config=config)
    server.http_port = port
    server.start()
    yield server
    server.stop()


class Clients:
    def __init__(self, port):
        self.anybody = Rest(port)
        self.admin = self.anybody.admin()
        self.user = self.anybody.user("anna")
        self.weak = self.anybody.admin("nobody")

    def of(self, operation):
        return {"admin": self.admin, "user": self.user}.get(operation.audience, self.anybody)


@pytest.fixture(scope="module")
def clients(server):
    return Clients(server.http_port)


def send(client, operation, values=None, query=None, body=None, headers=None, raw=False):
    path = operation.path
    for name in operation.path_parameters:
        path = path.replace("{%s}" % name, urllib.parse.quote((values or {}).get(name, "x"), safe=""))
    if operation.path == "/healthz":
        client = Rest(client.port, base="")
    return client.send(operation.method, path, body, query=query, headers=headers, raw=raw)


def check(operation, answer):
    """Fails unless the answer is one that the contract knows."""
    assert answer.status < 500 or answer.status == ABSENT.get(operation.id), (operation, answer)
    content = operation.response(answer.status)
    if content is None:
        # 412 is what tus demands for other versions of itself.
        assert answer.status in (400, 401, 403, 404, 405, 412, 501), (operation, answer)
        return
    kind = (answer.headers["Content-Type"] or "").split(";")[0]
    if kind != "application/json" or operation.id in WEAK_SCHEMAS or operation.method == "HEAD":
        return
    document = answer.json()
    schema = content.get("application/json")
    if schema:
        assert not problems(document, schema), (operation, problems(document, schema), document)
    elif answer.status >= 400:
        assert document.keys() <= {"error", "message"}


# ---- the way through everything that the contract offers

SHARE, KEY, NAME = "{share}", "{key}", "contract"
FILE = {"path": "/f.txt"}


def scenario():
    """(operation id, what to send) in an order in which each finds what it needs."""
    u = user(NAME, "/tmp/slipway-contract-home", public_keys=[], filters={"allow_api_key_auth": True})
    crud = [
        ("role", "roles", {"name": NAME}), ("folder", "folders", {"name": NAME, "mapped_path": "/tmp/slipway-contract-folder"}),
        ("group", "groups", {"name": NAME, "virtual_folders": [{"name": NAME, "virtual_path": "/v", "quota_size": -1, "quota_files": -1}]}),
        ("user", "users", {**u, "groups": [{"name": NAME, "type": 1}], "role": NAME}), ("admin", "admins", admin(NAME)),
        ("event_action", "event_actions", {"name": NAME, "type": 4}), ("event_rule", "event_rules", {"name": NAME, "status": 1, "trigger": 6, "actions": [{"name": NAME, "order": 1}]}),
    ]
    key = {"user": "username", "admin": "username"}
    by_name = {"user": "get_user_by_username", "admin": "get_admin_by_username"}
    for kind, many, document in crud:
        name = {key.get(kind, "name"): NAME}
        yield f"add_{kind}", {"body": document}
        yield f"get_{many}", {"query": {"limit": 10, "offset": 0, "order": "DESC"}}
        yield by_name.get(kind, f"get_{kind}_by_name"), {"values": name, "query": {"confidential_data": 1} if kind not in ("role",) else None}
        yield f"update_{kind}", {"values": name, "body": {**document, "description": "d"}}
    yield "disable_user_2fa", {"values": {"username": NAME}, "expect": 400}
    yield "disable_admin_2fa", {"values": {"username": NAME}, "expect": 400}
    yield "run_event_rule", {"values": {"name": NAME}}
    for kind, what, values in (("user", "username", {"username": "anna"}), ("folder", "name", {"name": NAME})):
        yield f"start_{kind}_quota_scan", {"values": values}
        yield f"get_{kind}s_quota_scans", {}
        yield f"{kind}_quota_update_usage", {"values": values, "query": {"mode": "add"}, "body": {"used_quota_size": 1, "used_quota_files": 1}, "retry": 409}
    yield "user_transfer_quota_update_usage", {"values": {"username": "anna"}, "body": {"used_upload_data_transfer": 1}, "retry": 409}
    entry = {"type": "2", "ipornet": "203.0.113.0/24"}
    yield "add_ip_list_entry", {"values": entry, "body": {"ipornet": "203.0.113.0/24", "mode": 2}}
    yield "get_ip_list_entries", {"values": entry, "query": {"filter": "203.", "limit": 5}}
    yield "get_ip_list_by_ipornet", {"values": entry}
    yield "update_ip_list_entry", {"values": entry, "body": {"mode": 2, "description": "d"}}
    yield "delete_ip_list_entry", {"values": entry}
    yield "add_api_key", {"body": {"name": NAME, "scope": 1, "admin": NAME}, "keep": "X-Object-ID"}
    yield "get_api_keys", {}
    yield "get_api_key_by_id", {"values": {"id": KEY}}
    yield "update_api_key", {"values": {"id": KEY}, "body": {"name": NAME, "scope": 1, "admin": NAME, "description": "d"}}
    yield "delete_api_key", {"values": {"id": KEY}}
    for operation in ("get_version", "get_status", "get_connections", "get_users_retention_checks", "get_log_level", "get_defender_hosts", "get_license", "get_saas_usage", "get_fs_events", "get_provider_events", "get_log_events"):
        yield operation, {}
    yield "add_license", {"body": {"key": "x"}}
    yield "update_log_level", {"body": {"level": "debug"}}
    yield "close_connection", {"values": {"connectionID": "HTTP_x"}, "expect": 404}
    # 198.51.100.7, which nobody has scored.
    yield "get_defender_host_by_id", {"values": {"id": "3139382e35312e3130302e37"}, "expect": 404}
    yield "delete_defender_host_by_id", {"values": {"id": "3139382e35312e3130302e37"}, "expect": 404}
    yield "dumpdata", {"query": {"output-data": 1}}
    yield "dumpdata", {"query": {"output-file": "contract.json", "indent": 1}}
    yield "loaddata_from_file", {"query": {"input-file": "{backups}/contract.json", "mode": 1}}
    yield "loaddata_from_request_body", {"query": {"mode": 1}, "body": {"version": 17}}
    for operation in ("admin_forgot_password", "admin_reset_password", "user_forgot_password", "user_reset_password"):
        yield operation, {"values": {"username": NAME}, "body": {"code": "x", "password": "y"}}

    yield "create_user_dir", {"query": {"path": "/d/e", "mkdir_parents": "true"}}
    yield "create_user_file", {"query": FILE, "body": b"content", "raw": True, "headers": {"X-SFTPGO-MTIME": "1000000000000"}}
    body, headers = form(("g.txt", b"g"))
    yield "create_user_files", {"query": {"path": "/d"}, "body": body, "raw": True, "headers": headers}
    yield "get_user_dir_contents", {"query": {"path": "/"}}
    yield "download_user_file", {"query": FILE}
    yield "download_user_file", {"query": FILE, "headers": {"Range": "bytes=0-3"}}
    yield "setprops_user_file", {"query": FILE, "body": {"modification_time": 1_000_000_000_000}}
    yield "get_user_file_checksum", {"query": FILE}
    yield "streamzip", {"body": ["/d", "/f.txt"]}
    yield "copy_user_file", {"query": {"path": "/f.txt", "target": "/h.txt"}}
    yield "move_user_file", {"query": {"path": "/h.txt", "target": "/i.txt"}}
    yield "rename_user_file", {"query": {"path": "/i.txt", "target": "/j.txt"}}
    yield "rename_user_dir", {"query": {"path": "/d/e", "target": "/d/f"}}
    yield "add_share", {"body": {"name": NAME, "scope": 3, "paths": ["/d"]}, "keep": "X-Object-ID"}
    share = {"id": SHARE}
    yield "get_user_shares", {}
    yield "get_user_share_by_id", {"values": share}
    yield "update_user_share", {"values": share, "body": {"name": NAME, "scope": 3, "paths": ["/d"], "description": "d"}}
    yield "get_share", {"values": share}
    yield "get_share_dir_contents", {"values": share, "query": {"path": "/"}}
    yield "download_share_file", {"values": share, "query": {"path": "g.txt"}}
    yield "upload_to_share", {"values": share, "body": body, "raw": True, "headers": headers}
    yield "create_share_dir", {"values": share, "query": {"path": "new"}}
    yield "upload_single_to_share", {"values": {**share, "filePath": "k.txt"}, "body": b"k", "raw": True}
    for kind in ("share", "user"):
        headers = {"Tus-Resumable": "1.0.0"}
        yield f"tus_{kind}_discovery", {}
        yield f"tus_{kind}_create_upload", {"headers": {**headers, "Upload-Length": "3", "Upload-Metadata": "path L2QveA==,share_id {share64}" if kind == "user" else "path L3g=,share_id {share64}"}, "keep": "Location"}
        piece = {**headers, "Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}
        yield f"tus_{kind}_upload_chunk", {"values": {"id": "{upload}"}, "headers": piece, "body": b"abc", "raw": True}
        yield f"tus_{kind}_upload_status", {"values": {"id": "{upload}"}, "headers": headers}
    yield "delete_user_share", {"values": share}
    yield "delete_user_file", {"query": FILE}
    yield "delete_user_dir", {"query": {"path": "/d"}}

    for kind in ("admin", "user"):
        yield f"get_{kind}_profile", {}
        yield f"update_{kind}_profile", {"body": {"email": "x@example.com"}}
        yield f"get_{kind}_totp_configs", {}
        yield f"generate_{kind}_totp_secret", {"body": {"config_name": "Default"}, "keep": "secret"}
        yield f"validate_{kind}_totp_secret", {"body": {"config_name": "Default", "secret": "{secret}", "passcode": "{passcode}"}}
        yield f"save_{kind}_totp_config", {"body": {"enabled": True, "config_name": "Default", "secret": {"status": "Plain", "payload": "{secret}"}, "protocols": ["HTTP"]}}
        yield f"get_{kind}_recovery_codes", {}
        yield f"generate_{kind}_recovery_codes", {}
        yield f"save_{kind}_totp_config", {"body": {"enabled": False}}
    yield "healthz", {}
    for kind, many, document in reversed(crud):
        yield f"delete_{kind}", {"values": {key.get(kind, "name"): NAME}}
    yield "get_token", {"headers": {"Authorization": basic("root", "root Password 1")}}
    yield "get_user_token", {"headers": {"Authorization": basic("bob", "bob")}}
    yield "change_admin_password", {"body": {"current_password": "root Password 1", "new_password": "root Password 2"}}
    yield "change_user_password", {"body": {"current_password": "anna", "new_password": "anna Password 2"}}
    yield "logout", {"as": "admin2"}
    yield "client_logout", {"as": "bob"}


def fill(value, kept):
    if isinstance(value, str):
        for name, text in kept.items():
            value = value.replace("{%s}" % name, text)
        return value
    if isinstance(value, dict):
        return {k: fill(v, kept) for k, v in value.items()}
    return value


def test_every_operation_succeeds_as_documented(make_server, tmp_path):
    port = free_port()
    server = make_server(config=tus_config(port), dump={"admins": [admin(), admin("second")], "users": [user("anna", tmp_path / "anna"), user("bob", tmp_path / "bob")]})
    clients = Clients.__new__(Clients)
    clients.anybody = Rest(port)
    clients.admin, clients.user = clients.anybody.admin(), clients.anybody.user("anna")
    by_id = {o.id: o for o in OPERATIONS}
    kept = {"backups": str(server.dir / "backups")}
    done = set()
    for operation_id, options in scenario():
        operation = by_id.get(operation_id)
        # Names of operations are spelled in several ways in the contract.
        if operation is None:
            operation = by_id[{"get_event_actions": "get_event_actions"}.get(operation_id, operation_id)]
        client = {"admin2": lambda: clients.anybody.admin("second"), "bob": lambda: clients.anybody.user("bob")}.get(options.pop("as", ""), lambda: clients.of(operation))()
        expect, keep, retry = options.pop("expect", ABSENT.get(operation.id)), options.pop("keep", None), options.pop("retry", None)
        if "passcode" in json.dumps(options.get("body"), default=str):
            kept["passcode"] = passcode(kept["secret"])
        answer = send(client, operation, **{k: fill(v, kept) for k, v in options.items()})
        give_up = time.monotonic() + 60
        while retry and answer.status == retry and time.monotonic() < give_up:
            time.sleep(0.05)
            answer = send(client, operation, **{k: fill(v, kept) for k, v in options.items()})
        check(operation, answer)
        if expect is None:
            assert answer.status in operation.successes(), (operation, answer)
        else:
            assert answer.status == expect, (operation, answer)
        if keep == "X-Object-ID":
            kept["key" if operation.id == "add_api_key" else "share"] = answer.headers[keep]
            kept["share64"] = base64.b64encode(answer.headers[keep].encode()).decode()
        elif keep == "Location":
            kept["upload"] = answer.headers[keep].rpartition("/")[2]
        elif keep:
            kept[keep] = answer.json()[keep]
        done.add(operation.id)
    assert done == set(by_id), sorted(set(by_id) - done)


# ---- every operation against those who may not, and against nonsense

SECURED = [o for o in OPERATIONS if o.audience in ("admin", "user") and not o.id.startswith("tus_")]
RESUMABLE = [o for o in OPERATIONS if o.id.startswith("tus_user")]


@pytest.mark.parametrize("operation", [*SECURED, *RESUMABLE], ids=repr)
def test_strangers_are_refused(clients, operation):
    body = {} if operation.body_schema() else None
    other = clients.user if operation.audience == "admin" else clients.admin
    expired = clients.anybody.with_bearer("eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJhdWQiOlsiQVBJIl0sImV4cCI6MSwianRpIjoieCJ9.AAAA")
    for client in (clients.anybody, other, expired, clients.anybody.with_bearer("")):
        answer = send(client, operation, body=body)
        assert answer.status == 401, (operation, answer)
        if operation.method != "HEAD":
            assert answer.json()["message"]
    for client in (clients.anybody.with_key("nonsense"), clients.anybody.with_key("no.key")):
        assert send(client, operation, body=body).status in (400, 403)


@pytest.mark.parametrize("operation", [o for o in SECURED if o.audience == "admin"], ids=repr)
def test_administrators_without_permission_are_refused(clients, operation):
    free = {"get_version", "logout", "get_connections", "get_license", "add_license", "get_saas_usage"}
    if operation.id in free or operation.path.startswith("/admin/"):
        return
    answer = send(clients.weak, operation, body={} if operation.body_schema() else None)
    assert (answer.status, answer.json()) == (403, {"message": "Forbidden"}), (operation, answer)


@pytest.mark.parametrize("operation", [o for o in SECURED if o.body_schema()], ids=repr)
def test_bodies_that_are_none_are_refused(clients, operation):
    if operation.id in ABSENT:
        return
    for body in (b"", b"{", b"nonsense", b'"text"', b"[1]", b"null", b"\xff\xfe", b"{" * 100_000, b'{"a":1}garbage', b'{"name":' + b"9" * 400 + b"}"):
        answer = send(clients.of(operation), operation, body=body, raw=True)
        assert 400 <= answer.status < 500, (operation, body[:20], answer)
        assert answer.json().keys() <= {"error", "message"}


@pytest.mark.parametrize("operation", OPERATIONS, ids=repr)
def test_nonsense_is_answered_in_the_contracts_words(clients, operation):
    """Documents, names and queries at random: never a 5xx, never an answer of another form."""
    if operation.id in ("logout", "client_logout", "change_admin_password", "change_user_password", "loaddata_from_file"):
        return
    maker = Maker(operation.id)
    pick = random.Random(operation.id)
    for _ in range(25):
        values = {name: maker.text().replace("\0", "%") or "x" for name in operation.path_parameters}
        if operation.path.startswith(("/admins/", "/users/")):
            values = {k: v if v != "anna" else "x" for k, v in values.items()}
        if "type" in values:
            values["type"] = pick.choice(["1", "2", "3", "4", "0", "x"])
        query = {p["name"]: pick.choice([maker.text(), "1", "-1", "true", "10"]) for p in operation.parameters if p["in"] == "query" and pick.random() < 0.6}
        query.pop("output-file", None)
        headers = {p["name"]: pick.choice(["1", "x", "-1", "1.0.0"]) for p in operation.parameters if p["in"] == "header" and p["name"] not in ("Content-Length", "Content-Type")}
        schema = operation.body_schema()
        body = maker.make(schema) if schema else None
        if isinstance(body, dict) and body.get("username") in ("root", "anna", "nobody"):
            body["username"] = "x"
        if operation.id == "update_log_level":
            body = {"level": pick.choice(["x", "debug", ""])}
        answer = send(clients.of(operation), operation, values=values, query=query, body=body, headers=headers)
        check(operation, answer)
