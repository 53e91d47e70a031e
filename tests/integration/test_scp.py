"""SCP in its own protocol, with every client that still speaks it."""
import hashlib
import os
import pathlib
import subprocess

import pytest

from clients import scp, ssh_arguments
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
