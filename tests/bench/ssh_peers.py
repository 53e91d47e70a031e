"""The servers that ssh_bench.py compares: each in a directory of its own, serving one folder to one key."""
import ctypes
import json
import os
import pathlib
import shutil
import socket
import subprocess
import time

TICK = os.sysconf("SC_CLK_TCK")


PR_SET_CHILD_SUBREAPER = 36


def adopt_orphans():
    """What outlives its parent falls to the server and not to init, so that its time is counted: OpenSSH's process of a
    session may end before the one that serves its files."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


class Missing(Exception):
    """The peer is not installed; the text says how to change that."""


def process_tree(pid):
    children = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                text = pathlib.Path(f"/proc/{entry}/stat").read_text()
            except OSError:
                continue
            children.setdefault(int(text[text.rindex(")") + 2:].split()[1]), []).append(int(entry))
    found, todo = [], [pid]
    while todo:
        found.append(todo.pop())
        todo += children.get(found[-1], [])
    return found


class Server:
    """`work` is its own directory, `site` what all share: .root, .key, .host_key. `inside` is a command prefix that
    puts it into a network namespace; it listens on `address` there."""
    name = ""
    user = "peer"
    prefix = ""  # of the served folder in the client's paths
    package = ""  # that has it
    program = ""

    def __init__(self, site, work, address="127.0.0.1", inside=()):
        self.site, self.work, self.address, self.inside = site, work, address, list(inside)
        if self.program and not shutil.which(self.program):
            raise Missing(f"{self.program} is not installed (Debian: {self.package})")
        work.mkdir(parents=True)
        self.port = self.free_port()
        self.prepare()
        self.output = open(work / "output", "wb")
        self.process = subprocess.Popen(
            self.inside + self.command(), stdin=subprocess.DEVNULL, stdout=self.output, stderr=self.output,
            env={**os.environ, **self.environment()}, preexec_fn=adopt_orphans)
        self.wait_port()

    def prepare(self):
        pass

    def environment(self):
        return {}

    def free_port(self):
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            return s.getsockname()[1]

    def wait_port(self):
        end = time.monotonic() + 60
        probe = ["bash", "-c", f"exec 3<>/dev/tcp/{self.address}/{self.port}"]
        while subprocess.run(self.inside + probe, stderr=subprocess.DEVNULL).returncode != 0:
            if self.process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"{self.name} does not start:\n{(self.work / 'output').read_text()}")
            time.sleep(0.05)

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.output.close()

    def cpu(self):
        """User and system seconds of the process, its children, and those that have ended."""
        total = 0
        for pid in process_tree(self.process.pid):
            try:
                text = pathlib.Path(f"/proc/{pid}/stat").read_text()
            except OSError:
                continue
            total += sum(map(int, text[text.rindex(")") + 2:].split()[11:15]))
        return total / TICK

    def memory(self):
        """Proportional resident bytes of the process and its children."""
        total = 0
        for pid in process_tree(self.process.pid):
            try:
                lines = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
            except OSError:
                continue
            total += sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))
        return total


class OpenSsh(Server):
    name, user, program, package = "openssh", "root", "/usr/sbin/sshd", "openssh-server"

    def prepare(self):
        self.prefix = str(self.site.root)
        os.makedirs("/run/sshd", exist_ok=True)
        (self.work / "config").write_text("\n".join([
            f"Port {self.port}", f"ListenAddress {self.address}", f"HostKey {self.site.host_key}", "PidFile none",
            f"AuthorizedKeysFile {self.site.key}.pub", "StrictModes no", "PermitRootLogin yes", "PasswordAuthentication no",
            "KbdInteractiveAuthentication no", "UsePAM no", "UseDNS no", "MaxStartups 5000", "LogLevel ERROR",
            "Subsystem sftp internal-sftp", ""]))

    def command(self):
        return [self.program, "-D", "-e", "-f", str(self.work / "config")]


class Proftpd(Server):
    name, program, package = "proftpd", "/usr/sbin/proftpd", "proftpd-core proftpd-mod-crypto"

    def prepare(self):
        module = pathlib.Path("/usr/lib/proftpd/mod_sftp.so")
        if not module.exists():
            raise Missing(f"{module} is not installed (Debian: {self.package})")
        public = subprocess.run(["ssh-keygen", "-e", "-f", f"{self.site.key}.pub"], capture_output=True, text=True, check=True)
        keys, users, groups = (self.work / name for name in ("keys", "users", "groups"))
        keys.write_text(public.stdout)
        users.write_text(f"peer:!:65534:65534::{self.site.root}:/bin/sh\n")
        groups.write_text("nogroup:x:65534:\n")
        for file in (users, groups):
            file.chmod(0o600)
        (self.work / "config").write_text("\n".join([
            "LoadModule mod_sftp.c", "ServerType standalone", "ServerName bench", f"DefaultAddress {self.address}", f"Port {self.port}",
            "User nobody", "Group nogroup", "UseReverseDNS off", "MaxInstances none", "AuthOrder mod_auth_file.c",
            f"AuthUserFile {users}", f"AuthGroupFile {groups}", "RequireValidShell off", f"DefaultRoot {self.site.root}",
            "AllowOverwrite on", f"ScoreboardFile {self.work}/scores", f"PidFile {self.work}/pid", "TransferLog none", "WtmpLog off",
            f"SystemLog {self.work}/log", "SFTPEngine on", f"SFTPHostKey {self.site.host_key}",
            f"SFTPAuthorizedUserKeys file:{keys}", "SFTPAuthMethods publickey", ""]))

    def command(self):
        return [self.program, "-n", "-q", "-c", str(self.work / "config")]


class Rclone(Server):
    name, program, package = "rclone", "rclone", "rclone"

    def prepare(self):
        (self.work / "config").write_text("")

    def environment(self):
        return {"HOME": str(self.work)}

    def command(self):
        return [self.program, "--config", str(self.work / "config"), "serve", "sftp", str(self.site.root),
                "--addr", f"{self.address}:{self.port}", "--key", str(self.site.host_key), "--authorized-keys", f"{self.site.key}.pub",
                "--vfs-cache-mode", "off", "--dir-cache-time", "1s"]


class Slipway(Server):
    """With everything on that a user has: permissions, quota, events, the log."""
    name = "slipway"

    def prepare(self):
        (self.work / "slipway.json").write_text(json.dumps({
            "common": {"max_per_host_connections": 0, "max_per_host_transfers": 0},
            "data_provider": {"track_quota": 1},
            "sftpd": {"bindings": [{"address": self.address, "port": self.port}], "host_keys": [str(self.site.host_key)]},
            "httpd": {"bindings": [{"port": 0}]}}))
        public = pathlib.Path(f"{self.site.key}.pub").read_text().strip()
        (self.work / "dump.json").write_text(json.dumps({"users": [{
            "username": "peer", "status": 1, "home_dir": str(self.site.root), "permissions": {"/": ["*"]},
            "public_keys": [public], "quota_size": 1 << 50}]}))

    def command(self):
        return [str(self.site.build / "slipway"), "serve", "--config-dir", str(self.work), "--log-file-path",
                str(self.work / "slipway.log"), "--log-level", "info", "--loaddata-from", str(self.work / "dump.json")]


ALL = [OpenSsh, Proftpd, Rclone, Slipway]
