"""SFTP beside OpenSSH, ProFTPD (mod_sftp) and rclone: one run, interleaved (A B C D A B C D ...), medians and ratios.

    cmake --preset release && cmake --build --preset release && cmake --build --preset release --target ssh_bench_tools
    python3 tests/bench/ssh_bench.py [--rounds 5] [--only 'put*,*idle*'] [--quick] [--peers openssh,slipway]

Needs root: OpenSSH's server and network namespaces (for the long paths) do. Data is in /dev/shm, so that disks do not
matter. CPU is user and system time of all of a server's processes, ended children included; a memory figure is the
proportional set size. Compare figures of one table only: machines drift. Peers that are not installed, and what a peer
cannot do, are named below the table.
"""
import argparse
import fnmatch
import os
import pathlib
import resource
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

import peers
import ssh_peers
from long_path import LongPath
from ssh_workloads import Failed, IdleConnections, site_at, workloads

RATE_MBIT = 2000  # of the long paths


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", default="*", help="names of workloads, with wildcards, separated by commas")
    parser.add_argument("--peers", default=",".join(p.name for p in ssh_peers.ALL))
    parser.add_argument("--quick", action="store_true", help="one round of small amounts: whether it works, not how fast")
    parser.add_argument("--mib", type=int, default=512, help="size of the big file")
    parser.add_argument("--path-mib", type=int, default=256, help="size of the file that goes over the long paths")
    parser.add_argument("--files", type=int, default=2000, help="how many small files")
    parser.add_argument("--seconds", type=float, default=3, help="of logging in again and again")
    parser.add_argument("--build", type=pathlib.Path, default=pathlib.Path("build/release"))
    options = parser.parse_args()
    if options.quick:
        options.rounds, options.mib, options.path_mib, options.files, options.seconds = 1, 64, 32, 200, 1
    return options


class Bench:
    def __init__(self, options, work):
        self.options, self.work, self.notes, self.servers = options, work, [], []
        self.site = site_at(work, options.build.resolve(), 10)

    def note(self, text):
        if text not in self.notes:
            self.notes.append(text)

    def start(self, where, **place):
        servers = []
        for peer in ssh_peers.ALL:
            if peer.name not in self.options.peers.split(","):
                continue
            try:
                servers.append(peer(self.site, self.work / f"{peer.name}-{where}", **place))
                self.servers.append(servers[-1])
            except peers.Missing as missing:
                self.note(f"{peer.name}: {missing}")
        return servers

    def wanted(self, name):
        return any(fnmatch.fnmatch(name, pattern) for pattern in self.options.only.split(","))

    def measure(self, workload, server):
        workload.prepare(server)
        try:
            cpu, start = server.cpu(), time.monotonic()
            seconds, amount = workload.run(server)
            seconds = seconds or time.monotonic() - start
            time.sleep(0.15)  # children end and are reaped
            cpu = server.cpu() - cpu
            workload.check()
        finally:
            workload.clean()
        return amount / seconds, cpu / (workload.cpu_amount or amount / 1000)

    def run(self, workload, servers):
        seen = {server.name: [] for server in servers}
        for _ in range(self.options.rounds):
            for server in servers:
                if server.name not in seen:
                    continue
                try:
                    seen[server.name].append(self.measure(workload, server))
                except (Failed, subprocess.TimeoutExpired) as error:
                    self.note(f"{workload.name}: {server.name}: {error}")
                    del seen[server.name]
        medians = {name: tuple(map(statistics.median, zip(*rows))) for name, rows in seen.items()}
        cells = [f"{medians[s.name][0]:.0f} {workload.unit}, {medians[s.name][1]:.3g} {workload.cpu_unit}" if s.name in medians else "-"
                 for s in servers]
        self.row(workload.name, cells, medians, workload.bars)

    def row(self, name, cells, medians, bars):
        ours, theirs = medians.get("slipway"), medians.get("openssh")
        ratios = []
        for i, compare in enumerate((">=", "<=")):
            if not ours or not theirs or not theirs[i]:
                ratios.append("-")
                continue
            bar = f" ({compare} {bars[i]})" if bars[i] else ""
            ratios.append(f"{ours[i] / theirs[i]:.2f}{bar}")
        print(f"| {name} | " + " | ".join(cells + ratios) + " |", flush=True)

    def heading(self, servers):
        names = [s.name for s in servers]
        print("| workload | " + " | ".join(names) + " | rate to openssh | CPU to openssh |")
        print("|---" * (len(names) + 3) + "|", flush=True)

    def run_idle(self, count):
        idle = IdleConnections(self.site, count)
        if not self.wanted(idle.name):
            return
        seen = {}
        for attempt in range(min(2, self.options.rounds)):
            servers = self.start(f"idle-{count}-{attempt}")  # fresh: a heap that has grown hides what is added
            for server in servers:
                try:
                    seen.setdefault(server.name, []).append(idle.measure(server))
                except Failed as error:
                    self.note(f"{idle.name}: {server.name}: {error}")
                finally:
                    server.stop()
                    self.servers.remove(server)
        cells = [f"{statistics.median(seen[s.name]):.0f} KiB each" if s.name in seen else "-" for s in servers]
        print(f"| {idle.name} | " + " | ".join(cells) + " | - | - |", flush=True)

    def all(self, path):
        servers = self.start("near")
        far = self.start("far", address=path.server_address, inside=path.server) if path else []
        everything = workloads(self.site, self.options, path)
        self.heading(servers)
        for workload in everything:
            if not self.wanted(workload.name):
                continue
            if workload.path_ms:
                path.set(workload.path_ms, RATE_MBIT)
            self.run(workload, far if workload.path_ms else servers)
        for count in (200, 2000):
            self.run_idle(count if not self.options.quick else count // 10)

    def stop(self):
        for server in self.servers:
            server.stop()


def main():
    options = arguments()
    if os.geteuid() != 0:
        sys.exit("ssh_bench.py: needs root: OpenSSH's server and network namespaces do")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that everything is cleaned up
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    work = pathlib.Path(tempfile.mkdtemp(prefix="slipway-bench-", dir="/dev/shm"))
    bench = Bench(options, work)
    path_wanted = bench.wanted("get 1 MiB, 50 ms away") or "away" in options.only
    try:
        if path_wanted:
            with LongPath(bench.site.build) as path:
                try:
                    bench.all(path)
                finally:
                    bench.stop()
        else:
            try:
                bench.all(None)
            finally:
                bench.stop()
    finally:
        shutil.rmtree(work, ignore_errors=True)
        for note in bench.notes:
            print(f"\nNot measured: {note}")


if __name__ == "__main__":
    main()
