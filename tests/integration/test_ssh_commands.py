"""Commands over SSH exec: hashes, copies, removals, small questions; and that none of them holds up its connection."""
import hashlib
import os
import subprocess
import time

import paramiko
import pytest

from clients import Paramiko, SSH_OPTIONS, ssh_arguments
from slipway_server import SlipwayServer, need, user, wait_for

BIG_FILE_MIB = int(os.environ["SLIPWAY_BIG_FILE_MIB"])


@pytest.fixture(scope="module")
def server(tmp_path_factory, keys):
    directory = tmp_path_factory.mktemp("commands")
    hook = directory / "events.lua"
    hook.write_text(
        'on("ssh_cmd", {}, function(ev)\n'
        '  log.info("told: " .. ev.ssh_cmd .. " " .. ev.virtual_path .. " " ..'
        ' (ev.virtual_target_path or "") .. " " .. ev.status .. " " .. ev.protocol)\nend)\n'
        'for _, action in ipairs({"download", "copy", "pre-download"}) do\n'
        '  on(action, {}, function(ev) log.info("other: " .. ev.action .. " " .. ev.protocol) end)\nend\n'
    )
    dump = {
        "users": [
            user("anna", directory / "homes" / "anna", public_keys=[keys.public]),
            user("looker", directory / "homes" / "looker", public_keys=[keys.public], permissions={"/": ["list"]}),
            user("started", directory / "homes" / "started", public_keys=[keys.public], filters={"start_directory": "/in/here"}),
            user("small", directory / "homes" / "small", public_keys=[keys.public], quota_size=1000),
        ]
    }
    server = SlipwayServer(directory, dump=dump, config={"sftpd": {"enabled_ssh_commands": ["*"]}, "lua": {"scripts": [str(hook)]}})
    server.start()
    yield server
    server.stop()


def home(server, name="anna"):
    path = server.dir / "homes" / name
    path.mkdir(parents=True, exist_ok=True)
    return path


@pytest.fixture
def ssh(server, keys):
    def run(command, name="anna", **options):
        return subprocess.run(
            [need("ssh"), *ssh_arguments(options.pop("port", server.port), keys, "-p"), f"{name}@127.0.0.1", command],
            capture_output=True, timeout=120, **options,
        )

    return run


# ---- hashes


@pytest.mark.parametrize("name", ["md5", "sha1", "sha256", "sha384", "sha512"])
def test_a_hash_is_that_of_coreutils(server, ssh, name):
    data = os.urandom(1_000_001)
    (home(server) / "hashed").write_bytes(data)
    result = ssh(f"{name}sum hashed")
    assert result.returncode == 0 and result.stderr == b""
    assert result.stdout.decode() == f"{hashlib.new(name, data).hexdigest()}  /hashed\n"


def test_hashes_of_awkward_names(server, ssh):
    for name, shown in (("a b", "a b"), ("quote'", "quote'"), ("new\nline", "new\\nline"), ("-dash", "-dash")):
        (home(server) / name).write_bytes(b"x")
        quoted = "'" + name.replace("'", "'\\''") + "'"
        result = ssh(f"md5sum -- {quoted}")
        mark = "\\" if "\n" in name else ""
        assert result.stdout.decode() == f"{mark}9dd4e461268c8034f5c8564e155c67a6  /{shown}\n"


def test_a_hash_of_the_input(ssh):
    assert ssh("md5sum").stdout == b"d41d8cd98f00b204e9800998ecf8427e  -\n"
    data = os.urandom(3_000_000)
    assert ssh("sha256sum -", input=data).stdout.decode() == f"{hashlib.sha256(data).hexdigest()}  -\n"


def test_several_files_and_errors(server, ssh):
    (home(server) / "here").write_bytes(b"")
    (home(server) / "directory").mkdir(exist_ok=True)
    result = ssh("md5sum here missing directory here")
    assert result.returncode == 1 and result.stderr == b""
    assert result.stdout.decode().splitlines() == [
        "d41d8cd98f00b204e9800998ecf8427e  /here",
        "md5sum: missing no such file or directory",
        "md5sum: directory is a directory",
        "d41d8cd98f00b204e9800998ecf8427e  /here",
    ]
    assert ssh("md5sum -c here").returncode == 1


def test_a_hash_needs_download(server, ssh):
    (home(server, "looker") / "secret").write_bytes(b"secret")
    result = ssh("sha1sum secret", "looker")
    assert result.returncode == 1
    assert result.stdout == b"sha1sum: secret permission denied\n"


def test_a_hash_is_told_but_is_no_download(server, ssh):
    (home(server) / "told").write_bytes(b"x")
    ssh("md5sum told")
    ssh("md5sum untold")
    wait_for(lambda: "told: md5sum /untold" in server.log_text())
    text = server.log_text()
    assert "told: md5sum /told  1 SSH" in text and "told: md5sum /untold  2 SSH" in text
    assert "other: download" not in text
    lines = server.log_lines(sender="SSHCommand", virtual_path="/told")
    assert lines and lines[0]["ssh_command"] == "md5sum told" and lines[0]["username"] == "anna"
    assert not server.log_lines(sender="SSHCommand", virtual_path="/untold")


# ---- where am I


def test_cd_and_pwd(ssh):
    result = ssh("cd /somewhere")
    assert (result.returncode, result.stdout, result.stderr) == (0, b"", b"")
    assert ssh("pwd").stdout == b"/\n"
    assert ssh("pwd", "started").stdout == b"/in/here\n"


def test_paths_start_in_the_start_directory(server, ssh):
    (home(server, "started") / "in/here").mkdir(parents=True, exist_ok=True)
    (home(server, "started") / "in/here/f").write_bytes(b"")
    assert ssh("md5sum f", "started").stdout.endswith(b"  /in/here/f\n")


def test_uname(ssh, make_server, keys, tmp_path):
    assert ssh("uname").stdout == b"Linux\n"
    assert ssh("uname -a").stdout == b"Linux slipway 1.0.0 #1 SMP Slipway x86_64 GNU/Linux\n"
    assert ssh("uname -sm").stdout == b"Linux x86_64\n"
    assert ssh("uname -v -o").stdout == b"#1 SMP Slipway GNU/Linux\n"
    assert ssh("uname --nodename").stdout == b"slipway\n"
    assert ssh("uname -z").returncode == 1
    for prefix in ("SLIPWAY", "SFTPGO"):
        other = make_server(
            dump={"users": [user("anna", tmp_path / "anna", public_keys=[keys.public])]},
            config={"sftpd": {"enabled_ssh_commands": ["uname"]}},
            environment={f"{prefix}_HOOK__SSHD_UNAME_OUTPUT": "Plan\n9 gnot 4 x 386 Plan9"},
        )
        assert ssh("uname -rs", port=other.port).stdout == b"Plan9 4\n"


# ---- trees


def test_copy_and_remove(server, ssh):
    tree = home(server) / "tree"
    (tree / "sub").mkdir(parents=True)
    (tree / "a").write_bytes(b"aaa")
    (tree / "sub/b").write_bytes(b"bb")
    for name in ("slipway", "sftpgo"):
        assert ssh(f"{name}-copy tree new/{name}").stdout == b"OK\n"
        assert (home(server) / f"new/{name}/sub/b").read_bytes() == b"bb"
        assert ssh(f"{name}-copy tree/ new/{name}").stdout == b"OK\n"
        assert ssh(f"{name}-copy tree/a new/{name}/").stdout == b"OK\n"
        assert (home(server) / f"new/{name}/a").read_bytes() == b"aaa"
        assert ssh(f"{name}-remove new/{name}").stdout == b"OK\n"
        assert not (home(server) / f"new/{name}").exists()
    assert ssh("slipway-remove tree/a").stdout == b"OK\n"
    assert not (tree / "a").exists()


def test_copy_and_remove_say_what_is_wrong(server, ssh):
    result = ssh("slipway-copy only")
    assert result.returncode == 1
    assert result.stdout == b"slipway-copy: only usage slipway-copy <source dir path> <destination dir path>\n"
    assert ssh("slipway-copy nothing there").stdout == b"slipway-copy: there no such file or directory\n"
    assert ssh("slipway-remove /").stdout == b"slipway-remove: / permission denied\n"
    (home(server, "small") / "big").write_bytes(b"x" * 900)
    assert ssh("slipway-remove nothing", "small").returncode == 1


def test_trees_are_told(server, ssh):
    (home(server) / "source").write_bytes(b"x")
    ssh("slipway-copy source target")
    wait_for(lambda: "told: slipway-copy /source /target 1 SSH" in server.log_text())
    assert "other: copy SSH" in server.log_text()


# ---- what is refused


def test_unknown_and_disabled_commands_are_refused(server, keys, make_server, tmp_path):
    other = make_server(
        dump={"users": [user("anna", tmp_path / "anna", public_keys=[keys.public])]},
        config={"sftpd": {"enabled_ssh_commands": ["pwd", "rsync"]}},
    )
    assert other.log_lines(sender="protocol-sftp", command="rsync")
    with Paramiko(other.port, "anna", key=keys) as p:
        for command in ("md5sum x", "rsync --server .", "scp -t .", "sh -c id", "", "pwd 'unclosed", "/bin/pwd"):
            channel = p.transport.open_session()
            with pytest.raises(paramiko.SSHException):
                channel.exec_command(command)
        channel = p.transport.open_session()
        channel.exec_command("pwd")
        assert channel.makefile().read() == b"/\n" and channel.recv_exit_status() == 0
        for request in ("get_pty", "invoke_shell"):
            with pytest.raises(paramiko.SSHException):
                getattr(p.transport.open_session(), request)()


def test_commands_change_with_a_reload(keys, make_server, tmp_path):
    import signal

    server = make_server(
        dump={"users": [user("anna", tmp_path / "anna", public_keys=[keys.public])]},
        config={"sftpd": {"enabled_ssh_commands": ["pwd"]}},
    )
    with Paramiko(server.port, "anna", key=keys) as p:
        def allowed(command):
            channel = p.transport.open_session()
            try:
                channel.exec_command(command)
                return channel.recv_exit_status() == 0
            except paramiko.SSHException:
                return False

        assert allowed("pwd") and not allowed("uname")
        server.config["sftpd"]["enabled_ssh_commands"] = ["uname"]
        server.write_config()
        server.signal(signal.SIGHUP)
        wait_for(lambda: allowed("uname"))
        assert not allowed("pwd")


# ---- side by side


def test_a_long_command_holds_up_nobody(server, keys):
    """Many channels of one connection: a hash of a big file, one of endless input, transfers, listings."""
    big = home(server) / "very-big"
    with open(big, "wb") as file:
        file.truncate(BIG_FILE_MIB * 8 << 20)
    with Paramiko(server.port, "anna", key=keys) as p:
        waiting = p.transport.open_session()
        waiting.exec_command("sha256sum")
        waiting.sendall(b"begin")
        hashing = p.transport.open_session()
        hashing.exec_command("sha512sum very-big")
        second = p.client.open_sftp()
        slowest = 0
        for i in range(50):
            begin = time.monotonic()
            p.sftp.listdir(".")
            slowest = max(slowest, time.monotonic() - begin)
        data = os.urandom(2_000_000)
        with second.open("beside", "wb") as file:
            file.set_pipelined(True)
            file.write(data)
        with p.sftp.open("beside") as file:
            assert file.read() == data
        assert not waiting.exit_status_ready()
        waiting.shutdown_write()
        assert waiting.makefile().read().decode() == f"{hashlib.sha256(b'begin').hexdigest()}  -\n"
        assert hashing.recv_exit_status() == 0
        assert hashing.makefile().read().endswith(b"  /very-big\n")
        print(f"slowest listing beside a hash: {slowest * 1000:.1f} ms")
    big.unlink()


def test_a_command_ends_when_its_client_goes_away(server, keys):
    big = home(server) / "endless"
    with open(big, "wb") as file:
        file.truncate(1 << 40)
    p = Paramiko(server.port, "anna", key=keys)
    closed, cut = p.transport.open_session(), p.transport.open_session()
    for channel in (closed, cut):
        channel.exec_command("sha512sum endless")

    def ended():
        return {line["connection_id"] for line in server.log_lines(sender="sessions", message="session closed")}

    before = ended()
    closed.close()
    p.sftp.listdir(".")  # the connection goes on
    wait_for(lambda: any(name.startswith("SSH_") for name in ended() - before))
    p.client.close()
    wait_for(lambda: sum(name.startswith("SSH_") for name in ended() - before) == 2)
    big.unlink()


def test_too_many_channels(server, keys):
    with Paramiko(server.port, "anna", key=keys) as p:
        channels = []
        with pytest.raises(paramiko.ChannelException):
            for _ in range(40):
                channels.append(p.transport.open_session())
                channels[-1].exec_command("md5sum")
        assert len(channels) == 31  # and the SFTP session
        for channel in channels:
            channel.close()

        def another():
            try:
                return p.transport.open_session()
            except paramiko.ChannelException:
                return None

        wait_for(another)


def test_every_channel_counts_as_a_session(make_server, keys, tmp_path):
    server = make_server(
        dump={"users": [user("anna", tmp_path / "anna", public_keys=[keys.public], max_sessions=2)]},
        config={"sftpd": {"enabled_ssh_commands": ["*"]}},
    )
    with Paramiko(server.port, "anna", key=keys) as p:
        first = p.transport.open_session()
        first.exec_command("md5sum")
        with pytest.raises(paramiko.SSHException):
            p.transport.open_session().exec_command("md5sum")
        first.shutdown_write()
        assert first.recv_exit_status() == 0

        def another():
            try:
                p.transport.open_session().exec_command("pwd")
                return True
            except paramiko.SSHException:
                return False

        wait_for(another)


# ---- clients that use them


def rclone(server, tmp_path, *arguments, extra=""):
    obscured = subprocess.run([need("rclone"), "obscure", "anna"], capture_output=True, text=True, check=True).stdout.strip()
    config = tmp_path / "rclone.conf"
    if not config.exists():  # rclone adds what it finds out
        config.write_text(f"[s]\ntype = sftp\nhost = 127.0.0.1\nport = {server.port}\nuser = anna\npass = {obscured}\n{extra}")
    return subprocess.run(["rclone", "--config", str(config), *map(str, arguments)], capture_output=True, timeout=300)


def test_rclone_hashes_over_exec(server, tmp_path):
    local = tmp_path / "tree"
    (local / "a b").mkdir(parents=True)
    for name in ("a b/it's", "plain", "a b/new (1) $x & y"):
        (local / name).write_bytes(os.urandom(5000))
    result = rclone(server, tmp_path, "copy", local, "s:rclone", "-vv")
    assert result.returncode == 0, result.stderr.decode()
    result = rclone(server, tmp_path, "check", local, "s:rclone", "-vv")
    assert result.returncode == 0 and b"0 differences" in result.stderr and b"hashes could not be checked" not in result.stderr
    # After check, because a first hashsum of rclone 1.60 asks for hashes before it knows which there are.
    for kind in ("md5", "sha1"):
        result = rclone(server, tmp_path, "hashsum", kind, "s:rclone")
        assert result.returncode == 0, result.stderr.decode()
        wanted = sorted(f"{hashlib.new(kind, p.read_bytes()).hexdigest()}  {p.relative_to(local)}" for p in local.rglob("*") if p.is_file())
        assert sorted(result.stdout.decode().splitlines()) == wanted
    # The same size, another content: only a hash tells.
    changed = home(server) / "rclone/plain"
    times = changed.stat()
    changed.write_bytes(os.urandom(5000))
    os.utime(changed, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert rclone(server, tmp_path, "check", local, "s:rclone").returncode == 1
