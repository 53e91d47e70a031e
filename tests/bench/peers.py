"""What the benchmarks start and measure: a server in a directory of its own, with all processes that it has."""
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


class Missing(Exception):
    """The peer is not installed; the text says how to change that."""


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def adopt_orphans():
    """What outlives its parent falls to the server and not to init, so that its time is counted: OpenSSH's process of a
    session may end before the one that serves its files."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


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


class Peer:
    """`site` is what all share. It works in the new directory `work` and listens on `address`; `inside` is a command
    prefix that puts it into a network namespace, where that address is."""
    name = ""
    program = ""
    package = ""  # that has it

    def __init__(self, site, work, address="127.0.0.1", inside=()):
        if self.program and not shutil.which(self.program):
            raise Missing(f"{self.program} is not installed (Debian: {self.package})")
        self.site, self.work, self.address, self.inside = site, work, address, list(inside)
        work.mkdir(parents=True)
        self.port = free_port()
        self.prepare()
        self.output = open(work / "output", "wb")
        self.process = subprocess.Popen(
            self.inside + self.command(), stdin=subprocess.DEVNULL, stdout=self.output, stderr=self.output, cwd=work,
            env={**os.environ, **self.environment()}, preexec_fn=adopt_orphans)
        for port in self.ports():
            self.wait_port(port)

    def prepare(self):
        pass

    def environment(self):
        return {}

    def ports(self):
        return [self.port]

    def accepts(self, port):
        if self.inside:
            probe = ["bash", "-c", f"exec 3<>/dev/tcp/{self.address}/{port}"]
            return subprocess.run(self.inside + probe, stderr=subprocess.DEVNULL).returncode == 0
        try:
            socket.create_connection((self.address, port), 1).close()
            return True
        except OSError:
            return False

    def wait_port(self, port):
        end = time.monotonic() + 60
        while not self.accepts(port):
            if self.process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"{self.name} does not start:\n{(self.work / 'output').read_text()}")
            time.sleep(0.02)

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.output.close()

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
        """Proportional resident bytes of the process and its children."""
        total = 0
        for pid in process_tree(self.process.pid):
            try:
                lines = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
            except OSError:
                continue
            total += sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))
        return total


class SlipwayPeer(Peer):
    """The finished server with everything on that a user has: permissions, quota, events, the log."""
    name = "slipway"

    def configure(self, sections, users):
        """`users`: what they have besides a home directory, all permissions and a quota, by name."""
        (self.work / "slipway.json").write_text(json.dumps({
            "common": {"max_per_host_connections": 0, "max_per_host_transfers": 0},
            "data_provider": {"track_quota": 1}, **sections}))
        (self.work / "dump.json").write_text(json.dumps({"users": [{
            "username": name, "status": 1, "home_dir": str(self.site.root), "permissions": {"/": ["*"]}, "quota_size": 1 << 50, **more,
        } for name, more in users.items()]}))

    def command(self):
        return [str(self.site.build / "slipway"), "serve", "--config-dir", str(self.work), "--log-file-path",
                str(self.work / "slipway.log"), "--log-level", "info", "--loaddata-from", str(self.work / "dump.json")]
