"""The first start of a server on embedded defaults: what it prints is enough to connect."""
import re
import subprocess

import pytest

from clients import SSH_OPTIONS, Paramiko, askpass_environment
from slipway_server import free_port, need, wait_for


@pytest.fixture
def server(make_server):
    server = make_server(start=False, arguments=["--first-run"])
    port = server.port
    # No file at all: everything but the port is a default, the generated host keys too.
    server.write_config = lambda: None
    server.environment = {"SLIPWAY_SFTPD__BINDINGS__0__PORT": str(port), "SLIPWAY_SFTPD__BINDINGS__0__ADDRESS": "127.0.0.1",
                          "SLIPWAY_HTTPD__BINDINGS__0__PORT": str(free_port()), "SLIPWAY_HTTPD__BINDINGS__0__ADDRESS": "127.0.0.1"}
    server.start()
    wait_for(lambda: "They are shown this once" in server.output_text())
    return server


def test_the_printed_command_and_password_log_in(server, tmp_path):
    text = server.output_text()
    command = re.search(r"connect: +(sftp -P \d+ \S+)", text).group(1).split()
    password = re.search(r"first user was made: +user, password (\S+)", text).group(1)
    local = tmp_path / "local"
    local.write_bytes(b"hello")
    result = subprocess.run(
        [need("sftp"), "-q", *SSH_OPTIONS, "-o", "PubkeyAuthentication=no", *command[1:]], input=f"put {local} f\n".encode(),
        env=askpass_environment(tmp_path, password), capture_output=True, timeout=60, start_new_session=True)
    assert result.returncode == 0, result.stderr
    assert (server.dir / "data" / "user" / "f").read_bytes() == b"hello"


def test_the_printed_fingerprint_is_the_servers(server):
    scan = subprocess.run([need("ssh-keyscan"), "-t", "ed25519", "-p", str(server.port), "127.0.0.1"], capture_output=True, check=True)
    shown = subprocess.run(["ssh-keygen", "-l", "-f", "-"], input=scan.stdout, capture_output=True, check=True).stdout.decode()
    assert re.search(r"ED25519 (SHA256:\S+)", server.output_text()).group(1) in shown


def test_a_second_start_makes_no_new_account(server):
    first = re.search(r"user, password (\S+)", server.output_text()).group(1)
    server.stop()
    server.start()
    wait_for(lambda: server.output_text().count("Slipway is running") == 2)
    assert server.output_text().count("was made") == 2  # the user and the administrator of the first start
    Paramiko(server.port, "user", password=first).client.close()


def test_passwords_are_printed_and_not_logged(server):
    for password in re.findall(r"password (\S{22})", server.output_text()):
        assert password not in server.log_text()


def test_the_printed_request_gets_a_token(server):
    text = server.output_text()
    command = re.search(r"connect: +(curl -u \S+ \S+)", text).group(1).split()
    password = re.search(r"first user was made: +user, password (\S+)", text).group(1)
    command[2] += ":" + password
    assert b"access_token" in subprocess.run([need("curl"), "-s", *command[1:]], check=True, capture_output=True).stdout
