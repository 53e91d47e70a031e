"""The servers that http_bench.py compares: each in a directory of its own, serving the files of one folder."""
import base64
import json
import os
import pathlib
import socket
import ssl
import subprocess
import time
import urllib.request

TICK = os.sysconf("SC_CLK_TCK")


class Missing(Exception):
    """The peer is not installed; the text says how to change that."""


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


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


class Server:
    """`site` is what all share: .work, .root (the folder), .certificate, .key, .build. It listens on .port and, with TLS, on .tls."""
    name = ""
    program = ""
    package = ""  # that has it

    def __init__(self, site):
        if self.program and not os.path.exists(self.program):
            raise Missing(f"{self.program} is not installed (Debian: {self.package})")
        self.site, self.folder = site, site.work / self.name
        self.port, self.tls = free_port(), free_port()
        self.folder.mkdir()
        self.folder.chmod(0o777)
        self.prepare()
        self.process = subprocess.Popen(self.command(), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                        stderr=open(self.folder / "stderr", "wb"), cwd=self.folder)
        for port in (self.port, self.tls):
            self.wait_port(port)

    def prepare(self):
        pass

    def wait_port(self, port):
        end = time.monotonic() + 30
        while True:
            try:
                return socket.create_connection(("127.0.0.1", port), 1).close()
            except OSError:
                if self.process.poll() is not None or time.monotonic() > end:
                    raise RuntimeError(f"{self.name} does not start:\n{(self.folder / 'stderr').read_text()}")
                time.sleep(0.02)

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def base(self, tls):
        return f"https://127.0.0.1:{self.tls}" if tls else f"http://127.0.0.1:{self.port}"

    def cpu(self):
        """User and system seconds of the process, its children, and those that have ended."""
        total = 0
        for pid in process_tree(self.process.pid):
            try:
                total += sum(map(int, stat_fields(pid)[11:15]))
            except OSError:
                continue
        return total / TICK

    def memory(self):
        """Proportional resident KiB of the process and its children."""
        total = 0
        for pid in process_tree(self.process.pid):
            try:
                lines = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
            except OSError:
                continue
            total += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
        return total


class Way:
    """One of the columns: how a file is fetched from a server, and how one is put there."""

    def __init__(self, name, server, get="/get/{}", put="/put/{}", method="PUT", headers=None):
        self.name, self.server, self.get, self.put, self.method = name, server, get, put, method
        self.headers = headers or {False: [], True: []}  # with and without TLS

    def get_url(self, file, tls=False):
        return self.server.base(tls) + self.get.format(file)

    def put_url(self, file, tls=False):
        return self.server.base(tls) + self.put.format(file)


class Library(Server):
    """The HTTP library alone: files of a folder, no users, no log."""
    name = "library"

    def command(self):
        return [str(self.site.build / "tests/http/http_test_server"), f"root={self.site.root}", f"port={self.port}", f"tls_port={self.tls}",
                f"cert={self.site.certificate}", f"key={self.site.key}"]

    def ways(self):
        return [Way("library", self)]


class Slipway(Server):
    """The finished server with everything on that a user has: permissions, quota, events, the log."""
    name = "slipway"
    PASSWORD = "bench Password 1"

    def prepare(self):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", self.folder / "host_key"], check=True)
        binding = {"address": "127.0.0.1"}
        (self.folder / "slipway.json").write_text(json.dumps({
            "common": {"max_per_host_connections": 0, "max_per_host_transfers": 0},
            "data_provider": {"track_quota": 1},
            "sftpd": {"bindings": [{"port": 0}], "host_keys": [str(self.folder / "host_key")]},
            "httpd": {"max_upload_file_size": 0, "certificate_file": str(self.site.certificate), "certificate_key_file": str(self.site.key),
                      "bindings": [{**binding, "port": self.port}, {**binding, "port": self.tls, "enable_https": True}]}}))
        user = {"password": self.PASSWORD, "status": 1, "home_dir": str(self.site.root), "permissions": {"/": ["*"]}, "quota_size": 1 << 50}
        (self.folder / "dump.json").write_text(json.dumps({"users": [
            {"username": "peer", **user}, {"username": "slow", **user, "download_bandwidth": 512}]}))

    def command(self):
        return [str(self.site.build / "slipway"), "serve", "--config-dir", str(self.folder), "--log-file-path",
                str(self.folder / "slipway.log"), "--log-level", "info", "--loaddata-from", str(self.folder / "dump.json")]

    def call(self, method, path, body=None, tls=False, **headers):
        request = urllib.request.Request(self.base(tls) + "/api/v2" + path, method=method, headers=headers,
                                         data=None if body is None else json.dumps(body).encode())
        with urllib.request.urlopen(request, timeout=30, context=ssl._create_unverified_context()) as answer:
            return answer.headers, json.loads(answer.read())

    def token(self, tls=False, user="peer"):
        """Each binding signs with a key of its own."""
        basic = "Basic " + base64.b64encode(f"{user}:{self.PASSWORD}".encode()).decode()
        return "Bearer " + self.call("GET", "/user/token", tls=tls, Authorization=basic)[1]["access_token"]

    def share(self, name, scope, path):
        headers, _ = self.call("POST", "/user/shares", {"name": name, "scope": scope, "paths": [path]}, Authorization=self.token())
        return "/api/v2/shares/" + headers["X-Object-ID"]

    def ways(self):
        reading, writing = self.share("files", 1, "/"), self.share("drop", 2, "/")
        api = "/api/v2/user/files"
        headers = {tls: ["Authorization: " + self.token(tls)] for tls in (False, True)}
        return [Way("slipway, by a link", self, reading + "/files?path={}", writing + "/{}", "POST"),
                Way("slipway, logged in", self, api + "?path=/{}", api + "/upload?path=/{}", "POST", headers)]


class Nginx(Server):
    name, program, package = "nginx", "/usr/sbin/nginx", "nginx"

    def prepare(self):
        temporary = self.site.root / ".nginx"  # on the same disk, as uploads are renamed
        temporary.mkdir(exist_ok=True)
        temporary.chmod(0o777)
        paths = "".join(f" {kind}_temp_path {self.folder}/{kind};" for kind in ("proxy", "fastcgi", "uwsgi", "scgi"))
        (self.folder / "conf").write_text(f"""daemon off; worker_processes {len(os.sched_getaffinity(0))}; pid {self.folder}/pid; error_log {self.folder}/log warn; user www-data;
worker_rlimit_nofile 65536; events {{ worker_connections 32768; }}
http {{ access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000000; keepalive_timeout 600; client_max_body_size 0;
 client_body_temp_path {temporary};{paths} types {{ }} default_type application/octet-stream;
 server {{ listen 127.0.0.1:{self.port} backlog=4096; listen 127.0.0.1:{self.tls} ssl backlog=4096; ssl_certificate {self.site.certificate};
  ssl_certificate_key {self.site.key}; ssl_protocols TLSv1.2 TLSv1.3; ssl_session_cache shared:s:1m;
  location /get/ {{ alias {self.site.root}/; }} location /put/ {{ alias {self.site.root}/; dav_methods PUT; dav_access user:rw group:r all:r; }} }} }}
""")

    def command(self):
        return [self.program, "-c", str(self.folder / "conf")]

    def ways(self):
        return [Way("nginx", self)]


class Apache(Server):
    name, program, package = "apache", "/usr/sbin/apache2", "apache2"

    def prepare(self):
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
Alias /get {self.site.root}
Alias /put {self.site.root}
<Directory {self.site.root}>
 Require all granted
 Dav On
</Directory>
<VirtualHost 127.0.0.1:{self.tls}>
 SSLEngine on
 SSLProtocol TLSv1.2 TLSv1.3
 SSLCertificateFile {self.site.certificate}
 SSLCertificateKeyFile {self.site.key}
</VirtualHost>
""")

    def command(self):
        return [self.program, "-DFOREGROUND", "-f", str(self.folder / "conf")]

    def ways(self):
        return [Way("apache", self)]


ALL = [Library, Slipway, Nginx, Apache]
