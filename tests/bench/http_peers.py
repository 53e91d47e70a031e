"""The servers that http_bench.py compares: each in a directory of its own, serving the files of one folder."""
import base64
import json
import os
import ssl
import subprocess
import urllib.request

from peers import Peer, SlipwayPeer, free_port


class Server(Peer):
    """`site` has .work, .root (the folder), .certificate, .key, .build. It listens on .port and, with TLS, on .tls."""

    def __init__(self, site):
        self.tls = free_port()
        super().__init__(site, site.work / self.name)

    def ports(self):
        return [self.port, self.tls]

    def base(self, tls):
        return f"https://127.0.0.1:{self.tls}" if tls else f"http://127.0.0.1:{self.port}"


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


class Slipway(SlipwayPeer, Server):
    PASSWORD = "bench Password 1"

    def prepare(self):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", self.work / "host_key"], check=True)
        binding = {"address": "127.0.0.1"}
        self.configure({
            "sftpd": {"bindings": [{"port": 0}], "host_keys": [str(self.work / "host_key")]},
            "httpd": {"max_upload_file_size": 0, "certificate_file": str(self.site.certificate), "certificate_key_file": str(self.site.key),
                      "bindings": [{**binding, "port": self.port}, {**binding, "port": self.tls, "enable_https": True}]},
        }, {"peer": {"password": self.PASSWORD}, "slow": {"password": self.PASSWORD, "download_bandwidth": 512}})

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
        self.work.chmod(0o777)  # its workers are another user's
        temporary = self.site.root / ".nginx"  # on the same disk, as uploads are renamed
        temporary.mkdir(exist_ok=True)
        temporary.chmod(0o777)
        paths = "".join(f" {kind}_temp_path {self.work}/{kind};" for kind in ("proxy", "fastcgi", "uwsgi", "scgi"))
        (self.work / "conf").write_text(f"""daemon off; worker_processes {len(os.sched_getaffinity(0))}; pid {self.work}/pid; error_log {self.work}/log warn; user www-data;
worker_rlimit_nofile 65536; events {{ worker_connections 32768; }}
http {{ access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000000; keepalive_timeout 600; client_max_body_size 0;
 client_body_temp_path {temporary};{paths} types {{ }} default_type application/octet-stream;
 server {{ listen 127.0.0.1:{self.port} backlog=4096; listen 127.0.0.1:{self.tls} ssl backlog=4096; ssl_certificate {self.site.certificate};
  ssl_certificate_key {self.site.key}; ssl_protocols TLSv1.2 TLSv1.3; ssl_session_cache shared:s:1m;
  location /get/ {{ alias {self.site.root}/; }} location /put/ {{ alias {self.site.root}/; dav_methods PUT; dav_access user:rw group:r all:r; }} }} }}
""")

    def command(self):
        return [self.program, "-c", str(self.work / "conf")]

    def ways(self):
        return [Way("nginx", self)]


class Apache(Server):
    name, program, package = "apache", "/usr/sbin/apache2", "apache2"

    def prepare(self):
        self.work.chmod(0o777)  # its workers are another user's
        modules = "\n".join(f"LoadModule {n}_module /usr/lib/apache2/modules/mod_{n}.so"
                            for n in "mpm_event authz_core authn_core alias dav dav_fs dav_lock mime socache_shmcb ssl".split())
        (self.work / "conf").write_text(f"""ServerRoot {self.work}
{modules}
ServerName 127.0.0.1
PidFile {self.work}/pid
ErrorLog {self.work}/log
LogLevel warn
User www-data
Group www-data
Listen 127.0.0.1:{self.port}
Listen 127.0.0.1:{self.tls}
TypesConfig /dev/null
Mutex file:{self.work} default
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
SSLSessionCache shmcb:{self.work}/ssl(512000)
DavLockDB {self.work}/locks
DocumentRoot {self.work}
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
        return [self.program, "-DFOREGROUND", "-f", str(self.work / "conf")]

    def ways(self):
        return [Way("apache", self)]


ALL = [Library, Slipway, Nginx, Apache]
