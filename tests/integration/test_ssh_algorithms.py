"""What the SSH transport negotiates: every algorithm, the defaults, groups, and what accounts may demand."""
import os
import re
import socket
import struct
import time

import paramiko
import pytest

from slipway_server import user, wait_for
from ssh_stand import (  # noqa: F401 (fixtures)
    CIPHERS, HOST_KEYS, KEX, Kexinit, MACS, USER_KEYS, WEAK_KEX, everything, exchanges, negotiated, sftp, user_keys)

# ---- every algorithm that is offered

@pytest.mark.parametrize("name", KEX)
def test_key_exchange(everything, user_keys, name):
    before = exchanges(everything)
    result = sftp(everything, user_keys["ed25519"], "-o", f"KexAlgorithms={name}")
    assert result.returncode == 0, result.stderr
    negotiated(everything, before, kex=name)


@pytest.mark.parametrize("name", CIPHERS)
def test_cipher(everything, user_keys, name, tmp_path):
    before = exchanges(everything)
    (tmp_path / "up").write_bytes(os.urandom(300_000))
    result = sftp(everything, user_keys["ed25519"], "-o", f"Ciphers={name}", commands=f"put {tmp_path}/up c\nget c {tmp_path}/down\n")
    assert result.returncode == 0, result.stderr
    assert (tmp_path / "up").read_bytes() == (tmp_path / "down").read_bytes()
    negotiated(everything, before, cipher=name)


@pytest.mark.parametrize("name", MACS)
def test_mac(everything, user_keys, name):
    before = exchanges(everything)
    result = sftp(everything, user_keys["ed25519"], "-o", f"MACs={name}", "-o", "Ciphers=aes128-ctr")
    assert result.returncode == 0, result.stderr
    negotiated(everything, before, mac=name)


@pytest.mark.parametrize("name", HOST_KEYS)
def test_host_key(everything, user_keys, name):
    before = exchanges(everything)
    result = sftp(everything, user_keys["ed25519"], "-o", f"HostKeyAlgorithms={name}")
    assert result.returncode == 0, result.stderr
    negotiated(everything, before, host_key=name)


@pytest.mark.parametrize("name", USER_KEYS)
def test_user_key_and_its_signature_in_the_log(everything, user_keys, name):
    before = len(everything.log_lines(sender="login"))
    result = sftp(everything, user_keys[USER_KEYS[name]], "-o", f"PubkeyAcceptedAlgorithms={name}")
    assert result.returncode == 0, result.stderr
    line = wait_for(lambda: everything.log_lines(sender="login")[before:])[0]
    assert line["method"].endswith(f" ({name})"), line


def test_only_what_is_configured_is_offered(make_server, user_keys, tmp_path):
    public = user_keys["ed25519"].with_name("ed25519.pub").read_text().strip()
    server = make_server(dump={"users": [user("anna", tmp_path, public_keys=[public])]}, config={"sftpd": {
        "kex_algorithms": ["ecdh-sha2-nistp384"], "ciphers": ["aes256-ctr"], "macs": ["hmac-sha2-512"]}})
    assert sftp(server, user_keys["ed25519"]).returncode == 0
    for option in ("KexAlgorithms=curve25519-sha256", "Ciphers=aes128-gcm@openssh.com", "MACs=hmac-sha2-256"):
        assert sftp(server, user_keys["ed25519"], "-o", option).returncode != 0, option


@pytest.mark.parametrize("option", ["host_key_algorithms", "kex_algorithms", "ciphers", "macs", "public_key_algorithms"])
def test_an_unknown_name_is_refused_with_the_possible_ones(make_server, option):
    server = make_server(start=False, config={"sftpd": {option: ["rot13"]}})
    code, text = server.run_to_end()
    assert code != 0
    assert "rot13" in text and "possible are" in text
    checked = server.run("config", "validate", check=False)
    assert checked.returncode != 0
    assert "rot13" in checked.stdout and "possible are" in checked.stdout


# ---- defaults

def test_the_identification_and_the_defaults(make_server):
    server = make_server()
    offer = Kexinit(server.port)
    assert re.fullmatch(r"SSH-2\.0-Slipway_[0-9.]+", offer.identification)
    assert "kex-strict-s-v00@openssh.com" in offer.kex, "the countermeasure against Terrapin"
    everything_offered = {name for names in offer.lists for name in names}
    for weak in ("sha1", "-cbc", "arcfour", "3des", "ssh-rsa", "ssh-dss", "group1-", "zlib", "md5"):
        assert not [name for name in everything_offered if weak in name and "group14" not in name and "group16" not in name], weak
    assert offer.host_keys == ["ssh-ed25519"]
    assert set(offer.macs) == {"hmac-sha2-256-etm@openssh.com", "hmac-sha2-256"}
    assert offer.lists[6] == ["none"], "no compression"


# ---- clients that have nothing in common with the server

OUR_OFFER = [b"curve25519-sha256", b"ssh-ed25519", b"aes128-ctr", b"aes128-ctr", b"hmac-sha2-256", b"hmac-sha2-256",
             b"none", b"none", b"", b""]


def kexinit_packet(**changed):
    """A client's KEXINIT; `changed` replaces lists by their place in it: kex=0, ciphers=2, ..."""
    places = {"kex": 0, "host_keys": 1, "ciphers": 2, "macs": 4}
    lists = list(OUR_OFFER)
    for what, names in changed.items():
        lists[places[what]] = names
    payload = b"\x14" + os.urandom(16) + b"".join(struct.pack(">I", len(names)) + names for names in lists) + bytes(5)
    padding = 8 - (5 + len(payload)) % 8
    padding += 8 if padding < 4 else 0
    return struct.pack(">IB", 1 + len(payload) + padding, padding) + payload + bytes(padding)


@pytest.mark.parametrize("pieces", [1, 2], ids=["in-one-piece", "behind-the-banner"])
@pytest.mark.parametrize("what, names", [("kex", b"diffie-hellman-group1-sha1"), ("host_keys", b"ssh-dss"),
                                         ("ciphers", b"3des-cbc"), ("macs", b"hmac-md5")])
def test_a_client_without_a_common_algorithm_is_told_apart_from_one_that_left(make_server, pieces, what, names):
    server = make_server()
    banner, packet = b"SSH-2.0-test\r\n", kexinit_packet(**{what: names})
    before = len(server.log_lines(sender="connection_failed"))
    with socket.create_connection(("127.0.0.1", server.port), 30) as link:
        if pieces == 1:
            link.sendall(banner + packet)
        else:
            link.sendall(banner)
            reply = link.makefile("rb")
            assert reply.readline().startswith(b"SSH-2.0-")
            length, = struct.unpack(">I", reply.read(4))
            reply.read(length)  # its KEXINIT: it has read the banner
            link.sendall(packet)
        link.settimeout(30)
        try:
            while link.recv(4096):
                pass
        except ConnectionResetError:
            pass
    line = wait_for(lambda: [line for line in server.log_lines(sender="connection_failed")[before:]
                             if line["event"] != 3 or line["error"] != "the client left without trying to log in"])[0]
    assert line["event"] == 4 and line["login_type"] == "no_auth_tried"
    assert f"client [{names.decode()}]" in line["error"]
    if what == "kex":
        assert "server [mlkem768x25519-sha256,curve25519-sha256," in line["error"], "as it was offered"


# ---- group exchange

class GroupExchange:
    """paramiko's client of it, asking for what a test wants; `bits` is the size of the group it was given."""

    def __init__(self, server, least, preferred, most):
        from paramiko.kex_gex import KexGexSHA256
        test = self

        class Asks(KexGexSHA256):
            min_bits, preferred_bits, max_bits = least, preferred, most

            def start_kex(self):  # paramiko's own puts its preference within its bounds
                message = paramiko.Message()
                message.add_byte(b"\x22")
                for bits in (least, preferred, most):
                    message.add_int(bits)
                self.transport._send_message(message)
                self.transport._expect_packet(31)

            def _parse_kexdh_gex_group(self, message):
                super()._parse_kexdh_gex_group(message)
                test.bits, test.generator = self.p.bit_length(), self.g

        self.bits = None
        transport = paramiko.Transport(("127.0.0.1", server.port))
        transport._kex_info = {**transport._kex_info, "diffie-hellman-group-exchange-sha256": Asks}
        transport.get_security_options().kex = ["diffie-hellman-group-exchange-sha256"]
        self.began = time.monotonic()
        try:
            transport.start_client(timeout=60)
        finally:
            transport.close()


@pytest.mark.parametrize("least, asked, given", [
    (2048, (1024, 1024, 8192), 2048),
    (2048, (2048, 2048, 8192), 2048),
    (2048, (2048, 3072, 8192), 3072),
    (2048, (2048, 7680, 8192), 8192),
    (3072, (1024, 2048, 8192), 3072),
    (3072, (2048, 2048, 8192), 3072),
    (3072, (2048, 4096, 4096), 4096),
    (3072, (4096, 6144, 8192), 6144),
])
def test_the_group_is_the_nearest_that_client_and_server_allow(make_server, least, asked, given):
    server = make_server(config={"sftpd": {"min_dh_group_exchange_key_size": least}})
    exchange = GroupExchange(server, *asked)
    assert (exchange.bits, exchange.generator) == (given, 2)


@pytest.mark.parametrize("least, asked", [(3072, (1024, 2048, 2048)), (2048, (1024, 1024, 1024)), (2048, (8192, 2048, 2048))])
def test_a_client_that_allows_no_group_is_not_kept_waiting(make_server, least, asked):
    server = make_server(config={"sftpd": {"min_dh_group_exchange_key_size": least, "login_grace_time": "1h"}})
    with pytest.raises((paramiko.SSHException, EOFError)):
        GroupExchange(server, *asked)
    server.wait_for_log(message="no key exchange")
    if least == 3072:
        failed = wait_for(lambda: [line for line in server.log_lines(sender="connection_failed") if line["event"] == 4])[0]
        assert "DH group" in failed["error"]


def test_openssh_exchanges_groups_of_the_demanded_size(make_server, user_keys, tmp_path):
    public = user_keys["ed25519"].with_name("ed25519.pub").read_text().strip()
    server = make_server(dump={"users": [user("anna", tmp_path, public_keys=[public])]},
                         config={"sftpd": {"min_dh_group_exchange_key_size": 3072}})
    for cipher in ("aes128-ctr", "aes256-ctr"):
        result = sftp(server, user_keys["ed25519"], "-o", "KexAlgorithms=diffie-hellman-group-exchange-sha256", "-o", f"Ciphers={cipher}")
        assert result.returncode == 0, result.stderr


# ---- accounts that demand secure algorithms

@pytest.mark.parametrize("options, words", [
    ([f"KexAlgorithms={WEAK_KEX[0]}"], f"the key exchange {WEAK_KEX[0]}"),
    (["Ciphers=aes128-cbc"], "the cipher aes128-cbc"),
    (["Ciphers=aes128-ctr", "MACs=hmac-sha1"], "the MAC hmac-sha1"),
    (["HostKeyAlgorithms=ssh-rsa"], "the host key algorithm ssh-rsa"),
])
def test_weak_algorithms_are_refused_for_who_demands_secure_ones(everything, user_keys, options, words):
    flags = [flag for option in options for flag in ("-o", option)]
    assert sftp(everything, user_keys["ed25519"], *flags).returncode == 0, "anna does not mind"
    result = sftp(everything, user_keys["ed25519"], *flags, name="bert")
    assert result.returncode != 0
    assert f"demands secure algorithms, and {words} is not" in result.stderr, result.stderr
    assert [line for line in everything.log_lines(sender="connection_failed", username="bert") if words in line["error"]]


def test_a_weak_signature_is_refused_for_who_demands_secure_ones(everything, user_keys):
    weak = ["-o", "PubkeyAcceptedAlgorithms=ssh-rsa"]
    assert sftp(everything, user_keys["rsa"], *weak).returncode == 0
    result = sftp(everything, user_keys["rsa"], *weak, name="bert")
    assert result.returncode != 0 and "the signature algorithm ssh-rsa is not" in result.stderr
    assert sftp(everything, user_keys["rsa"], name="bert").returncode == 0, "the same key with SHA-2"


def test_secure_algorithms_let_everybody_in(everything, user_keys):
    for cipher in ("aes128-gcm@openssh.com", "chacha20-poly1305@openssh.com", "aes256-ctr"):
        result = sftp(everything, user_keys["ed25519"], "-o", f"Ciphers={cipher}", name="bert")
        assert result.returncode == 0, result.stderr


def test_whoever_proved_who_they_are_is_told_why_they_are_refused(make_server, user_keys, tmp_path):
    public = user_keys["ed25519"].with_name("ed25519.pub").read_text().strip()
    server = make_server(dump={"users": [user("anna", tmp_path, public_keys=[public], expiration_date=1000)]})
    result = sftp(server, user_keys["ed25519"])
    assert result.returncode != 0 and "Login refused:" in result.stderr
    other = sftp(server, user_keys["p256"])
    assert other.returncode != 0 and "Login refused:" not in other.stderr
