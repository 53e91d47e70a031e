"""Mail with OAuth2: a real mail server sees the bearer that a token endpoint handed out."""
import mail_server
import pytest
from rest import Rest, admin, rest_config
from slipway_server import free_port, merge
from token_endpoint import TokenEndpoint

SECRETS = ("client+secret%", "refresh-1", "refresh-2", "access-")
ALL = [f"access-{i}" for i in range(1, 9)]


@pytest.fixture
def endpoint():
    endpoint = TokenEndpoint()
    yield endpoint
    endpoint.stop()


@pytest.fixture
def mails():
    server = mail_server.bearer_server(ALL)
    yield server
    server.stop()


@pytest.fixture
def start(make_server):
    servers = []

    def make(smtp, configs=None, **config):
        port = free_port()
        dump = {"admins": [admin()], **({"configs": {"smtp": configs}} if configs else {})}
        if servers:
            dump = None  # the first one has loaded it
        server = make_server(dump=dump, config=merge(rest_config(port), {"smtp": smtp, **config}))
        server.http_port = port
        servers.append(server)
        return server

    yield make
    for server in servers:
        for secret in SECRETS:
            assert secret not in server.log_text() + server.output_text(), secret


def oauth2(endpoint, **more):
    return {"client_id": "client & id", "client_secret": "client+secret%", "refresh_token": "refresh-1", "token_url": endpoint.url, **more}


def smtp(mails, endpoint, **more):
    return {"host": "127.0.0.1", "port": mails.port, "user": "mailer@example.org", "auth_type": 3, "debug": 1, "oauth2": oauth2(endpoint, **more)}


def send(server):
    """(whether it was sent, what is said otherwise)"""
    done = server.run("smtptest", "--recipient", "you@example.org", check=False)
    for secret in SECRETS:
        assert secret not in done.stdout + done.stderr
    return done.returncode == 0, done.stderr


def test_the_mail_server_sees_the_token(start, mails, endpoint):
    server = start(smtp(mails, endpoint))
    assert send(server) == (True, "")
    assert mails.mail()[0].rcpt_tos == ["you@example.org"]
    assert mails.keeper.logins == [("XOAUTH2", b"mailer@example.org", "access-1")]
    assert endpoint.asked == [{"grant_type": "refresh_token", "client_id": "client & id", "client_secret": "client+secret%", "refresh_token": "refresh-1"}]
    assert send(server)[0], "with the same token"
    assert [login[2] for login in mails.keeper.logins] == ["access-1"] * 2 and len(endpoint.asked) == 1
    described = Rest(server.http_port).admin().get("/modules/action-email/description").text
    assert not [secret for secret in SECRETS if secret in described]


def test_the_other_mechanism_is_used_where_it_is_the_only_one(start, endpoint):
    mails = mail_server.bearer_server(ALL, ["OAUTHBEARER"])
    try:
        server = start(smtp(mails, endpoint))
        assert send(server) == (True, "")
        assert mails.keeper.logins == [("OAUTHBEARER", b"mailer@example.org", "access-1")]
    finally:
        mails.stop()


def test_xoauth2_comes_first_where_both_are_offered(start, endpoint):
    mails = mail_server.bearer_server(ALL, ["OAUTHBEARER", "XOAUTH2"])
    try:
        assert send(start(smtp(mails, endpoint))) == (True, "")
        assert [login[0] for login in mails.keeper.logins] == ["XOAUTH2"]
    finally:
        mails.stop()


def test_a_mail_server_that_knows_neither_is_told(start, endpoint):
    mails = mail_server.login_server()
    try:
        sent, error = send(start(smtp(mails, endpoint)))
        assert not sent and "offers neither XOAUTH2 nor OAUTHBEARER" in error
        assert mails.keeper.logins == []
    finally:
        mails.stop()


def test_an_expired_token_is_renewed_before_it_is_shown(start, mails, endpoint):
    endpoint.expires_in = 0
    server = start(smtp(mails, endpoint))
    assert send(server)[0] and send(server)[0]
    assert [login[2] for login in mails.keeper.logins] == ["access-1", "access-2"]


def test_a_token_that_ended_early_is_replaced_once(start, mails, endpoint):
    server = start(smtp(mails, endpoint))
    assert send(server)[0]
    mails.keeper.tokens.remove("access-1")
    assert send(server)[0]
    assert [login[2] for login in mails.keeper.logins] == ["access-1", "access-1", "access-2"]
    mails.keeper.tokens.clear()
    sent, error = send(server)
    assert not sent and "smtp.user must be the mailbox" in error
    assert [login[2] for login in mails.keeper.logins[3:]] == ["access-2", "access-3"], "and no more often"


@pytest.mark.parametrize("wrong, said", [
    ({"refresh_token": "refresh-0"}, "smtp.oauth2.refresh_token"), ({"client_id": "nobody"}, "smtp.oauth2.client_id"),
])
def test_a_refusal_says_what_to_change(start, mails, endpoint, wrong, said):
    sent, error = send(start(smtp(mails, endpoint, **wrong)))
    assert not sent and said in error
    assert mails.is_empty() and mails.keeper.logins == []


def test_an_endpoint_out_of_order_is_tried_again_with_the_next_mail(start, mails, endpoint):
    server = start(smtp(mails, endpoint))
    endpoint.answers = [(503, {}), (200, {"nothing": "of use"}), (302, {})]
    for said in ("503", "without a bearer token", "302"):
        sent, error = send(server)
        assert not sent and said in error
    assert send(server)[0]
    endpoint.stop()
    assert send(server)[0], "the token is still good"


def test_a_new_refresh_token_is_stored_where_the_settings_are(start, mails, endpoint):
    settings = smtp(mails, endpoint)
    stored = {**settings, "from": "stored@example.org", "oauth2": {
        "provider": 0, "client_id": "client & id", "client_secret": {"status": "Plain", "payload": "client+secret%"},
        "refresh_token": {"status": "Plain", "payload": "refresh-1"}}}
    server = start({"oauth2": {"token_url": endpoint.url}}, configs=stored)
    endpoint.rotate_to = "refresh-2"
    assert send(server)[0]
    assert mails.mail()[0].mail_from == "stored@example.org"
    assert server.log_lines(message="the mail provider has replaced smtp.oauth2.refresh_token; the new one is stored")
    for part in server.dir.glob("slipway.db*"):
        assert not [secret for secret in SECRETS if secret.encode() in part.read_bytes()], "sealed"
    server.stop()
    server.start()
    assert send(server)[0], "only the new one is taken by now"
    assert [form["refresh_token"] for form in endpoint.asked] == ["refresh-1", "refresh-2"]


def test_another_server_finds_the_new_refresh_token(start, mails, endpoint, tmp_path):
    shared = {"data_provider": {"name": str(tmp_path / "shared.db"), "is_shared": 1}}
    stored = {**smtp(mails, endpoint), "oauth2": {
        "provider": 0, "client_id": "client & id", "client_secret": {"status": "Plain", "payload": "client+secret%"},
        "refresh_token": {"status": "Plain", "payload": "refresh-1"}}}
    file = {"oauth2": {"token_url": endpoint.url}}
    first = start(file, configs=stored, **shared)
    second = start(file, **shared)
    endpoint.rotate_to = "refresh-2"
    assert send(first)[0]
    assert send(second)[0]
    assert [form["refresh_token"] for form in endpoint.asked] == ["refresh-1", "refresh-1", "refresh-2"]


def test_a_new_refresh_token_of_settings_in_the_file_is_used_and_told(start, mails, endpoint):
    endpoint.expires_in, endpoint.rotate_to = 0, "refresh-2"
    server = start(smtp(mails, endpoint))
    assert send(server)[0] and send(server)[0]
    assert [form["refresh_token"] for form in endpoint.asked] == ["refresh-1", "refresh-2"]
    assert [line for line in server.log_lines(level="warn") if "smtp.oauth2.refresh_token" in line["message"]]


@pytest.mark.parametrize("wrong, key", [
    ({"client_id": ""}, "smtp.oauth2.client_id"), ({"client_secret": ""}, "smtp.oauth2.client_secret"),
    ({"refresh_token": ""}, "smtp.oauth2.refresh_token"), ({"provider": 2}, "smtp.oauth2.provider"),
    ({"tenant": "a/b"}, "smtp.oauth2.tenant"), ({"token_url": "http://login.example.org/token"}, "smtp.oauth2.token_url"),
])
def test_wrong_settings_are_refused(start, mails, endpoint, wrong, key):
    server = start(smtp(mails, endpoint))
    server.config["smtp"]["oauth2"].update(wrong)
    server.write_config()
    refused = Rest(server.http_port).admin().post("/modules/action-email/reconfigure")
    assert refused.status == 400 and key in refused.text, refused
    assert send(server)[0], "with what was there before"
