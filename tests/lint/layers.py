"""Checks who includes whom, where the heavy libraries may appear, and that files stay within the house's sizes.

Usage: layers.py SOURCE_DIR. Prints every violation and ends with 1 if there is one.
"""
import pathlib
import re
import sys

# A room may include itself, the SDK and the rooms before it.
ROOMS = ["base", "log", "config", "module", "net", "crypto", "events", "vfs", "accounts", "admission", "session", "management", "lua", "app"]
# A library and the one folder in which its headers may be included.
HOMES = {
    "spdlog/": "core/log/",
    "boost/dll": "core/module/",
    "lua": "core/lua/",
    "sqlite3.h": "core/accounts/store/",
    "yaml-cpp/": "core/config/",
    "toml++/": "core/config/",
    "libssh/": "plugins/protocols/sftp/",
    "CLI/": "core/app/",
}
# In headers these cost seconds a file; they belong into .cc files.
HEAVY = ["boost/asio", "boost/beast", "boost/json.hpp", "spdlog/", "boost/dll", "Poco/"]
# Templates that need the JSON types; only .cc files include them.
HEAVY_ALLOWED = {"core/base/json_binding.h", "core/management/crud.h"}
# core names no protocol and no store; the account model and the list of documented configuration keys are data.
MAX_LINES = 800

INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]', re.M)


def main(root):
    problems = []
    everything = [p for d in ("core", "plugins", "sdk", "tests") for p in sorted((root / d).rglob("*"))]
    files = [p for p in everything if p.suffix in (".h", ".cc")]
    for path in everything:
        lines = path.read_text(errors="replace").count("\n") if path.suffix in (".h", ".cc", ".py") else 0
        if lines > MAX_LINES:
            problems.append(f"{path.relative_to(root).as_posix()}: {lines} lines; past {MAX_LINES} a file holds two things")
    for path in files:
        name = path.relative_to(root).as_posix()
        text = path.read_text(errors="replace")
        includes = INCLUDE.findall(text)
        if path.suffix == ".h" and "#pragma once" not in text:
            problems.append(f"{name}: no #pragma once")
        if not text.lstrip().startswith("//") and path.suffix == ".h":
            problems.append(f"{name}: a header starts with a sentence that says what it is for")
        for include in includes:
            for prefix, home in HOMES.items():
                if include.startswith(prefix) and not name.startswith((home, "tests/")) and not include.startswith("lua_"):
                    problems.append(f"{name}: <{include}> belongs to {home}")
            if path.suffix == ".h" and include.startswith(tuple(HEAVY)) and name not in HEAVY_ALLOWED:
                problems.append(f"{name}: <{include}> in a header; include it in the .cc")
            if name.startswith("sdk/include/"):
                if "/" in include and not include.startswith("slipway/") or include.endswith(".hpp"):
                    problems.append(f"{name}: the contract includes std only, not <{include}>")
            elif name.startswith("plugins/") and include.startswith("core/") and "_test.cc" not in name and "/tests/" not in name:
                problems.append(f"{name}: a module includes the SDK and itself, not {include}")
            elif name.startswith("core/") and include.startswith("core/"):
                mine, other = name.split("/")[1], include.split("/")[1]
                if other not in ROOMS or ROOMS.index(other) > ROOMS.index(mine):
                    problems.append(f"{name}: {mine} may not know {other} ({include})")
            elif name.startswith("core/") and include.startswith("plugins/"):
                problems.append(f"{name}: core may not know a module ({include})")
    print("\n".join(problems) or f"lint: {len(files)} files keep the rules")
    return 1 if problems else 0


sys.exit(main(pathlib.Path(sys.argv[1])))
