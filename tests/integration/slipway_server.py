"""Starts and stops the real server for a test: its own directory, free loopback ports, accounts loaded from a dump."""
import atexit
import copy
import functools
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time

from ports import free_port

BUILD_DIR = pathlib.Path(os.environ["SLIPWAY_BUILD_DIR"])
BINARY = BUILD_DIR / "slipway"
# Sanitized servers are slow to start; this is a limit against hanging, not a measure.
START_TIMEOUT = 60


@functools.cache
def host_key():
    directory = tempfile.mkdtemp(prefix="slipway-host-key-")
    atexit.register(shutil.rmtree, directory)
    path = f"{directory}/host_key"
    subprocess.run([need("ssh-keygen"), "-q", "-t", "ed25519", "-N", "", "-f", path], check=True)
    return path


def user(name, home, **members):
    """A User of the contract with a password equal to its name and all permissions."""
    return {"username": name, "password": name, "status": 1, "home_dir": str(home), "permissions": {"/": ["*"]}, **members}


class SlipwayServer:
    """One server process in `directory`. `config` is merged over a small base configuration."""

    def __init__(self, directory, config=None, dump=None, environment=None, arguments=()):
        self.dir = pathlib.Path(directory)
        self.dir.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        # One host key for all: making three for each server would take most of a test's time.
        self.config = merge(
            {
                "common": {"max_per_host_connections": 0, "max_per_host_transfers": 0},
                "sftpd": {"bindings": [{"address": "127.0.0.1", "port": self.port}], "host_keys": [host_key()]},
                "httpd": {"bindings": [{"port": 0}]},  # those that test it say where
            },
            copy.deepcopy(config or {}),
        )
        self.dump = dump
        self.environment = environment or {}
        self.arguments = list(arguments)
        self.process = None
        self.loaded = False

    # ---- life

    @property
    def log_file(self):
        return self.dir / "slipway.log"

    def home(self, name):
        path = self.dir / "homes" / name
        path.mkdir(parents=True, exist_ok=True)
        return path

    def write_config(self):
        (self.dir / "slipway.json").write_text(json.dumps(self.config, indent=2))

    def command(self):
        command = [str(BINARY), "serve", "--config-dir", str(self.dir), "--log-file-path", str(self.log_file)]
        if self.dump is not None and not self.loaded:
            path = self.dir / "dump.json"
            path.write_text(json.dumps(self.dump))
            command += ["--loaddata-from", str(path), "--loaddata-mode", "0"]
        return command + self.arguments

    def spawn(self):
        self.write_config()
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("SLIPWAY_", "SFTPGO_"))}
        environment.update(self.environment)
        self.output = open(self.dir / "output", "ab")
        self.process = subprocess.Popen(
            self.command(), stdin=subprocess.DEVNULL, stdout=self.output, stderr=subprocess.STDOUT, env=environment
        )

    def start(self):
        self.spawn()
        end = time.monotonic() + START_TIMEOUT
        while time.monotonic() < end:
            if self.process.poll() is not None:
                raise AssertionError(f"the server ended with {self.process.returncode}:\n{self.output_text()}\n{self.log_text()}")
            try:
                # The last that a starting server opens. A connection to a port would be one that counts.
                with socket.socket(socket.AF_UNIX) as control:
                    control.connect(str(self.dir / "slipway.sock"))
                self.loaded = True
                return self
            except OSError:
                time.sleep(0.02)
        raise AssertionError(f"the server does not listen:\n{self.output_text()}\n{self.log_text()}")

    def run_to_end(self, timeout=60):
        """For servers that are expected to refuse to start: (exit code, output and log)."""
        self.spawn()
        code = self.process.wait(timeout)
        self.process = None
        return code, self.output_text() + self.log_text()

    def stop(self, expect_clean=True):
        if self.process is None:
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            self.process = None
            raise AssertionError(f"the server does not stop:\n{self.log_text()[-4000:]}")
        self.process = None
        self.output.close()
        if expect_clean:
            # A sanitizer's report ends a process with a code that is not 0.
            assert code == 0, f"the server ended with {code}:\n{self.output_text()[-20000:]}"

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.process = None
        self.output.close()

    def signal(self, number):
        self.process.send_signal(number)

    # ---- what it says

    def output_text(self):
        path = self.dir / "output"
        return path.read_text(errors="replace") if path.exists() else ""

    def log_text(self):
        return self.log_file.read_text(errors="replace") if self.log_file.exists() else ""

    def log_lines(self, **wanted):
        """The log's lines as objects, those whose members equal `wanted`; without one that is half written."""
        lines = [json.loads(line) for line in self.log_text().splitlines(keepends=True) if line.endswith("\n")]
        return [line for line in lines if all(line.get(k) == v for k, v in wanted.items())]

    def wait_for_log(self, timeout=30, **wanted):
        return wait_for(lambda: self.log_lines(**wanted), timeout, f"no log line with {wanted}")

    def run(self, *arguments, check=True, **options):
        """Another subcommand of the same binary, on this server's directory."""
        result = subprocess.run(
            [str(BINARY), *arguments, "--config-dir", str(self.dir)], capture_output=True, text=True, timeout=120, **options
        )
        if check:
            assert result.returncode == 0, result.stdout + result.stderr
        return result


def wait_for(condition, timeout=30, message="the condition does not come true"):
    end = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(message)
        time.sleep(0.02)


def merge(base, over):
    if not isinstance(base, dict) or not isinstance(over, dict):
        return over
    return {**base, **{k: merge(base[k], v) if k in base else v for k, v in over.items()}}


def need(program):
    """A missing client is an error of the set-up, not a reason to skip."""
    assert shutil.which(program), f"{program} is not installed; run scripts/setup"
    return program
