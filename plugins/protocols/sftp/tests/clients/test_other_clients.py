"""lftp, rclone, sshfs and paramiko as their users run them."""
import filecmp
import os
import pathlib
import shutil
import stat
import subprocess
import time

import paramiko
import pytest


def make_tree(root):
    for d in range(4):
        for f in range(15):
            path = root / f"dir {d}" / f"file-{f}"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(os.urandom(1 + 20_000 * f))
    return root


def same(left, right):
    files = [p.relative_to(left) for p in left.rglob("*") if p.is_file()]
    assert files
    return all(filecmp.cmp(left / f, right / f, shallow=False) for f in files)


def test_lftp_mirrors_both_ways(server, tmp_path):
    tree = make_tree(tmp_path / "tree")
    connect = f"set sftp:connect-program 'ssh -a -x {' '.join(server.ssh_options())}'; set net:max-retries 1; set net:timeout 20; "
    url = f"open -u user,x -p {server.port} sftp://127.0.0.1; "
    env = {**os.environ, "HOME": str(tmp_path)}
    for command in (f"mirror -R --parallel=4 {tree} /tree", f"mirror --parallel=4 /tree {tmp_path}/back"):
        subprocess.run(["lftp", "-c", connect + url + command], check=True, timeout=120, env=env)
    assert same(tree, tmp_path / "back")


def test_rclone_copies_both_ways(server, tmp_path):
    tree = make_tree(tmp_path / "tree")
    (tmp_path / "empty.conf").touch()
    remote = f":sftp,host=127.0.0.1,port={server.port},user=user,key_file={server.key},shell_type=none:"
    base = ["rclone", "--config", tmp_path / "empty.conf", "--retries", "1"]
    for source, target in ((tree, remote + "/tree"), (remote + "/tree", tmp_path / "back")):
        subprocess.run([*base, "copy", source, target], check=True, timeout=120)
    assert same(tree, tmp_path / "back")
    listing = subprocess.run([*base, "lsf", "-R", remote + "/tree"], check=True, capture_output=True, text=True).stdout
    assert listing.count("file-") == 60
    subprocess.run([*base, "moveto", remote + "/tree/dir 0/file-1", remote + "/moved"], check=True, timeout=60)
    subprocess.run([*base, "purge", remote + "/tree"], check=True, timeout=60)
    assert sorted(os.listdir(server.root)) == ["moved"]


def test_sshfs_is_a_file_system(server, tmp_path):
    if not os.access("/dev/fuse", os.R_OK | os.W_OK):
        pytest.fail("sshfs cannot be tested: /dev/fuse cannot be opened")
    mount = tmp_path / "mount"
    mount.mkdir()
    options = ["-oStrictHostKeyChecking=no", "-oUserKnownHostsFile=/dev/null", f"-oIdentityFile={server.key}", "-oIdentitiesOnly=yes"]
    subprocess.run(["sshfs", "-F", "/dev/null", "-p", str(server.port), *options, "user@127.0.0.1:/", mount], check=True, timeout=30)
    try:
        tree = make_tree(tmp_path / "tree")
        shutil.copytree(tree, mount / "tree")
        assert same(tree, mount / "tree")
        with open(mount / "log", "a") as log:
            log.write("one\n")
            log.flush()
            os.fsync(log.fileno())
        with open(mount / "log", "a") as log:
            log.write("two\n")
        assert (server.root / "log").read_text() == "one\ntwo\n"
        (mount / "log").rename(mount / "tree" / "log")
        os.symlink("log", mount / "tree" / "link")
        assert (mount / "tree" / "link").read_text() == "one\ntwo\n"
        os.truncate(mount / "tree" / "log", 3)
        os.utime(mount / "tree" / "log", (1_000_000_000, 1_000_000_000))
        os.chmod(mount / "tree" / "log", 0o600)
        there = server.root / "tree" / "log"
        assert there.read_text() == "one" and stat.S_IMODE(there.stat().st_mode) == 0o600 and there.stat().st_mtime == 1_000_000_000
        assert os.statvfs(mount).f_blocks > 0
        shutil.rmtree(mount / "tree")
        assert not (server.root / "tree").exists()
    finally:
        for _ in range(20):
            if subprocess.run(["fusermount3", "-u", mount], capture_output=True).returncode == 0:
                break
            time.sleep(0.2)


def test_paramiko_uses_every_operation(server):
    link = paramiko.Transport(("127.0.0.1", server.port))
    link.connect(username="user", pkey=paramiko.Ed25519Key.from_private_key_file(str(server.key)))
    sftp = paramiko.SFTPClient.from_transport(link)
    with sftp.open("/f", "w") as f:
        f.write(b"0123456789")
        f.flush()
        assert f.stat().st_size == 10
        f.truncate(5)
        f.chmod(0o600)
        f.utime((1000, 2000))
    info = sftp.stat("/f")
    assert (info.st_size, stat.S_IMODE(info.st_mode), info.st_mtime, info.st_atime) == (5, 0o600, 2000, 1000)
    with sftp.open("/f", "a") as f:
        f.write(b"appended")
    with sftp.open("/f", "r+") as f:
        f.seek(2)
        f.write(b"XX")
        f.seek(0)
        assert f.read() == b"01XX4appended"
    with sftp.open("/f", "rb") as f:
        assert f.readv([(0, 2), (5, 8)]) is not None
    with pytest.raises(OSError):
        sftp.open("/f", "x")
    sftp.symlink("f", "/link")
    assert sftp.readlink("/link") == "f"
    assert stat.S_ISLNK(sftp.lstat("/link").st_mode) and stat.S_ISREG(sftp.stat("/link").st_mode)
    sftp.mkdir("/d")
    sftp.posix_rename("/f", "/d/g")
    sftp.rename("/d/g", "/d/h")
    sftp.chdir("/d")
    assert sftp.getcwd() == "/d" and sftp.normalize(".") == "/d" and sftp.normalize("..") == "/"
    assert sorted(sftp.listdir("/d")) == ["h"]  # paramiko hides the dot entries
    assert [a.filename for a in sftp.listdir_attr("/d")] == ["h"]
    sftp.chown("/d/h", os.getuid(), os.getgid())
    sftp.truncate("/d/h", 1)
    with pytest.raises(FileNotFoundError):
        sftp.stat("/missing")
    with pytest.raises(FileNotFoundError):
        sftp.open("/missing/f", "w")
    sftp.remove("/d/h")
    sftp.remove("/link")
    sftp.rmdir("/d")
    assert os.listdir(server.root) == []
    link.close()


def test_names_that_are_not_text(server):
    link = paramiko.Transport(("127.0.0.1", server.port))
    link.connect(username="user", pkey=paramiko.Ed25519Key.from_private_key_file(str(server.key)))
    sftp = paramiko.SFTPClient.from_transport(link)
    names = [b"space here", b"quote'\"", b"new\nline", "ümläut".encode(), b"\xff\xfe\x80", b"tab\t", b"-dash", b"*"]
    for name in names:
        sftp.open(b"/" + name, "w").close()
    assert sorted(os.listdir(os.fsencode(server.root))) == sorted(names)
    for name in names:
        sftp.remove(b"/" + name)
    assert os.listdir(server.root) == []
    link.close()
