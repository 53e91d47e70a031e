"""A real browser without a window: opens a page of the test's own and waits for what its script reports."""
import functools
import http.server
import json
import subprocess
import threading

from slipway_server import need


class Browser:
    """Each page may call `report(value)`, with whatever JSON can say; `wait()` gives the next one."""

    def __init__(self, directory):
        self.directory = directory
        self.reports = []
        self.changed = threading.Condition()
        self.pages = {}
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Handler, self))
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.process = None

    def open(self, script):
        """Opens a page with this script; values are put into it with json.dumps()."""
        page = f"<!doctype html><title>test</title><script>const report = v => fetch('/report', {{method: 'POST', body: JSON.stringify(v)}});\n{script}</script>"
        self.pages["/page"] = page.encode()
        command = [need("chromium"), "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--no-proxy-server", f"--user-data-dir={self.directory / 'profile'}", "--remote-debugging-port=0", f"http://127.0.0.1:{self.server.server_port}/page"]
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=open(self.directory / "chromium.log", "wb"))

    def wait(self, timeout=120):
        with self.changed:
            assert self.changed.wait_for(lambda: self.reports, timeout), (self.directory / "chromium.log").read_text(errors="replace")
            return self.reports.pop(0)

    def close(self):
        if self.process is not None:
            self.process.terminate()
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.server.shutdown()
        self.server.server_close()


class _Handler(http.server.BaseHTTPRequestHandler):
    def __init__(self, browser, *arguments):
        self.browser = browser
        super().__init__(*arguments)

    def answer(self, status, body=b""):
        self.send_response(status)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):  # noqa: N802
        page = self.browser.pages.get(self.path)
        self.answer(404 if page is None else 200, page or b"")

    def do_POST(self):  # noqa: N802
        value = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with self.browser.changed:
            self.browser.reports.append(value)
            self.browser.changed.notify_all()
        self.answer(204)

    def log_message(self, *arguments):
        pass
