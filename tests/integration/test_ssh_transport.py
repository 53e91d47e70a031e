"""The SSH transport: what is negotiated, shown and refused before and beside the files."""
import base64
import hashlib
import os
import re
import socket
import struct
import subprocess
import time

import paramiko
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519

from clients import SSH_OPTIONS, Paramiko
from hybrid_client import HybridTransport
from slipway_server import need, user, wait_for

HOST_KEYS = ["ssh-ed25519", "ecdsa-sha2-nistp256", "rsa-sha2-512", "rsa-sha2-256", "ssh-rsa"]
KEX = ["curve25519-sha256", "curve25519-sha256@libssh.org", "ecdh-sha2-nistp256", "ecdh-sha2-nistp384",
       "ecdh-sha2-nistp521", "diffie-hellman-group14-sha256", "diffie-hellman-group-exchange-sha256",
       "diffie-hellman-group16-sha512", "diffie-hellman-group18-sha512", "diffie-hellman-group14-sha1",
       "diffie-hellman-group1-sha1", "diffie-hellman-group-exchange-sha1"]
CIPHERS = ["aes128-gcm@openssh.com", "aes256-gcm@openssh.com", "chacha20-poly1305@openssh.com", "aes128-ctr",
           "aes192-ctr", "aes256-ctr", "aes128-cbc", "aes192-cbc", "aes256-cbc", "3des-cbc"]
MACS = ["hmac-sha2-256-etm@openssh.com", "hmac-sha2-256", "hmac-sha2-512-etm@openssh.com", "hmac-sha2-512", "hmac-sha1"]
USER_KEYS = {"ssh-ed25519": "ed25519", "ecdsa-sha2-nistp256": "p256", "ecdsa-sha2-nistp384": "p384",
             "ecdsa-sha2-nistp521": "p521", "rsa-sha2-512": "rsa", "rsa-sha2-256": "rsa", "ssh-rsa": "rsa"}
WEAK_KEX = [name for name in KEX if name.endswith("sha1")]


def keygen(*arguments):
    subprocess.run([need("ssh-keygen"), "-q", *map(str, arguments)], check=True, capture_output=True)


@pytest.fixture(scope="module")
def user_keys(tmp_path_factory):
    directory = tmp_path_factory.mktemp("keys")
    made = {}
    for name, kind in (("ed25519", ["ed25519"]), ("p256", ["ecdsa", "-b", "256"]), ("p384", ["ecdsa", "-b", "384"]),
                       ("p521", ["ecdsa", "-b", "521"]), ("rsa", ["rsa"])):
        keygen("-t", *kind, "-N", "", "-f", directory / name)
        made[name] = directory / name
    return made


@pytest.fixture(scope="module")
def everything(tmp_path_factory, user_keys):
    """A server that offers every algorithm it has. anna takes all of them, bert only secure ones."""
    from slipway_server import SlipwayServer
    directory = tmp_path_factory.mktemp("everything")
    host_keys = []
    for kind in ("ed25519", "ecdsa", "rsa"):
        keygen("-t", kind, "-N", "", "-f", directory / f"host_{kind}")
        host_keys.append(f"host_{kind}")
    public = [key.with_name(key.name + ".pub").read_text().strip() for key in user_keys.values()]
    users = [user("anna", directory / "homes" / "anna", public_keys=public),
             user("bert", directory / "homes" / "bert", public_keys=public, filters={"enforce_secure_algorithms": True})]
    (directory / "homes" / "anna").mkdir(parents=True)
    server = SlipwayServer(directory, dump={"users": users}, config={"sftpd": {
        "host_keys": host_keys, "host_key_algorithms": HOST_KEYS, "kex_algorithms": ["mlkem768x25519-sha256", *KEX], "ciphers": CIPHERS, "macs": MACS,
        "public_key_algorithms": list(USER_KEYS), "max_auth_tries": -1}})
    server.start()
    yield server
    server.stop()


def sftp(server, key, *options, name="anna", commands="ls\n", timeout=120):
    return subprocess.run(
        [need("sftp"), "-b", "-", "-o", "LogLevel=INFO", *SSH_OPTIONS[:4], "-F", "/dev/null", "-o", "BatchMode=yes",
         "-o", "IdentitiesOnly=yes", "-i", str(key), *options, "-P", str(server.port), f"{name}@127.0.0.1"],
        input=commands, capture_output=True, text=True, timeout=timeout)


def negotiated(server, before, **wanted):
    """The server's line about the exchange after the first `before` ones."""
    line = wait_for(lambda: server.log_lines(message="key exchange done")[before:])[0]
    for member, value in wanted.items():
        assert line[member] == value, line
    return line


def exchanges(server):
    return len(server.log_lines(message="key exchange done"))


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

class Kexinit:
    """The server's KEXINIT (RFC 4253 7.1), read by hand."""

    def __init__(self, port):
        with socket.create_connection(("127.0.0.1", port), 30) as link:
            link.sendall(b"SSH-2.0-test\r\n")
            stream = link.makefile("rb")
            self.identification = stream.readline().decode().strip()
            length, padding = struct.unpack(">IB", stream.read(5))
            payload = stream.read(length - 1)[:length - 1 - padding]
        assert payload[0] == 20
        at, self.lists = 17, []
        for _ in range(10):
            size, = struct.unpack_from(">I", payload, at)
            self.lists.append(payload[at + 4:at + 4 + size].decode().split(","))
            at += 4 + size
        self.kex, self.host_keys, self.ciphers, _, self.macs = self.lists[:5]


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


# ---- keys that cannot be used are answered at once

def string(data):
    return struct.pack(">I", len(data)) + data


class Conversation:
    """Authentication requests by hand, over paramiko's transport."""

    def __init__(self, server):
        self.transport = paramiko.Transport(("127.0.0.1", server.port))
        self.transport.start_client(timeout=30)
        self.answers = []
        handler = paramiko.auth_handler.AuthHandler(self.transport)
        table = dict(handler._client_handler_table)
        for kind in (6, 51, 52, 53, 60):
            table[kind] = (lambda k: lambda _, m: self.answers.append((k, m)))(kind)
        self.saved, type(handler)._handler_table = type(handler)._handler_table, property(lambda h: table)
        self.transport.auth_handler = handler
        self.transport._send_message(self.message(b"\x05", string(b"ssh-userauth")))
        wait_for(lambda: self.answers)
        assert self.answers.pop(0)[0] == 6

    @staticmethod
    def message(kind, body):
        message = paramiko.Message()
        message.add_bytes(kind + body)
        return message

    def ask(self, body):
        """The type of the answer: 51 refused, 52 accepted, 60 go on."""
        self.transport._send_message(self.message(b"\x32", body))
        wait_for(lambda: self.answers, 10, "no answer at all")
        return self.answers.pop(0)[0]

    def sign_data(self, body):
        return string(self.transport.session_id) + b"\x32" + body

    def close(self):
        type(self.transport.auth_handler)._handler_table = self.saved
        self.transport.close()


@pytest.fixture
def conversation(everything):
    talk = Conversation(everything)
    yield talk
    talk.close()


def key_request(algorithm, blob, signed=False, name=b"anna"):
    return string(name) + string(b"ssh-connection") + string(b"publickey") + bytes([signed]) + string(algorithm) + string(blob)


@pytest.fixture(scope="module")
def ed25519_key(user_keys):
    private = serialization.load_ssh_private_key(user_keys["ed25519"].read_bytes(), None)
    blob = base64.b64decode(user_keys["ed25519"].with_name("ed25519.pub").read_text().split()[1])
    return private, blob


def test_the_right_signature_after_every_kind_of_bad_key(conversation, ed25519_key):
    private, blob = ed25519_key
    kind = b"ssh-ed25519"
    signed = key_request(kind, blob, True)
    good = string(kind) + string(private.sign(conversation.sign_data(signed)))
    bad = [
        key_request(kind, b""),
        key_request(kind, b"\xff" * 40),
        key_request(kind, string(kind) + string(b"short")),
        key_request(b"ssh-dss", string(b"ssh-dss") + string(b"x")),
        key_request(b"later@example.com", string(b"later@example.com") + string(b"x")),
        key_request(b"ssh-ed25519-cert-v01@openssh.com", string(b"ssh-ed25519-cert-v01@openssh.com") + string(b"x")),
        key_request(b"rsa-sha2-512", string(b"ssh-rsa") + string(b"\x01") + string(b"\x00")),
        key_request(b"ecdsa-sha2-nistp256", string(b"ecdsa-sha2-nistp256") + string(b"nistp256") + string(b"\x04" + b"\x01" * 64)),
        signed,  # says that a signature follows
        signed + string(b""),
        signed + string(string(kind) + string(b"\x00" * 64)),
        signed + string(string(kind) + string(b"\x00" * 63)),
        signed + string(string(b"ssh-rsa") + string(b"\x00" * 64)),
        string(b"anna") + string(b"ssh-connection") + string(b"password"),
        string(b"anna") + string(b"ssh-connection") + string(b"keyboard-interactive") + b"\xff\xff\xff\xff",
        string(b"anna") + string(b"ssh-shell") + string(b"none"),
        string(b"anna") + string(b"ssh-connection") + string(b"hostbased") + string(b"x"),
    ]
    for request in bad:
        assert conversation.ask(request) == 51, request
    assert conversation.ask(key_request(kind, blob)) == 60
    assert conversation.ask(signed + string(good)) == 52


def test_a_signature_over_something_else(conversation, ed25519_key):
    private, blob = ed25519_key
    other = key_request(b"ssh-ed25519", blob, True, name=b"bert")
    signature = string(b"ssh-ed25519") + string(private.sign(conversation.sign_data(other)))
    assert conversation.ask(key_request(b"ssh-ed25519", blob, True) + string(signature)) == 51


def test_an_openssh_client_tries_its_next_key(everything, user_keys, tmp_path):
    keygen("-t", "ed25519", "-N", "", "-f", tmp_path / "foreign")
    result = sftp(everything, tmp_path / "foreign", "-i", str(user_keys["ed25519"]))
    assert result.returncode == 0, result.stderr


def test_bad_keys_count_as_tries(make_server, tmp_path):
    server = make_server(dump={"users": [user("anna", tmp_path)]}, config={"sftpd": {"max_auth_tries": 3}})
    talk = Conversation(server)
    try:
        for _ in range(3):
            talk.transport._send_message(talk.message(b"\x32", key_request(b"ssh-ed25519", b"garbage")))
        wait_for(lambda: not talk.transport.is_active(), 30, "the connection goes on")
    finally:
        talk.close()


def sk_signature(private, request, session, application, flags):
    """PROTOCOL.u2f of OpenSSH: what the device signs, and how the signature is packed."""
    challenge = hashlib.sha256(string(session) + b"\x32" + request).digest()
    signed = hashlib.sha256(application).digest() + bytes([flags]) + struct.pack(">I", 5) + challenge
    kind = b"sk-ssh-ed25519@openssh.com"
    return string(kind) + string(private.sign(signed)) + bytes([flags]) + struct.pack(">I", 5)


def test_a_security_key_must_have_been_touched(make_server, tmp_path):
    private = ed25519.Ed25519PrivateKey.generate()
    point = private.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    kind = b"sk-ssh-ed25519@openssh.com"
    blob = string(kind) + string(point) + string(b"ssh:")
    line = f"{kind.decode()} {base64.b64encode(blob).decode()}"
    server = make_server(dump={"users": [user("anna", tmp_path, public_keys=[line])]})
    talk = Conversation(server)
    try:
        request = key_request(kind, blob, True)
        session = talk.transport.session_id
        assert talk.ask(request + string(sk_signature(private, request, session, b"ssh:", 0))) == 51
        assert talk.ask(request + string(sk_signature(private, request, session, b"ssh:", 1))) == 52
    finally:
        talk.close()


# ---- host keys

def host_key_lines(port, kind):
    out = subprocess.run([need("ssh-keyscan"), "-T", "20", "-p", str(port), "-t", kind, "127.0.0.1"], capture_output=True, text=True).stdout
    return [line.split(" ", 1)[1].strip() for line in out.splitlines() if not line.startswith("#")]


def public_line(path):
    return " ".join(path.with_name(path.name + ".pub").read_text().split()[:2])


@pytest.mark.parametrize("kind", ["ed25519", "ecdsa", "rsa"])
def test_a_host_certificate_is_shown_and_believed(make_server, user_keys, tmp_path, kind):
    keygen("-t", "ed25519", "-N", "", "-f", tmp_path / "ca")
    keygen("-t", kind, "-N", "", "-f", tmp_path / "host")
    keygen("-s", tmp_path / "ca", "-I", "host", "-h", "-n", "127.0.0.1,localhost", tmp_path / "host.pub")
    public = user_keys["ed25519"].with_name("ed25519.pub").read_text().strip()
    server = make_server(dump={"users": [user("anna", tmp_path / "home", public_keys=[public])]}, config={"sftpd": {
        "host_keys": [str(tmp_path / "host")], "host_certificates": [str(tmp_path / "host-cert.pub")]}})
    (tmp_path / "known").write_text(f"@cert-authority * {public_line(tmp_path / 'ca')}\n")
    strict = ["-o", "StrictHostKeyChecking=yes", "-o", f"UserKnownHostsFile={tmp_path}/known", "-o", "GlobalKnownHostsFile=/dev/null"]

    def connect(*options):
        return subprocess.run([need("sftp"), "-q", "-b", "-", "-F", "/dev/null", "-o", "BatchMode=yes", "-i", str(user_keys["ed25519"]),
                               *strict, *options, "-P", str(server.port), "anna@127.0.0.1"],
                              input="ls\n", capture_output=True, text=True, timeout=60)

    result = connect()
    assert result.returncode == 0, result.stderr
    assert server.log_lines(message="key exchange done")[-1]["host_key"].endswith("-cert-v01@openssh.com")
    result = connect("-o", "RekeyLimit=1M")
    assert result.returncode == 0, result.stderr
    # The same client does not believe the plain key, and one without the authority still gets it.
    assert connect("-o", f"HostKeyAlgorithms={'rsa-sha2-512' if kind == 'rsa' else public_line(tmp_path / 'host').split()[0]}").returncode != 0
    assert sftp(server, user_keys["ed25519"]).returncode == 0
    assert host_key_lines(server.port, kind) == [public_line(tmp_path / "host")]


def test_a_host_certificate_outlives_rekeying(make_server, user_keys, tmp_path):
    keygen("-t", "ed25519", "-N", "", "-f", tmp_path / "ca")
    keygen("-t", "ed25519", "-N", "", "-f", tmp_path / "host")
    keygen("-s", tmp_path / "ca", "-I", "host", "-h", "-n", "127.0.0.1", tmp_path / "host.pub")
    public = user_keys["ed25519"].with_name("ed25519.pub").read_text().strip()
    server = make_server(dump={"users": [user("anna", tmp_path / "home", public_keys=[public])]}, config={"sftpd": {
        "host_keys": [str(tmp_path / "host")], "host_certificates": [str(tmp_path / "host-cert.pub")]}})
    (tmp_path / "known").write_text(f"@cert-authority * {public_line(tmp_path / 'ca')}\n")
    (tmp_path / "up").write_bytes(os.urandom(8 << 20))
    result = subprocess.run(
        [need("sftp"), "-q", "-b", "-", "-F", "/dev/null", "-o", "BatchMode=yes", "-o", "RekeyLimit=1M", "-i", str(user_keys["ed25519"]),
         "-o", "StrictHostKeyChecking=yes", "-o", f"UserKnownHostsFile={tmp_path}/known", "-P", str(server.port), "anna@127.0.0.1"],
        input=f"put {tmp_path}/up a\nget a {tmp_path}/down\n", capture_output=True, text=True, timeout=120)
    assert result.returncode == 0, result.stderr
    assert (tmp_path / "up").read_bytes() == (tmp_path / "down").read_bytes()


def test_a_certificate_of_another_key_is_left_out(make_server, tmp_path):
    keygen("-t", "ed25519", "-N", "", "-f", tmp_path / "ca")
    keygen("-t", "ed25519", "-N", "", "-f", tmp_path / "other")
    keygen("-s", tmp_path / "ca", "-I", "host", "-h", tmp_path / "other.pub")
    server = make_server(config={"sftpd": {"host_certificates": [str(tmp_path / "other-cert.pub")]}})
    assert server.log_lines(message="a host certificate matches no host key and is left out")
    assert Kexinit(server.port).host_keys == ["ssh-ed25519"]


def test_a_users_certificate_for_a_host_stops_the_start(make_server, tmp_path):
    keygen("-t", "ed25519", "-N", "", "-f", tmp_path / "ca")
    keygen("-t", "ed25519", "-N", "", "-f", tmp_path / "key")
    keygen("-s", tmp_path / "ca", "-I", "user", "-n", "anna", tmp_path / "key.pub")
    server = make_server(start=False, config={"sftpd": {"host_certificates": [str(tmp_path / "key-cert.pub")]}})
    code, text = server.run_to_end()
    assert code != 0 and "it is a user's certificate" in text


def test_host_keys_and_certificates_of_the_database(make_server, tmp_path):
    """They are kept sealed, and take the place of a file's key of the same type."""
    keygen("-t", "ed25519", "-N", "", "-f", tmp_path / "ca")
    keygen("-t", "ed25519", "-N", "", "-f", tmp_path / "shared")
    keygen("-s", tmp_path / "ca", "-I", "host", "-h", "-n", "127.0.0.1", tmp_path / "shared.pub")
    keygen("-t", "ecdsa", "-N", "", "-f", tmp_path / "more")
    plain = lambda text: {"status": "Plain", "payload": text}
    configs = {"sftpd": {"host_keys": [plain((tmp_path / "shared").read_text()), plain((tmp_path / "more").read_text())],
                         "host_certificates": [(tmp_path / "shared-cert.pub").read_text()],
                         "macs": ["hmac-sha2-512", "hmac-nobody-knows"]}}
    server = make_server(dump={"users": [], "configs": configs})
    offer = Kexinit(server.port)
    assert offer.host_keys[0] == "ssh-ed25519-cert-v01@openssh.com"
    assert set(offer.host_keys[1:]) == {"ssh-ed25519", "ecdsa-sha2-nistp256"}
    assert "hmac-sha2-512" in offer.macs and "hmac-sha2-256" in offer.macs
    assert host_key_lines(server.port, "ed25519") == [public_line(tmp_path / "shared")]
    assert host_key_lines(server.port, "ecdsa") == [public_line(tmp_path / "more")]
    for path in server.dir.rglob("*.db*"):
        assert b"OPENSSH PRIVATE KEY" not in path.read_bytes()
    assert "OPENSSH PRIVATE KEY" not in server.log_text()


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

def plain_packet(payload):
    padding = 8 - (len(payload) + 5) % 8
    padding += 8 if padding < 4 else 0
    return struct.pack(">IB", len(payload) + padding + 1, padding) + payload + b"\x00" * padding


def client_kexinit(*more):
    lists = [",".join(["curve25519-sha256", *more]), "ssh-ed25519", *["aes128-ctr"] * 2, *["hmac-sha2-256"] * 2, *["none"] * 2, "", ""]
    return b"\x14" + b"\x00" * 16 + b"".join(string(names.encode()) for names in lists) + b"\x00" * 5


def answer_to_hello(server, *packets, patience=30):
    """The types of the server's plain packets until it goes, or is silent for `patience` seconds."""
    with socket.create_connection(("127.0.0.1", server.port), 30) as link:
        link.sendall(b"SSH-2.0-test\r\n" + b"".join(plain_packet(p) for p in packets))
        link.settimeout(patience)
        stream, kinds = link.makefile("rb"), []
        stream.readline()
        try:
            while header := stream.read(5):
                length, _ = struct.unpack(">IB", header)
                kinds.append(stream.read(length - 1)[0])
        except TimeoutError:
            kinds.append("waits")
        except ConnectionResetError:
            pass
        return kinds


ECDH_INIT = b"\x1e" + string(b"\x09" + b"\x00" * 31)
IGNORE = b"\x02" + string(b"x")


NEWKEYS = b"\x15"


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
