"""Shares that ask their visitors for a code sent by mail, against a real mail server."""
import re

import mail_server
import pytest
from rest import Rest, admin, basic, rest_config
from slipway_server import SlipwayServer, free_port, user, wait_for

SENT = {"message": "If the share is for this address, a code was sent to it"}
GUEST, OTHER = "guest@example.org", "other@example.org"


@pytest.fixture(scope="module")
def mails():
    server = mail_server.plain_server()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def server(tmp_path_factory, mails):
    directory = tmp_path_factory.mktemp("server")
    port = free_port()
    dump = {"admins": [admin()], "users": [user("anna", directory / "homes" / "anna")]}
    # Each test stands for another visitor: limits are counted by address.
    binding = {"address": "127.0.0.1", "port": port, "upload_chunk_size": 1, "proxy_allowed": ["127.0.0.1"], "client_ip_proxy_header": "X-Visitor"}
    server = SlipwayServer(directory, dump=dump, config={
        "httpd": {"bindings": [binding]}, "common": {"max_per_host_connections": 0},
        "smtp": {"host": "127.0.0.1", "port": mails.port, "from": "Slipway <files@example.org>"},
    })
    server.http_port = port
    server.start()
    yield server
    server.stop()


visitors = (f"198.18.{i}.{j}" for i in range(256) for j in range(1, 255))


@pytest.fixture
def rest(server):
    client = Rest(server.http_port)
    client.headers["X-Visitor"] = next(visitors)
    return client


@pytest.fixture
def anna(server):
    return Rest(server.http_port).user("anna")


@pytest.fixture
def share(server, anna):
    home = server.home("anna")
    (home / "pub").mkdir(exist_ok=True)
    (home / "pub/a.txt").write_bytes(b"aaa")

    def make(emails=(GUEST, OTHER), **members):
        made = anna.post("/user/shares", {"name": "docs & more", "scope": 3, "paths": ["/pub"], "options": {"auth_mode": 1, "emails": list(emails)}, **members})
        assert made.status == 201, made
        return "/shares/" + made.headers["X-Object-ID"]

    return make


def ask(rest, link, email=GUEST, **options):
    return rest.post(link + "/auth/code", {"email": email}, **options)


def code_in(mail, to=GUEST):
    envelope, message, _ = mail
    assert envelope.rcpt_tos == [to]
    return re.search(r"<strong>(\w{4}-\w{4})</strong>", message.get_content()).group(1)


def prove(rest, link, code, email=GUEST, **options):
    return rest.post(link + "/auth/token", {"email": email, "code": code}, **options)


def bearer(answer):
    assert answer.status == 200, answer
    assert answer.headers["Cache-Control"] == "no-store"
    return {"Authorization": "Bearer " + answer.json()["access_token"]}


def token(rest, mails, link, email=GUEST, **options):
    assert ask(rest, link, email, **options).json() == SENT
    return bearer(prove(rest, link, code_in(mails.mail(), email), email, **options))


def test_a_code_opens_the_share_for_its_visitor(rest, mails, share, server):
    link = share()
    for refused in (rest.get(link + "/dirs"), rest.get(link), rest.post(link + "/files/x", b"x", raw=True), rest.get(link + "/dirs", headers={"Authorization": basic("x", "y")})):
        assert (refused.status, refused.json()["error"]) == (401, "this share asks for a code sent by mail")
        assert refused.headers["WWW-Authenticate"].startswith("Bearer")
    assert ask(rest, link).json() == SENT
    mail = mails.mail()
    assert mail[1]["Subject"] == "One-time access code" and "docs &amp; more" in mail[1].get_content()
    code = code_in(mail)
    headers = bearer(prove(rest, link, code))
    assert [e["name"] for e in rest.get(link + "/dirs", headers=headers).json()] == ["a.txt"]
    assert rest.get(link + "/files?path=a.txt", headers=headers).body == b"aaa"
    assert rest.post(link + "/files/b.txt", b"bbb", raw=True, headers=headers).status == 201
    assert rest.post(link + "/actions/mkdir?path=sub", headers=headers).status == 201
    assert rest.get(link, headers=headers).status == 200
    for name in ("b.txt", "sub"):
        (server.home("anna") / "pub" / name).rename(server.home("anna") / name)
    again = prove(rest, link, code)
    assert (again.status, again.json()["error"]) == (401, "invalid credentials"), "a code works once"


def test_uploads_in_pieces_take_the_token_too(rest, mails, share):
    import base64

    link = share()
    headers = {**token(rest, mails, link), "Tus-Resumable": "1.0.0"}
    encode = lambda text: base64.b64encode(text.encode()).decode()  # noqa: E731
    begin = {"Upload-Length": "3", "Upload-Metadata": f"path {encode('/piece')},share_id {encode(link.rsplit('/', 1)[1])}"}
    assert rest.post("/shares-chunked-uploads", headers={"Tus-Resumable": "1.0.0", **begin}).status == 401
    made = rest.post("/shares-chunked-uploads", headers={**headers, **begin})
    assert made.status == 201, made
    where = made.headers["Location"].removeprefix("/api/v2")
    piece = {"Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}
    assert rest.patch(where, b"abc", raw=True, headers={"Tus-Resumable": "1.0.0", **piece}).status == 401
    assert rest.patch(where, b"abc", raw=True, headers={**headers, **piece}).status == 204


def test_the_visitors_address_is_in_log_and_hooks(rest, mails, share, server, anna):
    link = share()
    headers = token(rest, mails, link, OTHER)
    assert rest.get(link + "/files?path=a.txt", headers=headers).status == 200
    line = server.wait_for_log(sender="Download", ext_username=OTHER)[0]
    assert (line["username"], line["protocol"], line["virtual_path"]) == ("anna", "HTTPShare", "/pub/a.txt")
    assert rest.post(link + "/actions/mkdir?path=by-other", headers=headers).status == 201
    assert server.wait_for_log(sender="Mkdir", ext_username=OTHER)[0]["username"] == "anna"
    assert anna.get("/user/files?path=/pub/a.txt").status == 200
    assert all("ext_username" not in l for l in server.log_lines(sender="Download") if l["protocol"] == "HTTP")
    (server.home("anna") / "pub/by-other").rmdir()


def test_nobody_learns_who_is_on_the_list(rest, mails, share):
    link = share()
    for email in ("stranger@example.org", GUEST + ".example", "x", GUEST + "," + OTHER, GUEST + "\r\nBcc: x@example.org", "x" * 300 + "@example.org"):
        answer = ask(rest, link, email)
        assert (answer.status, answer.json()) == (200, SENT), email
        refused = prove(rest, link, "ABCD-EFGH", email)
        assert (refused.status, refused.json()["error"]) == (401, "invalid credentials")
    assert mails.is_empty()
    assert ask(rest, link, " GUEST@example.org ").json() == SENT
    assert bearer(prove(rest, link, code_in(mails.mail()).lower().replace("-", " "), "Guest@Example.ORG"))


def test_a_code_is_for_one_share_and_one_address(rest, mails, share):
    link, other = share(), share()
    assert ask(rest, link).json() == SENT
    code = code_in(mails.mail())
    assert prove(rest, other, code).status == 401
    assert prove(rest, link, code, OTHER).status == 401
    headers = bearer(prove(rest, link, code))
    assert rest.get(other + "/dirs", headers=headers).status == 401, "and so is the token"
    elsewhere = {**headers, "X-Visitor": next(visitors)}
    assert rest.get(link + "/dirs", headers=elsewhere).status == 401, "and for one place"
    assert rest.get("/user/profile", headers=headers).status == 401
    assert rest.get("/users", headers=headers).status == 401


def test_other_tokens_open_no_share(rest, server, share, anna):
    link = share()
    assert rest.get(link + "/dirs", headers={"Authorization": anna.headers["Authorization"]}).status == 401
    assert rest.get(link + "/dirs", headers={"Authorization": Rest(server.http_port).admin().headers["Authorization"]}).status == 401
    assert rest.get(link + "/dirs", headers={"Authorization": "Bearer nonsense"}).status == 401


def test_codes_are_not_guessed(rest, mails, share):
    link = share()
    assert ask(rest, link).json() == SENT
    code = code_in(mails.mail())
    for i in range(5):
        assert prove(rest, link, f"WRONG{i}").status == 401
    assert prove(rest, link, code).status == 401, "too many wrong ones have ended it"
    for i in range(4):
        assert prove(rest, link, f"WRONG{i}").status == 401
    assert prove(rest, link, code).status == 429
    elsewhere = {"X-Visitor": next(visitors)}
    assert ask(rest, link, headers=elsewhere).json() == SENT
    assert prove(rest, link, code_in(mails.mail()), headers=elsewhere).status == 200


def test_mails_are_few(rest, mails, share):
    link = share()
    for _ in range(20):
        assert ask(rest, link).json() == SENT
    for _ in range(5):
        code_in(mails.mail())
    assert mails.is_empty()
    assert ask(rest, link).status == 429
    assert ask(rest, link, headers={"X-Visitor": next(visitors)}).json() == SENT
    assert ask(rest, link, OTHER, headers={"X-Visitor": next(visitors)}).json() == SENT
    code_in(mails.mail(), OTHER)
    assert mails.is_empty()


def test_the_password_comes_before_the_code(rest, mails, share):
    link = share(password="share Password 1")
    right, wrong = ({"headers": {"Authorization": basic("x", p)}} for p in ("share Password 1", "wrong"))
    for options in ({}, wrong):
        for answer in (ask(rest, link, **options), prove(rest, link, "ABCD-EFGH", **options)):
            assert (answer.status, answer.json()["error"]) == (401, "invalid credentials")
            assert answer.headers["WWW-Authenticate"].startswith("Basic")
    assert mails.is_empty()
    assert rest.get(link + "/dirs", **right).status == 401, "the password is not enough"
    assert rest.get(link + "/dirs", headers=token(rest, mails, link, **right)).status == 200


def test_a_token_ends_with_what_it_stands_for(rest, mails, share, anna):
    link = share()
    headers = token(rest, mails, link)
    other = token(rest, mails, link, OTHER)
    mine = "/user" + link
    document = anna.get(mine).json()
    assert rest.get(link + "/dirs", headers=headers).status == 200
    assert anna.put(mine, {**document, "options": {"auth_mode": 1, "emails": [OTHER]}}).status == 200
    assert rest.get(link + "/dirs", headers=headers).status == 401, "the share is no longer for this address"
    assert rest.get(link + "/dirs", headers=other).status == 200
    assert anna.put(mine, {**document, "password": "share Password 1"}).status == 200
    assert rest.get(link + "/dirs", headers=other).status == 401, "who has the token did not know the password"
    assert anna.put(mine, {**document, "options": {"auth_mode": 0, "emails": []}}).status == 200
    assert rest.get(link + "/dirs").status == 200, "everybody may"
    assert anna.delete(mine).status == 200
    assert rest.get(link + "/dirs", headers=other).status == 404


def test_what_bounds_a_share_bounds_its_codes(rest, mails, share, anna):
    import time

    elsewhere = share(allow_from=["192.0.2.0/24"])
    assert ask(rest, elsewhere).json()["error"] == "login is not allowed from this IP"
    used = share(max_tokens=1)
    headers = token(rest, mails, used)
    assert rest.get(used + "/files?path=a.txt", headers=headers).status == 200
    assert rest.get(used + "/dirs", headers=headers).status == 404
    assert ask(rest, used).status == 404 and prove(rest, used, "ABCD-EFGH").status == 404
    for nothing in ("/shares/nothing", "/shares/" + "x" * 500):
        assert ask(rest, nothing).json() == {"error": "Not Found", "message": ""}
        assert prove(rest, nothing, "x").status == 404
    plain = anna.post("/user/shares", {"name": "s", "scope": 1, "paths": ["/pub"]}).headers["X-Object-ID"]
    assert ask(rest, "/shares/" + plain).json()["error"] == "this share asks for no code"
    soon = share(expires_at=int((time.time() + 1) * 1000))
    wait_for(lambda: ask(rest, soon, "nobody@example.org", headers={"X-Visitor": next(visitors)}).status == 404)
    assert mails.is_empty()


@pytest.mark.parametrize("body", [{}, {"email": ""}, {"email": 1}, {"email": None}, {"email": ["guest@example.org"]}, [], "x", 1])
def test_bodies_that_say_nothing(rest, share, body):
    link = share()
    for path in ("/auth/code", "/auth/token"):
        assert rest.post(link + path, body).status == 400
    assert rest.post(link + "/auth/token", {"email": GUEST, "code": body if not isinstance(body, str) else ""}).status == 400


def test_owners_may_be_held_to_codes(rest, server, anna):
    root = Rest(server.http_port).admin()
    plain = "/shares/" + anna.post("/user/shares", {"name": "s", "scope": 1, "paths": ["/pub"]}).headers["X-Object-ID"]
    document = root.get("/users/anna").json()
    assert rest.get(plain + "/dirs").status == 200
    assert root.put("/users/anna", {**document, "filters": {"web_client": ["shares-require-email-auth"]}}).status == 200
    refused = rest.get(plain + "/dirs")
    assert (refused.status, refused.json()["error"]) == (403, "sharing without codes by mail was disabled")
    assert root.put("/users/anna", document).status == 200
    assert rest.get(plain + "/dirs").status == 200


def test_without_a_mail_server_nobody_is_asked_for_a_code(make_server, tmp_path):
    port = free_port()
    make_server(dump={"admins": [admin()], "users": [user("anna", tmp_path / "anna")]}, config=rest_config(port))
    rest = Rest(port)
    made = rest.user("anna").post("/user/shares", {"name": "s", "scope": 1, "paths": ["/"], "options": {"auth_mode": 1, "emails": [GUEST]}})
    link = "/shares/" + made.headers["X-Object-ID"]
    assert rest.get(link + "/dirs").status == 401
    for answer in (ask(rest, link), prove(rest, link, "x"), ask(rest, "/shares/nothing")):
        assert (answer.status, answer.json()["message"]) == (400, "No SMTP configuration")


def test_words_and_subject_can_be_chosen(make_server, tmp_path, mails):
    port = free_port()
    templates = tmp_path / "words" / "email"
    templates.mkdir(parents=True)
    (templates / "share-code.html").write_text("<i>{{.Share}}</i> <strong>{{.Code}}</strong> {{.Minutes}}")
    make_server(dump={"admins": [admin()], "users": [user("anna", tmp_path / "anna")]},
                config={**rest_config(port), "smtp": {"host": "127.0.0.1", "port": mails.port, "from": "files@example.org", "templates_path": str(tmp_path / "words")}},
                environment={"SFTPGO_HOOK__SHARE_CODE_EMAIL_SUBJECT": "Grüße"})
    rest = Rest(port)
    made = rest.user("anna").post("/user/shares", {"name": "a & b", "scope": 1, "paths": ["/"], "options": {"auth_mode": 1, "emails": [GUEST]}})
    assert ask(rest, "/shares/" + made.headers["X-Object-ID"]).json() == SENT
    mail = mails.mail()
    assert mail[1]["Subject"] == "Grüße" and mail[1].get_content().startswith("<i>a &amp; b</i>") and code_in(mail)
