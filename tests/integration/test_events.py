"""Lua scripts, programs and HTTP endpoints that hear of events, and may say no."""
import http.server
import json
import os
import pathlib
import stat
import threading

import paramiko
import pytest

from clients import Paramiko, openssh_sftp
from slipway_server import user, wait_for

SOURCE = pathlib.Path(os.environ["SLIPWAY_SOURCE_DIR"])


def put(p, path, data=b"x"):
    with p.sftp.open(path, "wb") as f:
        f.write(data)


def dump(tmp_path, keys):
    return {"users": [user("anna", tmp_path / "anna", public_keys=[keys.public])]}


# ---- Lua

def write_script(path, text):
    fresh = path.with_suffix(".new")
    fresh.write_text(text)
    fresh.rename(path)


def test_a_lua_script_vetoes_an_upload(make_server, keys, tmp_path):
    script = tmp_path / "veto.lua"
    script.write_text('on("pre-upload", {path = "/in/**"}, function(ev)\n'
                      '  if ev.virtual_path:match("%.exe$") then return false, "no programs here" end\nend)\n')
    server = make_server(dump=dump(tmp_path, keys), config={"lua": {"scripts": [str(script)]}})
    with Paramiko(server.port, "anna", key=keys) as p:
        p.sftp.mkdir("in")
        with pytest.raises(PermissionError):
            put(p, "in/virus.exe")
        assert p.sftp.listdir("in") == []
        put(p, "in/text.txt")
        put(p, "virus.exe")


def test_scripts_are_reloaded_when_they_change_and_kept_when_they_break(make_server, keys, tmp_path):
    script = tmp_path / "hot.lua"
    write_script(script, 'on("pre-upload", {}, function(ev) return false, "closed" end)\n')
    server = make_server(dump=dump(tmp_path, keys), config={"lua": {"scripts": [str(script)]}})
    with Paramiko(server.port, "anna", key=keys) as p:
        def allowed():
            try:
                put(p, "f")
                return True
            except PermissionError:
                return False
        assert not allowed()
        write_script(script, 'on("pre-upload", {}, function(ev) return true end) -- open\n')
        wait_for(allowed)
        write_script(script, "this is not Lua at all\n")
        wait_for(lambda: [line for line in server.log_lines(level="error") if "hot.lua" in str(line)])
        assert allowed()


def test_a_script_that_never_ends_is_stopped_and_fails_closed(make_server, keys, tmp_path):
    script = tmp_path / "loop.lua"
    script.write_text('on("pre-upload", {}, function(ev) while true do pcall(function() while true do end end) end end)\n')
    server = make_server(dump=dump(tmp_path, keys), config={"lua": {"scripts": [str(script)]}})
    with Paramiko(server.port, "anna", key=keys) as p:
        with pytest.raises(PermissionError):
            put(p, "f")
        assert p.sftp.listdir("/") == []


def test_a_lua_script_refuses_a_login(make_server, keys, tmp_path):
    script = tmp_path / "login.lua"
    script.write_text('on("pre-login", {user = "anna"}, function(ev) return false, "not today" end)\n')
    server = make_server(dump=dump(tmp_path, keys), config={"lua": {"scripts": [str(script)]}})
    with pytest.raises(paramiko.AuthenticationException):
        Paramiko(server.port, "anna", key=keys)
    assert any("not today" in str(line) for line in server.log_lines())


@pytest.mark.parametrize("script", sorted(p.name for p in (SOURCE / "scripts/lua").glob("*.lua")))
def test_the_shipped_scripts_load(make_server, keys, tmp_path, script):
    server = make_server(dump=dump(tmp_path, keys), config={"lua": {"scripts": [str(SOURCE / "scripts/lua" / script)]}})
    assert not [line for line in server.log_lines(level="error")]
    with Paramiko(server.port, "anna", key=keys) as p:
        put(p, "plain.txt")


# ---- programs

def program(path, text):
    path.write_text("#!/bin/sh\n" + text)
    path.chmod(stat.S_IRWXU)
    return str(path)


def test_a_program_hears_of_an_upload(make_server, keys, tmp_path):
    hook = program(tmp_path / "hook", f"/usr/bin/env > {tmp_path}/out.tmp && /bin/mv {tmp_path}/out.tmp {tmp_path}/out\n")
    server = make_server(dump=dump(tmp_path, keys), environment={"SECRET_OF_THE_SERVER": "1"},
                         config={"common": {"actions": {"execute_on": ["upload"], "hook": hook}}})
    with Paramiko(server.port, "anna", key=keys) as p:
        put(p, "sub", b"12345")
    wait_for(lambda: (tmp_path / "out").exists())
    env = dict(line.split("=", 1) for line in (tmp_path / "out").read_text().splitlines())
    assert env["SFTPGO_ACTION"] == "upload"
    assert env["SFTPGO_ACTION_USERNAME"] == "anna"
    assert env["SFTPGO_ACTION_PATH"] == str(tmp_path / "anna" / "sub")
    assert env["SFTPGO_ACTION_VIRTUAL_PATH"] == "/sub"
    assert env["SFTPGO_ACTION_FILE_SIZE"] == "5"
    assert env["SFTPGO_ACTION_STATUS"] == "1"
    assert env["SFTPGO_ACTION_PROTOCOL"] == "SFTP"
    assert env["SFTPGO_ACTION_IP"] == "127.0.0.1"
    assert env["SFTPGO_ACTION_SESSION_ID"].startswith("SFTP_")
    assert "SECRET_OF_THE_SERVER" not in env


def test_a_program_vetoes_before_events(make_server, keys, tmp_path):
    hook = program(tmp_path / "hook", 'case "$SFTPGO_ACTION_VIRTUAL_PATH" in *.no) exit 1;; esac\n')
    server = make_server(dump=dump(tmp_path, keys), config={"common": {"actions": {
        "execute_on": ["pre-upload", "pre-download", "pre-delete"], "hook": hook}}})
    (tmp_path / "anna").mkdir(exist_ok=True)
    (tmp_path / "anna" / "there.no").write_bytes(b"1")
    with Paramiko(server.port, "anna", key=keys) as p:
        with pytest.raises(PermissionError):
            put(p, "new.no")
        with pytest.raises(PermissionError):
            p.sftp.open("there.no", "rb")
        with pytest.raises(PermissionError):
            p.sftp.remove("there.no")
        put(p, "new.yes")
        p.sftp.remove("new.yes")


def test_a_synchronous_upload_hook_that_fails_takes_the_file_away(make_server, keys, tmp_path):
    hook = program(tmp_path / "hook", "exit 3\n")
    server = make_server(dump=dump(tmp_path, keys), config={"common": {"actions": {
        "execute_on": ["upload"], "execute_sync": ["upload"], "hook": hook}}})
    local = tmp_path / "local"
    local.write_bytes(b"x")
    assert openssh_sftp(server.port, "anna", keys, f"put {local} f\n", check=False).returncode != 0
    assert os.listdir(tmp_path / "anna") == []


# ---- HTTP

@pytest.fixture
def endpoint():
    """A small HTTP server that keeps what it gets; `answer` is the status of its replies."""
    received = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            received.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(server.answer)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.answer = 200
    server.received = received
    server.url = f"http://127.0.0.1:{server.server_port}/hook"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_an_endpoint_hears_of_everything_that_happens_to_files(make_server, keys, tmp_path, endpoint):
    actions = ["upload", "first-upload", "download", "first-download", "rename", "delete", "mkdir", "rmdir"]
    server = make_server(dump=dump(tmp_path, keys), config={"common": {"actions": {"execute_on": actions, "hook": endpoint.url}}})
    with Paramiko(server.port, "anna", key=keys) as p:
        p.sftp.mkdir("d")
        put(p, "d/f", b"123")
        with p.sftp.open("d/f", "rb") as f:
            f.read()
        p.sftp.rename("d/f", "d/g")
        p.sftp.remove("d/g")
        p.sftp.rmdir("d")
    wait_for(lambda: len(endpoint.received) >= len(actions), message=f"got {[e['action'] for e in endpoint.received]}")
    assert sorted(e["action"] for e in endpoint.received) == sorted(actions)
    upload = next(e for e in endpoint.received if e["action"] == "upload")
    assert upload["username"] == "anna" and upload["virtual_path"] == "/d/f" and upload["file_size"] == 3
    assert upload["status"] == 1 and upload["protocol"] == "SFTP" and upload["timestamp"] > 10**18
    rename = next(e for e in endpoint.received if e["action"] == "rename")
    assert rename["virtual_target_path"] == "/d/g"


def test_an_endpoint_vetoes(make_server, keys, tmp_path, endpoint):
    endpoint.answer = 403
    server = make_server(dump=dump(tmp_path, keys), config={"common": {"actions": {"execute_on": ["pre-upload"], "hook": endpoint.url}}})
    with Paramiko(server.port, "anna", key=keys) as p:
        with pytest.raises(PermissionError):
            put(p, "f")
        endpoint.answer = 200
        put(p, "f")
