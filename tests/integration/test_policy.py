"""Two users in two groups: what each may do, on their homes, on shared folders and on a third party's storage."""
import os
import pathlib

import pytest

from clients import Paramiko, openssh_sftp
from slipway_server import user, wait_for

EXAMPLES = pathlib.Path(os.environ["SLIPWAY_BUILD_DIR"]) / "examples-modules"


def folder(name, path=None, **members):
    return {"name": name, **({"mapped_path": str(path)} if path else {}), **members}


def mapping(name, virtual_path, size=0, files=0):
    return {"name": name, "virtual_path": virtual_path, "quota_size": size, "quota_files": files}


@pytest.fixture(scope="module")
def world(tmp_path_factory, keys):
    from slipway_server import SlipwayServer, BUILD_DIR
    directory = tmp_path_factory.mktemp("policy")
    shared, drop = directory / "shared", directory / "drop"
    dump = {
        "folders": [
            folder("shared", shared),
            folder("drop", drop),
            folder("memory", filesystem={"provider": 100, "module": "storage-memory", "moduleconfig": {"name": "shared"}}),
            folder("third", filesystem={"provider": 100, "module": "storage-shelf", "moduleconfig": {}}),
        ],
        "groups": [
            {
                "name": "writers",
                "user_settings": {"home_dir": f"{directory}/homes/%username%", "max_sessions": 0,
                                  "permissions": {"/readonly": ["list", "download"]},
                                  "filters": {"file_patterns": [{"path": "/", "denied_patterns": ["*.exe"], "deny_policy": 0},
                                                                {"path": "/hidden", "denied_patterns": ["secret*"], "deny_policy": 1}]}},
                "virtual_folders": [mapping("shared", "/work/shared"), mapping("third", "/third"), mapping("memory", "/mem")],
            },
            {
                "name": "readers",
                "user_settings": {"permissions": {"/": ["list", "download"]}},
                "virtual_folders": [mapping("shared", "/pub", size=1_000_000, files=50)],
            },
        ],
        "users": [
            user("anna", "", public_keys=[keys.public], groups=[{"name": "writers", "type": 1}]),
            user("ben", directory / "homes" / "ben", public_keys=[keys.public], permissions={"/": ["*"]}, groups=[{"name": "readers", "type": 1}]),
            user("quinn", directory / "homes" / "quinn", public_keys=[keys.public], quota_size=300_000, quota_files=3),
            user("tiny", directory / "homes" / "tiny", public_keys=[keys.public], filters={"max_upload_file_size": 1000}),
            user("metered", directory / "homes" / "metered", public_keys=[keys.public], upload_data_transfer=1),
            user("once", directory / "homes" / "once", public_keys=[keys.public], max_sessions=1),
            user("gone", directory / "homes" / "gone", public_keys=[keys.public], status=0),
            user("late", directory / "homes" / "late", public_keys=[keys.public], expiration_date=1000),
            user("elsewhere", directory / "homes" / "elsewhere", public_keys=[keys.public], filters={"allowed_ip": ["192.0.2.0/24"]}),
            user("keyonly", directory / "homes" / "keyonly", public_keys=[keys.public], filters={"denied_login_methods": ["password", "keyboard-interactive"]}),
            user("both", directory / "homes" / "both", public_keys=[keys.public],
                 filters={"denied_login_methods": ["publickey", "password", "keyboard-interactive", "publickey+keyboard-interactive"]}),
        ],
    }
    # A group member's home comes from its group.
    dump["users"][0]["home_dir"] = str(directory / "unused")
    config = {"modules": {"search_path": [str(BUILD_DIR / "modules"), str(EXAMPLES)],
                          "load": {"storage-local": {}, "storage-memory": {}, "storage-shelf": {}, "auth-local": {},
                                   "protocol-sftp": {}}}}
    server = SlipwayServer(directory, dump=dump, config=config)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def login(world, keys):
    open_connections = []

    def connect(name, **options):
        p = Paramiko(world.port, name, **(options or {"key": keys}))
        open_connections.append(p)
        return p.sftp

    yield connect
    for p in open_connections:
        p.client.close()


def put(sftp, path, data):
    with sftp.open(path, "wb") as f:
        f.set_pipelined(False)
        f.write(data)


def get(sftp, path):
    with sftp.open(path, "rb") as f:
        return f.read()


def test_the_groups_home_replaces_the_users(world, login):
    put(login("anna"), "here", b"1")
    assert (world.dir / "homes/anna/here").read_bytes() == b"1"


def test_virtual_folders_appear_where_the_group_mounts_them(world, login):
    anna = login("anna")
    assert {"work", "third", "mem"} <= set(anna.listdir("/"))
    assert "shared" in anna.listdir("/work")
    put(anna, "/work/shared/doc", b"shared text")
    assert (world.dir / "shared/doc").read_bytes() == b"shared text"
    assert get(login("ben"), "/pub/doc") == b"shared text"


def test_a_third_partys_storage_is_mounted_beside_local_storage(login):
    anna = login("anna")
    put(anna, "/third/note", b"third party")
    assert get(anna, "/third/note") == b"third party"
    put(anna, "/mem/note", b"memory")
    assert get(anna, "/mem/note") == b"memory"
    assert "note" in anna.listdir("/mem")


def test_mount_points_cannot_be_removed_or_renamed(login):
    anna = login("anna")
    for action in (lambda: anna.rmdir("/mem"), lambda: anna.rename("/mem", "/m2"), lambda: anna.rename("/work", "/w2"),
                   lambda: anna.rmdir("/work/shared"), lambda: anna.rmdir("/")):
        with pytest.raises(OSError):
            action()


def test_a_directorys_permissions_replace_its_parents(login, world):
    anna = login("anna")
    (world.dir / "homes/anna/readonly").mkdir(parents=True, exist_ok=True)
    (world.dir / "homes/anna/readonly/f").write_bytes(b"r")
    assert get(anna, "/readonly/f") == b"r"
    for action in (lambda: put(anna, "/readonly/g", b""), lambda: anna.remove("/readonly/f"), lambda: anna.mkdir("/readonly/d"),
                   lambda: anna.chmod("/readonly/f", 0o600), lambda: anna.rename("/readonly/f", "/f"),
                   lambda: anna.rename("/here", "/readonly/here")):
        with pytest.raises(OSError):
            action()


def test_the_primary_groups_root_permissions_count(login):
    ben = login("ben")
    with pytest.raises(OSError):
        put(ben, "/mine", b"x")
    with pytest.raises(OSError):
        put(ben, "/pub/mine", b"x")


def test_denied_patterns(login, world):
    anna = login("anna")
    with pytest.raises(OSError):
        put(anna, "/setup.EXE", b"MZ")
    put(anna, "/setup.txt", b"ok")
    with pytest.raises(OSError):
        anna.rename("/setup.txt", "/setup.exe")
    (world.dir / "homes/anna/old.exe").write_bytes(b"MZ")
    assert "old.exe" in anna.listdir("/")
    with pytest.raises(OSError):
        anna.open("/old.exe", "rb")


def test_hidden_patterns(login, world):
    anna = login("anna")
    (world.dir / "homes/anna/hidden").mkdir(exist_ok=True)
    (world.dir / "homes/anna/hidden/secret1").write_bytes(b"s")
    (world.dir / "homes/anna/hidden/open1").write_bytes(b"o")
    assert anna.listdir("/hidden") == ["open1"]
    with pytest.raises(FileNotFoundError):
        anna.stat("/hidden/secret1")


def test_quota_reached_in_the_middle_of_an_upload(login, world):
    quinn = login("quinn")
    put(quinn, "small", b"x" * 100_000)
    with pytest.raises(OSError):
        put(quinn, "big", b"x" * 500_000)
    wait_for(lambda: not (world.dir / "homes/quinn/big").exists(), message="the partial file stays")
    put(quinn, "fits", b"x" * 100_000)  # what the broken upload had reserved is free again
    assert sum(p.stat().st_size for p in (world.dir / "homes/quinn").iterdir()) <= 300_000


def test_quota_of_files(login):
    quinn = login("quinn")
    for path in quinn.listdir("/"):
        quinn.remove(path)
    for i in range(3):
        put(quinn, f"f{i}", b"")
    with pytest.raises(OSError):
        put(quinn, "f3", b"")
    quinn.remove("f0")
    put(quinn, "f3", b"")


def test_statvfs_shows_the_quota(world, keys):
    text = openssh_sftp(world.port, "quinn", keys, "df .\n").stdout.decode()
    assert int(text.split("\n")[-2].split()[0]) <= 300_000 // 1024 + 4, text


def test_upload_size_limit(login, world):
    tiny = login("tiny")
    put(tiny, "ok", b"x" * 1000)
    with pytest.raises(OSError):
        put(tiny, "too-big", b"x" * 1001)


def test_transfer_quota(login):
    metered = login("metered")
    put(metered, "first", b"x" * 900_000)
    with pytest.raises(OSError):
        put(metered, "second", b"x" * 900_000)


def test_session_limit(login, world, keys):
    login("once")
    with pytest.raises(Exception):
        Paramiko(world.port, "once", key=keys)


@pytest.mark.parametrize("name", ["gone", "late", "elsewhere", "nobody-at-all"])
def test_who_may_not_log_in(world, keys, name):
    import paramiko
    with pytest.raises(paramiko.AuthenticationException):
        Paramiko(world.port, name, key=keys)
    with pytest.raises(paramiko.AuthenticationException):
        Paramiko(world.port, name, password=name)


def test_a_denied_method_is_refused(world, keys):
    import paramiko
    with pytest.raises(paramiko.AuthenticationException):
        Paramiko(world.port, "keyonly", password="keyonly")
    Paramiko(world.port, "keyonly", key=keys).client.close()


def test_two_factors_in_a_row(world, keys, tmp_path):
    import paramiko
    with pytest.raises(paramiko.SSHException):
        Paramiko(world.port, "both", key=keys)
    transport = paramiko.Transport(("127.0.0.1", world.port))
    transport.start_client(timeout=60)
    try:
        left = transport.auth_publickey("both", paramiko.Ed25519Key.from_private_key_file(str(keys.private)))
        assert left == ["password"]
        assert transport.auth_password("both", "both") == []
        assert paramiko.SFTPClient.from_transport(transport).listdir("/") == []
    finally:
        transport.close()


def test_logins_are_logged(world, login):
    login("ben")
    line = world.wait_for_log(sender="login", username="ben")[0]
    assert line["ip"] == "127.0.0.1" and line["protocol"] == "SSH" and line["method"].startswith("publickey")


def test_transfers_are_logged(world, login):
    put(login("anna"), "/logged", b"12345")
    line = world.wait_for_log(sender="Upload", virtual_path="/logged")[0]
    assert line["size_bytes"] == 5 and line["username"] == "anna" and line["protocol"] == "SFTP"
