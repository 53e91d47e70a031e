"""Who may connect: bans, IP lists, caps, rate limits and proxies, as a client and an administrator see them."""
import json
import socket
import struct
import subprocess
import threading
import time

import paramiko
import pytest

from clients import SSH_OPTIONS, openssh_sftp
from slipway_server import need, user, wait_for

DEFENDER = {"enabled": True, "threshold": 5, "score_valid": 2, "score_invalid": 2, "login_delay": {"password_failed": 0}}
ALLOW, DENY = 1, 2
ALLOW_LIST, DEFENDER_LIST, SAFE_LIST, TRUSTED_LIST = 1, 2, 3, 4


@pytest.fixture
def start(make_server, tmp_path, keys):
    """start(common={…}) -> a server with the user `anna`."""

    def make(lists=(), **common):
        dump = {"users": [user("anna", tmp_path / "anna", public_keys=[keys.public])], "ip_lists": list(lists)}
        return make_server(config={"common": common}, dump=dump)

    return make


def entry(kind, network, mode=ALLOW, protocols=0):
    return {"type": kind, "ipornet": network, "mode": mode, "protocols": protocols}


def banner(server, source="127.0.0.1", say=b"", timeout=30):
    """What the server says first to a client at `source` that begins with `say`; empty when it hangs up at once."""
    with socket.socket() as s:
        s.settimeout(timeout)
        s.bind((source, 0))
        s.connect(("127.0.0.1", server.port))
        try:
            if say:
                s.sendall(say)
            data = b""
            while b"\n" not in data:
                more = s.recv(1024)
                if not more:
                    break
                data += more
            return data
        except ConnectionError:
            return b""


def welcomed(server, **options):
    return banner(server, **options).startswith(b"SSH-2.0-")


class Client:
    """A paramiko transport from a loopback address of one's choice."""

    def __init__(self, server, source="127.0.0.1", before=b""):
        self.socket = socket.socket()
        self.socket.settimeout(60)
        self.socket.bind((source, 0))
        self.socket.connect(("127.0.0.1", server.port))
        if before:
            self.socket.sendall(before)
        self.transport = paramiko.Transport(self.socket)
        self.transport.start_client(timeout=60)

    def __enter__(self):
        return self.transport

    def __exit__(self, *_):
        self.transport.close()


def guess(server, source, password="wrong", name="anna"):
    """One wrong password on a connection of its own; False when the server does not even talk."""
    try:
        with Client(server, source) as transport, pytest.raises(paramiko.AuthenticationException):
            transport.auth_password(name, password)
    except (paramiko.SSHException, OSError, EOFError):
        return False
    return True


def manage(server, operation, **document):
    return json.loads(server.run("manage", operation, json.dumps(document)).stdout or "{}")


def hosts(server):
    return {host["ip"]: host for host in manage(server, "defender.hosts.list")["items"]}


# ---- the defender

MALLORY, OTHER = "127.0.0.66", "127.0.0.67"


def test_guessing_passwords_ends_in_a_ban_that_an_administrator_lifts(start, keys):
    server = start(defender=DEFENDER)
    assert guess(server, MALLORY) and guess(server, MALLORY)
    assert hosts(server)[MALLORY]["score"] == 4
    assert guess(server, MALLORY)
    banned = hosts(server)[MALLORY]
    assert "score" not in banned and banned["ban_time"].endswith("Z") and bytes.fromhex(banned["id"]).decode() == MALLORY
    assert server.log_lines(sender="defender", message="banned", client_ip=MALLORY)

    assert banner(server, source=MALLORY) == b"", "refused before the banner"
    server.wait_for_log(sender="connection_refused", client_ip=MALLORY)
    assert hosts(server)[MALLORY]["ban_time"] > banned["ban_time"], "coming back makes it longer"
    assert welcomed(server, source=OTHER)
    openssh_sftp(server.port, "anna", keys, "pwd\n")

    manage(server, "defender.hosts.delete", id=banned["id"])
    assert MALLORY not in hosts(server)
    with Client(server, MALLORY) as transport:
        transport.auth_password("anna", "anna")
        assert transport.is_authenticated()


def test_passwords_tried_on_one_connection_all_count(start):
    server = start(defender=DEFENDER)
    with Client(server, MALLORY) as transport:
        for _ in range(3):
            with pytest.raises(paramiko.AuthenticationException):
                transport.auth_password("anna", "wrong")
        # The ban holds for the connection too: the right password comes too late.
        with pytest.raises((paramiko.AuthenticationException, paramiko.SSHException, EOFError)):
            transport.auth_password("anna", "anna")
    assert "ban_time" in hosts(server)[MALLORY]


def test_keys_count_once_a_connection_and_not_before_a_login(start, keys):
    server = start(defender=DEFENDER)
    with Client(server, MALLORY) as transport:
        for _ in range(3):
            with pytest.raises(paramiko.AuthenticationException):
                transport.auth_publickey("anna", paramiko.ECDSAKey.generate())
        assert MALLORY not in hosts(server)
    wait_for(lambda: hosts(server).get(MALLORY, {}).get("score") == 2)
    with Client(server, OTHER) as transport:
        with pytest.raises(paramiko.AuthenticationException):
            transport.auth_publickey("anna", paramiko.ECDSAKey.generate())
        transport.auth_password("anna", "anna")
        assert transport.is_authenticated()
    server.wait_for_log(sender="login", username="anna", ip=OTHER)
    time.sleep(0.5)
    assert OTHER not in hosts(server)


def test_clients_that_do_not_try_or_cannot_agree_are_counted_and_logged(start):
    server = start(defender={**DEFENDER, "score_no_auth": 1})
    assert welcomed(server, source=MALLORY)
    wait_for(lambda: hosts(server).get(MALLORY, {}).get("score") == 1)
    assert server.wait_for_log(sender="connection_failed", client_ip=MALLORY)[0]["event"] == 3

    old = "diffie-hellman-group1-sha1"
    refused = subprocess.run([need("ssh"), *SSH_OPTIONS, "-b", OTHER, "-p", str(server.port), f"-oKexAlgorithms={old}",
                              "anna@127.0.0.1"], capture_output=True, timeout=60)
    assert refused.returncode == 255
    wait_for(lambda: hosts(server).get(OTHER, {}).get("score") == 1)
    line = server.wait_for_log(sender="connection_failed", client_ip=OTHER)[0]
    assert line["event"] == 4 and line["login_type"] == "no_auth_tried" and old in line["error"]


def test_bans_of_the_provider_outlive_the_server(start):
    server = start(defender={**DEFENDER, "driver": "provider"})
    for _ in range(3):
        assert guess(server, MALLORY)
    assert guess(server, OTHER)
    before = hosts(server)
    server.stop()
    server.start()
    assert hosts(server) == before
    assert banner(server, source=MALLORY) == b""
    assert welcomed(server, source=OTHER)
    manage(server, "defender.hosts.delete", ip=MALLORY)
    server.stop()
    server.start()
    assert MALLORY not in hosts(server) and welcomed(server, source=MALLORY)


def test_bans_outlive_even_a_crash(start):
    server = start(defender={**DEFENDER, "driver": "provider"})
    for _ in range(3):
        assert guess(server, MALLORY)
    assert banner(server, source=MALLORY) == b""
    time.sleep(2)  # bans are written at once, but not before the client hears of them
    server.kill()
    server.start()
    assert banner(server, source=MALLORY) == b""


def test_bans_in_memory_end_with_the_server(start):
    server = start(defender=DEFENDER)
    for _ in range(3):
        assert guess(server, MALLORY)
    server.stop()
    server.start()
    assert hosts(server) == {} and welcomed(server, source=MALLORY)


# ---- lists

def test_the_defender_list_denies_and_spares_and_changes_at_once(start):
    server = start(defender=DEFENDER, lists=[entry(DEFENDER_LIST, "127.0.0.64/28", DENY), entry(DEFENDER_LIST, OTHER, ALLOW)])
    assert banner(server, source=MALLORY) == b""
    for _ in range(5):
        assert guess(server, OTHER)
    assert hosts(server) == {}
    manage(server, "ip_lists.delete", entry="2/127.0.0.64/28")
    wait_for(lambda: welcomed(server, source=MALLORY))
    manage(server, "ip_lists.add", **entry(DEFENDER_LIST, MALLORY, DENY, protocols=2))
    time.sleep(0.5)
    assert welcomed(server, source=MALLORY), "denied for FTP only"
    manage(server, "ip_lists.update", **entry(DEFENDER_LIST, MALLORY + "/32", DENY))
    wait_for(lambda: banner(server, source=MALLORY) == b"")


def test_with_the_allow_list_only_its_addresses_connect(start):
    server = start(allowlist_status=1, lists=[entry(ALLOW_LIST, "127.0.0.1"), entry(TRUSTED_LIST, MALLORY)])
    assert welcomed(server)
    assert banner(server, source=MALLORY) == b"" and banner(server, source=OTHER) == b""
    manage(server, "ip_lists.add", **entry(ALLOW_LIST, "127.0.0.64/26"))
    wait_for(lambda: welcomed(server, source=MALLORY) and welcomed(server, source=OTHER))


def test_trusted_addresses_are_spared(start):
    server = start(defender=DEFENDER, rate_limiters=[{"average": 1, "period": 3_600_000, "burst": 3}],
                   lists=[entry(TRUSTED_LIST, MALLORY)])
    for _ in range(6):
        assert guess(server, MALLORY)
    assert hosts(server) == {}
    assert [guess(server, OTHER) for _ in range(5)] == [True, True, True, False, False]


# ---- caps and rates

def test_the_cap_of_one_address_feeds_the_defender_and_spares_others(start):
    server = start(defender={**DEFENDER, "threshold": 3000}, max_per_host_connections=2)
    kept = [Client(server, MALLORY) for _ in range(2)]
    kept[0].transport.auth_password("anna", "anna")
    sftp = paramiko.SFTPClient.from_transport(kept[0].transport)
    assert banner(server, source=MALLORY) == b""
    assert hosts(server)[MALLORY]["score"] == 3
    assert welcomed(server, source=OTHER)
    kept.pop().__exit__()
    wait_for(lambda: welcomed(server, source=MALLORY))

    def hold():
        try:
            return Client(server, MALLORY)
        except (paramiko.SSHException, OSError, EOFError):
            return None

    kept.append(wait_for(hold))
    while "ban_time" not in hosts(server)[MALLORY]:
        for _ in range(50):
            assert banner(server, source=MALLORY) == b""
    assert sftp.listdir("/") == [], "who is logged in stays"
    for client in kept:
        client.__exit__()


def test_a_burst_of_connections_is_held_to_the_cap(start):
    server = start(max_per_host_connections=5)
    results, sockets = [], []
    barrier = threading.Barrier(40)

    def connect():
        s = socket.socket()
        s.settimeout(60)
        sockets.append(s)
        barrier.wait()
        try:
            s.connect(("127.0.0.1", server.port))
            results.append(s.recv(8))
        except ConnectionError:
            results.append(b"")

    threads = [threading.Thread(target=connect) for _ in range(40)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert sorted(results) == [b""] * 35 + [b"SSH-2.0-"] * 5
    for s in sockets:
        s.close()


def test_a_flood_of_one_address_is_cheap_and_starves_nobody(start, keys):
    server = start(defender=DEFENDER, max_per_host_connections=4, lists=[entry(DEFENDER_LIST, MALLORY, DENY)])
    end, count = time.monotonic() + 3, [0] * 4

    def flood(i):
        while time.monotonic() < end:
            with socket.socket() as s:
                s.bind((MALLORY, 0))
                s.connect(("127.0.0.1", server.port))
                count[i] += 1
                try:
                    assert s.recv(1) == b""
                except ConnectionError:
                    pass

    threads = [threading.Thread(target=flood, args=(i,)) for i in range(4)]
    for t in threads:
        t.start()
    while time.monotonic() < end:
        openssh_sftp(server.port, "anna", keys, "ls\n")
    for t in threads:
        t.join()
    assert sum(count) > 100
    refused = server.log_lines(sender="connection_refused", client_ip=MALLORY)
    assert 0 < len(refused) < 120 and len(refused) < sum(count), "a flood of connections is no flood of lines"


def test_a_rate_limit_delays_then_refuses_and_counts(start):
    server = start(defender={**DEFENDER, "score_limit_exceeded": 4, "threshold": 12},
                   rate_limiters=[{"average": 1, "period": 3_600_000, "burst": 2, "generate_defender_events": True,
                                   "protocols": ["SSH"]}], lists=[entry(SAFE_LIST, OTHER)])
    assert [welcomed(server, source=MALLORY) for _ in range(4)] == [True, True, False, False]
    assert "rate limit exceed, wait time to respect rate" in server.wait_for_log(
        sender="connection_refused", client_ip=MALLORY)[0]["message"]
    assert hosts(server)[MALLORY]["score"] == 8
    assert all(welcomed(server, source=OTHER) for _ in range(6))
    assert banner(server, source=MALLORY) == b""
    assert "ban_time" in hosts(server)[MALLORY]


def test_waiting_for_a_rate_limit_stops_nobody_else(start):
    # A token in 16 seconds, of which 8 may be waited for.
    server = start(rate_limiters=[{"average": 1, "period": 16_000, "protocols": ["SSH"]}], lists=[entry(SAFE_LIST, OTHER)])
    assert welcomed(server, source=MALLORY)
    time.sleep(8.5)
    begin = time.monotonic()
    said = []
    waiting = threading.Thread(target=lambda: said.append((banner(server, source=MALLORY), time.monotonic())))
    waiting.start()
    while waiting.is_alive() and time.monotonic() - begin < 3:
        assert welcomed(server, source=OTHER)
    waiting.join()
    assert said[0][0].startswith(b"SSH-2.0-") and said[0][1] - begin > 3, "delayed, and not refused"


# ---- proxies

V1 = b"PROXY TCP4 192.0.2.7 198.51.100.1 40000 22\r\n"
V2 = b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c" + bytes([192, 0, 2, 8, 198, 51, 100, 1]) + struct.pack(">HH", 40000, 22)
V2_LOCAL = b"\r\n\r\n\0\r\nQUIT\n\x20\0\0\0"


def test_behind_a_proxy_lists_logs_and_sessions_show_the_client(start):
    server = start(proxy_protocol=2, proxy_allowed=["127.0.0.2"], defender=DEFENDER,
                   lists=[entry(DEFENDER_LIST, "192.0.2.9", DENY)])
    for header, address in ((V1, "192.0.2.7"), (V2, "192.0.2.8")):
        with Client(server, "127.0.0.2", before=header) as transport:
            transport.auth_password("anna", "anna")
            sftp = paramiko.SFTPClient.from_transport(transport)
            sftp.listdir("/")
            sessions = manage(server, "connections.list")["items"]
            assert [s["remote_address"] for s in sessions] == [address]
            sftp.close()
        server.wait_for_log(sender="login", username="anna", ip=address)
        wait_for(lambda: not manage(server, "connections.list")["items"])
    assert banner(server, source="127.0.0.2", say=V1.replace(b".2.7", b".2.9")) == b"", "the client is denied, not the proxy"
    assert welcomed(server, source="127.0.0.2", say=V2_LOCAL)

    for _ in range(3):
        with Client(server, "127.0.0.2", before=V2) as transport, pytest.raises(paramiko.AuthenticationException):
            transport.auth_password("anna", "wrong")
    assert set(hosts(server)) == {"192.0.2.8"}
    assert banner(server, source="127.0.0.2", say=V2) == b""
    assert welcomed(server, source="127.0.0.2", say=V1)


def test_a_required_header_is_required_from_the_proxy(start, make_server):
    server = start(proxy_protocol=2, proxy_allowed=["127.0.0.2/32"], proxy_skipped=["127.0.0.3"])
    assert welcomed(server, source="127.0.0.2", say=V1)
    assert banner(server, source="127.0.0.2", say=b"SSH-2.0-x\r\n") == b""
    assert banner(server, source="127.0.0.4", say=V1) == b""
    assert welcomed(server, source="127.0.0.3", say=b"SSH-2.0-x\r\n")


def test_an_optional_header_counts_from_the_proxy_only(start):
    server = start(proxy_protocol=1, proxy_allowed=["127.0.0.2"], defender=DEFENDER,
                   lists=[entry(DEFENDER_LIST, "192.0.2.0/24", DENY)])
    assert banner(server, source="127.0.0.2", say=V1) == b""
    assert welcomed(server, source="127.0.0.4", say=V1), "a stranger's header is read and ignored"
    assert welcomed(server, source="127.0.0.4", say=b"SSH-2.0-x\r\n")
    assert welcomed(server, source="127.0.0.4"), "a client that waits for the server's banner"


def test_slow_headers_stop_nobody(start):
    server = start(proxy_protocol=2, proxy_allowed=["127.0.0.2"])
    slow = []
    for i in range(50):
        s = socket.create_connection(("127.0.0.1", server.port), source_address=("127.0.0.2", 0))
        s.sendall(V1[: i % len(V1)])
        slow.append(s)
    for _ in range(20):
        assert welcomed(server, source="127.0.0.2", say=V1)
    for s in slow:
        s.close()


# ---- settings

@pytest.mark.parametrize("common, complaint", [
    ({"defender": {"enabled": True, "threshold": 2}}, "must be below the threshold"),
    ({"defender": {"enabled": True, "entries_soft_limit": 150}}, "common.defender.entries_hard_limit"),
    ({"defender": {"driver": "redis"}}, "common.defender.driver"),
    ({"rate_limiters": [{"average": 1, "burst": 0}]}, "common.rate_limiters[0].burst"),
    ({"proxy_allowed": ["proxy.example.com"]}, "is not an IP address or network"),
])
def test_defences_that_cannot_work_are_told_at_the_start(make_server, common, complaint):
    server = make_server(start=False, config={"common": common})
    code, text = server.run_to_end()
    assert code == 1 and complaint in text


def test_defences_change_with_a_reload(start):
    import signal
    server = start()
    for _ in range(4):
        assert guess(server, MALLORY)
    server.config["common"]["defender"] = DEFENDER
    server.write_config()
    server.signal(signal.SIGHUP)
    server.wait_for_log(message="configuration reloaded")
    for _ in range(3):
        assert guess(server, MALLORY)
    assert banner(server, source=MALLORY) == b""
    assert manage(server, "status.get")["defender"] == {"is_active": True}
