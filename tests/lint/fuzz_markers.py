"""Checks the lines of fuzz targets that say what they link: tests/fuzz/CMakeLists.txt reads each as one line.

Usage: fuzz_markers.py SOURCE_DIR. Prints every violation and ends with 1 if there is one.
"""
import pathlib
import re
import sys

MARKER = re.compile(r"// (ROOMS|TARGETS):( [a-z][a-z0-9_]*)+")
MEANT = re.compile(r"\b(ROOMS?|TARGETS?)\s*:")


def problems_of(text):
    found, seen, lines = [], [], text.splitlines()
    for number, line in enumerate(lines, 1):
        if not line.lstrip().startswith(("//", "/*", "*")) or not MEANT.search(line):
            continue
        whole = MARKER.fullmatch(line)
        if not whole:
            found.append(f"{number}: not a marker as CMake reads it: {line.strip()}")
            continue
        if whole[1] in seen:
            found.append(f"{number}: a second {whole[1]}; only the first is read")
        seen.append(whole[1])
        rest = lines[number] if number < len(lines) else ""
        # Names are lower case, sentences are not: what goes on so was broken off the marker.
        if re.match(r"\s*//\s*[a-z]", rest):
            found.append(f"{number + 1}: the marker goes on in another line: {rest.strip()}")
    if not seen and not found:
        found.append('1: no marker: which rooms ("// ROOMS: base config") or targets ("// TARGETS: sftp_engine") does it link?')
    return found


def main(root):
    files = sorted((root / "tests/fuzz").glob("*_fuzz.cc"))
    problems = [f"{path.relative_to(root)}:{problem}" for path in files for problem in problems_of(path.read_text())]
    print("\n".join(problems) or f"lint: {len(files)} fuzz targets say what they link")
    return 1 if problems or not files else 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1])))
