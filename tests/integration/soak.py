"""Many clients that upload, download, rename and are killed, against one server: nothing that a client was told is
complete may be otherwise, and nothing may grow. Used by test_soak.py and tests/bench/ssh_soak.py."""
import contextlib
import hashlib
import os
import pathlib
import random
import socket
import subprocess
import threading
import time

import paramiko

from clients import ssh_arguments
from slipway_server import wait_for

LARGEST = 4 << 20
PATIENCE = 300  # seconds; against hanging


def digest(data):
    return hashlib.sha256(data).hexdigest()


def any_size(rng):
    return int(2 ** rng.uniform(0, LARGEST.bit_length() - 1))


class Worker(threading.Thread):
    """One client. `files` is what it was told: a path and the contents of which it must have one."""

    def __init__(self, number, server, name, key, scratch, until):
        super().__init__(name=f"client {number}")
        self.rng = random.Random(number)
        self.server, self.user, self.key, self.until = server, name, key, until
        self.scratch = scratch / f"client{number}"
        self.scratch.mkdir(parents=True)
        self.base = f"/c{number}"
        self.files, self.made, self.done, self.failure = {}, 0, {}, None
        self.transport = None

    def run(self):
        try:
            self.connect()
            self.sftp.mkdir(self.base)
            while time.monotonic() < self.until():
                action = self.rng.choices([self.upload, self.replace, self.download, self.rename, self.remove, self.drop, self.kill],
                                          weights=[30, 10, 25, 15, 5, 5, 10])[0]
                action()
                self.done[action.__name__] = self.done.get(action.__name__, 0) + 1
        except Exception as error:  # told by the main thread
            self.failure = error
        finally:
            if self.transport:
                self.transport.close()

    def connect(self):
        self.transport = paramiko.Transport(socket.create_connection(("127.0.0.1", self.server.port), PATIENCE))
        self.transport.start_client(timeout=PATIENCE)
        self.transport.auth_publickey(self.user, self.private_key())
        self.sftp = paramiko.SFTPClient.from_transport(self.transport)
        self.sftp.get_channel().settimeout(PATIENCE)

    def private_key(self):
        return paramiko.Ed25519Key.from_private_key_file(str(self.key.private))

    def content(self):
        return self.rng.randbytes(any_size(self.rng))

    def new_path(self):
        self.made += 1
        return f"{self.base}/f{self.made}"

    def known(self):
        return self.rng.choice(sorted(self.files)) if self.files else None

    def put(self, path, data):
        with self.sftp.open(path, "wb") as f:
            f.set_pipelined(True)
            for at in range(0, len(data), 32768):
                f.write(data[at:at + 32768])
        # close() was answered: from now on the server stands by it.
        self.files[path] = {digest(data)}

    def upload(self):
        self.put(self.new_path(), self.content())

    def replace(self):
        path = self.known() or self.new_path()
        self.put(path, self.content())

    def download(self):
        path = self.known()
        if path is None:
            return
        with self.sftp.open(path, "rb") as f:
            f.prefetch()
            data = f.read()
        assert digest(data) in self.files[path], f"{path} has other content than was uploaded"

    def rename(self):
        path, target = self.known(), self.new_path()
        if path is None:
            return
        self.sftp.posix_rename(path, target)
        self.files[target] = self.files.pop(path)

    def remove(self):
        path = self.known()
        if path is None:
            return
        self.sftp.remove(path)
        del self.files[path]

    def drop(self):
        """The connection is cut in the middle of an upload that would replace a file."""
        path = self.known() or self.new_path()
        old = self.files.pop(path, set())
        data = self.content()
        f = self.sftp.open(path, "wb")
        f.set_pipelined(True)
        f.write(data[:self.rng.randrange(len(data))])
        self.transport.sock.close()
        self.transport.close()
        # Unfinished: the old file stays, if there was one.
        if old:
            self.files[path] = old
        self.connect()
        # The server ends what was cut before it can answer for the file.
        self.settled(path, bool(old))

    def settled(self, path, existed):
        def ended():
            try:
                self.sftp.stat(path)
                return existed
            except FileNotFoundError:
                return not existed
        wait_for(ended, PATIENCE, f"{path} is not what it was before the upload that was cut")

    def kill(self):
        """A client program is killed at any moment of an upload or a download."""
        path = self.known() if self.rng.random() < 0.5 else None
        data = self.rng.randbytes(LARGEST)
        local = self.scratch / "killed"
        local.write_bytes(data)
        if path and self.rng.random() < 0.5:
            command = f"get {path} {self.scratch}/out\n"
        else:
            path = path or self.new_path()
            command = f"put {local} {path}\n"
            # It may have come to its end before the signal.
            self.files[path] = self.files.get(path, {None}) | {digest(data)}
        process = subprocess.Popen(
            ["sftp", "-q", "-b", "-", *ssh_arguments(self.server.port, self.key), f"{self.user}@127.0.0.1"],
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
        process.stdin.write(command.encode())
        process.stdin.flush()
        time.sleep(self.rng.uniform(0, 0.5))
        # sftp, and its ssh.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, 9)
        process.stdin.close()
        process.wait()
        if None in self.files.get(path, ()):
            del self.files[path]  # whether it is there at all is open


def resident(server):
    for line in pathlib.Path(f"/proc/{server.process.pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    raise AssertionError("no VmRSS")


def descriptors(server):
    """Without the database, of which there is one connection for each thread that needs one, up to a limit."""
    found = []
    for entry in pathlib.Path(f"/proc/{server.process.pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):
            found.append(os.readlink(entry))
    return len([what for what in found if "slipway.db" not in what])


class Soak:
    """`users`: names, with `key` for all; their homes are server.home(name). The server stages uploads
    (upload_mode 1)."""

    def __init__(self, server, users, key, scratch, clients, seconds):
        self.server, self.seconds = server, seconds
        self.start = time.monotonic()
        self.deadline = self.start + seconds
        self.descriptors_before = descriptors(server)
        self.workers = [Worker(i, server, users[i % len(users)], key, scratch, lambda: self.deadline) for i in range(clients)]
        self.memory = []  # (seconds, bytes)

    def run(self, tell=lambda text: None):
        for worker in self.workers:
            worker.start()
        while any(worker.is_alive() for worker in self.workers):
            time.sleep(min(5, self.seconds / 10))
            self.memory.append((time.monotonic() - self.start, resident(self.server)))
            tell(f"{self.memory[-1][0]:.0f} s: {self.memory[-1][1] >> 20} MiB, {descriptors(self.server)} descriptors, "
                 f"{sum(sum(w.done.values()) for w in self.workers)} actions")
            if any(worker.failure for worker in self.workers):
                self.deadline = 0
            assert time.monotonic() < self.start + self.seconds + PATIENCE, "a client hangs"
        for worker in self.workers:
            worker.join()
        self.check()

    def check(self):
        for worker in self.workers:
            if worker.failure:
                raise AssertionError(f"{worker.name}: {worker.failure!r}") from worker.failure
        wait_for(lambda: descriptors(self.server) <= self.descriptors_before, PATIENCE, "descriptors are left open")
        for worker in self.workers:
            home = self.server.home(worker.user)
            for path, contents in worker.files.items():
                file = home / path[1:]
                assert file.exists(), f"{path} was complete, and is gone"
                assert digest(file.read_bytes()) in contents, f"{path} was complete, and is not"
            left = [name for name in os.listdir(home / worker.base[1:]) if name.startswith(".")]
            assert not left, f"staged files are left: {left}"

    def files(self):
        return sum(len(worker.files) for worker in self.workers)

    def actions(self):
        total = {}
        for worker in self.workers:
            for name, count in worker.done.items():
                total[name] = total.get(name, 0) + count
        return total

    def growth(self):
        """Bytes of memory from the first third of the time to its end: what every client needs is there by then."""
        early = [size for at, size in self.memory if at < self.seconds / 3] or [self.memory[0][1]]
        return self.memory[-1][1] - max(early)
