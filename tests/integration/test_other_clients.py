"""lftp, rclone, sshfs and paramiko against the same server."""
import hashlib
import os
import subprocess

import pytest

from clients import Paramiko, askpass_environment, lftp, rclone, SSH_OPTIONS
from slipway_server import need, wait_for


def home(server):
    return server.dir / "homes" / "anna"


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def make(path, size):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(os.urandom(size))
    return path


def make_tree(root):
    for i in range(30):
        make(root / f"dir {i % 3}" / f"file {i}", 1000 * i)
    return {p.relative_to(root): digest(p) for p in root.rglob("*") if p.is_file()}


def tree_of(root):
    return {p.relative_to(root): digest(p) for p in root.rglob("*") if p.is_file()}


# ---- lftp

def test_lftp_mirrors_both_ways_and_removes_recursively(server, tmp_path):
    expected = make_tree(tmp_path / "up")
    lftp(server.port, "anna", "anna", f"mirror -R {tmp_path}/up lftp-tree\nmirror lftp-tree {tmp_path}/down\n")
    assert tree_of(home(server) / "lftp-tree") == tree_of(tmp_path / "down") == expected
    lftp(server.port, "anna", "anna", "rm -r lftp-tree\n")
    assert not (home(server) / "lftp-tree").exists()


def test_lftp_resumes(server, tmp_path):
    local = make(tmp_path / "big", 2_000_000)
    (home(server) / "lftp-big").write_bytes(local.read_bytes()[:700_000])
    lftp(server.port, "anna", "anna", f"put -c {local} -o lftp-big\n")
    assert digest(home(server) / "lftp-big") == digest(local)


def test_lftp_with_a_wrong_password_is_refused(server):
    result = lftp(server.port, "anna", "wrong", "ls\n", check=False)
    assert result.returncode != 0


# ---- rclone

def test_rclone_copies_checks_and_purges(server, tmp_path):
    expected = make_tree(tmp_path / "up")
    run = lambda *a: rclone(server.port, "anna", "anna", *a, directory=tmp_path)
    run("copy", tmp_path / "up", "s:rclone-tree")
    run("check", "--download", tmp_path / "up", "s:rclone-tree")
    run("copy", "s:rclone-tree", tmp_path / "down")
    assert tree_of(tmp_path / "down") == expected
    run("move", "s:rclone-tree/dir 0", "s:rclone-moved")
    assert not (home(server) / "rclone-tree" / "dir 0" / "file 0").exists()
    run("purge", "s:rclone-tree")
    assert not (home(server) / "rclone-tree").exists()


def test_rclone_moves_a_large_file(server, tmp_path):
    local = make(tmp_path / "large", 40_000_000)
    rclone(server.port, "anna", "anna", "copyto", local, "s:rclone-large", directory=tmp_path)
    assert digest(home(server) / "rclone-large") == digest(local)


# ---- sshfs

@pytest.fixture
def mounted(server, keys, tmp_path):
    point = tmp_path / "mount"
    point.mkdir()
    subprocess.run(
        [need("sshfs"), "anna@127.0.0.1:/", str(point), "-p", str(server.port), *SSH_OPTIONS[:-2], "-o", f"IdentityFile={keys.private}",
         "-o", "IdentitiesOnly=yes", "-F", "/dev/null"],
        check=True, timeout=60,
    )
    yield point
    subprocess.run(["fusermount3", "-u", str(point)], check=True, timeout=60)


def test_sshfs_behaves_like_a_directory(server, mounted):
    make(mounted / "sshfs" / "sub" / "f", 300_000)
    assert digest(home(server) / "sshfs/sub/f") == digest(mounted / "sshfs/sub/f")
    (mounted / "sshfs/sub/f").rename(mounted / "sshfs/g")
    os.chmod(mounted / "sshfs/g", 0o600)
    os.utime(mounted / "sshfs/g", (5, 1_000_000_000))
    there = (home(server) / "sshfs/g").stat()
    assert there.st_mode & 0o777 == 0o600 and int(there.st_mtime) == 1_000_000_000
    os.symlink("g", mounted / "sshfs/link")
    assert os.readlink(mounted / "sshfs/link") == "g"
    with open(mounted / "sshfs/g", "r+b") as f:
        f.seek(100)
        f.write(b"in the middle")
        f.truncate(5000)
    assert (home(server) / "sshfs/g").stat().st_size == 5000
    assert (home(server) / "sshfs/g").read_bytes()[100:113] == b"in the middle"
    subprocess.run(["rm", "-r", str(mounted / "sshfs")], check=True)
    assert not (home(server) / "sshfs").exists()
    assert os.statvfs(mounted).f_blocks > 0


# ---- OpenSSH with a password

def test_openssh_logs_in_with_a_password(server, tmp_path):
    result = subprocess.run(
        [need("sftp"), "-q", *SSH_OPTIONS, "-o", "PubkeyAuthentication=no", "-o", "BatchMode=no", "-P", str(server.port), "anna@127.0.0.1"],
        input=b"pwd\n", env=askpass_environment(tmp_path, "anna"), capture_output=True, timeout=60, start_new_session=True,
    )
    assert b"/" in result.stdout and result.returncode == 0, result.stderr


# ---- paramiko: what other clients do not reach

ODD_NAMES = [b"a b", b"quo'te\"s", b"new\nline", "grüße-日本".encode(), b"\xff\xfe\x80 not utf-8", b"-dash", b"*?[x]", b"$(x)`y`;&|", b"~", b"\t", b"x" * 255]


@pytest.mark.parametrize("name", ODD_NAMES, ids=lambda n: repr(n[:20]))
def test_names_with_any_byte(server, keys, name):
    data = os.urandom(1000)
    path = b"odd/" + name
    with Paramiko(server.port, "anna", key=keys) as p:
        try:
            p.sftp.mkdir("odd")
        except OSError:
            pass
        with p.sftp.open(path, "wb") as f:
            f.write(data)
        assert (home(server) / "odd" / os.fsdecode(name)).read_bytes() == data
        with p.sftp.open(path, "rb") as f:
            assert f.read() == data
        assert p.sftp.stat(path).st_size == 1000
        p.sftp.rename(path, b"odd/renamed")
        p.sftp.rename(b"odd/renamed", path)
        assert os.fsencode(os.listdir(home(server) / "odd")[0]) == name
        p.sftp.remove(path)
        assert os.listdir(home(server) / "odd") == []


def test_backslashes_are_separators(server, keys):
    with Paramiko(server.port, "anna", key=keys) as p:
        p.sftp.mkdir("sep")
        with p.sftp.open("sep\\inner", "wb") as f:
            f.write(b"x")
    assert (home(server) / "sep" / "inner").read_bytes() == b"x"


@pytest.mark.parametrize("path", ["../../etc/passwd", "/../../../etc/passwd", "a/../../../etc/passwd", "..\\..\\etc\\passwd",
                                  "/proc/self/environ", "//etc//passwd", "./.././etc/passwd"])
def test_traversal_stays_in_the_home(server, keys, path):
    with Paramiko(server.port, "anna", key=keys) as p:
        with pytest.raises(OSError):
            p.sftp.open(path, "rb").read()
        assert p.sftp.normalize(path).startswith("/")


@pytest.mark.parametrize("target", ["/etc/passwd", "../../../../../../etc/passwd", "/", ".."])
def test_links_out_of_the_home_are_not_followed(server, keys, target):
    link = home(server) / "escape"
    link.unlink(missing_ok=True)
    os.symlink(target, link)
    with Paramiko(server.port, "anna", key=keys) as p:
        with pytest.raises(OSError):
            p.sftp.stat("escape")
        with pytest.raises(OSError):
            p.sftp.open("escape", "rb")
        with pytest.raises(OSError):
            p.sftp.open("escape/etc/passwd", "rb")
        with pytest.raises(OSError):
            p.sftp.listdir("escape")
        p.sftp.remove("escape")  # the link itself is anna's to remove
    assert not link.is_symlink()


def test_random_access_within_one_file(server, keys):
    with Paramiko(server.port, "anna", key=keys) as p:
        with p.sftp.open("random", "w+b") as f:
            f.seek(1_000_000)
            f.write(b"end")
            f.seek(0)
            f.write(b"start")
            f.seek(1_000_000)
            assert f.read(3) == b"end"
            f.truncate(10)
        assert (home(server) / "random").read_bytes() == b"start\0\0\0\0\0"


def test_exclusive_create_and_append(server, keys):
    with Paramiko(server.port, "anna", key=keys) as p:
        with p.sftp.open("exclusive", "wx") as f:
            f.write(b"1")
        with pytest.raises(OSError):
            p.sftp.open("exclusive", "wx")
        with p.sftp.open("exclusive", "ab") as f:
            f.write(b"2")
    assert (home(server) / "exclusive").read_bytes() == b"12"


def test_two_sftp_channels_on_one_connection(server, keys):
    with Paramiko(server.port, "anna", key=keys) as p:
        second = p.client.open_sftp()
        with second.open("second", "wb") as f, p.sftp.open("first", "wb") as g:
            f.write(b"2")
            g.write(b"1")
        second.close()
        assert p.sftp.stat("second").st_size == 1


def test_a_client_that_vanishes_leaves_no_session(server, keys):
    before = len(server.log_lines(message="session closed"))
    p = Paramiko(server.port, "anna", key=keys)
    f = p.sftp.open("vanish", "wb")
    f.write(b"x" * 100_000)
    p.transport.sock.close()
    wait_for(lambda: len(server.log_lines(message="session closed")) > before)


# ---- a file of the size that people really have

def test_a_big_file_both_ways(server, keys, tmp_path):
    mib = int(os.environ["SLIPWAY_BIG_FILE_MIB"])
    block = os.urandom(1 << 20)
    want = hashlib.sha256()
    local = tmp_path / "big"
    with open(local, "wb") as f:
        for i in range(mib):
            piece = i.to_bytes(8, "little") + block[8:]
            f.write(piece)
            want.update(piece)
    from clients import openssh_sftp
    openssh_sftp(server.port, "anna", keys, f"put {local} big\n", timeout=800)
    local.unlink()
    assert (home(server) / "big").stat().st_size == mib << 20
    openssh_sftp(server.port, "anna", keys, f"get big {local}\nrm big\n", timeout=800)
    got = hashlib.sha256()
    with open(local, "rb") as f:
        while piece := f.read(1 << 20):
            got.update(piece)
    local.unlink()
    assert got.digest() == want.digest()
