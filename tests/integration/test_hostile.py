"""Clients that break the rules, or only take what they can: others are served meanwhile, and nothing is left afterwards.

How fast the others are served is measured by tests/bench/ssh_hostile.py; here it matters that they are served at all,
and that memory and descriptors stay within the bounds of docs/protocols/sftp.md.
"""
import contextlib
import os
import pathlib
import socket
import struct
import threading
import time

import paramiko
import pytest
from paramiko.common import cMSG_CHANNEL_DATA, cMSG_CHANNEL_WINDOW_ADJUST, cMSG_IGNORE

from clients import Paramiko
from slipway_server import SlipwayServer, user, wait_for

SANITIZED = bool(os.environ.get("SLIPWAY_SANITIZER"))
# Growth of the whole process under any of these attacks. A sanitizer keeps freed memory and shadows it.
MEMORY_BOUND = (1024 if SANITIZED else 64) << 20
PATIENCE = 120  # seconds; against hanging, not a measure


@pytest.fixture(scope="module")
def target(tmp_path_factory, keys):
    directory = tmp_path_factory.mktemp("hostile")
    dump = {"users": [user(name, directory / "homes" / name, public_keys=[keys.public]) for name in ("anna", "mallory")]}
    server = SlipwayServer(directory, dump=dump)
    server.start()
    with Paramiko(server.port, "mallory", key=keys) as p:
        p.sftp.listdir("/")  # what is allocated once, is
    yield server
    server.stop()


def resident(server):
    for line in pathlib.Path(f"/proc/{server.process.pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    raise AssertionError("no VmRSS")


def descriptors(server):
    """What the process has open, by number; without the database, of which there is one connection for each thread that
    needs one, up to a limit."""
    directory = pathlib.Path(f"/proc/{server.process.pid}/fd")
    found = {}
    for entry in directory.iterdir():
        with contextlib.suppress(FileNotFoundError):
            found[entry.name] = os.readlink(entry)
    return {number: what for number, what in found.items() if "slipway.db" not in what}


class Bystander:
    """Another user, who lists a directory all the time."""

    def __init__(self, server, keys):
        self.client = Paramiko(server.port, "anna", key=keys)
        self.answered, self.failure, self.ending = 0, None, False
        self.thread = threading.Thread(target=self.work)
        self.thread.start()

    def work(self):
        try:
            while not self.ending:
                self.client.sftp.listdir("/")
                self.answered += 1
                time.sleep(0.01)
        except Exception as error:  # told by the main thread
            self.failure = error

    def is_served(self):
        """Three more answers come."""
        wanted = self.answered + 3
        wait_for(lambda: self.answered >= wanted or self.failure, PATIENCE, "the other client is not answered")
        assert self.failure is None

    def end(self):
        self.ending = True
        self.thread.join(PATIENCE)
        self.client.client.close()
        assert self.failure is None and not self.thread.is_alive()


@pytest.fixture
def bystander(target, keys):
    """Also checks what an attack has cost, at its height and when it is over."""
    descriptors_before = descriptors(target)
    other = Bystander(target, keys)
    other.is_served()
    memory_before = resident(target)
    yield other
    grown = resident(target) - memory_before
    other.is_served()
    other.end()
    assert grown < MEMORY_BOUND, f"{grown} bytes more"
    with contextlib.suppress(AssertionError):
        wait_for(lambda: len(descriptors(target)) <= len(descriptors_before), PATIENCE)
    left = {number: what for number, what in descriptors(target).items() if number not in descriptors_before}
    assert len(descriptors(target)) <= len(descriptors_before), left


def connect(server, source="127.0.0.1"):
    return socket.create_connection(("127.0.0.1", server.port), PATIENCE, source_address=(source, 0))


def is_closed(sock):
    """Reads until the server ends the connection."""
    sock.settimeout(PATIENCE)
    with contextlib.suppress(ConnectionResetError, BrokenPipeError):
        while sock.recv(65536):
            pass
    return True


def send_until_closed(sock, piece, most):
    """How much was taken until the server gave up on it."""
    sock.settimeout(PATIENCE)
    sent = 0
    with contextlib.suppress(ConnectionResetError, BrokenPipeError):
        while sent < most:
            sock.sendall(piece)
            sent += len(piece)
    return sent


# ---- before and after the banner

BEFORE = {
    "noise": os.urandom(65536),
    "zeros": bytes(65536),
    "http": b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    "tls": bytes.fromhex("16030100c8010000c40303") + os.urandom(200),
    "old-ssh": b"SSH-1.5-old\r\n",
    "no-version": b"SSH-\r\n",
    "nul": b"SSH-2.0-a\0b\r\n" + bytes(64),
    "long-banner": b"SSH-2.0-" + b"a" * 65536 + b"\r\n",
}


@pytest.mark.parametrize("what", BEFORE)
def test_garbage_instead_of_a_banner(target, bystander, what):
    with connect(target) as sock:
        sock.sendall(BEFORE[what])
        bystander.is_served()
        with contextlib.suppress(OSError):
            sock.shutdown(socket.SHUT_WR)
        assert is_closed(sock)


@pytest.mark.parametrize("piece", [b"a" * 65536, b"not yet\r\n" * 8192], ids=["one-line", "many-lines"])
def test_an_endless_banner_is_cut(target, bystander, piece):
    with connect(target) as sock:
        assert send_until_closed(sock, piece, 64 << 20) < 64 << 20
        bystander.is_served()


def packet(payload, length=None, padding=None):
    """A packet of the phase without encryption (RFC 4253, 6)."""
    if padding is None:
        padding = 8 - (len(payload) + 5) % 8 + 4
    if length is None:
        length = len(payload) + padding + 1
    return struct.pack(">IB", length, padding & 255) + payload + bytes(padding)


AFTER = {
    "noise": os.urandom(65536),
    "huge": packet(b"\x14" + bytes(15), length=0xFFFFFFFF),
    "large": packet(b"\x02" + bytes(1 << 20)),
    "nothing": packet(b"", length=0, padding=4),
    "no-payload": packet(b"", padding=11),
    "padding-too-long": packet(b"\x14" + bytes(15), length=20, padding=255),
    "cut-kexinit": packet(b"\x14" + bytes(16) + struct.pack(">I", 0xFFFFFFFF)),
    "newkeys": packet(b"\x15"),
    "userauth": packet(b"\x32" + struct.pack(">I", 4) + b"anna"),
    "channel-open": packet(b"\x5a" + struct.pack(">I", 7) + b"session" + bytes(12)),
    "unknown": packet(b"\xfa") * 1000,
}


@pytest.mark.parametrize("what", AFTER)
def test_garbage_after_the_banner(target, bystander, what):
    with connect(target) as sock:
        sock.sendall(b"SSH-2.0-hostile\r\n")
        with contextlib.suppress(OSError):
            sock.sendall(AFTER[what])
            bystander.is_served()
            sock.shutdown(socket.SHUT_WR)
        assert is_closed(sock)


def test_connections_that_stop_half_way(target, bystander):
    held = []
    try:
        for i in range(200):
            sock = connect(target)
            held.append(sock)
            sock.sendall((b"", b"SSH-2.0-half", b"SSH-2.0-half\r\n", b"SSH-2.0-half\r\n\0\0\1")[i % 4])
        bystander.is_served()
        with Paramiko(target.port, "anna", password="anna") as p:
            p.sftp.listdir("/")
    finally:
        for sock in held:
            sock.close()


# ---- logged in

@contextlib.contextmanager
def mallory(server, keys, window=2 << 20):
    transport = paramiko.Transport(connect(server), default_window_size=window)
    try:
        transport.start_client(timeout=PATIENCE)
        transport.auth_publickey("mallory", paramiko.Ed25519Key.from_private_key_file(str(keys.private)))
        yield transport
    finally:
        transport.close()


def sftp_channel(transport, greet=True):
    channel = transport.open_session(timeout=PATIENCE)
    channel.settimeout(PATIENCE)
    channel.invoke_subsystem("sftp")
    if greet:
        channel.sendall(struct.pack(">IBI", 5, 1, 3))
        receive(channel)
    return channel


def receive(channel):
    """The next SFTP packet, without its length."""
    def exactly(count):
        data = b""
        while len(data) < count:
            part = channel.recv(count - len(data))
            assert part, "the channel was closed"
            data += part
        return data

    return exactly(struct.unpack(">I", exactly(4))[0])


def ends(channel):
    with contextlib.suppress(OSError, EOFError):
        while channel.recv(65536):
            pass
    return True


def text(value):
    value = value.encode() if isinstance(value, str) else value
    return struct.pack(">I", len(value)) + value


def request(kind, number, body=b""):
    return struct.pack(">IBI", len(body) + 5, kind, number) + body


OPEN, CLOSE, READ, WRITE, SETSTAT, OPENDIR, READDIR, STATUS, HANDLE, NAME = 3, 4, 5, 6, 9, 11, 12, 101, 102, 104
FLAG_READ, FLAG_WRITE, FLAG_CREATE = 1, 2, 8


def status_of(reply):
    kind, _, code = struct.unpack(">BII", reply[:9])
    assert kind == STATUS
    return code


def open_file(channel, path, flags=FLAG_WRITE | FLAG_CREATE | FLAG_READ):
    channel.sendall(request(OPEN, 1, text(path) + struct.pack(">II", flags, 0)))
    reply = receive(channel)
    return reply[5:] if reply[0] == HANDLE else reply


SFTP_GARBAGE = {
    "nothing": struct.pack(">I", 0),
    "too-short": struct.pack(">IB", 1, 1),
    "huge": struct.pack(">IBI", 0xFFFFFFFF, WRITE, 1),
    "beyond-the-limit": struct.pack(">IBI", 257 << 10, OPEN, 1),
    "not-greeted": request(OPENDIR, 1, text("/")),
    "noise": b"\xff" * 4096,
}


@pytest.mark.parametrize("what", SFTP_GARBAGE)
def test_packets_that_are_not_sftp_end_their_channel_only(target, keys, bystander, what):
    with mallory(target, keys) as transport:
        good = sftp_channel(transport)
        bad = sftp_channel(transport, greet=what != "not-greeted")
        bad.sendall(SFTP_GARBAGE[what])
        assert ends(bad)
        bystander.is_served()
        good.sendall(request(OPENDIR, 1, text("/")))
        assert receive(good)[0] == HANDLE


def test_a_write_that_promises_more_than_it_holds_ends_its_channel(target, keys, bystander):
    with mallory(target, keys) as transport:
        channel = sftp_channel(transport)
        handle = open_file(channel, "short")
        channel.sendall(request(WRITE, 2, handle + struct.pack(">QI", 0, 0xFFFFFFFF) + b"abc"))
        assert ends(channel)


def test_fields_beyond_their_packet_are_bad_messages(target, keys, bystander):
    with mallory(target, keys) as transport:
        channel = sftp_channel(transport)
        for kind in (OPEN, CLOSE, READ, SETSTAT, OPENDIR, READDIR):
            channel.sendall(request(kind, 1, struct.pack(">I", 0xFFFFFF00) + b"abc"))
            assert status_of(receive(channel)) in (4, 5)  # failure, bad message


def test_a_packet_of_ssh_that_is_too_large_ends_the_connection(target, keys, bystander):
    with mallory(target, keys) as transport:
        message = paramiko.Message()
        message.add_byte(cMSG_IGNORE)
        message.add_string(bytes(1 << 20))
        with contextlib.suppress(OSError, EOFError):
            transport._send_message(message)
        wait_for(lambda: not transport.is_active(), PATIENCE, "the connection goes on")


def test_messages_for_channels_that_do_not_exist(target, keys, bystander):
    with mallory(target, keys) as transport:
        for number in (1, 99, 0xFFFFFFFF):
            for kind, rest in ((cMSG_CHANNEL_WINDOW_ADJUST, struct.pack(">I", 0xFFFFFFFF)), (cMSG_CHANNEL_DATA, text("x" * 1000))):
                message = paramiko.Message()
                message.add_byte(kind)
                message.add_int(number)
                message.add_bytes(rest)
                with contextlib.suppress(OSError, EOFError):
                    transport._send_message(message)
        bystander.is_served()


def test_channels_have_a_limit(target, keys, bystander):
    with mallory(target, keys) as transport:
        channels = [sftp_channel(transport) for _ in range(32)]
        with pytest.raises(paramiko.ChannelException):
            transport.open_session(timeout=PATIENCE)
        bystander.is_served()
        channels[0].close()
        # The limit counts what is open.
        def again():
            with contextlib.suppress(paramiko.ChannelException):
                return transport.open_session(timeout=PATIENCE)
        wait_for(again, PATIENCE)


# ---- windows

def many_reads(handle, count):
    return b"".join(request(READ, i, handle + struct.pack(">QI", 0, 32768)) for i in range(count))


def prepare_file(channel, name="read-me", size=1 << 20):
    handle = open_file(channel, name)
    for offset in range(0, size, 32768):
        channel.sendall(request(WRITE, 1, handle + struct.pack(">Q", offset) + text(bytes(32768))))
        assert status_of(receive(channel)) == 0
    return handle


def test_a_client_that_asks_and_never_reads(target, keys, bystander):
    """Its window is never adjusted: what it asked for waits, within bounds, and the answers come when it reads."""
    with mallory(target, keys, window=65536) as transport:
        channel = sftp_channel(transport)
        handle = prepare_file(channel)
        asked = 0
        channel.settimeout(1)
        with contextlib.suppress(socket.timeout):
            while asked < 64 << 20:  # as much as its own window lets it
                channel.sendall(many_reads(handle, 100))
                asked += 100 * 41
        bystander.is_served()


def test_a_client_that_sends_beyond_its_window(target, keys, bystander):
    with mallory(target, keys, window=65536) as transport:
        channel = sftp_channel(transport)
        handle = prepare_file(channel)
        channel.out_window_size = 1 << 40
        with contextlib.suppress(OSError, EOFError):
            for _ in range((256 << 20) // (41 * 1000)):
                channel.sendall(many_reads(handle, 1000))
                if not transport.is_active():
                    break
        wait_for(lambda: not transport.is_active(), PATIENCE, "the connection goes on")
        target.wait_for_log(message="the client ignores the limits of its channel")


def test_a_window_that_overflows(target, keys, bystander):
    with mallory(target, keys, window=65536) as transport:
        channel = sftp_channel(transport)
        handle = prepare_file(channel)
        for _ in range(8):
            message = paramiko.Message()
            message.add_byte(cMSG_CHANNEL_WINDOW_ADJUST)
            message.add_int(channel.remote_chanid)
            message.add_int(0xFFFFFFFF)
            with contextlib.suppress(OSError, EOFError):
                transport._send_message(message)
        with contextlib.suppress(OSError, EOFError):
            channel.sendall(many_reads(handle, 1000))
        bystander.is_served()


# ---- what a session may hold

def test_a_thousand_handles_and_no_more(target, keys, bystander):
    with mallory(target, keys) as transport:
        channel = sftp_channel(transport)
        handles = [open_file(channel, f"h{i % 10}") for i in range(1000)]
        assert len(set(handles)) == 1000
        refused = open_file(channel, "one more")
        assert status_of(refused) == 4 and b"too many open files" in refused
        with Paramiko(target.port, "mallory", key=keys) as p:
            assert "one more" not in p.sftp.listdir("/")
        bystander.is_served()
        channel.sendall(request(CLOSE, 1, text(handles[0][4:])))
        assert status_of(receive(channel)) == 0
        assert len(open_file(channel, "one more")) == 12


def test_handles_of_many_channels_leave_descriptors_to_others(target, keys, bystander):
    with mallory(target, keys) as transport:
        opened = 0
        channels = [sftp_channel(transport) for _ in range(3)]
        for channel in channels:
            for i in range(1000):
                if len(open_file(channel, f"h{i % 10}")) != 12:  # not a handle with its length
                    break
                opened += 1
        assert opened == 2000
        bystander.is_served()
        with Paramiko(target.port, "anna", key=keys) as p:
            p.sftp.listdir("/")


def test_positions_beyond_every_file(target, keys, bystander):
    with mallory(target, keys) as transport:
        channel = sftp_channel(transport)
        handle = prepare_file(channel, "far", 32768)
        for offset in (1 << 62, (1 << 63) - 1, 1 << 63, (1 << 64) - 1):
            channel.sendall(request(READ, 1, handle + struct.pack(">QI", offset, 0xFFFFFFFF)))
            assert status_of(receive(channel)) == 1  # end of file
        attributes = struct.pack(">IQ", 1, 1 << 63)
        channel.sendall(request(SETSTAT, 1, text("far") + attributes))
        assert status_of(receive(channel)) != 0
        for offset in ((1 << 63) - 1, 1 << 63, (1 << 64) - 1):
            other = open_file(channel, "far")
            channel.sendall(request(WRITE, 1, other + struct.pack(">Q", offset) + text("abc")))
            assert status_of(receive(channel)) != 0
        assert (target.home("mallory") / "far").stat().st_size == 32768


# ---- directories

ENTRIES = 100_000


@pytest.fixture(scope="module")
def crowd(target):
    directory = target.home("mallory") / "crowd"
    directory.mkdir()
    descriptor = os.open(directory, os.O_RDONLY)
    for i in range(ENTRIES):
        os.close(os.open(f"entry-{i:07d}", os.O_CREAT | os.O_WRONLY, dir_fd=descriptor))
    os.close(descriptor)


def names_in(reply):
    assert reply[0] == NAME
    return struct.unpack(">I", reply[5:9])[0]


def test_a_large_directory_is_read_slowly(target, keys, crowd, bystander):
    with mallory(target, keys) as transport:
        channel = sftp_channel(transport)
        handles = []
        for _ in range(20):  # many listings under way, none of them at its end
            channel.sendall(request(OPENDIR, 1, text("/crowd")))
            handles.append(receive(channel)[5:])
        for _ in range(3):
            for handle in handles:
                channel.sendall(request(READDIR, 1, handle))
                assert 0 < names_in(receive(channel)) <= 1000
            bystander.is_served()


def test_a_large_directory_is_read_to_its_end(target, keys, crowd, bystander):
    with mallory(target, keys) as transport:
        channel = sftp_channel(transport)
        channel.sendall(request(OPENDIR, 1, text("/crowd")))
        handle = receive(channel)[5:]
        seen = 0
        while True:
            channel.sendall(request(READDIR, 1, handle))
            reply = receive(channel)
            if reply[0] == STATUS:
                assert status_of(reply) == 1
                break
            seen += names_in(reply)
        assert seen == ENTRIES + 2  # "." and ".."


# ---- floods of logins

@pytest.mark.parametrize("many", [False, True], ids=["one-address", "many-addresses"])
def test_a_flood_of_logins(target, keys, bystander, many):
    stop = threading.Event()
    tries = []

    def flood(number):
        while not stop.is_set():
            source = f"127.0.{number}.{1 + len(tries) % 250}" if many else "127.0.0.1"
            with contextlib.suppress(paramiko.SSHException, OSError, EOFError):
                transport = paramiko.Transport(connect(target, source))
                try:
                    transport.start_client(timeout=PATIENCE)
                    tries.append(source)
                    transport.auth_password("mallory", "wrong")
                finally:
                    transport.close()

    threads = [threading.Thread(target=flood, args=(i,)) for i in range(8)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(5):
            bystander.is_served()
        wait_for(lambda: len(tries) >= 40, PATIENCE)
        with Paramiko(target.port, "anna", password="anna") as p:
            p.sftp.listdir("/")
    finally:
        stop.set()
        for thread in threads:
            thread.join(PATIENCE)
