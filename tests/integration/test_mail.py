"""Mail over SMTP, and forgotten passwords: against a real mail server, with and without TLS and logins."""
import re
import time

import mail_server
import pytest
from rest import Rest, admin, rest_config
from slipway_server import free_port, merge, user, wait_for

SENT = {"message": "Check your email for the confirmation code"}
NEW = "after Password 2"


@pytest.fixture
def mails():
    server = mail_server.plain_server()
    yield server
    server.stop()


@pytest.fixture
def start(make_server, tmp_path):
    """A server with ann and root, whose smtp section is `smtp`."""

    def make(smtp, dump=None, environment=None, data_provider=None, **ann):
        port = free_port()
        accounts = {
            "admins": [admin(email="root@example.org"), admin("silent")],
            "users": [user("ann", tmp_path / "ann", email="ann@example.org", **ann), user("mute", tmp_path / "mute")],
        }
        server = make_server(dump=merge(accounts, dump or {}), config={**merge(rest_config(port), {"smtp": smtp} if smtp is not None else {}), "data_provider": data_provider or {}},
                             environment=environment or {})
        server.http_port = port
        return server

    return make


def smtp(mails, **more):
    return {"host": "127.0.0.1", "port": mails.port, "from": "Slipway <files@example.org>", **more}


def code_of(message):
    return re.search(r"<strong>(\w{22})</strong>", message.get_content()).group(1)


def forgot(server, kind="users", name="ann"):
    return Rest(server.http_port).post(f"/{kind}/{name}/forgot-password")


def reset(server, code, password=NEW, kind="users", name="ann"):
    return Rest(server.http_port).post(f"/{kind}/{name}/reset-password", {"code": code, "password": password})


def test_a_user_gets_a_code_and_sets_a_password(start, mails):
    server = start(smtp(mails))
    answer = forgot(server)
    assert (answer.status, answer.json()) == (200, SENT)
    envelope, message, _ = mails.mail()
    assert (envelope.mail_from, envelope.rcpt_tos) == ("files@example.org", ["ann@example.org"])
    assert message["From"] == "Slipway <files@example.org>" and message["To"] == "ann@example.org"
    assert message["Subject"] == 'Email Verification Code for user "ann"'
    assert message.get_content_type() == "text/html" and message["Auto-Submitted"] == "auto-generated"
    code = code_of(message)
    assert code not in server.log_text()
    # The name in the path does not count: the code says whose it is.
    done = reset(server, code, name="somebody")
    assert (done.status, done.json()) == (200, {"message": "Password reset successful"})
    Rest(server.http_port).user("ann", NEW)
    assert Rest(server.http_port).token("/user/token", "ann", "ann").status == 401
    again = reset(server, code, "another Password 3")
    assert (again.status, again.json()["error"]) == (400, "confirmation code not found")


def test_an_administrator_gets_one_too_and_codes_are_not_mixed_up(start, mails):
    server = start(smtp(mails))
    assert forgot(server, "admins", "root").json() == SENT
    envelope, message, _ = mails.mail()
    assert envelope.rcpt_tos == ["root@example.org"]
    assert message["Subject"] == 'Email Verification Code for admin "root"'
    code = code_of(message)
    wrong = reset(server, code)
    assert (wrong.status, wrong.json()["error"]) == (400, "invalid confirmation code")
    assert reset(server, code, kind="admins", name="root").status == 200
    Rest(server.http_port).admin("root", NEW)


def test_the_answer_tells_nothing_of_accounts(start, mails):
    server = start(smtp(mails), filters={"web_client": ["password-reset-disabled"]})
    answers = [forgot(server, kind, name) for kind, name in (
        ("users", "nobody"), ("users", "ann"), ("users", "mute"), ("users", "root"), ("admins", "ann"), ("admins", "silent"),
        ("admins", "nobody"), ("users", "%0d%0aBcc:%20x@example.org"))]
    assert {(a.status, a.text) for a in answers} == {(200, answers[0].text)} and answers[0].json() == SENT
    assert {tuple(sorted(set(a.headers.keys()) - {"Date"})) for a in answers}.__len__() == 1
    wait_for(lambda: len(server.log_lines(message="no code is sent")) == len(answers))
    assert mails.is_empty()


@pytest.mark.parametrize("shared", [0, 1])
def test_codes_outlive_the_server_where_others_use_its_database(start, mails, shared):
    server = start(smtp(mails), data_provider={"is_shared": shared})
    codes = []
    for kind, name in (("users", "ann"), ("admins", "root")):
        assert forgot(server, kind, name).status == 200
        codes.append(code_of(mails.mail()[1]))
    server.stop()
    for part in server.dir.glob("slipway.db*"):
        assert not [code for code in codes if code.encode() in part.read_bytes()], "codes themselves are stored nowhere"
    server.start()
    if not shared:
        check_refused(reset(server, codes[0]))
        return
    assert reset(server, codes[1]).json()["error"] == "invalid confirmation code", "of the other kind of account"
    assert reset(server, codes[1], kind="admins", name="root").status == 200
    assert reset(server, codes[0]).status == 200
    Rest(server.http_port).user("ann", NEW)
    Rest(server.http_port).admin("root", NEW)
    for code in codes:
        check_refused(reset(server, code, "another Password 3"))


def check_refused(answer):
    assert (answer.status, answer.json()["error"]) == (400, "confirmation code not found")


def test_what_is_wrong_with_a_reset_is_told(start, mails):
    server = start(smtp(mails), password="before Password 1", filters={"password_policy": {"length": 12}})
    forgot(server)
    code = code_of(mails.mail()[1])
    for body, error in (({"password": NEW}, "please set a confirmation code"), ({"code": code}, "please set a password"),
                        ({"code": "x", "password": NEW}, "confirmation code not found"),
                        ({"code": 5, "password": NEW}, None), ({"code": code, "password": ["x"]}, None),
                        ({"code": code, "password": "short"}, None)):
        answer = Rest(server.http_port).post("/users/ann/reset-password", body)
        assert answer.status == 400, body
        assert error is None or answer.json()["error"] == error
    assert Rest(server.http_port).send("POST", "/users/ann/reset-password", b"[", raw=True).status == 400
    assert reset(server, code).status == 200


def test_second_factors_stay(start, mails):
    server = start(smtp(mails))
    ann = Rest(server.http_port).user("ann")
    secret = ann.post("/user/totp/generate", {"config_name": "Default"}).json()["secret"]
    saved = ann.post("/user/totp/save", {"enabled": True, "config_name": "Default", "protocols": ["HTTP"],
                                         "secret": {"status": "Plain", "payload": secret}})
    assert saved.status == 200, saved
    forgot(server)
    assert reset(server, code_of(mails.mail()[1])).status == 200
    assert Rest(server.http_port).token("/user/token", "ann", NEW).status == 401


def test_too_many_requests_and_wrong_codes_are_refused(start, mails):
    server = start(smtp(mails))
    answers = [forgot(server).status for _ in range(22)]
    assert answers[:20] == [200] * 20 and answers[20:] == [429] * 2
    wait_for(lambda: len(server.log_lines(message="a code is sent") + server.log_lines(message="no code is sent")) == 20)
    codes = [code_of(mails.mail()[1]) for _ in range(3)]
    wait_for(lambda: len(server.log_lines(message="mail sent")) == 3)
    assert mails.is_empty()
    assert [reset(server, "wrong").status for _ in range(11)] == [400] * 10 + [429]
    assert reset(server, codes[0]).status == 429


def test_wrong_names_and_codes_count_for_the_defender(start, mails):
    server = start(smtp(mails))
    server.stop()
    server.config = merge(server.config, {"common": {"defender": {"enabled": True, "threshold": 5, "score_invalid": 2, "score_valid": 1}}})
    server.start()
    for _ in range(3):
        forgot(server, name="nobody")
    wait_for(lambda: forgot(server, name="nobody").status == 403)


def test_without_a_mail_server_there_is_no_reset(start):
    for config in (None, {"host": ""}):
        server = start(config)
        for path in ("/users/ann/forgot-password", "/users/ann/reset-password", "/admins/root/forgot-password", "/admins/root/reset-password"):
            answer = Rest(server.http_port).post(path, {"code": "x", "password": "y"})
            assert (answer.status, answer.json()) == (400, {"message": "No SMTP configuration"})
        server.stop()


def test_routes_go_with_the_logins_they_are_for(start, mails):
    server = start(smtp(mails))
    server.stop()
    server.config["httpd"]["bindings"][0]["disabled_login_methods"] = 16
    server.start()
    assert forgot(server, "admins", "root").status == 404
    assert reset(server, "x", kind="admins").status == 404
    assert forgot(server).status == 200


@pytest.mark.parametrize("auth_type, mechanism", [(0, "PLAIN"), (1, "LOGIN"), (2, "CRAM-MD5")])
def test_logins_to_the_mail_server(start, auth_type, mechanism):
    mails = mail_server.login_server() if mechanism != "CRAM-MD5" else mail_server.cram_server()
    try:
        server = start(smtp(mails, user="mailer@example.org", password="mail Password 1", auth_type=auth_type, debug=1))
        forgot(server)
        _, message, _ = mails.mail()
        assert code_of(message)
        assert [login[0] for login in mails.keeper.logins] == [mechanism]
        server.wait_for_log(message="mail sent")
        assert server.log_lines(message="SMTP dialogue", line="AUTH ***")
        secrets = ("mail Password 1", "bWFpbCBQYXNzd29yZCAx", "AG1haWxlckBleGFtcGxlLm9yZwBtYWlsIFBhc3N3b3JkIDE")
        assert not [s for s in secrets if s in server.log_text()]
    finally:
        mails.stop()


def test_a_login_that_is_refused_is_logged_and_the_answer_is_the_same(start):
    mails = mail_server.login_server()
    try:
        server = start(smtp(mails, user="mailer@example.org", password="wrong"))
        assert forgot(server).json() == SENT
        server.wait_for_log(message="unable to send a mail")
        assert mails.is_empty() and "wrong" not in server.log_text()
    finally:
        mails.stop()


def test_a_server_without_logins_gets_the_mail_all_the_same(start, mails):
    server = start(smtp(mails, user="mailer@example.org", password="mail Password 1"))
    forgot(server)
    assert mails.mail()[0].rcpt_tos == ["ann@example.org"]
    assert server is not None


@pytest.mark.parametrize("encryption", [1, 2])
def test_encryption_is_checked(start, tmp_path, encryption):
    cert, _, context = mail_server.certificate(tmp_path)
    mails = mail_server.tls_server(context) if encryption == 1 else mail_server.starttls_server(context)
    try:
        options = smtp(mails, user="mailer@example.org", password="mail Password 1", encryption=encryption)
        server = start(options)
        forgot(server)
        # Nobody has signed the certificate.
        server.wait_for_log(message="unable to send a mail")
        assert mails.is_empty() and mails.keeper.logins == []
        server.config["smtp"]["ca_file"] = str(cert)
        server.write_config()
        root = Rest(server.http_port).admin()
        assert root.post("/modules/action-email/reconfigure").status == 200
        forgot(server)
        _, message, session = mails.mail()
        assert encryption == 1 or session.ssl is not None  # the other server speaks nothing but TLS
        assert code_of(message)
        described = root.get("/modules/action-email/description")
        assert described.json()["values"]["password"] == "[**redacted**]" and "mail Password" not in described.text
    finally:
        mails.stop()


def test_nothing_is_sent_where_starttls_is_not_offered(start, mails):
    server = start(smtp(mails, encryption=2))
    forgot(server)
    server.wait_for_log(message="unable to send a mail")
    assert mails.is_empty()


def test_a_slow_or_absent_mail_server_delays_no_answer(start, mails):
    server = start(smtp(mails))
    mails.keeper.may_answer.clear()
    for _ in range(3):
        assert forgot(server).json() == SENT
    assert Rest(server.http_port).user("ann").get("/user/profile").status == 200
    mails.keeper.may_answer.set()
    assert len({code_of(mails.mail()[1]) for _ in range(3)}) == 3
    mails.stop()
    assert forgot(server, "admins", "root").json() == SENT
    server.wait_for_log(message="unable to send a mail")


def test_stopping_waits_for_mails_within_its_time_only(start, mails):
    server = start(smtp(mails))
    mails.keeper.may_answer.clear()
    forgot(server)
    server.wait_for_log(message="a code is sent")
    began = time.monotonic()
    server.stop()
    assert time.monotonic() - began < 60
    assert [line["count"] for line in server.log_lines(message="mails were not sent before the module stopped")] == [1]


def test_all_addresses_of_a_user_get_the_mail_and_a_refused_one_is_logged(start):
    mails = mail_server.plain_server(refused=["second@example.org"])
    try:
        server = start(smtp(mails), filters={"additional_emails": ["third@example.org"]})
        forgot(server)
        envelope, message, _ = mails.mail()
        assert envelope.rcpt_tos == ["ann@example.org", "third@example.org"]
        assert code_of(message)
        root = Rest(server.http_port).admin()
        ann = root.get("/users/ann").json()
        ann["filters"]["additional_emails"] = ["second@example.org"]
        assert root.put("/users/ann", ann).status == 200
        forgot(server)
        server.wait_for_log(message="unable to send a mail")
        assert mails.is_empty()
    finally:
        mails.stop()


def test_words_and_subject_can_be_chosen(start, mails, tmp_path):
    templates = tmp_path / "words" / "email"
    templates.mkdir(parents=True)
    (templates / "reset-password.html").write_text("<b>Dear {{.Username}}</b>: <strong>{{.Code}}</strong>")
    server = start(smtp(mails, templates_path=str(tmp_path / "words")), environment={"SFTPGO_HOOK__PASSWORD_FORGOT_EMAIL_SUBJECT": "Grüße & Code"})
    forgot(server)
    _, message, _ = mails.mail()
    assert message["Subject"] == "Grüße & Code"
    assert message.get_content().startswith("<b>Dear ann</b>: ") and code_of(message)
    (templates / "reset-password.html").write_text("{{range .Code}}x{{end}}")
    forgot(server)
    assert code_of(mails.mail()[1])
    server.wait_for_log(message="a mail template is of no use; the built-in one is sent")


def test_settings_of_the_database_come_before_the_file(start, mails):
    stored = {"host": "127.0.0.1", "port": mails.port, "from": "stored@example.org", "user": "mailer@example.org",
              "password": {"status": "Plain", "payload": "mail Password 1"}, "auth_type": 0, "encryption": 0}
    server = start({"host": "127.0.0.1", "port": 1, "from": "file@example.org"}, dump={"configs": {"smtp": stored}})
    forgot(server)
    assert mails.mail()[0].mail_from == "stored@example.org"
    dump = Rest(server.http_port).admin().get("/dumpdata", query={"output-data": "1"}).text
    assert "mail Password 1" not in dump and '"smtp"' in dump


@pytest.mark.parametrize("wrong, key", [
    ({"auth_type": 3}, "smtp.user"), ({"auth_type": 4}, "smtp.auth_type"), ({"from": "", "user": ""}, "smtp.from"), ({"from": "nobody"}, "smtp.from"),
    ({"host": "a b"}, "smtp.host"), ({"domain": "x/y"}, "smtp.domain"), ({"port": 0}, "smtp.port"), ({"encryption": 3}, "smtp.encryption"),
])
def test_wrong_settings_are_refused(start, mails, wrong, key):
    server = start(smtp(mails))
    server.config["smtp"].update(wrong)
    server.write_config()
    root = Rest(server.http_port).admin()
    refused = root.post("/modules/action-email/reconfigure")
    assert refused.status in (400, 501) and key in refused.json()["error"] + key * ("smtp" not in refused.text), refused
    forgot(server)
    assert mails.mail()[0].mail_from == "files@example.org"


def test_the_command_line_sends_a_test_mail(start, mails):
    server = start(smtp(mails))
    done = server.run("smtptest", "--recipient", "you@example.org")
    assert "you@example.org" in done.stdout
    envelope, message, _ = mails.mail()
    assert envelope.rcpt_tos == ["you@example.org"] and message.get_content_type() == "text/plain"
    for recipient in ("nobody", "x@example.org\r\nBcc: y@example.org", "x@example.org,y@example.org"):
        refused = server.run("smtptest", "--recipient", recipient, check=False)
        assert refused.returncode == 1 and "recipients" in refused.stderr, refused
    mails.stop()
    assert server.run("smtptest", "--recipient", "you@example.org", check=False).returncode == 1
    assert mails.is_empty()


def test_without_mail_the_test_mail_says_so(start):
    refused = start({}).run("smtptest", "--recipient", "you@example.org", check=False)
    assert refused.returncode == 1 and "smtp.host" in refused.stderr
