"""Modules enabled, disabled and changed in a running server, while the others go on."""
import os
import pathlib
import signal
import socket
import threading
import time

import pytest

from clients import Paramiko
from slipway_server import BUILD_DIR, SlipwayServer, free_port, user, wait_for

LOAD = {"storage-local": {}, "storage-memory": {}, "auth-local": {}, "protocol-sftp": {}}


@pytest.fixture
def server(make_server, keys, tmp_path):
    dump = {
        "folders": [{"name": "memory", "filesystem": {"provider": 100, "module": "storage-memory", "moduleconfig": {"name": "shared"}}}],
        "users": [user("anna", tmp_path / "anna", public_keys=[keys.public],
                       virtual_folders=[{"name": "memory", "virtual_path": "/mem", "quota_size": 0, "quota_files": 0}])],
    }
    return make_server(dump=dump, config={"modules": {"load": LOAD}})


def reload(server, expect="configuration reloaded"):
    seen = len(server.log_lines(message=expect))
    server.write_config()
    server.signal(signal.SIGHUP)
    wait_for(lambda: len(server.log_lines(message=expect)) > seen, message=f"no line '{expect}':\n{server.log_text()[-3000:]}")


class Upload(threading.Thread):
    """A transfer that goes on until it is told to end, then checks what arrived."""

    def __init__(self, client, path):
        super().__init__(daemon=True)
        # A channel of its own: paramiko's SFTP client is not for two threads.
        self.sftp, self.path, self.stop, self.error, self.size = client.open_sftp(), path, threading.Event(), None, 0
        self.start()

    def run(self):
        try:
            with self.sftp.open(self.path, "wb") as f:
                while not self.stop.is_set():
                    f.write(b"x" * 10_000)
                    self.size += 10_000
                    time.sleep(0.005)
        except Exception as e:  # noqa: BLE001 - reported by finish()
            self.error = e

    def finish(self):
        self.stop.set()
        self.join()
        assert self.error is None, self.error
        assert self.sftp.stat(self.path).st_size == self.size > 0


def test_another_listener_comes_and_goes_while_a_transfer_runs(server, keys):
    with Paramiko(server.port, "anna", key=keys) as p:
        upload = Upload(p.client, "running")
        second = free_port()
        server.config["modules"]["load"]["second"] = {
            "module": "protocol-sftp", "options": {"bindings": [{"address": "127.0.0.1", "port": second}]}}
        reload(server)
        with Paramiko(second, "anna", key=keys) as q:
            assert "running" in q.sftp.listdir("/")
        server.config["modules"]["load"]["second"]["enabled"] = False
        reload(server)
        with pytest.raises(OSError):
            socket.create_connection(("127.0.0.1", second), 1)
        upload.finish()


def test_a_storage_module_that_is_disabled_is_refused_to_new_sessions_only(server, keys):
    with Paramiko(server.port, "anna", key=keys) as p:
        upload = Upload(p.client, "going-on")
        with p.sftp.open("/mem/f", "wb") as f:
            f.write(b"1")
        server.config["modules"]["load"]["storage-memory"]["enabled"] = False
        reload(server)
        with Paramiko(server.port, "anna", key=keys) as q:
            with pytest.raises(OSError):
                q.sftp.listdir("/mem")
            assert "going-on" in q.sftp.listdir("/")
        upload.finish()


def test_a_protocols_options_change_while_a_transfer_runs(server, keys):
    with Paramiko(server.port, "anna", key=keys) as p:
        upload = Upload(p.client, "through")
        # Without passwords paramiko tries keyboard-interactive with the same answer.
        server.config["sftpd"].update(password_authentication=False, keyboard_interactive_authentication=False)
        reload(server)
        import paramiko
        with pytest.raises(paramiko.SSHException):
            Paramiko(server.port, "anna", password="anna")
        Paramiko(server.port, "anna", key=keys).client.close()
        upload.finish()


@pytest.mark.parametrize("change", [
    lambda c: c["sftpd"].update(password_authentication="perhaps"),
    lambda c: c["modules"]["load"].update({"storage-absent": {}}),
    lambda c: c["common"].update(upload_mode="sideways"),
    lambda c: c["sftpd"].update(no_such_option=1),
])
def test_a_bad_reload_changes_nothing(server, keys, change):
    with Paramiko(server.port, "anna", key=keys) as p:
        change(server.config)
        reload(server, expect="the configuration was not reloaded; the server goes on with the old one")
        assert p.sftp.listdir("/") is not None
    Paramiko(server.port, "anna", key=keys).client.close()
    Paramiko(server.port, "anna", password="anna").client.close()


def test_sigusr1_rotates_the_log(server):
    server.signal(signal.SIGUSR1)
    wait_for(lambda: len(list(server.dir.glob("slipway*.log*"))) > 1)
    server.signal(signal.SIGHUP)
    server.wait_for_log(message="configuration reloaded")


def test_stopping_waits_for_transfers_within_the_grace_time(make_server, keys, tmp_path):
    server = make_server(dump={"users": [user("anna", tmp_path / "anna", public_keys=[keys.public])]}, arguments=["--grace-time", "30"])
    with Paramiko(server.port, "anna", key=keys) as p:
        f = p.sftp.open("slow", "wb")
        f.write(b"first half, ")
        p.sftp.stat(".")
        server.signal(signal.SIGTERM)
        server.wait_for_log(message="stopping")

        def refused():
            try:
                Paramiko(server.port, "anna", key=keys).client.close()
                return False
            except Exception:  # noqa: BLE001 - any refusal will do
                return True
        wait_for(refused)
        f.write(b"second half")
        f.close()
    assert server.process.wait(60) == 0
    server.process = None
    assert (tmp_path / "anna" / "slow").read_bytes() == b"first half, second half"


def test_stopping_without_grace_time_ends_transfers(make_server, keys, tmp_path):
    server = make_server(dump={"users": [user("anna", tmp_path / "anna", public_keys=[keys.public])]})
    with Paramiko(server.port, "anna", key=keys) as p:
        f = p.sftp.open("slow", "wb")
        f.write(b"x")
        p.sftp.stat(".")
        server.stop()
        with pytest.raises(Exception):
            f.write(b"y")
            f.flush()
            f.stat()
