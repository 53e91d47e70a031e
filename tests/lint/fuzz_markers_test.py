"""What fuzz_markers.py lets pass and what it refuses."""
import unittest

from fuzz_markers import problems_of


class FuzzMarkers(unittest.TestCase):
    def test_whole_markers_pass(self):
        for text in ("// ROOMS: config base\n#include <string>\n",
                     "// What must hold.\n// TARGETS: sftp_engine\n",
                     "// ROOMS: base\n// TARGETS: http_api\n// A sentence about it.\n",
                     "// ROOMS: base\n//\n// and what must hold.\n"):
            self.assertEqual(problems_of(text), [], text)

    def test_a_marker_in_two_lines_is_refused(self):
        self.assertIn("2: the marker goes on", problems_of("// ROOMS: base log config events vfs\n// accounts session\n")[0])
        self.assertIn("1: not a marker", problems_of("// ROOMS:\n// base log\n")[0])

    def test_a_marker_within_a_sentence_is_refused(self):
        self.assertIn("1: not a marker", problems_of("// Whatever comes in. TARGETS: http_api\n")[0])

    def test_what_only_looks_like_a_marker_is_refused(self):
        for line in ("//ROOMS: base", "// ROOM: base", "// TARGETS : http_api", "/* ROOMS: base */", "// ROOMS: base,log", "// ROOMS: base "):
            self.assertIn("1: not a marker", problems_of(line + "\n")[0], line)

    def test_none_and_two_are_refused(self):
        self.assertIn("no marker", problems_of("#include <string>\n")[0])
        self.assertIn("a second ROOMS", problems_of("// ROOMS: base\n// ROOMS: log\n")[0])


if __name__ == "__main__":
    unittest.main()
