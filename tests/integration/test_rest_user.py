"""The REST API for users: files and directories, archives, profile, second factor, shares of their own."""
import base64
import hashlib
import hmac
import io
import os
import socket
import struct
import time
import zipfile

import pytest
from rest import Rest, admin, rest_config
from slipway_server import SlipwayServer, free_port, merge, user, wait_for


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    directory = tmp_path_factory.mktemp("server")
    port = free_port()
    home = lambda name: directory / "homes" / name  # noqa: E731
    dump = {
        "admins": [admin()],
        "folders": [{"name": "shelf", "mapped_path": str(directory / "shelf")}],
        "users": [
            user("anna", home("anna"), virtual_folders=[{"name": "shelf", "virtual_path": "/shelf", "quota_size": -1, "quota_files": -1}]),
            user("reader", home("reader"), permissions={"/": ["list", "download"]}),
            user("blind", home("blind"), permissions={"/": ["upload"]}),
            user("frozen", home("frozen"), filters={"web_client": ["write-disabled"]}),
            user("noapi", home("noapi"), filters={"web_client": ["rest-api-disabled"]}),
            user("nohttp", home("nohttp"), filters={"denied_protocols": ["HTTP"]}),
            user("small", home("small"), quota_size=1000),
            user("start", home("start"), filters={"start_directory": "/begin"}),
            user("due", home("due"), filters={"require_password_change": True}),
            user("twofold", home("twofold"), filters={"two_factor_protocols": ["HTTP"]}),
            user("fixed", home("fixed"), filters={"web_client": ["password-change-disabled", "mfa-disabled", "info-change-disabled", "publickey-change-disabled", "tls-cert-change-disabled", "api-key-auth-change-disabled"]}),
        ],
    }
    server = SlipwayServer(directory, dump=dump, config=merge(rest_config(port, max_upload_file_size=8 << 20), {"common": {"symlink_mode": 1}}))
    server.http_port = port
    server.start()
    yield server
    server.stop()


@pytest.fixture
def rest(server):
    return Rest(server.http_port)


@pytest.fixture
def anna(rest):
    return rest.user("anna")


@pytest.fixture
def home(server):
    path = server.home("anna")
    for entry in path.iterdir():
        if entry.is_dir() and not entry.is_symlink():
            import shutil

            shutil.rmtree(entry)
        else:
            entry.unlink()
    return path


def form(*files, field="filenames", boundary="x-boundary-x"):
    """A multipart body of (name, content) pairs, and its Content-Type."""
    body = b""
    for name, content in files:
        body += f'--{boundary}\r\nContent-Disposition: form-data; name="{field}"; filename="{name}"\r\n'.encode()
        body += b"Content-Type: application/octet-stream\r\n\r\n" + content + b"\r\n"
    return body + f"--{boundary}--\r\n".encode(), {"Content-Type": f"multipart/form-data; boundary={boundary}"}


# ---- logins


def test_users_get_tokens(rest):
    answer = rest.token("/user/token", "anna", "anna")
    assert answer.status == 200 and answer.json().keys() == {"access_token", "expires_at"}
    for name, password in (("anna", "wrong"), ("nobody", "anna"), ("root", "root Password 1")):
        refused = rest.token("/user/token", name, password)
        assert (refused.status, refused.json()) == (401, {"error": "invalid credentials", "message": ""})
        assert refused.headers["WWW-Authenticate"].startswith("Basic")
    assert rest.get("/user/token").json() == {"message": "Unauthorized"}
    assert rest.token("/user/token", "anna", "").status == 401


def test_accounts_that_may_not_are_refused(rest):
    assert rest.token("/user/token", "noapi", "noapi").status == 403
    refused = rest.token("/user/token", "nohttp", "nohttp")
    assert refused.status == 403 and "HTTP" in refused.json()["error"]


def test_a_token_ends_with_the_account(rest):
    root = rest.admin()
    assert root.post("/users", user("brief", "/tmp/brief-home")).status == 201
    brief = rest.user("brief")
    assert brief.get("/user/profile").status == 200
    assert root.put("/users/brief", user("brief", "/tmp/brief-home", status=0)).status == 200
    assert brief.get("/user/dirs").status == 403
    assert root.delete("/users/brief").status == 200
    assert brief.get("/user/dirs").status == 401
    assert brief.get("/user/profile").status == 401


def test_duties_come_first(rest):
    due = rest.user("due")
    assert due.get("/user/dirs").json()["error"].startswith("Password change required")
    assert due.get("/user/profile").status == 200
    assert due.put("/user/changepwd", {"current_password": "due", "new_password": "new Password 2"}).json() == {"message": "Password updated"}
    assert due.get("/user/profile").status == 401
    assert rest.user("due", "new Password 2").get("/user/dirs").status == 200
    twofold = rest.user("twofold")
    assert "for the following protocols: HTTP" in twofold.get("/user/dirs").json()["error"]
    assert twofold.get("/user/totp/configs").status == 200


# ---- directories


def test_a_listing_says_what_there_is(anna, home):
    (home / "sub").mkdir()
    (home / "f").write_bytes(b"12345")
    os.chmod(home / "f", 0o640)
    os.symlink("f", home / "link")
    os.utime(home / "f", (1_000_000_000, 1_000_000_000))
    answer = anna.get("/user/dirs")
    assert answer.status == 200 and answer.headers["Content-Type"] == "application/json"
    entries = {e["name"]: e for e in answer.json()}
    assert entries["f"] == {"name": "f", "size": 5, "mode": 0o640, "last_modified": "2001-09-09T01:46:40Z"}
    assert entries["sub"]["mode"] & 0x80000000 and "size" not in entries["sub"]
    assert entries["link"]["mode"] & 0x08000000
    assert entries["shelf"]["mode"] & 0x80000000
    assert anna.get("/user/dirs?path=sub").json() == []
    assert anna.get("/user/dirs?path=%2Fnothing").status == 404
    assert anna.get("/user/dirs?path=f").status in (400, 404)


def test_odd_names_come_through(anna, home):
    names = ["a b", "ü", "q\"uote", "back\\slash", "<tag>&", "new\nline"]
    for name in names:
        (home / name).write_bytes(b"x")
    (home / os.fsdecode(b"bad\xff")).write_bytes(b"x")
    seen = [e["name"] for e in anna.get("/user/dirs").json()]
    assert set(names) <= set(seen) and "bad\ufffd" in seen
    for name in names[:3] + names[4:]:
        assert anna.get("/user/files", query={"path": "/" + name}).body == b"x"


def test_a_long_listing_is_complete(anna, home):
    (home / "many").mkdir()
    for i in range(3000):
        (home / "many" / f"file{i}").touch()
    answer = anna.get("/user/dirs?path=many", headers={"Accept-Encoding": "gzip"})
    if answer.headers["Content-Encoding"] == "gzip":
        import gzip

        answer.body = gzip.decompress(answer.body)
    assert len(answer.json()) == 3000


def test_directories_are_made_moved_and_removed(anna, home):
    made = anna.post("/user/dirs?path=a")
    assert (made.status, made.json()) == (201, {"message": 'Directory "/a" created'})
    assert anna.post("/user/dirs?path=x%2Fy%2Fz").status == 404
    assert anna.post("/user/dirs?path=x%2Fy%2Fz&mkdir_parents=true").status == 201
    assert anna.post("/user/dirs?path=a").status == 409
    (home / "x/y/z/f").write_bytes(b"1")
    moved = anna.patch("/user/dirs?path=x&target=b")
    assert (moved.status, moved.json()) == (200, {"message": '"/x" renamed to "/b"'})
    assert (home / "b/y/z/f").read_bytes() == b"1"
    assert anna.delete("/user/dirs?path=b").json() == {"message": 'Directory "/b" deleted'}
    assert not (home / "b").exists()
    assert anna.delete("/user/dirs?path=b").status == 404
    assert anna.delete("/user/dirs?path=%2F").status == 403
    assert anna.delete("/user/dirs?path=%2Fshelf").status == 403
    for method in ("POST", "DELETE"):
        assert anna.send(method, "/user/dirs").status == 400


def test_relative_paths_begin_at_the_start_directory(rest, server):
    start = server.home("start")
    (start / "begin").mkdir()
    (start / "begin" / "here").write_bytes(b"1")
    client = rest.user("start")
    assert [e["name"] for e in client.get("/user/dirs").json()] == ["here"]
    assert client.get("/user/files?path=here").body == b"1"
    assert [e["name"] for e in client.get("/user/dirs?path=/").json()] == ["begin"]


# ---- downloads


def test_a_file_is_downloaded(anna, home):
    content = os.urandom(3_000_000)
    (home / "data.txt").write_bytes(content)
    answer = anna.get("/user/files?path=data.txt")
    assert answer.status == 200 and answer.body == content
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="data.txt"'
    assert answer.headers["Accept-Ranges"] == "bytes" and answer.headers["Last-Modified"]
    head = anna.send("HEAD", "/user/files?path=data.txt")
    assert (head.status, head.body, head.headers["Content-Length"]) == (200, b"", "3000000")
    for path in ("/", "", "sub", "/nothing"):
        assert anna.get("/user/files", query={"path": path}).status in (400, 404)
    assert anna.get("/user/files?path=shelf").json()["message"] == 'Please set the path to a valid file, "/shelf" is a directory'


def test_parts_of_a_file_are_downloaded(anna, home):
    (home / "f").write_bytes(bytes(range(100)))
    get = lambda r, **h: anna.get("/user/files?path=f", headers={"Range": r, **h})  # noqa: E731
    for text, expected in (("bytes=0-0", b"\0"), ("bytes=10-19", bytes(range(10, 20))), ("bytes=90-", bytes(range(90, 100))), ("bytes=-5", bytes(range(95, 100))), ("bytes=90-1000", bytes(range(90, 100)))):
        answer = get(text)
        assert (answer.status, answer.body) == (206, expected), text
    assert get("bytes=100-").status == 416
    assert get("lines=1-2").status == 200
    etag = anna.get("/user/files?path=f").headers["ETag"]
    assert get("bytes=0-1", **{"If-Range": etag}).status == 206
    assert get("bytes=0-1", **{"If-Range": '"other"'}).status == 200
    assert anna.get("/user/files?path=f", headers={"If-None-Match": etag}).status == 304
    assert anna.get("/user/files?path=f", headers={"If-Modified-Since": "Sat, 01 Jan 2050 00:00:00 GMT"}).status == 304
    assert anna.get("/user/files?path=f", headers={"If-Match": '"other"'}).status == 412


def test_what_is_shown_does_not_run(anna, home):
    (home / "page.html").write_bytes(b"<script>alert(1)</script>")
    answer = anna.get("/user/files?path=page.html&inline=1")
    assert answer.headers["Content-Disposition"] is None
    assert answer.headers["Content-Security-Policy"].startswith("sandbox") and "allow-scripts" not in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


# ---- uploads


def test_a_body_becomes_a_file(anna, home):
    content = os.urandom(2_000_000)
    headers = {"X-SFTPGO-MTIME": "1000000000123"}
    answer = anna.post("/user/files/upload?path=up.bin", content, raw=True, headers=headers)
    assert (answer.status, answer.json()) == (201, {"message": "Upload completed"})
    assert (home / "up.bin").read_bytes() == content
    assert int((home / "up.bin").stat().st_mtime * 1000) == 1000000000123
    assert anna.post("/user/files/upload?path=up.bin", b"less", raw=True).status == 201
    assert (home / "up.bin").read_bytes() == b"less"
    assert anna.post("/user/files/upload?path=up.bin", iter([b"in ", b"pieces"]), raw=True).status == 201
    assert (home / "up.bin").read_bytes() == b"in pieces"
    assert anna.post("/user/files/upload?path=empty", b"", raw=True).status == 201
    assert (home / "empty").read_bytes() == b""
    assert anna.post("/user/files/upload", b"x", raw=True).json()["error"] == "please set a file path"
    assert anna.post("/user/files/upload?path=no%2Fway", b"x", raw=True).status == 404
    assert anna.post("/user/files/upload?path=no%2Fway&mkdir_parents=true", b"x", raw=True).status == 201
    assert anna.post("/user/files/upload?path=no", b"x", raw=True).status == 400, "a directory is no file"
    assert anna.post("/user/files/upload?path=up.bin", b"x", raw=True, headers={"X-SFTPGO-MTIME": "soon"}).status == 201


def test_a_form_becomes_files(anna, home):
    body, headers = form(("one.txt", b"1"), ("dir\\two", b"2" * 300_000), ("../three", b""))
    answer = anna.post("/user/files", body, raw=True, headers=headers)
    assert (answer.status, answer.json()) == (201, {"message": "Upload completed"})
    assert (home / "one.txt").read_bytes() == b"1"
    assert (home / "two").read_bytes() == b"2" * 300_000
    assert (home / "three").read_bytes() == b""
    assert not (home.parent / "three").exists()
    assert anna.post("/user/files?path=in%2Fdepth&mkdir_parents=true", body, raw=True, headers=headers).status == 201
    assert (home / "in/depth/one.txt").exists()
    for bad, message in ((form(field="other"), "No files uploaded!"), (form(("x", b"1"), field="other"), "No files uploaded!"), ((body, {}), "Unable to parse multipart form"), ((body[:-20], headers), "Unable to parse multipart form"), (form(("..", b"1")), "Unable to parse multipart form")):
        refused = anna.post("/user/files", bad[0], raw=True, headers=bad[1])
        assert (refused.status, refused.json()["message"]) == (400, message)


def test_uploads_beyond_the_limits_are_refused(anna, rest, home, server):
    assert anna.post("/user/files/upload?path=big", b"x" * (9 << 20), raw=True).status == 413
    assert not (home / "big").exists()
    pieces = (b"x" * (1 << 20) for _ in range(9))
    assert anna.post("/user/files/upload?path=big", pieces, raw=True).status == 413
    small = rest.user("small")
    assert small.post("/user/files/upload?path=f", b"x" * 2000, raw=True).json()["error"] == "denying write due to space limit"
    body, headers = form(("ok", b"x" * 500), ("no", b"x" * 5000))
    assert small.post("/user/files", body, raw=True, headers=headers).status == 413
    assert (server.home("small") / "ok").exists(), "what was complete stays"


# ---- the rest


def test_files_are_copied_moved_and_removed(anna, home):
    (home / "f").write_bytes(b"content")
    (home / "d/e").mkdir(parents=True)
    (home / "d/e/g").write_bytes(b"g")
    copied = anna.post("/user/file-actions/copy?path=f&target=c")
    assert (copied.status, copied.json()) == (200, {"message": '"/f" copied to "/c"'})
    assert (home / "c").read_bytes() == b"content"
    assert anna.post("/user/file-actions/copy?path=d&target=tree").status == 200
    assert (home / "tree/e/g").read_bytes() == b"g"
    assert anna.post("/user/file-actions/copy?path=d%2F&target=tree").status == 200
    assert anna.post("/user/file-actions/copy?path=f&target=f").status == 400
    moved = anna.post("/user/file-actions/move?path=c&target=%2Fd%2Fc")
    assert moved.json() == {"message": '"/c" renamed to "/d/c"'}
    assert anna.patch("/user/files?path=d%2Fc&target=c").status == 200
    assert anna.post("/user/file-actions/move?path=d&target=%2Fshelf%2Fd").status == 200, "to another storage"
    assert not (home / "d").exists()
    assert anna.get("/user/files?path=%2Fshelf%2Fd%2Fe%2Fg").body == b"g"
    assert anna.delete("/user/dirs?path=%2Fshelf%2Fd").status == 200
    assert anna.post("/user/file-actions/move?path=nothing&target=x").status == 404
    for query in ("", "?path=f", "?target=f"):
        assert anna.post("/user/file-actions/move" + query).status == 400

    assert anna.delete("/user/files?path=f").json() == {"message": 'File "/f" deleted'}
    assert anna.delete("/user/files?path=f").status == 404
    assert anna.delete("/user/files?path=tree").json()["message"] == 'Unable delete "/tree", it is not a file/symlink'


def test_times_and_checksums(anna, home):
    (home / "f").write_bytes(b"content")
    assert anna.patch("/user/files/metadata?path=f", {"modification_time": 1_234_567_890_123}).json() == {"message": "OK"}
    assert int((home / "f").stat().st_mtime * 1000) == 1_234_567_890_123
    for body in ({}, {"modification_time": "x"}, {"modification_time": -1}, {"modification_time": 2**62}):
        assert anna.patch("/user/files/metadata?path=f", body).status == 400
    assert anna.patch("/user/files/metadata?path=nothing", {"modification_time": 1}).status == 404
    assert anna.get("/user/files/checksum?path=f").json() == {"checksum": hashlib.sha256(b"content").hexdigest()}
    assert anna.get("/user/files/checksum?path=f&algo=md5").status == 400
    assert anna.get("/user/files/checksum?path=shelf").status == 400
    assert anna.get("/user/files/checksum?path=nothing").status == 404


def test_archives(anna, home):
    (home / "d/e").mkdir(parents=True)
    (home / "d/ü.txt").write_bytes("grüße".encode())
    (home / "d/e/g").write_bytes(os.urandom(700_000))
    os.symlink("g", home / "d/e/link")
    (home / "f").write_bytes(b"f" * 100_000)
    answer = anna.post("/user/streamzip", ["/d", "/f"])
    assert answer.status == 200 and answer.headers["Content-Type"] == "application/zip"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="anna-download.zip"'
    with zipfile.ZipFile(io.BytesIO(answer.body)) as archive:
        assert archive.testzip() is None
        assert sorted(archive.namelist()) == ["d/", "d/e/", "d/e/g", "d/ü.txt", "f"]
        assert archive.read("d/e/g") == (home / "d/e/g").read_bytes()
        assert archive.getinfo("f").compress_size < 10_000
    assert anna.post("/user/streamzip", ["/d"]).headers["Content-Disposition"] == 'attachment; filename="anna-d.zip"'
    with zipfile.ZipFile(io.BytesIO(anna.post("/user/streamzip", ["/"]).body)) as archive:
        assert {"d/", "f", "shelf/"} <= set(archive.namelist())
    # Nothing is in it twice.
    with zipfile.ZipFile(io.BytesIO(anna.post("/user/streamzip", ["/d/e/g", "/f", "/d", "/d/", "/d/e", "/f"]).body)) as archive:
        assert sorted(archive.namelist()) == ["d/", "d/e/", "d/e/g", "d/ü.txt", "f"]
    # Where a backslash separates directories, this would be a way out.
    (home / "w").mkdir()
    (home / "w/..\\out").write_bytes(b"x")
    assert zipfile.ZipFile(io.BytesIO(anna.post("/user/streamzip", ["/w"]).body)).namelist() == ["w/", "w/.._out"]
    assert zipfile.ZipFile(io.BytesIO(anna.post("/user/streamzip", []).body)).namelist() == []
    assert anna.post("/user/streamzip", ["/nothing"]).status == 404
    for bad in ({}, [1], "x", [["/d"]]):
        assert anna.post("/user/streamzip", bad).status == 400


@pytest.mark.parametrize("path", ["../../etc/passwd", "/../../etc/passwd", "..\\..\\etc\\passwd", "/a/../../../etc/passwd", "x\0y", "/%2e%2e/etc/passwd", "a" * 5000], ids=range(7))
def test_paths_lead_nowhere_else(anna, path):
    for method, where in (("GET", "/user/files"), ("GET", "/user/dirs"), ("GET", "/user/files/checksum"), ("DELETE", "/user/files"), ("POST", "/user/files/upload"), ("PATCH", "/user/files/metadata")):
        body = b"{}" if method == "PATCH" else b"x" if method == "POST" else None
        answer = anna.send(method, where, body, raw=True, query={"path": path})
        assert answer.status in (201, 400, 403, 404, 409), (method, where, answer)
        assert b"root:" not in answer.body
    assert anna.post("/user/streamzip", [path]).status in (400, 403, 404) or "etc" in path


def test_permissions_hold(rest, server):
    (server.home("reader") / "f").write_bytes(b"1")
    reader = rest.user("reader")
    assert reader.get("/user/files?path=f").body == b"1"
    for method, path in (("POST", "/user/files/upload?path=n"), ("POST", "/user/dirs?path=n"), ("DELETE", "/user/files?path=f"), ("PATCH", "/user/files?path=f&target=g"), ("POST", "/user/file-actions/copy?path=f&target=g")):
        answer = reader.send(method, path, b"x" if method == "POST" else None, raw=True)
        assert (answer.status, answer.json()["error"]) == (403, "permission denied"), path
    blind = rest.user("blind")
    assert blind.post("/user/files/upload?path=n", b"x", raw=True).status == 201
    assert blind.get("/user/dirs").status == 403
    assert blind.get("/user/files?path=n").status == 403
    assert blind.post("/user/streamzip", ["/n"]).status == 403
    assert blind.get("/user/files/checksum?path=n").status == 403

    (server.home("frozen") / "f").write_bytes(b"1")
    frozen = rest.user("frozen")
    assert frozen.get("/user/files?path=f").body == b"1"
    for method, path in (("POST", "/user/files/upload?path=n"), ("POST", "/user/files"), ("POST", "/user/dirs?path=n"), ("DELETE", "/user/files?path=f"), ("DELETE", "/user/dirs?path=f"), ("PATCH", "/user/files?path=f&target=g"), ("PATCH", "/user/dirs?path=f&target=g"), ("PATCH", "/user/files/metadata?path=f"), ("POST", "/user/file-actions/copy?path=f&target=g"), ("POST", "/user/file-actions/move?path=f&target=g")):
        answer = frozen.send(method, path)
        assert (answer.status, answer.json()) == (403, {"message": "Forbidden"}), path


def test_who_is_there_can_be_seen_and_sent_away(rest, anna, home):
    import http.client

    root = rest.admin()
    connection = http.client.HTTPConnection("127.0.0.1", rest.port)
    connection.putrequest("POST", "/api/v2/user/files/upload?path=slow")
    connection.putheader("Authorization", anna.headers["Authorization"])
    connection.putheader("Content-Length", "1000000")
    connection.endheaders()
    connection.send(b"x" * 300_000)
    seen = wait_for(lambda: [c for c in root.get("/connections").json() if c["username"] == "anna" and c.get("active_transfers")])[0]
    assert seen["protocol"] == "HTTP" and seen["connection_id"].startswith("HTTP_") and seen["command"] == "POST"
    assert seen["active_transfers"][0]["operation_type"] == "upload" and seen["active_transfers"][0]["path"] == "/slow"
    assert root.delete("/connections/" + seen["connection_id"]).json() == {"message": "Connection closed"}
    try:
        connection.send(b"x" * 300_000)
        assert connection.getresponse().status in (403, 503)
    except OSError:
        pass
    connection.close()
    wait_for(lambda: not [c for c in root.get("/connections").json() if c["username"] == "anna"])
    assert root.delete("/connections/nothing").status == 404


def test_a_download_that_nobody_takes_is_sent_away(rest, anna, home):
    root = rest.admin()
    with open(home / "big", "wb") as big:
        big.truncate(256 << 20)
    with socket.create_connection(("127.0.0.1", rest.port), 60) as client:
        client.sendall(f"GET /api/v2/user/files?path=/big HTTP/1.1\r\nHost: x\r\nAuthorization: {anna.headers['Authorization']}\r\n\r\n".encode())
        mine = lambda: [c["connection_id"] for c in root.get("/connections").json() if c["username"] == "anna" and c.get("active_transfers")]  # noqa: E731
        (number,) = wait_for(mine)
        assert root.delete("/connections/" + number).status == 200
        wait_for(lambda: not mine())


# ---- the account


def test_profiles(rest, anna):
    assert anna.get("/user/profile").json().keys() == {"email", "additional_emails", "description", "allow_api_key_auth", "public_keys", "tls_certs"}
    assert anna.put("/user/profile", {"email": "anna@example.com", "allow_api_key_auth": True}).json() == {"message": "Profile updated"}
    seen = anna.get("/user/profile").json()
    assert (seen["email"], seen["allow_api_key_auth"]) == ("anna@example.com", True)
    assert anna.put("/user/profile", {"email": "nonsense"}).status == 400
    assert anna.put("/user/profile", {"public_keys": ["nonsense"]}).status == 400
    fixed = rest.user("fixed")
    assert fixed.put("/user/profile", {"email": "x@example.com"}).status == 403
    assert fixed.put("/user/changepwd", {"current_password": "fixed", "new_password": "new Password 2"}).status == 403
    assert fixed.post("/user/totp/generate", {"config_name": "Default"}).status == 403


def test_passwords(rest):
    root = rest.admin()
    assert root.post("/users", user("pass", "/tmp/pass-home")).status == 201
    client = rest.user("pass")
    change = lambda a, b: client.put("/user/changepwd", {"current_password": a, "new_password": b})  # noqa: E731
    assert change("wrong", "new Password 2").status == 400
    assert change("pass", "pass").status == 400
    assert change("pass", "").status == 400
    assert change("pass", "new Password 2").status == 200
    assert client.get("/user/profile").status == 401
    assert rest.token("/user/token", "pass", "pass").status == 401
    assert rest.token("/user/token", "pass", "new Password 2").status == 200
    assert root.delete("/users/pass").status == 200


def passcode(secret):
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    digest = hmac.new(key, struct.pack(">Q", int(time.time()) // 30), "sha1").digest()
    offset = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[offset : offset + 4])[0] & 0x7FFFFFFF) % 1_000_000:06}"


@pytest.mark.parametrize("kind", ["user", "admin"])
def test_a_second_factor_is_set_up_and_asked_for(rest, kind):
    root = rest.admin()
    if kind == "user":
        assert root.post("/users", user("totp", "/tmp/totp-home")).status == 201
        me, token_path, password, extra = rest.user("totp"), "/user/token", "totp", {"protocols": ["HTTP"]}
        probe, disable = "/user/profile", "/users/totp/2fa/disable"
    else:
        assert root.post("/admins", admin("totp")).status == 201
        me, token_path, password, extra = rest.admin("totp"), "/token", "root Password 1", {}
        probe, disable = "/admin/profile", "/admins/totp/2fa/disable"
    assert [c["name"] for c in me.get(f"/{kind}/totp/configs").json()] == ["Default"]
    assert me.get(f"/{kind}/2fa/recoverycodes").status == 403
    made = me.post(f"/{kind}/totp/generate", {"config_name": "Default"}).json()
    assert made.keys() == {"config_name", "issuer", "secret", "url", "qr_code"}
    assert base64.b64decode(made["qr_code"]).startswith(b"\x89PNG\r\n\x1a\n")
    assert me.post(f"/{kind}/totp/generate", {"config_name": "other"}).status == 400
    check = {"config_name": "Default", "secret": made["secret"]}
    assert me.post(f"/{kind}/totp/validate", {**check, "passcode": "000"}).json()["message"] == "Invalid passcode"
    config = {"enabled": True, "config_name": "Default", "secret": {"status": "Plain", "payload": made["secret"]}, **extra}
    assert me.post(f"/{kind}/totp/save", config).json() == {"message": "TOTP configuration saved"}
    codes = me.get(f"/{kind}/2fa/recoverycodes").json()
    assert len(codes) == 12 and all(c["code"].startswith("RC-") and not c["used"] for c in codes)
    assert len(me.post(f"/{kind}/2fa/recoverycodes").json()) == 12

    assert rest.token(token_path, "totp", password).status == 401
    assert rest.token(token_path, "totp", password, otp="000000").status == 401
    assert rest.token(token_path, "totp", password, otp=codes[0]["code"]).status == 401, "recovery codes are not for this"
    assert rest.token(token_path, "totp", "wrong", otp=passcode(made["secret"])).status == 401
    assert rest.token(token_path, "totp", password, otp=passcode(made["secret"])).status == 200
    assert rest.token(token_path, "totp", password, otp=passcode(made["secret"])).status == 401, "a passcode is used up"
    assert root.put(disable).json() == {"message": "2FA disabled"}
    assert root.put(disable).status == 400
    assert rest.token(token_path, "totp", password).status == 200
    assert me.get(probe).status == 200
    assert root.delete("/users/totp" if kind == "user" else "/admins/totp").status == 200


def test_own_shares(rest, anna):
    made = anna.post("/user/shares", {"name": "s", "scope": 1, "paths": ["/"], "password": "share Password 1", "max_tokens": 3})
    assert (made.status, made.json()) == (201, {"message": "Share created"})
    share = made.headers["X-Object-ID"]
    assert made.headers["Location"] == "/api/v2/user/shares/" + share
    seen = anna.get("/user/shares/" + share).json()
    assert seen["username"] == "anna" and seen["password"] == "[**redacted**]" and seen["max_tokens"] == 3
    assert share in [s["id"] for s in anna.get("/user/shares?limit=500").json()]
    assert anna.put("/user/shares/" + share, {**seen, "description": "d"}).json() == {"message": "Share updated"}
    other = rest.user("reader")
    for method in ("GET", "DELETE", "PUT"):
        assert other.send(method, "/user/shares/" + share, seen if method == "PUT" else None).status == 404
    for bad in ({"scope": 9, "paths": ["/"]}, {"scope": 2, "paths": ["/a", "/b"]}, {"scope": 1, "paths": []}, {"scope": 1, "paths": ["/"], "expires_at": 1}, {"scope": 1, "paths": ["/"], "allow_from": ["x"]}):
        assert anna.post("/user/shares", {"name": "bad", **bad}).status == 400, bad
    assert anna.delete("/user/shares/" + share).json() == {"message": "Share deleted"}
    assert anna.get("/user/shares/" + share).status == 404
