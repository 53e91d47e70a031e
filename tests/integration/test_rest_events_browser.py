"""The stream of file events in a real browser, whose WebSockets can set no header field."""
import json

import pytest
from browser import Browser
from rest import Rest, rest_config
from slipway_server import free_port, user


@pytest.fixture
def browser(tmp_path):
    browser = Browser(tmp_path)
    yield browser
    browser.close()


SCRIPT = """
const open = (name, protocols) => {
  const socket = new WebSocket(%(url)s, protocols);
  socket.onopen = () => report([name, "open", socket.protocol]);
  socket.onmessage = message => report([name, "event", JSON.parse(message.data)]);
  socket.onclose = event => report([name, "closed", event.code]);
};
open("right", ["slipway.events", "bearer." + %(token)s]);
"""


def test_a_page_of_another_origin_listens(make_server, browser, tmp_path):
    port = free_port()
    server = make_server(config=rest_config(port), dump={"users": [user("anna", tmp_path / "anna")]}, arguments=["--log-level", "debug"])
    anna = Rest(port).user("anna")
    token = anna.headers["Authorization"].removeprefix("Bearer ")
    url = json.dumps(f"ws://127.0.0.1:{port}/api/v2/user/events?actions=upload")
    browser.open(SCRIPT % {"url": url, "token": json.dumps(token)} + """
open("without", ["slipway.events"]);
open("wrong", ["slipway.events", "bearer.x.y.z"]);
open("alone", ["bearer." + %s]);
""" % json.dumps(token))
    first = sorted([browser.wait() for _ in range(4)])
    assert first == [["alone", "closed", 1006], ["right", "open", "slipway.events"], ["without", "closed", 1006], ["wrong", "closed", 1006]]
    assert anna.post("/user/files/upload?path=/a.txt", b"12345", raw=True).status == 201
    name, what, event = browser.wait()
    assert (name, what, event["action"], event["virtual_path"], event["file_size"]) == ("right", "event", "upload", "/a.txt", 5)
    # A logout ends it, too.
    assert anna.get("/user/logout").status == 200
    assert browser.wait() == ["right", "closed", 1008]
    for part in (token, token.split(".")[2], "x.y.z"):
        assert part not in server.log_text() + server.output_text(), "tokens are not logged"
    asked = {line["resp_status"] for line in server.log_lines(sender="protocol-http", message="request") if "/user/events" in line["uri"]}
    assert asked == {101, 400, 401}
