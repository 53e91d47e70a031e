"""A small client of the REST API for tests: tokens, JSON, and the whole answer."""
import base64
import http.client
import json
import urllib.parse


class Answer:
    def __init__(self, response):
        self.status = response.status
        self.headers = response.headers
        self.body = response.read()

    @property
    def text(self):
        return self.body.decode()

    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return f"<{self.status} {self.body[:300]!r}>"


class Rest:
    """One account at one server. Requests go over fresh connections."""

    def __init__(self, port, host="127.0.0.1", base="/api/v2"):
        self.host, self.port, self.base = host, port, base
        self.headers = {}

    def send(self, method, path, body=None, headers=None, query=None, raw=False):
        if query:
            path += "?" + urllib.parse.urlencode(query, doseq=True)
        sent = {**self.headers, **(headers or {})}
        if body is not None and not raw:
            body = json.dumps(body)
            sent.setdefault("Content-Type", "application/json")
        connection = http.client.HTTPConnection(self.host, self.port, timeout=60)
        try:
            try:
                connection.request(method, self.base + path, body=body, headers=sent)
            except (BrokenPipeError, ConnectionResetError):
                pass  # refused before all of the body was sent, on a machine that took its time: the answer is there
            return Answer(connection.getresponse())
        finally:
            connection.close()

    def _another(self):
        return type(self)(self.port, self.host)

    def get(self, path, **options):
        return self.send("GET", path, **options)

    def post(self, path, body=None, **options):
        return self.send("POST", path, body, **options)

    def put(self, path, body=None, **options):
        return self.send("PUT", path, body, **options)

    def patch(self, path, body=None, **options):
        return self.send("PATCH", path, body, **options)

    def delete(self, path, **options):
        return self.send("DELETE", path, **options)

    # ---- logins

    def token(self, path, name, password, otp=None):
        headers = {"Authorization": basic(name, password)}
        if otp is not None:
            headers["X-SFTPGO-OTP"] = otp
        return self._another().get(path, headers=headers)

    def _with_token(self, path, name, password, otp):
        answer = self.token(path, name, password, otp)
        assert answer.status == 200, answer
        return self.with_bearer(answer.json()["access_token"])

    def admin(self, name="root", password="root Password 1", otp=None):
        return self._with_token("/token", name, password, otp)

    def user(self, name, password=None, otp=None):
        return self._with_token("/user/token", name, password or name, otp)

    def with_bearer(self, token):
        other = self._another()
        other.headers["Authorization"] = "Bearer " + token
        return other

    def with_key(self, key):
        other = self._another()
        other.headers["X-SFTPGO-API-KEY"] = key
        return other


class Steady(Rest):
    """The same over one connection that stays, for many requests."""

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.connection = http.client.HTTPConnection(self.host, self.port, timeout=60)

    def send(self, method, path, body=None, headers=None, query=None, raw=False):
        if query:
            path += "?" + urllib.parse.urlencode(query, doseq=True)
        sent = {**self.headers, **(headers or {})}
        if body is not None and not raw:
            body = json.dumps(body)
            sent.setdefault("Content-Type", "application/json")
        # Reconnects by itself after an answer with "Connection: close".
        self.connection.request(method, self.base + path, body=body, headers=sent)
        return Answer(self.connection.getresponse())


def basic(name, password):
    return "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()


def admin(name="root", password="root Password 1", **members):
    """An Admin of the contract, for dumps."""
    return {"username": name, "password": password, "status": 1, "permissions": ["*"], **members}


def rest_config(port, **httpd):
    """What a server needs to serve the API on `port`."""
    return {"httpd": {"bindings": [{"address": "127.0.0.1", "port": port}], **httpd}}
