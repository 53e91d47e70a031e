"""The HTTP module as a server: who is let in, TLS, unix sockets, several bindings, reload."""
import http.client
import json
import signal
import socket
import ssl
import subprocess
import threading

import pytest
from rest import Answer, Rest, admin, basic, rest_config
from slipway_server import free_port, merge, user, wait_for


def bindings(*settings, **httpd):
    return {"httpd": {"bindings": list(settings), **httpd}}


def certificate(directory, name="localhost"):
    files = directory / f"{name}.pem", directory / f"{name}.key"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", f"/CN={name}", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", files[1], "-out", files[0]], check=True, capture_output=True)
    return files


def test_too_many_requests_at_once_are_429(make_server, tmp_path):
    port = free_port()
    config = merge(rest_config(port), {"common": {"max_per_host_connections": 1}})
    make_server(config=config, dump={"admins": [admin()], "users": [user("anna", tmp_path / "anna")]})
    rest = Rest(port)
    # The probe of the test's own start counts as well.
    wait_for(lambda: rest.token("/user/token", "anna", "anna").status == 200)
    anna = rest.user("anna")
    slow = socket.create_connection(("127.0.0.1", port), timeout=60)
    slow.sendall(
        f"POST /api/v2/user/files/upload?path=slow HTTP/1.1\r\nHost: a\r\nAuthorization: {anna.headers['Authorization']}\r\n"
        "Content-Length: 10\r\nExpect: 100-continue\r\n\r\n".encode())
    answer = slow.makefile("rb")
    assert answer.readline().split()[1] == b"100"  # it is in
    assert answer.readline() == b"\r\n"
    slow.sendall(b"12345")
    refused = anna.get("/user/profile")
    assert refused.status == 429
    assert refused.headers["Retry-After"] == "1"
    assert refused.json() == {"error": "you are not allowed to connect", "message": "Too Many Requests"}
    assert Rest(port, base="").get("/healthz").status == 200
    slow.sendall(b"67890")
    assert answer.readline().split()[1] == b"201"
    slow.close()
    assert anna.get("/user/profile").status == 200


def test_addresses_that_are_not_wanted_are_403(make_server):
    port = free_port()
    config = merge(rest_config(port), {"common": {"defender": {"enabled": True, "threshold": 4, "score_invalid": 2, "login_delay": {"password_failed": 0}}}})
    server = make_server(config=config, dump={"admins": [admin()]})
    rest = Rest(port)
    root = rest.admin()
    for _ in range(4):
        rest.token("/token", "nobody", "x")
    refused = root.get("/version")
    assert (refused.status, refused.json()) == (403, {"error": "you are not allowed to connect", "message": ""})
    assert rest.token("/token", "root", "root Password 1").status == 403
    assert [line["client_ip"] for line in server.log_lines(sender="connection_refused")][-1] == "127.0.0.1"


def test_rate_limits_are_429(make_server):
    port = free_port()
    config = merge(rest_config(port), {"common": {"rate_limiters": [{"average": 1, "period": 3_600_000, "burst": 3, "type": 2, "protocols": ["HTTP"]}]}})
    make_server(config=config, dump={"admins": [admin()]})
    rest = Rest(port)
    answers = [rest.get("/nothing").status for _ in range(5)]
    assert answers == [404, 404, 404, 429, 429]
    refused = rest.get("/nothing")
    assert refused.headers["Retry-After"] and refused.json()["message"] == "Too Many Requests"


def test_https_with_certificates_of_clients(make_server, tmp_path):
    cert, key = certificate(tmp_path)
    client_cert, client_key = certificate(tmp_path, "client")
    plain, tls, mutual = free_port(), free_port(), free_port()
    https = {"address": "127.0.0.1", "enable_https": True, "certificate_file": str(cert), "certificate_key_file": str(key)}
    make_server(config=bindings({"address": "127.0.0.1", "port": plain}, {**https, "port": tls}, {**https, "port": mutual, "client_auth_type": 1}, ca_certificates=[str(client_cert)]), dump={"admins": [admin()]})
    context = ssl.create_default_context(cafile=str(cert))

    def get(port, context):
        connection = http.client.HTTPSConnection("localhost", port, context=context)
        connection.request("GET", "/api/v2/token", headers={"Authorization": basic("root", "root Password 1")})
        return Answer(connection.getresponse())

    token = get(tls, context)
    assert token.status == 200
    # Each binding signs with a key of its own.
    assert Rest(plain).with_bearer(token.json()["access_token"]).get("/version").status == 401
    with pytest.raises((ssl.SSLError, OSError, http.client.HTTPException)):
        get(mutual, context)
    context.load_cert_chain(client_cert, client_key)
    assert get(mutual, context).status == 200


def test_a_reload_reads_certificates_again(make_server, tmp_path):
    cert, key = certificate(tmp_path)
    port = free_port()
    server = make_server(config=bindings({"address": "127.0.0.1", "port": port, "enable_https": True}, certificate_file=str(cert), certificate_key_file=str(key)))
    shown = lambda: ssl.get_server_certificate(("127.0.0.1", port))  # noqa: E731
    first = cert.read_text()
    assert shown() == first
    certificate(tmp_path)
    assert cert.read_text() != first
    server.signal(signal.SIGHUP)
    wait_for(lambda: shown() == cert.read_text())


def test_security_headers(make_server):
    port = free_port()
    security = {
        "enabled": True, "allowed_hosts": ["files.example.com", "localhost"], "https_redirect": True, "https_host": "files.example.com",
        "https_proxy_headers": [{"key": "X-Forwarded-Proto", "value": "https"}], "sts_seconds": 100, "content_type_nosniff": True,
        "content_security_policy": "default-src 'none'", "referrer_policy": "no-referrer", "cache_control": "private",
    }
    make_server(config=bindings({"address": "127.0.0.1", "port": port, "proxy_allowed": ["127.0.0.1"], "security": security}))
    ask = lambda **headers: Rest(port, "127.0.0.1").get("/version?x=1", headers={k.replace("_", "-"): v for k, v in headers.items()})  # noqa: E731
    refused, redirected, served = ask(Host="evil.example"), ask(Host="localhost"), ask(Host="localhost", X_Forwarded_Proto="https")
    assert (refused.status, redirected.status, served.status) == (403, 301, 401)
    assert redirected.headers["Location"] == "https://files.example.com/api/v2/version?x=1"
    assert served.headers["Strict-Transport-Security"] == "max-age=100" and redirected.headers["Strict-Transport-Security"] is None
    for answer in (refused, redirected, served):
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Content-Security-Policy"] == "default-src 'none'"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert "no-store" in answer.headers["Cache-Control"]


def test_a_unix_socket(make_server, tmp_path):
    path = str(tmp_path / "http.sock")
    make_server(config=bindings({"address": path, "port": 1}), dump={"admins": [admin()]})
    connection = http.client.HTTPConnection("localhost")
    connection.sock = socket.socket(socket.AF_UNIX)
    connection.sock.connect(path)
    connection.request("GET", "/api/v2/token", headers={"Authorization": basic("root", "root Password 1")})
    assert connection.getresponse().status == 200


def test_the_client_behind_a_proxy(make_server):
    port = free_port()
    config = bindings({"address": "127.0.0.1", "port": port, "proxy_allowed": ["127.0.0.1"], "client_ip_proxy_header": "X-Forwarded-For"})
    make_server(config=config, dump={"admins": [admin(filters={"allow_list": ["198.51.100.0/24"]})]})
    rest = Rest(port)
    headers = {"Authorization": basic("root", "root Password 1")}
    assert rest.get("/token", headers=headers).status == 401
    answer = rest.get("/token", headers={**headers, "X-Forwarded-For": "203.0.113.5, 198.51.100.7"})
    assert answer.status == 200
    token = rest.with_bearer(answer.json()["access_token"])
    assert token.get("/version", headers={"X-Forwarded-For": "198.51.100.7"}).status == 200
    assert token.get("/version", headers={"X-Forwarded-For": "198.51.100.8"}).json() == {"message": "Your token is not valid"}


def test_pages_of_other_origins(make_server):
    port = free_port()
    make_server(config=rest_config(port, cors={"enabled": True, "allowed_origins": ["https://a.example"], "allowed_methods": ["GET", "PUT"], "allowed_headers": ["*"]}))
    preflight = {"Origin": "https://a.example", "Access-Control-Request-Method": "PUT"}
    answer = Rest(port).send("OPTIONS", "/users/x", headers=preflight)
    assert answer.status == 204 and answer.headers["Access-Control-Allow-Origin"] == "https://a.example"
    assert Rest(port).send("OPTIONS", "/users/x", headers={**preflight, "Origin": "https://b.example"}).headers["Access-Control-Allow-Origin"] is None


def test_a_reload_keeps_tokens_and_changes_bindings(make_server):
    first, second = free_port(), free_port()
    server = make_server(config=bindings({"address": "127.0.0.1", "port": first}), dump={"admins": [admin()]})
    root = Rest(first).admin()
    assert Rest(first).admin().get("/logout").status == 200
    server.config["httpd"] = {"bindings": [{"address": "127.0.0.1", "port": first, "disabled_login_methods": 16}, {"address": "127.0.0.1", "port": second}]}
    server.write_config()
    server.signal(signal.SIGHUP)
    server.wait_for_log(sender="service", message="configuration reloaded")
    assert root.get("/version").status == 200
    assert Rest(first).get("/token", headers={"Authorization": basic("root", "root Password 1")}).status == 404
    assert Rest(second).admin().get("/version").status == 200
    assert root.post("/modules/protocol-http/reconfigure").json() == {"message": "Module reconfigured"}
    server.config["httpd"] = {"bindings": [{"address": "127.0.0.1", "port": second}], "signing_passphrase_file": "/nothing/there"}
    server.write_config()
    refused = Rest(second).admin().post("/modules/protocol-http/reconfigure")
    assert refused.status == 400 and "signing_passphrase_file" in refused.json()["error"]
    assert root.get("/version").status == 200, "nothing has changed"
    del server.config["httpd"]["signing_passphrase_file"]
    server.write_config()
    server.signal(signal.SIGHUP)
    wait_for(lambda: len(server.log_lines(sender="service", message="configuration reloaded")) == 2)
    with pytest.raises(OSError):
        socket.create_connection(("127.0.0.1", first), 5)
    assert Rest(second).admin().get("/version").status == 200


def test_many_at_once(make_server, tmp_path):
    port = free_port()
    make_server(config=rest_config(port), dump={"admins": [admin()], "users": [user("anna", tmp_path / "anna")]})
    anna, failures = Rest(port).user("anna"), []

    def work(n):
        content = bytes([n]) * 200_000
        for i in range(5):
            path = f"/f{n}-{i}"
            if anna.post("/user/files/upload", content, raw=True, query={"path": path}).status != 201:
                failures.append(path)
            if anna.get("/user/files", query={"path": path}).body != content:
                failures.append(path)
            if anna.delete("/user/files", query={"path": path}).status != 200:
                failures.append(path)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures


def test_the_server_ends_while_requests_run(make_server, tmp_path):
    port = free_port()
    server = make_server(config=rest_config(port), dump={"users": [user("anna", tmp_path / "anna")]})
    anna = Rest(port).user("anna")
    connections = []
    for n in range(5):
        connection = http.client.HTTPConnection("127.0.0.1", port)
        connection.putrequest("POST", f"/api/v2/user/files/upload?path=slow{n}")
        connection.putheader("Authorization", anna.headers["Authorization"])
        connection.putheader("Content-Length", "1000000")
        connection.endheaders()
        connection.send(b"x" * 1000)
        connections.append(connection)
    idle = socket.create_connection(("127.0.0.1", port))
    server.stop()
    idle.close()


def test_every_request_is_logged_without_secrets(make_server, tmp_path):
    port = free_port()
    server = make_server(config=rest_config(port), dump={"admins": [admin()]})
    Rest(port).admin().get("/version", headers={"User-Agent": "tests"})
    line = server.wait_for_log(sender="protocol-http", uri="/api/v2/version")[0]
    assert (line["method"], line["resp_status"], line["user_agent"], line["remote_addr"]) == ("GET", 200, "tests", "127.0.0.1")
    assert "root Password 1" not in server.log_text() and "eyJ" not in server.log_text()
    assert json.dumps(line)
