"""Many clients at once: uploads and downloads that must all come out as they went in."""
import concurrent.futures
import hashlib
import os
import random
import resource
import socket
import threading

import pytest
from rest import Rest, Steady, admin, rest_config
from slipway_server import SlipwayServer, free_port, user

CLIENTS = 200
USERS = 4
LIMIT = 256 << 10  # bytes; sanitized servers move these as well


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    directory = tmp_path_factory.mktemp("server")
    port = free_port()
    names = [f"user{i}" for i in range(USERS)]
    dump = {"admins": [admin()], "users": [user(name, directory / "homes" / name, quota_files=10_000) for name in names]}
    server = SlipwayServer(directory, dump=dump, config={**rest_config(port), "common": {"max_per_host_connections": 0, "max_per_host_transfers": 0}})
    server.http_port = port
    server.start()
    yield server
    server.stop()


def test_two_hundred_up_and_downloads_at_once_come_out_whole(server):
    tokens = [Rest(server.http_port).user(f"user{i}").headers["Authorization"].split()[1] for i in range(USERS)]
    together = threading.Barrier(CLIENTS, timeout=300)

    def run(i):
        client = Steady(server.http_port).with_bearer(tokens[i % USERS])
        numbers = random.Random(i)
        client.get("/user/dirs")
        together.wait()
        for round in range(2):
            data = numbers.randbytes(numbers.randrange(LIMIT))
            path = f"/file{i}.{round}"
            answer = client.post("/user/files/upload", data, query={"path": path}, raw=True)
            assert answer.status == 201, answer
            back = client.get("/user/files", query={"path": path})
            assert back.status == 200 and back.body == data, (back.status, len(back.body), len(data))
            digest = client.get("/user/files/checksum", query={"path": path}).json()["checksum"]
            assert digest == hashlib.sha256(data).hexdigest()
        client.connection.close()
        return i

    with concurrent.futures.ThreadPoolExecutor(CLIENTS) as pool:
        assert sorted(pool.map(run, range(CLIENTS))) == list(range(CLIENTS))
    for i in range(USERS):
        assert len(os.listdir(server.home(f"user{i}"))) == 2 * CLIENTS // USERS
    root = Rest(server.http_port).admin()
    assert root.get("/connections").json() == []
    for i in range(USERS):
        used = root.get(f"/users/user{i}").json()
        assert used["used_quota_files"] == 2 * CLIENTS // USERS
        assert used["used_quota_size"] == sum(entry.stat().st_size for entry in server.home(f"user{i}").iterdir())


def test_one_file_is_written_by_many_and_is_always_one_of_them(make_server, tmp_path):
    port = free_port()
    server = make_server(dump={"users": [user("user0", tmp_path / "server0" / "homes" / "user0")]},
                         config={**rest_config(port), "common": {"upload_mode": 1, "max_per_host_connections": 0, "max_per_host_transfers": 0}})
    client = Rest(port).user("user0")
    sent = [bytes([i]) * 50_000 for i in range(40)]

    def put(data):
        assert client.post("/user/files/upload", data, query={"path": "/one"}, raw=True).status == 201
        back = client.get("/user/files", query={"path": "/one"})
        assert back.status == 200 and back.body in sent

    with concurrent.futures.ThreadPoolExecutor(len(sent)) as pool:
        list(pool.map(put, sent))
    assert (server.home("user0") / "one").read_bytes() in sent


def memory_kib(server):
    with open(f"/proc/{server.process.pid}/smaps_rollup") as fields:
        return next(int(line.split()[1]) for line in fields if line.startswith("Pss:"))


def test_idle_connections_cost_little_and_do_not_keep_others_out(server):
    """Held open after a request; http_bench.py does this with 10,000 of them."""
    wanted = min(2000, resource.getrlimit(resource.RLIMIT_NOFILE)[1] - 500)
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted + 500, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    assert wanted >= 400
    request = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"

    def ask(s):
        s.sendall(request)
        received = b""
        while not received.endswith(b"\r\n\r\nok"):
            piece = s.recv(4096)
            assert piece, received
            received += piece

    held = []
    try:
        for _ in range(wanted):
            held.append(socket.create_connection(("127.0.0.1", server.http_port), 60))
            ask(held[-1])
            if len(held) == 100:
                before = memory_kib(server)
        each = (memory_kib(server) - before) / (wanted - 100)
        if not os.environ.get("SLIPWAY_SANITIZER"):
            assert each < 8, f"{each:.1f} KiB a connection"
        assert Rest(server.http_port).user("user1").get("/user/dirs").status == 200
        for s in random.Random(1).sample(held, 50):
            ask(s)
    finally:
        for s in held:
            s.close()
