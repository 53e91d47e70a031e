"""Requests that are answered on the thread that read them, with what an earlier one has left: nothing of it may be old."""
import http.client
import http.server
import json
import shutil
import threading
import urllib.parse

import pytest
from rest import Rest, admin, rest_config
from slipway_server import SlipwayServer, free_port, merge, user


def start(directory, users, config=None, folders=()):
    port = free_port()
    server = SlipwayServer(directory, dump={"admins": [admin()], "folders": list(folders), "users": users},
                           config=merge(rest_config(port), config or {}))
    server.http_port = port
    return server.start()


@pytest.fixture
def made(tmp_path):
    servers = []

    def make(users=None, **options):
        users = users or [user("anna", tmp_path / "homes" / "anna")]
        servers.append(start(tmp_path / f"server{len(servers)}", users, **options))
        return servers[-1]

    yield make
    for server in servers:
        server.stop()


def put(rest, path, content=b"x" * 4096, headers=None):
    return rest.post("/user/files/upload", content, raw=True, query={"path": path}, headers=headers)


def get(rest, path):
    return rest.get("/user/files", query={"path": path})


def warm(rest, path="/warm.txt"):
    """After this the session of the next request needs nobody to wait for."""
    for _ in range(3):
        assert put(rest, path, b"warm").status == 201
        assert get(rest, path).body == b"warm"


@pytest.fixture
def change(made):
    """change(server, name, **members): an update of a user by an administrator."""
    def update(server, name, **members):
        root = Rest(server.http_port).admin()
        account = root.get(f"/users/{name}").json()
        answer = root.put(f"/users/{name}", {**account, **members})
        assert answer.status == 200, answer
    return update


def test_what_is_taken_away_is_gone_with_the_next_request(made, change):
    server = made()
    anna = Rest(server.http_port).user("anna")
    for _ in range(5):
        warm(anna)
        change(server, "anna", permissions={"/": ["list", "upload", "overwrite"]})
        assert get(anna, "/warm.txt").status == 403
        change(server, "anna", permissions={"/": ["list", "download"]})
        assert get(anna, "/warm.txt").body == b"warm"
        assert put(anna, "/new.txt").status == 403
        change(server, "anna", permissions={"/": ["*"]})
    change(server, "anna", status=0)
    assert get(anna, "/warm.txt").status in (401, 403)


def test_a_home_that_was_removed_comes_back_with_the_next_upload(made, tmp_path):
    server = made()
    anna = Rest(server.http_port).user("anna")
    warm(anna)
    shutil.rmtree(tmp_path / "homes" / "anna")
    assert put(anna, "/again.txt", b"again").status == 201
    assert (tmp_path / "homes" / "anna" / "again.txt").read_bytes() == b"again"
    shutil.rmtree(tmp_path / "homes" / "anna")
    assert get(anna, "/again.txt").status == 404


def test_a_user_of_the_same_name_has_nothing_of_the_former_one(made, tmp_path):
    server = made([user("anna", tmp_path / "homes" / "anna", quota_size=10000)])
    root = Rest(server.http_port).admin()
    for i in range(3):
        anna = Rest(server.http_port).user("anna")
        warm(anna)
        assert put(anna, "/nearly.bin", b"x" * 9000).status == 201
        assert put(anna, "/beyond.bin", b"x" * 9000).status == 413
        assert root.delete("/users/anna").status == 200
        assert get(anna, "/warm.txt").status in (401, 404)
        answer = root.post("/users", user("anna", tmp_path / "homes" / f"other{i}", quota_size=10000))
        assert answer.status == 201, answer


def test_quota_and_files_are_the_same_however_a_request_was_answered(made, tmp_path):
    server = made([user("anna", tmp_path / "homes" / "anna", quota_files=1000)])
    anna = Rest(server.http_port).user("anna")
    root = Rest(server.http_port).admin()
    warm(anna)
    done = []

    def work(n):
        for i in range(25):
            body = bytes([n]) * (1000 + i)
            assert put(anna, f"/f{n}_{i}", body).status == 201
            assert get(anna, f"/f{n}_{i}").body == body
            done.append(len(body))

    threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(done) == 200
    account = root.get("/users/anna").json()
    assert account["used_quota_files"] == 201 and account["used_quota_size"] == sum(done) + len(b"warm")
    # Each said so in the log, and no session is left.
    assert len(server.log_lines(sender="Upload", username="anna")) == 203
    assert len(server.log_lines(sender="Download", username="anna")) == 203
    assert [c for c in root.get("/connections").json() if c["username"] == "anna"] == []


def test_a_small_body_that_comes_late_or_not_at_all_holds_nobody_up(made):
    server = made()
    anna = Rest(server.http_port).user("anna")
    warm(anna)
    target = "/api/v2/user/files/upload?" + urllib.parse.urlencode({"path": "/late.bin"})
    slow = http.client.HTTPConnection("127.0.0.1", server.http_port, timeout=60)
    slow.putrequest("POST", target)
    slow.putheader("Authorization", anna.headers["Authorization"])
    slow.putheader("Content-Length", "6")
    slow.endheaders()
    for _ in range(5):
        assert get(anna, "/warm.txt").body == b"warm"
    slow.send(b"abc")
    assert get(anna, "/warm.txt").body == b"warm"
    slow.send(b"def")
    assert slow.getresponse().status == 201
    assert get(anna, "/late.bin").body == b"abcdef"


def test_what_may_wait_is_done_elsewhere(made, tmp_path):
    """A hook that is asked before each download, by somebody who takes his time: others are served meanwhile."""
    asked, go = threading.Event(), threading.Event()

    class Hook(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            length = int(self.headers.get("Content-Length", 0))
            path = json.loads(self.rfile.read(length)).get("virtual_path", "")
            if path == "/held.txt":
                asked.set()
                go.wait(60)
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *arguments):
            pass

    hook = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hook)
    threading.Thread(target=hook.serve_forever, daemon=True).start()
    try:
        actions = {"execute_on": ["pre-download"], "execute_sync": ["pre-download"], "hook": f"http://127.0.0.1:{hook.server_port}/"}
        server = made([user("anna", tmp_path / "homes" / "anna"), user("bob", tmp_path / "homes" / "bob")],
                      config={"common": {"actions": actions}})
        anna, bob = Rest(server.http_port).user("anna"), Rest(server.http_port).user("bob")
        warm(bob)
        assert put(anna, "/held.txt", b"held").status == 201
        results = []
        # More than there are threads that read requests.
        held = [threading.Thread(target=lambda: results.append(get(anna, "/held.txt").body)) for _ in range(12)]
        for thread in held:
            thread.start()
        assert asked.wait(60)
        for _ in range(10):
            assert get(bob, "/warm.txt").body == b"warm"
        assert results == []
        go.set()
        for thread in held:
            thread.join()
        assert results == [b"held"] * 12
    finally:
        go.set()
        hook.shutdown()
        hook.server_close()


def test_a_storage_that_was_just_used_can_be_switched_off(made, tmp_path):
    server = made()
    anna = Rest(server.http_port).user("anna")
    root = Rest(server.http_port).admin()
    warm(anna)
    answer = root.post("/modules/storage-local/disable", {})
    assert answer.status == 200, answer
    assert get(anna, "/warm.txt").status == 500
    assert root.post("/modules/storage-local/enable", {}).status in (200, 201)
    assert get(anna, "/warm.txt").body == b"warm"


def test_what_is_no_file_says_so(made):
    server = made()
    anna = Rest(server.http_port).user("anna")
    warm(anna)
    assert anna.post("/user/dirs", query={"path": "/folder"}).status == 201
    for _ in range(3):
        warm(anna)
        answer = get(anna, "/folder")
        assert answer.status == 400 and "is a directory" in answer.text
        assert get(anna, "/missing").status == 404
        assert get(anna, "/folder/missing").status == 404
        assert anna.send("HEAD", "/user/files", query={"path": "/warm.txt"}).headers["Content-Length"] == "4"
        tag = get(anna, "/warm.txt").headers["ETag"]
        assert anna.get("/user/files", query={"path": "/warm.txt"}, headers={"If-None-Match": tag}).status == 304
        part = anna.get("/user/files", query={"path": "/warm.txt"}, headers={"Range": "bytes=1-2"})
        assert part.status == 206 and part.body == b"ar"
