"""How much requests may bring: sizes of bodies, and what strangers can take of the memory for them."""
import http.client
import json
import socket

import pytest
from rest import Answer, Rest, admin, rest_config
from slipway_server import free_port, user, wait_for

MIB = 1 << 20


def start(make_server, **options):
    port = free_port()
    make_server(config=rest_config(port), dump={"admins": [admin()]}, **options)
    return Rest(port)


def folder(name, size):
    """A document of `size` bytes."""
    empty = json.dumps({"name": name, "mapped_path": "/tmp/" + name, "description": ""})
    return json.dumps({"name": name, "mapped_path": "/tmp/" + name, "description": "d" * (size - len(empty))})


def dump_of(size):
    return b'{"version": 16}' + b" " * (size - 15)


def announce(client, path, size):
    """The answer to the header of a request with a body of this size."""
    with socket.create_connection((client.host, client.port), 60) as connection:
        connection.sendall(f"POST /api/v2{path} HTTP/1.1\r\nHost: x\r\nAuthorization: {client.headers['Authorization']}\r\nContent-Length: {size}\r\n\r\n".encode())
        return int(connection.makefile("rb").readline().split()[1])


def test_sizes_without_a_switch(make_server):
    root = start(make_server).admin()
    assert root.post("/folders", folder("fits", MIB), raw=True).status == 201
    assert announce(root, "/folders", MIB + 1) == 413
    assert root.post("/loaddata", dump_of(20 * MIB), raw=True).status == 200
    assert announce(root, "/loaddata", 20 * MIB + 1) == 413


def test_switches_change_the_sizes(make_server):
    switches = {"SFTPGO_HOOK__HTTPD_MAX_REQUEST_SIZE": "3", "SLIPWAY_HOOK__HTTPD_MAX_RESTORE_SIZE": "2"}
    root = start(make_server, environment=switches).admin()
    assert root.post("/folders", folder("fits", 3 * MIB), raw=True).status == 201
    assert root.get("/folders/fits").json()["description"].startswith("ddd")
    assert announce(root, "/folders", 3 * MIB + 1) == 413
    assert root.post("/loaddata", dump_of(2 * MIB), raw=True).status == 200
    assert announce(root, "/loaddata", 2 * MIB + 1) == 413


def test_sizes_that_make_no_sense_are_refused_at_the_start(make_server):
    for name, value, limits in (("REQUEST", "0", "1 and 64"), ("REQUEST", "65", "1 and 64"), ("RESTORE", "513", "1 and 512"), ("RESTORE", "much", "integer")):
        server = make_server(start=False, environment={f"SLIPWAY_HOOK__HTTPD_MAX_{name}_SIZE": value})
        code, said = server.run_to_end()
        assert code == 1
        assert f"hook.httpd_max_{name.lower()}_size" in said and limits in said, said


# ---- memory for bodies

CODE = "/api/v2/users/anna/reset-password"
LARGEST = 16 << 10  # of strangers


class Holder:
    """A stranger's request that lacks its last byte."""

    def __init__(self, port, address):
        self.socket = socket.create_connection(("127.0.0.1", port), 60, source_address=(address, 0))
        self.socket.sendall(f"POST {CODE} HTTP/1.1\r\nHost: x\r\nContent-Length: {LARGEST}\r\n\r\n".encode() + b" " * (LARGEST - 1))

    def close(self):
        self.socket.close()


def send_from(address, port, method, path, body, headers=None):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60, source_address=(address, 0))
    try:
        connection.request(method, path, body, headers or {})
        return Answer(connection.getresponse()).status
    finally:
        connection.close()


def test_strangers_do_not_keep_others_out(make_server):
    port = free_port()
    make_server(config=rest_config(port), dump={"admins": [admin()]})
    rest = Rest(port)
    root = rest.admin()
    assert root.post("/folders", folder("f", 1000), raw=True).status == 201
    held = []

    def stranger(address):
        return send_from(address, port, "POST", CODE, b" " * LARGEST)

    def fill(address):
        # What one address may have; and again, for the question may have taken the place of one of them.
        held.extend(Holder(port, address) for _ in range(128))
        while stranger(address) != 503:
            held.append(Holder(port, address))
            assert len(held) < 2000

    try:
        fill("127.0.0.2")
        assert stranger("127.0.0.3") == 400, "another address is served"
        for address in ("127.0.0.3", "127.0.0.4", "127.0.0.5"):
            fill(address)
        # A holder that came while a question had its place was refused: what that left is filled, too.
        while stranger("127.0.0.6") != 503:
            held.extend(Holder(port, f"127.0.0.{last}") for last in (2, 3, 4, 5))
            assert len(held) < 4000
        # Those who are logged in, and those who log in, go on; also from an address that fills all it may.
        assert root.put("/folders/f", folder("f", MIB), raw=True).status == 200
        assert rest.token("/token", "root", "root Password 1").status == 200
        login = http.client.HTTPConnection("127.0.0.1", port, timeout=60, source_address=("127.0.0.2", 0))
        login.request("GET", "/api/v2/token", headers={"Authorization": "Basic cm9vdDpyb290IFBhc3N3b3JkIDE="})
        token = Answer(login.getresponse()).json()["access_token"]
        login.close()
        assert send_from("127.0.0.2", port, "PUT", "/api/v2/folders/f", folder("f", MIB), {"Authorization": "Bearer " + token}) == 200
    finally:
        for holder in held:
            holder.close()
    wait_for(lambda: stranger("127.0.0.6") == 400)


@pytest.mark.parametrize("method, path, status", [("PUT", "/users/anna", 401), ("POST", "/folders", 401), ("POST", "/user/shares", 401), ("GET", "/status", 401), ("PUT", "/user/profile", 401)])
def test_nobody_waits_for_the_body_of_a_stranger(make_server, method, path, status):
    rest = start(make_server)
    with socket.create_connection(("127.0.0.1", rest.port), 60) as client:
        client.sendall(f"{method} /api/v2{path} HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n".encode())
        assert int(client.makefile("rb").readline().split()[1]) == status


def test_bodies_of_strangers_are_small(make_server):
    rest = start(make_server)
    for method, path in (("POST", "/users/anna/reset-password"), ("POST", "/admins/root/forgot-password"), ("GET", "/token"), ("POST", "/shares/x/actions/mkdir")):
        assert rest.send(method, path, b" " * (LARGEST + 1), raw=True).status == 413, path
    assert Rest(rest.port, base="").send("GET", "/healthz", b" " * (LARGEST + 1), raw=True).status == 413
    assert Rest(rest.port, base="").send("GET", "/openapi/", b" " * (LARGEST + 1), raw=True).status == 413


def test_the_account_is_looked_at_before_a_body_that_takes_its_time(make_server, tmp_path):
    port = free_port()
    make_server(config=rest_config(port), dump={"admins": [admin(), admin("looker", permissions=["view_users"])], "users": [user("anna", tmp_path / "anna")]})
    rest = Rest(port)
    body = folder("slow", 100_000).encode()
    for client, status in ((rest.admin(), 201), (rest.admin("looker"), 403), (rest.user("anna"), 401)):
        with socket.create_connection(("127.0.0.1", port), 60) as connection:
            connection.sendall(f"POST /api/v2/folders HTTP/1.1\r\nHost: x\r\nAuthorization: {client.headers['Authorization']}\r\nExpect: 100-continue\r\nContent-Length: {len(body)}\r\n\r\n".encode())
            answer = connection.makefile("rb")
            first = int(answer.readline().split()[1])
            if status != 201:
                assert first == status
                continue
            assert (first, answer.readline()) == (100, b"\r\n")
            connection.sendall(body[:50_000])
            connection.sendall(body[50_000:])
            assert int(answer.readline().split()[1]) == 201
