"""How long a client's listing takes while others attack the server: median, 99th percentile and longest, in ms.

    python3 tests/bench/ssh_hostile.py [--seconds 10] [--entries 1000000] [--build build/release] [--only TEXT]

The listing is of a small directory, by a client of its own process that is logged in already. Attackers are programs of
the same machine: with as many of them as processors, part of what is seen is their own appetite, hence the first line.
"""
import argparse
import contextlib
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--entries", type=int, default=1_000_000)
    parser.add_argument("--build", type=pathlib.Path, default=pathlib.Path("build/release"))
    parser.add_argument("--only", default="", help="the attacks whose name contains this, and what nothing does")
    parser.add_argument("--watch", nargs=2, metavar=("PORT", "KEY"), help=argparse.SUPPRESS)
    return parser.parse_args()


options = arguments()
os.environ["SLIPWAY_BUILD_DIR"] = str(options.build.resolve())
sys.path.insert(0, str(HERE.parent / "integration"))
import test_hostile as hostile  # noqa: E402
from clients import Keys, Paramiko  # noqa: E402
from slipway_server import SlipwayServer, user  # noqa: E402


class Key:
    def __init__(self, path):
        self.private = path


def watch(port, key):
    """Lists until the end of its input; prints the times."""
    with Paramiko(int(port), "anna", key=Key(key)) as p:
        ending = threading.Event()
        threading.Thread(target=lambda: (sys.stdin.read(), ending.set()), daemon=True).start()
        times = []
        while not ending.is_set():
            start = time.perf_counter()
            p.sftp.listdir("/")
            times.append((time.perf_counter() - start) * 1000)
            time.sleep(0.02)
    times.sort()
    print(f"{times[len(times) // 2]:.1f} | {times[int(len(times) * 0.99)]:.1f} | {times[-1]:.1f} | {len(times)}")


def quiet(server, keys, until):
    time.sleep(max(0, until - time.monotonic()))


def half_open(server, keys, until):
    with contextlib.ExitStack() as stack:
        for _ in range(1000):
            stack.enter_context(hostile.connect(server)).sendall(b"SSH-2.0-half\r\n")
        quiet(server, keys, until)


def never_reads(server, keys, until):
    with contextlib.ExitStack() as stack:
        for i in range(20):
            transport = stack.enter_context(hostile.mallory(server, keys, window=65536))
            channel = hostile.sftp_channel(transport)
            handle = hostile.prepare_file(channel, f"unread{i}")
            channel.sendall(hostile.many_reads(handle, 1000))
            stack.callback(channel.close)
        quiet(server, keys, until)


def handles(server, keys, until):
    with hostile.mallory(server, keys) as transport:
        channel = hostile.sftp_channel(transport)
        for i in range(1000):
            hostile.open_file(channel, f"h{i % 10}")
        quiet(server, keys, until)


def crowd(server, keys, until):
    with hostile.mallory(server, keys) as transport:
        channel = hostile.sftp_channel(transport)
        while time.monotonic() < until:
            channel.sendall(hostile.request(hostile.OPENDIR, 1, hostile.text("/crowd")))
            handle = hostile.receive(channel)[5:]
            for _ in range(options.entries // 250):
                channel.sendall(hostile.request(hostile.READDIR, 1, handle))
                hostile.receive(channel)
                time.sleep(0.001)
                if time.monotonic() > until:
                    return


def many_crowds(server, keys, until):
    """Twenty listings under way at once, a page of each in turn, none at its end."""
    with hostile.mallory(server, keys) as transport:
        channel = hostile.sftp_channel(transport)
        handles = []
        for _ in range(20):
            channel.sendall(hostile.request(hostile.OPENDIR, 1, hostile.text("/crowd")))
            handles.append(hostile.receive(channel)[5:])
        while time.monotonic() < until:
            for handle in handles:
                channel.sendall(hostile.request(hostile.READDIR, 1, handle))
                hostile.receive(channel)
                time.sleep(0.001)


def whole_crowd(server, keys, until):
    """To the end, however long that takes, without pauses."""
    started, seen = time.monotonic(), 0
    with hostile.mallory(server, keys) as transport:
        channel = hostile.sftp_channel(transport)
        channel.sendall(hostile.request(hostile.OPENDIR, 1, hostile.text("/crowd")))
        handle = hostile.receive(channel)[5:]
        while True:
            channel.sendall(hostile.request(hostile.READDIR, 1, handle))
            reply = hostile.receive(channel)
            if reply[0] == hostile.STATUS:
                break
            seen += hostile.names_in(reply)
    assert seen == options.entries + 2
    print(f"  {seen} names in {time.monotonic() - started:.1f} s", file=sys.stderr)


def floods(sources):
    def flood(server, keys, until):
        def one(number):
            count = 0
            while time.monotonic() < until:
                count += 1
                with contextlib.suppress(OSError, EOFError, hostile.paramiko.SSHException):
                    sock = hostile.connect(server, f"127.0.{number}.{1 + count % 250}" if sources > 1 else "127.0.0.1")
                    transport = hostile.paramiko.Transport(sock)
                    try:
                        transport.start_client(timeout=60)
                        transport.auth_password("mallory", "wrong")
                    finally:
                        transport.close()

        threads = [threading.Thread(target=one, args=(i,)) for i in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    return flood


def connects(server, keys, until):
    """Connections that are closed at once, as fast as they can be made."""
    while time.monotonic() < until:
        with contextlib.suppress(OSError):
            hostile.connect(server).close()


ATTACKS = {
    "nothing": quiet,
    "1000 connections that stop after the banner": half_open,
    "20 clients that ask for 32 MiB and never read": never_reads,
    "1000 open handles": handles,
    f"a directory of {options.entries} entries, read slowly": crowd,
    f"20 listings of {options.entries} entries at once, read slowly": many_crowds,
    f"a directory of {options.entries} entries, read to its end": whole_crowd,
    "wrong passwords, 8 at once, one address": floods(1),
    "wrong passwords, 8 at once, many addresses": floods(2000),
    "connections closed at once": connects,
    "nothing, afterwards": quiet,
}


def forget_peak(server):
    pathlib.Path(f"/proc/{server.process.pid}/clear_refs").write_text("5")


def peak(server):
    """MiB, since it was forgotten."""
    lines = pathlib.Path(f"/proc/{server.process.pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) >> 10


def main():
    work = pathlib.Path(tempfile.mkdtemp(prefix="slipway-hostile-", dir="/dev/shm"))
    try:
        keys = Keys(work)
        server = SlipwayServer(work / "server")
        server.dump = {"users": [user(name, server.home(name), public_keys=[keys.public]) for name in ("anna", "mallory")]}
        directory = server.home("mallory") / "crowd"
        directory.mkdir()
        for i in range(options.entries):
            os.close(os.open(directory / f"entry-{i:07d}", os.O_CREAT | os.O_WRONLY))
        for i in range(5):
            (server.home("anna") / f"f{i}").write_bytes(b"x")
        server.start()
        try:
            print("| meanwhile | median ms | 99 % | longest | listings | memory at most, MiB | after | load |\n|---|---|---|---|---|---|---|---|")
            for name, attack in ATTACKS.items():
                if options.only not in name and attack is not quiet:
                    continue
                forget_peak(server)
                watcher = subprocess.Popen(
                    [sys.executable, __file__, "--build", str(options.build), "--watch", str(server.port), str(keys.private)],
                    stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
                time.sleep(1)
                attack(server, keys, time.monotonic() + options.seconds)
                told, _ = watcher.communicate("")
                print(f"| {name} | {told.strip()} | {peak(server)} | {hostile.resident(server) >> 20} | {os.getloadavg()[0]:.0f} |", flush=True)
        finally:
            server.stop()
    finally:
        shutil.rmtree(work)


if __name__ == "__main__":
    watch(*options.watch) if options.watch else main()
