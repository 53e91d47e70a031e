"""For tests of the SSH transport: a server that offers everything, OpenSSH's client, and messages made by hand."""
import socket
import struct
import subprocess

import pytest

from clients import SSH_OPTIONS
from slipway_server import SlipwayServer, need, user, wait_for

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


def string(data):
    return struct.pack(">I", len(data)) + data


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
