"""Many clients that upload, download, rename and are killed, for as long as one likes, against the release build.

    python3 tests/bench/ssh_soak.py [--minutes 10] [--clients 24] [--build build/release]

Fails when a file that a client was told is complete is not, or when descriptors are left; tells how memory went.
"""
import argparse
import os
import pathlib
import shutil
import sys
import tempfile

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--minutes", type=float, default=10)
parser.add_argument("--clients", type=int, default=24)
parser.add_argument("--build", type=pathlib.Path, default=pathlib.Path("build/release"))
arguments = parser.parse_args()

os.environ["SLIPWAY_BUILD_DIR"] = str(arguments.build.resolve())
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "integration"))
from clients import Keys  # noqa: E402
from slipway_server import SlipwayServer, user  # noqa: E402
from soak import Soak, resident  # noqa: E402

work = pathlib.Path(tempfile.mkdtemp(prefix="slipway-soak-", dir="/dev/shm"))
try:
    keys = Keys(work)
    server = SlipwayServer(work / "server", config={"common": {"upload_mode": 1}, "data_provider": {"track_quota": 1}})
    names = [f"user{i}" for i in range(max(1, arguments.clients // 4))]
    server.dump = {"users": [user(name, server.home(name), public_keys=[keys.public], quota_size=1 << 40) for name in names]}
    server.start()
    try:
        soak = Soak(server, names, keys, work / "scratch", arguments.clients, arguments.minutes * 60)
        soak.run(tell=lambda text: print(text, flush=True))
        print(f"{soak.actions()}\n{soak.files()} files are what their clients were told; memory grew by {soak.growth() >> 10} KiB after the "
              f"first third, {resident(server) >> 20} MiB at the end")
    finally:
        server.stop()
finally:
    shutil.rmtree(work)
