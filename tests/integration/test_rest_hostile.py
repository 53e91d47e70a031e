"""Every route of the HTTP module against paths that climb, bodies without end, fields that break out, and requests in requests."""
import concurrent.futures
import re
import socket
import time

import pytest
from rest import Rest, admin, rest_config
from routes import API, discover, quote
from slipway_server import SlipwayServer, free_port, user
from test_rest_user import form

HOST = "127.0.0.1"
CANARY = b"the canary sings"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    directory = tmp_path_factory.mktemp("server")
    port = free_port()
    homes = directory / "homes"
    (homes / "anna").mkdir(parents=True)
    for outside in (directory / "canary.txt", homes / "canary.txt"):
        outside.write_bytes(CANARY)
    dump = {"admins": [admin()], "users": [user("anna", homes / "anna"), user("victim", homes / "victim")]}
    config = {**rest_config(port, max_upload_file_size=4 << 20), "common": {"upload_mode": 1, "max_per_host_connections": 0, "max_per_host_transfers": 0}}
    server = SlipwayServer(directory, dump=dump, config=config)
    server.http_port = port
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def routes(server):
    return discover(server.http_port)


class Clients:
    def __init__(self, port):
        self.anyone = Rest(port)
        self.admin, self.user = self.anyone.admin(), self.anyone.user("anna")
        made = self.user.post("/user/shares", {"name": "all", "scope": 3, "paths": ["/shared"]})
        self.share = made.headers["X-Object-ID"]

    def of(self, route):
        return getattr(self, route.audience)


@pytest.fixture(scope="module")
def clients(server):
    Rest(server.http_port).user("anna").post("/user/dirs?path=/shared")
    return Clients(server.http_port)


def outside_is_untouched(server):
    homes = server.dir / "homes"
    assert (server.dir / "canary.txt").read_bytes() == (homes / "canary.txt").read_bytes() == CANARY
    assert {p.name for p in homes.iterdir()} <= {"anna", "victim", "canary.txt"}
    assert not [p for p in server.dir.iterdir() if "evil" in p.name]


def raw(port, data, wait=20.0):
    """All that comes back until the server closes or says nothing for `wait` seconds; and how it ended."""
    with socket.create_connection((HOST, port), 10) as s:
        s.settimeout(wait)
        received = b""
        try:
            s.sendall(data)
            while chunk := s.recv(65536):
                received += chunk
            return received, "closed"
        except TimeoutError:
            return received, "open"
        except OSError:
            return received, "reset"


def statuses(received):
    return [int(m) for m in re.findall(rb"(?m)^HTTP/1\.1 (\d\d\d) ", received)]


def head_of(route, client, *values, query="", length=None, fields=()):
    lines = [f"{route.method} {API}{route.url(*values)}{query} HTTP/1.1", "Host: x"]
    lines += [f"{k}: {v}" for k, v in client.headers.items()] + list(fields)
    if length is not None:
        lines.append(f"Content-Length: {length}")
    return "\r\n".join(lines).encode() + b"\r\n"


# ---- paths that climb

CLIMBING = [
    "..", ".", "%2e%2e", "..%2f..%2fcanary.txt", "%2e%2e%2fcanary.txt", "..%5ccanary.txt", "%2e%2e%5c%2e%2e%5ccanary.txt", "%252e%252e%252fcanary.txt",
    "%c0%ae%c0%ae%2fcanary.txt", "%e0%80%ae%e0%80%ae%2fcanary.txt", "%uff0e%uff0e%2fcanary.txt", "..%00%2fcanary.txt", "canary.txt%00.zip", "..;%2fcanary.txt",
    "%2fetc%2fpasswd", "%2f..%2f..%2fetc%2fpasswd", "file:%2f%2f%2fetc%2fpasswd", "%", "%zz", "%ff%fe", "a" * 5000, "%2e%2e%2f" * 300 + "etc%2fpasswd",
]


def test_no_parameter_of_a_path_climbs(routes, clients, server):
    for route in routes:
        if not route.parameters or route.audience == "anyone" and route.path.startswith(("/admins", "/users")):
            continue
        for text in CLIMBING:
            for values in {(text,) * len(route.parameters), (clients.share, text) if len(route.parameters) == 2 else (text,)}:
                answer = route.send(clients.of(route), *values, **({"body": b"", "raw": True} if route.streams else {}))
                assert 400 <= answer.status < 500 or (route.streams and answer.status == 201) or answer.status == 501, (route, text, answer)
                assert CANARY not in answer.body and b"root:" not in answer.body
    outside_is_untouched(server)


FILE_PATHS = ["../canary.txt", "/../canary.txt", "/shared/../../canary.txt", "..\\canary.txt", "/shared/..\\..\\canary.txt", "%2e%2e/canary.txt", "//../canary.txt",
              "/./../canary.txt", "../evil.txt", "/../../evil", "\0", "a\0b", "../" * 500 + "etc/passwd", "/etc/passwd", "/proc/self/environ", "\udcff".encode("utf-8", "surrogateescape")]


def test_no_path_of_a_file_climbs(routes, clients, server):
    for route in routes:
        if not (route.path.startswith(("/user/dirs", "/user/file")) or route.path.startswith("/shares/")):
            continue
        client = clients.of(route)
        values = (clients.share, "dirs")[: len(route.parameters)]
        for text in FILE_PATHS:
            for query in ({"path": text}, {"path": text, "target": "/got"}, {"path": "/shared", "target": text}, {"path": text, "target": text, "mkdir_parents": "true"}):
                body, headers = (form(("f.txt", b"x")) if route.method == "POST" else (None, None))
                if route.method == "PATCH":
                    body, headers = b'{"modification_time": 1000}', None
                answer = client.send(route.method, route.url(*values), body, query=query, headers=headers, raw=True)
                assert answer.status < 500, (route, query, answer)
                assert CANARY not in answer.body and b"root:x" not in answer.body, (route, query, answer)
        Rest(server.http_port).user("anna").post("/user/dirs?path=/shared")  # if it went
    zipped = clients.user.post("/user/streamzip", ["/../canary.txt", "../../canary.txt"])
    assert CANARY not in zipped.body
    for name in ("../evil.txt", "..\\evil.txt", "/evil.txt", "....//evil.txt", "a/../../evil.txt", "..", "."):
        for path in ("/user/files?path=/shared", "/shares/" + clients.share):
            body, headers = form((name, b"x"))
            answer = (clients.user if path.startswith("/user") else clients.anyone).post(path, body, headers=headers, raw=True)
            assert answer.status in (201, 400), (name, answer)
    outside_is_untouched(server)


# ---- bodies without end


def test_announced_bodies_beyond_the_limit_are_refused_at_once(routes, clients, server):
    for route in routes:
        if not route.takes_body:
            continue
        received, end = raw(server.http_port, head_of(route, clients.of(route), length=10 << 30) + b"\r\n")
        assert (statuses(received), end) == ([413], "closed"), (route, received)


def test_bodies_that_do_not_end_are_cut(routes, clients, server):
    chunk = b"8000\r\n" + b" " * 0x8000 + b"\r\n"

    def pour(route):
        values = (clients.share, "poured.txt") if route.path.startswith("/shares") else ()
        query = "?path=/poured.txt" if route.path.startswith("/user/files/upload") else ""
        with socket.create_connection((HOST, server.http_port), 60) as s:
            s.settimeout(60)
            s.sendall(head_of(route, clients.of(route), *values, query=query, fields=["Transfer-Encoding: chunked", f"Content-Type: {form()[1]['Content-Type']}"]) + b"\r\n")
            try:
                for _ in range((22 if route.path == "/loaddata" else 5) * 32):
                    s.sendall(chunk)
            except OSError:
                pass
            try:
                return route, statuses(b"".join(iter(lambda: s.recv(65536), b"")))
            except OSError:
                return route, []  # a reset, for what was still on its way

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        for route, answers in pool.map(pour, [r for r in routes if r.takes_body]):
            # Forms and names are looked at before the end.
            assert answers in ([], [413]) or route.streams and answers in ([400], [403]), (route, answers)
    assert not list((server.dir / "homes/anna").rglob("poured*"))


def test_strangers_are_not_listened_to(routes, server):
    """Who may not is refused before a large body."""
    for route in routes:
        if (route.streams or route.path == "/loaddata") and route.takes_body and route.audience != "anyone":
            received, end = raw(server.http_port, head_of(route, Rest(server.http_port), length=1 << 20, query="?path=/x") + b"\r\n")
            assert (statuses(received), end) == ([401], "closed"), (route, received)


# ---- slowness


def outlast(port, begin, piece=b"", every=0.5):
    """Sends `begin`, then `piece` again and again, until the server has enough; the statuses that came."""
    received = b""
    with socket.create_connection((HOST, port), 60) as s:
        s.sendall(begin)
        s.settimeout(every)
        end = time.monotonic() + 180
        while time.monotonic() < end:
            try:
                chunk = s.recv(65536)
                if not chunk:
                    return statuses(received)
                received += chunk
            except TimeoutError:
                try:
                    s.sendall(piece)
                except OSError:
                    return statuses(received)
            except OSError:
                return statuses(received)
    raise AssertionError(f"the server still waits after {begin[:100]!r}")


def test_slow_clients_are_cut(routes, clients, server):
    """Nobody holds a connection by saying little, before the login or after it; others are served meanwhile."""
    port, get = server.http_port, b"GET /api/v2/version HTTP/1.1\r\nHost: x\r\n"
    cases = [(b"",), (b"G",), (get,), (get, b"X: y\r\n"), (get + b"X: ", b"y")]
    for route in routes:
        if (route.method, route.path) in {("POST", "/users"), ("POST", "/loaddata"), ("POST", "/user/files/upload"), ("POST", "/user/files"), ("POST", "/user/streamzip"), ("POST", "/shares/{id}")}:
            for fields in (["Content-Length: 100000"], ["Transfer-Encoding: chunked"]):
                begin = head_of(route, clients.of(route), clients.share, query="?path=/slow.txt", fields=[*fields, f"Content-Type: {form()[1]['Content-Type']}"]) + b"\r\n"
                first = b"" if "Length" in fields[0] else b"186a0\r\n"
                cases += [(begin,), (begin + first, b"x")]
    with concurrent.futures.ThreadPoolExecutor(len(cases)) as pool:
        waiting = [pool.submit(outlast, port, *case) for case in cases]
        while not all(w.done() for w in waiting):
            assert clients.admin.get("/version").status == 200
            time.sleep(0.2)
        for case, result in zip(cases, waiting):
            assert result.result() in ([], [408]), case
    assert not list((server.dir / "homes/anna").rglob("*slow*"))


# ---- fields that break out


def test_nothing_breaks_out_of_a_header(routes, clients, server):
    evil = quote("x\r\nX-Evil: 1\r\n\r\nHTTP/1.1 200 OK\r\nX-Evil: 2\r\n\r\n")
    for route in routes:
        values = (evil,) * len(route.parameters)
        query = f"?path={evil}&target={evil}&output-file={evil}&input-file=/{evil}&scopes={evil}&order={evil}&name={evil}&inline={evil}"
        client = clients.of(route)
        if route.path in ("/logout", "/user/logout"):
            continue
        body = b"{}" if route.takes_body else b""
        received, _ = raw(server.http_port, head_of(route, client, *values, query=query, length=len(body) if route.takes_body else None,
                                                    fields=["Connection: close", "Origin: https://x\x09y", "User-Agent: a\x09b"]) + b"\r\n" + body)
        assert len(statuses(received)) == 1, (route, received)
        assert b"\nX-Evil" not in received, (route, received)


def test_names_that_become_fields(clients, server):
    home = server.dir / "homes/anna"
    names = ["a\r\nX-Evil: 1", 'q"uote; filename=evil', "ünï", "tab\t", "semi;colon", "new\nline"]
    for name in names:
        (home / name).write_bytes(b"x")
        answer = clients.user.get("/user/files?path=/" + quote(name))
        assert answer.status == 200 and answer.headers["X-Evil"] is None, (name, answer)
        disposition = answer.headers["Content-Disposition"]
        assert disposition.startswith("attachment; filename=") and "\r" not in disposition and "\n" not in disposition
        shared = clients.user.post("/user/shares", {"name": name, "scope": 1, "paths": ["/" + name]})
        if shared.status == 201:
            for query in ("", "?compress=false"):
                answer = clients.anyone.get("/shares/" + shared.headers["X-Object-ID"] + query)
                assert answer.status == 200 and answer.headers["X-Evil"] is None, (name, answer)
        (home / name).unlink()
        for path, document in (("/groups", {"name": name}), ("/roles", {"name": name}), ("/apikeys", {"name": name, "scope": 1})):
            made = clients.admin.post(path, document)
            assert made.status in (201, 400) and made.headers["X-Evil"] is None
            if made.status == 201:
                location = made.headers["Location"]
                assert re.fullmatch(r"[!-~]+", location), location
                assert clients.admin.delete(location.removeprefix(API)).status == 200, location


# ---- requests in requests


def hidden(clients):
    """A request that deletes a user, for the inside of others."""
    return b"DELETE /api/v2/users/victim HTTP/1.1\r\nHost: x\r\nAuthorization: " + clients.admin.headers["Authorization"].encode() + b"\r\n\r\n"


FRAMINGS = {
    "length, then chunks": (b"Content-Length: %d\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", [400]),
    "chunks, then length": (b"Transfer-Encoding: chunked\r\nContent-Length: %d\r\n\r\n0\r\n\r\n", [400]),
    "chunks that hide": (b"Content-Length: %d\r\nTransfer-Encoding: xchunked\r\n\r\n", [400, 501]),
    "a blank before the colon": (b"Content-Length : %d\r\n\r\n", [400]),
    "two lengths": (b"Content-Length: %d\r\nContent-Length: 0\r\n\r\n", [400]),
    "a list of lengths": (b"Content-Length: %d, 0\r\n\r\n", [400]),
    "a signed length": (b"Content-Length: +%d\r\n\r\n", [400]),
    "a hexadecimal length": (b"Content-Length: 0x%d\r\n\r\n", [400]),
    "a length in a folded line": (b"X: y\r\n Content-Length: %d\r\n\r\n", [400]),
    "a length behind a bare line feed": (b"X: y\nContent-Length: %d\r\n\r\n", [400]),
    "a length behind a bare carriage return": (b"X: y\rContent-Length: %d\r\n\r\n", [400]),
    "a length with a NUL": (b"Content-Length: %d\0\r\n\r\n", [400]),
    "identity after chunked": (b"Transfer-Encoding: chunked, identity\r\nX: %d\r\n\r\n0\r\n\r\n", [400, 501]),
    "chunked twice": (b"Transfer-Encoding: chunked, chunked\r\nX: %d\r\n\r\n0\r\n\r\n", [400, 501]),
    "a vertical tab": (b"Transfer-Encoding:\x0bchunked\r\nX: %d\r\n\r\n0\r\n\r\n", [400, 501]),
    "a chunk size that wraps": (b"Transfer-Encoding: chunked\r\nX: %d\r\n\r\n10000000000000000\r\n", None),
    "a chunk size with a sign": (b"Transfer-Encoding: chunked\r\nX: %d\r\n\r\n+0\r\n\r\n", None),
    "a chunk with a bare line feed": (b"Transfer-Encoding: chunked\r\nX: %d\r\n\r\n1\nx\r\n0\r\n\r\n", None),
    "an extension with a bare line feed": (b"Transfer-Encoding: chunked\r\nX: %d\r\n\r\n1;a\nb\r\nx\r\n0\r\n\r\n", None),
}


@pytest.mark.parametrize("name", FRAMINGS)
def test_a_request_in_a_request_is_not_found(routes, clients, server, name):
    fields, expected = FRAMINGS[name]
    inside = hidden(clients)
    for route in routes:
        if route.method == "HEAD" or route.path in ("/logout", "/user/logout"):
            continue
        for client in (clients.of(route), clients.anyone):
            received, end = raw(server.http_port, head_of(route, client) + fields % len(inside) + inside)
            assert len(statuses(received)) == 1 and end != "open", (route, received, end)
            # What is wrong with the chunks is seen when they are read; who may not is refused before.
            assert statuses(received)[0] in (expected or range(400, 500)), (route, received)
            assert b"Connection: close" in received, (route, received)
    assert clients.admin.get("/users/victim").status == 200


def test_a_body_is_never_taken_for_a_request(routes, clients, server):
    """Whatever a route makes of its body, refusals too: the next request begins behind it, or there is none."""
    inside = hidden(clients)
    for route in routes:
        if route.path in ("/logout", "/user/logout"):
            continue
        for client in (clients.of(route), clients.anyone, clients.anyone.with_bearer("x.y.z")):
            last = b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
            received, end = raw(server.http_port, head_of(route, client, length=len(inside)) + b"\r\n" + inside + last)
            assert end != "open", (route, received)
            assert len(statuses(received)) in (1, 2), (route, received)
            assert len(statuses(received)) == 1 or received.endswith(b"\r\n\r\nok"), (route, received)
    assert clients.admin.get("/users/victim").status == 200


def test_methods_are_what_the_request_line_says(clients):
    for field in ("X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"):
        assert clients.admin.get("/users/victim", headers={field: "DELETE"}).status == 200
        clients.admin.post("/users/victim?_method=DELETE", {}, headers={field: "DELETE"})
    for method in ("TRACE", "CONNECT", "delete", "PROPFIND", "GETX"):
        assert clients.admin.send(method, "/users/victim").status in (400, 405, 501), method
    for field in ("X-Original-URL", "X-Rewrite-URL"):
        assert clients.anyone.get("/version", headers={field: "/healthz"}).status == 401
    assert clients.admin.get("/users/victim").status == 200
