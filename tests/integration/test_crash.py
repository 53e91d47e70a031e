"""What is left after the server is killed, the disk is full, or it cannot be written."""
import json
import os
import subprocess
import threading

import pytest

from clients import Paramiko
from slipway_server import user, wait_for


def anna(server_dir, keys, **members):
    return {"users": [user("anna", server_dir, public_keys=[keys.public], quota_files=1000, quota_size=10**10, **members)]}


def upload_partly(p, path, size):
    f = p.sftp.open(path, "wb")
    f.write(os.urandom(size))
    f.flush()
    p.sftp.stat(".")  # everything before it was answered
    return f


@pytest.mark.parametrize("mode", [1, 2])
def test_a_staged_upload_is_invisible_until_it_is_complete(make_server, keys, tmp_path, mode):
    home = tmp_path / "home"
    server = make_server(config={"common": {"upload_mode": mode}}, dump=anna(home, keys))
    with Paramiko(server.port, "anna", key=keys) as p, Paramiko(server.port, "anna", key=keys) as other:
        with p.sftp.open("f", "wb") as f:
            f.write(b"old content")
        f = upload_partly(p, "f", 50_000)
        with other.sftp.open("f", "rb") as reader:
            assert reader.read() == b"old content"
        f.close()
        assert other.sftp.stat("f").st_size == 50_000
    assert os.listdir(home) == ["f"]


def test_killed_in_the_middle_of_staged_uploads(make_server, keys, tmp_path):
    home = tmp_path / "home"
    server = make_server(config={"common": {"upload_mode": 1}}, dump=anna(home, keys))
    p = Paramiko(server.port, "anna", key=keys)
    with p.sftp.open("done", "wb") as f:
        f.write(b"x" * 1000)
    with p.sftp.open("replaced", "wb") as f:
        f.write(b"old")
    handles = [upload_partly(p, "replaced", 30_000), upload_partly(p, "fresh", 30_000)]
    server.kill()
    assert (home / "replaced").read_bytes() == b"old"
    assert not (home / "fresh").exists()
    del handles
    p.client.close()

    server.start()  # the database opens again
    with Paramiko(server.port, "anna", key=keys) as p:
        assert sorted(p.sftp.listdir("/")) == ["done", "replaced"]
    # After a scan the counters are what is there.
    scan(server, "anna")
    assert stored_usage(server, "anna") == (1003, 2)


def scan(server, name):
    server.run("manage", "users.quota.scan", json.dumps({"username": name}))
    wait_for(lambda: server.log_lines(sender="quotascan", name=name))


def stored_usage(server, name):
    user = json.loads(server.run("manage", "users.get", json.dumps({"username": name})).stdout)
    return user.get("used_quota_size", 0), user.get("used_quota_files", 0)


def test_killed_in_the_middle_of_a_direct_upload_keeps_what_came(make_server, keys, tmp_path):
    home = tmp_path / "home"
    server = make_server(dump=anna(home, keys))
    p = Paramiko(server.port, "anna", key=keys)
    f = upload_partly(p, "part", 64_000)
    server.kill()
    del f
    assert (home / "part").stat().st_size == 64_000
    server.start()
    with Paramiko(server.port, "anna", key=keys) as q, q.sftp.open("part", "r+b") as f:
        f.seek(64_000)
        f.write(b"rest")
    assert (home / "part").stat().st_size == 64_004


def test_a_lost_connection_in_each_mode(make_server, keys, tmp_path):
    for mode, expected in ((0, ["f"]), (1, []), (2, ["f"])):
        home = tmp_path / f"home{mode}"
        server = make_server(config={"common": {"upload_mode": mode}}, dump=anna(home, keys))
        p = Paramiko(server.port, "anna", key=keys)
        f = upload_partly(p, "f", 20_000)
        p.transport.sock.close()
        wait_for(lambda: server.log_lines(message="session closed"))
        assert os.listdir(home) == expected, mode
        del f
        server.stop()


@pytest.fixture
def small_disk(tmp_path):
    """A file system of one MiB, mounted for the test."""
    point = tmp_path / "small"
    point.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(point)], check=True)
    yield point
    subprocess.run(["umount", str(point)], check=True)


def test_a_full_disk_is_an_error_and_leaves_the_server_working(make_server, keys, tmp_path, small_disk):
    server = make_server(dump=anna(small_disk / "home", keys))
    with Paramiko(server.port, "anna", key=keys) as p:
        with pytest.raises(OSError):
            with p.sftp.open("big", "wb") as f:
                f.write(b"x" * 2_000_000)
        try:
            p.sftp.remove("big")
        except FileNotFoundError:
            pass
        with p.sftp.open("small", "wb") as f:
            f.write(b"x" * 1000)
        assert p.sftp.stat("small").st_size == 1000
    assert any("space" in str(line).lower() for line in server.log_lines())
    server.stop()


def test_a_read_only_disk(make_server, keys, tmp_path, small_disk):
    (small_disk / "home").mkdir()
    (small_disk / "home" / "there").write_bytes(b"read me")
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    server = make_server(dump=anna(small_disk / "home", keys))
    with Paramiko(server.port, "anna", key=keys) as p:
        assert p.sftp.open("there", "rb").read() == b"read me"
        for action in (lambda: p.sftp.open("new", "wb"), lambda: p.sftp.mkdir("d"), lambda: p.sftp.remove("there"),
                       lambda: p.sftp.chmod("there", 0o600)):
            with pytest.raises(OSError):
                action()
    server.stop()


def test_a_swapped_directory_never_leads_out(make_server, keys, tmp_path):
    """Somebody on the machine flips a directory and a link to the outside while a client opens files in it."""
    home, outside = tmp_path / "home", tmp_path / "outside"
    outside.mkdir()
    (outside / "f").write_bytes(b"outside")
    (home / "real").mkdir(parents=True)
    (home / "real" / "f").write_bytes(b"inside")
    os.symlink(outside, home / "link")
    server = make_server(dump=anna(home, keys))
    stop = threading.Event()

    def flip():
        while not stop.is_set():
            for name in ("real", "link"):
                os.rename(home / name, home / "d")
                os.rename(home / "d", home / name)

    flipper = threading.Thread(target=flip)
    flipper.start()
    seen = set()
    try:
        with Paramiko(server.port, "anna", key=keys) as p:
            for _ in range(400):
                try:
                    with p.sftp.open("d/f", "rb") as f:
                        seen.add(f.read())
                except OSError:
                    pass
                try:
                    with p.sftp.open("d/new", "wb") as f:
                        f.write(b"x")
                except OSError:
                    pass
    finally:
        stop.set()
        flipper.join()
    assert b"outside" not in seen
    assert os.listdir(outside) == ["f"]
