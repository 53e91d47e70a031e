"""SCP in its own protocol, with every client that still speaks it."""
import hashlib
import os
import socket
import subprocess
import time

import pytest

from clients import Paramiko, scp, ssh_arguments
from slipway_server import SlipwayServer, need, user, wait_for

BIG_FILE_MIB = int(os.environ["SLIPWAY_BIG_FILE_MIB"])


def home(server, name="anna"):
    return server.dir / "homes" / name


def digest(path):
    hash_ = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(1 << 20):
            hash_.update(block)
    return hash_.hexdigest()


def make(path, size):
    path.write_bytes(os.urandom(size))
    return path


def scp_o(server, keys, *arguments, **options):
    """scp in the protocol's own name, whatever the version's default is."""
    return scp(server.port, keys, "-O", *arguments, **options)


def there(path, name="anna"):
    return f"{name}@127.0.0.1:{path}"


# ---- OpenSSH


@pytest.mark.parametrize("size", [0, 1, 4096, 3_000_001])
def test_one_file_there_and_back(server, keys, tmp_path, size):
    local = make(tmp_path / "f", size)
    scp_o(server, keys, local, there(f"one{size}"))
    scp_o(server, keys, there(f"one{size}"), tmp_path / "back")
    assert digest(home(server) / f"one{size}") == digest(local) == digest(tmp_path / "back")


def test_into_a_directory_and_under_a_new_name(server, keys, tmp_path):
    local = make(tmp_path / "n", 100)
    (home(server) / "dir").mkdir()
    for target in ("dir", "dir/", ".", ""):
        scp_o(server, keys, local, there(target))
    assert digest(home(server) / "dir/n") == digest(home(server) / "n") == digest(local)
    scp_o(server, keys, local, there("dir/other"))
    assert digest(home(server) / "dir/other") == digest(local)
    scp_o(server, keys, local, there("'~/tilde'"))
    assert (home(server) / "tilde").exists()


def test_overwriting_a_longer_file(server, keys, tmp_path):
    scp_o(server, keys, make(tmp_path / "long", 100_000), there("over"))
    short = make(tmp_path / "short", 10)
    scp_o(server, keys, short, there("over"))
    assert digest(home(server) / "over") == digest(short)


def test_several_sources(server, keys, tmp_path):
    files = [make(tmp_path / f"s{i}", i * 1000) for i in range(3)]
    (home(server) / "several").mkdir()
    scp_o(server, keys, *files, there("several"))
    assert sorted(p.name for p in (home(server) / "several").iterdir()) == ["s0", "s1", "s2"]
    # With a file in the way of the directory that -d asks for.
    result = scp_o(server, keys, *files, there("several/s0"), check=False)
    assert result.returncode != 0 and b"not a directory" in result.stderr
    assert scp_o(server, keys, *files, there("absent"), check=False).returncode != 0
    assert not (home(server) / "absent").exists()


def tree_at(root):
    (root / "sub dir/deep").mkdir(parents=True)
    (root / "empty").mkdir()
    make(root / "a", 1000)
    make(root / "sub dir/b c", 200_000)
    make(root / "sub dir/deep/ümlaut", 3)
    (root / "sub dir/deep/new\nline").write_bytes(b"x")
    return root


def contents(root):
    return {str(p.relative_to(root)): p.read_bytes() if p.is_file() else None for p in root.rglob("*")}


def test_a_tree_there_and_back(server, keys, tmp_path):
    tree = tree_at(tmp_path / "tree")
    scp_o(server, keys, "-r", tree, there("tree"))
    assert contents(home(server) / "tree") == contents(tree)
    # Again: now the target is a directory, and the tree goes into it.
    scp_o(server, keys, "-r", tree, there("tree"))
    assert contents(home(server) / "tree/tree") == contents(tree)
    scp_o(server, keys, "-r", there("tree/tree"), tmp_path / "back")
    # OpenSSH's client does not turn an encoded newline back.
    back = {name.replace("\\^J", "\n"): data for name, data in contents(tmp_path / "back").items()}
    assert back == contents(tree)


def test_a_directory_needs_r(server, keys, tmp_path):
    (home(server) / "plain").mkdir(exist_ok=True)
    result = scp_o(server, keys, there("plain"), tmp_path / "x", check=False)
    assert result.returncode != 0 and b"non recursive" in result.stderr


def test_times_and_modes(server, keys, tmp_path):
    tree = tmp_path / "t"
    tree.mkdir()
    local = make(tree / "f", 10)
    local.chmod(0o750)
    os.utime(local, (1_000_000_000, 1_100_000_000))
    os.utime(tree, (1_200_000_000, 1_200_000_000))
    scp_o(server, keys, "-p", "-r", tree, there("times"))
    stored = (home(server) / "times/f").stat()
    assert (int(stored.st_atime), int(stored.st_mtime), stored.st_mode & 0o7777) == (1_000_000_000, 1_100_000_000, 0o750)
    assert int((home(server) / "times").stat().st_mtime) == 1_200_000_000
    scp_o(server, keys, "-p", "-r", there("times"), tmp_path / "b")
    back = (tmp_path / "b/f").stat()
    assert (int(back.st_mtime), back.st_mode & 0o7777) == (1_100_000_000, 0o750)
    assert int((tmp_path / "b").stat().st_mtime) == 1_200_000_000
    # Without -p neither is taken over.
    scp_o(server, keys, local, there("now"))
    assert (home(server) / "now").stat().st_mtime > 1_500_000_000


def test_globs_are_names(server, keys, tmp_path):
    make(home(server) / "glob1.txt", 10)
    make(home(server) / "glob[2].txt", 10)
    result = scp_o(server, keys, there("'glob*.txt'"), tmp_path, check=False)
    assert result.returncode != 0 and b"no such file" in result.stderr
    scp_o(server, keys, "-T", there("'glob[2].txt'"), tmp_path)
    assert (tmp_path / "glob[2].txt").exists()


def test_names_that_need_quotes(server, keys, tmp_path):
    for name in ("with space", "quo'te", 'dou"ble', "dollar$HOME", "semi;colon", "-dash", "star*"):
        local = make(tmp_path / "local", 20)
        quoted = name.replace("'", "'\\''")
        scp_o(server, keys, local, there(f"'./{quoted}'"))
        assert digest(home(server) / name) == digest(local), name
        scp_o(server, keys, "-T", there(f"'./{quoted}'"), tmp_path / "back")
        assert digest(tmp_path / "back") == digest(local), name


def test_through_the_client_from_one_server_to_another(server, keys, tmp_path, make_server):
    other = make_server(dump={"users": [user("bert", tmp_path / "bert", public_keys=[keys.public])]})
    local = make(home(server) / "three", 300_000)
    subprocess.run(
        [need("scp"), "-q", "-3", "-O", "-p", *ssh_arguments(server.port, keys)[:-2],
         f"scp://anna@127.0.0.1:{server.port}/three", f"scp://bert@127.0.0.1:{other.port}/three"],
        check=True, capture_output=True, timeout=120,
    )
    assert digest(tmp_path / "bert/three") == digest(local)


def test_directly_from_one_server_to_another_is_refused_with_a_hint(server, keys, tmp_path):
    make(home(server) / "direct", 10)
    result = subprocess.run(
        [need("ssh"), *ssh_arguments(server.port, keys, "-p"), "anna@127.0.0.1", "scp direct bert@192.0.2.1:x"],
        capture_output=True, timeout=60,
    )
    assert result.returncode == 1 and b"other hosts" in result.stdout


def test_links_are_followed_but_not_in_circles(server, keys, tmp_path):
    root = home(server) / "links"
    (root / "d").mkdir(parents=True)
    make(root / "f", 100)
    make(root / "d/g", 100)
    (root / "to_file").symlink_to("f")
    (root / "to_dir").symlink_to("d")
    (root / "d/up").symlink_to("..")
    (root / "dangling").symlink_to("nowhere")
    result = scp_o(server, keys, "-r", there("links"), tmp_path / "l", check=False)
    assert result.returncode != 0  # the dangling one and the circle are told
    assert digest(tmp_path / "l/to_file") == digest(root / "f")
    assert digest(tmp_path / "l/to_dir/g") == digest(root / "d/g")
    assert not (tmp_path / "l/d/up").exists()


def test_a_big_file(server, keys, tmp_path):
    local = tmp_path / "big"
    with open(local, "wb") as file:
        block = os.urandom(1 << 20)
        for i in range(BIG_FILE_MIB):
            file.write(i.to_bytes(8, "little") + block[8:])
    scp_o(server, keys, local, there("big"))
    wanted = digest(local)
    assert digest(home(server) / "big") == wanted
    local.unlink()
    scp_o(server, keys, there("big"), local)
    assert digest(local) == wanted
    (home(server) / "big").unlink()


# ---- other clients


def pscp(server, tmp_path, *arguments, check=True):
    """PuTTY's, in the protocol's own name; PuTTY learns the host key from the first run's registry of its own."""
    fingerprint = subprocess.run(
        f"{need('ssh-keyscan')} -p {server.port} -t ed25519 127.0.0.1 2>/dev/null | {need('ssh-keygen')} -lf -",
        shell=True, capture_output=True, text=True, check=True,
    ).stdout.split()[1]
    result = subprocess.run(
        [need("pscp"), "-scp", "-batch", "-q", "-hostkey", fingerprint, "-P", str(server.port), "-pw", "anna", *map(str, arguments)],
        capture_output=True, timeout=120, env={**os.environ, "HOME": str(tmp_path)},
    )
    if check:
        assert result.returncode == 0, (result.stdout + result.stderr).decode(errors="replace")
    return result


def test_putty_there_and_back(server, tmp_path):
    local = make(tmp_path / "putty file", 1_000_001)
    os.utime(local, (1_000_000_000, 1_100_000_000))
    pscp(server, tmp_path, "-p", local, there("putty"))
    assert digest(home(server) / "putty") == digest(local)
    assert int((home(server) / "putty").stat().st_mtime) == 1_100_000_000
    pscp(server, tmp_path, "-p", there("putty"), tmp_path / "back")
    assert digest(tmp_path / "back") == digest(local)
    tree = tmp_path / "puttytree"
    (tree / "sub dir").mkdir(parents=True)
    make(tree / "sub dir/f", 5000)
    make(tree / "g", 0)
    pscp(server, tmp_path, "-r", tree, there("."))
    assert contents(home(server) / "puttytree") == contents(tree)
    (tmp_path / "down").mkdir()
    pscp(server, tmp_path, "-r", there("puttytree"), tmp_path / "down")
    assert contents(tmp_path / "down/puttytree") == contents(tree)
    assert pscp(server, tmp_path, there("nothing"), tmp_path / "x", check=False).returncode != 0


def test_the_python_client(server, keys, tmp_path):
    from scp import SCPClient, SCPException

    tree = tmp_path / "python"
    (tree / "d").mkdir(parents=True)
    make(tree / "d/f", 300_000)
    with Paramiko(server.port, "anna", key=keys) as p, SCPClient(p.transport) as client:
        client.put(str(tree), "python", recursive=True, preserve_times=True)
        assert contents(home(server) / "python") == contents(tree)
        client.get("python", str(tmp_path / "back"), recursive=True, preserve_times=True)
        assert contents(tmp_path / "back") == contents(tree)
        with pytest.raises(SCPException, match="no such file"):
            client.get("nothing", str(tmp_path / "x"))


JSCH = """
import com.jcraft.jsch.*;
import java.io.*;

public class Copy {
  static int ack(InputStream in) throws Exception { return in.read(); }
  public static void main(String[] a) throws Exception {
    Session session = new JSch().getSession("anna", "127.0.0.1", Integer.parseInt(a[0]));
    session.setPassword("anna");
    session.setConfig("StrictHostKeyChecking", "no");
    session.connect();
    byte[] data = new byte[300001];
    new java.util.Random(7).nextBytes(data);
    ChannelExec up = (ChannelExec) session.openChannel("exec");
    up.setCommand("scp -t jsch");
    OutputStream out = up.getOutputStream();
    InputStream in = up.getInputStream();
    up.connect();
    if (ack(in) != 0) throw new Exception("start");
    out.write(("C0644 " + data.length + " any\\n").getBytes()); out.flush();
    if (ack(in) != 0) throw new Exception("file");
    out.write(data); out.write(0); out.flush();
    if (ack(in) != 0) throw new Exception("stored");
    out.close();
    up.disconnect();
    ChannelSftp sftp = (ChannelSftp) session.openChannel("sftp");
    sftp.connect();
    ByteArrayOutputStream back = new ByteArrayOutputStream();
    sftp.get("jsch", back);
    if (!java.util.Arrays.equals(back.toByteArray(), data)) throw new Exception("content");
    sftp.put(new ByteArrayInputStream(data), "jsch2");
    sftp.rename("jsch2", "jsch3");
    sftp.setMtime("jsch3", 1100000000);
    sftp.mkdir("jschdir");
    for (Object entry : sftp.ls(".")) if (((ChannelSftp.LsEntry) entry).getFilename().equals("jsch3"))
      System.out.println(((ChannelSftp.LsEntry) entry).getAttrs().getMTime() + " " + ((ChannelSftp.LsEntry) entry).getAttrs().getSize());
    System.out.println(sftp.pwd() + " " + sftp.realpath("jschdir/.."));
    sftp.rmdir("jschdir");
    sftp.rm("jsch3");
    session.disconnect();
  }
}
"""


def test_jsch(server, tmp_path):
    """JSch speaks neither the newer signatures of RSA nor Ed25519: a host key of its time is what it needs."""
    (tmp_path / "Copy.java").write_text(JSCH)
    key = tmp_path / "ecdsa"
    subprocess.run([need("ssh-keygen"), "-q", "-t", "ecdsa", "-N", "", "-f", str(key)], check=True)
    other = SlipwayServer(tmp_path / "jsch", config={"sftpd": {"host_keys": [str(key)]}},
                          dump={"users": [user("anna", tmp_path / "jschhome")]})
    other.start()
    try:
        result = subprocess.run(
            [need("java"), "-cp", "/usr/share/java/jsch.jar", str(tmp_path / "Copy.java"), str(other.port)],
            capture_output=True, text=True, timeout=300,
        )
        assert result.returncode == 0, result.stderr
        assert result.stdout.split() == ["1100000000", "300001", "/", "/"]
    finally:
        other.stop()
    assert (tmp_path / "jschhome/jsch").stat().st_size == 300_001


# ---- the dialogue, byte by byte


class Dialogue:
    def __init__(self, p, command):
        self.channel = p.transport.open_session()
        self.channel.settimeout(30)
        self.channel.exec_command(command)

    def send(self, data):
        self.channel.sendall(data)
        return self

    def reply(self):
        code = self.channel.recv(1)
        return code + self.line() if code in (b"\1", b"\2") else code

    def line(self):
        text = b""
        while not text.endswith(b"\n"):
            byte = self.channel.recv(1)
            assert byte, text
            text += byte
        return text

    def end(self):
        self.channel.shutdown_write()
        rest = b""
        while data := self.channel.recv(4096):
            rest += data
        return self.channel.recv_exit_status(), rest


@pytest.fixture
def dialogue(server, keys):
    with Paramiko(server.port, "anna", key=keys) as p:
        yield lambda command: Dialogue(p, command)


@pytest.mark.parametrize("message", [
    b"C0644 3 ../escape\n", b"C0644 3 ..\n", b"C0644 3 a/b\n", b"D0755 0 ../x\n", b"D0755 0 /etc\n", b"C0644 3 .\n", b"C0644 3 \n",
    b"C0644 -3 x\n", b"C0644 99999999999999999999 x\n", b"Cxyz 3 x\n", b"T1 2 3\n", b"E\n", b"Ex\n", b"hello\n", b"\n",
    b"C0644 3 " + b"n" * 9000 + b"\n",
], ids=lambda message: repr(message[:30]))
def test_what_is_no_message_ends_the_dialogue(server, dialogue, message):
    (home(server) / "sandbox").mkdir(exist_ok=True)
    d = dialogue("scp -r -t sandbox")
    assert d.reply() == b"\0"
    assert d.send(message).reply()[:1] == b"\2"
    assert d.end()[0] == 1
    assert list((home(server) / "sandbox").iterdir()) == []
    assert not (home(server) / "escape").exists()


@pytest.mark.parametrize("name", [b"back\\slash", b"..\\up", b"x" * 256], ids=lambda name: repr(name[:20]))
def test_names_that_the_session_cannot_have_are_skipped(server, dialogue, name):
    (home(server) / "skipped").mkdir(exist_ok=True)
    d = dialogue("scp -t skipped")
    assert d.reply() == b"\0"
    assert d.send(b"C0644 3 " + name + b"\n").reply()[:1] == b"\1"
    assert d.send(b"C0644 2 good\n").reply() == b"\0"
    assert d.send(b"ok\0").reply() == b"\0"
    assert d.end()[0] == 1
    assert [p.name for p in (home(server) / "skipped").iterdir()] == ["good"]


def test_a_file_that_is_cut_short_is_not_complete(make_server, keys, tmp_path):
    server = make_server(dump={"users": [user("anna", tmp_path / "anna", public_keys=[keys.public])]}, config={"common": {"upload_mode": 1}})
    (tmp_path / "anna").mkdir(exist_ok=True)
    (tmp_path / "anna/short").write_bytes(b"old content")
    with Paramiko(server.port, "anna", key=keys) as p:
        d = Dialogue(p, "scp -t short")
        assert d.reply() == b"\0"
        assert d.send(b"C0644 1000 short\n").reply() == b"\0"
        d.send(b"x" * 999)
        assert d.end() == (1, b"")
        # Too many: the byte behind the data is no acknowledgement.
        d = Dialogue(p, "scp -t short")
        assert d.reply() == b"\0"
        assert d.send(b"C0644 3 short\n").reply() == b"\0"
        assert d.send(b"xxxx").reply()[:1] == b"\2"
        # The source could not read all of it.
        d = Dialogue(p, "scp -t short")
        assert d.reply() == b"\0"
        assert d.send(b"C0644 3 short\n").reply() == b"\0"
        assert d.send(b"xxx\1scp: read error\n").reply()[:1] == b"\1"
        assert d.end()[0] == 1
        # Everything came but the last byte.
        d = Dialogue(p, "scp -t short")
        assert d.reply() == b"\0"
        assert d.send(b"C0644 3 short\n").reply() == b"\0"
        d.send(b"xxx")
        assert d.end()[0] == 1
    assert (tmp_path / "anna/short").read_bytes() == b"old content"
    assert [path.name for path in (tmp_path / "anna").iterdir()] == ["short"]


def test_a_warning_of_the_source_leaves_the_rest_alone(server, dialogue):
    d = dialogue("scp -t warned")
    assert d.reply() == b"\0"
    d.send(b"\1scp: secret: Permission denied\n")
    assert d.send(b"C0644 2 warned\n").reply() == b"\0"
    assert d.send(b"ok\0").reply() == b"\0"
    assert d.end()[0] == 1
    assert (home(server) / "warned").read_bytes() == b"ok"


def test_a_source_hears_its_sink(server, dialogue):
    make(home(server) / "heard", 10)
    d = dialogue("scp -f heard heard")
    assert d.send(b"\0").line().startswith(b"C0644 10 heard")
    d.send(b"\1no room\n")  # not this one
    assert d.line() == b"C0644 10 heard\n"
    d.send(b"\0")
    assert len(d.channel.recv(10)) == 10 and d.channel.recv(1) == b"\0"
    d.send(b"\0")
    assert d.end()[0] == 1
    assert dialogue("scp -f heard").send(b"\2enough\n").end() == (1, b"")


def test_an_interrupted_upload(server, keys, tmp_path):
    local = make(tmp_path / "interrupted", 50_000_000)
    process = subprocess.Popen(
        [need("scp"), "-q", "-O", "-l", "40000", *ssh_arguments(server.port, keys), str(local), there("interrupted")],
        stderr=subprocess.DEVNULL,
    )
    wait_for(lambda: (home(server) / "interrupted").exists() and (home(server) / "interrupted").stat().st_size > 0)
    process.kill()
    process.wait()
    lines = server.wait_for_log(sender="Upload", virtual_path="/interrupted", level="error")
    assert "aborted" in lines[0]["error"] or "error" in lines[0]
    scp_o(server, keys, local, there("interrupted"))
    assert digest(home(server) / "interrupted") == digest(local)


# ---- policy


@pytest.fixture(scope="module")
def strict(tmp_path_factory, keys):
    directory = tmp_path_factory.mktemp("strict")
    script = directory / "events.lua"
    script.write_text(
        'for _, action in ipairs({"upload", "first-upload", "download", "first-download", "ssh_cmd", "mkdir"}) do\n'
        '  on(action, {}, function(ev) log.info("told " .. ev.action .. " " .. ev.virtual_path .. " " .. ev.protocol .. " " .. ev.status) end)\n'
        "end\n"
        'on("pre-upload", {path = "/vetoed*"}, function(ev) return false, "no" end)\n'
    )
    memory = {"name": "memory", "filesystem": {"provider": 100, "module": "storage-memory", "moduleconfig": {"name": "scp"}}}
    dump = {
        "folders": [memory],
        "users": [
            user("anna", directory / "homes/anna", public_keys=[keys.public],
                 virtual_folders=[{"name": "memory", "virtual_path": "/memory", "quota_size": -1, "quota_files": -1}]),
            user("small", directory / "homes/small", public_keys=[keys.public], quota_size=100_000),
            user("dropper", directory / "homes/dropper", public_keys=[keys.public], permissions={"/": ["upload", "create_dirs"]}),
            user("slow", directory / "homes/slow", public_keys=[keys.public], upload_bandwidth=50),
            user("reader", directory / "homes/reader", public_keys=[keys.public], permissions={"/": ["list", "download"]}),
            user("getter", directory / "homes/getter", public_keys=[keys.public], permissions={"/": ["download"]}),
            user("started", directory / "homes/started", public_keys=[keys.public], filters={"start_directory": "/in/here"}),
        ],
    }
    server = SlipwayServer(directory, dump=dump, config={
        "common": {"upload_mode": 1}, "lua": {"scripts": [str(script)]},
        "modules": {"load": {"storage-local": {}, "storage-memory": {}, "auth-local": {}, "protocol-sftp": {}}}})
    server.start()
    yield server
    server.stop()


def home_of(server, name):
    path = home(server, name)
    path.mkdir(parents=True, exist_ok=True)
    return path


def test_uploads_and_downloads_are_told_as_scp(strict, keys, tmp_path):
    scp_o(strict, keys, make(tmp_path / "t", 10), there("told"))
    scp_o(strict, keys, there("told"), tmp_path / "b")
    wait_for(lambda: "told first-download /told SCP 1" in strict.log_text())
    text = strict.log_text()
    for event in ("upload", "first-upload", "download"):
        assert f"told {event} /told SCP 1" in text
    assert "ssh_cmd" not in text
    assert strict.log_lines(sender="Upload", protocol="SCP", virtual_path="/told")[0]["size_bytes"] == 10


def test_a_veto(strict, keys, tmp_path):
    result = scp_o(strict, keys, make(tmp_path / "v", 10), there("vetoed"), check=False)
    assert result.returncode != 0 and b"permission denied" in result.stderr
    assert not (home_of(strict, "anna") / "vetoed").exists()


def test_other_storage(strict, keys, tmp_path):
    tree = tree_at(tmp_path / "m")
    scp_o(strict, keys, "-r", tree, there("memory/tree"))
    scp_o(strict, keys, "-r", there("memory/tree"), tmp_path / "back")
    assert {k.replace("\\^J", "\n"): v for k, v in contents(tmp_path / "back").items()} == contents(tree)


def test_quota(strict, keys, tmp_path):
    result = scp_o(strict, keys, make(tmp_path / "q", 100_001), there("q", "small"), check=False)
    assert result.returncode != 0 and b"space limit" in result.stderr
    many = tmp_path / "many"
    many.mkdir()
    for i in range(5):
        make(many / f"f{i}", 30_000)
    result = scp_o(strict, keys, "-r", many, there("many", "small"), check=False)
    assert result.returncode != 0 and b"space limit" in result.stderr
    assert len(list((home_of(strict, "small") / "many").iterdir())) == 3


def test_who_may_only_drop_files(strict, keys, tmp_path):
    local = make(tmp_path / "d", 100)
    box = home_of(strict, "dropper")
    (box / "in").mkdir(exist_ok=True)
    scp_o(strict, keys, local, there("", "dropper"))
    scp_o(strict, keys, local, there("renamed", "dropper"))
    scp_o(strict, keys, local, there("in", "dropper"))
    scp_o(strict, keys, local, there("in/named", "dropper"))
    tree = tree_at(tmp_path / "dt")
    scp_o(strict, keys, "-r", tree, there("newtree", "dropper"))
    scp_o(strict, keys, "-r", tree, there("in", "dropper"))
    assert sorted(p.name for p in (box / "in").iterdir()) == ["d", "dt", "named"]
    assert contents(box / "newtree") == contents(tree)
    assert scp_o(strict, keys, there("d", "dropper"), tmp_path / "x", check=False).returncode != 0
    assert scp_o(strict, keys, local, there("renamed", "dropper"), check=False).returncode != 0  # exists


def test_who_may_only_read(strict, keys, tmp_path):
    for name in ("reader", "getter"):
        make(home_of(strict, name) / "f", 100)
        scp_o(strict, keys, there("f", name), tmp_path / name)
        assert (tmp_path / name).stat().st_size == 100
        result = scp_o(strict, keys, tmp_path / name, there("g", name), check=False)
        assert result.returncode != 0 and b"permission denied" in result.stderr


def test_paths_start_in_the_start_directory(strict, keys, tmp_path):
    (home_of(strict, "started") / "in/here").mkdir(parents=True)
    local = make(tmp_path / "s", 100)
    scp_o(strict, keys, local, there("", "started"))
    scp_o(strict, keys, local, there("/top", "started"))
    scp_o(strict, keys, there("s", "started"), tmp_path / "b")
    assert (home_of(strict, "started") / "in/here/s").exists() and (home_of(strict, "started") / "top").exists()


def test_the_root_has_the_users_name(strict, keys, tmp_path):
    make(home_of(strict, "reader") / "r", 10)
    scp_o(strict, keys, "-r", "-T", there("/", "reader"), tmp_path)
    assert (tmp_path / "reader/r").exists()


def test_a_slow_transfer_does_not_keep_the_server_busy(strict, keys, tmp_path):
    def cpu_seconds():
        fields = open(f"/proc/{strict.process.pid}/stat").read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    with Paramiko(strict.port, "slow", key=keys) as p:
        d = Dialogue(p, "scp -t slow")
        assert d.reply() == b"\0"
        assert d.send(b"C0644 90000000 slow\n").reply() == b"\0"
        d.channel.settimeout(1)
        with pytest.raises(socket.timeout):  # it takes no more
            d.send(bytes(20_000_000))
        before = cpu_seconds()
        time.sleep(5)
        # A thread that looked again and again whether there is room would use all of it.
        assert cpu_seconds() - before < 0.3
        d.channel.close()
