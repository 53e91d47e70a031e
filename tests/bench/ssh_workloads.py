"""What ssh_bench.py measures. A workload runs against one server and gives (how much, in how many seconds)."""
import json
import os
import pathlib
import shutil
import subprocess

CIPHERS = {
    "aes128-gcm": ("aes128-gcm@openssh.com", None),
    "aes256-gcm": ("aes256-gcm@openssh.com", None),
    "chacha20": ("chacha20-poly1305@openssh.com", None),
    "aes128-ctr, etm": ("aes128-ctr", "hmac-sha2-256-etm@openssh.com"),
}
TIMEOUT = 300
WINDOW = 32 << 20  # of the client on the long path


class Failed(Exception):
    pass


def run(command, **options):
    result = subprocess.run(command, capture_output=True, timeout=TIMEOUT, **options)
    if result.returncode != 0:
        raise Failed((result.stderr or result.stdout).decode(errors="replace").strip()[-200:])
    return result.stdout


def remove(path):
    shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)


class Workload:
    """unit: of the rate; amount: of one run; cpu_unit: what server CPU is divided by, and how many of it one run is.
    bars: lowest ratio of the rate and highest of the CPU to OpenSSH's, by docs/performance.md."""
    path_ms = None  # round trip of the long path it needs

    def __init__(self, site, name, amount, unit, cpu_amount, cpu_unit, bars=(None, None)):
        self.site, self.name, self.amount, self.unit = site, name, amount, unit
        self.cpu_amount, self.cpu_unit, self.bars = cpu_amount, cpu_unit, bars

    def prepare(self, server):
        pass

    def run(self, server):
        """Does it; returns the seconds to count, or None for the whole call, and the amount if it is not fixed."""
        raise NotImplementedError

    def check(self):
        """Raises Failed when what was done is not what was asked."""

    def clean(self):
        for path in self.leftovers:
            remove(path)


class OpenSshClient(Workload):
    """A batch for OpenSSH's sftp."""

    def __init__(self, *arguments, cipher="aes128-gcm", commands, leftovers=(), expect=None, **options):
        super().__init__(*arguments, **options)
        self.cipher, self.mac = CIPHERS[cipher]
        self.commands, self.leftovers, self.expect = commands, leftovers, expect

    def run(self, server):
        options = ["-F", "/dev/null", "-i", str(self.site.key), "-P", str(server.port), "-o", f"Ciphers={self.cipher}"]
        for option in ("StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "LogLevel=ERROR", "IdentitiesOnly=yes"):
            options += ["-o", option]
        if self.mac:
            options += ["-o", f"MACs={self.mac}"]
        run(["sftp", "-q", "-b", "-", *options, f"{server.user}@{server.address}"], input=self.commands(server).encode())
        return None, self.amount

    def check(self):
        if self.expect:
            self.expect()


class LoadClient(Workload):
    """A run of ssh_load."""

    def __init__(self, *arguments, words, inside=(), leftovers=(), path_ms=None, fixed=True, **options):
        super().__init__(*arguments, **options)
        self.words, self.inside, self.leftovers, self.path_ms, self.fixed = words, list(inside), leftovers, path_ms, fixed

    def run(self, server):
        what, *rest = self.words(server)
        said = json.loads(run([*self.inside, str(self.site.build / "tests/bench/ssh_load"), what, server.address, str(server.port),
                               server.user, str(self.site.key), *map(str, rest)]))
        if said.get("failed"):
            raise Failed(f"{said['failed']} logins failed")
        return said["seconds"], self.amount if self.fixed else said["count"]


def files_in(directory, count, size):
    directory.mkdir(parents=True)
    directory.chmod(0o777)
    for i in range(count):
        (directory / f"f{i:05d}").write_bytes(os.urandom(size))


def big_file(path, mib):
    with open(path, "wb") as f:
        for _ in range(mib):
            f.write(os.urandom(1 << 20))


def require_size(path, size):
    found = path.stat().st_size if path.exists() else None
    if found != size:
        raise Failed(f"{path.name} has {found} bytes instead of {size}")


class PutFiles(LoadClient):
    def prepare(self, server):
        for i in range(self.site.put_rounds):
            directory = self.site.root / "put" / str(i)
            directory.mkdir(parents=True)
            directory.chmod(0o777)
        (self.site.root / "put").chmod(0o777)


def workloads(site, options, path):
    """All of them, in the order of the table; those of the long path only when there is one."""
    root, local, out = site.root, site.local, site.work / "out"
    mib, files = options.mib, options.files
    out.mkdir()
    big_file(root / "big", mib)
    shutil.copy(root / "big", local / "big")
    files_in(root / "small", files, 4096)
    files_in(local / "small", files, 4096)
    gib, million = mib / 1024, files / 1e6

    found = []
    for cipher in CIPHERS:
        get_bar = 1.0 if cipher == "chacha20" else 1.3
        found.append(OpenSshClient(
            site, f"get {mib} MiB, {cipher}", mib, "MiB/s", gib, "s/GiB", cipher=cipher, bars=(get_bar, 0.5),
            commands=lambda s: f"get {s.prefix}/big {out}/big\n", leftovers=[out / "big"],
            expect=lambda: require_size(out / "big", mib << 20)))
        found.append(OpenSshClient(
            site, f"put {mib} MiB, {cipher}", mib, "MiB/s", gib, "s/GiB", cipher=cipher, bars=(1.7, 0.5),
            commands=lambda s: f"put {local}/big {s.prefix}/in\n", leftovers=[root / "in"],
            expect=lambda: require_size(root / "in", mib << 20)))
    found.append(OpenSshClient(
        site, "get files of 4 KiB, OpenSSH client", files, "/s", million, "us", bars=(1.1, 0.7),
        commands=lambda s: f"get -r {s.prefix}/small {out}/small\n", leftovers=[out / "small"]))
    found.append(OpenSshClient(
        site, "put files of 4 KiB, OpenSSH client", files, "/s", million, "us", bars=(1.1, 0.7),
        commands=lambda s: f"mkdir {s.prefix}/small-in\nput {local}/small/* {s.prefix}/small-in/\n", leftovers=[root / "small-in"]))

    rounds = site.put_rounds
    for how, called in (("ssh", "through ssh"), ("apart", "a packet each"), ("gathered", "gathered")):
        found.append(LoadClient(
            site, f"get files of 4 KiB, 64 under way, {called}", files * rounds, "/s", million * rounds, "us", bars=(3.0, 0.3),
            words=lambda s, how=how: ["get-files", s.prefix + "/small", files, rounds, 64, how]))
        found.append(PutFiles(
            site, f"put files of 4 KiB, 64 under way, {called}", files * rounds, "/s", million * rounds, "us", bars=(3.0, 0.3),
            words=lambda s, how=how: ["put-files", s.prefix + "/put", files, rounds, 64, how],
            leftovers=[root / "put"]))
    found.append(LoadClient(
        site, "log in with a key, list, leave; 16 at once", None, "/s", None, "ms", bars=(10.0, None), fixed=False,
        words=lambda s: ["logins", (s.prefix + "/few"), 16, options.seconds]))
    files_in(root / "few", 5, 10)

    if path:
        long_mib = options.path_mib
        big_file(root / "long", long_mib)
        for ms in (50, 100):
            found.append(LoadClient(
                site, f"get {long_mib} MiB, {ms} ms away", long_mib, "MiB/s", long_mib / 1024, "s/GiB", bars=(1.3, None), inside=path.client,
                path_ms=ms, words=lambda s: ["get", s.prefix + "/long", long_mib << 20, WINDOW]))
            found.append(LoadClient(
                site, f"put {long_mib} MiB, {ms} ms away", long_mib, "MiB/s", long_mib / 1024, "s/GiB", bars=(3.5, None), inside=path.client,
                path_ms=ms, words=lambda s: ["put", s.prefix + "/long-in", long_mib << 20, WINDOW], leftovers=[root / "long-in"]))
    return found


class IdleConnections:
    """How much memory a connection takes that is logged in, has its SFTP session, and waits."""

    def __init__(self, site, count):
        self.site, self.count = site, count
        self.name = f"{count} idle connections"

    def measure(self, server):
        before = server.memory()
        client = subprocess.Popen(
            [str(self.site.build / "tests/bench/ssh_load"), "idle", server.address, str(server.port), server.user, str(self.site.key),
             str(self.count)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        try:
            held = json.loads(client.stdout.readline() or b"{}").get("count", 0)
            if held != self.count:
                raise Failed(f"{held} of {self.count} connections were held")
            subprocess.run(["sleep", "2"], check=True)  # what is given back after a quiet while has been
            return (server.memory() - before) / self.count / 1024
        finally:
            client.stdin.close()
            client.wait()


def site_at(work, build, rounds):
    class Site:
        pass

    site = Site()
    site.work, site.build, site.put_rounds = work, build, rounds
    site.root, site.local, site.key, site.host_key = work / "root", work / "local", work / "key", work / "host_key"
    for directory in (work, site.root, site.local):
        directory.mkdir(exist_ok=True)
        pathlib.Path(directory).chmod(0o777)
    for key in (site.key, site.host_key):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    return site
