"""The extensions of SFTP, and the corners of version 3 that clients depend on."""
import hashlib
import os
import stat
import struct
import subprocess
import threading
import time

import paramiko
import pytest
from paramiko.message import Message
from paramiko.sftp import CMD_CLOSE, CMD_EXTENDED, CMD_EXTENDED_REPLY, CMD_NAME, CMD_READ, CMD_STATUS, CMD_WRITE, CMD_OPEN, CMD_HANDLE, CMD_READDIR, CMD_OPENDIR

from clients import Paramiko, openssh_sftp
from slipway_server import SlipwayServer, need, user

BIG_FILE_MIB = int(os.environ["SLIPWAY_BIG_FILE_MIB"])


@pytest.fixture(scope="module")
def server(tmp_path_factory, keys):
    directory = tmp_path_factory.mktemp("extensions")
    homes = directory / "homes"
    shared = {"name": "shared", "mapped_path": str(directory / "shared")}
    memory = {"name": "memory", "filesystem": {"provider": 100, "module": "storage-memory", "moduleconfig": {"name": "ext"}}}
    dump = {
        "folders": [shared, memory],
        "users": [
            user("anna", homes / "anna", public_keys=[keys.public],
                 virtual_folders=[{"name": "shared", "virtual_path": "/shared", "quota_size": -1, "quota_files": -1},
                                  {"name": "memory", "virtual_path": "/memory", "quota_size": -1, "quota_files": -1}]),
            user("small", homes / "small", public_keys=[keys.public], quota_size=10_000),
            user("blind", homes / "blind", public_keys=[keys.public], permissions={"/": ["list", "upload", "overwrite"]}),
            user("unowned", homes / "unowned", public_keys=[keys.public],
                 permissions={"/": ["list", "download", "upload", "overwrite", "chmod", "chtimes"]}),
            user("started", homes / "started", public_keys=[keys.public], filters={"start_directory": "/in/here"}),
            user("numbered", homes / "numbered", public_keys=[keys.public], uid=12345, gid=23456),
        ],
    }
    config = {"common": {"symlink_mode": 1, "upload_mode": 1},
              "modules": {"load": {"storage-local": {}, "storage-memory": {}, "auth-local": {}, "protocol-sftp": {}}}}
    server = SlipwayServer(directory, dump=dump, config=config)
    server.start()
    yield server
    server.stop()


def home(server, name="anna"):
    path = server.dir / "homes" / name
    path.mkdir(parents=True, exist_ok=True)
    return path


def make(path, size):
    path.write_bytes(os.urandom(size))
    return path


@pytest.fixture
def anna(server, keys):
    with Paramiko(server.port, "anna", key=keys) as p:
        yield p


def raw(sftp, kind, *fields):
    """A request of fields: bytes or str are strings, ints 32 bits, (n,) 64 bits, True a byte. -> (type, Message)"""
    message = Message()
    number = sftp.request_number
    sftp.request_number += 1
    message.add_int(number)
    for field in fields:
        if isinstance(field, bool):
            message.add_byte(b"\1" if field else b"\0")
        elif isinstance(field, tuple):
            message.add_int64(field[0])
        elif isinstance(field, int):
            message.add_int(field)
        else:
            message.add_string(field)
    sftp._send_packet(kind, message)
    kind, data = sftp._read_packet()
    reply = Message(data)
    assert reply.get_int() == number
    return kind, reply


def status(sftp, kind, *fields):
    kind, reply = raw(sftp, kind, *fields)
    assert kind == CMD_STATUS
    return reply.get_int(), reply.get_text()


def extended(sftp, name, *fields):
    return raw(sftp, CMD_EXTENDED, name, *fields)


def name_of(reply):
    kind, message = reply
    assert kind == CMD_NAME, message.get_int()
    assert message.get_int() == 1
    return message.get_text()


# ---- what is offered


def test_what_is_advertised_is_answered(anna):
    channel = anna.transport.open_session()
    channel.invoke_subsystem("sftp")
    channel.sendall(struct.pack(">IBI", 5, 1, 3))
    size = struct.unpack(">I", channel.makefile().read(4))[0]
    reply = Message(channel.makefile().read(size))
    assert (reply.get_byte(), reply.get_int()) == (b"\2", 3)
    offered = {}
    while reply.get_remainder():
        name = reply.get_text()
        offered[name] = reply.get_text()
    assert offered == {
        "posix-rename@openssh.com": "1", "statvfs@openssh.com": "2", "fstatvfs@openssh.com": "2", "fsync@openssh.com": "1",
        "lsetstat@openssh.com": "1", "limits@openssh.com": "1", "expand-path@openssh.com": "1", "copy-data": "1",
        "home-directory": "1", "users-groups-by-id@openssh.com": "1", "copy-file": "1", "check-file": "1", "md5-hash": "1",
    }
    for name in offered:  # without its fields: known, and refused
        if name != "limits@openssh.com":
            code = status(anna.sftp, CMD_EXTENDED, name if name != "check-file" else "check-file-name")[0]
            assert code == 5, name
    for name in ("hardlink@openssh.com", "nothing@example.com"):
        assert status(anna.sftp, CMD_EXTENDED, name, "a", "b") == (8, "operation unsupported")


# ---- copy-data, copy-file


@pytest.mark.parametrize("target", ["copied", "shared/copied", "memory/copied"])
def test_openssh_copies_on_the_server(server, keys, target, tmp_path):
    source = make(home(server) / "original", 3_000_001)
    openssh_sftp(server.port, "anna", keys, f"cp original {target}\nget {target} {tmp_path}/back\n")
    assert (tmp_path / "back").read_bytes() == source.read_bytes()
    openssh_sftp(server.port, "anna", keys, f"cp {target} second\n")
    assert (home(server) / "second").read_bytes() == source.read_bytes()


def test_a_big_copy_stays_on_the_server_and_holds_up_nobody(server, anna):
    big = home(server) / "big"
    with open(big, "wb") as file:
        for i in range(BIG_FILE_MIB):
            file.write(os.urandom(16) + bytes((1 << 20) - 16))
    second = anna.client.open_sftp()
    with second.open("big", "rb") as source, second.open("big-copy", "wb") as target:
        done = []
        thread = threading.Thread(target=lambda: done.append(
            status(second, CMD_EXTENDED, "copy-data", source.handle, (0,), (0,), target.handle, (0,))))
        thread.start()
        slowest, count = 0, 0
        while thread.is_alive() and count < 1000:
            begin = time.monotonic()
            anna.sftp.stat(".")
            slowest, count = max(slowest, time.monotonic() - begin), count + 1
        thread.join()
    assert done == [(0, "OK")]
    assert subprocess.run(["cmp", str(big), str(home(server) / "big-copy")]).returncode == 0
    print(f"{count} stats beside it, the slowest {slowest * 1000:.1f} ms")
    big.unlink()
    (home(server) / "big-copy").unlink()


def test_ranges_are_copied(server, anna):
    data = make(home(server) / "range", 100_000).read_bytes()
    with anna.sftp.open("range") as source, anna.sftp.open("range-target", "w+") as target:
        target.write(b"x" * 1000)
        copy = lambda *fields: status(anna.sftp, CMD_EXTENDED, "copy-data", *fields)
        assert copy(source.handle, (10,), (500,), target.handle, (100,))[0] == 0
        assert copy(source.handle, (99_990,), (0,), target.handle, (2000,))[0] == 0
        assert copy(source.handle, (99_990,), (500,), target.handle, (3000,))[0] == 1  # end of file before that many
        assert copy(source.handle, (200_000,), (0,), target.handle, (0,))[0] == 0
        assert copy(source.handle, (0,), (10,), source.handle, (0,))[0] == 4
        assert copy(target.handle, (0,), (10,), source.handle, (0,))[0] == 4
        assert copy(source.handle, (1 << 63,), (10,), target.handle, (0,))[0] == 4
        assert copy(source.handle, (0,), ((1 << 64) - 1,), target.handle, (0,))[0] == 4
        assert copy(b"nonsense", (0,), (0,), target.handle, (0,))[0] == 4
        with anna.sftp.open("range", "r") as same_path, anna.sftp.open("range", "r+") as itself:
            assert copy(same_path.handle, (0,), (10,), itself.handle, (50,))[0] == 4
    wanted = bytearray(b"x" * 1000)
    wanted[100:600] = data[10:510]
    wanted += bytes(1000) + data[-10:] + bytes(990) + data[-10:]
    assert (home(server) / "range-target").read_bytes() == wanted
    assert (home(server) / "range").read_bytes() == data


def test_a_copy_keeps_to_the_quota(server, keys):
    with Paramiko(server.port, "small", key=keys) as p:
        with p.sftp.open("f", "wb") as file:
            file.write(b"x" * 6000)
        source, target = p.sftp.open("f"), p.sftp.open("g", "wb")
        code, text = status(p.sftp, CMD_EXTENDED, "copy-data", source.handle, (0,), (0,), target.handle, (0,))
        assert (code, text) == (4, "failure: denying write due to space limit")
        assert status(p.sftp, CMD_CLOSE, target.handle) == (4, "failure: denying write due to space limit")
    assert not (home(server, "small") / "g").exists()


def test_copy_file(server, anna, keys):
    data = make(home(server) / "whole", 10_000).read_bytes()
    copy = lambda *fields: status(anna.sftp, CMD_EXTENDED, "copy-file", *fields)
    assert copy("whole", "whole-copy", False)[0] == 0
    assert (home(server) / "whole-copy").read_bytes() == data
    code, text = copy("whole", "whole-copy", False)
    assert code == 4 and "exists" in text
    assert copy("whole", "whole-copy", True)[0] == 0
    assert copy("missing", "x", True)[0] == 2
    assert copy("whole", "shared/whole", False)[0] == 0
    with Paramiko(server.port, "blind", key=keys) as p:
        make(home(server, "blind") / "f", 10)
        assert status(p.sftp, CMD_EXTENDED, "copy-file", "f", "g", True)[0] == 3


# ---- hashes


@pytest.mark.parametrize("algorithm", ["md5", "sha1", "sha224", "sha256", "sha384", "sha512"])
def test_paramiko_checks_a_file(server, anna, algorithm):
    data = make(home(server) / "checked", 100_001).read_bytes()
    with anna.sftp.open("checked") as file:
        assert file.check(algorithm) == hashlib.new(algorithm, data).digest()
        assert file.check(algorithm, 1000, 5000) == hashlib.new(algorithm, data[1000:6000]).digest()
        blocks = [hashlib.new(algorithm, data[i : i + 1024]).digest() for i in range(0, len(data), 1024)]
        assert file.check(algorithm, 0, 0, 1024) == b"".join(blocks)
        assert file.check(f"nothing,{algorithm}") == hashlib.new(algorithm, data).digest()
        for bad in (("nothing",), (algorithm, 0, 0, 100), (algorithm, 200_000), (algorithm, 0, 0, 256 if algorithm == "sha512" else -1)):
            if -1 in bad or "sha512" in bad[:1] and len(bad) == 4 and bad[3] == 256:
                continue
            with pytest.raises(OSError):
                file.check(*bad)


def test_check_file_by_name(server, anna, keys):
    data = make(home(server) / "named", 5000).read_bytes()
    kind, reply = extended(anna.sftp, "check-file-name", "named", "sha256,md5", (0,), (0,), 0)
    assert kind == CMD_EXTENDED_REPLY
    assert (reply.get_text(), reply.get_text(), reply.get_remainder()) == ("check-file", "sha256", hashlib.sha256(data).digest())
    kind, reply = extended(anna.sftp, "check-file-name", "named", "sha256", (5000,), (0,), 0)
    assert reply.get_text() and reply.get_text() and reply.get_remainder() == hashlib.sha256(b"").digest()
    assert status(anna.sftp, CMD_EXTENDED, "check-file-name", "missing", "md5", (0,), (0,), 0)[0] == 2
    with Paramiko(server.port, "blind", key=keys) as p:
        make(home(server, "blind") / "secret", 10)
        assert status(p.sftp, CMD_EXTENDED, "check-file-name", "secret", "md5", (0,), (0,), 0)[0] == 3
        with p.sftp.open("mine", "wb") as file:
            assert status(p.sftp, CMD_EXTENDED, "check-file-handle", file.handle, "md5", (0,), (0,), 0)[0] == 3


def test_md5_hash(server, anna):
    data = make(home(server) / "quick", 5000).read_bytes()
    first, whole = hashlib.md5(data[:2048]).digest(), hashlib.md5(data).digest()
    for quick, wanted in ((b"", whole), (first, whole), (b"0" * 16, b"")):
        kind, reply = extended(anna.sftp, "md5-hash", "quick", (0,), (0,), quick)
        assert kind == CMD_EXTENDED_REPLY and (reply.get_text(), reply.get_string()) == ("md5-hash", wanted)
    with anna.sftp.open("quick") as file:
        kind, reply = extended(anna.sftp, "md5-hash-handle", file.handle, (100,), (50,), b"")
        assert reply.get_text() and reply.get_string() == hashlib.md5(data[100:150]).digest()


# ---- who and where


def test_expand_path_and_home_directory(server, keys, anna):
    (home(server, "started") / "in/here").mkdir(parents=True, exist_ok=True)
    with Paramiko(server.port, "started", key=keys) as p:
        for text, wanted in (("~", "/in/here"), ("~/", "/in/here"), ("~/a/../b", "/in/here/b"), ("~started/x", "/in/here/x"),
                             ("x", "/in/here/x"), ("/x", "/x"), ("", "/in/here"), ("a~", "/in/here/a~")):
            assert name_of(extended(p.sftp, "expand-path@openssh.com", text)) == wanted
        assert status(p.sftp, CMD_EXTENDED, "expand-path@openssh.com", "~anna/x")[0] == 2
        for name in ("", "started"):
            assert name_of(extended(p.sftp, "home-directory", name)) == "/in/here"
        assert status(p.sftp, CMD_EXTENDED, "home-directory", "anna")[0] == 2
    assert name_of(extended(anna.sftp, "home-directory", "")) == "/"


def test_names_of_ids(server, keys, anna):
    def ask(sftp, users, groups):
        pack = lambda ids: struct.pack(f">{len(ids)}I", *ids)
        kind, reply = extended(sftp, "users-groups-by-id@openssh.com", pack(users), pack(groups))
        assert kind == CMD_EXTENDED_REPLY
        lists = []
        for ids in (users, groups):
            names = Message(reply.get_string())
            lists.append([names.get_text() for _ in ids])
        return lists

    assert ask(anna.sftp, [0, 1000], [0]) == [["", ""], [""]]
    with Paramiko(server.port, "numbered", key=keys) as p:
        assert ask(p.sftp, [1, 12345], [23456, 12345]) == [["", "numbered"], ["numbered", ""]]
    assert status(anna.sftp, CMD_EXTENDED, "users-groups-by-id@openssh.com", b"abc", b"")[0] == 5


# ---- version 3, to the letter


def test_reads_around_the_end(server, anna):
    make(home(server) / "end", 100)
    with anna.sftp.open("end") as file:
        read = lambda offset, length: raw(anna.sftp, CMD_READ, file.handle, (offset,), length)
        kind, reply = read(90, 100)
        assert kind == 103 and len(reply.get_string()) == 10
        for offset, length in ((100, 1), (101, 1), (1 << 40, 10), ((1 << 63) - 1, 10), (1 << 63, 10), ((1 << 64) - 1, 10), (0, 0)):
            kind, reply = read(offset, length)
            assert (kind, reply.get_int()) == (CMD_STATUS, 1), offset


def test_writes_beyond_2_63_are_refused(server, anna):
    with anna.sftp.open("far", "wb") as file:
        code, _ = status(anna.sftp, CMD_WRITE, file.handle, (1 << 63,), b"x")
        assert code == 4
        assert status(anna.sftp, CMD_CLOSE, file.handle)[0] == 4


@pytest.mark.parametrize("flags,exists,outcome", [
    (0x01, True, "ok"), (0x01, False, 2), (0x02, True, "ok"), (0x02, False, 2), (0x0A, False, "ok"), (0x1A, True, "ok"),
    (0x2A, True, 4), (0x2A, False, "ok"), (0x00, True, 4), (0x20, True, 4), (0x03, True, "ok"), (0x06, True, "ok"), (0x10, False, 2),
])
def test_open_flags(server, anna, flags, exists, outcome):
    path = home(server) / "flags"
    path.unlink(missing_ok=True)
    if exists:
        make(path, 10)
    kind, reply = raw(anna.sftp, CMD_OPEN, "flags", flags, 0)
    if outcome == "ok":
        assert kind == CMD_HANDLE
        anna.sftp._request(4, reply.get_string())
    else:
        assert (kind, reply.get_int()) == (CMD_STATUS, outcome)


def test_attributes_of_an_open_upload_are_applied_at_its_end(server, anna):
    with anna.sftp.open("late", "wb") as file:
        file.write(b"begin")
        file.utime((1_000_000_000, 1_100_000_000))
        file.chmod(0o600)
        file.write(b"end")
        assert not (home(server) / "late").exists()  # atomic mode
        attributes = file.stat()
        assert (attributes.st_size, attributes.st_mtime, stat.S_IMODE(attributes.st_mode)) == (8, 1_100_000_000, 0o600)
        assert anna.sftp.stat("late").st_size == 8
    there = (home(server) / "late").stat()
    assert (int(there.st_mtime), stat.S_IMODE(there.st_mode), there.st_size) == (1_100_000_000, 0o600, 8)


def test_setstat_goes_on_until_the_first_error(server, keys, anna):
    """Times, then permissions, then owner, then size."""
    path = make(home(server, "unowned") / "order", 100)
    with Paramiko(server.port, "unowned", key=keys) as p:
        fields = (0x01 | 0x02 | 0x04 | 0x08, (50,), 1, 1, 0o600, 1_000_000_000, 1_000_000_001)
        assert status(p.sftp, 9, "order", *fields)[0] == 3
        there = path.stat()
        assert (int(there.st_mtime), stat.S_IMODE(there.st_mode), there.st_size) == (1_000_000_001, 0o600, 100)
        assert status(p.sftp, 9, "order", 0x01, (50,))[0] == 0
    assert path.stat().st_size == 50
    assert status(anna.sftp, 9, "missing", 0x08, 1, 1)[0] == 2


def test_listings_have_dots_and_long_names(server, anna):
    folder = home(server) / "listed"
    folder.mkdir(exist_ok=True)
    make(folder / "f", 1234)
    kind, reply = raw(anna.sftp, CMD_OPENDIR, "listed")
    handle = reply.get_string()
    kind, reply = raw(anna.sftp, CMD_READDIR, handle)
    entries = []
    for _ in range(reply.get_int()):
        entries.append((reply.get_text(), reply.get_text()))
        paramiko.SFTPAttributes._from_msg(reply)
    assert [name for name, _ in entries] == [".", "..", "f"]
    assert entries[0][1].startswith("drwxr-xr-x") and entries[2][1].startswith("-rw") and " 1234 " in entries[2][1]
    assert status(anna.sftp, CMD_READDIR, handle)[0] == 1
    kind, reply = raw(anna.sftp, CMD_OPENDIR, "/")
    kind, reply = raw(anna.sftp, CMD_READDIR, reply.get_string())
    names = []
    for _ in range(reply.get_int()):
        names.append(reply.get_text())
        reply.get_text()
        paramiko.SFTPAttributes._from_msg(reply)
    assert names[0] == "." and ".." not in names


@pytest.mark.parametrize("operation,code", [
    (("remove", "d"), 4), (("rmdir", "f"), 4), (("rmdir", "/"), 3), (("rmdir", "/shared"), 3), (("remove", "missing"), 2),
    (("rename", "f", "f"), 8), (("rename", "f", "d"), 8), (("mkdir", "d"), 4), (("rename", "missing", "x"), 2),
])
def test_statuses(server, anna, operation, code):
    (home(server) / "d").mkdir(exist_ok=True)
    if not (home(server) / "f").exists():
        make(home(server) / "f", 1)
    kinds = {"remove": 13, "mkdir": 14, "rmdir": 15, "rename": 18}
    fields = list(operation[1:]) + ([0] if operation[0] == "mkdir" else [])
    assert status(anna.sftp, kinds[operation[0]], *fields)[0] == code


def test_realpath(anna):
    for text, wanted in ((".", "/"), ("", "/"), ("a/./b/../c", "/a/c"), ("../../x", "/x"), ("shared/", "/shared"), ("\\a\\b", "/a/b")):
        assert name_of(raw(anna.sftp, 16, text)) == wanted


# ---- many sessions on one connection


def test_sessions_side_by_side_on_one_connection(server, anna):
    """Uploads, downloads, copies and listings in eight sessions, a command in the middle: everything arrives whole."""
    data = [os.urandom(700_000 + i) for i in range(8)]
    errors = []

    def work(i):
        try:
            sftp = anna.client.open_sftp()
            for round_ in range(3):
                name = f"side{i}-{round_}"
                with sftp.open(name, "wb") as file:
                    file.set_pipelined(True)
                    file.write(data[i])
                sftp.listdir(".")
                with sftp.open(name) as source, sftp.open(name + "-copy", "wb") as target:
                    assert status(sftp, CMD_EXTENDED, "copy-data", source.handle, (0,), (0,), target.handle, (0,))[0] == 0
                with sftp.open(name + "-copy") as file:
                    file.prefetch()
                    assert file.read() == data[i]
                channel = anna.transport.open_session()
                channel.exec_command(f"sha256sum {name}")
                assert channel.makefile().read().split()[0].decode() == hashlib.sha256(data[i]).hexdigest()
                sftp.remove(name)
            sftp.close()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []


def test_uploads_behind_a_long_request_are_held_back_and_lost_nothing(server, anna):
    """A client that keeps to the window is never told that it does not, however long it has to wait."""
    with open(home(server) / "long", "wb") as file:
        file.truncate(400 << 20)
    block = os.urandom(32_768)
    count = (48 << 20) // len(block)
    sftp = anna.sftp
    with sftp.open("behind", "wb") as target:
        answers = []

        def read():
            while len(answers) < 1 + 2 * count:
                kind, data = sftp._read_packet()
                answers.append((kind, Message(data)))

        reader = threading.Thread(target=read)
        reader.start()

        def send(kind, number, *fields):
            message = Message()
            message.add_int(number)
            for field in fields:
                message.add_int64(field[0]) if isinstance(field, tuple) else message.add_int(field) if isinstance(field, int) else message.add_string(field)
            sftp._send_packet(kind, message)

        send(CMD_EXTENDED, 1_000_000, "check-file-name", "/long", "sha512", (0,), (0,), 0)
        for i in range(count):
            send(CMD_WRITE, 2_000_000 + i, target.handle, (i * len(block),), block)
            send(17, 4_000_000 + i, "/long")  # a STAT between: writes wait behind it
        reader.join(120)
        assert not reader.is_alive()
        assert len(answers) == 1 + 2 * count
        assert sum(1 for kind, reply in answers if kind == CMD_STATUS and reply.get_int() < 4_000_000 and reply.get_int() != 0) == 0
        sftp.request_number = 10_000_000
    assert (home(server) / "behind").read_bytes() == block * count


# ---- PuTTY


def test_psftp(server, keys, tmp_path):
    fingerprint = subprocess.run(
        f"{need('ssh-keyscan')} -p {server.port} -t ed25519 127.0.0.1 2>/dev/null | {need('ssh-keygen')} -lf -",
        shell=True, capture_output=True, text=True, check=True,
    ).stdout.split()[1]
    tree = tmp_path / "tree"
    (tree / "sub").mkdir(parents=True)
    make(tree / "sub/f", 500_001)
    batch = tmp_path / "batch"
    batch.write_text(f"put -r {tree} putty\nmv putty/sub/f putty/g\nget putty/g {tmp_path}/back\nreget putty/g {tmp_path}/back\n"
                     "chmod 600 putty/g\nls putty\nrm putty/g\nrmdir putty/sub\nrmdir putty\n")
    result = subprocess.run(
        [need("psftp"), "-batch", "-b", str(batch), "-hostkey", fingerprint, "-P", str(server.port), "-pw", "anna", "anna@127.0.0.1"],
        capture_output=True, timeout=120, env={**os.environ, "HOME": str(tmp_path)},
    )
    assert result.returncode == 0, (result.stdout + result.stderr).decode(errors="replace")
    assert (tmp_path / "back").read_bytes() == (tree / "sub/f").read_bytes()
    assert not (home(server) / "putty").exists()
