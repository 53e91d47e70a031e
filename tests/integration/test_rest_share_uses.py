"""Uses of shares as they are counted: limits under many visitors, numbers that are current, what a restart keeps."""
import concurrent.futures
import threading
import time

import pytest
from rest import Rest, admin, rest_config
from slipway_server import free_port, user

VISITORS = 50
DATA = b"a" * 4096


class Site:
    """A server with the user anna, whose /pub has a file; what she does with her shares, and visitors."""

    def __init__(self, make_server, home, **data_provider):
        self.port = free_port()
        dump = {"admins": [admin()], "users": [user("anna", home)]}
        self.server = make_server(config={**rest_config(self.port), "data_provider": data_provider}, dump=dump)

    def anna(self):
        return Rest(self.port).user("anna")

    def share(self, **members):
        made = self.anna().post("/user/shares", {"name": "docs", "scope": 1, "paths": ["/pub"], **members})
        assert made.status == 201, made
        return made.headers["X-Object-ID"]

    def visit(self, share, expected=(200, 404)):
        answer = Rest(self.port).get(f"/shares/{share}/files?path=a.txt")
        assert answer.status in expected, answer
        assert answer.status != 200 or answer.body == DATA
        return answer.status

    def get(self, share):
        answer = self.anna().get("/user/shares/" + share)
        assert answer.status == 200, answer
        return answer.json()

    def used(self, share):
        return self.get(share).get("used_tokens", 0)

    def update(self, share, **members):
        answer = self.anna().put("/user/shares/" + share, {**self.get(share), **members})
        assert answer.status == 200, answer

    def restart(self, stop):
        stop()
        self.server.start()


@pytest.fixture
def start(make_server, tmp_path):
    home = tmp_path / "anna"
    (home / "pub").mkdir(parents=True)
    (home / "pub/a.txt").write_bytes(DATA)
    return lambda **data_provider: Site(make_server, home, **data_provider)


def at_once(sites, share, visitors=VISITORS):
    """How many of the visitors were let in, who all begin together, at one server or another."""
    together = threading.Barrier(visitors, timeout=120)

    def run(i):
        together.wait()
        return sites[i % len(sites)].visit(share)

    with concurrent.futures.ThreadPoolExecutor(visitors) as pool:
        return list(pool.map(run, range(visitors))).count(200)


@pytest.mark.parametrize("is_shared", [0, 1])
def test_a_limit_holds_for_many_visitors_at_once(start, is_shared):
    site = start(is_shared=is_shared)
    share = site.share(max_tokens=20)
    assert at_once([site], share) == 20
    assert site.used(share) == 20
    assert site.visit(share) == 404
    assert Rest(site.port).get(f"/shares/{share}/dirs").status == 404, "what is used up cannot be looked at either"


def test_servers_of_one_database_keep_a_limit_together(start, tmp_path):
    sites = [start(name=str(tmp_path / "both.db"), is_shared=1) for _ in range(2)]
    share = sites[0].share(max_tokens=20)
    assert at_once(sites, share) == 20
    assert [site.used(share) for site in sites] == [20, 20]
    free = sites[1].share()
    assert at_once(sites, free) == VISITORS
    assert [site.used(free) for site in sites] == [VISITORS, VISITORS]


def test_numbers_are_current_wherever_they_are_read(start):
    site = start()
    share = site.share()
    before = int(time.time() * 1000)
    assert at_once([site], share) == VISITORS
    seen = site.get(share)
    assert seen["used_tokens"] == VISITORS and seen["last_use_at"] >= before - 1
    for n in range(1, 11):
        assert site.visit(share) == 200
        assert site.used(share) == VISITORS + n
    assert site.visit(share) == 200
    (listed,) = site.anna().get("/user/shares").json()
    assert listed["used_tokens"] == VISITORS + 11
    assert site.visit(share) == 200
    (dumped,) = Rest(site.port).admin().get("/dumpdata?output-data=1&scopes=shares").json()["shares"]
    assert dumped["used_tokens"] == VISITORS + 12 and dumped["last_use_at"] >= seen["last_use_at"]


def test_a_download_that_fails_is_no_use(start):
    site = start()
    for share in (site.share(), site.share(max_tokens=1)):
        assert Rest(site.port).get(f"/shares/{share}/files?path=nothing").status == 404
        assert site.used(share) == 0
        assert site.visit(share) == 200
        assert site.used(share) == 1


def test_a_stop_writes_what_was_counted(start):
    site = start()
    share = site.share()
    assert at_once([site], share) == VISITORS
    site.restart(site.server.stop)
    assert site.used(share) == VISITORS


def test_a_limit_survives_a_server_that_is_killed(start):
    site = start()
    share, free = site.share(max_tokens=5), site.share()
    for _ in range(3):
        assert site.visit(share) == 200
        assert site.visit(free) == 200
    site.restart(site.server.kill)
    assert site.used(share) == 3
    assert at_once([site], share) == 2
    assert site.used(free) <= 3, "the last tenth of a second may be lost, nothing may come twice"


def test_a_limit_that_is_set_counts_those_who_came_before(start):
    site = start()
    share = site.share()
    for limit in (2, 4, 3):
        site.update(share, max_tokens=0)
        while site.used(share) < limit - 1:
            assert site.visit(share) == 200
        site.update(share, max_tokens=limit)
        used = site.used(share)
        assert at_once([site], share, visitors=8) == max(0, limit - used)
        assert site.used(share) == max(used, limit)


def test_uses_and_changes_at_the_same_time_both_stay(start):
    site = start()
    share = site.share()
    stop, counted = threading.Event(), []

    def visit():
        visits = 0
        while not stop.is_set():
            assert site.visit(share) == 200
            visits += 1
        counted.append(visits)

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        visitors = [pool.submit(visit) for _ in range(4)]
        try:
            for n in range(20):
                site.update(share, description=f"change {n}")
                assert site.get(share)["description"] == f"change {n}"
        finally:
            stop.set()
        for visitor in visitors:
            visitor.result()
    assert site.used(share) == sum(counted)


def test_a_change_counts_for_the_next_visitor(start):
    site = start()
    share = site.share()
    assert site.visit(share) == 200
    for _ in range(10):
        site.update(share, allow_from=["192.0.2.0/24"])
        assert Rest(site.port).get(f"/shares/{share}/files?path=a.txt").status == 403
        site.update(share, allow_from=[])
        assert site.visit(share) == 200
    site.update(share, expires_at=int(time.time() * 1000) + 3600_000, password="a Password 1")
    assert Rest(site.port).get(f"/shares/{share}/files?path=a.txt").status == 401
    root = Rest(site.port).admin()
    site.update(share, password="")
    owner = root.get("/users/anna").json()
    assert root.put("/users/anna", {**owner, "filters": {**owner["filters"], "web_client": ["shares-disabled"]}}).status == 200
    assert site.visit(share) == 404


@pytest.mark.parametrize("what", ["share", "owner"])
def test_what_is_deleted_meanwhile_does_not_come_back(start, what):
    site = start()
    share = site.share()
    anna, root = site.anna(), Rest(site.port).admin()
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        def visit_until_it_is_gone(_):
            visits = 0
            # 503: a visit in whose middle the owner is deleted, whose session that was. It has been counted.
            while (status := site.visit(share, (200, 404, 503) if what == "owner" else (200, 404))) != 404:
                visits += 1
                if status == 503:
                    break
            return visits

        visitors = [pool.submit(visit_until_it_is_gone, i) for i in range(8)]
        while site.used(share) < 8:
            pass
        deleted = anna.delete("/user/shares/" + share) if what == "share" else root.delete("/users/anna")
        assert deleted.status == 200, deleted
        assert sum(visitor.result() for visitor in visitors) >= 8
    # Reading the shares writes all uses first.
    assert root.get("/dumpdata?output-data=1&scopes=shares").json()["shares"] == []
    assert site.visit(share) == 404
