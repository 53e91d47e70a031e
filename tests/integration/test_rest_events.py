"""The stream of a user's own file events: who may listen, what is heard, and how it ends."""
import base64
import hashlib
import json
import os
import shutil
import socket
import struct
import time

import pytest
from rest import Rest, admin, rest_config
from slipway_server import SlipwayServer, free_port, user

PATH = "/user/events"
DEEP = "/" + "/".join(["\x01" * 200] * 15)


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    directory = tmp_path_factory.mktemp("server")
    port = free_port()
    names = ("anna", "bob", "short", "many", "seen")
    users = [user(name, directory / "homes" / name, filters={"allow_api_key_auth": True}) for name in names]
    users[names.index("short")]["virtual_folders"] = [{"name": "deep", "virtual_path": DEEP}]
    users[names.index("short")]["filters"]["start_directory"] = DEEP
    dump = {"admins": [admin()], "users": users, "folders": [{"name": "deep", "mapped_path": str(directory / "deep")}]}
    server = SlipwayServer(directory, dump=dump, config=rest_config(port))
    server.http_port = port
    server.start()
    yield server
    server.stop()


@pytest.fixture
def rest(server):
    return Rest(server.http_port)


@pytest.fixture
def anna(server, rest):
    shutil.rmtree(server.home("anna"))
    server.home("anna")
    return rest.user("anna")


class Stream:
    """A WebSocket client, as far as this stream needs one."""

    def __init__(self, client, path=PATH, expect=101, receive_buffer=None):
        key = base64.b64encode(os.urandom(16)).decode()
        self.socket = socket.socket()
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(60)
        self.socket.connect((client.host, client.port))
        fields = {"Host": "x", "Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": key, **client.headers}
        head = f"GET /api/v2{path} HTTP/1.1\r\n" + "".join(f"{k}: {v}\r\n" for k, v in fields.items()) + "\r\n"
        self.socket.sendall(head.encode())
        self.file = self.socket.makefile("rb")
        self.status = int(self.file.readline().split()[1])
        assert self.status == expect
        self.fields = {}
        while line := self.file.readline().strip():
            name, _, value = line.decode().partition(": ")
            self.fields[name] = value
        if expect == 101:
            proof = hashlib.sha1((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest()
            assert self.fields["Sec-WebSocket-Accept"] == base64.b64encode(proof).decode()

    def frame(self):
        first, length = self.file.read(2)
        if length == 126:
            [length] = struct.unpack(">H", self.file.read(2))
        elif length == 127:
            [length] = struct.unpack(">Q", self.file.read(8))
        return first & 15, self.file.read(length)

    def event(self):
        while True:
            opcode, payload = self.frame()
            if opcode == 9:
                self.send(10, payload)
                continue
            assert opcode == 1, (opcode, payload)
            return json.loads(payload)

    def closing(self):
        """Code and reason of the end, after what was still on its way."""
        while True:
            opcode, payload = self.frame()
            if opcode == 8:
                self.send(8, payload[:2])
                return struct.unpack(">H", payload[:2])[0], payload[2:].decode()

    def send(self, opcode, payload):
        mask = os.urandom(4)
        masked = bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload))
        self.socket.sendall(bytes([0x80 | opcode, 0x80 | len(payload)]) + mask + masked)

    def close(self):
        self.file.close()
        self.socket.close()


def upload(client, path, body=b"x"):
    answer = client.post("/user/files/upload", body, query={"path": path}, raw=True)
    assert answer.status == 201, answer


def wait_until(what, true):
    end = time.monotonic() + 60
    while not true():
        assert time.monotonic() < end, what
        time.sleep(0.05)


def test_what_happens_is_told(server, rest, anna):
    stream = Stream(anna)
    upload(anna, "/a.txt", b"12345")
    event = stream.event()
    assert event["action"] == "upload" and event["virtual_path"] == "/a.txt" and event["file_size"] == 5
    assert event["status"] == 1 and event["protocol"] == "HTTP" and event["ip"] == "127.0.0.1"
    assert abs(event["timestamp"] / 1e9 - time.time()) < 600
    assert str(server.home("anna")) not in json.dumps(event), "where it lies on the server is nobody's business"
    assert anna.get("/user/files?path=a.txt").status == 200
    assert (e := stream.event())["action"] == "download" and e["file_size"] == 5
    assert anna.post("/user/dirs?path=d").status == 201
    assert anna.post("/user/file-actions/move", query={"path": "/a.txt", "target": "/d/b.txt"}).status == 200
    assert stream.event()["action"] == "mkdir"
    event = stream.event()
    assert (event["action"], event["virtual_path"], event["virtual_target_path"]) == ("rename", "/a.txt", "/d/b.txt")
    assert anna.delete("/user/files?path=d/b.txt").status == 200
    assert stream.event()["action"] == "delete"
    # What visitors do with the user's files, too.
    share = anna.post("/user/shares", {"name": "s", "scope": 2, "paths": ["/d"]}).headers["X-Object-ID"]
    assert rest.post(f"/shares/{share}/files/v.txt", b"v", raw=True).status == 201
    event = stream.event()
    assert (event["action"], event["protocol"], event["virtual_path"]) == ("upload", "HTTPShare", "/d/v.txt")
    stream.close()


def test_only_the_users_own(rest, anna):
    annas, bobs, deletes = Stream(anna), Stream(rest.user("bob")), Stream(anna, PATH + "?actions=delete,rmdir")
    upload(rest.user("bob"), "/bobs")
    upload(anna, "/annas")
    assert anna.delete("/user/files?path=annas").status == 200
    assert annas.event()["virtual_path"] == "/annas"
    assert bobs.event()["virtual_path"] == "/bobs"
    assert deletes.event()["action"] == "delete", "only what was asked for"
    for stream in (annas, bobs, deletes):
        stream.close()


def test_who_may_listen(rest, anna):
    for client in (rest, rest.with_bearer("x"), rest.admin()):
        Stream(client, expect=401).close()
    Stream(anna, PATH + "?actions=upload,everything", expect=400).close()
    assert anna.get(PATH).status == 426
    made = rest.admin().post("/apikeys", {"name": "k", "scope": 2, "user": "anna"})
    stream = Stream(rest.with_key(made.json()["key"]))
    upload(anna, "/k")
    assert stream.event()["virtual_path"] == "/k"
    stream.close()


def test_the_token_may_be_a_subprotocol(rest, anna):
    token = anna.headers["Authorization"].removeprefix("Bearer ")

    def stream(protocols, expect, **headers):
        client = Rest(rest.port)
        client.headers = {"Sec-WebSocket-Protocol": protocols, **headers}
        return Stream(client, expect=expect)

    listening = stream(f"bearer.{token}, slipway.events", 101)
    assert listening.fields["Sec-WebSocket-Protocol"] == "slipway.events", "never the token"
    upload(anna, "/p")
    assert listening.event()["virtual_path"] == "/p"
    listening.close()
    stream(f"slipway.events, bearer.{token}", 101, **anna.headers).close()
    stream(f"slipway.events, bearer.{token}", 401, Authorization="Bearer x").close()
    for protocols, expect in (("slipway.events", 401), (f"bearer.{token}", 400), (f"slipway.events, bearer.{token}x", 401), (f"slipway.events, bearer.{token}, bearer.{token}", 401)):
        stream(protocols, expect).close()
    # Of other routes it opens none, and an administrator's token opens no stream.
    client = Rest(rest.port)
    client.headers = {"Sec-WebSocket-Protocol": f"slipway.events, bearer.{token}"}
    assert client.get("/user/profile").status == 401
    roots = rest.admin().headers["Authorization"].removeprefix("Bearer ")
    stream(f"slipway.events, bearer.{roots}", 401).close()


def test_clients_have_nothing_to_say(anna):
    stream = Stream(anna)
    stream.send(1, b"hello")
    stream.send(9, b"ping")
    assert stream.frame() == (10, b"ping")
    upload(anna, "/a")
    assert stream.event()["virtual_path"] == "/a"
    stream.send(8, struct.pack(">H", 1000))
    assert stream.closing()[0] == 1000
    stream.close()


def test_a_user_has_only_so_many(rest):
    anna = rest.user("many")
    streams = [Stream(anna) for _ in range(10)]
    refused = Stream(anna, expect=429)
    assert refused.fields["Retry-After"]
    streams.pop().close()

    def again():
        try:
            streams.append(Stream(anna))
        except AssertionError:
            return False
        return True

    wait_until("the place of one that left is free", again)
    for stream in streams:
        stream.close()


def test_administrators_see_and_close_them(rest):
    root = rest.admin()
    stream = Stream(rest.user("seen"))
    [seen] = [c for c in root.get("/connections").json() if c["username"] == "seen"]
    assert seen["command"] == "events"
    assert root.delete("/connections/" + seen["connection_id"]).status == 200
    assert stream.closing() == (1001, "the connection was closed")
    stream.close()


def test_who_does_not_keep_up_is_let_go(server, rest):
    short = rest.user("short")
    stream = Stream(short, receive_buffer=4096)
    # Names that are short on the disk and in requests, but fill more than 36 KiB of an event: few requests are enough
    # for what may wait, before the server gives up a client that does not even answer its pings.
    upload(short, "0")
    moves = 0
    while not server.log_lines(message="an event stream was closed, its client does not keep up", username="short"):
        for _ in range(10):
            answer = short.post("/user/file-actions/move", query={"path": str(moves), "target": str(moves + 1)})
            assert answer.status == 200, answer
            moves += 1
        assert moves < 1000
    # What was sent before is there, and then the reason.
    assert stream.event()["action"] in ("upload", "rename")
    assert stream.closing() == (1013, "too slow")
    stream.close()


def test_the_server_ends(tmp_path):
    port = free_port()
    server = SlipwayServer(tmp_path, dump={"users": [user("anna", tmp_path / "anna")]}, config=rest_config(port))
    server.start()
    try:
        stream = Stream(Rest(port).user("anna"))
    except BaseException:
        server.stop()
        raise
    server.process.terminate()
    code, _ = stream.closing()
    assert code == 1001
    stream.close()
    server.stop()
