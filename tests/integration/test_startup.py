"""What a server says when it cannot start, and that it never starts half."""
import json
import os

import pytest

from slipway_server import user, wait_for


def refuse(server, *expected):
    code, text = server.run_to_end()
    assert code != 0, text
    for part in expected:
        assert part in text, f"{part!r} is not in:\n{text}"
    assert "AddressSanitizer" not in text and "ThreadSanitizer" not in text
    return text


def test_a_malformed_file_names_line_and_column(make_server):
    server = make_server(start=False)
    server.write_config = lambda: (server.dir / "slipway.json").write_text('{\n  "common": {"idle_timeout": ]\n}')
    refuse(server, "slipway.json", "2")


def test_an_unknown_key_names_the_nearest(make_server):
    refuse(make_server(start=False, config={"common": {"idle_timout": 3}}), "common.idle_timout", "idle_timeout")


def test_an_unknown_key_of_a_module_names_module_and_key(make_server):
    refuse(make_server(start=False, config={"sftpd": {"max_auth_trys": 3}}), "sftpd.max_auth_trys", "max_auth_tries")


def test_an_unknown_section_names_the_nearest(make_server):
    refuse(make_server(start=False, config={"comon": {}}), "comon", "common")


def test_every_problem_is_named_at_once(make_server):
    refuse(make_server(start=False, config={"common": {"idle_timout": 3, "upload_mode": "x"}}), "idle_timout", "upload_mode")


def test_a_documented_section_that_nobody_uses_is_a_warning(make_server):
    server = make_server(config={"webdavd": {"bindings": [{"port": 0}]}})
    wait_for(lambda: [line for line in server.log_lines(level="warn") if "webdavd" in str(line)])


def test_a_wrong_type_says_what_is_wanted(make_server):
    refuse(make_server(start=False, config={"common": {"idle_timeout": "soon"}}), "common.idle_timeout")


def test_yaml_and_toml_and_the_older_name(make_server):
    for name, text in {
        "slipway.yaml": "common:\n  idle_timout: 1\n",
        "slipway.toml": "[common]\nidle_timout = 1\n",
        "sftpgo.json": '{"common": {"idle_timout": 1}}',
    }.items():
        server = make_server(start=False)
        server.write_config = lambda: (server.dir / name).write_text(text)
        refuse(server, name, "idle_timout")


def test_the_environment_overrides_the_file(make_server):
    refuse(make_server(start=False, environment={"SLIPWAY_COMMON__UPLOAD_MODE": "nonsense"}), "upload_mode")
    refuse(make_server(start=False, environment={"SFTPGO_COMMON__UPLOAD_MODE": "nonsense"}), "upload_mode")


def test_a_mistyped_switch_is_refused(make_server):
    refuse(make_server(start=False, environment={"SLIPWAY_HOOK__DISABLE_DOT_ENTRYS": "1"}), "disable_dot_entries")


def test_env_d_is_read(make_server):
    server = make_server(start=False)
    (server.dir / "env.d").mkdir()
    (server.dir / "env.d" / "x.env").write_text("SLIPWAY_COMMON__UPLOAD_MODE='nonsense'\n")
    refuse(server, "upload_mode")


def test_a_missing_module_is_named(make_server):
    refuse(make_server(start=False, config={"modules": {"load": {"storage-absent": {}}}}), "storage-absent")


def test_an_optional_missing_module_is_left_out(make_server):
    load = {"storage-absent": {"optional": True}, "storage-local": {}, "auth-local": {}, "protocol-sftp": {}}
    server = make_server(config={"modules": {"load": load}})
    assert any("storage-absent" in str(line) for line in server.log_lines())


def test_a_wrong_digest_is_refused(make_server):
    load = {"storage-local": {"sha256": "0" * 64}, "auth-local": {}, "protocol-sftp": {}}
    refuse(make_server(start=False, config={"modules": {"load": load}}), "storage-local", "digest")


def test_an_address_in_use_is_named(make_server):
    first = make_server()
    second = make_server(start=False)
    second.config["sftpd"]["bindings"][0]["port"] = first.port
    refuse(second, str(first.port), "in use")


def test_an_unreadable_database_is_a_clear_error(make_server):
    server = make_server(start=False)
    server.dir.mkdir(exist_ok=True)
    (server.dir / "slipway.db").write_bytes(b"this is not a database" * 1000)
    refuse(server, "slipway.db")


@pytest.mark.parametrize("dump,expected", [
    ("{", "dump.json"),
    (json.dumps({"users": [{"username": "x", "home_dir": "/x", "status": 1}]}), "permissions"),
    (json.dumps({"users": [{"username": "x", "home_dir": "relative", "permissions": {"/": ["*"]}}]}), "home_dir"),
    (json.dumps({"users": [{"username": "x", "home_dir": "/x", "permissions": {"/": ["everything"]}}]}), "everything"),
    (json.dumps({"users": "none"}), "users"),
])
def test_a_bad_dump_is_refused_with_the_place(make_server, dump, expected):
    server = make_server(start=False, dump={})
    command = server.command
    def with_dump():
        arguments = command()
        (server.dir / "dump.json").write_text(dump)
        return arguments
    server.command = with_dump
    refuse(server, expected)


def test_starts_on_defaults_without_any_file(make_server):
    server = make_server(environment={})
    server.stop()
    port = server.port
    (server.dir / "slipway.json").unlink()
    server.write_config = lambda: None
    server.environment = {"SLIPWAY_SFTPD__BINDINGS__0__PORT": str(port), "SLIPWAY_SFTPD__BINDINGS__0__ADDRESS": "127.0.0.1"}
    server.start()


def test_the_log_is_json_and_private(make_server):
    server = make_server()
    for line in server.log_lines():
        assert {"level", "time", "sender"} <= set(line)
    assert os.stat(server.log_file).st_mode & 0o077 == 0


def test_passwords_do_not_reach_the_log(make_server, tmp_path):
    secret = "Tr0ub4dor-and-3"
    server = make_server(dump={"users": [user("anna", tmp_path / "anna", password=secret)]})
    from clients import Paramiko
    with Paramiko(server.port, "anna", password=secret):
        pass
    with pytest.raises(Exception):
        Paramiko(server.port, "anna", password=secret + "x")
    assert secret not in server.log_text() + server.output_text()
    assert secret.encode() not in (server.dir / "slipway.db").read_bytes()
