"""Checks that clang-format would change nothing. Usage: format.py SOURCE_DIR"""
import pathlib
import subprocess
import sys

root = pathlib.Path(sys.argv[1])
files = [str(p) for d in ("core", "plugins", "sdk", "tests") for p in sorted((root / d).rglob("*")) if p.suffix in (".h", ".cc")]
result = subprocess.run(["clang-format-14", "--dry-run", "-Werror", "--ferror-limit=1", *files], capture_output=True, text=True)
print(result.stderr or f"lint: {len(files)} files are formatted")
sys.exit(result.returncode)
