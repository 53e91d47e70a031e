"""What a session survives and what ends it: pipelining, windows, disconnects, limits, malformed packets."""
import os
import random
import struct
import threading
import time

import paramiko
import pytest
from raw_client import (CLOSE, CREATE, DATA, OPEN, READ, READ_FLAG, STAT, STATUS, TRUNCATE, WRITE, WRITE_FLAG, RawClient,
                        string)

# Sanitizers keep freed memory for a while.
SANITIZED = 8 if "ASAN_OPTIONS" in os.environ or "TSAN_OPTIONS" in os.environ else 1


def rss_kib(server):
    with open(f"/proc/{server.process.pid}/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))


def wait_until(condition, seconds=20):
    end = time.time() + seconds
    while time.time() < end:
        if condition():
            return True
        time.sleep(0.05)
    return False


def test_sixty_four_reads_in_flight(server):
    content = os.urandom(4_000_000)
    (server.root / "f").write_bytes(content)
    client = server.raw()
    handle = client.open("/f", READ_FLAG)
    step, got, sent = 32_000, {}, 0
    offsets = list(range(0, len(content), step))
    random.shuffle(offsets)
    waiting = {}
    while offsets or waiting:
        while offsets and len(waiting) < 64:
            offset = offsets.pop()
            waiting[client.request(READ, string(handle) + struct.pack(">QI", offset, step))] = offset
        kind, number, rest = client.receive()
        assert kind == DATA
        got[waiting.pop(number)] = rest[4:]
    assert b"".join(got[o] for o in sorted(got)) == content
    client.close()


def test_a_client_that_sends_all_requests_before_it_reads(server):
    """paramiko's prefetch does so: the server must go on reading while its own output waits for the client's window."""
    content = os.urandom(20_000_000)
    (server.root / "f").write_bytes(content)
    link = paramiko.Transport(("127.0.0.1", server.port))
    link.connect(username="user", pkey=paramiko.Ed25519Key.from_private_key_file(str(server.key)))
    sftp = paramiko.SFTPClient.from_transport(link, window_size=100_000)
    with sftp.open("/f", "rb") as remote:
        remote.prefetch(len(content))
        time.sleep(1)
        assert remote.read() == content
    link.close()


def test_a_client_that_never_reads_costs_bounded_memory(server):
    (server.root / "f").write_bytes(bytes(300_000))
    client = server.raw(window=50_000)
    handle = client.open("/f", READ_FLAG)
    before = rss_kib(server)
    request = struct.pack(">BI", READ, 1) + string(handle) + struct.pack(">QI", 0, 255 * 1024)
    packet = struct.pack(">I", len(request)) + request
    client.channel.settimeout(3)
    sent = 0
    try:
        while sent < 64 << 20:
            sent += client.channel.send(packet * 500)
    except OSError:
        pass
    assert sent < 16 << 20, "the window stops the client"
    assert rss_kib(server) - before < 12 * 1024 * SANITIZED, f"{sent} bytes were taken"
    client.close()
    assert wait_until(lambda: not server.sessions())


def test_a_client_that_ignores_the_window_is_cut_off(server):
    (server.root / "f").write_bytes(bytes(300_000))
    client = server.raw(window=50_000)
    handle = client.open("/f", READ_FLAG)
    request = struct.pack(">BI", READ, 1) + string(handle) + struct.pack(">QI", 0, 255 * 1024)
    packet = struct.pack(">I", len(request)) + request
    before = rss_kib(server)
    client.channel.settimeout(30)
    client.channel.out_window_size = 1 << 40
    with pytest.raises((OSError, EOFError)):
        for _ in range(4000):
            client.channel.out_window_size = 1 << 40
            client.channel.sendall(packet * 500)
    assert rss_kib(server) - before < 24 * 1024 * SANITIZED
    assert wait_until(lambda: not server.sessions())
    client.close()


def test_the_window_grows_for_a_long_upload_and_the_data_is_whole(server, tmp_path):
    big = tmp_path / "big"
    big.write_bytes(os.urandom(64 << 20))
    server.sftp(f"put {big} /big\n", "-R", "512")
    assert (server.root / "big").read_bytes() == big.read_bytes()


def test_padded_writes(server):
    """rclone 1.60 sends WRITE packets that are longer than their fields."""
    client = server.raw()
    handle = client.open("/f", WRITE_FLAG | CREATE)
    expected = b""
    for i in range(20):
        data = os.urandom(4096)
        body = string(handle) + struct.pack(">Q", len(expected)) + string(data)
        kind, _, rest = client.ask(WRITE, body + b"\0" * (261_145 - 5 - len(body)))
        assert (kind, rest[:4]) == (STATUS, b"\0\0\0\0")
        expected += data
    assert client.ask(CLOSE, string(handle))[2][:4] == b"\0\0\0\0"
    assert (server.root / "f").read_bytes() == expected
    client.close()


@pytest.mark.parametrize("packet", [
    struct.pack(">I", 0), struct.pack(">I", 1) + b"\x11", struct.pack(">I", 300_000) + b"\x11" * 100, b"\xff" * 64,
    struct.pack(">IBII", 1000, WRITE, 1, 0xFFFFFFFF) + b"x" * 1000,
    struct.pack(">IBI", 40, WRITE, 1) + string(b"hhhh") + struct.pack(">QI", 0, 100) + b"x" * 100,
    struct.pack(">IBI", 5, 1, 3),
], ids=["empty", "no id", "too long", "noise", "handle too long", "data beyond the packet", "second init"])
def test_malformed_packets_end_the_channel_only(server, packet):
    other = server.raw()
    client = server.raw()
    client.channel.sendall(packet)
    client.channel.settimeout(20)
    assert client.closed_by_server()
    assert other.ask(STAT, string(b"/"))[0] == 105
    client.close()
    other.close()


def test_random_packets_do_no_harm(server):
    generator = random.Random(4)
    for round in range(60):
        client = server.raw()
        try:
            for _ in range(30):
                kind = generator.choice([3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 200, 99])
                client.request(kind, generator.randbytes(generator.randrange(60)))
            client.channel.shutdown_write()
            client.closed_by_server()
        except (OSError, EOFError):
            pass
        client.close()
    server.sftp("ls\n")


def test_bad_handles_and_offsets_get_an_answer(server):
    client = server.raw()
    for handle in (b"", b"x", b"12345678", b"y" * 256):
        assert client.read(handle, 0, 10)[0] == STATUS
        assert client.write(handle, 0, b"data")[0] == STATUS
        assert client.ask(CLOSE, string(handle))[0] == STATUS
    handle = client.open("/f", WRITE_FLAG | READ_FLAG | CREATE)
    assert client.read(handle, 1 << 63, 10)[2][:4] == struct.pack(">I", 1)
    assert client.write(handle, (1 << 64) - 1, b"data")[2][:4] == struct.pack(">I", 4)
    client.close()


def test_a_thousand_handles_and_no_more(server):
    (server.root / "f").touch()
    client = server.raw()
    for _ in range(1000):
        client.open("/f", READ_FLAG)
    assert client.ask(OPEN, string(b"/f") + struct.pack(">II", READ_FLAG, 0))[0] == STATUS
    client.close()
    assert wait_until(lambda: not server.sessions())
    assert len(os.listdir(f"/proc/{server.process.pid}/fd")) < 40


def test_clients_that_vanish_leave_nothing_behind(server):
    (server.root / "f").write_bytes(bytes(5_000_000))
    fds = len(os.listdir(f"/proc/{server.process.pid}/fd"))
    for round in range(30):
        client = server.raw()
        out = client.open(f"/up{round}", WRITE_FLAG | CREATE | TRUNCATE)
        source = client.open("/f", READ_FLAG)
        client.request(WRITE, string(out) + struct.pack(">Q", 0) + string(bytes(200_000)))
        for i in range(50):
            client.request(READ, string(source) + struct.pack(">QI", i * 100_000, 100_000))
        client.socket.setsockopt(1, 13, struct.pack("ii", 1, 0))  # SO_LINGER 0: reset instead of a goodbye
        client.socket.close()
        client.transport.close()
    assert wait_until(lambda: not server.sessions())
    assert wait_until(lambda: len(os.listdir(f"/proc/{server.process.pid}/fd")) <= fds)


def test_an_administrator_closes_sessions(server):
    client = server.raw()
    client.open("/f", WRITE_FLAG | CREATE)
    assert len(server.sessions()) == 1
    assert server.command("close") == "closed"
    assert client.closed_by_server()
    assert wait_until(lambda: not server.sessions())
    client.close()


def test_a_client_that_does_not_read_can_be_closed_too(server):
    (server.root / "f").write_bytes(bytes(5_000_000))
    client = server.raw(window=1 << 30)
    handle = client.open("/f", READ_FLAG)
    client.transport.packetizer.read_message = lambda: time.sleep(1000)  # the transport's thread sleeps from now on
    for i in range(400):
        client.request(READ, string(handle) + struct.pack(">QI", 0, 255 * 1024))
    time.sleep(1)
    server.command("close")
    assert wait_until(lambda: not server.sessions(), 30)
    client.socket.close()


@pytest.mark.parametrize("how", ["close", "stop"])
def test_a_call_that_waits_for_storage_is_cancelled(server, how):
    (server.root / "blocks").touch()
    client = server.raw()
    handle = client.open("/blocks", READ_FLAG)
    client.request(READ, string(handle) + struct.pack(">QI", 0, 100))
    time.sleep(0.3)
    if how == "close":
        server.command("close")
        assert wait_until(lambda: not server.sessions())
    else:
        server.stop()
    client.close()


def test_a_drain_ends_idle_connections_and_waits_for_transfers(server):
    idle, busy = server.raw(), server.raw()
    handle = busy.open("/f", WRITE_FLAG | CREATE)
    done = []
    drain = threading.Thread(target=lambda: done.append(server.command("drain")))
    drain.start()
    assert idle.closed_by_server()
    time.sleep(0.5)
    assert not done
    assert busy.write(handle, 0, b"the end")[2][:4] == b"\0\0\0\0"
    assert busy.ask(CLOSE, string(handle))[2][:4] == b"\0\0\0\0"
    drain.join(15)
    assert done == ["drained"]
    assert busy.closed_by_server()
    assert (server.root / "f").read_bytes() == b"the end"
    with pytest.raises(OSError):
        RawClient(server)


def test_a_stop_does_not_wait_for_clients(server):
    client = server.raw()
    handle = client.open("/f", WRITE_FLAG | CREATE)
    begin = time.time()
    server.stop()
    assert time.time() - begin < 20
    assert client.closed_by_server()


def test_parallel_clients_with_checksums(server):
    failures = []

    def work(number):
        try:
            client = server.raw()
            for round in range(5):
                content = os.urandom(random.randrange(1, 800_000))
                name = f"/w{number}-{round}"
                out = client.open(name, WRITE_FLAG | CREATE | TRUNCATE)
                numbers = [client.request(WRITE, string(out) + struct.pack(">Q", at) + string(content[at:at + 30_000]))
                           for at in range(0, len(content), 30_000)]
                for expected in numbers:
                    kind, got, rest = client.receive()
                    assert (kind, got, rest[:4]) == (STATUS, expected, b"\0\0\0\0")
                assert client.ask(CLOSE, string(out))[2][:4] == b"\0\0\0\0"
                assert (server.root / name[1:]).read_bytes() == content
            client.close()
        except Exception as error:  # noqa: BLE001 - the main thread reports it
            failures.append(repr(error))

    threads = [threading.Thread(target=work, args=(i,)) for i in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert failures == []
