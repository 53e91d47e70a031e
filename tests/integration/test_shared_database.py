"""Two servers on one database: what visitors were sent and which tokens have ended holds for both, if they are told to share."""
import re

import mail_server
import pytest
from rest import Rest, admin, rest_config
from slipway_server import free_port, merge, user, wait_for

GUEST = "guest@example.org"


@pytest.fixture
def mails():
    server = mail_server.plain_server()
    yield server
    server.stop()


@pytest.fixture
def pair(make_server, tmp_path, mails):
    """pair(is_shared) -> two servers; the accounts are loaded by the first one."""

    def make(is_shared):
        servers = []
        for dump in ({"admins": [admin()], "users": [user("anna", tmp_path / "anna")]}, None):
            port = free_port()
            config = merge(rest_config(port), {
                "data_provider": {"name": str(tmp_path / "shared.db"), "is_shared": is_shared},
                "httpd": {"signing_passphrase": "the same everywhere"},
                "smtp": {"host": "127.0.0.1", "port": mails.port, "from": "Slipway <files@example.org>"},
            })
            server = make_server(dump=dump, config=config)
            server.http_port = port
            servers.append(server)
        return servers

    return make


def at(server, client):
    """The same token, shown to another server."""
    there = Rest(server.http_port)
    there.headers = dict(client.headers)
    return there


def ended(answer):
    return (answer.status, answer.json().get("message")) == (401, "Your token is no longer valid")


def share_with_code(first, mails):
    anna = Rest(first.http_port).user("anna")
    made = anna.post("/user/shares", {"name": "docs", "scope": 1, "paths": ["/"], "options": {"auth_mode": 1, "emails": [GUEST]}})
    assert made.status == 201, made
    link = "/shares/" + made.headers["X-Object-ID"]
    assert Rest(first.http_port).post(link + "/auth/code", {"email": GUEST}).status == 200
    code = re.search(r"<strong>(\w{4}-\w{4})</strong>", mails.mail()[1].get_content()).group(1)
    return link, code


def prove(server, link, code):
    return Rest(server.http_port).post(link + "/auth/token", {"email": GUEST, "code": code})


def test_another_server_takes_the_code_of_a_visitor(pair, mails, tmp_path):
    first, second = pair(1)
    link, code = share_with_code(first, mails)
    for part in tmp_path.glob("shared.db*"):
        data = part.read_bytes()
        assert code.replace("-", "").encode() not in data, "codes themselves are stored nowhere"
    token = prove(second, link, code)
    assert token.status == 200, token
    bearer = {"Authorization": "Bearer " + token.json()["access_token"]}
    for server in (first, second):
        assert Rest(server.http_port).get(link + "/dirs", headers=bearer).status == 200
        assert prove(server, link, code).status == 401, "a code works once"


def test_wrong_codes_count_at_all_servers(pair, mails):
    first, second = pair(1)
    link, code = share_with_code(first, mails)
    for server in (first, second, first, second, first):
        assert prove(server, link, "ABCD-EFGH").status == 401
    assert prove(second, link, code).status == 401


def test_codes_outlive_the_server_that_sent_them(pair, mails):
    first, second = pair(1)
    link, code = share_with_code(first, mails)
    first.stop()
    assert prove(second, link, code).status == 200


@pytest.mark.parametrize("who", ["user", "admin"])
def test_another_server_refuses_a_token_that_was_logged_out(pair, who):
    first, second = pair(1)
    client = Rest(first.http_port).user("anna") if who == "user" else Rest(first.http_port).admin()
    path, logout = ("/user/profile", "/user/logout") if who == "user" else ("/version", "/logout")
    assert at(second, client).get(path).status == 200
    assert client.get(logout).status == 200
    assert ended(client.get(path)), "where it was logged out it holds at once"
    wait_for(lambda: ended(at(second, client).get(path)))
    # The other way round, and a login of the same account stays good.
    other = Rest(second.http_port).user("anna") if who == "user" else Rest(second.http_port).admin()
    assert at(first, other).get(path).status == 200
    assert other.get(logout).status == 200
    wait_for(lambda: ended(at(first, other).get(path)))


def test_logouts_outlive_the_servers(pair):
    servers = pair(1)
    client = Rest(servers[0].http_port).user("anna")
    kept = Rest(servers[0].http_port).user("anna")
    assert client.get("/user/logout").status == 200
    for server in servers:
        server.stop()
    for server in servers:
        server.start()
        assert ended(at(server, client).get("/user/profile"))
        assert at(server, kept).get("/user/profile").status == 200


def test_a_new_password_ends_the_token_everywhere(pair):
    first, second = pair(1)
    client = Rest(first.http_port).user("anna")
    changed = client.put("/user/changepwd", {"current_password": "anna", "new_password": "another Password 2"})
    assert changed.status == 200, changed
    wait_for(lambda: ended(at(second, client).get("/user/profile")))


def test_servers_that_do_not_share_tell_each_other_nothing(pair, mails):
    first, second = pair(0)
    link, code = share_with_code(first, mails)
    assert prove(second, link, code).status == 401
    assert prove(first, link, code).status == 200
    client = Rest(first.http_port).user("anna")
    assert client.get("/user/logout").status == 200
    assert ended(client.get("/user/profile"))
    first.stop()
    first.start()
    for server in (first, second):
        assert at(server, client).get("/user/profile").status == 200, "the logout was remembered by one process alone"


def test_all_bindings_of_a_server_refuse_a_token_that_was_logged_out(make_server, tmp_path):
    ports = [free_port(), free_port()]
    config = {"httpd": {"signing_passphrase": "the same everywhere", "bindings": [{"address": "127.0.0.1", "port": port} for port in ports]}}
    make_server(dump={"users": [user("anna", tmp_path / "anna")]}, config=config)
    client = Rest(ports[0]).user("anna")
    there = Rest(ports[1])
    there.headers = dict(client.headers)
    assert there.get("/user/profile").status == 200
    assert client.get("/user/logout").status == 200
    assert ended(there.get("/user/profile"))
