"""The routes of the HTTP module as a table: paths from its sources, methods from a running server.

A new route is in the table by itself. Routes are for users below /user, for administrators elsewhere; those that anybody
may call are named in PUBLIC, or are of shares; tests fail for one that is missing there.
"""
import os
import pathlib
import re
import urllib.parse

from rest import Rest

SOURCES = pathlib.Path(os.environ["SLIPWAY_SOURCE_DIR"]) / "plugins/protocols/http"
API = "/api/v2"

PUBLIC = {
    ("GET", "/token"), ("GET", "/user/token"),
    ("POST", "/admins/{username}/forgot-password"), ("POST", "/admins/{username}/reset-password"),
    ("POST", "/users/{username}/forgot-password"), ("POST", "/users/{username}/reset-password"),
}

# What administrators need, where it is not "*".
PERMISSIONS = {
    ("GET", "/users"): "view_users", ("POST", "/users"): "add_users",
    ("GET", "/users/{username}"): "view_users", ("PUT", "/users/{username}"): "edit_users", ("DELETE", "/users/{username}"): "del_users",
    ("PUT", "/users/{username}/2fa/disable"): "disable_mfa",
    ("GET", "/groups"): "view_groups|manage_groups", ("POST", "/groups"): "manage_groups", ("GET", "/groups/{name}"): "view_groups|manage_groups",
    ("PUT", "/groups/{name}"): "manage_groups", ("DELETE", "/groups/{name}"): "del_groups|manage_groups",
    ("GET", "/folders"): "view_folders|manage_folders", ("POST", "/folders"): "manage_folders", ("GET", "/folders/{name}"): "view_folders|manage_folders",
    ("PUT", "/folders/{name}"): "manage_folders", ("DELETE", "/folders/{name}"): "del_folders|manage_folders",
    ("GET", "/quotas/users/scans"): "quota_scans", ("GET", "/quotas/folders/scans"): "quota_scans",
    ("POST", "/quotas/users/{username}/scan"): "quota_scans", ("POST", "/quotas/folders/{name}/scan"): "quota_scans",
    ("PUT", "/quotas/users/{username}/usage"): "edit_users", ("PUT", "/quotas/users/{username}/transfer-usage"): "edit_users",
    ("PUT", "/quotas/folders/{name}/usage"): "manage_folders",
    ("GET", "/connections"): "view_conns", ("DELETE", "/connections/{connectionID}"): "close_conns", ("GET", "/status"): "view_status",
    ("GET", "/defender/hosts"): "view_defender", ("GET", "/defender/hosts/{id}"): "view_defender", ("DELETE", "/defender/hosts/{id}"): "manage_defender",
    ("GET", "/events/fs"): "view_events", ("GET", "/events/provider"): "view_events", ("GET", "/events/logs"): "view_events",
    # Every administrator may, whatever else.
    ("GET", "/version"): "", ("GET", "/logout"): "", ("GET", "/license"): "", ("POST", "/license"): "", ("GET", "/saas/usage"): "",
}


class Route:
    def __init__(self, method, path):
        self.method, self.path = method, path

    def __repr__(self):
        return f"{self.method} {self.path}"

    @property
    def key(self):
        # HEAD is GET without the body.
        return ("GET" if self.method == "HEAD" else self.method, self.path)

    @property
    def audience(self):
        if self.key in PUBLIC or self.path.startswith("/shares/"):
            return "anyone"
        return "user" if self.path.startswith("/user/") else "admin"

    @property
    def needed(self):
        """The permissions of which an administrator needs one; nothing: none."""
        text = "" if self.path.startswith("/admin/") else PERMISSIONS.get(self.key, "*")
        return set(text.split("|")) - {""}

    @property
    def parameters(self):
        return re.findall(r"{([^}]+)}", self.path)

    @property
    def takes_body(self):
        return self.method in ("POST", "PUT", "PATCH")

    @property
    def streams(self):
        """Whether the body is a file, of which the server takes much."""
        return self.method == "POST" and (self.path in ("/user/files", "/user/files/upload") or self.path == "/shares/{id}"
                                          or self.path.startswith(("/shares/{id}/files", "/shares/{id}/{name}")))

    def url(self, *values):
        """The path with `values`, percent-encoded already, for its parameters; "x" for those that are not given."""
        values = list(values)
        return re.sub(r"{[^}]+}", lambda _: values.pop(0) if values else "x", self.path)

    def send(self, client, *values, **options):
        if self.takes_body and "body" not in options:
            options["body"] = {}
        return client.send(self.method, self.url(*values), **options)


def discover(port):
    paths = set()
    for source in SOURCES.glob("*_routes.cc"):
        paths.update(re.findall(r'"(/[a-z][A-Za-z0-9{}*/-]*)"', source.read_text()))
    anybody = Rest(port)
    routes = []
    for path in sorted(paths):
        answer = anybody.send("PROPFIND", re.sub(r"{[^}]+}", "x", path))
        if answer.status == 405:  # else it is no path of a route
            routes += [Route(method, path) for method in re.split(r",\s*", answer.headers["Allow"])]
    return routes


def quote(text):
    return urllib.parse.quote(text, safe="")
