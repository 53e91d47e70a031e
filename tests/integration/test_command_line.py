"""The subcommands of the program, as people and scripts call them."""
import json
import os
import re
import signal
import subprocess

from clients import Paramiko
from slipway_server import BINARY, free_port, user, wait_for


def run(*arguments, environment=None, **options):
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("SLIPWAY_", "SFTPGO_"))}
    clean.update(environment or {})
    return subprocess.run([str(BINARY), *map(str, arguments)], capture_output=True, text=True, timeout=120, env=clean, **options)


def test_a_wrong_command_line_is_told_apart_from_a_failure(tmp_path):
    assert run().returncode == 2
    assert run("serve", "--log-level", "loud").returncode == 2
    assert run("nonsense").returncode == 2
    assert run("ping", "-c", tmp_path).returncode == 1
    assert run("serve", "--help").returncode == 0


def test_version_names_version_and_features():
    line = run("--version").stdout
    assert re.match(r"Slipway \d+\.\d+\.\d+-\S+ ", line) and line == run("version").stdout


def test_completion_and_manual_page(tmp_path):
    script = tmp_path / "slipway.bash"
    script.write_text(run("completion", "bash").stdout)
    offered = subprocess.run(
        ["bash", "-c", f"source {script}; COMP_WORDS=(slipway config v); COMP_CWORD=2; _slipway; echo ${{COMPREPLY[@]}}"],
        capture_output=True, text=True, check=True,
    ).stdout
    assert offered.strip() == "validate"
    for shell in ("zsh", "fish"):
        assert "portable" in run("completion", shell).stdout
    page = run("man").stdout
    assert page.startswith(".TH SLIPWAY 1") and ".SS config validate" in page


def test_config_validate_names_every_problem(tmp_path):
    (tmp_path / "slipway.json").write_text(json.dumps({"common": {"idle_timout": 1, "upload_mode": "x"}, "sftpd": {"bindigs": []}, "comon": {}, "acme": {}}))
    result = run("config", "validate", "-c", tmp_path, environment={"SLIPWAY_COMMON__UMSK": "1"})
    assert result.returncode == 1
    for part in ("error: common.idle_timout", '"idle_timeout"', "error: common.upload_mode", "sftpd.bindigs", '"bindings"',
                 "error: comon", "warning: acme", "SLIPWAY_COMMON__UMSK"):
        assert part in result.stdout, f"{part!r} is not in:\n{result.stdout}"


def test_config_validate_tells_what_has_no_effect_in_a_modules_section(tmp_path):
    (tmp_path / "sftpgo.json").write_text('{"httpd": {"bindings": [{"enable_web_admin": true}]}}')
    result = run("config", "validate", "-c", tmp_path, environment={"SFTPGO_SFTPD__BINDINGS__3__PORT": "1"})
    assert result.returncode == 0, result.stdout
    assert "warning: httpd.bindings[0].enable_web_admin: is a documented key" in result.stdout
    assert "warning: sftpd.bindings: the variable SFTPGO_SFTPD__BINDINGS__3__PORT has no effect" in result.stdout


def test_config_validate_likes_the_shipped_file_and_none_at_all(tmp_path):
    assert run("config", "validate", "-c", tmp_path).returncode == 0
    (tmp_path / "slipway.json").write_text(run("config", "defaults").stdout)
    result = run("config", "validate", "-c", tmp_path)
    assert result.returncode == 0, result.stdout
    # The search path of a build tree may hold manifests of test modules that are not built; nothing else is remarkable.
    assert not [line for line in result.stdout.splitlines() if "warning: " in line and ": modules: " not in line], result.stdout


def test_config_show_hides_secrets(tmp_path):
    result = run("config", "show", "-c", tmp_path, environment={"SLIPWAY_KMS__SECRETS__MASTER_KEY": "top secret"})
    assert "top secret" not in result.stdout
    assert json.loads(result.stdout)["kms"]["secrets"]["master_key"] == "[**redacted**]"


def test_modules_are_listed_checked_and_described(tmp_path):
    assert "storage-local" in run("modules", "list", "-c", tmp_path).stdout
    assert run("modules", "check", "-c", tmp_path).returncode == 0
    assert "bindings[].port" in run("modules", "describe", "protocol-sftp", "-c", tmp_path).stdout
    assert "| `bindings[].port` |" in run("modules", "describe", "protocol-sftp", "--markdown", "-c", tmp_path).stdout
    assert run("modules", "describe", "storage-absent", "-c", tmp_path).returncode == 1


def test_ping_and_manage_reach_the_running_server(make_server):
    server = make_server()
    assert server.run("ping").stdout == "OK\n"
    server.run("manage", "log_level.set", json.dumps({"level": "info"}))
    assert json.loads(server.run("manage", "log_level.get").stdout)["level"] == "info"
    server.stop()
    assert server.run("ping", check=False).returncode == 1
    assert json.loads(server.run("manage", "users.list").stdout)["items"] == []


def test_modules_go_and_come_in_a_running_server(make_server):
    server = make_server()
    server.run("modules", "disable", "action-http")
    states = {m["name"]: m["state"] for m in json.loads(server.run("manage", "modules.list").stdout)["items"]}
    assert states["action-http"] != states["storage-local"]
    server.run("modules", "enable", "action-http")
    states = {m["name"]: m["state"] for m in json.loads(server.run("manage", "modules.list").stdout)["items"]}
    assert states["action-http"] == states["storage-local"]


def test_initprovider_is_what_update_mode_1_waits_for(make_server, tmp_path):
    server = make_server(start=False, config={"data_provider": {"update_mode": 1}})
    code, text = server.run_to_end()
    assert code != 0, text
    dump = tmp_path / "dump.json"
    dump.write_text(json.dumps({"users": [user("anna", tmp_path / "home")]}))
    server.run("initprovider", "--loaddata-from", str(dump), "--loaddata-clean")
    assert not dump.exists()
    server.start()
    with Paramiko(server.port, "anna", password="anna") as p:
        assert p.sftp.listdir("/") == []


def test_resetadmin_takes_the_password_from_standard_input(make_server):
    server = make_server(start=False)
    server.write_config()
    server.run("manage", "admins.add", json.dumps({"username": "root", "password": "first one", "permissions": ["*"], "status": 0}))
    assert server.run("resetadmin", "--admin", "root", check=False).returncode == 1
    assert server.run("resetadmin", "--admin", "root", "--reset-password", input="a b c d\nother\n", check=False).returncode == 1
    out = server.run("resetadmin", "--admin", "root", "--reset-password", "--reset-restrictions", input="a b c d\na b c d\n").stdout
    assert "enabled" in out and "password" in out
    assert json.loads(server.run("manage", "admins.get", json.dumps({"username": "root"})).stdout)["status"] == 1


class Portable:
    def __init__(self, tmp_path, *arguments, environment=None):
        self.output = tmp_path / "portable.out"
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("SLIPWAY_", "SFTPGO_"))}
        clean.update(environment or {})
        (tmp_path / "cwd").mkdir(exist_ok=True)
        with open(self.output, "wb") as out:
            self.process = subprocess.Popen([str(BINARY), "portable", *map(str, arguments)], stdout=out, stderr=subprocess.STDOUT,
                                            stdin=subprocess.DEVNULL, env=clean, cwd=tmp_path / "cwd")
        wait_for(lambda: "Portable mode ready" in self.output.read_text() or self.process.poll() is not None, 60)
        self.text = self.output.read_text()

    def port(self):
        return int(re.search(r"sftpd port: (\d+)", self.text)[1])

    def stop(self):
        self.process.send_signal(signal.SIGINT)
        assert self.process.wait(60) == 0, self.output.read_text()


def test_portable_serves_a_directory_and_leaves_nothing_behind(tmp_path):
    share = tmp_path / "share"
    share.mkdir()
    (share / "a.txt").write_text("hello")
    (share / "b.jpg").write_text("picture")
    portable = Portable(tmp_path, "-d", share, "--denied-patterns", "/::*.jpg", environment={"TMPDIR": str(tmp_path)})
    try:
        password = re.search(r'password: "([^"]+)"', portable.text)[1]
        with Paramiko(portable.port(), "user", password=password) as p:
            assert p.sftp.open("a.txt").read() == b"hello"
            for refused in (lambda: p.sftp.open("b.jpg"), lambda: p.sftp.open("new", "w"), lambda: p.sftp.remove("a.txt")):
                try:
                    refused()
                    raise AssertionError("it was allowed")
                except PermissionError:
                    pass
    finally:
        portable.stop()
    assert sorted(os.listdir(share)) == ["a.txt", "b.jpg"]
    assert os.listdir(tmp_path / "cwd") == []
    assert not [name for name in os.listdir(tmp_path) if name.startswith("slipway-portable")]


def test_portable_uses_the_configuration_but_not_its_database_or_ports(tmp_path):
    share, folder = tmp_path / "share", tmp_path / "conf"
    share.mkdir()
    folder.mkdir()
    taken, port = free_port(), free_port()
    (folder / "slipway.json").write_text(json.dumps({"sftpd": {"bindings": [{"port": taken, "address": "127.0.0.1"}, {"port": taken}]}}))
    portable = Portable(tmp_path, "-c", folder, "-d", share, "-u", "anna", "-p", "secret", "-g", "*", "-s", port,
                        environment={"SFTPGO_SFTPD__BINDINGS__0__PORT": str(taken)})
    try:
        assert portable.port() == port and "secret" not in portable.text, portable.text
        with Paramiko(port, "anna", password="secret") as p:
            p.sftp.open("new", "w").close()
    finally:
        portable.stop()
    assert (share / "new").exists()
    assert not [name for name in os.listdir(folder) if name.endswith(".db")]


def test_portable_refuses_what_cannot_work(tmp_path):
    assert run("portable", "-d", tmp_path / "absent").returncode == 1
    assert run("portable", "-d", tmp_path, "-s", "-1").returncode == 1
    assert run("portable", "-d", tmp_path, "--ftpd-port", "0").returncode == 1
    assert run("portable", "-d", tmp_path, "--denied-patterns", "*.jpg").returncode == 1
