"""How much requests may bring: sizes of bodies, and what strangers can take of the memory for them."""
import json

from rest import Rest, admin, rest_config
from slipway_server import free_port

MIB = 1 << 20


def start(make_server, **options):
    port = free_port()
    make_server(config=rest_config(port), dump={"admins": [admin()]}, **options)
    return Rest(port)


def folder(name, size):
    """A document of `size` bytes."""
    empty = json.dumps({"name": name, "mapped_path": "/tmp/" + name, "description": ""})
    return json.dumps({"name": name, "mapped_path": "/tmp/" + name, "description": "d" * (size - len(empty))})


def dump_of(size):
    return b'{"version": 16}' + b" " * (size - 15)


def test_sizes_without_a_switch(make_server):
    root = start(make_server).admin()
    assert root.post("/folders", folder("fits", MIB), raw=True).status == 201
    assert root.post("/folders", folder("large", MIB + 1), raw=True).status == 413
    assert root.post("/loaddata", dump_of(20 * MIB), raw=True).status == 200
    assert root.post("/loaddata", dump_of(20 * MIB + 1), raw=True).status == 413


def test_switches_change_the_sizes(make_server):
    switches = {"SFTPGO_HOOK__HTTPD_MAX_REQUEST_SIZE": "3", "SLIPWAY_HOOK__HTTPD_MAX_RESTORE_SIZE": "2"}
    root = start(make_server, environment=switches).admin()
    assert root.post("/folders", folder("fits", 3 * MIB), raw=True).status == 201
    assert root.get("/folders/fits").json()["description"].startswith("ddd")
    assert root.post("/folders", folder("large", 3 * MIB + 1), raw=True).status == 413
    assert root.post("/loaddata", dump_of(2 * MIB), raw=True).status == 200
    assert root.post("/loaddata", dump_of(2 * MIB + 1), raw=True).status == 413


def test_sizes_that_make_no_sense_are_refused_at_the_start(make_server):
    for name, value, limits in (("REQUEST", "0", "1 and 64"), ("REQUEST", "65", "1 and 64"), ("RESTORE", "513", "1 and 512"), ("RESTORE", "much", "integer")):
        server = make_server(start=False, environment={f"SLIPWAY_HOOK__HTTPD_MAX_{name}_SIZE": value})
        code, said = server.run_to_end()
        assert code == 1
        assert f"hook.httpd_max_{name.lower()}_size" in said and limits in said, said
