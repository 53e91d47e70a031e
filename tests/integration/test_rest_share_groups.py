"""Shares that groups of their owner have a hand in: who sees, changes and deletes them."""
import shutil
import time

import pytest
from rest import Rest, admin, rest_config
from slipway_server import SlipwayServer, free_port, user


def group(name, **filters):
    return {"name": name, "user_settings": {"filters": filters}}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    directory = tmp_path_factory.mktemp("server")
    port = free_port()
    home = lambda name: directory / "homes" / name  # noqa: E731
    dump = {
        "admins": [admin()],
        "groups": [group("staff"), group("press"), group("others")],
        "users": [
            user("anna", home("anna"), groups=[{"name": "staff", "type": 1}, {"name": "press", "type": 3}]),
            user("bert", home("bert"), groups=[{"name": "staff", "type": 2}]),
            user("cleo", home("cleo"), groups=[{"name": "press", "type": 3}]),
            user("dora", home("dora"), groups=[{"name": "others", "type": 1}]),
        ],
    }
    server = SlipwayServer(directory, dump=dump, config={**rest_config(port), "common": {"max_per_host_connections": 0}})
    server.http_port = port
    server.start()
    for name in ("anna", "bert"):
        Rest(port).user(name).post("/user/dirs?path=/docs")
    yield server
    server.stop()


@pytest.fixture
def rest(server):
    return Rest(server.http_port)


@pytest.fixture
def users(rest):
    return {name: rest.user(name) for name in ("anna", "bert", "cleo", "dora")}


@pytest.fixture
def make(rest):
    made = []

    def share(groups, owner="anna", **members):
        answer = rest.user(owner).post("/user/shares", {"name": "docs", "scope": 1, "paths": ["/docs"], "groups": [{"group_name": g, "permissions": p} for g, p in groups.items()], **members})
        assert answer.status == 201, answer
        made.append((owner, answer.headers["X-Object-ID"]))
        return "/user/shares/" + made[-1][1]

    yield share
    for owner, share_id in made:
        rest.user(owner).delete("/user/shares/" + share_id)


def ids(client):
    return [s["id"] for s in client.get("/user/shares?limit=500").json()]


def test_members_see_and_use_what_is_delegated_to_them(rest, users, make):
    link = make({"staff": 1, "press": 7})
    share_id = link.rsplit("/", 1)[1]
    permissions = {name: client.get(link).json().get("user_permissions") for name, client in users.items()}
    assert permissions == {"anna": 7, "bert": 1, "cleo": 7, "dora": None}
    assert users["dora"].get(link).status == 404
    for name in ("anna", "bert", "cleo"):
        assert ids(users[name]) == [share_id], name
        assert users[name].get("/user/shares").json()[0]["username"] == "anna"
    assert ids(users["dora"]) == []
    assert rest.get("/shares/" + share_id + "/dirs").status == 200


def test_a_bit_each_for_seeing_changing_and_deleting(users, make):
    link = make({"staff": 1, "press": 6})
    for client, method, status in (
        (users["bert"], "PUT", 403), (users["bert"], "DELETE", 403), (users["dora"], "PUT", 404), (users["dora"], "DELETE", 404), (users["cleo"], "GET", 404),
    ):
        answer = client.send(method, link, {"name": "taken"} if method == "PUT" else None)
        assert answer.status == status, (method, answer)
    assert users["anna"].get(link).json()["name"] == "docs"
    assert users["cleo"].put(link, {"name": "renamed", "max_tokens": 3}).json() == {"message": "Share updated"}
    seen = users["anna"].get(link).json()
    assert (seen["name"], seen["max_tokens"], seen["paths"], seen["scope"]) == ("renamed", 3, ["/docs"], 1)
    assert users["cleo"].delete(link).json() == {"message": "Share deleted"}
    assert users["anna"].get(link).status == 404


@pytest.mark.parametrize("change", [
    {"paths": ["/"]}, {"paths": ["/docs", "/other"]}, {"paths": []}, {"scope": 3}, {"scope": 2}, {"groups": []},
    {"groups": [{"group_name": "staff", "permissions": 7}]}, {"groups": [{"group_name": "others", "permissions": 7}]},
])
def test_delegates_do_not_widen_a_share(users, make, change):
    link = make({"staff": 3})
    seen = users["bert"].get(link).json()
    refused = users["bert"].put(link, {**seen, **change})
    assert (refused.status, refused.json()["error"]) == (403, "only the owner of a share changes its paths, its scope and its groups")
    assert {k: v for k, v in users["anna"].get(link).json().items() if k != "user_permissions"} == {k: v for k, v in seen.items() if k != "user_permissions"}
    assert users["bert"].put(link, {**seen, "description": "d"}).status == 200


def test_the_link_goes_on_opening_the_owners_files_alone(server, rest, users, make):
    """Whoever changes a share: paths are those of its owner's tree."""
    (server.home("anna") / "docs/whose.txt").write_bytes(b"anna")
    (server.home("bert") / "docs/whose.txt").write_bytes(b"bert")
    link = make({"staff": 7})
    assert users["bert"].put(link, {**users["bert"].get(link).json(), "username": "bert"}).status == 200
    assert rest.get(link.removeprefix("/user") + "/files?path=whose.txt").body == b"anna"
    shutil.rmtree(server.home("anna") / "docs")
    (server.home("anna") / "docs").mkdir()


def test_groups_must_be_the_owners(rest, users, make):
    for name in ("others", "nobody has this one"):
        refused = users["anna"].post("/user/shares", {"name": "docs", "scope": 1, "paths": ["/docs"], "groups": [{"group_name": name, "permissions": 1}]})
        assert (refused.status, refused.json()["error"]) == (400, "Validation error: /groups/0/group_name: you are not a member of this group")
    for bad in ([{"group_name": "staff", "permissions": 0}], [{"group_name": "staff", "permissions": 8}], [{"group_name": "staff"}], [{"permissions": 1}], ["staff"], "staff",
                [{"group_name": "staff", "permissions": 1}, {"group_name": "staff", "permissions": 2}]):
        assert users["anna"].post("/user/shares", {"name": "docs", "scope": 1, "paths": ["/docs"], "groups": bad}).status == 400, bad


def test_who_leaves_the_group_loses_the_share(rest, users, make):
    link = make({"staff": 7})
    root = rest.admin()
    bert = root.get("/users/bert").json()
    assert users["bert"].get(link).status == 200
    assert root.put("/users/bert", {**bert, "groups": []}).status == 200
    assert users["bert"].get(link).status == 404 and ids(users["bert"]) == []
    assert root.put("/users/bert", bert).status == 200
    assert users["bert"].get(link).status == 200


# ---- policies of groups, default end


@pytest.fixture
def policy(rest):
    """policy(group, **filters) until the end of the test."""
    root, before = rest.admin(), {}

    def change(path, document):
        assert root.put(path, document).status == 200

    def set_filters(name, kind="groups", **filters):
        path = f"/{kind}/{name}"
        document = root.get(path).json()
        before.setdefault(path, document)
        change(path, {**document, "user_settings": {"filters": filters}} if kind == "groups" else {**document, "filters": filters})

    yield set_filters
    for path, document in before.items():
        change(path, document)


def groups_of(client, link):
    return {g["group_name"]: g["permissions"] for g in client.get(link).json().get("groups", [])}


def create(client, **members):
    answer = client.post("/user/shares", {"name": "docs", "scope": 1, "paths": ["/docs"], **members})
    return "/user/shares/" + answer.headers["X-Object-ID"] if answer.status == 201 else answer


def test_an_enforced_policy_is_attached_to_every_share(users, policy):
    policy("staff", share_policy={"permissions": 5, "mode": 2})
    anna, bert = users["anna"], users["bert"]
    for said in ({}, {"groups": []}, {"groups": [{"group_name": "staff", "permissions": 1}]}):
        link = create(anna, **said)
        assert groups_of(anna, link) == {"staff": 5}
        assert anna.put(link, {"name": "docs", "scope": 1, "paths": ["/docs"], "groups": []}).status == 200
        assert groups_of(anna, link) == {"staff": 5}, "nor can the owner take it away"
        assert bert.put(link, {"name": "x"}).status == 403
        assert bert.delete(link).status == 200
    link = create(anna, groups=[{"group_name": "press", "permissions": 1}])
    assert groups_of(anna, link) == {"press": 1, "staff": 5}
    assert anna.delete(link).status == 200


def test_a_suggested_policy_is_what_happens_without_a_wish(users, policy):
    policy("staff", share_policy={"permissions": 1, "mode": 1})
    anna = users["anna"]
    for said, expected in (({}, {"staff": 1}), ({"groups": []}, {}), ({"groups": [{"group_name": "press", "permissions": 1}]}, {"press": 1})):
        link = create(anna, **said)
        assert groups_of(anna, link) == expected
        assert anna.delete(link).status == 200


def test_who_may_not_change_policies(users, policy):
    anna = users["anna"]
    policy("anna", "users", web_client=["shares-policy-change-disabled"])
    link = create(anna)
    assert groups_of(anna, link) == {}
    refused = create(anna, groups=[{"group_name": "staff", "permissions": 1}])
    assert (refused.status, refused.json()["message"] or refused.json()["error"]) == (403, "you cannot change the groups of shares")
    policy("staff", share_policy={"permissions": 1, "mode": 1})
    assert groups_of(anna, other := create(anna)) == {}, "suggestions are for those who may choose"
    policy("staff", share_policy={"permissions": 3, "mode": 2})
    assert groups_of(anna, third := create(anna)) == {"staff": 3}
    assert anna.put(third, {**anna.get(third).json(), "groups": []}).status == 200, "which wishes nothing else"
    assert anna.put(third, {**anna.get(third).json(), "groups": [{"group_name": "press", "permissions": 1}]}).status == 403
    assert anna.put(third, {"name": "n", "scope": 1, "paths": ["/docs"]}).status == 200
    assert groups_of(anna, third) == {"staff": 3}
    for each in (link, other, third):
        assert anna.delete(each).status == 200


def test_new_shares_end_when_the_default_says(users, policy):
    day, anna = 86_400_000, users["anna"]
    policy("staff", default_shares_expiration=2, max_shares_expiration=4)
    now = int(time.time() * 1000)
    link = create(anna)
    assert 0 <= anna.get(link).json()["expires_at"] - now - 2 * day < 60_000
    assert create(anna, expires_at=0).status == 400, "shares of this user must end"
    assert create(anna, expires_at=now + 6 * day).status == 400
    policy("staff", default_shares_expiration=2)
    forever = create(anna, expires_at=0)
    assert anna.get(forever).json().get("expires_at", 0) == 0, "who says so may"
    for each in (link, forever):
        assert anna.delete(each).status == 200
