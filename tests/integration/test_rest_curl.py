"""The forms in which people's scripts call the API with curl: credentials in the URL, tokens picked out with a JSON reader,
keys with a name behind them, forms, pipes, resumed and partial downloads."""
import os
import subprocess

import pytest
from rest import admin, rest_config
from slipway_server import SlipwayServer, free_port, need, user


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    directory = tmp_path_factory.mktemp("server")
    port = free_port()
    dump = {
        "admins": [admin("admin", "password", filters={"allow_api_key_auth": True})],
        "users": [user("user", directory / "homes" / "user", filters={"allow_api_key_auth": True}), user("a.b@example.com", directory / "homes" / "dotted", filters={"allow_api_key_auth": True})],
    }
    server = SlipwayServer(directory, dump=dump, config=rest_config(port))
    server.http_port = port
    server.start()
    yield server
    server.stop()


BEGIN = r"""
set -euo pipefail
curl() { command curl -sS --max-time 60 "$@"; }
member() { python3 -c 'import json, sys; print(json.load(sys.stdin)[sys.argv[1]])' "$1"; }
HOST=127.0.0.1:$PORT
admin_token() { curl "http://admin:password@$HOST/api/v2/token" | member access_token; }
user_token() { curl "http://user:user@$HOST/api/v2/user/token" | member access_token; }
"""


def run(server, directory, script):
    environment = {**os.environ, "PORT": str(server.http_port)}
    need("curl")
    done = subprocess.run([need("bash"), "-c", BEGIN + script], cwd=directory, env=environment, capture_output=True, timeout=120)
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    return done.stdout.decode()


def test_credentials_in_the_url_give_a_token_for_the_next_request(server, tmp_path):
    script = """TOKEN=$(admin_token)
curl -H "Authorization: Bearer $TOKEN" "http://$HOST/api/v2/version" | member version
curl -H "Authorization: Bearer $TOKEN" -H "accept: application/json" "http://$HOST/api/v2/users?limit=1&offset=0&order=ASC" | python3 -c 'import json, sys; print(json.load(sys.stdin)[0]["username"])'
curl -X GET -u user:user -H "accept: application/json" "http://$HOST/api/v2/user/token" | member expires_at
curl -o /dev/null -w '%{http_code}\\n' "http://admin:wrong@$HOST/api/v2/token"
"""
    version, name, end, refused = run(server, tmp_path, script).split()
    assert version and name == "a.b@example.com" and end.endswith("Z") and refused == "401"


def test_keys_stand_for_an_account_or_take_its_name(server, tmp_path):
    script = """TOKEN=$(admin_token)
new_key() { curl -X POST "http://$HOST/api/v2/apikeys" -H "accept: application/json" -H "Authorization: Bearer $TOKEN" -H "Content-Type: application/json" -d "$1" | member key; }
BOUND=$(new_key '{"name":"bound","scope":1,"admin":"admin"}')
ANY=$(new_key '{"name":"any","scope":2,"description":"for users"}')
status() { curl -o /dev/null -w '%{http_code} ' -H "X-SFTPGO-API-KEY: $1" "http://$HOST/api/v2$2"; }
status "$BOUND" /users
status "$ANY.user" /user/dirs
status "$ANY.a.b@example.com" /user/dirs
status "$ANY" /user/dirs
status "$ANY.user" /users
"""
    assert run(server, tmp_path, script).split() == ["200", "200", "200", "401", "403"]


def test_objects_are_made_changed_and_deleted_from_files_and_pipes(server, tmp_path):
    (tmp_path / "user.json").write_text('{"username":"made","password":"made","status":1,"home_dir":"%s","permissions":{"/":["*"]}}' % (tmp_path / "made"))
    script = """AUTH="Authorization: Bearer $(admin_token)"
curl -X POST -H "$AUTH" -H "Content-Type: application/json" -d @user.json "http://$HOST/api/v2/users" | member username
curl -H "$AUTH" "http://$HOST/api/v2/users/made" | python3 -c 'import json, sys; u = json.load(sys.stdin); u["description"] = "changed"; print(json.dumps(u))' \
  | curl -X PUT -H "$AUTH" --data-binary @- "http://$HOST/api/v2/users/made?disconnect=1" | member message
curl -H "$AUTH" "http://$HOST/api/v2/users/made" | member description
curl -X DELETE -H "$AUTH" "http://$HOST/api/v2/users/made" | member message
curl -o /dev/null -w '%{http_code}' -H "$AUTH" "http://$HOST/api/v2/users/made"
"""
    assert run(server, tmp_path, script).splitlines() == ["made", "User updated", "changed", "User deleted", "404"]


def test_files_go_up_as_forms_bodies_and_pipes_and_come_down_in_parts(server, tmp_path):
    data = bytes(range(256)) * 9000
    (tmp_path / "big.bin").write_bytes(data)
    (tmp_path / "a b.txt").write_text("a")
    script = """AUTH="Authorization: Bearer $(user_token)"
API=http://$HOST/api/v2
curl -H "$AUTH" -F "filenames=@big.bin" -F "filenames=@a b.txt" "$API/user/files?path=%2Fform&mkdir_parents=true" | member message
curl -X POST -H "$AUTH" -H "X-SFTPGO-MTIME: 1600000000000" --data-binary @big.bin "$API/user/files/upload?path=body.bin" | member message
cat big.bin | curl -X POST -H "$AUTH" -T - "$API/user/files/upload?path=pipe.bin" | member message
curl -X POST -H "$AUTH" -H "Expect: 100-continue" -T big.bin "$API/user/files/upload?path=expect.bin" | member message
for name in form/big.bin body.bin pipe.bin expect.bin; do curl -G -H "$AUTH" --data-urlencode "path=/$name" "$API/user/files" | cmp - big.bin; done
curl -H "$AUTH" -r 10-19 "$API/user/files?path=body.bin" | cmp - <(tail -c +11 big.bin | head -c 10)
head -c 100000 big.bin > part.bin
curl -H "$AUTH" -C - -o part.bin "$API/user/files?path=body.bin"; cmp part.bin big.bin
rm "a b.txt"
curl -H "$AUTH" -OJ "$API/user/files?path=form/a%20b.txt"
curl -H "$AUTH" -I "$API/user/files?path=body.bin" | tr -d '\\r' | sed -n 's/^Last-Modified: //p'
curl -H "$AUTH" -o /dev/null -w '%{http_code}\\n' -z part.bin "$API/user/files?path=body.bin"
curl -H "$AUTH" --compressed "$API/user/dirs?path=/form" | python3 -c 'import json, sys; print(sorted(e["name"] for e in json.load(sys.stdin)))'
curl -X POST -H "$AUTH" -d '["/form","/body.bin"]' -o all.zip "$API/user/streamzip"
python3 -m zipfile -t all.zip
"""
    lines = run(server, tmp_path, script).splitlines()
    assert lines[:4] == ["Upload completed"] * 4
    assert lines[4:] == ["Sun, 13 Sep 2020 12:26:40 GMT", "304", "['a b.txt', 'big.bin']", "Done testing"]
    assert (tmp_path / "a b.txt").read_text() == "a"


def test_shares_are_used_without_an_account(server, tmp_path):
    (tmp_path / "up.txt").write_text("up")
    script = """AUTH="Authorization: Bearer $(user_token)"
API=http://$HOST/api/v2
curl -X POST -H "$AUTH" "$API/user/dirs?path=shared" >/dev/null
SHARE=$(curl -D - -o /dev/null -X POST -H "$AUTH" -d '{"name":"s","scope":3,"paths":["/shared"],"password":"share pass"}' "$API/user/shares" | tr -d '\\r' | sed -n 's/^X-Object-ID: //Ip')
curl -o /dev/null -w '%{http_code}\\n' "$API/shares/$SHARE/dirs"
curl -u "any:share pass" -F "filenames=@up.txt" "$API/shares/$SHARE" | member message
curl -u ":share pass" -X POST --data-binary @up.txt "$API/shares/$SHARE/files/sub/other.txt?mkdir_parents=true" | member message
curl -u "any:share pass" "$API/shares/$SHARE/files?path=sub/other.txt"; echo
curl -u "any:share pass" -o s.zip "$API/shares/$SHARE"; python3 -m zipfile -l s.zip | sed 1d | cut -d ' ' -f 1 | sort | tr '\\n' ' '
"""
    assert run(server, tmp_path, script).splitlines() == ["401", "Upload completed", "Upload completed", "up", "sub/ sub/other.txt up.txt "]
