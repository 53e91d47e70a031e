"""Every way to log in: passwords, keys, questions, passcodes, two of them in a row; with OpenSSH and paramiko."""
import base64
import contextlib
import hashlib
import hmac
import json
import os
import pathlib
import stat
import struct
import subprocess
import time

import paramiko
import pytest

from clients import SSH_OPTIONS, Keys
from slipway_server import need, user, wait_for

SECRET = base64.b32encode(b"12345678901234567890").decode()
OTHER_SECRET = base64.b32encode(b"98765432109876543210").decode()
SINGLE = ["publickey", "password", "keyboard-interactive"]
PAIRS = ["publickey+password", "publickey+keyboard-interactive", "password+publickey", "keyboard-interactive+publickey"]


def passcode(secret=SECRET, steps=0, digest="sha1", at=None):
    counter = int(time.time() if at is None else at) // 30 + steps
    mac = hmac.new(base64.b32decode(secret), struct.pack(">Q", counter), digest).digest()
    at = mac[-1] & 15
    return f"{(struct.unpack('>I', mac[at:at + 4])[0] & 0x7FFFFFFF) % 1_000_000:06d}"


def totp(*protocols, config="Default", secret=SECRET):
    return {"enabled": True, "config_name": config, "secret": {"status": "Plain", "payload": secret},
            "protocols": list(protocols)}


def only(pair):
    """The denied methods of an account that must use this pair."""
    return SINGLE + [p for p in PAIRS if p != pair]


@contextlib.contextmanager
def transport(server):
    t = paramiko.Transport(("127.0.0.1", server.port))
    t.start_client(timeout=60)
    try:
        yield t
    finally:
        t.close()


def key_of(keys):
    return paramiko.Ed25519Key.from_private_key_file(str(keys.private))


def interactive(t, name, *answers, prompts=None):
    """Answers one question after the other; the questions are appended to `prompts`."""
    left = list(answers)

    def handler(title, instructions, asked):
        if prompts is not None:
            prompts.extend(text for text, _ in asked)
        return [left.pop(0) for _ in asked]

    return t.auth_interactive(name, handler)


def banner(t):
    """What was shown; get_banner() forgets it when the connection ends."""
    return t.auth_handler.banner or b""


def works(t):
    sftp = paramiko.SFTPClient.from_transport(t)
    sftp.listdir("/")
    sftp.close()
    return True


def login_method(server, name):
    return [line["method"].split(":")[0] for line in server.log_lines(sender="login", message="logged in") if line["username"] == name]


@pytest.fixture
def accounts(make_server, keys, tmp_path):
    """accounts(anna={...filters...}, ...) -> a server with these users, passwords equal to their names."""
    def make(config=None, **users):
        dump = {"users": [user(name, tmp_path / name, public_keys=[keys.public], filters=filters) for name, filters in users.items()]}
        return make_server(dump=dump, config=config)
    return make


# ---- one factor

def test_each_factor_alone(accounts, keys):
    server = accounts(anna={})
    with transport(server) as t:
        t.auth_publickey("anna", key_of(keys))
        assert works(t)
    with transport(server) as t:
        t.auth_password("anna", "anna", fallback=False)
        assert works(t)
    prompts = []
    with transport(server) as t:
        interactive(t, "anna", "anna", prompts=prompts)
        assert works(t)
    assert prompts == ["Password: "]
    assert login_method(server, "anna") == ["publickey", "password", "keyboard-interactive"]


def test_unknown_users_are_asked_and_refused_like_known_ones(accounts):
    server = accounts(anna={})
    seen = {}
    for name in ("anna", "nobody"):
        prompts, failures = [], []
        with transport(server) as t:
            for attempt in (lambda: interactive(t, name, "wrong", prompts=prompts), lambda: t.auth_password(name, "wrong", fallback=False)):
                with pytest.raises(paramiko.AuthenticationException) as failure:
                    attempt()
                failures.append(str(failure.value))
            with pytest.raises(paramiko.BadAuthenticationType) as allowed:
                t.auth_none(name)
            seen[name] = (prompts, failures, allowed.value.allowed_types)
    assert seen["anna"] == seen["nobody"]
    assert seen["anna"][0] == ["Password: "]


# ---- passcodes

def test_a_passcode_follows_the_password(accounts):
    server = accounts(anna={"totp_config": totp("SSH")})
    prompts = []
    code = passcode()
    with transport(server) as t:
        interactive(t, "anna", "anna", code, prompts=prompts)
        assert works(t)
    assert prompts == ["Password: ", "Authentication code: "]
    with transport(server) as t, pytest.raises(paramiko.AuthenticationException):
        interactive(t, "anna", "anna", code)  # each code is good once
    with transport(server) as t, pytest.raises(paramiko.AuthenticationException):
        interactive(t, "anna", "anna", "abcdef")
    wrong = []
    with transport(server) as t, pytest.raises(paramiko.AuthenticationException):
        interactive(t, "anna", "wrong", passcode(steps=1), prompts=wrong)
    assert wrong == ["Password: "], "nobody is told that only the password was wrong"


@pytest.mark.parametrize("algorithm", ["sha1", "sha256", "sha512"])
def test_the_digest_is_the_configured_one(accounts, algorithm):
    server = accounts(config={"mfa": {"totp": [{"name": "Strong", "issuer": "Test", "algo": algorithm}]}},
                      anna={"totp_config": totp("SSH", config="Strong")})
    with transport(server) as t:
        interactive(t, "anna", "anna", passcode(digest=algorithm))
        assert works(t)


def test_a_password_alone_does_not_get_around_the_passcode(accounts):
    server = accounts(anna={"totp_config": totp("SSH")}, bob={"totp_config": totp("FTP")})
    with transport(server) as t:
        assert t.auth_password("anna", "anna", fallback=False) == ["keyboard-interactive"]
        assert not t.is_authenticated()
        prompts = []
        interactive(t, "anna", passcode(), prompts=prompts)
        assert prompts == ["Authentication code: "]
        assert works(t)
    assert login_method(server, "anna") == ["password"]
    with transport(server) as t:
        t.auth_password("anna", "anna", fallback=False)
        with pytest.raises((paramiko.SSHException, EOFError)):
            works(t)
    with transport(server) as t:  # a second factor for another protocol
        t.auth_password("bob", "bob", fallback=False)
        assert works(t)


def test_without_keyboard_interactive_the_passcode_cannot_be_asked_and_nobody_gets_in(accounts, keys):
    server = accounts(config={"sftpd": {"keyboard_interactive_authentication": False}}, anna={"totp_config": totp("SSH")})
    with transport(server) as t, pytest.raises(paramiko.AuthenticationException):
        t.auth_password("anna", "anna", fallback=False)
    with transport(server) as t:
        t.auth_publickey("anna", key_of(keys))
        assert works(t)


def test_a_wrong_passcode_means_beginning_again(accounts):
    server = accounts(anna={"totp_config": totp("SSH")})
    with transport(server) as t:
        t.auth_password("anna", "anna", fallback=False)
        with pytest.raises(paramiko.AuthenticationException):
            interactive(t, "anna", "000000x")
        prompts = []
        with pytest.raises(paramiko.AuthenticationException):
            interactive(t, "anna", passcode(), prompts=prompts)
        assert prompts == ["Password: "]


def test_a_demanded_second_factor_that_is_not_set_is_said(accounts, keys):
    server = accounts(anna={"two_factor_protocols": ["SSH"]}, bob={"two_factor_protocols": ["SSH"], "totp_config": totp("SSH")})
    with transport(server) as t:
        with pytest.raises(paramiko.AuthenticationException):
            t.auth_publickey("anna", key_of(keys))
        assert b"a second factor is required for SSH and is not set" in banner(t)
        wait_for(lambda: not t.is_active(), message="nothing else would help, but the connection goes on")
    with transport(server) as t:
        interactive(t, "bob", "bob", passcode())
        assert works(t)


def test_enrolment_through_the_door_of_administration(accounts):
    server = accounts(anna={})
    made = json.loads(server.run("manage", "mfa.generate", json.dumps({"username": "anna", "config_name": "Default"})).stdout)
    assert made["url"].startswith("otpauth://totp/Slipway:")
    server.run("manage", "mfa.save", json.dumps({"username": "anna", **totp("SSH", secret=made["secret"])}))
    codes = json.loads(server.run("manage", "mfa.recovery_codes.list", json.dumps({"username": "anna"})).stdout)["items"]
    assert len(codes) == 12
    with transport(server) as t:
        with pytest.raises(paramiko.AuthenticationException):
            interactive(t, "anna", "anna", codes[0]["code"])  # recovery codes are for the web
    left = json.loads(server.run("manage", "mfa.recovery_codes.list", json.dumps({"username": "anna"})).stdout)["items"]
    assert left == codes, "and none is used up"
    with transport(server) as t:
        interactive(t, "anna", "anna", passcode(made["secret"]))
        assert works(t)
    dumped = json.loads(server.run("manage", "data.dump", json.dumps({"output_data": True})).stdout)
    anna = next(u for u in dumped["users"] if u["username"] == "anna")
    assert anna["filters"]["totp_config"]["secret"]["status"] == "Secretbox"
    assert len(anna["filters"]["recovery_codes"]) == 12
    server.run("manage", "users.mfa.disable", json.dumps({"username": "anna"}))
    with transport(server) as t:
        t.auth_password("anna", "anna", fallback=False)
        assert works(t)


# ---- two factors in a row

def first_and_second(t, keys, pair, name, second=True, code=None):
    """Logs in with a pair; answers with what each step said may follow."""
    said = []
    for factor in pair.split("+")[:2 if second else 1]:
        if factor == "publickey":
            said.append(t.auth_publickey(name, key_of(keys)))
        elif factor == "password":
            said.append(t.auth_password(name, name, fallback=False))
        else:
            said.append(interactive(t, name, *([name] if code is None else code)))
    return said


@pytest.mark.parametrize("pair", PAIRS)
def test_pairs_with_paramiko(accounts, keys, pair):
    server = accounts(anna={"denied_login_methods": only(pair)})
    first, second = pair.split("+")
    with transport(server) as t:
        assert first_and_second(t, keys, pair, "anna") == [[second], []]
        assert works(t)
    assert login_method(server, "anna") == [pair]
    # The other way round, and one alone, are not enough.
    with transport(server) as t, pytest.raises(paramiko.AuthenticationException):
        first_and_second(t, keys, f"{second}+{first}", "anna")
    with transport(server) as t:
        first_and_second(t, keys, pair, "anna", second=False)
        assert not t.is_authenticated()


@pytest.mark.parametrize("pair", PAIRS)
def test_a_wrong_second_factor(accounts, keys, pair, tmp_path):
    server = accounts(anna={"denied_login_methods": only(pair)})
    other = paramiko.Ed25519Key.from_private_key_file(str(Keys(tmp_path).private))
    second = pair.split("+")[1]
    with transport(server) as t:
        first_and_second(t, keys, pair, "anna", second=False)
        for _ in range(2):
            with pytest.raises(paramiko.AuthenticationException) as failure:
                if second == "publickey":
                    t.auth_publickey("anna", other)
                elif second == "password":
                    t.auth_password("anna", "wrong", fallback=False)
                else:
                    interactive(t, "anna", "wrong")
            assert not t.is_authenticated(), failure.value
        # The first factor still stands.
        if second == "publickey":
            t.auth_publickey("anna", key_of(keys))
        elif second == "password":
            t.auth_password("anna", "anna", fallback=False)
        else:
            interactive(t, "anna", "anna")
        assert works(t)


def askpass(tmp_path, secrets):
    """Answers the prompts of OpenSSH: by what the prompt holds."""
    script = tmp_path / "askpass"
    cases = "".join(f"*'{prompt}'*) printf '%s\\n' '{answer}';;\n" for prompt, answer in secrets.items())
    script.write_text(f"#!/bin/sh\nprintf '%s\\n' \"$1\" >> {tmp_path}/asked\ncase \"$1\" in\n{cases}*) exit 1;;\nesac\n")
    script.chmod(stat.S_IRWXU)
    return {**os.environ, "SSH_ASKPASS": str(script), "SSH_ASKPASS_REQUIRE": "force", "DISPLAY": ":0"}


def openssh(server, name, environment, *options, key=None):
    identity = ["-o", "IdentitiesOnly=yes", "-i", str(key.private)] if key else ["-o", "PubkeyAuthentication=no"]
    return subprocess.run(
        [need("sftp"), *SSH_OPTIONS, "-o", "NumberOfPasswordPrompts=1", *identity, *options, "-P", str(server.port), f"{name}@127.0.0.1"],
        input=b"pwd\n", env=environment, capture_output=True, timeout=120, start_new_session=True)


@pytest.mark.parametrize("pair", PAIRS)
def test_pairs_with_openssh(accounts, keys, pair, tmp_path):
    server = accounts(anna={"denied_login_methods": only(pair)})
    result = openssh(server, "anna", askpass(tmp_path, {"assword:": "anna"}), "-o", f"PreferredAuthentications={pair.replace('+', ',')}", key=keys)
    assert result.returncode == 0, result.stderr
    assert b"Remote working directory: /" in result.stdout
    assert login_method(server, "anna") == [pair]


def test_openssh_finds_its_way_without_being_told(accounts, keys, tmp_path):
    server = accounts(anna={"denied_login_methods": only("publickey+keyboard-interactive"), "totp_config": totp("SSH")},
                      bob={"totp_config": totp("SSH", secret=OTHER_SECRET)})
    result = openssh(server, "anna", askpass(tmp_path, {"Authentication code:": passcode()}), key=keys)
    assert result.returncode == 0, result.stderr
    # Each is good once. Both are for a while, whatever step the server is in when it looks at them.
    now = time.time()
    later, current = (passcode(OTHER_SECRET, steps, at=now) for steps in (1, 0))
    result = openssh(server, "bob", askpass(tmp_path, {"assword:": "bob", "Authentication code:": later}))
    assert result.returncode == 0, result.stderr
    result = openssh(server, "bob", askpass(tmp_path, {"assword:": "bob", "Authentication code:": current}),
                     "-o", "PreferredAuthentications=password,keyboard-interactive")
    assert result.returncode == 0, result.stderr
    assert login_method(server, "anna") == ["publickey+keyboard-interactive"]
    assert login_method(server, "bob") == ["keyboard-interactive", "password"]


def test_after_a_key_only_the_passcode_is_asked(accounts, keys):
    server = accounts(anna={"denied_login_methods": only("publickey+keyboard-interactive"), "totp_config": totp("SSH")})
    prompts = []
    with transport(server) as t:
        assert t.auth_publickey("anna", key_of(keys)) == ["keyboard-interactive"]
        with pytest.raises(paramiko.AuthenticationException):
            interactive(t, "anna", "anna")
        interactive(t, "anna", passcode(), prompts=prompts)
        assert works(t)
    assert prompts == ["Authentication code: "]


def test_questions_before_a_key_ask_for_both(accounts, keys):
    server = accounts(anna={"denied_login_methods": only("keyboard-interactive+publickey"), "totp_config": totp("SSH")})
    prompts = []
    with transport(server) as t:
        assert interactive(t, "anna", "anna", passcode(), prompts=prompts) == ["publickey"]
        assert prompts == ["Password: ", "Authentication code: "]
        t.auth_publickey("anna", key_of(keys))
        assert works(t)


def test_denied_methods_are_denied(accounts, keys):
    server = accounts(anna={"denied_login_methods": ["password"]}, bob={"denied_login_methods": ["password-over-SSH"]},
                      carl={"denied_login_methods": ["publickey", "keyboard-interactive"]})
    for name in ("anna", "bob"):
        with transport(server) as t:
            with pytest.raises(paramiko.AuthenticationException):
                t.auth_password(name, name, fallback=False)
            interactive(t, name, name)
            assert works(t)
    with transport(server) as t:
        with pytest.raises(paramiko.AuthenticationException):
            t.auth_publickey("carl", key_of(keys))
        with pytest.raises(paramiko.AuthenticationException):
            interactive(t, "carl", "carl")
        t.auth_password("carl", "carl", fallback=False)
        assert works(t)


def test_passwords_switched_off(accounts, keys):
    server = accounts(config={"sftpd": {"password_authentication": False}}, anna={},
                      bob={"denied_login_methods": SINGLE})
    with transport(server) as t:
        with pytest.raises(paramiko.BadAuthenticationType) as allowed:
            t.auth_none("anna")
        assert sorted(allowed.value.allowed_types) == ["keyboard-interactive", "publickey"]
        with pytest.raises(paramiko.AuthenticationException):
            t.auth_password("anna", "anna", fallback=False)
    with transport(server) as t:
        assert t.auth_publickey("bob", key_of(keys)) == ["keyboard-interactive"]
        interactive(t, "bob", "bob")
        assert works(t)


def test_the_number_of_tries_is_limited(accounts):
    server = accounts(config={"sftpd": {"max_auth_tries": 3}}, anna={})
    with transport(server) as t:
        for _ in range(2):
            with pytest.raises(paramiko.AuthenticationException):
                interactive(t, "anna", "wrong")
            assert t.is_active()
        with pytest.raises(paramiko.SSHException):
            t.auth_password("anna", "wrong", fallback=False)
        wait_for(lambda: not t.is_active(), message="the connection goes on")


def test_another_name_in_the_middle_ends_the_connection(accounts, keys):
    server = accounts(anna={"denied_login_methods": only("publickey+password")}, bob={})
    with transport(server) as t:
        t.auth_publickey("anna", key_of(keys))
        with pytest.raises(paramiko.SSHException):
            t.auth_password("bob", "bob", fallback=False)
        wait_for(lambda: not t.is_active(), message="the connection goes on")
    assert login_method(server, "bob") == []


@pytest.mark.parametrize("filters, members, said", [
    ({}, {"status": 0}, b"the account is disabled"),
    ({}, {"expiration_date": 1000}, b"the account has expired"),
    ({"denied_protocols": ["SSH"]}, {}, b"protocol SSH is not allowed"),
    ({"denied_ip": ["127.0.0.0/8"]}, {}, b"login is not allowed from this address"),
    ({"require_password_change": True}, {}, b"the password must be changed"),
])
def test_a_right_credential_that_is_of_no_use_is_told_why(make_server, keys, tmp_path, filters, members, said):
    dump = {"users": [user("anna", tmp_path / "anna", filters=filters, public_keys=[keys.public], **members)]}
    server = make_server(dump=dump)
    with transport(server) as t:
        with pytest.raises(paramiko.AuthenticationException):
            t.auth_password("anna", "wrong", fallback=False)
        assert not banner(t), "who does not know the password learns nothing"
        with pytest.raises(paramiko.SSHException):
            t.auth_password("anna", "anna", fallback=False)
        assert said in banner(t)
