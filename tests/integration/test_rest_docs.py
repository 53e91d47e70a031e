"""The examples of docs/rest-api.md, run as they stand."""
import os
import pathlib
import re
import subprocess

from rest import admin, rest_config
from slipway_server import free_port, need

DOCUMENT = pathlib.Path(os.environ["SLIPWAY_SOURCE_DIR"]) / "docs/rest-api.md"


def test_the_examples_work(make_server, tmp_path):
    port = free_port()
    make_server(config=rest_config(port), dump={"admins": [admin("admin", "secret")]})
    script = "\n".join(re.findall(r"(?ms)^```sh\n(.*?)^```", DOCUMENT.read_text()))
    assert script.count("curl") > 40
    script = script.replace("localhost:8080", f"127.0.0.1:{port}").replace("/srv/files", str(tmp_path / "files"))
    need("curl")
    # What is refused ends the script.
    begin = 'set -euo pipefail\ncurl() { command curl --fail-with-body -sS --max-time 60 "$@"; }\n'
    done = subprocess.run([need("bash"), "-xc", begin + script], cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert (tmp_path / "back.txt").read_text() == "first\n"
    assert (tmp_path / "reports.zip").read_bytes()[:2] == (tmp_path / "all.zip").read_bytes()[:2] == b"PK"
    assert (tmp_path / "files/anna/reports/new/c.txt").read_text() == "second\n"
