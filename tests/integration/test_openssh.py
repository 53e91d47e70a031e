"""OpenSSH's sftp and scp: what people type every day."""
import hashlib
import os

import pytest

from clients import openssh_sftp, scp


@pytest.fixture
def sftp(server, keys):
    return lambda commands, **options: openssh_sftp(server.port, "anna", keys, commands, **options)


def home(server):
    return server.dir / "homes" / "anna"


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def make(path, size):
    path.write_bytes(os.urandom(size))
    return path


def test_put_and_get(server, sftp, tmp_path):
    local = make(tmp_path / "a", 3_000_001)
    sftp(f"put {local} a\nget a {tmp_path}/b\n")
    assert digest(home(server) / "a") == digest(local) == digest(tmp_path / "b")


def test_an_empty_file(server, sftp, tmp_path):
    local = make(tmp_path / "empty", 0)
    sftp(f"put {local} empty\nget empty {tmp_path}/back\n")
    assert (home(server) / "empty").stat().st_size == 0
    assert (tmp_path / "back").stat().st_size == 0


def test_resume_upload_and_download(server, sftp, tmp_path):
    local = make(tmp_path / "r", 1_000_000)
    (home(server) / "r").write_bytes(local.read_bytes()[:300_000])
    sftp(f"reput {local} r\n")
    assert digest(home(server) / "r") == digest(local)
    (tmp_path / "part").write_bytes(local.read_bytes()[:123_456])
    sftp(f"reget r {tmp_path}/part\n")
    assert digest(tmp_path / "part") == digest(local)


def test_rename_over_an_existing_file(server, sftp, tmp_path):
    one, two = make(tmp_path / "1", 10), make(tmp_path / "2", 20)
    sftp(f"put {one} n1\nput {two} n2\nrename n1 n2\n")
    assert digest(home(server) / "n2") == digest(one)
    assert not (home(server) / "n1").exists()


def test_part_file_and_rename(server, sftp, tmp_path):
    local = make(tmp_path / "whole", 100_000)
    sftp(f"put {local} .whole.part\nrename .whole.part whole\n")
    assert digest(home(server) / "whole") == digest(local)


def test_directories(server, sftp, tmp_path):
    sftp("mkdir d\nmkdir d/e\nls -la d\nrmdir d/e\nrmdir d\n")
    assert not (home(server) / "d").exists()
    assert sftp("mkdir d\nmkdir d/e\nrmdir d\n", check=False).returncode != 0


def test_recursive_put_and_get(server, sftp, tmp_path):
    tree = tmp_path / "tree"
    (tree / "sub").mkdir(parents=True)
    make(tree / "f", 1000)
    make(tree / "sub" / "g", 2000)
    sftp(f"put -r {tree} tree\nget -r tree {tmp_path}/back\n")
    assert digest(home(server) / "tree/sub/g") == digest(tmp_path / "back/sub/g") == digest(tree / "sub/g")


def test_a_listing_of_ten_thousand_entries(server, sftp):
    many = home(server) / "many"
    many.mkdir()
    for i in range(10_000):
        (many / f"f{i:05d}").touch()
    listed = [line for line in sftp("ls -1 many\n").stdout.decode().splitlines() if line.startswith("many/")]
    assert sorted(listed) == [f"many/f{i:05d}" for i in range(10_000)]


def test_mode_and_times(server, sftp, tmp_path):
    local = make(tmp_path / "p", 10)
    os.utime(local, (1_000_000_000, 1_100_000_000))
    local.chmod(0o640)
    sftp(f"put -p {local} p\nchmod 600 p\nget -p p {tmp_path}/p2\n")
    there = (home(server) / "p").stat()
    assert int(there.st_mtime) == 1_100_000_000
    assert there.st_mode & 0o7777 == 0o600
    assert int((tmp_path / "p2").stat().st_mtime) == 1_100_000_000


def test_symbolic_links(server, sftp, tmp_path):
    local = make(tmp_path / "t", 100)
    sftp(f"put {local} target\nln -s target link\nget link {tmp_path}/through\nls -l link\n")
    assert os.readlink(home(server) / "link") == "target"
    assert digest(tmp_path / "through") == digest(local)
    sftp("rm link\n")
    assert (home(server) / "target").exists()


def test_statvfs(sftp):
    assert b"%" in sftp("df -h .\n").stdout


def test_scp_in_sftp_mode(server, keys, tmp_path):
    local = make(tmp_path / "s", 500_000)
    scp(server.port, keys, local, "anna@127.0.0.1:s")
    scp(server.port, keys, "anna@127.0.0.1:s", tmp_path / "s2")
    assert digest(tmp_path / "s2") == digest(local)


def test_scp_recursive_with_times(server, keys, tmp_path):
    tree = tmp_path / "scptree"
    (tree / "x y").mkdir(parents=True)
    make(tree / "x y" / "z", 1234)
    os.utime(tree / "x y" / "z", (1, 1_000_000_000))
    scp(server.port, keys, "-rp", tree, "anna@127.0.0.1:scptree")
    there = home(server) / "scptree" / "x y" / "z"
    assert digest(there) == digest(tree / "x y" / "z")
    assert int(there.stat().st_mtime) == 1_000_000_000


def test_a_missing_file_is_an_error(sftp):
    result = sftp("get nothing-here /dev/null\n", check=False)
    assert result.returncode != 0
    assert b"not found" in result.stderr.lower() or b"no such file" in result.stderr.lower()


def test_the_start_directory_and_its_parent_is_the_root(sftp):
    assert b"Remote working directory: /" in sftp("pwd\ncd ..\ncd ../../..\npwd\n").stdout
