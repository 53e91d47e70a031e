"""Fixtures of the integration tests: a server in a directory of its own, stopped and checked at the end."""
import os
import sys
import tempfile

import pytest

sys.path.insert(0, os.path.dirname(__file__))

from clients import Keys  # noqa: E402
from slipway_server import SlipwayServer, user  # noqa: E402


@pytest.fixture(scope="session")
def keys():
    with tempfile.TemporaryDirectory() as directory:
        yield Keys(directory)


@pytest.fixture
def make_server(tmp_path):
    """make_server(config=…, dump=…, environment=…) -> a started server; all are stopped at the end."""
    servers = []

    def make(start=True, **options):
        server = SlipwayServer(tmp_path / f"server{len(servers)}", **options)
        servers.append(server)
        return server.start() if start else server

    yield make
    for server in servers:
        server.stop()


@pytest.fixture(scope="module")
def server(tmp_path_factory, keys):
    """A server with one user `anna` (password anna, and the test key), shared by the tests of a file."""
    directory = tmp_path_factory.mktemp("server")
    dump = {"users": [user("anna", directory / "homes" / "anna", public_keys=[keys.public])]}
    server = SlipwayServer(directory, dump=dump, config={"common": {"symlink_mode": 1}})
    server.start()
    yield server
    server.stop()
