"""Every route of the HTTP module against those who may not, and against documents that are none."""
import base64
import hashlib
import hmac
import json
import socket
import time

import pytest
from contract import OPERATIONS, TYPES, resolve
from rest import Steady, admin, basic, rest_config
from routes import PERMISSIONS, PUBLIC, discover
from slipway_server import SlipwayServer, free_port, user, wait_for

PASSPHRASE = "the tests know it"
ALL_PERMISSIONS = sorted(set("|".join(PERMISSIONS.values()).split("|")) - {""})


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    directory = tmp_path_factory.mktemp("server")
    port = free_port()
    # Permissions that need others beside them.
    beside = {"view_groups": ["view_folders"], "manage_groups": ["view_folders"]}
    dump = {
        "roles": [{"name": "east"}, {"name": "west"}],
        "admins": [
            admin(), admin("keyed", filters={"allow_api_key_auth": True}),
            admin("eastern", role="east", permissions=["add_users", "edit_users", "del_users", "view_users", "quota_scans", "disable_mfa", "view_conns", "close_conns"]),
            *(admin("only." + p, permissions=[p]) for p in ALL_PERMISSIONS if p not in beside),
            *(admin("without." + p, permissions=[q for q in ALL_PERMISSIONS if q != p]) for p in ALL_PERMISSIONS if p not in ("view_folders",)),
        ],
        "users": [
            user("anna", directory / "homes" / "anna", filters={"allow_api_key_auth": True}), user("bob", directory / "homes" / "bob"),
            user("wilma", directory / "homes" / "wilma", role="west"),
        ],
    }
    config = {**rest_config(port, signing_passphrase=PASSPHRASE, max_upload_file_size=4 << 20), "common": {"max_per_host_connections": 0, "max_per_host_transfers": 0, "defender": {"enabled": True, "threshold": 100000, "login_delay": {"password_failed": 0}}}}
    server = SlipwayServer(directory, dump=dump, config=config)
    server.http_port = port
    server.start()
    yield server
    server.stop()


@pytest.fixture
def anybody(server):
    return Steady(server.http_port)


@pytest.fixture(scope="module")
def routes(server):
    return discover(server.http_port)


def secured(routes):
    return [r for r in routes if r.audience != "anyone"]


def test_the_table_is_whole(routes, anybody):
    """Also: what is open to anybody is what the table says, and nothing else."""
    assert len(routes) > 150
    assert PUBLIC <= {r.key for r in routes}
    assert PERMISSIONS.keys() <= {r.key for r in routes}
    for route in secured(routes):
        assert route.send(anybody).status == 401, f"{route} is open to anybody: is it meant to be?"


# ---- tokens


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def token(claims, header=None, passphrase=PASSPHRASE, algorithm="sha256"):
    text = base64url(json.dumps(header or {"alg": "HS256", "typ": "JWT"}).encode()) + "." + base64url(json.dumps(claims).encode())
    key = hashlib.sha256(passphrase.encode()).digest()
    return text + "." + base64url(hmac.new(key, text.encode(), algorithm).digest())


def claims(audience, name, **others):
    now = int(time.time())
    made = {"aud": [audience, "127.0.0.1"], "jti": "unguessable", "username": name, "sub": "1", "iat": now, "nbf": now - 10, "exp": now + 600, "permissions": ["*"], **others}
    return {k: v for k, v in made.items() if v is not None}


def bad_tokens(audience, name, other):
    """By what is wrong with them."""
    good = claims(audience, name)
    text = token(good)
    head, body, mac = text.split(".")
    now = int(time.time())
    return {
        "expired": token(claims(audience, name, exp=now - 60)),
        "not yet valid": token(claims(audience, name, nbf=now + 600)),
        "without an end": token(claims(audience, name, exp=None)),
        "an end that is no number": token(claims(audience, name, exp="2999-01-01")),
        "the other audience": token(claims("APIUser" if audience == "API" else "API", name)),
        "an audience that is none": token(claims("WebAdmin", name)),
        "no audience": token(claims(audience, name, aud=[])),
        "an audience that is no list": token(claims(audience, name, aud=audience)),
        "the audience behind the address": token(claims(audience, name, aud=["127.0.0.1", audience])),
        "another address": token(claims(audience, name, aud=[audience, "198.51.100.7"])),
        "nobody's": token(claims(audience, "nobody at all")),
        "an account of the other kind": token(claims(audience, other)),
        "without an id": token(claims(audience, name, jti=None)),
        "another key": token(good, passphrase="guessed"),
        "no algorithm": base64url(b'{"alg":"none","typ":"JWT"}') + "." + body + ".",
        "another algorithm": token(good, {"alg": "HS512", "typ": "JWT"}, algorithm="sha512"),
        "an algorithm that it does not use": token(good, {"alg": "RS256", "typ": "JWT"}),
        "a critical extension": token(good, {"alg": "HS256", "typ": "JWT", "crit": ["exp"], "b64": False}),
        "a key that it brings along": token(good, {"alg": "HS256", "typ": "JWT", "jwk": {"kty": "oct", "k": "AAAA"}}),
        "cut": text[:-2], "with more behind it": text + ".x", "with padding": text + "=", "without a signature": head + "." + body + ".",
        "changed": head + "." + base64url(json.dumps({**good, "username": "root"}).encode() + b" ") + "." + mac,
        "too long": token(claims(audience, name, role="x" * 10_000)), "empty": "", "dots": "..", "no base64": "\xe4.\xf6.\xfc",
    }


def test_tokens_that_are_none_open_nothing(routes, anybody, server):
    names = {"admin": ("API", "root", "anna"), "user": ("APIUser", "anna", "root")}
    # The made ones are made well: what is refused below is refused for its fault.
    assert anybody.with_bearer(token(claims(*names["admin"][:2]))).get("/version").status == 200
    assert anybody.with_bearer(token(claims(*names["user"][:2]))).get("/user/dirs").status == 200
    wrong = []
    for route in secured(routes):
        for fault, text in bad_tokens(*names[route.audience]).items():
            answer = route.send(anybody, headers={"Authorization": "Bearer " + text})
            is_said = route.method == "HEAD" or answer.json().get("message")
            if answer.status != 401 or not is_said:
                wrong.append((route, fault, answer))
    assert not wrong


def test_tokens_are_taken_from_one_place_only(routes, anybody):
    names = {"admin": ("API", "root"), "user": ("APIUser", "anna")}
    for route in secured(routes):
        text = token(claims(*names[route.audience]))
        for headers, query in [({"Cookie": "jwt=" + text}, None), ({}, {"jwt": text}), ({"Authorization": text}, None), ({"Authorization": "Basic " + text}, None),
                               ({"X-SFTPGO-TOKEN": text}, None), ({"Authorization": basic("root", "root Password 1")}, None)]:
            answer = route.send(anybody, headers=headers, query=query)
            assert answer.status == 401, (route, headers, query, answer)


def test_a_token_of_one_user_opens_nothing_of_another(anybody):
    anna, bob = anybody.user("anna"), anybody.user("bob")
    assert anna.post("/user/files/upload?path=/private.txt", b"mine", raw=True).status == 201
    made = anna.post("/user/shares", {"name": "s", "scope": 1, "paths": ["/private.txt"], "password": "p"})
    share = "/user/shares/" + made.headers["X-Object-ID"]
    for method, body in (("GET", None), ("PUT", {"name": "s", "scope": 2, "paths": ["/"]}), ("DELETE", None)):
        answer = bob.send(method, share, body)
        assert (answer.status, answer.json()) == (404, {"error": "Not Found", "message": ""}), (method, answer)
    assert bob.get("/user/shares").json() == []
    assert bob.get("/user/files?path=/private.txt").status == 404
    assert anna.get(share).json()["scope"] == 1
    assert anna.delete(share).status == 200


# ---- keys


def test_keys_open_their_own_part_only(routes, anybody):
    root = anybody.admin()
    made = {
        "admin": root.post("/apikeys", {"name": "a", "scope": 1, "admin": "keyed"}), "user": root.post("/apikeys", {"name": "u", "scope": 2, "user": "anna"}),
        "expired": root.post("/apikeys", {"name": "e", "scope": 1, "admin": "keyed", "expires_at": 1}), "unbound": root.post("/apikeys", {"name": "f", "scope": 1}),
    }
    keys = {kind: answer.json()["key"] for kind, answer in made.items()}
    no_keys = ("/apikeys", "/admin/", "/user/changepwd", "/user/profile", "/user/totp", "/user/2fa", "/logout", "/user/logout")
    for route in secured(routes):
        other = "user" if route.audience == "admin" else "admin"
        bad = [keys[other], keys["expired"], keys["unbound"], "x.y", "", "." * 5000]
        for key in bad:
            answer = route.send(anybody.with_key(key))
            assert answer.status in (400, 401, 403), (route, key, answer)
        # A key cannot change what its owner logs in with, nor make more keys.
        if route.path.startswith(no_keys):
            answer = route.send(anybody.with_key(keys[route.audience]))
            assert answer.status == 403, (route, answer)
    for key in (keys["admin"] + "x", keys["admin"][:-1], keys["admin"].split(".")[0] + ".AAAA", keys["admin"].split(".")[0] + "." + keys["user"].split(".")[1]):
        assert anybody.with_key(key).get("/users").status in (400, 401), key
    for answer in made.values():
        assert root.delete("/apikeys/" + answer.headers["X-Object-ID"]).status == 200
    for kind in ("admin", "user"):
        assert anybody.with_key(keys[kind]).get("/users" if kind == "admin" else "/user/dirs").status == 400


# ---- permissions and roles


def is_forbidden(answer):
    return answer.status == 403 and answer.json() == {"message": "Forbidden"}


@pytest.mark.parametrize("permission", ALL_PERMISSIONS)
def test_one_permission_opens_what_it_says(routes, anybody, permission):
    def check(name, held):
        client = anybody.admin(name)
        for route in routes:
            if route.audience != "admin" or route.path in ("/logout", "/license"):
                continue
            answer = route.send(client)
            opened = not route.needed or bool(route.needed & held)
            if route.method == "HEAD":  # whose 403 has no words
                assert opened or answer.status == 403, (name, route, answer)
            else:
                assert answer.status != 401 and is_forbidden(answer) != opened, (name, route, answer)

    if permission not in ("view_groups", "manage_groups"):
        check("only." + permission, {permission})
    if permission != "view_folders":
        check("without." + permission, set(ALL_PERMISSIONS) - {permission})


def test_an_administrator_of_a_role_reaches_no_other(routes, anybody, server):
    root, eastern = anybody.admin(), anybody.admin("eastern")
    before = root.get("/users/wilma").json()
    document = {**user("wilma", "/tmp/elsewhere"), "role": "east", "used_quota_size": 5}
    seen = 0
    for route in routes:
        if route.audience != "admin" or "users/{username}" not in route.path:
            continue
        seen += 1
        answer = route.send(eastern, "wilma", **({"body": document} if route.takes_body else {}))
        assert answer.status == 404, (route, answer)
    assert seen >= 8
    assert root.get("/users/wilma").json() == before

    wilma = anybody.user("wilma")
    assert wilma.get("/user/dirs").status == 200
    assert eastern.post("/users", {**document, "username": "new", "role": "west"}).json()["role"] == "east"
    assert root.delete("/users/new").status == 200


def test_an_administrator_of_a_role_closes_no_connection_of_another(anybody, server):
    root, eastern, wilma = anybody.admin(), anybody.admin("eastern"), anybody.user("wilma")
    with socket.create_connection(("127.0.0.1", server.http_port), 60) as upload:
        upload.sendall(f"POST /api/v2/user/files/upload?path=/slow HTTP/1.1\r\nHost: x\r\nAuthorization: {wilma.headers['Authorization']}\r\nContent-Length: 10\r\n\r\nhalf".encode())
        of_wilma = lambda client: [c["connection_id"] for c in client.get("/connections").json() if c["username"] == "wilma"]  # noqa: E731
        (number,) = wait_for(lambda: of_wilma(root))
        assert of_wilma(eastern) == []
        assert eastern.delete("/connections/" + number).status == 404
        assert of_wilma(root) == [number]
        assert root.delete("/connections/" + number).status == 200
        wait_for(lambda: not of_wilma(root))


# ---- documents


def wrong_values(schema):
    """Values that are not of the schema's type, and those that are but go too far."""
    kind = resolve(schema).get("type", "object")
    values = ["text", 5, -1, 1.5, True, [], {}, [5], ["text"], [[]], [None], {"a": 1}, [{"a": 1}], 2**63, -(2**70), 1e300, "x" * 70_000, "\0", "\ud800"]
    return [v for v in values if not TYPES[kind](v)], [v for v in values if TYPES[kind](v)]


DOCUMENTS = {
    "/users": user("tess", "/tmp/tess"), "/groups": {"name": "tess"}, "/folders": {"name": "tess", "mapped_path": "/tmp/tess"}, "/roles": {"name": "tess"},
    "/admins": admin("tess"), "/eventactions": {"name": "tess", "type": 4}, "/eventrules": {"name": "tess", "status": 1, "trigger": 6, "actions": []},
    "/apikeys": {"name": "tess", "scope": 1}, "/user/shares": {"name": "tess", "scope": 1, "paths": ["/"]}, "/iplists/{type}": {"ipornet": "198.51.100.9/32", "mode": 1},
}


# Members of the contract that a document may have and that are the server's to say.
UNREAD = {"id", "key", "last_use_at", "type", "user_permissions", "has_password"}


@pytest.mark.parametrize("path", sorted({o.path for o in OPERATIONS if o.method in ("POST", "PUT", "PATCH") and o.body_schema() and not o.path.startswith(("/shares", "/user/files", "/user/tus"))}))
def test_values_of_wrong_types_are_refused(anybody, path):
    root, anna = anybody.admin(), anybody.user("anna")
    accepted = set()
    for operation in OPERATIONS:
        if operation.path != path or operation.method not in ("POST", "PUT", "PATCH") or not operation.body_schema():
            continue
        client = anna if operation.audience == "user" else root
        document = DOCUMENTS.get(path, {})
        for name, schema in properties(operation.body_schema()):
            refused, extreme = wrong_values(schema)
            for value in refused + extreme:
                answer = client.send(operation.method, path.replace("{type}", "1").replace("{", "").replace("}", ""), {**document, name: value})
                assert answer.status < 500 or answer.status == 501, (operation, name, value, answer)
                if answer.status == 201:
                    forget(root, anna, path, answer)
                if value in refused and answer.status < 300 and name not in UNREAD:
                    accepted.add((operation.method, name))
    assert not accepted


def properties(schema):
    schema = resolve(schema)
    found = dict(schema.get("properties", {}))
    for part in schema.get("allOf", []):
        found.update(properties(part))
    return found.items()


def forget(root, anna, path, answer):
    if path in ("/users", "/groups", "/folders", "/roles", "/admins", "/eventactions", "/eventrules", "/apikeys"):
        location = answer.headers["Location"].removeprefix("/api/v2")
        assert root.delete(location).status == 200
    elif path == "/user/shares":
        assert anna.delete(path + "/" + answer.headers["X-Object-ID"]).status == 200
    else:
        root.delete("/iplists/1/198.51.100.9%2F32")
