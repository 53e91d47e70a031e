"""The ways to log in, and the ways not to."""
import socket
import subprocess
import time

import paramiko
import pytest


def connect(server, **more):
    client = paramiko.SSHClient()
    client.set_missing_host_key_policy(paramiko.AutoAddPolicy())
    client.connect("127.0.0.1", server.port, "user", allow_agent=False, look_for_keys=False, timeout=20, auth_timeout=20, **more)
    return client


def transport(server):
    link = paramiko.Transport(("127.0.0.1", server.port))
    link.start_client(timeout=20)
    return link


def test_a_password(start):
    server = start("password=secret")
    with connect(server, password="secret") as client:
        assert client.open_sftp().listdir("/") == []
    with pytest.raises(paramiko.AuthenticationException):
        connect(server, password="wrong")


def test_a_key_and_a_foreign_key(server):
    with connect(server, key_filename=str(server.key)) as client:
        client.open_sftp().mkdir("/d")
    with pytest.raises(paramiko.AuthenticationException):
        connect(server, pkey=paramiko.ECDSAKey.generate())


def test_rsa_and_ecdsa_keys(start, tmp_path):
    for kind in ("rsa", "ecdsa"):
        key = tmp_path / kind
        subprocess.run(["ssh-keygen", "-q", "-t", kind, "-N", "", "-f", key], check=True)
        server = start(f"authorized_keys={key}.pub")
        server.key = key
        server.sftp("ls\n")


def test_passwords_can_be_turned_off(start):
    server = start("password=secret", "password_authentication=false")
    link = transport(server)
    with pytest.raises(paramiko.BadAuthenticationType) as refused:
        link.auth_none("user")
    assert "password" not in refused.value.allowed_types and "publickey" in refused.value.allowed_types
    with pytest.raises(paramiko.AuthenticationException):
        link.auth_password("user", "secret", fallback=False)
    link.close()


def test_questions_are_asked_and_answered(start):
    server = start("password=secret", "question=Password: ")
    asked = []

    def answer(title, instructions, prompts):
        asked.extend(prompts)
        return ["secret"]

    link = transport(server)
    link.auth_interactive("user", answer)
    assert link.is_authenticated()
    assert asked == [("Password: ", False)]
    link.close()

    link = transport(server)
    with pytest.raises(paramiko.AuthenticationException):
        link.auth_interactive("user", lambda *a: ["wrong"])
    with pytest.raises(paramiko.AuthenticationException):
        link.auth_interactive("user", lambda *a: ["secret", "secret"])
    link.auth_interactive("user", lambda *a: ["secret"])
    link.close()


def test_questions_can_be_turned_off(start):
    server = start("password=secret", "question=Password: ", "keyboard_interactive_authentication=false")
    link = transport(server)
    with pytest.raises(paramiko.BadAuthenticationType):
        link.auth_interactive("user", lambda *a: ["secret"])
    link.close()


def test_a_key_and_then_a_password(start):
    server = start("password=secret", "key_then_password=1")
    key = paramiko.Ed25519Key.from_private_key_file(str(server.key))
    link = transport(server)
    assert link.auth_publickey("user", key) == ["password"]
    assert link.auth_password("user", "secret", fallback=False) == []
    assert link.is_authenticated()
    link.close()
    link = transport(server)
    with pytest.raises(paramiko.AuthenticationException):
        link.auth_password("user", "secret", fallback=False)
    link.close()


def test_the_user_name_cannot_change_on_the_way(start):
    server = start("password=secret")
    link = transport(server)
    with pytest.raises(paramiko.AuthenticationException):
        link.auth_password("somebody", "secret", fallback=False)
    with pytest.raises((paramiko.SSHException, EOFError)):
        link.auth_password("user", "secret", fallback=False)
    assert not link.is_authenticated()
    link.close()


def test_tries_are_counted(start):
    server = start("password=secret", "max_auth_tries=2")
    link = transport(server)
    with pytest.raises(paramiko.AuthenticationException):
        link.auth_password("user", "1", fallback=False)
    with pytest.raises((paramiko.SSHException, EOFError)):
        link.auth_password("user", "2", fallback=False)
        link.auth_password("user", "secret", fallback=False)
    assert not link.is_authenticated()
    link.close()


def test_the_banner_is_shown_before_the_login(start, tmp_path):
    (tmp_path / "banner").write_text("Authorised users only\r\n")
    server = start(f"login_banner_file={tmp_path}/banner")
    link = transport(server)
    link.auth_publickey("user", paramiko.Ed25519Key.from_private_key_file(str(server.key)))
    assert link.get_banner() == b"Authorised users only\r\n"
    link.close()


def test_gssapi_is_refused_and_the_connection_goes_on(start):
    server = start("password=secret")
    link = transport(server)
    message = paramiko.Message()
    message.add_byte(b"\x32")  # USERAUTH_REQUEST
    for text in ("user", "ssh-connection", "gssapi-with-mic"):
        message.add_string(text)
    message.add_int(1)
    message.add_string(b"\x06\x09\x2a\x86\x48\x86\xf7\x12\x01\x02\x02")
    link._send_message(message)
    time.sleep(0.2)
    link.auth_password("user", "secret", fallback=False)
    assert link.is_authenticated()
    link.close()


def test_a_session_limit_refuses_the_channel_not_the_connection(start):
    server = start("max_sessions=1")
    with connect(server, key_filename=str(server.key)) as client:
        first = client.open_sftp()
        with pytest.raises((paramiko.SSHException, EOFError)):
            client.open_sftp()
        assert first.listdir("/") == []
        first.close()
        for _ in range(50):
            if not server.sessions():
                break
            time.sleep(0.1)
        assert client.open_sftp().listdir("/") == []


def test_connection_ids_tell_transport_and_channel(server):
    with connect(server, key_filename=str(server.key)) as client:
        channels = [client.open_sftp(), client.open_sftp()]
        ids = sorted(server.sessions())
        assert len(ids) == 2
        assert ids[0].startswith("SFTP_") and ids[0].endswith("_1") and ids[1].endswith("_2")
        assert ids[0].split("_")[1] == ids[1].split("_")[1]
        assert len(channels) == 2


def test_a_changed_configuration_serves_the_next_connection(server):
    with connect(server, key_filename=str(server.key)) as client:
        sftp = client.open_sftp()
        assert server.command("configure ciphers=aes256-ctr") == "configured"
        assert sftp.listdir("/") == [], "the old connection goes on"
    assert server.sftp("ls\n", "-oCiphers=aes128-ctr", check=False).returncode != 0
    assert "not an algorithm" in server.command("configure ciphers=rot13")
    server.sftp("ls\n", "-oCiphers=aes256-ctr")


def test_fingerprints_are_there_for_those_who_ask(server):
    printed = [server.command("identity"), server.process.stdout.readline().strip()]
    assert server.process.stdout.readline().strip() == "end"
    known = subprocess.run(["ssh-keygen", "-lf", server.config_dir / "id_ed25519.pub"], capture_output=True, text=True).stdout
    assert f"ED25519 {known.split()[1]}" in printed


def test_a_refused_connection_gets_no_explanation(start):
    server = start("refuse=1")
    with socket.create_connection(("127.0.0.1", server.port), 10) as link:
        try:
            assert link.recv(100) == b""
        except ConnectionResetError:
            pass


def test_garbage_instead_of_ssh(server):
    for data in (b"GET / HTTP/1.0\r\n\r\n", b"\x00" * 5000, b"SSH-2.0-x\r\n" + b"\xff" * 5000, b"SSH-1.5-old\r\n", b"x" * 100_000, b""):
        with socket.create_connection(("127.0.0.1", server.port), 10) as link:
            try:
                link.sendall(data)
                link.shutdown(socket.SHUT_WR)
                while link.recv(4096):
                    pass
            except OSError:
                pass
    server.sftp("ls\n")
