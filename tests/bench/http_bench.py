"""The HTTP server library beside nginx and Apache: throughput, CPU and memory, one run, interleaved (A B C A B C …).

    python3 tests/bench/http_bench.py [--rounds 3] [--mib 512] [--seconds 4] [--idle 2000] [--build build/release] [--only TEXT]

The server is http_test_server: files of a folder, no users. Clients: curl for large files, wrk for small ones. Data in /dev/shm, so
that disks do not matter. CPU is user and system time of all of the server's processes. Compare figures of one table only: a machine
drifts from run to run. Wants the Debian packages nginx, apache2, wrk and curl; a peer that is missing is left out, and said so.
"""
import argparse
import os
import pathlib
import shutil
import socket
import ssl
import statistics
import subprocess
import sys
import tempfile
import time

TICK = os.sysconf("SC_CLK_TCK")


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_port(port):
    end = time.monotonic() + 30
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.02)


def stat_fields(pid):
    text = pathlib.Path(f"/proc/{pid}/stat").read_text()
    return text[text.rindex(")") + 2:].split()


def process_tree(pid):
    children = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                children.setdefault(int(stat_fields(entry)[1]), []).append(int(entry))
            except OSError:
                continue
    found, todo = [], [pid]
    while todo:
        found.append(todo.pop())
        todo += children.get(found[-1], [])
    return found


def cpu_seconds(pid):
    total = 0
    for p in process_tree(pid):
        try:
            total += sum(map(int, stat_fields(p)[11:15]))  # with reaped children
        except OSError:
            continue
    return total / TICK


def memory(pid):
    total = 0
    for p in process_tree(pid):
        try:
            for line in pathlib.Path(f"/proc/{p}/smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    total += int(line.split()[1])
        except OSError:
            pass
    return total  # KiB


class Server:
    def __init__(self, work, root):
        self.port, self.tls, self.work, self.root = free_port(), free_port(), work, root
        self.folder = work / self.name
        self.folder.mkdir()
        self.folder.chmod(0o777)
        self.process = subprocess.Popen(self.command(), stdout=subprocess.DEVNULL, stderr=open(self.folder / "stderr", "wb"), cwd=self.folder)
        wait_port(self.port)
        wait_port(self.tls)

    def url(self, path, tls=False):
        return f"https://127.0.0.1:{self.tls}{path}" if tls else f"http://127.0.0.1:{self.port}{path}"


class Slipway(Server):
    name, needs = "slipway", None

    def command(self):
        return [str(self.build / "tests/http/http_test_server"), f"root={self.root}", f"port={self.port}", f"tls_port={self.tls}",
                f"cert={self.work}/tls.crt", f"key={self.work}/tls.key"]


class Nginx(Server):
    name, needs = "nginx", "/usr/sbin/nginx"

    def command(self):
        (self.root / ".nginx").mkdir(exist_ok=True)
        (self.root / ".nginx").chmod(0o777)
        paths = "".join(f" {kind}_temp_path {self.folder}/{kind};" for kind in ("proxy", "fastcgi", "uwsgi", "scgi"))
        (self.folder / "conf").write_text(f"""daemon off; worker_processes {os.cpu_count()}; pid {self.folder}/pid; error_log {self.folder}/log warn; user www-data;
events {{ worker_connections 16384; }}
http {{ access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000000; keepalive_timeout 600; client_max_body_size 0;
 client_body_temp_path {self.root}/.nginx;{paths} types {{ }} default_type application/octet-stream;
 server {{ listen 127.0.0.1:{self.port} backlog=4096; listen 127.0.0.1:{self.tls} ssl backlog=4096; ssl_certificate {self.work}/tls.crt;
  ssl_certificate_key {self.work}/tls.key; ssl_protocols TLSv1.2 TLSv1.3; ssl_session_cache shared:s:1m;
  location /get/ {{ alias {self.root}/; }} location /put/ {{ alias {self.root}/; dav_methods PUT; dav_access user:rw group:r all:r; }} }} }}
""")
        return [self.needs, "-c", str(self.folder / "conf")]


class Apache(Server):
    name, needs = "apache", "/usr/sbin/apache2"

    def command(self):
        modules = "\n".join(f"LoadModule {n}_module /usr/lib/apache2/modules/mod_{n}.so"
                            for n in "mpm_event authz_core authn_core alias dav dav_fs dav_lock mime socache_shmcb ssl".split())
        (self.folder / "conf").write_text(f"""ServerRoot {self.folder}
{modules}
ServerName 127.0.0.1
PidFile {self.folder}/pid
ErrorLog {self.folder}/log
LogLevel warn
User www-data
Group www-data
Listen 127.0.0.1:{self.port}
Listen 127.0.0.1:{self.tls}
TypesConfig /dev/null
Mutex file:{self.folder} default
KeepAlive On
MaxKeepAliveRequests 0
KeepAliveTimeout 600
ServerLimit 32
ThreadsPerChild 64
ThreadLimit 64
MaxRequestWorkers 2048
AsyncRequestWorkerFactor 8
EnableSendfile On
FileETag MTime Size
SSLSessionCache shmcb:{self.folder}/ssl(512000)
DavLockDB {self.folder}/locks
DocumentRoot {self.folder}
Alias /get {self.root}
Alias /put {self.root}
<Directory {self.root}>
 Require all granted
 Dav On
</Directory>
<VirtualHost 127.0.0.1:{self.tls}>
 SSLEngine on
 SSLProtocol TLSv1.2 TLSv1.3
 SSLCertificateFile {self.work}/tls.crt
 SSLCertificateKeyFile {self.work}/tls.key
</VirtualHost>
""")
        return [self.needs, "-DFOREGROUND", "-f", str(self.folder / "conf")]


def curl(*arguments):
    subprocess.run(["curl", "-sSfk", "--fail", "-H", "Expect:", *map(str, arguments)], check=True, stdout=subprocess.DEVNULL)


def measured(server, action):
    cpu, begin = cpu_seconds(server.process.pid), time.monotonic()
    amount = action(server)
    wall = time.monotonic() - begin
    time.sleep(0.05)
    return amount / wall, (cpu_seconds(server.process.pid) - cpu) / amount


def wrk(server, url, seconds, connections=64):
    out = subprocess.run(["wrk", "-t2", f"-c{connections}", f"-d{seconds}", url], check=True, capture_output=True, text=True).stdout
    if "Non-2xx" in out:
        raise RuntimeError(out)
    return next(int(line.split()[0]) for line in out.splitlines() if "requests in" in line)


def idle(server, count, tls):
    """KiB a connection that has asked once and waits."""
    before = memory(server.process.pid)
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    held = []
    try:
        for _ in range(count):
            s = socket.create_connection(("127.0.0.1", server.tls if tls else server.port))
            if tls:
                s = context.wrap_socket(s)
            s.sendall(b"GET /get/f4k HTTP/1.1\r\nHost: x\r\n\r\n")
            received = b""
            while len(received.partition(b"\r\n\r\n")[2]) < 4096:
                received += s.recv(65536)
            held.append(s)
        time.sleep(1)
        return (memory(server.process.pid) - before) / count
    finally:
        for s in held:
            s.close()
        time.sleep(0.5)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--mib", type=int, default=512)
    parser.add_argument("--seconds", type=int, default=4)
    parser.add_argument("--idle", type=int, default=2000)
    parser.add_argument("--build", type=pathlib.Path, default=pathlib.Path("build/release"))
    parser.add_argument("--only", default="")
    arguments = parser.parse_args()
    Slipway.build = arguments.build.resolve()

    import resource
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    work = pathlib.Path(tempfile.mkdtemp(prefix="slipway-http-bench-", dir="/dev/shm"))
    work.chmod(0o755)
    root = work / "root"
    root.mkdir()
    root.chmod(0o777)
    servers = []
    try:
        with open(root / "big", "wb") as f:
            for _ in range(arguments.mib):
                f.write(os.urandom(1 << 20))
        (root / "f4k").write_bytes(os.urandom(4096))
        local = work / "upload"
        shutil.copy(root / "big", local)
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout",
                        f"{work}/tls.key", "-out", f"{work}/tls.crt", "-days", "2", "-subj", "/CN=127.0.0.1"], check=True, stderr=subprocess.DEVNULL)
        for kind in (Slipway, Nginx, Apache):
            if kind.needs is not None and not os.path.exists(kind.needs):
                print(f"{kind.name} is not installed", file=sys.stderr)
                continue
            servers.append(kind(work, root))

        def get(tls):
            def run(server):
                curl("-o", "/dev/null", server.url("/get/big", tls))
                return arguments.mib / 1024
            return run

        def put(tls):
            def run(server):
                target = root / "put"
                curl("-T", local, server.url("/put/put", tls))
                if target.stat().st_size != arguments.mib << 20:
                    raise RuntimeError("the upload is incomplete")
                target.unlink()
                return arguments.mib / 1024
            return run

        def small(tls):
            return lambda server: wrk(server, server.url("/get/f4k", tls), arguments.seconds)

        gib, million = (1024, "MiB/s", 1, "s/GiB"), (1, "/s", 1e6, "us")
        workloads = [(f"GET {arguments.mib} MiB", get(False), gib), (f"GET {arguments.mib} MiB, TLS", get(True), gib),
                     (f"PUT {arguments.mib} MiB", put(False), gib), (f"PUT {arguments.mib} MiB, TLS", put(True), gib),
                     ("GET 4 KiB, keep-alive", small(False), million), ("GET 4 KiB, keep-alive, TLS", small(True), million)]
        print("| Workload | " + " | ".join(s.name for s in servers) + " |\n|---" + "|---" * len(servers) + "|")
        for name, action, (rate_factor, rate_unit, cpu_factor, cpu_unit) in workloads:
            if arguments.only not in name:
                continue
            results = {s.name: [] for s in servers}
            for _ in range(arguments.rounds):
                for server in servers:
                    results[server.name].append(measured(server, action))
            cells = []
            for server in servers:
                rate = statistics.median(r for r, _ in results[server.name]) * rate_factor
                cpu = statistics.median(c for _, c in results[server.name]) * cpu_factor
                cells.append(f"{rate:.0f} {rate_unit}, {cpu:.2f} {cpu_unit}")
            print(f"| {name} | " + " | ".join(cells) + " |", flush=True)
        for tls in (False, True):
            name = f"{arguments.idle} idle connections" + (", TLS" if tls else "")
            if arguments.only not in name:
                continue
            print(f"| {name} | " + " | ".join(f"{idle(s, arguments.idle, tls):.1f} KiB each" for s in servers) + " |", flush=True)
    finally:
        for server in servers:
            server.process.terminate()
        for server in servers:
            server.process.wait(10)
        shutil.rmtree(work, ignore_errors=True)


if __name__ == "__main__":
    main()
