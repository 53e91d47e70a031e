"""Limits of connections and transfers, as clients of SSH meet them."""
import contextlib
import socket

import paramiko
import pytest

from slipway_server import user, wait_for


@pytest.fixture
def start(make_server, tmp_path):
    def make(environment=None, filters=None, members=None, **common):
        (tmp_path / "anna").mkdir()
        for name in ("a", "b", "c"):
            (tmp_path / "anna" / name).write_bytes(b"content")
        users = [user("anna", tmp_path / "anna", **({"filters": filters} if filters else {}), **(members or {}))]
        return make_server(dump={"users": users}, config={"common": common}, environment=environment or {})

    return make


@contextlib.contextmanager
def client(server, source="127.0.0.1"):
    sock = socket.socket()
    sock.bind((source, 0))
    sock.connect(("127.0.0.1", server.port))
    transport = paramiko.Transport(sock)
    try:
        transport.start_client(timeout=30)
        transport.auth_password("anna", "anna")
        yield paramiko.SFTPClient.from_transport(transport)
    finally:
        transport.close()


def connects(server):
    try:
        with client(server) as sftp:
            return sftp.listdir("/") != []
    except (EOFError, OSError, paramiko.SSHException):
        return False


def test_dot_entries_come_first(start):
    server = start()
    with client(server) as sftp:
        assert names(sftp, "/")[0] == "." and sorted(names(sftp, "/")) == [".", "a", "b", "c"], "nothing is above the root"
        sftp.mkdir("/d")
        assert names(sftp, "/d") == [".", ".."]


@pytest.mark.parametrize(("prefix", "value"), [("SLIPWAY", "1"), ("SFTPGO", "1"), ("SLIPWAY", "true")])
def test_dot_entries_switched_off(start, prefix, value):
    server = start(environment={f"{prefix}_HOOK__DISABLE_DOT_ENTRIES": value})
    with client(server) as sftp:
        assert sorted(names(sftp, "/")) == ["a", "b", "c"]
        sftp.mkdir("/d")
        assert names(sftp, "/d") == []


def names(sftp, path):
    """As the server sends them: paramiko's listdir leaves some out."""
    _, reply = sftp._request(paramiko.sftp.CMD_OPENDIR, path.encode())
    handle, found = reply.get_binary(), []
    while True:
        try:
            _, reply = sftp._request(paramiko.sftp.CMD_READDIR, handle)
        except EOFError:
            return found
        for _ in range(reply.get_int()):
            found.append(reply.get_text())
            reply.get_text()
            paramiko.SFTPAttributes._from_msg(reply)


@pytest.mark.parametrize("limit", ["max_per_host_transfers", "max_total_transfers"])
def test_transfers_beyond_the_limit_are_refused_and_room_is_given_back(start, limit):
    server = start(**{limit: 2})
    with client(server) as one, client(server) as other:
        first, second = one.open("/a"), other.open("/up", "wb")
        for sftp, path, mode in ((one, "/b", "rb"), (other, "/b", "rb"), (one, "/up2", "wb")):
            with pytest.raises(PermissionError):
                sftp.open(path, mode)
        assert "up2" not in one.listdir("/")
        first.close()
        with wait_for(lambda: opened(one, "/b")) as again:
            assert again.read() == b"content"
        second.close()


def opened(sftp, path):
    with contextlib.suppress(PermissionError):
        return sftp.open(path)


def test_transfers_of_another_address_have_room_of_their_own(start):
    server = start(max_per_host_transfers=1)
    with client(server) as one, client(server, "127.0.0.9") as other:
        first = one.open("/a")
        with pytest.raises(PermissionError):
            one.open("/b")
        assert other.open("/b").read() == b"content"
        first.close()


def test_connections_beyond_the_total_are_refused_and_room_is_given_back(start):
    server = start(max_total_connections=2)
    with client(server) as one, client(server):
        assert not connects(server)
        assert one.listdir("/") != []
    wait_for(lambda: connects(server))


def test_the_number_of_sessions_of_an_account(start):
    server = start(members={"max_sessions": 1})
    with client(server) as one:
        with pytest.raises((EOFError, OSError, paramiko.SSHException)):
            with client(server) as second:
                second.listdir("/")
        assert one.listdir("/") != []
    wait_for(lambda: connects(server))


def test_attributes_are_set_or_passed_over(start, tmp_path):
    server = start(setstat_mode=1)
    before = (tmp_path / "anna" / "a").stat()
    with client(server) as sftp:
        sftp.chmod("/a", 0o600)
        sftp.utime("/a", (1, 1))
        after = (tmp_path / "anna" / "a").stat()
        assert (after.st_mode, after.st_mtime) == (before.st_mode, before.st_mtime)
        sftp.truncate("/a", 3)
        assert (tmp_path / "anna" / "a").read_bytes() == b"con", "a size is no attribute"
