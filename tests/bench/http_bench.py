"""The finished server and its HTTP library beside nginx and Apache: throughput, CPU and memory, one run, interleaved (A B C A B C …).

    cmake --build --preset release
    taskset -c 0,1 python3 tests/bench/http_bench.py [--rounds 3] [--mib 512] [--seconds 3] [--idle 10000] [--build build/release] [--only TEXT]

The library is http_test_server: files of a folder, no users. The finished server is asked in two ways: by the link of a share,
as anybody may, and by a user who has logged in; it runs with permissions, quota, events and the log. nginx and Apache ask nobody
for a password. Clients: curl for large files, wrk for small ones, both on this machine. Data in /dev/shm, so that disks do not
matter. CPU is user and system time of all of a server's processes. Compare figures of one table only: a machine drifts from run
to run. Wants the Debian packages nginx, apache2, wrk and curl; a peer that is missing is left out, and said so.
"""
import argparse
import concurrent.futures
import hashlib
import http.client
import os
import pathlib
import resource
import shutil
import socket
import ssl
import statistics
import subprocess
import sys
import tempfile
import threading
import time

import http_peers
import peers

CONNECTIONS = 64  # of wrk
SLOW = 16
# Each connection of wrk puts files of its own, four of them in turn.
PUT_SCRIPT = """
local count, thread = 0, 0
function setup(t) thread = thread + 1; t:set("id", thread) end
function init() body = string.rep("x", 4096) end
function request()
  count = count + 1
  return wrk.format("{method}", (string.gsub("{path}", "NAME", "w" .. id .. "_" .. count % 256)), nil, body)
end
"""


class Site:
    def __init__(self, work, build, mib):
        self.work, self.build, self.root = work, build, work / "root"
        work.chmod(0o755)
        self.root.mkdir()
        self.root.chmod(0o777)
        self.certificate, self.key, self.upload = work / "tls.crt", work / "tls.key", work / "upload"
        with open(self.upload, "wb") as f:
            for _ in range(mib):
                f.write(os.urandom(1 << 20))
        shutil.copy(self.upload, self.root / "big")
        (self.root / "f4k").write_bytes(os.urandom(4096))
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout",
                        self.key, "-out", self.certificate, "-days", "2", "-subj", "/CN=127.0.0.1"], check=True, stderr=subprocess.DEVNULL)


def header_options(way, tls):
    return [option for header in way.headers[tls] for option in ("-H", header)]


def curl(way, tls, *arguments):
    subprocess.run(["curl", "-sSfk", "-H", "Expect:", *header_options(way, tls), *map(str, arguments)], check=True, stdout=subprocess.DEVNULL)


def wrk(way, tls, url, seconds, *options):
    command = ["wrk", "-t2", f"-c{CONNECTIONS}", f"-d{seconds}", *header_options(way, tls), *options, url]
    out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    if "Non-2xx" in out:
        raise RuntimeError(out)
    return next(int(line.split()[0]) for line in out.splitlines() if "requests in" in line)


def measured(way, action):
    """Units a second, and the server's CPU seconds a unit."""
    cpu, begin = way.server.cpu(), time.monotonic()
    amount = action(way)
    wall = time.monotonic() - begin
    time.sleep(0.05)
    return amount / wall, (way.server.cpu() - cpu) / amount


class Workloads:
    def __init__(self, site, options):
        self.site, self.options = site, options

    def get(self, tls):
        def run(way):
            curl(way, tls, "-o", "/dev/null", way.get_url("big", tls))
            return self.options.mib / 1024
        return run

    def put(self, tls):
        def run(way):
            target = self.site.root / "put"
            curl(way, tls, "-X", way.method, "-T", self.site.upload, way.put_url("put", tls))
            if target.stat().st_size != self.options.mib << 20:
                raise RuntimeError("the upload is incomplete")
            target.unlink()
            return self.options.mib / 1024
        return run

    def small_get(self, tls):
        return lambda way: wrk(way, tls, way.get_url("f4k", tls), self.options.seconds)

    def small_put(self, tls):
        def run(way):
            script = self.site.work / "put.lua"
            path = way.put.format("NAME")
            script.write_text(PUT_SCRIPT.replace("{method}", way.method).replace("{path}", path))
            return wrk(way, tls, way.server.base(tls), self.options.seconds, "-s", str(script))
        return run

    def all(self):
        gib, million, size = (1024, "MiB/s", 1, "s/GiB"), (1, "/s", 1e6, "us"), f"{self.options.mib} MiB"
        for verb, action, unit in ((f"GET {size}", self.get, gib), (f"PUT {size}", self.put, gib),
                                   ("GET 4 KiB, keep-alive", self.small_get, million), ("PUT 4 KiB, keep-alive", self.small_put, million)):
            for tls in (False, True):
                yield verb + (", TLS" if tls else ""), action(tls), unit


# ---- idle connections

TLS_CONTEXT = ssl._create_unverified_context()


def connect(server, tls):
    s = socket.create_connection(("127.0.0.1", server.tls if tls else server.port), 60)
    if not tls:
        return s
    return TLS_CONTEXT.wrap_socket(s)


def ask(s, request):
    s.sendall(request)
    received = b""
    while len(received.partition(b"\r\n\r\n")[2]) < 4096:
        piece = s.recv(65536)
        if not piece:
            raise RuntimeError(received)
        received += piece


def is_served(s, request):
    try:
        ask(s, request)
        return True
    except (OSError, RuntimeError):
        return False


def request_of(way, tls):
    lines = [f"GET {way.get.format('f4k')} HTTP/1.1", "Host: x", *way.headers[tls]]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def another_client(way, tls):
    """ms from connecting to an answer, of somebody who comes now."""
    times = []
    for _ in range(50):
        begin = time.perf_counter()
        s = connect(way.server, tls)
        ask(s, request_of(way, tls))
        times.append((time.perf_counter() - begin) * 1000)
        s.close()
    return statistics.median(times)


def idle(way, count, tls):
    """KiB a connection that has asked once and waits, MiB of the whole process, ms of another client before and meanwhile."""
    request, held = request_of(way, tls), []
    alone = another_client(way, tls)
    before = way.server.memory()
    try:
        for _ in range(count):
            held.append(connect(way.server, tls))
            ask(held[-1], request)
        time.sleep(1)
        now = way.server.memory()
        meanwhile = another_client(way, tls)
        sample = held[:: max(1, count // 100)]
        served = sum(is_served(s, request) for s in sample)
        gone = "" if served == len(sample) else f"; has closed {100 - 100 * served // len(sample)} % of them"
        return f"{(now - before) / count / 1024:.1f} KiB each, {now / (1 << 20):.0f} MiB in all; another client {alone:.1f} -> {meanwhile:.1f} ms{gone}"
    finally:
        for s in held:
            s.close()
        time.sleep(0.5)


# ---- slow ones beside fast ones

def beside_slow(way, options):
    """The rate of small downloads while SLOW other clients each keep a throttled download under way."""
    server, stop = way.server, threading.Event()
    token = server.token(user="slow")

    def slow():
        while not stop.is_set():
            connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
            try:
                connection.request("GET", "/api/v2/user/files?path=/big", headers={"Authorization": token})
                answer = connection.getresponse()
                while not stop.is_set() and answer.read(65536):
                    pass
            finally:
                connection.close()

    rates = {False: [], True: []}
    for _ in range(options.rounds):
        rates[False].append(measured(way, lambda w: wrk(w, False, w.get_url("f4k"), options.seconds))[0])
        stop.clear()
        threads = [threading.Thread(target=slow) for _ in range(SLOW)]
        for thread in threads:
            thread.start()
        time.sleep(0.5)
        rates[True].append(measured(way, lambda w: wrk(w, False, w.get_url("f4k"), options.seconds))[0])
        stop.set()
        for thread in threads:
            thread.join()
    alone, beside = (statistics.median(rates[kind]) for kind in (False, True))
    return f"{alone:.0f} -> {beside:.0f} /s, {100 * beside / alone:.0f} %"


# ---- many at once

def concurrently(way, site, clients, mib):
    """All upload a file of their own at once, then all download theirs; each compares the checksum."""
    block = os.urandom(1 << 20)
    expected = hashlib.sha256(block * mib).hexdigest()

    def upload(i):
        curl(way, False, "-X", way.method, "-T", source, way.put_url(f"many{i}"))

    def download(i):
        out = subprocess.run(["bash", "-c", 'set -o pipefail; curl -sSf "$@" | sha256sum', "-", *header_options(way, False), way.get_url(f"many{i}")],
                             check=True, capture_output=True, text=True).stdout
        if out.split()[0] != expected:
            raise RuntimeError(f"many{i} came back changed")

    source = site.work / "many"
    source.write_bytes(block * mib)
    cells = []
    for action in (upload, download):
        def run(_):
            with concurrent.futures.ThreadPoolExecutor(clients) as pool:
                list(pool.map(action, range(clients)))
            return clients * mib / 1024
        rate, cpu = measured(way, run)
        cells.append(f"{rate * 1024:.0f} MiB/s, {cpu:.2f} s/GiB")
    for i in range(clients):
        (site.root / f"many{i}").unlink()
    source.unlink()
    return "; ".join(cells)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--mib", type=int, default=512)
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--idle", type=int, default=10000)
    parser.add_argument("--clients", type=int, default=200)
    parser.add_argument("--build", type=pathlib.Path, default=pathlib.Path("build/release"))
    parser.add_argument("--only", default="", help="workloads whose name has this text")
    parser.add_argument("--servers", default="", help="by name, with commas")
    options = parser.parse_args()

    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    work = pathlib.Path(tempfile.mkdtemp(prefix="slipway-http-bench-", dir="/dev/shm"))
    servers, ways = [], []
    try:
        site = Site(work, options.build.resolve(), options.mib)
        for kind in http_peers.ALL:
            if options.servers and kind.name not in options.servers.split(","):
                continue
            try:
                servers.append(kind(site))
                ways += servers[-1].ways()
            except peers.Missing as missing:
                print(missing, file=sys.stderr)
        print("| Workload | " + " | ".join(way.name for way in ways) + " |\n|---" + "|---" * len(ways) + "|", flush=True)

        def row(name, cell_of):
            if options.only in name:
                print(f"| {name} | " + " | ".join(cell_of(way) for way in ways) + " |", flush=True)

        for name, action, (rate_factor, rate_unit, cpu_factor, cpu_unit) in Workloads(site, options).all():
            if options.only not in name:
                continue
            results = {way: [] for way in ways}
            for _ in range(options.rounds):
                for way in ways:
                    results[way].append(measured(way, action))

            def cell(way):
                rate = statistics.median(r for r, _ in results[way]) * rate_factor
                cpu = statistics.median(c for _, c in results[way]) * cpu_factor
                return f"{rate:.0f} {rate_unit}, {cpu:.2f} {cpu_unit}"

            row(name, cell)
        logged_in = [way for way in ways if way.headers[False]]
        row(f"{options.clients} clients at once, 4 MiB each, with checksums: up; down", lambda way: concurrently(way, site, options.clients, 4))
        row(f"GET 4 KiB while {SLOW} slow downloads run", lambda way: beside_slow(way, options) if way in logged_in else "-")
        for tls in (False, True):
            # Once a server: the second time it would have the memory already.
            first = {id(way.server): way for way in reversed(ways)}
            row(f"{options.idle} idle connections" + (", TLS" if tls else ""),
                lambda way: idle(way, options.idle, tls) if first[id(way.server)] is way else "-")
    finally:
        for server in servers:
            server.stop()
        shutil.rmtree(work, ignore_errors=True)


if __name__ == "__main__":
    main()
