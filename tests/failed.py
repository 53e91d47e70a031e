"""What the failed tests of a run said, once more and at its end: failed.py JUNIT_FILE (of ctest --output-junit)."""
import sys
import xml.etree.ElementTree as tree

LINES = 60  # the end of what each said; CTest printed all of it when it failed

for case in tree.parse(sys.argv[1]).iter("testcase"):
    if case.get("status") == "fail":
        said = (case.findtext("system-out") or "").splitlines()
        print(f"== failed: {case.get('name')}", *said[-LINES:], sep="\n")
