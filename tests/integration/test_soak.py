"""A short time of many clients at once; tests/bench/ssh_soak.py does the same for as long as one likes."""
import json
import os

from slipway_server import user
from soak import Soak, resident

SANITIZED = bool(os.environ.get("SLIPWAY_SANITIZER"))
# Beyond what the first third of the time needed. A sanitizer keeps freed memory for a while.
MOST_GROWTH = (1024 if SANITIZED else 64) << 20
CLIENTS, SECONDS = 8, 20


def stored_usage(server, name):
    found = json.loads(server.run("manage", "users.get", json.dumps({"username": name})).stdout)
    return found.get("used_quota_size", 0), found.get("used_quota_files", 0)


def usage_on_disk(home):
    sizes = [os.path.getsize(os.path.join(directory, name)) for directory, _, names in os.walk(home) for name in names]
    return sum(sizes), len(sizes)


def test_many_clients_upload_download_rename_and_are_killed(make_server, keys, tmp_path):
    names = ["anna", "berta"]
    server = make_server(start=False, config={"common": {"upload_mode": 1}, "data_provider": {"track_quota": 1}})
    server.dump = {"users": [user(name, server.home(name), public_keys=[keys.public], quota_size=1 << 40) for name in names]}
    server.start()
    soak = Soak(server, names, keys, tmp_path / "scratch", CLIENTS, SECONDS)
    soak.run()
    assert soak.files() > 0 and sum(soak.actions().values()) > CLIENTS
    assert soak.growth() < MOST_GROWTH, soak.memory
    assert resident(server) < soak.memory[-1][1] + MOST_GROWTH
    # What is counted is what is there, whoever was killed while uploading.
    for name in names:
        assert stored_usage(server, name) == usage_on_disk(server.home(name))
