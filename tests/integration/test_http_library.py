"""The HTTP server library with real clients: curl, OpenSSL, Python's sockets. The server is http_test_server."""
import base64
import concurrent.futures
import hashlib
import os
import pathlib
import re
import signal
import socket
import ssl
import struct
import subprocess
import threading
import time

import pytest

BUILD = pathlib.Path(os.environ["SLIPWAY_BUILD_DIR"])
MIB = min(int(os.environ.get("SLIPWAY_BIG_FILE_MIB", "64")), 64)
HOST = "127.0.0.1"


class Server:
    def __init__(self, root, **options):
        command = [str(BUILD / "tests/http/http_test_server"), f"root={root}"] + [f"{k}={v}" for k, v in options.items()]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self.port = self.tls = None
        while (line := self.process.stdout.readline().split()) != ["ready"]:
            assert line, "the server did not start"
            setattr(self, line[0], int(line[1]))

    def signal(self, number):
        self.process.send_signal(number)
        return self.process.stdout.readline().strip()

    def stop(self):
        self.process.terminate()
        assert self.process.wait(30) == 0

    def url(self, path):
        return f"http://{HOST}:{self.port}{path}"


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    path = tmp_path_factory.mktemp("root")
    (path / "small").write_bytes(os.urandom(4096))
    (path / "middle").write_bytes(os.urandom(1 << 20))
    (path / "big").write_bytes(os.urandom(MIB << 20))
    return path


@pytest.fixture(scope="module")
def server(root):
    running = Server(root)
    yield running
    running.stop()


@pytest.fixture()
def strict_server(root):
    """With limits of a second or so."""
    running = Server(root, limits="test")
    yield running
    running.stop()


def openssl(*arguments, cwd):
    subprocess.run(["openssl", *arguments], check=True, cwd=cwd, capture_output=True)


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    """server.crt/key, an authority, the clients anna and eve, and a revocation list that names eve."""
    path = tmp_path_factory.mktemp("certificates")
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    for name in ("server", "other"):
        openssl("req", "-x509", *curve, "-keyout", f"{name}.key", "-out", f"{name}.crt", "-days", "2", "-subj", f"/CN={name}",
                "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost", cwd=path)
    openssl("req", "-x509", *curve, "-keyout", "ca.key", "-out", "ca.crt", "-days", "2", "-subj", "/CN=authority", cwd=path)
    (path / "index").write_text("")
    (path / "ca.cnf").write_text("[ca]\ndefault_ca=d\n[d]\ndatabase=index\ndefault_md=sha256\ndefault_crl_days=1\ncertificate=ca.crt\nprivate_key=ca.key\n"
                                 "serial=serial\nnew_certs_dir=.\npolicy=p\n[p]\ncommonName=supplied\n")
    (path / "serial").write_text("1000\n")
    for name in ("anna", "eve"):
        openssl("req", *curve, "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", f"/CN={name}", cwd=path)
        openssl("ca", "-config", "ca.cnf", "-batch", "-days", "2", "-in", f"{name}.csr", "-out", f"{name}.crt", cwd=path)
    openssl("ca", "-config", "ca.cnf", "-gencrl", "-out", "empty.crl", cwd=path)
    openssl("ca", "-config", "ca.cnf", "-revoke", "eve.crt", cwd=path)
    openssl("ca", "-config", "ca.cnf", "-gencrl", "-out", "eve.crl", cwd=path)
    return path


def curl(*arguments):
    result = subprocess.run(["curl", "-sS", "--max-time", "60", *map(str, arguments)], capture_output=True)
    return result.returncode, result.stdout


def digest(path):
    return hashlib.sha256(pathlib.Path(path).read_bytes()).hexdigest()


def raw(port, data, wait=10.0, half=False):
    """All that comes back until the server closes, or `wait` seconds without a byte; and how it ended."""
    with socket.create_connection((HOST, port), 10) as s:
        s.settimeout(wait)
        received = b""
        try:
            s.sendall(data)
            if half:
                s.shutdown(socket.SHUT_WR)
            while chunk := s.recv(65536):
                received += chunk
            return received, "closed"
        except TimeoutError:
            return received, "open"
        except OSError:
            return received, "reset"


def statuses(received):
    return [int(m) for m in re.findall(rb"HTTP/1\.1 (\d\d\d) ", received)]


# ---- transfers

@pytest.mark.parametrize("extra", [[], ["-H", "Expect:"], ["-H", "Transfer-Encoding: chunked"]], ids=["plain", "no-expect", "chunked"])
def test_uploads_and_downloads_are_byte_for_byte(server, root, tmp_path, extra):
    for name in ("small", "middle", "big"):
        code, out = curl("-T", root / name, "-w", "%{http_code}", *extra, server.url(f"/put/up-{name}"))
        assert (code, out) == (0, b"201")
        assert digest(root / f"up-{name}") == digest(root / name)
        assert curl("-o", tmp_path / name, server.url(f"/get/{name}"))[0] == 0
        assert digest(tmp_path / name) == digest(root / name)


def test_two_hundred_transfers_at_once(server, root):
    content = (root / "middle").read_bytes()

    def transfer(number):
        with socket.create_connection((HOST, server.port), 60) as s:
            if number % 2:
                s.sendall(b"PUT /put/many-%d HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % (number, len(content)) + content)
                reply = b"".join(iter(lambda: s.recv(65536), b""))
                return statuses(reply) == [201] and (root / f"many-{number}").read_bytes() == content
            s.sendall(b"GET /get/middle HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            reply = b"".join(iter(lambda: s.recv(65536), b""))
            return reply.partition(b"\r\n\r\n")[2] == content

    with concurrent.futures.ThreadPoolExecutor(200) as pool:
        assert all(pool.map(transfer, range(200)))


def test_a_download_resumes(server, root, tmp_path):
    content = (root / "big").read_bytes()
    (tmp_path / "part").write_bytes(content[:123456])
    assert curl("-C", "-", "-o", tmp_path / "part", server.url("/get/big"))[0] == 0
    assert (tmp_path / "part").read_bytes() == content


def test_conditions(server):
    _, head = curl("-I", server.url("/get/small"))
    etag = re.search(rb'ETag: (".*?")', head).group(1).decode()
    modified = re.search(rb"Last-Modified: (.*?)\r", head).group(1).decode()
    code = lambda *fields: curl("-o", "/dev/null", "-w", "%{http_code}", *sum((["-H", f] for f in fields), []), server.url("/get/small"))[1]
    assert code(f"If-None-Match: {etag}") == b"304"
    assert code(f"If-Modified-Since: {modified}") == b"304"
    assert code('If-Match: "other"') == b"412"
    assert code("Range: bytes=0-9", f"If-Range: {etag}") == b"206"
    assert code("Range: bytes=0-9", 'If-Range: "other"') == b"200"


def test_compression(server):
    plain, zipped = curl(server.url("/text/1000"))[1], curl("--compressed", server.url("/text/1000"))[1]
    assert plain == zipped
    assert len(curl("-H", "Accept-Encoding: gzip", server.url("/text/1000"))[1]) < len(plain) / 10
    assert curl("--compressed", server.url("/text-stream/5000"))[1] == curl(server.url("/text-stream/5000"))[1]


def test_a_broken_stream_is_seen_as_broken(server):
    assert curl(server.url("/broken"))[0] == 18  # partial file


# ---- traps: what smuggles, climbs or confuses

HEAD = b"Host: x\r\n"
GET = b"GET /hello HTTP/1.1\r\n" + HEAD
PUT = b"PUT /put/trap HTTP/1.1\r\n" + HEAD
CHUNKED = b"Transfer-Encoding: chunked\r\n\r\n"

TRAPS = {
    "no host": (b"GET /hello HTTP/1.1\r\n\r\n", [400]),
    "two hosts": (GET + HEAD + b"\r\n", [400]),
    "length and chunks": (PUT + b"Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + GET + b"\r\n", [400]),
    "chunks and length": (PUT + b"Transfer-Encoding: chunked\r\nContent-Length: 6\r\n\r\n0\r\n\r\n" + GET + b"\r\n", [400]),
    "two lengths": (PUT + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello", [400]),
    "two equal lengths": (PUT + b"Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello", [400]),
    "a list of lengths": (PUT + b"Content-Length: 5, 5\r\n\r\nhello", [400]),
    "a signed length": (PUT + b"Content-Length: +5\r\n\r\nhello", [400]),
    "xchunked": (PUT + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", [501]),
    "chunked, identity": (PUT + b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n", [501]),
    "two encodings": (PUT + b"Transfer-Encoding: chunked\r\n" + CHUNKED + b"0\r\n\r\n", [400]),
    "a vertical tab before chunked": (PUT + b"Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n", [400]),
    "chunks in 1.0": (b"PUT /put/trap HTTP/1.0\r\n" + HEAD + CHUNKED + b"0\r\n\r\n", [400]),
    "a blank before the colon": (PUT + b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n", [400]),
    "bare line feeds": (b"GET /hello HTTP/1.1\nHost: x\n\n", [400]),
    "one bare line feed": (b"GET /hello HTTP/1.1\r\nHost: x\nX: y\r\n\r\n", [400]),
    "a folded line": (GET + b"X: a\r\n b\r\n\r\n", [400]),
    "NUL in a value": (GET + b"X: a\0b\r\n\r\n", [400]),
    "CR in a value": (GET + b"X: a\rb\r\n\r\n", [400]),
    "a chunk size beyond 64 bits": (PUT + CHUNKED + b"10000000000000005\r\nhello\r\n0\r\n\r\n", [400]),
    "a negative chunk": (PUT + CHUNKED + b"-5\r\nhello\r\n0\r\n\r\n", [400]),
    "a chunk with a bare line feed": (PUT + CHUNKED + b"5\nhello\r\n0\r\n\r\n", [400]),
    "a chunk that is longer than it says": (PUT + CHUNKED + b"3\r\nhello\r\n0\r\n\r\n", [400]),
    "a header of 70 KiB": (GET + b"X: " + b"a" * 70000 + b"\r\n\r\n", [431]),
    "two hundred fields": (GET + b"X: y\r\n" * 200 + b"\r\n", [431]),
    "a long target": (b"GET /" + b"a" * 20000 + b" HTTP/1.1\r\n" + HEAD + b"\r\n", [414]),
    "HTTP/2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", [505]),
    "TLS on a plain port": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", [400]),
    "CONNECT": (b"CONNECT example.com:443 HTTP/1.1\r\nHost: example.com\r\n\r\n", [501]),
    "an unknown expectation": (PUT + b"Expect: 200-ok\r\nContent-Length: 0\r\n\r\n", [417]),
}


@pytest.mark.parametrize("name", TRAPS)
def test_trap(server, name):
    data, expected = TRAPS[name]
    received, end = raw(server.port, data)
    assert statuses(received) == expected
    assert end == "closed"
    assert b"Connection: close" in received


@pytest.mark.parametrize("path", [b"/get/../../etc/passwd", b"/get/%2e%2e/x", b"/get/a/%2E./x", b"/users/..%2f..", b"/get/%00", b"/get/%zz"])
def test_paths_that_climb(server, path):
    received, _ = raw(server.port, b"GET " + path + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert statuses(received) == [400]


def test_pipelined_requests_with_bodies(server):
    data = (PUT + b"Content-Length: 5\r\n\r\nhello" + GET + b"\r\n" + PUT + CHUNKED + b"5;x=y\r\nhello\r\n0\r\nX: y\r\n\r\n"
            + b"GET /hello HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc" + GET + b"Connection: close\r\n\r\n")
    received, end = raw(server.port, data)
    assert (statuses(received), end) == ([201, 200, 201, 200, 200], "closed")


def test_continue_is_said_once_and_only_when_needed(server):
    with socket.create_connection((HOST, server.port), 10) as s:
        s.sendall(PUT + b"Content-Length: 5\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n")
        assert s.recv(1000) == b"HTTP/1.1 100 Continue\r\n\r\n"
        s.sendall(b"hello")
        assert statuses(b"".join(iter(lambda: s.recv(65536), b""))) == [201]
    assert statuses(raw(server.port, PUT + b"Content-Length: 5\r\nExpect: 100-continue\r\nConnection: close\r\n\r\nhello")[0]) == [201]
    refused, end = raw(server.port, b"PUT /limited/x HTTP/1.1\r\nHost: x\r\nContent-Length: 5000\r\nExpect: 100-continue\r\n\r\n")
    assert (statuses(refused), end) == ([413], "closed")


def test_an_early_refusal_reaches_a_client_that_goes_on_sending(server):
    with socket.create_connection((HOST, server.port), 10) as s:
        s.sendall(b"PUT /refuse HTTP/1.1\r\nHost: x\r\nContent-Length: 4000000\r\n\r\n")
        sender = threading.Thread(target=lambda: s.sendall(b"x" * 4000000))
        sender.start()
        received = b"".join(iter(lambda: s.recv(65536), b""))
        sender.join()
    assert statuses(received) == [403]


def test_an_upload_that_breaks_off_leaves_nothing(server, root):
    raw(server.port, b"PUT /put/broken HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf", half=True)
    time.sleep(0.2)
    assert not (root / "broken").exists()
    assert not list(root.glob(".upload.*"))


def test_headers_cannot_be_injected(server):
    received, _ = raw(server.port, b"GET /users/a%0d%0aSet-Cookie:%20x=1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert statuses(received) == [200]
    assert b"Set-Cookie" not in received.partition(b"\r\n\r\n")[0]


# ---- slowness

def test_slow_clients_are_cut(strict_server):
    port = strict_server.port
    assert raw(port, b"")[1] == "closed"
    assert statuses(raw(port, b"GET /hello HTTP/1.1\r\n")[0]) == [408]
    assert statuses(raw(port, PUT + b"Content-Length: 5\r\n\r\nhe")[0]) == [408]
    assert statuses(raw(port, b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhe")[0]) == [408]
    assert statuses(raw(port, GET + b"\r\n")[0]) == [200]  # then idle


@pytest.mark.parametrize("path", [b"/put/slow", b"/echo"])
def test_a_trickle_is_too_slow(strict_server, path):
    method = b"PUT " if path.startswith(b"/put") else b"POST "
    with socket.create_connection((HOST, strict_server.port), 10) as s:
        s.sendall(method + path + b" HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n")
        received = b""
        s.settimeout(0.2)
        end = time.monotonic() + 20
        while time.monotonic() < end and not received:
            try:
                s.sendall(b"x")
                received = s.recv(1000)
            except TimeoutError:
                continue
            except OSError:
                break
        assert statuses(received) == [408]


def test_slow_requests_do_not_hold_up_fast_ones(server):
    stop = threading.Event()

    def slow():
        with socket.create_connection((HOST, server.port), 10) as s:
            while not stop.is_set():
                s.sendall(b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n")
                s.recv(65536)

    def rate():
        with socket.create_connection((HOST, server.port), 10) as s:
            begin = time.monotonic()
            for _ in range(300):
                s.sendall(GET + b"\r\n")
                assert s.recv(65536).startswith(b"HTTP/1.1 200")
            return time.monotonic() - begin

    threads = [threading.Thread(target=slow) for _ in range(16)]
    for t in threads:
        t.start()
    with_slow = rate()
    stop.set()
    for t in threads:
        t.join()
    assert with_slow < 300 * 0.020 / 2  # had each waited for a slow one, it would take twice as long


def test_a_full_lane_says_so(server):
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        codes = list(pool.map(lambda _: curl("-o", "/dev/null", "-w", "%{http_code}", server.url("/stuck"))[1], range(8)))
    assert set(codes) == {b"200", b"503"}


# ---- proxies

def test_proxies_and_browsers(root):
    server = Server(root, proxy="127.0.0.0/8")
    try:
        text = curl("-i", "-H", "X-Forwarded-For: 192.0.2.7", "-H", "X-Forwarded-Proto: https", server.url("/describe"))[1].decode()
        assert "remote=192.0.2.7" in text and "peer=127.0.0.1" in text and "https=1" in text
        assert "Strict-Transport-Security: max-age=600" in text and "X-Content-Type-Options: nosniff" in text
        text = curl("-i", "-X", "OPTIONS", "-H", "Origin: https://a.example.com", "-H", "Access-Control-Request-Method: GET", server.url("/hello"))[1].decode()
        assert "204" in text.splitlines()[0] and "Access-Control-Allow-Origin: https://a.example.com" in text
        assert "Access-Control-Allow-Origin" not in curl("-i", "-H", "Origin: https://evil.example.org", server.url("/hello"))[1].decode()
    finally:
        server.stop()


def test_unix_sockets(root, tmp_path):
    path = tmp_path / "http.sock"
    server = Server(root, unix=path)
    assert curl("--unix-socket", path, "http://localhost/hello")[1] == b"hi"
    server.stop()
    assert not path.exists()


# ---- TLS

def tls_server(root, certificates, **options):
    return Server(root, cert=certificates / "server.crt", key=certificates / "server.key", **options)


def tls_url(server, path):
    return f"https://{HOST}:{server.tls}{path}"


def test_tls_transfers(root, certificates, tmp_path):
    server = tls_server(root, certificates)
    trust = ["--cacert", certificates / "server.crt"]
    try:
        for version in ("--tlsv1.2", "--tlsv1.3"):
            limit = ["--tls-max", version[-3:]]
            for name in ("small", "big"):
                assert curl(*trust, version, *limit, "-o", tmp_path / name, tls_url(server, f"/get/{name}"))[0] == 0
                assert digest(tmp_path / name) == digest(root / name)
                assert curl(*trust, version, *limit, "-T", root / name, tls_url(server, f"/put/tls-{name}"))[0] == 0
                assert digest(root / f"tls-{name}") == digest(root / name)
        assert curl(*trust, tls_url(server, "/stream/20000"))[1] == curl(server.url("/stream/20000"))[1]
        assert len(curl(*trust, tls_url(server, "/big-inline"))[1]) == 8 << 20
        assert curl(*trust, "--tls-max", "1.1", "--tlsv1.0", "--ciphers", "DEFAULT@SECLEVEL=0", tls_url(server, "/hello"))[0] == 35
        received, _ = raw(server.tls, GET + b"\r\n")
        assert statuses(received) == [400] and b"HTTPS" in received
        assert raw(server.tls, b"\x16\x03\x01\x00\x10nonsense nonsense")[1] in ("closed", "reset")
    finally:
        server.stop()


def connect_tls(server, session=None, context=None, protocols=None):
    if context is None:
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    if protocols:
        context.set_alpn_protocols(protocols)
    raw_socket = socket.create_connection((HOST, server.tls), 10)
    return context.wrap_socket(raw_socket, session=session), context


def ask(s, request=GET + b"\r\n", end=b"hi"):
    s.sendall(request)
    received = b""
    while not received.endswith(end):
        chunk = s.recv(65536)
        assert chunk, received
        received += chunk
    return received


def test_tls_sessions_resume(root, certificates):
    server = tls_server(root, certificates)
    try:
        first, context = connect_tls(server)
        ask(first)
        assert not first.session_reused
        second, _ = connect_tls(server, first.session, context)
        ask(second)
        assert second.session_reused
        # A reload forgets the keys of tickets.
        assert server.signal(signal.SIGHUP) == "reloaded"
        third, _ = connect_tls(server, second.session, context)
        ask(third)
        assert not third.session_reused
        for s in (first, second, third):
            s.close()
    finally:
        server.stop()


def test_tls_protocols(root, certificates):
    server = tls_server(root, certificates)
    try:
        s, _ = connect_tls(server, protocols=["h2", "http/1.1"])
        assert s.selected_alpn_protocol() == "http/1.1"
        s.close()
        with pytest.raises(ssl.SSLError):
            connect_tls(server, protocols=["h2"])
    finally:
        server.stop()


def test_tls_ciphers_and_versions(root, certificates):
    server = tls_server(root, certificates, cipher="TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305")
    try:
        assert curl("-k", "--tls-max", "1.2", tls_url(server, "/hello"))[1] == b"hi"
        assert curl("-k", "--tls-max", "1.2", "--ciphers", "ECDHE-ECDSA-AES128-GCM-SHA256", tls_url(server, "/hello"))[0] == 35
    finally:
        server.stop()
    server = tls_server(root, certificates, min=13)
    try:
        assert curl("-k", "--tls-max", "1.2", tls_url(server, "/hello"))[0] == 35
        assert curl("-k", tls_url(server, "/hello"))[1] == b"hi"
    finally:
        server.stop()


def test_tls_reload_changes_the_certificate(root, certificates, tmp_path):
    for kind in ("crt", "key"):
        (tmp_path / f"c.{kind}").write_bytes((certificates / f"server.{kind}").read_bytes())
    server = Server(root, cert=tmp_path / "c.crt", key=tmp_path / "c.key")
    subject = lambda: ssl.get_server_certificate((HOST, server.tls))
    try:
        old, _ = connect_tls(server)
        before = subject()
        (tmp_path / "c.crt").write_text("broken")
        assert server.signal(signal.SIGHUP).startswith("kept: ")
        assert subject() == before
        for kind in ("crt", "key"):
            (tmp_path / f"c.{kind}").write_bytes((certificates / f"other.{kind}").read_bytes())
        assert server.signal(signal.SIGHUP) == "reloaded"
        assert subject() == (certificates / "other.crt").read_text()
        ask(old)  # a connection keeps what it began with
        old.close()
    finally:
        server.stop()


def identity(certificates, name):
    return ["--cert", certificates / f"{name}.crt", "--key", certificates / f"{name}.key", "-k"]


def test_client_certificates(root, certificates, tmp_path):
    server = tls_server(root, certificates, ca=certificates / "ca.crt", auth="require")
    try:
        assert b"certificate=anna" in curl(*identity(certificates, "anna"), tls_url(server, "/describe"))[1]
        assert curl("-k", tls_url(server, "/describe"))[0] != 0
        assert curl(*identity(certificates, "other"), tls_url(server, "/describe"))[0] != 0  # of no authority
    finally:
        server.stop()
    server = tls_server(root, certificates, ca=certificates / "ca.crt", auth="optional")
    try:
        assert b"certificate=" not in curl("-k", tls_url(server, "/describe"))[1]
        assert b"certificate=eve" in curl(*identity(certificates, "eve"), tls_url(server, "/describe"))[1]
    finally:
        server.stop()


def test_revoked_certificates_are_refused_after_a_reload(root, certificates, tmp_path):
    crl = tmp_path / "list.crl"
    crl.write_bytes((certificates / "empty.crl").read_bytes())
    server = tls_server(root, certificates, ca=certificates / "ca.crt", crl=crl, auth="require")
    try:
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        context.load_cert_chain(certificates / "eve.crt", certificates / "eve.key")
        before, _ = connect_tls(server, context=context)
        ask(before)
        crl.write_bytes((certificates / "eve.crl").read_bytes())
        assert server.signal(signal.SIGHUP) == "reloaded"
        assert b"certificate=anna" in curl(*identity(certificates, "anna"), tls_url(server, "/describe"))[1]
        assert curl(*identity(certificates, "eve"), tls_url(server, "/describe"))[0] != 0
        with pytest.raises(OSError):  # nor by the session of before
            after, _ = connect_tls(server, before.session, context)
            ask(after)
        before.close()
    finally:
        server.stop()


# ---- WebSocket

class WebSocketClient:
    def __init__(self, s, path):
        self.socket = s
        key = base64.b64encode(os.urandom(16))
        s.sendall(b"GET " + path + b" HTTP/1.1\r\nHost: x\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n"
                  b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: other, chat\r\nSec-WebSocket-Key: " + key + b"\r\n\r\n")
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += s.recv(1)
        assert head.startswith(b"HTTP/1.1 101 ")
        accept = base64.b64encode(hashlib.sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest())
        assert b"Sec-WebSocket-Accept: " + accept + b"\r\n" in head
        self.head = head

    def send(self, payload, opcode=1):
        mask = os.urandom(4)
        size = len(payload)
        head = bytes([0x80 | opcode])
        if size < 126:
            head += bytes([0x80 | size])
        elif size < 65536:
            head += bytes([0xFE]) + struct.pack("!H", size)
        else:
            head += bytes([0xFF]) + struct.pack("!Q", size)
        keys = (mask * (size // 4 + 1))[:size]
        body = (int.from_bytes(payload, "big") ^ int.from_bytes(keys, "big")).to_bytes(size, "big") if size else b""
        self.socket.sendall(head + mask + body)

    def exactly(self, count):
        data = b""
        while len(data) < count:
            chunk = self.socket.recv(count - len(data))
            assert chunk
            data += chunk
        return data

    def receive(self):
        first, size = self.exactly(2)
        if size == 126:
            size, = struct.unpack("!H", self.exactly(2))
        elif size == 127:
            size, = struct.unpack("!Q", self.exactly(8))
        return first & 15, self.exactly(size)


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "tls"])
def test_websockets(root, certificates, tls):
    server = tls_server(root, certificates)
    try:
        connect = lambda: connect_tls(server)[0] if tls else socket.create_connection((HOST, server.port), 10)
        echo = WebSocketClient(connect(), b"/ws/echo")
        for size in (0, 1, 125, 126, 65535, 65536, 1 << 20):
            message = os.urandom(size)
            echo.send(message, 2)
            assert echo.receive() == (2, message)
        echo.send(b"\x03\xe8", 8)
        assert echo.receive() == (8, b"\x03\xe8")
        assert echo.socket.recv(1) == b""
        members = [WebSocketClient(connect(), b"/ws/chat") for _ in range(20)]
        assert b"Sec-WebSocket-Protocol: chat\r\n" in members[0].head
        members[7].send("grüß euch".encode())
        assert all(m.receive() == (1, "grüß euch".encode()) for m in members)
        assert "websockets=20" in server.signal(signal.SIGUSR1)
        for m in members:
            m.socket.close()
    finally:
        server.stop()


def test_a_drain_ends_websockets(root):
    server = Server(root)
    client = WebSocketClient(socket.create_connection((HOST, server.port), 10), b"/ws/echo")
    server.process.terminate()
    assert client.receive()[0] == 8
    client.send(b"\x03\xe9", 8)
    assert server.process.wait(10) == 0


# ---- many

def test_idle_connections_hold_no_thread(server, root):
    def threads():
        return len(os.listdir(f"/proc/{server.process.pid}/task"))

    held = [socket.create_connection((HOST, server.port), 10) for _ in range(500)]
    for s in held:
        ask(s)
    time.sleep(0.2)
    assert threads() < 50 + 210  # workers of the tests before may still be there
    for s in held:
        ask(s)  # all are still good
        s.close()
