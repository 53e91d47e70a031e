"""SFTP beside OpenSSH's server: throughput and CPU, one run, interleaved (A B A B …), medians and ratios.

    python3 tests/bench/sftp_bench.py [--rounds 5] [--mib 512] [--files 2000] [--build build/release]

Client: OpenSSH's sftp for both. Data in /dev/shm, so that disks do not matter. CPU is user and system time of all of the server's
processes, dead children included. Compare figures of one table only: a machine drifts from run to run.
"""
import argparse
import json
import os
import pathlib
import shutil
import socket
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
    end = time.monotonic() + 60
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.02)


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


def cpu_seconds(pid):
    total = 0
    for p in process_tree(pid):
        try:
            text = pathlib.Path(f"/proc/{p}/stat").read_text()
        except OSError:
            continue
        total += sum(map(int, text[text.rindex(")") + 2:].split()[11:15]))  # with reaped children
    return total / TICK


class OpenSsh:
    name = "openssh"

    def __init__(self, work, root, key):
        self.port, self.user, self.prefix = free_port(), "root", str(root)
        os.makedirs("/run/sshd", exist_ok=True)
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", f"{work}/hostkey"], check=True)
        (work / "sshd_config").write_text(
            f"Port {self.port}\nListenAddress 127.0.0.1\nHostKey {work}/hostkey\nPidFile none\nAuthorizedKeysFile {key}.pub\n"
            "StrictModes no\nPermitRootLogin yes\nPasswordAuthentication no\nKbdInteractiveAuthentication no\nUsePAM no\n"
            "UseDNS no\nMaxStartups 1000\nLogLevel ERROR\nSubsystem sftp internal-sftp\n")
        self.process = subprocess.Popen(["/usr/sbin/sshd", "-D", "-e", "-f", str(work / "sshd_config")], stderr=subprocess.DEVNULL)
        wait_port(self.port)


class Slipway:
    """With everything on that a user has: permissions, quota, events, the log."""
    name = "slipway"

    def __init__(self, work, root, key, build):
        self.port, self.user, self.prefix = free_port(), "peer", ""
        config = work / "slipway"
        config.mkdir()
        (config / "slipway.json").write_text(json.dumps({
            "common": {"max_per_host_connections": 0, "max_per_host_transfers": 0},
            "data_provider": {"track_quota": 1},
            "sftpd": {"bindings": [{"address": "127.0.0.1", "port": self.port}], "host_keys": [f"{work}/hostkey"]}}))
        public = pathlib.Path(f"{key}.pub").read_text().strip()
        (config / "dump.json").write_text(json.dumps({"users": [{
            "username": "peer", "status": 1, "home_dir": str(root), "permissions": {"/": ["*"]}, "public_keys": [public],
            "quota_size": 1 << 50}]}))
        self.process = subprocess.Popen(
            [str(build / "slipway"), "serve", "--config-dir", str(config), "--log-file-path", str(config / "slipway.log"),
             "--log-level", "info", "--loaddata-from", str(config / "dump.json")], stdout=subprocess.DEVNULL)
        wait_port(self.port)


def sftp(server, key, cipher, commands):
    subprocess.run(
        ["sftp", "-q", "-b", "-", "-o", f"Ciphers={cipher}", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null",
         "-o", "LogLevel=ERROR", "-F", "/dev/null", "-o", "IdentitiesOnly=yes", "-i", str(key), "-P", str(server.port),
         f"{server.user}@127.0.0.1"],
        input=commands.encode(), check=True, stdout=subprocess.DEVNULL)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--mib", type=int, default=512)
    parser.add_argument("--files", type=int, default=2000)
    parser.add_argument("--build", type=pathlib.Path, default=pathlib.Path("build/release"))
    arguments = parser.parse_args()

    work = pathlib.Path(tempfile.mkdtemp(prefix="slipway-bench-", dir="/dev/shm"))
    servers = []
    try:
        root, local = work / "root", work / "local"
        (root / "small").mkdir(parents=True)
        (local / "small").mkdir(parents=True)
        with open(root / "big", "wb") as f:
            for _ in range(arguments.mib):
                f.write(os.urandom(1 << 20))
        shutil.copy(root / "big", local / "big")
        for i in range(arguments.files):
            data = os.urandom(4096)
            (root / "small" / f"f{i:05d}").write_bytes(data)
            (local / "small" / f"f{i:05d}").write_bytes(data)
        key = work / "key"
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
        servers.append(OpenSsh(work, root, key))
        servers.append(Slipway(work, root, key, arguments.build.resolve()))

        gib = arguments.mib / 1024
        workloads = []
        for cipher in ("aes128-gcm@openssh.com", "chacha20-poly1305@openssh.com"):
            short = cipher.split("@")[0]
            workloads += [
                (f"get {arguments.mib} MiB, {short}", cipher, lambda s: f"get {s.prefix}/big {work}/out\n", arguments.mib, "MiB/s", gib, "s/GiB"),
                (f"put {arguments.mib} MiB, {short}", cipher, lambda s: f"put {local}/big {s.prefix}/in\n", arguments.mib, "MiB/s", gib, "s/GiB")]
        million = arguments.files / 1e6
        workloads += [
            (f"get {arguments.files} files of 4 KiB", "aes128-gcm@openssh.com",
             lambda s: f"get -r {s.prefix}/small {work}/small-out\n", arguments.files, "files/s", million, "us/file"),
            (f"put {arguments.files} files of 4 KiB", "aes128-gcm@openssh.com",
             lambda s: f"put -r {local}/small {s.prefix}/small-in\n", arguments.files, "files/s", million, "us/file")]

        print(f"{'workload':36} {'server':8} {'rate':>10} {'':8} {'cpu':>8} {'':8} ratio of rate, of cpu to openssh")
        for title, cipher, commands, amount, unit, cpu_amount, cpu_unit in workloads:
            seen = {s.name: [] for s in servers}
            for _ in range(arguments.rounds):
                for server in servers:
                    for leftover in (work / "out", root / "in"):
                        leftover.unlink(missing_ok=True)
                    for leftover in (work / "small-out", root / "small-in"):
                        shutil.rmtree(leftover, ignore_errors=True)
                    cpu, start = cpu_seconds(server.process.pid), time.monotonic()
                    sftp(server, key, cipher, commands(server))
                    wall = time.monotonic() - start
                    time.sleep(0.1)  # children end and are reaped
                    seen[server.name].append((amount / wall, (cpu_seconds(server.process.pid) - cpu) / cpu_amount))
            medians = {name: tuple(statistics.median(column) for column in zip(*rows)) for name, rows in seen.items()}
            peer = medians["openssh"]
            for name, (rate, cpu) in medians.items():
                ratio = f"{rate / peer[0]:.2f}, {cpu / peer[1]:.2f}" if peer[1] else ""
                print(f"{title:36} {name:8} {rate:10.0f} {unit:8} {cpu:8.2f} {cpu_unit:8} {ratio}", flush=True)
    finally:
        for server in servers:
            server.process.terminate()
            server.process.wait()
        shutil.rmtree(work)


sys.exit(main())
