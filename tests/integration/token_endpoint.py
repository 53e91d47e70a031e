"""A token endpoint for tests (RFC 6749): hands out what a test puts into it, and keeps what it was asked."""
import http.server
import json
import threading
import urllib.parse


class TokenEndpoint:
    """`refresh_tokens` are those it takes; `answers`, if any, come first: (status, body)."""

    def __init__(self, refresh_tokens=("refresh-1",), expires_in=3600):
        self.refresh_tokens, self.expires_in, self.rotate_to = set(refresh_tokens), expires_in, None
        self.asked, self.handed_out, self.answers = [], [], []
        endpoint = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                form = urllib.parse.parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode(), strict_parsing=True)
                status, body = endpoint.answer({name: values[0] for name, values in form.items()})
                data = json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/token"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def answer(self, form):
        self.asked.append(form)
        if self.answers:
            return self.answers.pop(0)
        if (form["client_id"], form["client_secret"]) != ("client & id", "client+secret%"):
            return 401, {"error": "invalid_client"}
        if form["grant_type"] != "refresh_token" or form["refresh_token"] not in self.refresh_tokens:
            return 400, {"error": "invalid_grant", "error_description": f"{form['refresh_token']} has expired"}
        self.handed_out.append(f"access-{len(self.asked)}")
        body = {"access_token": self.handed_out[-1], "token_type": "Bearer", "expires_in": self.expires_in}
        if self.rotate_to:
            body["refresh_token"] = self.rotate_to
            self.refresh_tokens = {self.rotate_to}
        return 200, body

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
