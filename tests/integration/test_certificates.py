"""User certificates made with ssh-keygen, and everything that makes one worthless."""
import base64
import hashlib
import json
import struct
import subprocess
import time

import pytest

from clients import SSH_OPTIONS
from slipway_server import need, user, wait_for


def keygen(*arguments):
    subprocess.run([need("ssh-keygen"), "-q", *map(str, arguments)], check=True, capture_output=True)


class Authority:
    """A key that signs certificates."""

    def __init__(self, directory, name, kind="ed25519"):
        self.private = directory / name
        keygen("-t", kind, "-N", "", "-C", name, "-f", self.private)
        self.public = self.private.with_suffix(".pub")

    def sign(self, key, *options, name="anna@test", principals="anna", serial=7):
        arguments = ["-s", self.private, "-I", name, "-z", serial]
        if principals is not None:
            arguments += ["-n", principals]
        keygen(*arguments, *options, key.public)
        return key


class UserKey:
    def __init__(self, directory, kind="ed25519"):
        self.private = directory / "user"
        keygen("-t", kind, "-N", "", "-f", self.private)
        self.public = self.private.with_suffix(".pub")
        self.certificate = directory / "user-cert.pub"


@pytest.fixture(scope="module")
def authorities(tmp_path_factory):
    directory = tmp_path_factory.mktemp("authorities")
    made = {kind: Authority(directory, kind, kind) for kind in ("ed25519", "ecdsa", "rsa")}
    made["foreign"] = Authority(directory, "foreign")
    # Two keys in one file, with what people write around them.
    lines = "\n".join(made[kind].public.read_text().strip() for kind in ("ed25519", "ecdsa"))
    (directory / "both").write_text(f"# the authorities of the house\n\n{lines}\n")
    made["files"] = [str(directory / "both"), str(made["rsa"].public)]
    return made


@pytest.fixture(scope="module")
def server(tmp_path_factory, authorities):
    from slipway_server import SlipwayServer
    directory = tmp_path_factory.mktemp("certificates")
    (directory / "revoked.json").write_text("[]")
    dump = {"users": [user("anna", directory / "homes" / "anna"), user("bert", directory / "homes" / "bert")]}
    server = SlipwayServer(directory, dump=dump, config={
        "sftpd": {"trusted_user_ca_keys": authorities["files"], "revoked_user_certs_file": "revoked.json"}})
    server.start()
    yield server
    server.stop()


@pytest.fixture
def key(tmp_path):
    return UserKey(tmp_path)


def login(server, key, name="anna", *options):
    """Whether sftp gets in with this key and its certificate alone."""
    result = subprocess.run(
        [need("sftp"), "-q", "-b", "-", *SSH_OPTIONS, "-o", "BatchMode=yes", "-o", "IdentitiesOnly=yes", "-o",
         "PreferredAuthentications=publickey", "-i", str(key.private), *options, "-P", str(server.port),
         f"{name}@127.0.0.1"], input=b"ls\n", capture_output=True, timeout=60)
    return result.returncode == 0


def refusal(server, reason):
    return server.wait_for_log(message="a user certificate is refused", error=reason)


@pytest.mark.parametrize("kind", ["ed25519", "ecdsa", "rsa"])
def test_every_kind_of_authority(server, authorities, key, kind):
    authorities[kind].sign(key)
    assert login(server, key)


@pytest.mark.parametrize("kind", ["ecdsa", "rsa"])
def test_every_kind_of_user_key(server, authorities, tmp_path, kind):
    assert login(server, authorities["ed25519"].sign(UserKey(tmp_path, kind)))


def test_the_log_names_key_id_serial_and_authority(server, authorities, key):
    authorities["ed25519"].sign(key, name="badge 12", serial=99)
    assert login(server, key)
    own = subprocess.run(["ssh-keygen", "-lf", key.public], capture_output=True, text=True).stdout.split()[1]
    ca = subprocess.run(["ssh-keygen", "-lf", authorities["ed25519"].public], capture_output=True, text=True).stdout.split()[1]
    method = f"publickey: {own}: ID: badge 12, serial: 99, CA ssh-ed25519 {ca} (ssh-ed25519)"
    server.wait_for_log(sender="login", username="anna", method=method)


def test_the_key_alone_is_not_enough(server, key):
    assert not login(server, key)


def test_a_foreign_authority(server, authorities, key):
    authorities["foreign"].sign(key)
    assert not login(server, key)
    refusal(server, "its authority is not trusted")


def test_a_host_certificate(server, authorities, key):
    authorities["ed25519"].sign(key, "-h")
    assert not login(server, key)
    # The OpenSSH client does not offer one; whatever it does, nobody is in.


def test_no_principal(server, authorities, key):
    authorities["ed25519"].sign(key, principals=None)
    assert not login(server, key)
    refusal(server, "it names no principal")


def test_another_principal(server, authorities, key):
    authorities["ed25519"].sign(key, principals="bert,carl")
    assert not login(server, key)
    refusal(server, "the user is not among its principals")
    assert login(server, key, "bert")
    assert not login(server, key, "carl"), "a principal without an account"


def test_before_and_after_its_time(server, authorities, key):
    authorities["ed25519"].sign(key, "-V", "+1h:+2h")
    assert not login(server, key)
    refusal(server, "it is not valid yet")
    authorities["ed25519"].sign(key, "-V", "-2h:-1h")
    assert not login(server, key)
    refusal(server, "it is no longer valid")
    authorities["ed25519"].sign(key, "-V", "-1h:+1h")
    assert login(server, key)


def test_a_source_address(server, authorities, key):
    authorities["ed25519"].sign(key, "-O", "source-address=192.0.2.0/24,2001:db8::/32")
    assert not login(server, key)
    refusal(server, "it is not for this source address")
    authorities["ed25519"].sign(key, "-O", "source-address=192.0.2.0/24,127.0.0.0/8")
    assert login(server, key)


def test_critical_options_that_are_not_kept(server, authorities, key):
    authorities["ed25519"].sign(key, "-O", "force-command=/bin/true")
    assert not login(server, key)
    refusal(server, "its critical option force-command is not supported")
    authorities["ed25519"].sign(key, "-O", "critical:later@example.com=x")
    assert not login(server, key)
    refusal(server, "its critical option later@example.com is not supported")


def test_extensions_do_not_matter(server, authorities, key):
    authorities["ed25519"].sign(key, "-O", "clear", "-O", "extension:any@example.com")
    assert login(server, key)


def test_a_sha1_signature_of_the_authority(server, authorities, tmp_path):
    key = UserKey(tmp_path)
    authorities["rsa"].sign(key, "-t", "ssh-rsa")
    assert not login(server, key)
    refusal(server, "its authority's signature is wrong, or made with SHA-1")


def test_a_changed_certificate(server, authorities, key):
    authorities["ed25519"].sign(key, principals="bert")
    kind, text, *_ = key.certificate.read_text().split()
    blob = base64.b64decode(text)
    assert blob.count(b"bert") == 1
    changed = base64.b64encode(blob.replace(b"bert", b"anna")).decode()
    key.certificate.write_text(f"{kind} {changed} changed\n")
    assert not login(server, key)


def test_a_revoked_certificate_after_a_reload(server, authorities, key):
    authorities["ed25519"].sign(key)
    assert login(server, key)
    fingerprint = subprocess.run(["ssh-keygen", "-lf", key.public], capture_output=True, text=True).stdout.split()[1]
    reloads = len(server.log_lines(message="user certificates"))
    (server.dir / "revoked.json").write_text(json.dumps(["SHA256:" + "A" * 43, fingerprint]))
    server.signal(1)
    wait_for(lambda: len(server.log_lines(message="user certificates")) > reloads)
    assert not login(server, key)
    refusal(server, "it is revoked")
    (server.dir / "revoked.json").write_text("[]")
    server.signal(1)
    wait_for(lambda: len(server.log_lines(message="user certificates")) > reloads + 1)
    assert login(server, key)


def test_without_trusted_authorities_none_is_accepted(make_server, authorities, key, tmp_path):
    server = make_server(dump={"users": [user("anna", tmp_path / "home")]})
    authorities["ed25519"].sign(key)
    assert not login(server, key)


def test_the_account_decides_too(make_server, authorities, key, tmp_path):
    """A certificate proves who somebody is; status, methods and the rest are the account's."""
    users = [user("anna", tmp_path / "anna", status=0),
             user("bert", tmp_path / "bert", filters={"denied_login_methods": ["publickey"]})]
    server = make_server(dump={"users": users}, config={"sftpd": {"trusted_user_ca_keys": authorities["files"]}})
    authorities["ed25519"].sign(key, principals="anna,bert")
    assert not login(server, key)
    assert not login(server, key, "bert")


@pytest.mark.parametrize("content, words", [
    ("", "holds no key"),
    ("ssh-ed25519 AAAA nothing\n", "line 1"),
    ("# fine\nssh-rsa notbase64!\n", "line 2"),
])
def test_a_bad_file_of_authorities_stops_the_start(make_server, tmp_path, content, words):
    (tmp_path / "ca").write_text(content)
    server = make_server(start=False, config={"sftpd": {"trusted_user_ca_keys": [str(tmp_path / "ca")]}})
    code, text = server.run_to_end()
    assert code != 0 and words in text


@pytest.mark.parametrize("content", ["{}", "[1]", '["MD5:00"]', "[", '["SHA256:short"]'])
def test_a_bad_list_of_revoked_certificates_stops_the_start(make_server, authorities, tmp_path, content):
    (tmp_path / "revoked").write_text(content)
    server = make_server(start=False, config={"sftpd": {
        "trusted_user_ca_keys": authorities["files"], "revoked_user_certs_file": str(tmp_path / "revoked")}})
    code, text = server.run_to_end()
    assert code != 0 and "revoked" in text


def test_a_list_of_revoked_certificates_has_a_limit(make_server, authorities, tmp_path):
    (tmp_path / "revoked").write_text("[" + " " * (5 * 1024 * 1024) + "]")
    server = make_server(start=False, config={"sftpd": {
        "trusted_user_ca_keys": authorities["files"], "revoked_user_certs_file": str(tmp_path / "revoked")}})
    code, text = server.run_to_end()
    assert code != 0 and "larger than" in text


# ---- certificates of OpenPubkey, which a program verifies

class Verifier:
    """A program in the place of opkssh: vouches for the keys in a file, for the users in another."""

    def __init__(self, directory):
        self.path = directory / "opkssh"
        self.keys, self.users, self.calls = (directory / name for name in ("keys", "users", "calls"))
        self.users.write_text("anna\n")
        self.calls.write_text("")
        self.path.write_text(f"""#!/bin/sh
PATH=/usr/bin:/bin
echo "$2" >> {self.calls}
test "$1" = verify || exit 9
grep -qx "$2" {self.users} || {{ echo "no policy for $2" >&2; exit 1; }}
printf 'cert-authority ' && cat {self.keys}
""")
        self.path.chmod(0o755)
        self.checksum = hashlib.sha256(self.path.read_bytes()).hexdigest()

    def asked(self):
        return self.calls.read_text().split()


@pytest.fixture
def verifier(tmp_path):
    return Verifier(tmp_path)


def sign_with_itself(key, *options):
    """As opkssh makes them: the user's key signs, and nobody is named."""
    keygen("-s", key.private, "-I", "anna@example.com", *options, key.public)
    return key


@pytest.fixture
def verified(make_server, verifier, tmp_path):
    names = ("anna", "bert")
    return make_server(dump={"users": [user(name, tmp_path / name) for name in names]}, config={
        "sftpd": {"opkssh_path": str(verifier.path), "opkssh_checksum": verifier.checksum}})


def test_a_program_vouches_for_a_certificate(verified, verifier, key):
    sign_with_itself(key)
    verifier.keys.write_text(key.public.read_text())
    assert login(verified, key)
    line = verified.wait_for_log(sender="login", username="anna")[0]
    own = subprocess.run(["ssh-keygen", "-lf", key.public], capture_output=True, text=True).stdout.split()[1]
    assert line["method"] == f"publickey: {own}: ID: anna@example.com, serial: 0, CA ssh-ed25519 {own} (ssh-ed25519)"
    assert verifier.asked() == ["anna"], "once, when the client has signed"


def test_a_program_decides_about_users_and_keys(verified, verifier, authorities, key):
    sign_with_itself(key)
    verifier.keys.write_text(key.public.read_text())
    assert not login(verified, key, "bert")
    refusal(verified, "the verifying program refuses it, with status 1")
    verifier.users.write_text("anna\nnobody\n")
    assert not login(verified, key, "nobody"), "there is no such account"
    verifier.keys.write_text(authorities["foreign"].public.read_text())
    assert not login(verified, key)
    refusal(verified, "the verifying program vouches for another key")


def test_the_server_checks_what_it_can_see_before_a_program_is_asked(verified, verifier, key):
    sign_with_itself(key, "-V", "20200101:20200102")
    verifier.keys.write_text(key.public.read_text())
    assert not login(verified, key)
    refusal(verified, "it is no longer valid")
    assert verifier.asked() == []


def test_a_plain_key_does_not_concern_the_program(verified, verifier, key):
    verifier.keys.write_text(key.public.read_text())
    assert not login(verified, key)
    assert verifier.asked() == []


@pytest.mark.parametrize("options, words", [
    ({"opkssh_checksum": "0" * 64}, "checksum"),
    ({"opkssh_path": "opkssh"}, "absolute path"),
    ({"opkssh_path": "/nowhere/opkssh"}, "is not a file"),
    ({"trusted_user_ca_keys": ["ca"]}, "together with trusted_user_ca_keys"),
])
def test_a_program_that_cannot_be_used_stops_the_start(make_server, verifier, options, words):
    server = make_server(start=False, config={"sftpd": {"opkssh_path": str(verifier.path), **options}})
    code, text = server.run_to_end()
    assert code != 0 and words in text
