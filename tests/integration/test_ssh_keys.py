"""Keys of users that are good, bad or cut short, and keys and certificates of the server."""
import base64
import hashlib
import os
import struct
import subprocess

import paramiko
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519

from slipway_server import need, user, wait_for
from ssh_stand import (  # noqa: F401 (fixtures)
    Kexinit, everything, keygen, sftp, string, user_keys)

# ---- keys that cannot be used are answered at once

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
