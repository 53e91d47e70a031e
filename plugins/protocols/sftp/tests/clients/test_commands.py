"""Commands in channels beside SFTP: what ends them, and that they end; made to be run under sanitizers too."""
import hashlib
import os
import threading
import time

import paramiko
import pytest

COMMANDS = [f"enabled_ssh_commands={name}" for name in ("md5sum", "sha256sum", "scp", "pwd", "uname")]


def connect(server):
    link = paramiko.Transport(("127.0.0.1", server.port))
    link.connect(username="user", pkey=paramiko.Ed25519Key.from_private_key_file(str(server.key)))
    return link


def execute(link, command):
    channel = link.open_session()
    channel.settimeout(60)
    channel.exec_command(command)
    return channel


def output(channel):
    data = b""
    while part := channel.recv(65536):
        data += part
    return data, channel.recv_exit_status()


def wait_until(condition, seconds=30):
    end = time.time() + seconds
    while not condition():
        assert time.time() < end
        time.sleep(0.02)


def test_many_commands_at_once(start):
    server = start(*COMMANDS)
    data = os.urandom(3_000_000)
    (server.root / "f").write_bytes(data)
    wanted = hashlib.sha256(data).hexdigest().encode()
    link = connect(server)
    errors = []

    def work(i):
        try:
            for _ in range(5):
                assert output(execute(link, "sha256sum f")) == (wanted + b"  /f\n", 0)
                echo = execute(link, "sha256sum -")
                echo.sendall(data)
                echo.shutdown_write()
                assert output(echo) == (wanted + b"  -\n", 0)
                sink = execute(link, f"scp -t up{i}")
                assert sink.recv(1) == b"\0"
                sink.sendall(b"C0644 %d x\n" % len(data))
                assert sink.recv(1) == b"\0"
                sink.sendall(data + b"\0")
                assert sink.recv(1) == b"\0"
                sink.shutdown_write()
                assert output(sink) == (b"", 0)
                assert (server.root / f"up{i}").read_bytes() == data
                assert output(execute(link, "pwd")) == (b"/\n", 0)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(6)]
    for thread in threads:
        thread.start()
    sftp = paramiko.SFTPClient.from_transport(link)
    for _ in range(100):
        assert sftp.stat("/f").st_size == len(data)
    for thread in threads:
        thread.join()
    assert errors == []
    link.close()
    wait_until(lambda: server.sessions() == [])


@pytest.mark.parametrize("how", ["close", "disconnect", "administrator", "stop"])
def test_what_ends_commands(start, how):
    server = start(*COMMANDS)
    with open(server.root / "endless", "wb") as file:
        file.truncate(1 << 42)
    link = connect(server)
    reading, hashing, sending = (execute(link, c) for c in ("md5sum", "sha256sum endless", "scp -f endless"))
    sending.sendall(b"\0\0")  # and then nobody reads
    assert sending.recv(1) == b"C"
    wait_until(lambda: len(server.sessions()) == 3)
    if how == "close":
        for channel in (reading, hashing, sending):
            channel.close()
        wait_until(lambda: server.sessions() == [])
        assert output(execute(link, "pwd"))[1] == 0
    elif how == "disconnect":
        link.sock.close()
        wait_until(lambda: server.sessions() == [])
    elif how == "administrator":
        server.command("close")
        wait_until(lambda: server.sessions() == [])
        assert all(channel.recv_exit_status() == -1 for channel in (reading, hashing, sending))
    server.stop()


def test_commands_that_end_while_channels_close(start):
    """Ends from both sides meet in every order."""
    server = start(*COMMANDS)
    (server.root / "f").write_bytes(b"x" * 100_000)
    link = connect(server)
    for i in range(100):
        channel = execute(link, ("pwd", "md5sum f", "uname -a", "scp -f f")[i % 4])
        if i % 3:
            time.sleep(0.001 * (i % 5))
        channel.close()
    wait_until(lambda: server.sessions() == [])
    assert output(execute(link, "pwd")) == (b"/\n", 0)
    link.close()
