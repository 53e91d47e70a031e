"""The SSH transport while it lives: keys exchanged anew, times, malformed messages, strict and post-quantum exchanges."""
import hashlib
import os
import socket
import struct
import time

import paramiko
import pytest

from clients import Paramiko
from hybrid_client import HybridTransport
from slipway_server import user, wait_for
from ssh_stand import (  # noqa: F401 (fixtures)
    ECDH_INIT, IGNORE, Kexinit, NEWKEYS, answer_to_hello, client_kexinit, everything, exchanges, negotiated, sftp, string, user_keys)

# ---- keys are exchanged anew

BIG = 48 << 20


def test_rekeying_by_the_client_in_both_directions(everything, user_keys, tmp_path):
    (tmp_path / "up").write_bytes(os.urandom(BIG))
    for cipher in ("aes128-gcm@openssh.com", "chacha20-poly1305@openssh.com", "aes256-ctr"):
        result = sftp(everything, user_keys["ed25519"], "-o", "RekeyLimit=1M", "-o", f"Ciphers={cipher}",
                      commands=f"put {tmp_path}/up big\nget big {tmp_path}/down\nrm big\n")
        assert result.returncode == 0, result.stderr
        assert (tmp_path / "up").read_bytes() == (tmp_path / "down").read_bytes()


def test_rekeying_by_the_server_in_both_directions(make_server, user_keys, tmp_path):
    public = user_keys["ed25519"].with_name("ed25519.pub").read_text().strip()
    server = make_server(dump={"users": [user("anna", tmp_path / "home", public_keys=[public])]},
                         config={"sftpd": {"rekey_limit": "1M"}})
    (tmp_path / "up").write_bytes(os.urandom(BIG))
    result = sftp(server, user_keys["ed25519"], "-v", commands=f"put {tmp_path}/up big\nget big {tmp_path}/down\n")
    assert result.returncode == 0, result.stderr[-2000:]
    assert (tmp_path / "up").read_bytes() == (tmp_path / "down").read_bytes()
    assert result.stderr.count("SSH2_MSG_KEXINIT received") > 10


def test_rekeying_by_paramiko_while_it_moves_files(server_of_anna, tmp_path):
    data = os.urandom(16 << 20)
    with Paramiko(server_of_anna.port, "anna", password="anna") as client:
        with client.sftp.open("r", "wb") as file:
            file.set_pipelined(True)
            for at in range(0, len(data), 1 << 20):
                file.write(data[at:at + (1 << 20)])
                client.transport.renegotiate_keys()
        got = b""
        with client.sftp.open("r", "rb") as file:
            file.prefetch()
            while part := file.read(1 << 20):
                got += part
                client.transport.renegotiate_keys()
    assert hashlib.sha256(got).digest() == hashlib.sha256(data).digest()


@pytest.fixture
def server_of_anna(make_server, tmp_path):
    return make_server(dump={"users": [user("anna", tmp_path / "home")]}, config={"sftpd": {"keepalive_interval": "1s", "login_grace_time": "2s"}})


# ---- times

def test_a_client_that_does_not_log_in_is_cut(server_of_anna):
    started = time.monotonic()
    with socket.create_connection(("127.0.0.1", server_of_anna.port), 30) as link:
        link.settimeout(30)
        while link.recv(4096):
            pass
    assert time.monotonic() - started > 1.5, "not before its time"


def test_a_quiet_client_hears_something_and_stays(server_of_anna):
    ignored = []
    with Paramiko(server_of_anna.port, "anna", password="anna") as client:
        original = client.transport.packetizer.read_message

        def read_message():
            kind, message = original()
            if kind == 2:
                ignored.append(kind)
            return kind, message

        client.transport.packetizer.read_message = read_message
        wait_for(lambda: len(ignored) >= 2, 30, "nothing was heard")
        assert client.sftp.listdir("/") == []


# ---- malformed messages of the connection protocol

def connection_messages():
    channel = struct.pack(">I", 0)
    nobody = struct.pack(">I", 77)
    request = lambda to, name, rest=b"", reply=1: b"\x62" + to + string(name) + bytes([reply]) + rest
    yield "a request without a type", b"\x62" + channel
    yield "a request for a channel that is not there", request(nobody, b"subsystem", string(b"sftp"))
    yield "a subsystem without a name", request(channel, b"subsystem")
    yield "a subsystem of another name", request(channel, b"subsystem", string(b"telnet"))
    yield "a name longer than the packet", b"\x62" + channel + b"\xff\xff\xff\xff"
    yield "exec without a command", request(channel, b"exec")
    yield "exec of bytes", request(channel, b"exec", string(b"\x00\xff" * 100))
    yield "a terminal without its size", request(channel, b"pty-req", string(b"xterm"))
    yield "a terminal", request(channel, b"pty-req", string(b"xterm") + b"\x00" * 16 + string(b""))
    yield "an empty environment", request(channel, b"env")
    yield "x11 cut short", request(channel, b"x11-req", b"\x01")
    yield "a shell", request(channel, b"shell")
    yield "a request that nobody knows", request(channel, b"later@example.com", b"\xff" * 1000)
    yield "an exit status from a client", request(channel, b"exit-status", b"\x00", 0)
    yield "a window for a channel that is not there", b"\x5d" + nobody + b"\xff\xff\xff\xff"
    yield "a window beyond all bounds", (b"\x5d" + channel + b"\xff\xff\xff\xff") * 1
    yield "data for a channel that is not there", b"\x5e" + nobody + string(b"x" * 100)
    yield "data longer than the packet", b"\x5e" + channel + b"\x7f\xff\xff\xff" + b"x"
    yield "a channel of a kind that is not there", b"\x5a" + string(b"direct-tcpip") + struct.pack(">III", 9, 1000, 1000)
    yield "a channel without its fields", b"\x5a" + string(b"session")
    yield "a global request", b"\x50" + string(b"tcpip-forward") + b"\x01" + string(b"") + struct.pack(">I", 1)
    yield "a global request cut short", b"\x50" + b"\xff\xff\xff\xff"
    yield "an answer to no question", b"\x5b" + nobody + b"\x00" * 12
    yield "a close of a channel that is not there", b"\x61" + nobody
    yield "an empty message", b"\x62"
    yield "a message of no kind", b"\xc8" + b"x" * 50


@pytest.mark.parametrize("name, payload", list(connection_messages()))
def test_malformed_messages_harm_nobody_else(everything, name, payload):
    with Paramiko(everything.port, "anna", password="anna") as other:
        with Paramiko(everything.port, "anna", password="anna") as client:
            message = paramiko.Message()
            message.add_bytes(payload)
            for _ in range(3):
                client.transport._send_message(message)
            time.sleep(0.05)
        assert other.sftp.listdir("/") is not None
    assert everything.process.poll() is None


# ---- strict key exchange (the countermeasure against Terrapin, CVE-2023-48795)

def test_strict_key_exchange_refuses_messages_in_between(everything):
    strict = client_kexinit("kex-strict-c-v00@openssh.com")
    assert answer_to_hello(everything, strict, ECDH_INIT, NEWKEYS, patience=2)[-1] == "waits", "for what comes encrypted"
    assert answer_to_hello(everything, strict, IGNORE, ECDH_INIT, NEWKEYS)[-1] != "waits"
    assert answer_to_hello(everything, IGNORE, strict, ECDH_INIT, NEWKEYS)[-1] != "waits"
    # Clients from before the countermeasure may still do so.
    assert answer_to_hello(everything, client_kexinit(), IGNORE, ECDH_INIT, NEWKEYS, patience=2)[-1] == "waits"


# ---- post-quantum key exchange

def hybrid(port):
    transport = HybridTransport(("127.0.0.1", port))
    transport.connect(username="anna", password="anna")
    return transport


def test_post_quantum_exchange_is_the_first_choice(make_server):
    assert Kexinit(make_server().port).kex[:3] == ["mlkem768x25519-sha256", "curve25519-sha256", "curve25519-sha256@libssh.org"]


def test_post_quantum_exchange_and_rekeying(everything):
    before = exchanges(everything)
    transport = hybrid(everything.port)
    try:
        negotiated(everything, before, kex="mlkem768x25519-sha256")
        data = os.urandom(1 << 20)
        with paramiko.SFTPClient.from_transport(transport) as files:
            for _ in range(3):
                with files.open("pq", "wb") as file:
                    file.write(data)
                transport.renegotiate_keys()
                with files.open("pq", "rb") as file:
                    assert file.read() == data
    finally:
        transport.close()


def test_the_exchange_works_every_time(everything):
    """Secrets that begin with zeros or with a high bit are encoded differently as numbers; each is one in many."""
    for _ in range(12):
        transport = hybrid(everything.port)
        assert transport.is_authenticated()
        transport.close()


def test_secure_enough_for_who_demands_it(everything):
    transport = HybridTransport(("127.0.0.1", everything.port))
    transport.connect(username="bert", password="bert")
    transport.close()


@pytest.mark.parametrize("message", [b"", b"\x09" + b"\x00" * 31, b"\xff" * 1216, b"\x00" * 1216, b"\x00" * 1215, b"\x00" * 4000])
def test_a_malformed_first_message_ends_the_connection(everything, message):
    """All-zero ML-KEM keys are well formed; the curve's all-zero point is not."""
    hello = client_kexinit("x").replace(string(b"curve25519-sha256,x"), string(b"mlkem768x25519-sha256"))
    kinds = answer_to_hello(everything, hello, b"\x1e" + string(message), NEWKEYS)
    assert 31 not in kinds and kinds[-1] != "waits"
    assert everything.process.poll() is None


def test_without_it_the_old_name_of_the_curve_is_the_curve(make_server, user_keys, tmp_path):
    public = user_keys["ed25519"].with_name("ed25519.pub").read_text().strip()
    for names in (["curve25519-sha256"], ["mlkem768x25519-sha256", "ecdh-sha2-nistp256"]):
        server = make_server(dump={"users": [user("anna", tmp_path, public_keys=[public])]}, config={"sftpd": {"kex_algorithms": names}})
        result = sftp(server, user_keys["ed25519"], "-o", "KexAlgorithms=curve25519-sha256@libssh.org")
        assert (result.returncode == 0) == (names == ["curve25519-sha256"]), result.stderr
        if len(names) == 2:
            hybrid(server.port).close()
