"""The REST API for administrators: tokens, keys, permissions, roles, and each kind of object from birth to death."""
import base64
import json
import time

import pytest
from rest import Rest, admin, basic, rest_config
from slipway_server import SlipwayServer, free_port, merge, user


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    directory = tmp_path_factory.mktemp("server")
    port = free_port()
    dump = {
        "admins": [
            admin(),
            admin("viewer", permissions=["view_users"]),
            admin("helper", permissions=["add_users", "edit_users", "del_users", "view_users", "quota_scans", "disable_mfa"], role="east"),
            admin("listed", filters={"allow_list": ["198.51.100.0/24"]}),
            admin("late", filters={"require_password_change": True}),
            admin("single", filters={"require_two_factor": True}),
            admin("keyed", filters={"allow_api_key_auth": True}),
        ],
        "roles": [{"name": "east"}, {"name": "west"}],
        "users": [
            user("anna", directory / "homes" / "anna", filters={"allow_api_key_auth": True}),
            user("erik", directory / "homes" / "erik", role="east"),
            user("wilma", directory / "homes" / "wilma", role="west"),
        ],
    }
    server = SlipwayServer(directory, dump=dump, config=rest_config(port))
    server.http_port = port
    server.start()
    yield server
    server.stop()


@pytest.fixture
def anybody(server):
    return Rest(server.http_port)


@pytest.fixture
def root(server):
    return Rest(server.http_port).admin()


def claims(client):
    payload = client.headers["Authorization"].split(".")[1]
    return json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))


# ---- tokens


def test_health_needs_no_account(anybody):
    answer = Rest(anybody.port, base="").get("/healthz")
    assert (answer.status, answer.text) == (200, "ok")


def test_a_token_says_who_and_until_when(anybody):
    answer = anybody.token("/token", "root", "root Password 1")
    assert answer.status == 200
    assert answer.json().keys() == {"access_token", "expires_at"}
    seen = claims(anybody.with_bearer(answer.json()["access_token"]))
    assert seen["aud"] == ["API", "127.0.0.1"]
    assert seen["username"] == "root" and seen["permissions"] == ["*"]
    assert 0 < seen["exp"] - time.time() <= 20 * 60


@pytest.mark.parametrize("name, password", [("root", "wrong"), ("nobody", "root Password 1"), ("", ""), ("listed", "root Password 1"), ("anna", "anna")])
def test_what_is_wrong_with_a_login_is_not_told(anybody, name, password):
    answer = anybody.token("/token", name, password)
    assert answer.status == 401
    assert answer.headers["WWW-Authenticate"].startswith("Basic realm=")
    assert answer.json() == {"error": "invalid credentials", "message": ""}


def test_without_credentials_they_are_asked_for(anybody):
    answer = anybody.get("/token")
    assert (answer.status, answer.json()) == (401, {"message": "Unauthorized"})
    for header in ("Basic", "Basic !!!", "Basic " + base64.b64encode(b"no colon").decode(), "Bearer x"):
        assert anybody.get("/token", headers={"Authorization": header}).status == 401


def test_a_token_is_for_its_own_part_of_the_api(anybody, root):
    anna = anybody.user("anna")
    assert anna.get("/users").json() == {"message": "Your token audience is not valid"}
    assert anna.get("/users").status == 401
    assert root.get("/user/profile").status == 401


def test_a_token_that_was_changed_is_refused(anybody, root):
    token = root.headers["Authorization"].removeprefix("Bearer ")
    header, payload, signature = token.split(".")
    none = base64.urlsafe_b64encode(b'{"alg":"none","typ":"JWT"}').rstrip(b"=").decode()
    for bad in ("", "x", f"{header}.{payload}", f"{header}.{payload}.", f"{none}.{payload}.", f"{header}.{payload}.{'B' if signature[0] == 'A' else 'A'}{signature[1:]}", token + "."):
        answer = anybody.with_bearer(bad).get("/version")
        assert answer.status == 401, bad
        assert answer.json()["message"] == "Unauthorized"


def test_a_token_ends_with_the_logout(anybody):
    first, second = anybody.admin(), anybody.admin()
    assert first.get("/logout").json() == {"message": "Your token has been invalidated"}
    answer = first.get("/version")
    assert (answer.status, answer.json()) == (401, {"message": "Your token is no longer valid"})
    assert second.get("/version").status == 200


def test_a_token_opens_what_the_account_may_now(root, anybody):
    root.post("/admins", admin("brief", permissions=["view_users"]))
    brief = anybody.admin("brief")
    assert brief.get("/users").status == 200
    assert root.put("/admins/brief", admin("brief", permissions=["view_status"])).status == 200
    assert brief.get("/users").status == 403
    assert root.put("/admins/brief", admin("brief", permissions=["view_status"], status=0)).status == 200
    assert brief.get("/status").status == 401
    assert root.delete("/admins/brief").status == 200
    assert brief.get("/status").status == 401


def test_duties_come_first(anybody):
    late = anybody.admin("late")
    answer = late.get("/users")
    assert answer.status == 403
    assert answer.json()["error"].startswith("Password change required")
    assert late.get("/apikeys").status == 403
    assert late.get("/version").status == 200
    changed = late.put("/admin/changepwd", {"current_password": "root Password 1", "new_password": "new Password 2"})
    assert (changed.status, changed.json()) == (200, {"message": "Password updated"})
    assert late.get("/version").status == 401, "the token ended with the password"
    assert anybody.admin("late", "new Password 2").get("/users").status == 200

    single = anybody.admin("single")
    assert single.get("/users").json()["error"].startswith("Two-factor authentication requirements not met")
    assert single.get("/admin/totp/configs").status == 200


# ---- permissions and roles


def test_permissions_are_asked_for_each_route(anybody):
    viewer = anybody.admin("viewer")
    assert viewer.get("/users").status == 200
    for method, path in [
        ("POST", "/users"), ("PUT", "/users/anna"), ("DELETE", "/users/anna"), ("GET", "/folders"), ("GET", "/groups"), ("GET", "/roles"),
        ("GET", "/admins"), ("GET", "/apikeys"), ("GET", "/connections"), ("DELETE", "/connections/x"), ("GET", "/status"), ("GET", "/dumpdata"),
        ("POST", "/loaddata"), ("GET", "/iplists/1"), ("GET", "/defender/hosts"), ("GET", "/quotas/users/scans"), ("GET", "/eventactions"),
        ("GET", "/eventrules"), ("GET", "/events/fs"), ("GET", "/modules"), ("PUT", "/system/log-level"), ("PUT", "/users/anna/2fa/disable"),
    ]:
        answer = viewer.send(method, path, {} if method in ("POST", "PUT") else None)
        assert (answer.status, answer.json()) == (403, {"message": "Forbidden"}), (method, path)


def test_a_role_administrator_knows_only_its_role(anybody):
    helper = anybody.admin("helper")
    assert [u["username"] for u in helper.get("/users").json()] == ["erik"]
    for method in ("GET", "DELETE"):
        answer = helper.send(method, "/users/wilma")
        assert (answer.status, answer.json()) == (404, {"error": "Not Found", "message": ""})
    assert helper.put("/users/wilma", user("wilma", "/tmp/x")).status == 404
    assert helper.post("/quotas/users/wilma/scan").status == 404
    made = helper.post("/users", user("new", "/tmp/new", role="west"))
    assert made.status == 201 and made.json()["role"] == "east"
    assert helper.delete("/users/new").status == 200


# ---- objects

OBJECTS = {
    "users": ("username", user("tess", "/tmp/tess"), {"email": "tess@example.com"}, "User"),
    "groups": ("name", {"name": "staff"}, {"description": "d"}, "Group"),
    "folders": ("name", {"name": "data", "mapped_path": "/tmp/data"}, {"description": "d"}, "Folder"),
    "roles": ("name", {"name": "north"}, {"description": "d"}, "Role"),
    "admins": ("username", admin("second"), {"email": "second@example.com"}, "Admin"),
    "eventactions": ("name", {"name": "act", "type": 4}, {"description": "d"}, "Event action"),
    "eventrules": ("name", {"name": "rule", "status": 1, "trigger": 6, "actions": [{"name": "used", "order": 1}]}, {"description": "d"}, "Event rule"),
}


@pytest.mark.parametrize("family", OBJECTS)
def test_objects_live_and_die(root, family):
    key, document, change, label = OBJECTS[family]
    if family == "eventrules":
        assert root.post("/eventactions", {"name": "used", "type": 4}).status == 201
    name = document[key]
    made = root.post(f"/{family}", document)
    assert made.status == 201, made
    assert made.headers["Location"] == f"/api/v2/{family}/{name}"
    assert made.json()[key] == name and made.json()["id"] > 0
    assert "password" not in made.json()
    again = root.post(f"/{family}", document)
    assert again.status == 409 and again.json()["error"]
    assert name in [item[key] for item in root.get(f"/{family}").json()]

    updated = root.put(f"/{family}/{name}", {**document, **change})
    plural = "Event rules" if family == "eventrules" else label
    assert (updated.status, updated.json()) == (200, {"message": f"{plural} updated"}), updated
    seen = root.get(f"/{family}/{name}").json()
    assert seen.items() >= change.items()
    # What is not sent is cleared.
    assert root.put(f"/{family}/{name}", document).status == 200
    assert not root.get(f"/{family}/{name}").json()[next(iter(change))]

    gone = root.delete(f"/{family}/{name}")
    assert (gone.status, gone.json()) == (200, {"message": f"{label} deleted"})
    for method in ("GET", "DELETE"):
        assert root.send(method, f"/{family}/{name}").json() == {"error": "Not Found", "message": ""}
    assert root.put(f"/{family}/{name}", document).status == 404
    if family == "eventrules":
        assert root.delete("/eventactions/used").status == 200


@pytest.mark.parametrize("family", OBJECTS)
def test_documents_that_are_none_are_refused(root, family):
    key, document, _, _ = OBJECTS[family]
    for body in ("", "{", "[]", "null", '"x"', "{}" * 2, '{"a":' * 100 + "1" + "}" * 100, "\xff", json.dumps({**document, key: 5})):
        for method, path in (("POST", f"/{family}"), ("PUT", f"/{family}/x")):
            answer = root.send(method, path, body, raw=True)
            assert answer.status in (400, 404), (method, path, body, answer)
            assert answer.json()["error"]


@pytest.mark.parametrize("query", ["offset=-1", "offset=x", "limit=0", "limit=-1", "limit=1.5", "order=desc", "limit=99999999999999999999"])
def test_pages_that_are_none_are_refused(root, query):
    answer = root.get("/users?" + query)
    assert answer.status == 400
    assert answer.json()["error"] == "invalid " + query.split("=")[0]


def test_lists_come_in_pages(root):
    names = sorted(u["username"] for u in root.get("/users", query={"limit": 500}).json())
    assert [u["username"] for u in root.get("/users?limit=2&offset=1").json()] == names[1:3]
    assert [u["username"] for u in root.get("/users?limit=1&order=DESC").json()] == names[-1:]
    assert root.get("/users?limit=100000").status == 200


def test_names_are_decoded_once_and_lead_nowhere(root):
    made = root.post("/groups", {"name": "a%2fb c+d"})
    assert made.headers["Location"] == "/api/v2/groups/a%252fb%20c%2Bd"
    assert root.get("/groups/a%252fb%20c+d").json()["name"] == "a%2fb c+d"
    assert root.get("/groups/a%2fb%20c+d").status == 404
    assert root.delete("/groups/a%252fb%20c%2bd").status == 200
    for name in ("%2e%2e", "..", "%2e%2e%2fusers", "x%00y", "%zz"):
        answer = root.get("/groups/" + name)
        assert answer.status in (400, 404), (name, answer)


def test_references_must_exist_and_hold(root):
    assert root.post("/users", user("ref", "/tmp/ref", groups=[{"name": "none", "type": 1}])).status == 400
    assert root.post("/groups", {"name": "held"}).status == 201
    assert root.post("/users", user("ref", "/tmp/ref", groups=[{"name": "held", "type": 1}])).status == 201
    refused = root.delete("/groups/held")
    assert refused.status == 400 and "ref" in refused.json()["error"]
    assert root.get("/groups/held").json()["users"] == ["ref"]
    assert root.delete("/users/ref").status == 200
    assert root.delete("/groups/held").status == 200


def test_a_password_that_is_left_out_stays(root, anybody):
    assert root.post("/users", user("pat", "/tmp/pat")).status == 201
    document = user("pat", "/tmp/pat", email="pat@example.com")
    del document["password"]
    assert root.put("/users/pat", document).status == 200
    assert anybody.token("/user/token", "pat", "pat").status == 200
    assert root.get("/users/pat").json()["has_password"] is True
    assert root.delete("/users/pat").status == 200


def test_secrets_are_sealed_kept_and_shown_to_superusers(root, anybody):
    secret = {"status": "Plain", "payload": "the access secret"}
    s3 = {"provider": 1, "s3config": {"bucket": "b", "region": "r", "access_key": "k", "access_secret": secret}}
    made = root.post("/folders", {"name": "cloud", "filesystem": s3})
    assert made.status == 201
    seen = made.json()["filesystem"]["s3config"]["access_secret"]
    assert seen["status"] not in ("Plain", "Redacted") and "key" not in seen and "additional_data" not in seen
    whole = root.get("/folders/cloud?confidential_data=1").json()["filesystem"]["s3config"]["access_secret"]
    assert whole["payload"] == seen["payload"] and whole["key"]
    # Sent back as it came, or as "Redacted", it stays; other providers' settings go.
    for kept in (seen, {"status": "Redacted", "payload": "x"}):
        changed = {**s3, "s3config": {**s3["s3config"], "access_secret": kept}, "gcsconfig": {"bucket": "x"}}
        assert root.put("/folders/cloud", {"filesystem": changed}).status == 200
        after = root.get("/folders/cloud?confidential_data=1").json()["filesystem"]
        assert after["s3config"]["access_secret"] == whole
        assert "gcsconfig" not in after or not after["gcsconfig"].get("bucket")
    # Clients that do not know what is stored say "Redacted" of every secret that they leave alone.
    changed = {**s3, "s3config": {**s3["s3config"], "access_secret": {"status": "Redacted"}, "sse_customer_key": {"status": "Redacted"}}}
    assert root.put("/folders/cloud", {"filesystem": changed}).status == 200
    after = root.get("/folders/cloud?confidential_data=1").json()["filesystem"]["s3config"]
    assert after["access_secret"] == whole and not after.get("sse_customer_key")
    # Another provider's secret is none of this one's.
    crypt = {"provider": 4, "cryptconfig": {"passphrase": {"status": "Redacted"}}}
    refused = root.put("/folders/cloud", {"mapped_path": "/tmp/cloud", "filesystem": crypt})
    assert refused.status == 400 and "passphrase" in refused.text
    assert root.delete("/folders/cloud").status == 200
    bad = {**s3, "s3config": {**s3["s3config"], "access_secret": {"status": "Redacted"}}}
    assert root.post("/folders", {"name": "cloud", "filesystem": bad}).status == 400


def test_nobody_saws_off_the_own_branch(root):
    me = root.get("/admins/root").json()
    del me["id"]
    for change, error in (
        ({"status": 0}, "you cannot disable yourself"),
        ({"permissions": ["view_users"]}, "you cannot change your permissions"),
        ({"role": "east", "permissions": ["*"]}, "you cannot add/change your role"),
    ):
        answer = root.put("/admins/root", {**me, **change})
        assert (answer.status, answer.json()["error"]) == (400, error)
    assert root.delete("/admins/root").json()["error"] == "you cannot delete yourself"


# ---- API keys


def test_keys_stand_for_accounts(root, anybody):
    made = root.post("/apikeys", {"name": "ci", "scope": 1, "admin": "keyed", "key": "mine", "id": "mine"})
    assert made.status == 201
    body = made.json()
    assert body["message"] == body["mesage"]
    key_id = made.headers["X-Object-ID"]
    assert made.headers["Location"] == "/api/v2/apikeys/" + key_id
    assert body["key"].startswith(key_id + ".") and key_id != "mine"
    seen = root.get("/apikeys/" + key_id).json()
    assert seen["admin"] == "keyed" and "key" not in seen

    keyed = anybody.with_key(body["key"])
    assert keyed.get("/users").status == 200
    assert anybody.with_key(body["key"] + ".root").get("/users").status == 200, "a bound key ignores the name behind it"
    assert keyed.get("/apikeys").json() == {"message": "API key authentication is not allowed"}
    for method, path in (("PUT", "/admin/changepwd"), ("GET", "/admin/profile"), ("POST", "/apikeys"), ("GET", "/admin/totp/configs")):
        assert keyed.send(method, path, {} if method != "GET" else None).status == 403
    myself = root.get("/admins/keyed").json()
    assert keyed.put("/admins/keyed", myself).json()["error"] == "updating the admin impersonated with an API key is not allowed"
    assert keyed.get("/user/profile").status == 403
    assert keyed.get("/user/shares").json() == {"error": "the provided api key is invalid for this request", "message": ""}

    assert root.put("/apikeys/" + key_id, {"name": "ci", "scope": 1, "admin": "keyed", "expires_at": 1}).status == 200
    assert keyed.get("/users").json() == {"error": "the provided api key cannot be authenticated", "message": ""}
    assert keyed.get("/users").status == 401
    later = {"name": "ci", "scope": 1, "admin": "keyed", "expires_at": int(time.time() * 1000) + 10**6}
    assert root.put("/apikeys/" + key_id, later).status == 400, "an end can be brought forward, not put off"
    assert root.delete("/apikeys/" + key_id).json() == {"message": "API key deleted"}
    assert keyed.get("/users").json() == {"error": "the provided api key is not valid", "message": ""}


def test_keys_that_are_none_are_refused(root, anybody):
    for text in ("x", ".", "x.", ".x", "a.b", "a.b.c", "é.é".encode().decode("latin-1"), "x" * 5000):
        answer = anybody.with_key(text).get("/users")
        assert answer.status in (400, 431), (text, answer)
    closed = root.post("/apikeys", {"name": "closed", "scope": 1, "admin": "viewer"})
    answer = anybody.with_key(closed.json()["key"]).get("/users")
    assert answer.status == 401
    assert answer.json()["error"] == "the admin associated with the provided api key cannot be authenticated"
    assert root.post("/apikeys", {"name": "both", "scope": 1, "admin": "root", "user": "anna"}).status == 400


def test_a_user_key_may_name_its_user(root, anybody):
    made = root.post("/apikeys", {"name": "users", "scope": 2}).json()["key"]
    assert anybody.with_key(made + ".anna").get("/user/shares").status == 200
    assert anybody.with_key(made).get("/user/shares").status == 401
    assert anybody.with_key(made + ".wilma").get("/user/shares").status == 401, "closed to API keys"
    assert anybody.with_key(made + ".anna").get("/users").status == 403
    assert anybody.with_key(made + ".anna").put("/user/changepwd", {}).status == 403


# ---- lists, quotas, server


def test_ip_lists(root):
    for network in ("192.0.2.0/24", "192.0.2.7", "2001:db8::/32"):
        made = root.post("/iplists/2", {"ipornet": network, "mode": 2})
        assert made.status == 201 and made.json() == {"message": "Entry added"}, made
        assert made.headers["Location"].startswith("/api/v2/iplists/2/")
        assert Rest(root.port, base="").send("GET", made.headers["Location"], headers=root.headers).status == 200
    assert [e["ipornet"] for e in root.get("/iplists/2").json()] == ["192.0.2.0/24", "192.0.2.7/32", "2001:db8::/32"]
    assert [e["ipornet"] for e in root.get("/iplists/2?filter=192.&from=192.0.2.0%2F24").json()] == ["192.0.2.7/32"]
    assert root.get("/iplists/1").json() == []
    path = "/iplists/2/192.0.2.0%2F24"
    assert root.put(path, {"mode": 2, "description": "d"}).json() == {"message": "Entry updated"}
    assert root.get(path).json()["description"] == "d"
    assert root.get("/iplists/1/192.0.2.0%2F24").status == 404
    for bad in ("/iplists/0", "/iplists/5", "/iplists/x", "/iplists/11"):
        assert root.get(bad).status == 400
    assert root.post("/iplists/2", {"ipornet": "nonsense", "mode": 2}).status == 400
    for network in ("192.0.2.0%2F24", "192.0.2.7%2F32", "2001:db8::%2F32"):
        assert root.delete("/iplists/2/" + network).json() == {"message": "Entry deleted"}
    assert root.delete(path).status == 404


def test_quotas(root, server):
    (server.home("erik") / "file").write_bytes(b"x" * 1000)
    started = root.post("/quotas/users/erik/scan")
    assert (started.status, started.json()) == (202, {"message": "Scan started"})
    from slipway_server import wait_for

    wait_for(lambda: root.get("/users/erik").json()["used_quota_size"] == 1000)
    assert root.get("/quotas/users/scans").json() == []
    assert root.put("/quotas/users/erik/usage", {"used_quota_size": 5, "used_quota_files": 2}).json() == {"message": "Quota updated"}
    assert root.put("/quotas/users/erik/usage?mode=add", {"used_quota_size": 5}).status == 200
    seen = root.get("/users/erik").json()
    assert (seen["used_quota_size"], seen["used_quota_files"]) == (10, 2)
    assert root.put("/quotas/users/erik/transfer-usage", {"used_upload_data_transfer": 7}).status == 200
    assert root.get("/users/erik").json()["used_upload_data_transfer"] == 7
    assert root.put("/quotas/users/erik/usage?mode=set", {}).json()["error"] == "invalid mode"
    assert root.put("/quotas/users/erik/usage", {"used_quota_size": -1}).status == 400
    assert root.put("/quotas/users/nobody/usage", {}).status == 404
    assert root.post("/quotas/folders/nothing/scan").status == 404


def test_dump_and_load(root, server, anybody):
    dump = root.get("/dumpdata?output-data=1")
    assert dump.status == 200 and "attachment" in dump.headers["Content-Disposition"]
    document = dump.json()
    assert document["version"] == 17 and {"users", "admins", "roles", "configs"} <= document.keys()
    assert root.get("/dumpdata?output-data=1&scopes=roles").json()["users"] is None

    assert root.get("/dumpdata?output-file=sub/dump.json&indent=1").json() == {"message": "Data saved"}
    file = server.dir / "backups" / "sub" / "dump.json"
    assert file.stat().st_mode & 0o777 == 0o600 and "\n  " in file.read_text()
    for bad in ("", "?output-file=/tmp/x", "?output-file=../x"):
        assert root.get("/dumpdata" + bad).status == 400

    assert root.post("/groups", {"name": "lost"}).status == 201
    document["groups"] = [{"name": "found"}]
    assert root.post("/loaddata", document, query={"mode": 1}).json() == {"message": "Data restored"}
    assert root.get("/groups/found").status == 200
    assert root.get("/loaddata", query={"input-file": str(file), "mode": 1}).json() == {"message": "Data restored"}
    assert root.get("/loaddata?input-file=dump.json").status == 400
    assert root.get("/loaddata?input-file=/nothing/there").status == 400
    assert root.post("/loaddata", query={"mode": "x"}, body=document).status == 400
    for bad in ("", "{", "[]", json.dumps({"users": 5})):
        assert root.post("/loaddata", bad, raw=True).status == 400
    broken = root.post("/loaddata", {"users": [{"username": "x/y"}], "version": 17})
    assert broken.status == 400 and "x/y" in broken.json()["error"]
    for group in ("lost", "found"):
        assert root.delete("/groups/" + group).status == 200


def test_the_server_says_what_it_is(root):
    version = root.get("/version").json()
    assert version.keys() == {"version", "build_date", "commit_hash", "features"}
    status = root.get("/status").json()
    assert status["data_provider"]["is_active"] is True
    assert root.get("/system/log-level").json()["level"] in ("debug", "info", "warn", "error")
    before = root.get("/system/log-level").json()["level"]
    assert root.put("/system/log-level", {"level": "warn"}).status == 200
    assert root.get("/system/log-level").json() == {"level": "warn"}
    assert root.put("/system/log-level", {"level": "loud"}).status == 400
    assert root.put("/system/log-level", {"level": before}).status == 200
    assert root.get("/retention/users/checks").json() == []


def test_what_is_not_there_says_so(root):
    for path in ("/events/fs", "/events/provider", "/events/logs"):
        assert root.get(path).status == 501
    assert root.get("/license").status == 404
    assert root.post("/license", {"key": "x"}).status == 404
    assert root.get("/saas/usage").status == 404
    nothing = Rest(root.port).post("/admins/root/forgot-password")
    assert (nothing.status, nothing.json()) == (400, {"message": "No SMTP configuration"})
    assert root.get("/nothing").json() == {"message": "Not Found"}
    assert root.patch("/users").status == 405


def test_modules_are_listed_stopped_and_started(root):
    names = [m["name"] for m in root.get("/modules").json()]
    assert {"protocol-http", "protocol-sftp", "storage-local"} <= set(names)
    assert root.get("/modules/protocol-sftp").json()["state"] == "running"
    assert root.get("/modules/nothing").status == 404
    assert root.post("/modules/protocol-http/disable").status == 409
    assert root.post("/modules/action-http/disable").json() == {"message": "Module disabled"}
    assert root.get("/modules/action-http").json()["state"] != "running"
    assert root.post("/modules/action-http/enable").json() == {"message": "Module enabled"}
    assert root.post("/modules/action-http/reconfigure").json() == {"message": "Module reconfigured"}
    assert root.get("/modules/action-http").json()["state"] == "running"
    assert root.post("/modules/nothing/enable").status == 404


# ---- answers


def test_answers_are_safe_inside_html(root):
    assert root.post("/groups", {"name": "html", "description": "<script>&"}).status == 201
    body = root.get("/groups/html").body
    assert b"\\u003cscript\\u003e\\u0026" in body and b"<script>" not in body and body.endswith(b"\n")
    assert root.get("/groups/html").headers["Content-Type"] == "application/json"
    assert root.delete("/groups/html").status == 200


def test_a_body_beyond_the_limit_is_refused(root):
    answer = root.post("/groups", {"name": "big", "description": "x" * (2 << 20)})
    assert answer.status == 413 and answer.json()["message"]


def test_switched_off_logins_are_not_there(make_server):
    port = free_port()
    config = merge(rest_config(port), {"httpd": {"bindings": [{"address": "127.0.0.1", "port": port, "disabled_login_methods": 16 + 64}]}})
    make_server(config=config, dump={"admins": [admin()]})
    rest = Rest(port)
    assert rest.get("/token", headers={"Authorization": basic("root", "root Password 1")}).status == 404
    assert rest.get("/user/token").status == 401
    assert rest.with_key("a.b").get("/users").status == 401


def test_tokens_of_a_passphrase_survive_a_restart_and_end_with_changes(make_server):
    port = free_port()
    server = make_server(config=rest_config(port, signing_passphrase="long enough", token_validation=2), dump={"admins": [admin(), admin("other")]})
    other = Rest(port).admin("other")
    server.stop()
    server.start()
    assert other.get("/users").status == 200
    assert Rest(port).admin().put("/admins/other", admin("other", description="changed")).status == 200
    assert other.get("/users").json() == {"message": "Your token is no longer valid"}


def test_the_status_shows_the_services(root, server):
    status = root.get("/status").json()
    assert status["ssh"]["is_active"] is True
    assert status["ssh"]["bindings"] == [{"address": "127.0.0.1", "port": server.port, "apply_proxy_config": True}]
    key = status["ssh"]["host_keys"][0]
    assert key["fingerprint"].startswith("SHA256:") and key["algorithms"] == ["ssh-ed25519"]
    assert "publickey" in status["ssh"]["authentications"] and status["ssh"]["kex_algorithms"]
    assert status["ftp"] == status["webdav"] == {"is_active": False}
    assert status["mfa"] == {"is_active": True, "totp_configs": [{"name": "Default", "issuer": "Slipway", "algo": "sha1"}]}


def test_permissions_as_in_older_releases(make_server):
    for switch, status in ((None, 400), ("1", 201)):
        port = free_port()
        make_server(config=rest_config(port), dump={"admins": [admin()]}, environment={"SFTPGO_HOOK__LEGACY_ADMIN_PERMS": switch} if switch else {})
        root = Rest(port).admin()
        made = root.post("/admins", {"username": "grouper", "password": "grouper Password 1", "status": 1, "permissions": ["manage_groups"]})
        assert made.status == status, made
    # manage_* stands for view_* and del_*, as it does without the switch.
    grouper = Rest(port).admin("grouper", "grouper Password 1")
    assert grouper.post("/groups", {"name": "g"}).status == 201
    assert [g["name"] for g in grouper.get("/groups").json()] == ["g"]
    assert grouper.delete("/groups/g").status == 200
    assert grouper.get("/folders").status == 403
