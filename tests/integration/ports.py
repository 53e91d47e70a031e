"""Loopback ports for the servers of tests that run at the same time."""
import errno
import random
import socket

# Below those that the system gives to clients, so that none of them is a client's before its server listens.
_FIRST, _COUNT = 12_000, 20_000
_held = []


def free_port():
    """A port that nobody listens on, and that no other call in any process gets until this process ends."""
    start = random.randrange(_COUNT)
    for i in range(_COUNT):
        port = _FIRST + (start + i) % _COUNT
        # A name that only one process can have, and that the system takes back when it ends.
        claim = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        try:
            claim.bind(f"\0slipway-test-port-{port}")
            with socket.socket() as s:
                s.bind(("127.0.0.1", port))
        except OSError as e:
            claim.close()
            if e.errno != errno.EADDRINUSE:
                raise
            continue
        _held.append(claim)
        return port
    raise RuntimeError("no port is free")
