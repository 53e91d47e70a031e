"""Programs and endpoints that know users, passwords and questions, and those that are told of logins."""
import http.server
import json
import os
import pathlib
import stat
import textwrap
import threading

import paramiko
import pytest

from slipway_server import user, wait_for
from test_login import banner, interactive, key_of, login_method, passcode, totp, transport, works

HOOKS = pathlib.Path(os.environ["SLIPWAY_SOURCE_DIR"]) / "scripts" / "hooks"
PYTHON = "#!/usr/bin/python3\nimport json, os, sys\nenv = os.environ\n"


@pytest.fixture
def hook(tmp_path):
    """hook(text) -> the path of a Python program; what it passes to note() can be read as `hook.noted()`."""
    notes = tmp_path / "notes"

    def make(text, name="hook"):
        path = tmp_path / name
        path.write_text(PYTHON + f"def note(what):\n    open({str(notes)!r}, 'a').write(json.dumps(what) + '\\n')\n" + textwrap.dedent(text))
        path.chmod(stat.S_IRWXU)
        return str(path)

    make.noted = lambda: [json.loads(line) for line in notes.read_text().splitlines()] if notes.exists() else []
    return make


@pytest.fixture
def endpoint():
    """An HTTP server; `endpoint.answer(path, body)` gives status and JSON (or nothing)."""
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            server.received.append((self.path, body))
            status, reply = server.answer(self.path, body)
            data = b"" if reply is None else json.dumps(reply).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.received = []
    server.url = f"http://127.0.0.1:{server.server_port}/hook"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def with_password(server, name, password):
    with transport(server) as t:
        t.auth_password(name, password, fallback=False)
        return works(t)


def stored(server, name):
    return json.loads(server.run("manage", "users.get", json.dumps({"username": name, "confidential_data": True})).stdout)


# ---- external authentication

EXTERNAL = """
    note({k: v for k, v in env.items() if k.startswith("SFTPGO_")})
    name = env["SFTPGO_AUTHD_USERNAME"]
    if name == "nobody" or env["SFTPGO_AUTHD_PASSWORD"] not in ("external", ""):
        sys.exit(1)
    known = json.loads(env["SFTPGO_AUTHD_USER"]) if env["SFTPGO_AUTHD_USER"] else {}
    print(json.dumps({**known, "username": name, "status": 1, "home_dir": HOME + name, "permissions": {"/": ["*"]},
                      "description": "from outside"}))
"""


def external(tmp_path):
    return EXTERNAL.replace("HOME", repr(str(tmp_path) + "/"))


def test_external_authentication_makes_users(make_server, hook, tmp_path):
    server = make_server(dump={"users": []}, config={"data_provider": {"external_auth_hook": hook(external(tmp_path))}})
    assert with_password(server, "anna", "external")
    anna = stored(server, "anna")
    assert anna["description"] == "from outside"
    assert anna["password"].startswith("$2a$")
    for name, password in (("anna", "wrong"), ("nobody", "external")):
        with pytest.raises(paramiko.AuthenticationException):
            with_password(server, name, password)
    told = hook.noted()[0]
    assert told["SFTPGO_AUTHD_USER"] == "" and told["SFTPGO_AUTHD_PROTOCOL"] == "SSH" and told["SFTPGO_AUTHD_IP"] == "127.0.0.1"
    assert with_password(server, "anna", "external")
    assert stored(server, "anna")["id"] == anna["id"]
    assert stored(server, "anna")["updated_at"] == anna["updated_at"], "the same answer changes nothing"


def test_external_authentication_with_keys_and_questions(make_server, hook, keys, tmp_path):
    server = make_server(dump={"users": []}, config={"data_provider": {"external_auth_hook": hook(external(tmp_path))}})
    with transport(server) as t:
        t.auth_publickey("anna", key_of(keys))
        assert works(t)
    assert stored(server, "anna")["public_keys"] == [" ".join(keys.public.split()[:2])]
    assert [n["SFTPGO_AUTHD_PUBLIC_KEY"] for n in hook.noted()] == [" ".join(keys.public.split()[:2])]
    # The password is kept, so that a question for it can be answered; the hook only says who it is.
    assert with_password(server, "anna", "external")
    with transport(server) as t:
        interactive(t, "anna", "external")
        assert works(t)
    assert hook.noted()[-1]["SFTPGO_AUTHD_KEYBOARD_INTERACTIVE"] == "1"
    assert hook.noted()[-1]["SFTPGO_AUTHD_PASSWORD"] == ""


def test_external_authentication_through_openssh_asks_once_about_a_key(make_server, hook, keys, tmp_path):
    from clients import openssh_sftp
    server = make_server(dump={"users": []}, config={"data_provider": {"external_auth_hook": hook(external(tmp_path))}})
    openssh_sftp(server.port, "anna", keys, "pwd\n")
    assert len(hook.noted()) == 1, "the offer and the signature of a key are one question"


def test_an_account_may_be_spared_and_a_login_remembered(make_server, hook, tmp_path):
    program = hook("note(env['SFTPGO_AUTHD_USERNAME'])\nprint()\n")
    server = make_server(config={"data_provider": {"external_auth_hook": program}}, dump={"users": [
        user("anna", tmp_path / "anna", filters={"hooks": {"external_auth_disabled": True}}),
        user("bob", tmp_path / "bob", filters={"external_auth_cache_time": 600})]})
    assert with_password(server, "anna", "anna")
    assert hook.noted() == []
    assert with_password(server, "bob", "another one"), "an empty answer is a yes, and the password is kept"
    assert with_password(server, "bob", "another one")
    with pytest.raises(paramiko.AuthenticationException):
        with_password(server, "bob", "bob")
    assert hook.noted() == ["bob"], "asked once, then the stored password counts for ten minutes"


def test_external_authentication_by_an_endpoint(make_server, endpoint, tmp_path):
    endpoint.answer = lambda path, body: (200, {"username": body["username"], "status": 1, "home_dir": str(tmp_path / "h"),
                                                "permissions": {"/": ["*"]}}) if body["password"] == "external" else (403, None)
    server = make_server(dump={"users": []}, config={"data_provider": {"external_auth_hook": endpoint.url, "external_auth_scope": 1}})
    assert with_password(server, "anna", "external")
    with pytest.raises(paramiko.AuthenticationException):
        with_password(server, "anna", "no")
    assert endpoint.received[0][1]["keyboard_interactive"] == ""
    with transport(server) as t:  # not in its scope: the stored password
        interactive(t, "anna", "external")
        assert works(t)
    assert len(endpoint.received) == 2


def test_a_second_factor_counts_with_external_authentication_too(make_server, hook, tmp_path):
    server = make_server(config={"data_provider": {"external_auth_hook": hook(external(tmp_path))}},
                         dump={"users": [user("anna", tmp_path / "anna", filters={"totp_config": totp("SSH")})]})
    with transport(server) as t:
        assert t.auth_password("anna", "external", fallback=False) == ["keyboard-interactive"]
        interactive(t, "anna", passcode())
        assert works(t)
    assert stored(server, "anna")["filters"]["totp_config"]["enabled"]


def test_a_hook_that_fails_lets_nobody_in(make_server, hook, tmp_path):
    program = hook("print('no user at all')\n")
    server = make_server(config={"data_provider": {"external_auth_hook": program}}, dump={"users": [user("anna", tmp_path / "anna")]})
    with pytest.raises(paramiko.AuthenticationException):
        with_password(server, "anna", "anna")
    assert server.log_lines(sender="login", level="error")
    missing = make_server(start=False, config={"data_provider": {"external_auth_hook": str(tmp_path / "missing")}})
    code, text = missing.run_to_end()
    assert code != 0 and "data_provider.external_auth_hook" in text and "there is no program" in text
    without = make_server(start=False, config={"data_provider": {"external_auth_hook": program},
                                               "modules": {"load": {"auth-local": {}, "action-command": {}}}})
    code, text = without.run_to_end()
    assert code != 0 and "auth-hook" in text
    behind = make_server(start=False, config={"data_provider": {"external_auth_hook": program},
                                              "modules": {"load": {"auth-local": {}, "auth-hook": {}, "action-command": {}}}})
    code, text = behind.run_to_end()
    assert code != 0 and "auth-local decides before login hooks" in text


# ---- before a login

def test_pre_login_makes_changes_and_refuses(make_server, hook, tmp_path):
    program = hook(f"""
        user = json.loads(env["SFTPGO_LOGIND_USER"])
        note([env["SFTPGO_LOGIND_METHOD"], env["SFTPGO_LOGIND_PROTOCOL"], user.get("id"), user["username"]])
        if user["username"] == "mallory":
            sys.exit(1)
        if user["username"] == "partly":
            print(json.dumps({{"username": "partly"}}))
        elif not user.get("id"):
            print(json.dumps({{"username": user["username"], "status": 1, "home_dir": "{tmp_path}/new", "password": "made",
                              "permissions": {{"/": ["*"]}}}}))
    """)
    server = make_server(config={"data_provider": {"pre_login_hook": program}}, dump={"users": [
        user("anna", tmp_path / "anna"), user("mallory", tmp_path / "m"), user("partly", tmp_path / "p")]})
    assert with_password(server, "anna", "anna")
    assert with_password(server, "new", "made")
    with pytest.raises(paramiko.AuthenticationException):
        with_password(server, "other", "wrong")
    with pytest.raises(paramiko.AuthenticationException):
        with_password(server, "mallory", "mallory")
    with pytest.raises(paramiko.AuthenticationException):
        with_password(server, "partly", "partly")
    assert hook.noted()[:2] == [["password", "SSH", stored(server, "anna")["id"], "anna"], ["password", "SSH", 0, "new"]]


def test_pre_login_runs_once_for_each_factor(make_server, hook, keys, tmp_path):
    program = hook("note(env['SFTPGO_LOGIND_METHOD'])\n")
    server = make_server(config={"data_provider": {"pre_login_hook": program}}, dump={"users": [user(
        "anna", tmp_path / "anna", public_keys=[keys.public],
        filters={"denied_login_methods": ["publickey", "password", "keyboard-interactive"]})]})
    with transport(server) as t:
        t.auth_publickey("anna", key_of(keys))
        t.auth_password("anna", "anna", fallback=False)
        assert works(t)
    with transport(server) as t:
        t.auth_publickey("anna", key_of(keys))
        interactive(t, "anna", "anna")
        assert works(t)
    assert hook.noted() == ["publickey", "password", "publickey", "keyboard-interactive"]


# ---- passwords

def test_check_password(make_server, hook, tmp_path):
    program = hook("""
        typed = env["SFTPGO_AUTHD_PASSWORD"]
        note([env["SFTPGO_AUTHD_USERNAME"], env["SFTPGO_AUTHD_PROTOCOL"]])
        print(json.dumps({"status": 2, "to_verify": typed[:-4]} if typed.endswith("-otp") else {"status": int(typed == "magic")}))
    """)
    server = make_server(config={"data_provider": {"check_password_hook": program, "check_password_scope": 1}}, dump={"users": [
        user("anna", tmp_path / "anna"), user("bob", tmp_path / "bob", filters={"hooks": {"check_password_disabled": True}})]})
    assert with_password(server, "anna", "anna-otp")
    assert with_password(server, "anna", "magic")
    for wrong in ("anna", "wrong-otp"):
        with pytest.raises(paramiko.AuthenticationException):
            with_password(server, "anna", wrong)
    with pytest.raises(paramiko.AuthenticationException):
        with_password(server, "nobody", "magic")
    with transport(server) as t:
        interactive(t, "anna", "anna-otp")
        assert works(t)
    assert ["anna", "SSH"] in hook.noted() and ["nobody", "SSH"] in hook.noted()
    assert with_password(server, "bob", "bob")


# ---- questions

ASKING = """
    def ask(**step):
        print(json.dumps(step), flush=True)
    note(env["SFTPGO_AUTHD_PASSWORD"][:4])
    ask(instruction="Who are you?", questions=["Name: ", "Colour: "], echos=[True, False])
    name, colour = sys.stdin.readline().strip(), sys.stdin.readline().strip()
    note([name, colour])
    if colour == "red":
        ask(auth_result=2, instruction="Red is not allowed here")
    elif colour != "blue":
        ask(auth_result=-1)
    else:
        ask(questions=["Password: "], echos=[False], check_password=1)
        note(sys.stdin.readline().strip())
        ask(auth_result=1)
"""


def test_a_program_asks_the_questions(make_server, hook, tmp_path):
    server = make_server(config={"sftpd": {"keyboard_interactive_auth_hook": hook(ASKING)}}, dump={"users": [
        user("anna", tmp_path / "anna", filters={"totp_config": totp("SSH")})]})
    prompts = []
    with transport(server) as t:
        interactive(t, "anna", "Anna", "blue", "anna", prompts=prompts)
        assert works(t)
    assert prompts == ["Name: ", "Colour: ", "Password: "]
    assert hook.noted() == ["$2a$", ["Anna", "blue"], "OK"]
    for answers in (("Anna", "green"), ("Anna", "blue", "wrong")):
        with transport(server) as t, pytest.raises(paramiko.AuthenticationException):
            interactive(t, "anna", *answers)
    with transport(server) as t, pytest.raises(paramiko.AuthenticationException):
        interactive(t, "nobody", "X", "blue", "anna")
    with transport(server) as t:
        with pytest.raises(paramiko.SSHException):
            interactive(t, "anna", "Anna", "red")
        assert b"Red is not allowed here" in banner(t)
        wait_for(lambda: not t.is_active(), message="the connection goes on")
    assert login_method(server, "anna") == ["keyboard-interactive"]


def test_a_program_ends_with_its_client(make_server, hook, tmp_path):
    program = hook("""
        note(os.getpid())
        print(json.dumps({"questions": ["Wait: "], "echos": [True]}), flush=True)
        sys.stdin.readline()
        note("answered" if False else "closed")
        sys.exit(0)
    """)
    server = make_server(config={"sftpd": {"keyboard_interactive_auth_hook": program}}, dump={"users": [user("anna", tmp_path / "anna")]})
    with transport(server) as t:
        def leave(title, instructions, asked):
            t.close()
            return ["x"]
        with pytest.raises((paramiko.SSHException, EOFError, OSError)):
            t.auth_interactive("anna", leave)
    pid = wait_for(lambda: hook.noted())[0]
    wait_for(lambda: not pathlib.Path(f"/proc/{pid}").exists(), message="the program lives on")


def test_an_endpoint_asks_the_questions(make_server, endpoint, tmp_path):
    def answer(path, body):
        if body["step"] == 1:
            return 200, {"questions": ["Code: "], "echos": [False], "check_password": 2}
        return 200, {"auth_result": 1 if body["answers"] == ["OK"] else -1}

    endpoint.answer = answer
    server = make_server(config={"sftpd": {"keyboard_interactive_auth_hook": endpoint.url}}, dump={"users": [
        user("anna", tmp_path / "anna", filters={"totp_config": totp("SSH")})]})
    with transport(server) as t:
        interactive(t, "anna", passcode())
        assert works(t)
    first, second = (body for _, body in endpoint.received)
    assert (first["step"], first["answers"], first["questions"]) == (1, None, None)
    assert (second["step"], second["answers"], second["questions"]) == (2, ["OK"], ["Code: "])
    assert first["request_id"] == second["request_id"]
    with transport(server) as t, pytest.raises(paramiko.AuthenticationException):
        interactive(t, "anna", "000000x")


# ---- afterwards

def test_post_login_is_told_of_all(make_server, hook, keys, tmp_path):
    program = hook("""
        note([env["SFTPGO_LOGIND_STATUS"], env["SFTPGO_LOGIND_METHOD"], env["SFTPGO_LOGIND_PROTOCOL"], env["SFTPGO_LOGIND_IP"],
              json.loads(env["SFTPGO_LOGIND_USER"])])
    """)
    server = make_server(config={"data_provider": {"post_login_hook": program}},
                         dump={"users": [user("anna", tmp_path / "anna", public_keys=[keys.public])]})
    assert with_password(server, "anna", "anna")
    with pytest.raises(paramiko.AuthenticationException):
        with_password(server, "stranger", "x")
    with transport(server):
        pass
    # The programs run side by side, and connections that only look whether the server is there count, too.
    expected = {("1", "password"), ("0", "password"), ("0", "no_auth_tried")}
    wait_for(lambda: expected <= {(status, method) for status, method, *_ in hook.noted()})
    noted = hook.noted()
    by_method = {(status, method): told for status, method, _, _, told in noted}
    assert {n[2] for n in noted} == {"SSH"} and {n[3] for n in noted} == {"127.0.0.1"}
    assert by_method[("1", "password")]["username"] == "anna"
    assert "password" not in by_method[("1", "password")], "no hash leaves"
    assert by_method[("0", "password")]["username"] == "stranger"
    assert by_method[("0", "no_auth_tried")]["username"] == ""


@pytest.mark.parametrize("scope, expected", [(1, {"0"}), (2, {"1"})])
def test_post_login_has_a_scope(make_server, endpoint, tmp_path, scope, expected):
    endpoint.answer = lambda path, body: (200, None)
    server = make_server(config={"data_provider": {"post_login_hook": endpoint.url, "post_login_scope": scope}},
                         dump={"users": [user("anna", tmp_path / "anna")]})
    for _ in range(2):
        with pytest.raises(paramiko.AuthenticationException):
            with_password(server, "anna", "wrong")
        assert with_password(server, "anna", "anna")
    wait_for(lambda: len(endpoint.received) >= 2)
    assert {path.rsplit("status=", 1)[1][0] for path, _ in endpoint.received} == expected


# ---- the shipped examples

def test_the_example_of_external_authentication(make_server, tmp_path):
    (tmp_path / "users").write_text(f"# name:password:home\nanna:secret:{tmp_path}/anna\n")
    server = make_server(dump={"users": []}, config={
        "data_provider": {"external_auth_hook": str(HOOKS / "external-auth"), "external_auth_scope": 1},
        "command": {"env": [f"USERS_FILE={tmp_path}/users"]}})
    assert with_password(server, "anna", "secret")
    for name, password in (("anna", "wrong"), ("bob", ""), ("bob", "x")):
        with pytest.raises(paramiko.AuthenticationException):
            with_password(server, name, password)
    assert with_password(server, "anna", "secret")
    assert stored(server, "anna")["home_dir"] == f"{tmp_path}/anna"


def test_the_example_of_questions(make_server, tmp_path):
    server = make_server(config={"sftpd": {"keyboard_interactive_auth_hook": str(HOOKS / "ask-questions")}, "command": {"env": ["PASSCODE=1"]}},
                         dump={"users": [user("anna", tmp_path / "anna", filters={"totp_config": totp("SSH")})]})
    with transport(server) as t:
        interactive(t, "anna", "anna", "yes", passcode())
        assert works(t)
    with transport(server) as t:
        with pytest.raises(paramiko.SSHException):
            interactive(t, "anna", "anna", "no")
        assert b"Please read the rules first." in banner(t)
