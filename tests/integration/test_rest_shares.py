"""Shares from the outside: links that open what they say and nothing else."""
import io
import os
import shutil
import time
import zipfile

import pytest
from rest import Rest, admin, basic, rest_config
from slipway_server import SlipwayServer, free_port, user
from test_rest_user import form


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    directory = tmp_path_factory.mktemp("server")
    port = free_port()
    dump = {
        "admins": [admin()],
        "users": [
            user("anna", directory / "homes" / "anna"),
            user("dropper", directory / "homes" / "dropper", permissions={"/": ["upload", "create_dirs"]}),
            user("looker", directory / "homes" / "looker", permissions={"/": ["list"]}),
        ],
    }
    server = SlipwayServer(directory, dump=dump, config={**rest_config(port, max_upload_file_size=1 << 20), "common": {"symlink_mode": 1, "max_per_host_connections": 0}})
    server.http_port = port
    server.start()
    yield server
    server.stop()


@pytest.fixture
def rest(server):
    return Rest(server.http_port)


@pytest.fixture
def home(server):
    path = server.home("anna")
    shutil.rmtree(path)
    path.mkdir()
    (path / "pub/sub").mkdir(parents=True)
    (path / "pub/a.txt").write_bytes(b"a" * 5000)
    (path / "pub/sub/b.bin").write_bytes(os.urandom(100_000))
    (path / "secret.txt").write_bytes(b"t0p-s3cret")
    os.symlink("../secret.txt", path / "pub/link.txt")
    os.symlink("..", path / "pub/out")
    return path


@pytest.fixture
def share(rest):
    """share(paths, scope=…, owner=…) -> the path of a new share."""

    def make(paths, scope=1, owner="anna", **members):
        made = rest.user(owner).post("/user/shares", {"name": "docs", "scope": scope, "paths": paths, **members})
        assert made.status == 201, made
        return "/shares/" + made.headers["X-Object-ID"]

    return make


def names(answer):
    assert answer.status == 200, answer
    with zipfile.ZipFile(io.BytesIO(answer.body)) as archive:
        assert archive.testzip() is None
        return sorted(archive.namelist())


def test_a_directory_is_one_archive(rest, home, share):
    link = share(["/pub"])
    answer = rest.get(link)
    assert names(answer) == ["a.txt", "sub/", "sub/b.bin"], "relative to the share, links left out"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="share-docs.zip"'
    assert rest.get(link + "?compress=false").status == 400
    assert names(rest.get(share(["/"]))) == ["pub/", "pub/a.txt", "pub/sub/", "pub/sub/b.bin", "secret.txt"]


def test_several_paths_are_one_archive(rest, home, share):
    assert names(rest.get(share(["/pub/sub", "/secret.txt"]))) == ["pub/sub/", "pub/sub/b.bin", "secret.txt"]


def test_a_file_comes_as_it_is(rest, home, share):
    link = share(["/secret.txt"])
    answer = rest.get(link + "?compress=false")
    assert (answer.status, answer.body) == (200, b"t0p-s3cret")
    assert names(rest.get(link)) == ["secret.txt"]
    for path in ("/dirs", "/files?path=secret.txt"):
        assert rest.get(link + path).status == 400


def test_a_directory_is_browsed(rest, home, share):
    link = share(["/pub"])
    assert {e["name"] for e in rest.get(link + "/dirs").json()} == {"a.txt", "sub"}
    assert [e["name"] for e in rest.get(link + "/dirs?path=%2Fsub").json()] == ["b.bin"]
    assert rest.get(link + "/files?path=sub%2Fb.bin").body == (home / "pub/sub/b.bin").read_bytes()
    part = rest.get(link + "/files?path=a.txt", headers={"Range": "bytes=0-3"})
    assert (part.status, part.body) == (206, b"aaaa")
    assert rest.get(link + "/files?path=a.txt&inline=1").headers["Content-Security-Policy"].startswith("sandbox")
    assert rest.get(link + "/files").status == 400
    assert rest.get(link + "/files?path=nothing").status == 404


@pytest.mark.parametrize("path", ["../secret.txt", "/../secret.txt", "..\\secret.txt", "link.txt", "out/secret.txt", "out/pub/a.txt", "sub/../../secret.txt", "sub/%2e%2e/%2e%2e/secret.txt", "x\0"])
def test_there_is_no_way_out(rest, home, share, path):
    link = share(["/pub"])
    for where in ("/files", "/dirs"):
        answer = rest.get(link + where, query={"path": path})
        assert answer.status in (400, 404), (path, answer)
        assert b"t0p-s3cret" not in answer.body and b"/pub/sub" not in answer.body
    both = share(["/pub"], scope=3)
    refused = rest.post(both + "/actions/mkdir", query={"path": path + "/new"})
    assert refused.status in (201, 400, 403, 404)
    for name in ("new", "out"):
        assert not (home / name).exists()


def test_files_are_dropped(rest, home, share):
    link = share(["/pub"], scope=2)
    body, headers = form(("one.txt", b"1"), ("../two.txt", b"2"))
    assert rest.post(link, body, raw=True, headers=headers).json() == {"message": "Upload completed"}
    assert (home / "pub/one.txt").read_bytes() == b"1" and (home / "pub/two.txt").read_bytes() == b"2"
    assert rest.post(link + "/files/sub/c.txt", b"ccc", raw=True, headers={"X-SFTPGO-MTIME": "1000000000000"}).status == 201
    assert (home / "pub/sub/c.txt").read_bytes() == b"ccc" and (home / "pub/sub/c.txt").stat().st_mtime == 1e9
    assert rest.post(link + "/old.txt", b"old", raw=True).status == 201, "the path of older clients"
    assert rest.post(link + "/files/x/y/z.txt", b"z", raw=True).status == 404
    assert rest.post(link + "/files/x/y/z.txt?mkdir_parents=true", b"z", raw=True).status == 201
    assert rest.post(link + "/actions/mkdir?path=new").json() == {"message": 'Directory "new" created'}
    assert rest.post(link + "/actions/mkdir?path=new").status == 409
    assert rest.post(link + "/actions/mkdir").status == 400
    for bad in ("/files/..%2f..%2fevil", "/files/%2e%2e%2fevil", "/files/link.txt", "/files/out/evil", "/files/"):
        assert rest.post(link + bad, b"evil", raw=True).status in (400, 403, 404), bad
    assert (home / "secret.txt").read_bytes() == b"t0p-s3cret" and not (home / "evil").exists()
    assert rest.post(link + "/files/big", b"x" * (2 << 20), raw=True).status == 413
    assert rest.get(link).json() == {"error": "invalid share scope", "message": ""}
    assert rest.get(link + "/dirs").status == 403
    assert rest.post(share(["/pub"]), body, raw=True, headers=headers).status == 403


def test_the_owner_may_do_no_more_than_before(rest, server, home, share):
    link = share(["/"], scope=2, owner="dropper")
    assert rest.post(link + "/files/f", b"1", raw=True).status == 201
    assert (server.home("dropper") / "f").read_bytes() == b"1"
    assert rest.post(link + "/files/f", b"2", raw=True).status == 403, "no overwriting"
    (server.home("looker") / "f").write_bytes(b"1")
    look = share(["/"], owner="looker")
    assert rest.get(look + "/dirs").status == 200
    assert rest.get(look + "/files?path=f").status == 403


def test_nobody_writes_through_a_link_that_nobody_sees(rest, server, share):
    """The owner may not list: what is a link is looked up all the same."""
    home = server.home("dropper")
    (home / "in").mkdir(exist_ok=True)
    (home / "private").mkdir(exist_ok=True)
    for name, target in (("out", "../private"), ("file", "../private/new")):
        if not (home / "in" / name).is_symlink():
            os.symlink(target, home / "in" / name)
    link = share(["/in"], scope=2, owner="dropper")
    body, headers = form(("file", b"x"))
    for answer in (rest.post(link + "/files/out/evil", b"x", raw=True), rest.post(link + "/files/file", b"x", raw=True),
                   rest.post(link, body, headers=headers, raw=True), rest.post(link + "/actions/mkdir?path=out/evil"),
                   rest.post(link + "/files/out/a/b?mkdir_parents=true", b"x", raw=True)):
        assert answer.status in (403, 404), answer
    assert list((home / "private").iterdir()) == []
    assert rest.post(link + "/files/good", b"x", raw=True).status == 201
    assert (home / "in/good").read_bytes() == b"x"


def test_who_may_not_write_has_no_visitors_who_do(rest, server, home, share):
    root = rest.admin()
    root.post("/users", user("frozen", server.home("frozen"), filters={"web_client": ["write-disabled"]}))
    link = share(["/"], scope=3, owner="frozen")
    refused = {"error": "writing was disabled", "message": ""}
    body, headers = form(("form.txt", b"x"))
    for answer in (rest.post(link + "/files/new.txt", b"x", raw=True), rest.post(link, body, headers=headers, raw=True), rest.post(link + "/actions/mkdir?path=new")):
        assert (answer.status, answer.json()) == (403, refused), answer
    assert rest.get(link + "/dirs").json() == []
    assert root.delete("/users/frozen").status == 200


def test_shares_go_with_their_owner(rest, server, share):
    root = rest.admin()
    root.post("/users", user("leaver", server.home("leaver")))
    link = share(["/"], owner="leaver")
    assert rest.get(link).status == 200
    assert root.delete("/users/leaver").status == 200
    assert rest.get(link).status == 404
    assert not [s for s in root.get("/dumpdata?output-data=1").json().get("shares", []) if s["username"] == "leaver"]


def test_passwords(rest, home, share):
    link = share(["/pub"], password="share Password 1")
    for headers in ({}, {"Authorization": basic("x", "wrong")}, {"Authorization": "Bearer share Password 1"}):
        answer = rest.get(link + "/dirs", headers=headers)
        assert answer.status == 401 and answer.headers["WWW-Authenticate"].startswith("Basic")
        assert answer.json() == {"error": "invalid credentials", "message": ""}
    assert rest.get(link + "/dirs", headers={"Authorization": basic("anybody", "share Password 1")}).status == 200


def test_uses_are_counted(rest, home, share):
    link = share(["/pub"], max_tokens=3, scope=3)
    used = lambda: rest.user("anna").get("/user" + link).json()["used_tokens"]  # noqa: E731
    assert rest.get(link + "/dirs").status == 200 and used() == 0, "looking is free"
    assert rest.get(link + "/files?path=a.txt").status == 200 and used() == 1
    assert rest.get(link + "/files?path=nothing").status == 404 and used() == 1
    body, headers = form(("1", b"1"), ("2", b"2"), ("3", b"3"))
    refused = rest.post(link, body, raw=True, headers=headers)
    assert (refused.status, refused.json()["error"]) == (400, "Allowed usage exceeded")
    assert used() == 3
    assert rest.get(link).status == 404
    assert rest.get(link + "/dirs").json() == {"error": "Not Found", "message": ""}


def test_the_last_use_is_given_once(rest, home, share):
    from concurrent.futures import ThreadPoolExecutor

    link = share(["/pub"], max_tokens=5, scope=3)
    asks = [lambda: rest.get(link + "/files?path=a.txt").status, lambda: rest.get(link).status, lambda: rest.post(link + "/files/n", b"n", raw=True).status]
    with ThreadPoolExecutor(8) as pool:
        seen = sorted(pool.map(lambda i: asks[i % 3](), range(24)))
    assert [s // 100 for s in seen] == [2] * 5 + [4] * 19, seen
    assert rest.user("anna").get("/user" + link).json()["used_tokens"] == 5


def test_the_hook_that_keeps_people_out_is_asked_about_visitors(make_server, tmp_path):
    allowed, asked = tmp_path / "allowed", tmp_path / "asked"
    hook = tmp_path / "hook"
    hook.write_text(f'#!/bin/sh\necho "$SFTPGO_CONNECTION_PROTOCOL" >> {asked}\ntest -e {allowed}\n')
    hook.chmod(0o755)
    port = free_port()
    allowed.touch()
    make_server(dump={"admins": [admin()], "users": [user("anna", tmp_path / "anna")]}, config={**rest_config(port), "common": {"post_connect_hook": str(hook)}})
    rest = Rest(port)
    made = rest.user("anna").post("/user/shares", {"name": "s", "scope": 1, "paths": ["/"]})
    link = "/shares/" + made.headers["X-Object-ID"]
    assert rest.get(link + "/dirs").status == 200
    assert [p for p in asked.read_text().split() if p != "SSH"] == ["HTTP", "HTTPShare"], "the login, the visitor"
    allowed.unlink()
    for path in (link, link + "/dirs", "/shares/nothing"):
        refused = rest.get(path)
        assert (refused.status, refused.json()["error"]) == (403, "you are not allowed to connect")


def test_shares_end(rest, home, share):
    expired = share(["/pub"], expires_at=int((time.time() + 1) * 1000))
    assert rest.get(expired + "/dirs").status == 200
    elsewhere = share(["/pub"], allow_from=["198.51.100.0/24"])
    assert rest.get(elsewhere + "/dirs").json()["error"] == "login is not allowed from this IP"
    mailed = share(["/pub"], options={"auth_mode": 1, "emails": ["x@example.com"]})
    assert rest.get(mailed + "/dirs").status == 401
    for nothing in ("/shares/nothing", "/shares/" + "x" * 500):
        assert rest.get(nothing).json() == {"error": "Not Found", "message": ""}
    link = share(["/pub"])
    root, anna = rest.admin(), rest.admin().get("/users/anna").json()
    for change in ({"status": 0}, {"expiration_date": 1}, {"filters": {"web_client": ["shares-disabled"]}}, {"filters": {"denied_share_paths": ["/pub"]}}, {"filters": {"denied_share_scopes": ["read"]}}):
        assert root.put("/users/anna", {**anna, **change}).status == 200
        assert rest.get(link + "/dirs").status == 404, change
    for change in ({"filters": {"denied_protocols": ["HTTP"]}}, {"filters": {"web_client": ["shares-without-password-disabled"]}}, {"filters": {"two_factor_protocols": ["HTTP"]}}):
        assert root.put("/users/anna", {**anna, **change}).status == 200
        assert rest.get(link + "/dirs").status == 403, change
    assert root.put("/users/anna", anna).status == 200
    assert rest.get(link + "/dirs").status == 200
    time.sleep(1.1)
    assert rest.get(expired + "/dirs").status == 404
    assert rest.user("anna").delete("/user" + link).status == 200
    assert rest.get(link + "/dirs").status == 404


def test_visitors_are_seen(rest, home, share):
    import http.client

    link = share(["/pub"], scope=2)
    connection = http.client.HTTPConnection("127.0.0.1", rest.port)
    connection.putrequest("POST", "/api/v2" + link + "/files/slow")
    connection.putheader("Content-Length", "1000000")
    connection.endheaders()
    connection.send(b"x" * 300_000)
    from slipway_server import wait_for

    root = rest.admin()
    seen = wait_for(lambda: [c for c in root.get("/connections").json() if c["protocol"] == "HTTPShare"])[0]
    assert seen["username"] == "anna" and seen["connection_id"].startswith("HTTPShare_")
    connection.close()
    wait_for(lambda: not root.get("/connections").json())
