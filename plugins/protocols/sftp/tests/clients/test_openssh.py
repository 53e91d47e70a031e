"""OpenSSH's sftp and scp (in SFTP mode) against the module."""
import filecmp
import os
import subprocess
import time

import pytest


def random_file(path, size):
    with open(path, "wb") as out:
        for _ in range(size >> 20):
            out.write(os.urandom(1 << 20))
        out.write(os.urandom(size & ((1 << 20) - 1)))
    return path


@pytest.mark.parametrize("cipher", ["aes128-gcm@openssh.com", "chacha20-poly1305@openssh.com", "aes256-ctr"])
def test_a_big_file_there_and_back(server, tmp_path, cipher):
    big = random_file(tmp_path / "big", 60_000_001)
    server.sftp(f"put {big} /big\nget /big {tmp_path}/back\n", f"-oCiphers={cipher}")
    assert filecmp.cmp(big, server.root / "big", shallow=False)
    assert filecmp.cmp(big, tmp_path / "back", shallow=False)


def test_small_and_large_requests(server, tmp_path):
    big = random_file(tmp_path / "big", 5_000_001)
    for size, depth in ((1000, 1), (4096, 64), (261120, 128)):
        server.sftp(f"put {big} /big\nget /big {tmp_path}/back\n", "-B", str(size), "-R", str(depth))
        assert filecmp.cmp(big, tmp_path / "back", shallow=False)


def test_resume_in_both_directions(server, tmp_path):
    whole = random_file(tmp_path / "whole", 3_000_000)
    part = whole.read_bytes()[:1_234_567]
    (server.root / "up").write_bytes(part)
    (tmp_path / "down").write_bytes(part)
    server.sftp(f"reput {whole} /up\n")
    assert (server.root / "up").read_bytes() == whole.read_bytes()
    server.sftp(f"reget /up {tmp_path}/down\n")
    assert (tmp_path / "down").read_bytes() == whole.read_bytes()


def test_the_daily_commands(server, tmp_path):
    (tmp_path / "a file").write_text("content")
    os.utime(tmp_path / "a file", (1_000_000_000, 1_100_000_000))
    os.chmod(tmp_path / "a file", 0o640)
    server.sftp(f'put -p "{tmp_path}/a file" "/a file"\nmkdir /d\nrename "/a file" "/d/it\'s"\nln -s "it\'s" /d/link\nchmod 600 "/d/it\'s"\n')
    there = server.root / "d" / "it's"
    assert there.read_text() == "content"
    assert there.stat().st_mode & 0o7777 == 0o600
    assert int(there.stat().st_mtime) == 1_100_000_000
    assert os.readlink(server.root / "d" / "link") == "it's"
    listing = server.sftp("ls -la /d\ndf /\npwd\n").stdout
    assert "it's" in listing and "lrwxrwxrwx" in listing and "Remote working directory: /" in listing
    server.sftp("rm \"/d/it's\"\nrm /d/link\nrmdir /d\n")
    assert list(server.root.iterdir()) == []
    assert server.sftp("rm /missing\n", check=False).returncode != 0


def test_a_directory_of_ten_thousand(server):
    for i in range(10_000):
        (server.root / f"file-{i:05}").touch()
    lines = server.sftp("ls -1 /\n").stdout.split("\n")
    assert sum("file-" in line for line in lines) == 10_000
    assert server.sftp("ls -l /\n").stdout.count("file-") == 10_000


def test_trees(server, tmp_path):
    tree = tmp_path / "tree"
    for d in range(5):
        for f in range(20):
            path = tree / f"d{d}" / f"f{f}"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"{d}-{f}")
    server.sftp(f"put -r {tree} /tree\nget -r /tree {tmp_path}/back\n")
    for path in tree.rglob("f*"):
        assert (tmp_path / "back" / path.relative_to(tree)).read_text() == path.read_text()


def test_scp_in_sftp_mode(server, tmp_path):
    big = random_file(tmp_path / "big", 2_000_001)
    subprocess.run(["scp", "-s", "-q", *server.ssh_options(), "-P", str(server.port), big, "user@127.0.0.1:/copy"], check=True, timeout=60)
    subprocess.run(["scp", "-s", "-q", *server.ssh_options(), "-P", str(server.port), "user@127.0.0.1:/copy", tmp_path / "back"], check=True, timeout=60)
    assert filecmp.cmp(big, tmp_path / "back", shallow=False)


def test_rekeying_in_the_middle_of_transfers(server, tmp_path):
    big = random_file(tmp_path / "big", 40_000_000)
    server.sftp(f"put {big} /big\nget /big {tmp_path}/back\n", "-oRekeyLimit=4M")
    assert filecmp.cmp(big, tmp_path / "back", shallow=False)


def test_the_last_bytes_arrive_when_the_client_leaves_at_once(server, tmp_path):
    (server.root / "f").write_bytes(os.urandom(300_000))
    for _ in range(20):
        server.sftp(f"get /f {tmp_path}/f\n")
        assert filecmp.cmp(server.root / "f", tmp_path / "f", shallow=False)


def test_many_channels_of_one_connection(server, tmp_path):
    big = random_file(tmp_path / "big", 10_000_000)
    control = tmp_path / "c"
    master = subprocess.Popen(["ssh", *server.ssh_options(), "-M", "-S", control, "-N", "-p", str(server.port), "user@127.0.0.1"])
    try:
        for _ in range(100):
            if control.exists():
                break
            time.sleep(0.1)
        words = ["sftp", "-q", "-b", "-", f"-oControlPath={control}", "-P", str(server.port), "user@127.0.0.1"]
        clients = [subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True) for _ in range(8)]
        for i, client in enumerate(clients):
            client.stdin.write(f"put {big} /f{i}\nget /f{i} {tmp_path}/f{i}\n")
            client.stdin.close()
        assert [client.wait(120) for client in clients] == [0] * 8
        for i in range(8):
            assert filecmp.cmp(big, tmp_path / f"f{i}", shallow=False)
    finally:
        master.terminate()
        master.wait()


def test_what_is_not_sftp_is_refused(server):
    for words in (["sh", "-c", "true"], ["uname"]):
        result = subprocess.run(["ssh", *server.ssh_options(), "-p", str(server.port), "user@127.0.0.1", *words],
                                capture_output=True, text=True, timeout=30, stdin=subprocess.DEVNULL)
        assert result.returncode == 255 or "exec request failed" in result.stderr
    forward = subprocess.run(["ssh", *server.ssh_options(), "-p", str(server.port), "-W", "127.0.0.1:22", "user@127.0.0.1"],
                             capture_output=True, text=True, timeout=30, stdin=subprocess.DEVNULL)
    assert forward.returncode != 0


def test_algorithms_of_the_configuration_are_the_ones_offered(start):
    server = start("ciphers=aes256-ctr", "macs=hmac-sha2-512", "kex_algorithms=ecdh-sha2-nistp384")
    assert server.sftp("ls\n", "-oCiphers=aes128-ctr", check=False).returncode != 0
    assert server.sftp("ls\n", "-oMACs=hmac-sha2-256", check=False).returncode != 0
    server.sftp("ls\n")
    assert "kex=ecdh-sha2-nistp384 cipher=aes256-ctr mac=hmac-sha2-512" in server.log.read_text()
