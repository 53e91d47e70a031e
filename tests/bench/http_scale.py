"""The REST API with many users in the store: pages of the list, logins, time to start, memory; beside a store of ten.

    cmake --build --preset release && cmake --build --preset release --target ssh_bench_tools
    python3 tests/bench/http_scale.py [--users 100000] [--logins 10000] [--reads 10000] [--build build/release]

Both servers run at once and are asked in turn, each with all that a user has on: permissions, quota, events, the log. Every
user is in a group of its own kind (50 of them), has a virtual folder (one of 100) and a key. Passwords are hashed with
bcrypt at cost 4, so that hashing does not hide the rest. Everything is in /dev/shm, so that disks do not matter. Clients are
on this machine too: prefix the command with taskset where others work on it.
"""
import argparse
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "integration"))

GROUPS, FOLDERS, FEW = 50, 100, 10
PASSWORD = "shared Password 1"
# The bars of docs/performance.md.
LIST_MS, START_MS = 20, 300


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--users", type=int, default=100_000)
    parser.add_argument("--logins", type=int, default=10_000)
    parser.add_argument("--reads", type=int, default=10_000)
    parser.add_argument("--samples", type=int, default=200, help="requests of each kind")
    parser.add_argument("--starts", type=int, default=7)
    parser.add_argument("--build", type=pathlib.Path, default=pathlib.Path("build/release"))
    return parser.parse_args()


def name(i):
    return f"user{i:06}"


def account(i, home, password, key):
    return {
        "username": name(i), "password": password, "status": 1, "home_dir": f"{home}/{name(i)}", "email": f"{name(i)}@example.com",
        "permissions": {"/": ["*"], "/readonly": ["list", "download"]}, "public_keys": [key], "quota_size": 1 << 40, "quota_files": 1_000_000,
        "description": f"the user with number {i}", "groups": [{"name": f"group{i % GROUPS}", "type": 1}],
        "virtual_folders": [{"name": f"folder{i % FOLDERS}", "virtual_path": "/shared", "quota_size": -1, "quota_files": -1}],
        "filters": {"denied_ip": ["192.0.2.0/24"], "web_client": ["mfa-disabled"]},
    }


def dump(count, work, password, key):
    from rest import admin

    return {
        "admins": [admin()],
        "groups": [{"name": f"group{i}", "user_settings": {"max_sessions": 0, "filters": {"max_upload_file_size": 1 << 40}}} for i in range(GROUPS)],
        "folders": [{"name": f"folder{i}", "mapped_path": f"{work}/shared/folder{i}"} for i in range(FOLDERS)],
        "users": [account(i, work / "homes", password, key) for i in range(count)],
    }


def memory_mib(server):
    """Resident MiB: the process's own, and with what it shares."""
    fields = dict(line.split(":") for line in pathlib.Path(f"/proc/{server.process.pid}/smaps_rollup").read_text().splitlines()[1:])
    return int(fields["Anonymous"].split()[0]) / 1024, int(fields["Rss"].split()[0]) / 1024


def cpu_seconds(server):
    text = pathlib.Path(f"/proc/{server.process.pid}/stat").read_text()
    return sum(map(int, text[text.rindex(")") + 2:].split()[11:13])) / os.sysconf("SC_CLK_TCK")


class Times:
    """Of one kind of request, in ms, and the server's processor time each."""

    def __init__(self, server):
        self.server, self.times, self.cpu = server, [], 0.0

    def take(self, action):
        cpu, begin = cpu_seconds(self.server), time.perf_counter()
        action()
        self.times.append((time.perf_counter() - begin) * 1000)
        self.cpu += cpu_seconds(self.server) - cpu

    def text(self):
        ordered = sorted(self.times)
        return f"{statistics.median(ordered):.2f} / {ordered[int(len(ordered) * 0.99)]:.2f} / {self.cpu * 1000 / len(ordered):.1f}"


class Bench:
    def __init__(self, options, work):
        from slipway_server import SlipwayServer, free_port

        self.options, self.work = options, work
        self.counts = {"few": FEW, "many": options.users}
        self.servers = {}
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", work / "key"], check=True)
        self.key = " ".join((work / "key.pub").read_text().split()[:2])
        for kind in self.counts:
            port = free_port()
            server = SlipwayServer(work / kind, config={
                "data_provider": {"track_quota": 1, "password_hashing": {"bcrypt_options": {"cost": 4}}},
                "httpd": {"bindings": [{"address": "127.0.0.1", "port": port}]}},
                arguments=["--log-level", "info"])
            server.http_port = port
            self.servers[kind] = server

    def load(self):
        """Both stores are made by `initprovider` from a dump; the hash of the few is that of the many."""
        password = PASSWORD
        for kind, server in self.servers.items():
            path = self.work / f"{kind}.json"
            path.write_text(json.dumps(dump(self.counts[kind], self.work, password, self.key)))
            server.write_config()
            begin = time.monotonic()
            subprocess.run([server.command()[0], "initprovider", "--config-dir", str(server.dir), "--loaddata-from", str(path)],
                           check=True, stdout=subprocess.DEVNULL)
            seconds = time.monotonic() - begin
            database = sum(f.stat().st_size for f in server.dir.glob("*.db*"))
            print(f"| load {self.counts[kind]} users from a dump of {path.stat().st_size >> 20} MiB | {seconds:.1f} s, "
                  f"{seconds / self.counts[kind] * 1000:.2f} ms each; the database has {database >> 20} MiB |", flush=True)
            if kind == "few":
                server.start()
                password = self.admin(server).get("/dumpdata?output-data=1&scopes=users").json()["users"][0]["password"]
                server.stop()

    def admin(self, server):
        from rest import Rest, Steady

        token = Rest(server.http_port).admin().headers["Authorization"].split()[1]
        return Steady(server.http_port).with_bearer(token)

    def start(self, server):
        """ms from the start of the process to the token of its first user."""
        import http.client
        from rest import basic

        headers = {"Authorization": basic(name(FEW - 1), PASSWORD)}
        begin = time.perf_counter()
        server.spawn()
        while True:
            connection = http.client.HTTPConnection("127.0.0.1", server.http_port, timeout=30)
            try:
                connection.request("GET", "/api/v2/user/token", headers=headers)
                assert connection.getresponse().status == 200
                break
            except ConnectionRefusedError:
                assert server.process.poll() is None, server.output_text() + server.log_text()[-2000:]
                time.sleep(0.001)
            finally:
                connection.close()
        return (time.perf_counter() - begin) * 1000

    def starts(self):
        from rest import Steady, basic

        taken = {kind: [] for kind in self.servers}
        first = {kind: Times(server) for kind, server in self.servers.items()}
        for _ in range(self.options.starts):
            for kind, server in self.servers.items():
                taken[kind].append(self.start(server))
                client = Steady(server.http_port)
                for i in range(FEW - 1):
                    wanted = name(i * self.counts[kind] // FEW)
                    first[kind].take(lambda: checked(client.get("/user/token", headers={"Authorization": basic(wanted, PASSWORD)})))
                server.stop()
        for server in self.servers.values():
            server.start()
        row("start to first login, ms (median, longest)", *(f"{statistics.median(t):.0f}, {max(t):.0f}" for t in taken.values()))
        row("log in by HTTP, a user's first since the start", *(times.text() for times in first.values()))
        return {kind: statistics.median(t) for kind, t in taken.items()}

    def pages(self):
        server = self.servers["many"]
        admin, worst = self.admin(server), 0
        few = self.admin(self.servers["few"])
        for limit in (100, 500):
            for order in ("ASC", "DESC"):
                for where, offset in (("first", 0), ("middle", self.options.users // 2), ("last", self.options.users - limit)):
                    times, small = Times(server), Times(self.servers["few"])
                    query = {"offset": offset, "limit": limit, "order": order}

                    def read():
                        answer = admin.get("/users", query=query)
                        assert answer.status == 200 and answer.body.count(b'"home_dir":') == limit, answer

                    for _ in range(self.options.samples):
                        times.take(read)
                        small.take(lambda: few.get("/users", query={**query, "offset": 0}))
                    worst = max(worst, statistics.median(times.times))
                    row(f"GET /users, {where} {limit}, {order}", small.text() + " (10)", times.text())
        return worst

    def names(self):
        both = {kind: (self.admin(server), Times(server)) for kind, server in self.servers.items()}
        for i in range(self.options.samples * 5):
            for kind, (admin, times) in both.items():
                wanted = name(i * 7919 % self.counts[kind])
                times.take(lambda: checked(admin.get("/users/" + wanted)))
        row("GET /users/{name}", *(times.text() for _, times in both.values()))

    def logins(self):
        from rest import Steady, basic

        both = {kind: (Steady(server.http_port), Times(server)) for kind, server in self.servers.items()}
        headers = {"Authorization": basic(name(FEW // 2), PASSWORD)}
        for _ in range(self.options.samples * 5):
            for client, times in both.values():
                times.take(lambda: checked(client.get("/user/token", headers=headers)))
        row("log in by HTTP, again", *(times.text() for _, times in both.values()))

    def ssh_logins(self):
        tool = pathlib.Path(os.environ["SLIPWAY_BUILD_DIR"]) / "tests/bench/ssh_load"
        if not tool.exists():
            print("| ssh_bench_tools is not built: no logins by SFTP |")
            return
        taken = {kind: [] for kind in self.servers}
        for _ in range(3):
            for kind, server in self.servers.items():
                cpu = cpu_seconds(server)
                out = subprocess.run([tool, "logins", "127.0.0.1", str(server.port), name(FEW // 2), self.work / "key", "/", "1", "3"],
                                     check=True, capture_output=True, text=True).stdout
                result = json.loads(out)
                done = result["count"]
                taken[kind].append((result["seconds"] * 1000 / done, (cpu_seconds(server) - cpu) * 1000 / done))
        row("log in by SFTP with a key, list, leave (ms; server's CPU, ms)",
            *(f"{statistics.median(t for t, _ in all):.2f} / {statistics.median(c for _, c in all):.2f}" for all in taken.values()))

    def memory(self, label):
        both = [memory_mib(server) for server in self.servers.values()]
        row(f"memory {label}, MiB (own; resident)", *(f"{own:.1f}; {all:.1f}" for own, all in both))
        return both[-1][0]

    def many_logins(self):
        from rest import Steady, basic

        for kind, server in self.servers.items():
            client = Steady(server.http_port)
            for i in range(self.options.logins):
                checked(client.get("/user/token", headers={"Authorization": basic(name(i * 31 % self.counts[kind]), PASSWORD)}))

    def many_reads(self):
        for kind, server in self.servers.items():
            admin = self.admin(server)
            for i in range(self.options.reads):
                checked(admin.get("/users", query={"offset": i * 7919 % self.counts[kind], "limit": 100, "order": "DESC" if i % 2 else "ASC"}))


def checked(answer):
    assert answer.status == 200, answer


def row(what, few, many):
    print(f"| {what} | {few} | {many} |", flush=True)


def main():
    options = arguments()
    os.environ["SLIPWAY_BUILD_DIR"] = str(options.build.resolve())
    work = pathlib.Path(tempfile.mkdtemp(prefix="slipway-http-scale-", dir="/dev/shm"))
    bench = Bench(options, work)
    try:
        bench.load()
        print(f"\nTimes are median / 99 % in ms / the server's CPU in ms.\n\n| | {FEW} users | {options.users} users |\n|---|---|---|")
        started = bench.starts()
        bench.memory("after the start")
        worst = bench.pages()
        bench.names()
        bench.logins()
        bench.ssh_logins()
        bench.memory("after these")
        bench.many_logins()
        before = bench.memory(f"after {options.logins} logins")
        bench.many_logins()
        bench.memory(f"after {options.logins} more")
        bench.many_reads()
        bench.memory(f"after {options.reads} pages of 100")
        bench.many_reads()
        after = bench.memory(f"after {options.reads} more")
        print(f"\nThe slowest page's median: {worst:.1f} ms (bar: {LIST_MS}). Start to first login: {started['many']:.0f} ms (bar: {START_MS}). "
              f"Memory from the logins to the end: {after - before:+.1f} MiB.")
    finally:
        for server in bench.servers.values():
            server.stop(expect_clean=False)
        shutil.rmtree(work, ignore_errors=True)


if __name__ == "__main__":
    main()
