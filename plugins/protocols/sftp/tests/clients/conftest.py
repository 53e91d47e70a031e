"""Starts sftp_host with the built module, one server a test, and gives the tests its clients."""
import os
import pathlib
import subprocess
import sys

import pytest

sys.path.insert(0, os.path.dirname(__file__))
import raw_client  # noqa: E402

HOST = os.environ["SFTP_HOST"]
MODULE = os.environ["SFTP_MODULE"]
KEYGEN_DIR = pathlib.Path(os.environ.get("SFTP_TEST_DIR", "/tmp"))


@pytest.fixture(scope="session")
def config_dir(tmp_path_factory):
    """Host keys are made once; RSA ones cost a second."""
    path = tmp_path_factory.mktemp("config")
    for kind in ("ed25519", "ecdsa"):
        subprocess.run(["ssh-keygen", "-q", "-t", kind, "-N", "", "-f", path / f"id_{kind}"], check=True)
    return path


@pytest.fixture(scope="session")
def user_key(tmp_path_factory):
    key = tmp_path_factory.mktemp("keys") / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    return key


class Server:
    def __init__(self, root, config_dir, key, log, arguments):
        self.root, self.config_dir, self.key, self.log = root, config_dir, key, log
        words = [HOST, MODULE, root, config_dir, "bindings[0].port=1", "user=user", f"authorized_keys={key}.pub",
                 "host_keys=id_ed25519", "host_keys=id_ecdsa", "log=debug", *arguments]
        self.process = subprocess.Popen([str(w) for w in words], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=open(log, "w"), text=True)
        line = self.process.stdout.readline()
        assert line.startswith("listening "), log.read_text()
        self.port = int(line.split()[1])

    def command(self, text):
        self.process.stdin.write(text + "\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().strip()

    def sessions(self):
        return self.command("sessions").split()[1:]

    def stop(self):
        """Ends the server; a sanitizer's finding, a crash or a thread that does not end fail the test."""
        if self.process.poll() is None:
            self.process.stdin.close()
        try:
            code = self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            pytest.fail("the server does not stop\n" + self.log.read_text()[-4000:])
        assert code == 0, self.log.read_text()[-8000:]

    def ssh_options(self, *more):
        return ["-F", "none", "-i", str(self.key), "-oStrictHostKeyChecking=no", "-oUserKnownHostsFile=/dev/null",
                "-oLogLevel=ERROR", "-oIdentitiesOnly=yes", "-oBatchMode=yes", *more]

    def sftp(self, batch, *options, check=True, **more):
        words = ["sftp", "-q", "-b", "-", *self.ssh_options(*options), "-P", str(self.port), "user@127.0.0.1"]
        result = subprocess.run(words, input=batch, capture_output=True, text=True, timeout=120, **more)
        assert not check or result.returncode == 0, result.stderr + self.log.read_text()[-2000:]
        return result

    def raw(self, **more):
        return raw_client.RawClient(self, **more)


@pytest.fixture
def start(tmp_path, config_dir, user_key):
    """start("option=value", ...) -> Server; stopped, and its end checked, after the test."""
    servers = []

    def make(*arguments):
        root = tmp_path / "root"
        root.mkdir(exist_ok=True)
        server = Server(root, config_dir, user_key, tmp_path / f"log{len(servers)}", arguments)
        servers.append(server)
        return server

    yield make
    for server in servers:
        server.stop()


@pytest.fixture
def server(start):
    return start()
