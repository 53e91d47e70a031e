"""Uploads in pieces (tus 1.0) for users and visitors of shares, with a client of others and by hand."""
import base64
import hashlib
import http.client
import os
import re
import shutil
import socket
import time

import pytest
from rest import Rest, admin, basic, rest_config
from slipway_server import SlipwayServer, free_port, user
from tusclient import client as tus_client
from tusclient.exceptions import TusCommunicationError

USER, SHARE = "/user/files/chunked-upload", "/shares-chunked-uploads"
PIECE = {"Content-Type": "application/offset+octet-stream", "Tus-Resumable": "1.0.0"}
TUS = {"Tus-Resumable": "1.0.0"}


def tus_server(directory, **config):
    port = free_port()
    dump = {
        "admins": [admin()],
        "users": [
            user("anna", directory / "homes" / "anna"),
            user("bob", directory / "homes" / "bob"),
            user("looker", directory / "homes" / "looker", permissions={"/": ["list", "download"]}),
            user("small", directory / "homes" / "small", quota_size=100_000),
            user("picky", directory / "homes" / "picky", filters={"file_patterns": [{"path": "/", "denied_patterns": ["*.exe"]}]}),
            user("frozen", directory / "homes" / "frozen", filters={"web_client": ["write-disabled"]}),
        ],
    }
    settings = rest_config(port, max_upload_file_size=8 << 20)
    settings["httpd"]["bindings"][0]["upload_chunk_size"] = 1
    server = SlipwayServer(directory, dump=dump, config={**settings, "common": {"upload_mode": 1}, **config})
    server.http_port = port
    server.start()
    return server


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    server = tus_server(tmp_path_factory.mktemp("server"))
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
    shutil.rmtree(path)
    path.mkdir()
    return path


def metadata(**members):
    return ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in members.items())


def begin(client, length, where=USER, /, headers=None, body=None, **members):
    sent = {**TUS, "Upload-Length": str(length), "Upload-Metadata": metadata(**members), **(headers or {})}
    return client.send("POST", where, body, headers=sent, raw=True)


def location(answer):
    assert answer.status == 201, answer
    assert answer.headers["Tus-Resumable"] == "1.0.0"
    where = answer.headers["Location"]
    assert re.fullmatch(r"/api/v2(/user/files/chunked-upload|/shares-chunked-uploads)/[0-9a-f]{32}", where)
    return where.removeprefix("/api/v2")


def send_piece(client, where, offset, body, headers=None):
    return client.patch(where, body, headers={**PIECE, "Upload-Offset": str(offset), **(headers or {})}, raw=True)


def offset_of(client, where, headers=None):
    answer = client.send("HEAD", where, headers={**TUS, **(headers or {})})
    assert answer.status == 200, answer
    assert answer.headers["Cache-Control"] == "no-store"
    return int(answer.headers["Upload-Offset"])


def wait_until(what, true):
    end = time.monotonic() + 60
    while not true():
        assert time.monotonic() < end, what
        time.sleep(0.05)


# ---- users


def test_discovery(rest, anna):
    assert rest.send("OPTIONS", USER).status == 401
    for client, path in ((anna, USER), (rest, SHARE)):
        answer = client.send("OPTIONS", path)
        assert (answer.status, answer.body) == (200, b"")
        assert answer.headers["Tus-Version"] == "1.0.0" and answer.headers["Tus-Max-Size"] == str(8 << 20)
        assert answer.headers["Tus-Extension"].startswith("creation,creation-with-upload")
        assert "checksum" in answer.headers["Tus-Extension"].split(",")
        assert answer.headers["Tus-Checksum-Algorithm"].split(",")[0] == "sha1"


def test_a_client_of_others(server, anna, home, tmp_path):
    content = os.urandom(3_000_000)
    source = tmp_path / "source"
    source.write_bytes(content)
    client = tus_client.TusClient(f"http://127.0.0.1:{server.http_port}/api/v2{USER}", headers=anna.headers)
    members = {"path": "/in/the/depth.bin", "mkdir_parents": "true", "mtime": "1000000000000", "filename": "source"}
    uploader = client.uploader(str(source), chunk_size=700_000, metadata=members)
    uploader.upload_chunk()
    assert uploader.offset == 700_000
    # Another program goes on where the first one was.
    again = client.uploader(str(source), chunk_size=1_000_000, url=uploader.url)
    assert again.get_offset() == 700_000
    again.upload()
    assert (home / "in/the/depth.bin").read_bytes() == content
    assert (home / "in/the/depth.bin").stat().st_mtime == 1e9
    refused = tus_client.TusClient(client.url, headers={"Authorization": "Bearer nobody"}).uploader(str(source), metadata=members)
    with pytest.raises(TusCommunicationError) as error:
        refused.upload()
    assert error.value.status_code == 401


def test_piece_by_piece(anna, home):
    made = begin(anna, 10, path="/f.txt", filename="f.txt")
    assert made.headers["Upload-Expires"].endswith(" GMT") and made.headers["Upload-Offset"] == "0"
    where = location(made)
    assert offset_of(anna, where) == 0
    first = send_piece(anna, where, 0, b"01234")
    assert (first.status, first.headers["Upload-Offset"], first.headers["Tus-Resumable"]) == (204, "5", "1.0.0")
    state = anna.send("HEAD", where, headers=TUS)
    assert (state.headers["Upload-Offset"], state.headers["Upload-Length"]) == ("5", "10")
    assert state.headers["Upload-Metadata"] == metadata(path="/f.txt", filename="f.txt")
    assert send_piece(anna, where, 5, b"").headers["Upload-Offset"] == "5"
    last = send_piece(anna, where, 5, b"56789")
    assert (last.status, last.headers["Upload-Offset"]) == (204, "10") and "Upload-Expires" not in last.headers
    assert (home / "f.txt").read_bytes() == b"0123456789"
    # Who did not hear of it can still ask.
    assert offset_of(anna, where) == 10
    assert send_piece(anna, where, 10, b"").status == 204
    assert send_piece(anna, where, 10, b"x").status == 413
    assert send_piece(anna, where, 5, b"56789").status == 409
    assert (home / "f.txt").read_bytes() == b"0123456789"


def test_bytes_come_with_the_beginning(anna, home):
    made = begin(anna, 6, body=b"abc", headers=PIECE, path="/a")
    assert made.headers["Upload-Offset"] == "3"
    assert send_piece(anna, location(made), 3, b"def").status == 204
    assert (home / "a").read_bytes() == b"abcdef"
    whole = begin(anna, 3, body=b"xyz", headers=PIECE, path="/b")
    assert whole.headers["Upload-Offset"] == "3" and (home / "b").read_bytes() == b"xyz"
    empty = begin(anna, 0, path="/c")
    assert empty.headers["Upload-Offset"] == "0" and (home / "c").read_bytes() == b""
    assert offset_of(anna, location(empty)) == 0


@pytest.mark.parametrize(
    "status, change",
    [
        (400, {"Tus-Resumable": None}),
        (412, {"Tus-Resumable": "0.2.2"}),
        (400, {"Upload-Length": None}),
        (400, {"Upload-Length": "-1"}),
        (400, {"Upload-Length": "1x"}),
        (400, {"Upload-Length": "99999999999999999999999"}),
        (400, {"Upload-Length": None, "Upload-Defer-Length": "1"}),
        (413, {"Upload-Length": str((8 << 20) + 1)}),
        (400, {"Upload-Metadata": None}),
        (400, {"Upload-Metadata": "filename YQ=="}),
        (400, {"Upload-Metadata": "path !"}),
        (400, {"Upload-Metadata": "path L2E=,path L2E="}),
        (400, {"Upload-Metadata": metadata(path="/a", mtime="soon")}),
        (400, {"Upload-Metadata": metadata(path="/a\0b")}),
        (400, {"Upload-Metadata": metadata(path="/" + "a" * 5000)}),
        (404, {"Upload-Metadata": metadata(path="/no/parent")}),
        (400, {"Upload-Metadata": metadata(path="/")}),
    ],
)
def test_beginnings_that_are_refused(anna, home, status, change):
    headers = {**TUS, "Upload-Length": "5", "Upload-Metadata": metadata(path="/a")}
    for name, value in change.items():
        headers[name] = value
    headers = {name: value for name, value in headers.items() if value is not None}
    answer = anna.send("POST", USER, None, headers=headers)
    assert answer.status == status, answer
    assert answer.headers["Tus-Resumable"] == "1.0.0" and "Location" not in answer.headers
    assert status != 412 or answer.headers["Tus-Version"] == "1.0.0"
    assert list(home.iterdir()) == []


def test_pieces_that_are_refused(anna, home):
    where = location(begin(anna, 10, path="/f"))
    assert send_piece(anna, where, 0, b"0123").status == 204
    for headers, status in (
        ({"Content-Type": "text/plain"}, 415),
        ({"Tus-Resumable": "2.0.0"}, 412),
        ({"Upload-Offset": "3"}, 409),
        ({"Upload-Offset": "5"}, 409),
        ({"Upload-Offset": "-4"}, 400),
        ({"Upload-Offset": "4e0"}, 400),
        ({"Upload-Offset": ""}, 400),
    ):
        assert send_piece(anna, where, 4, b"4", headers).status == status, headers
    assert send_piece(anna, where, 4, b"4567890").status == 413, "more than was announced"
    assert begin(anna, 3, body=b"too much", headers=PIECE, path="/g").status == 413
    assert begin(anna, 3, body=b"abc", headers={"Content-Type": "text/plain"}, path="/g").status == 415
    assert offset_of(anna, where) == 4
    for unknown in (USER + "/" + "0" * 32, USER + "/x", USER + "/%2e%2e%2ff"):
        assert send_piece(anna, unknown, 0, b"x").status in (400, 404)
        assert anna.send("HEAD", unknown, headers=TUS).status in (400, 404)
    assert send_piece(anna, where, 4, b"456789").status == 204
    assert (home / "f").read_bytes() == b"0123456789"


def checksum(algorithm, body):
    return {"Upload-Checksum": algorithm + " " + base64.b64encode(hashlib.new(algorithm, body).digest()).decode()}


@pytest.mark.parametrize("algorithm", ["sha1", "sha256", "md5"])
def test_pieces_with_a_checksum(anna, home, algorithm):
    content = os.urandom(1_500_000)
    where = location(begin(anna, len(content), path="/f", headers={**PIECE, **checksum(algorithm, content[:1000])}, body=content[:1000]))
    first, rest = content[1000:700_000], content[700_000:]
    assert send_piece(anna, where, 1000, first, checksum(algorithm, first)).status == 204
    for wrong in (rest[:-1] + bytes([rest[-1] ^ 1]), rest[:400_000]):
        refused = send_piece(anna, where, 700_000, wrong, checksum(algorithm, rest))
        assert refused.status == 460, refused
        assert refused.headers["Tus-Resumable"] == "1.0.0"
        assert offset_of(anna, where) == 700_000
    assert not (home / "f").exists()
    assert send_piece(anna, where, 700_000, rest, checksum(algorithm, rest)).headers["Upload-Offset"] == str(len(content))
    assert (home / "f").read_bytes() == content


def test_checksums_that_are_none(anna, home):
    where = location(begin(anna, 6, path="/f"))
    assert send_piece(anna, where, 0, b"abc").status == 204
    for field in ("", "sha1", "sha512 " + "A" * 86 + "==", "crc32 AAAAAA==", "sha1 !", "sha1 AAAA"):
        assert send_piece(anna, where, 3, b"def", {"Upload-Checksum": field}).status == 400, field
    assert offset_of(anna, where) == 3
    wrong = begin(anna, 3, path="/g", headers={**PIECE, **checksum("sha1", b"abd")}, body=b"abc")
    assert wrong.status == 460 and "Location" not in wrong.headers
    assert send_piece(anna, where, 3, b"def", checksum("sha1", b"def")).status == 204
    assert (home / "f").read_bytes() == b"abcdef" and not (home / "g").exists()


def test_a_checked_piece_that_breaks_off_does_not_count(server, anna, home):
    content = os.urandom(2_000_000)
    where = location(begin(anna, len(content), path="/f"))
    assert send_piece(anna, where, 0, content[:500_000]).status == 204
    fields = {**anna.headers, **checksum("sha1", content[500_000:])}
    broken = Rest(anna.port)
    broken.headers = fields
    connection = half_a_piece(server, broken, where, 500_000, 1_500_000, content[500_000:1_200_000])
    connection.close()
    assert offset_of(anna, where) == 500_000
    assert send_piece(anna, where, 500_000, content[500_000:]).status == 204
    assert (home / "f").read_bytes() == content


def test_nothing_of_a_wrong_piece_stays_in_a_file_that_is_given_up(tmp_path):
    server = tus_server(tmp_path, common={"upload_mode": 0})
    try:
        anna = Rest(server.http_port).user("anna")
        where = location(begin(anna, 10, path="/f"))
        assert send_piece(anna, where, 0, b"0123").status == 204
        assert send_piece(anna, where, 4, b"xxxxxx", checksum("sha1", b"456789")).status == 460
        assert (server.home("anna") / "f").read_bytes() == b"0123"
        assert anna.delete(where, headers=TUS).status == 204
        assert (server.home("anna") / "f").read_bytes() == b"0123"
    finally:
        server.stop()


def test_chunked_bodies_end_at_the_length(server, anna, home):
    where = location(begin(anna, 4, path="/f"))
    connection = http.client.HTTPConnection("127.0.0.1", server.http_port, timeout=60)
    connection.request("PATCH", "/api/v2" + where, iter([b"ab", b"cd", b"ef"]), {**anna.headers, **PIECE, "Upload-Offset": "0"}, encode_chunked=True)
    assert connection.getresponse().status == 413
    connection.close()
    assert not offset_of(anna, where) > 4


def test_uploads_belong_to_their_users(rest, anna, home):
    where = location(begin(anna, 5, path="/f"))
    bob = rest.user("bob")
    assert bob.send("HEAD", where, headers=TUS).status == 403
    assert send_piece(bob, where, 0, b"x").status == 403
    assert bob.delete(where, headers=TUS).status == 403
    assert rest.send("HEAD", where, headers=TUS).status == 401
    assert send_piece(rest, where, 0, b"x").status == 401
    share_side = where.replace(USER, SHARE)
    assert rest.send("HEAD", share_side, headers=TUS).status == 404
    assert offset_of(anna, where) == 0


def test_an_upload_is_given_up(anna, home):
    (home / "f").write_bytes(b"before")
    where = location(begin(anna, 5, path="/f"))
    assert send_piece(anna, where, 0, b"ab").status == 204
    assert anna.delete(where).status == 400
    assert anna.delete(where, headers=TUS).status == 204
    assert (home / "f").read_bytes() == b"before"
    assert anna.send("HEAD", where, headers=TUS).status == 404
    assert send_piece(anna, where, 2, b"cde").status == 404
    assert anna.delete(where, headers=TUS).status == 404
    # A client that cannot send DELETE or PATCH.
    where = location(begin(anna, 5, path="/g"))
    assert anna.post(where, b"abcde", raw=True, headers={**PIECE, "Upload-Offset": "0", "X-HTTP-Method-Override": "PATCH"}).status == 204
    assert (home / "g").read_bytes() == b"abcde"
    assert anna.post(where, headers={**TUS, "X-HTTP-Method-Override": "HEAD"}).headers["Upload-Offset"] == "5"
    assert anna.post(where, headers={**TUS, "X-HTTP-Method-Override": "DELETE"}).status == 204
    assert anna.post(where, headers={**TUS, "X-HTTP-Method-Override": "PUT"}).status == 405
    assert (home / "g").read_bytes() == b"abcde"


def test_the_same_rules_as_for_other_uploads(server, rest, home):
    assert begin(rest.user("looker"), 3, path="/f").status == 403
    assert begin(rest.user("frozen"), 3, path="/f").status == 403
    picky = rest.user("picky")
    assert begin(picky, 3, path="/f.exe").status == 403
    assert begin(picky, 3, body=b"abc", headers=PIECE, path="/f.txt").status == 201
    small = rest.user("small")
    assert begin(small, 100_001, path="/f").status == 413, "what cannot fit does not begin"
    first = location(begin(small, 60_000, path="/f"))
    assert begin(small, 60_000, path="/g").status == 413, "its room is taken"
    assert small.delete(first, headers=TUS).status == 204
    second = location(begin(small, 60_000, path="/g"))
    assert send_piece(small, second, 0, b"g" * 60_000).status == 204
    assert (server.home("small") / "g").stat().st_size == 60_000
    assert not (server.home("small") / "f").exists()
    usage = rest.admin().get("/users/small").json()
    assert (usage["used_quota_size"], usage["used_quota_files"]) == (60_000, 1)
    for name in ("looker", "frozen"):
        assert list(server.home(name).iterdir()) == []


def half_a_piece(server, client, where, offset, announced, sent):
    """A PATCH that stops in the middle; the connection stays open."""
    connection = socket.create_connection(("127.0.0.1", server.http_port), 60)
    fields = {**client.headers, **PIECE, "Host": "x", "Upload-Offset": str(offset), "Content-Length": str(announced)}
    head = f"PATCH /api/v2{where} HTTP/1.1\r\n" + "".join(f"{k}: {v}\r\n" for k, v in fields.items()) + "\r\n"
    connection.sendall(head.encode() + sent)
    return connection


def test_what_arrived_before_a_break_stays(server, anna, home):
    content = os.urandom(2_000_000)
    where = location(begin(anna, len(content), path="/f"))
    half_a_piece(server, anna, where, 0, len(content), content[:1_200_001]).close()
    wait_until("all that was sent is there", lambda: offset_of(anna, where) == 1_200_001)
    assert send_piece(anna, where, 1_200_001, content[1_200_001:]).status == 204
    assert (home / "f").read_bytes() == content


def test_the_newest_request_wins(server, anna, home):
    """The old connection of a client that has moved on hangs around for long."""
    content = os.urandom(1_000_000)
    where = location(begin(anna, len(content), path="/f"))
    old = half_a_piece(server, anna, where, 0, len(content), content[:600_000])
    wait_until("something is there", lambda: offset_of(anna, where) >= 256 << 10)

    def go_on():
        at = offset_of(anna, where)
        return send_piece(anna, where, at, content[at:]).status == 204

    wait_until("the new request ends the upload", go_on)
    assert (home / "f").read_bytes() == content
    old.sendall(b"x" * 400_000)
    assert old.recv(4096).split(b"\r\n")[0].split()[1] in (b"404", b"409")
    old.close()
    assert (home / "f").read_bytes() == content


def test_administrators_see_and_end_them(rest, anna, home):
    where = location(begin(anna, 5, path="/seen"))
    root = rest.admin()
    [seen] = [c for c in root.get("/connections").json() if c.get("active_transfers") and c["active_transfers"][0]["path"] == "/seen"]
    assert seen["username"] == "anna" and seen["active_transfers"][0]["operation_type"] == "upload"
    assert root.delete("/connections/" + seen["connection_id"]).status == 200
    wait_until("it is gone", lambda: anna.send("HEAD", where, headers=TUS).status == 404)
    wait_until("its session is gone", lambda: not [c for c in root.get("/connections").json() if c["connection_id"] == seen["connection_id"]])


def test_a_user_has_only_so_many(rest, home):
    bob = rest.user("bob")
    begun = [location(begin(bob, 5, path=f"/{i}")) for i in range(100)]
    refused = begin(bob, 5, path="/one-more")
    assert refused.status == 429 and refused.headers["Retry-After"]
    for where in begun:
        assert bob.delete(where, headers=TUS).status == 204
    assert begin(bob, 5, body=b"abcde", headers=PIECE, path="/one-more").status == 201


# ---- shares


@pytest.fixture
def share(rest):
    def make(paths, scope=2, owner="anna", **members):
        made = rest.user(owner).post("/user/shares", {"name": "docs", "scope": scope, "paths": paths, **members})
        assert made.status == 201, made
        return made.headers["X-Object-ID"]

    return make


def test_visitors_upload_in_pieces(rest, anna, home, share):
    (home / "drop").mkdir()
    link = share(["/drop"])
    where = location(begin(rest, 6, SHARE, path="sub/f.txt", share_id=link, mkdir_parents="true"))
    assert where.startswith(SHARE)
    assert send_piece(rest, where, 0, b"abc").status == 204
    assert offset_of(rest, where) == 3
    assert anna.send("HEAD", where.replace(SHARE, USER), headers=TUS).status == 404, "not even the owner's own path leads there"
    assert send_piece(rest, where, 3, b"def").status == 204
    assert (home / "drop/sub/f.txt").read_bytes() == b"abcdef"


@pytest.mark.parametrize("path", ["../f", "/../f", "..\\f", "link/f", "sub/../../f", "/"])
def test_visitors_stay_in_the_share(rest, home, share, path):
    (home / "drop").mkdir()
    os.symlink("..", home / "drop/link")
    begin(rest, 1, SHARE, body=b"x", headers=PIECE, path=path, share_id=share(["/drop"]))
    assert not (home / "f").exists()


def test_shares_that_take_nothing(rest, home, share):
    (home / "drop").mkdir()
    (home / "file").write_bytes(b"x")
    assert begin(rest, 1, SHARE, path="/f").status == 400
    assert begin(rest, 1, SHARE, path="/f", share_id="unknown").status == 404
    assert begin(rest, 1, SHARE, path="/f", share_id=share(["/drop"], scope=1)).status == 403
    assert begin(rest, 1, SHARE, path="/f", share_id=share(["/file"])).status == 400


def test_passwords_of_shares(rest, home, share):
    (home / "drop").mkdir()
    link = share(["/drop"], password="share Password 1")
    right, wrong = ({"Authorization": basic("x", password)} for password in ("share Password 1", "wrong"))
    for headers in ({}, wrong):
        answer = begin(rest, 3, SHARE, headers=headers, path="/f", share_id=link)
        assert answer.status == 401 and answer.headers["WWW-Authenticate"].startswith("Basic")
    where = location(begin(rest, 3, SHARE, headers=right, path="/f", share_id=link))
    for headers in ({}, wrong):
        assert rest.send("HEAD", where, headers={**TUS, **headers}).status == 401
        assert send_piece(rest, where, 0, b"abc", headers).status == 401
        assert rest.delete(where, headers={**TUS, **headers}).status == 401
    assert send_piece(rest, where, 0, b"abc", right).status == 204
    assert (home / "drop/f").read_bytes() == b"abc"


def used(anna, link):
    return anna.get("/user/shares/" + link).json().get("used_tokens", 0)


def test_uses_of_shares(rest, anna, home, share):
    (home / "drop").mkdir()
    link = share(["/drop"], max_tokens=1)
    where = location(begin(rest, 4, SHARE, path="/f", share_id=link))
    assert used(anna, link) == 1
    assert begin(rest, 4, SHARE, path="/g", share_id=link).status == 404, "the only use is taken"
    assert send_piece(rest, where, 0, b"ab").status == 204, "what has begun goes on"
    assert rest.delete(where, headers=TUS).status == 204
    assert used(anna, link) == 0, "it came to nothing"
    where = location(begin(rest, 4, SHARE, path="/f", share_id=link))
    assert send_piece(rest, where, 0, b"abcd").status == 204
    assert used(anna, link) == 1 and (home / "drop/f").read_bytes() == b"abcd"
    assert begin(rest, 4, SHARE, path="/g", share_id=link).status == 404
    assert anna.delete("/user/shares/" + link).status == 200
    assert rest.send("HEAD", where, headers=TUS).status == 404


# ---- servers of their own


def test_off_unless_asked_for(tmp_path):
    port = free_port()
    server = SlipwayServer(tmp_path, dump={"users": [user("anna", tmp_path / "anna")]}, config=rest_config(port))
    server.start()
    try:
        anna = Rest(port).user("anna")
        for path in (USER, SHARE, USER + "/x", SHARE + "/x"):
            for method in ("OPTIONS", "POST", "HEAD", "PATCH", "DELETE"):
                assert anna.send(method, path, headers=TUS).status == 404, (method, path)
    finally:
        server.stop()


def test_the_server_ends_while_uploads_wait(tmp_path):
    """Nobody works on them, so that a server that ends does not wait, and nothing is left behind."""
    server = tus_server(tmp_path)
    try:
        anna = Rest(server.http_port).user("anna")
        where = location(begin(anna, 10, path="/f"))
        assert send_piece(anna, where, 0, b"01234").status == 204
    finally:
        server.stop()
    server.start()
    try:
        anna = Rest(server.http_port).user("anna")
        assert anna.send("HEAD", where, headers=TUS).status == 404, "uploads are kept in memory"
    finally:
        server.stop()
