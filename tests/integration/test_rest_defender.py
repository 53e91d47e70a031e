"""Bans and connections of SSH clients as administrators see and end them over the REST API, and API keys that are guessed."""
import http.client
import socket

import paramiko
import pytest

from rest import Rest, admin, rest_config
from slipway_server import free_port, merge, user, wait_for

MALLORY, ROOT = "127.0.0.66", "127.0.0.1"


class From(Rest):
    """Requests from a client's address of its own."""

    source = MALLORY

    def send(self, method, path, body=None, headers=None, query=None, raw=False):
        connection = http.client.HTTPConnection(self.host, self.port, timeout=60, source_address=(self.source, 0))
        try:
            connection.request(method, self.base + path, body=body, headers={**self.headers, **(headers or {})})
            answer = connection.getresponse()
            answer.read()
            return answer
        finally:
            connection.close()


@pytest.fixture
def start(make_server, tmp_path):
    def make(threshold=5):
        port = free_port()
        config = merge(rest_config(port), {"common": {"defender": {
            "enabled": True, "threshold": threshold, "score_valid": 1, "score_invalid": 2, "login_delay": {"password_failed": 0}}}})
        server = make_server(config=config, dump={"admins": [admin()], "users": [user("anna", tmp_path / "anna")]})
        return server, Rest(port).admin(), port

    return make


def guess(server, source):
    """Whether the server listens to a client that then guesses a password."""
    with socket.socket() as sock:
        sock.settimeout(30)
        sock.bind((source, 0))
        sock.connect(("127.0.0.1", server.port))
        transport = paramiko.Transport(sock)
        try:
            transport.start_client(timeout=30)
            with pytest.raises(paramiko.AuthenticationException):
                transport.auth_password("nobody", "wrong", fallback=False)
            return True
        except (EOFError, OSError, paramiko.SSHException):
            return False
        finally:
            transport.close()


def hosts(root):
    return {host["ip"]: host for host in root.get("/defender/hosts").json()}


def test_a_ban_of_ssh_is_seen_and_lifted(start):
    server, root, _ = start()
    assert hosts(root) == {}
    assert guess(server, MALLORY)
    seen = wait_for(lambda: hosts(root).get(MALLORY))
    assert seen["score"] == 2 and not seen.get("ban_time")
    for _ in range(2):
        guess(server, MALLORY)
    banned = wait_for(lambda: (hosts(root).get(MALLORY) or {}).get("ban_time") and hosts(root)[MALLORY])
    assert not banned.get("score"), "a banned host has none"
    assert not guess(server, MALLORY)
    assert root.get(f"/defender/hosts/{banned['id']}").json()["ip"] == MALLORY
    assert root.delete(f"/defender/hosts/{banned['id']}").status == 200
    assert hosts(root) == {}
    assert root.delete(f"/defender/hosts/{banned['id']}").status == 404
    assert guess(server, MALLORY), "as if nothing had been"


def test_guessed_api_keys_count(start):
    server, root, port = start()
    made = root.post("/apikeys", {"name": "real", "scope": 1, "admin": "root"})
    assert made.status == 201, made
    identity = made.json()["key"].split(".")[0]
    mallory = From(port)
    for key in (f"{identity}.wrong", "unknown.wrong"):
        before = (hosts(root).get(MALLORY) or {"score": 0})["score"]
        assert mallory.get("/version", headers={"X-SFTPGO-API-KEY": key}).status in (400, 401, 403)
        wait_for(lambda: hosts(root)[MALLORY].get("score", 0) > before)
    for _ in range(3):
        mallory.get("/version", headers={"X-SFTPGO-API-KEY": f"{identity}.wrong"})
    wait_for(lambda: hosts(root)[MALLORY].get("ban_time"))
    assert not guess(server, MALLORY), "for every service"


def test_closing_a_connection_ends_its_transfers(start, tmp_path):
    server, root, _ = start()
    (tmp_path / "anna").mkdir(exist_ok=True)
    transport = paramiko.Transport(("127.0.0.1", server.port))
    try:
        transport.connect(username="anna", password="anna")
        sftp = paramiko.SFTPClient.from_transport(transport)
        file = sftp.open("up", "wb")
        file.write(b"x" * 32768)
        file.flush()
        connection, = wait_for(lambda: [c for c in root.get("/connections").json() if c.get("active_transfers")])
        assert connection["username"] == "anna" and connection["protocol"] == "SFTP"
        assert connection["active_transfers"][0]["path"] == "/up"
        assert root.delete(f"/connections/{connection['connection_id']}").status == 200
        with pytest.raises((OSError, EOFError, paramiko.SSHException)):
            while True:
                file.write(b"x" * 32768)
                file.flush()
                sftp.stat(".")
    finally:
        transport.close()
    wait_for(lambda: root.get("/connections").json() == [])
    assert root.delete(f"/connections/{connection['connection_id']}").status == 404
