"""The real clients, driven without a terminal."""
import os
import pathlib
import stat
import subprocess

import paramiko

from slipway_server import need

SSH_OPTIONS = [
    "-o", "StrictHostKeyChecking=no",
    "-o", "UserKnownHostsFile=/dev/null",
    "-o", "LogLevel=ERROR",
    "-o", "GlobalKnownHostsFile=/dev/null",
    "-F", "/dev/null",
]


class Keys:
    """A key pair for logins, made once in `directory`."""

    def __init__(self, directory, kind="ed25519"):
        self.private = pathlib.Path(directory) / f"id_{kind}"
        if not self.private.exists():
            subprocess.run([need("ssh-keygen"), "-q", "-t", kind, "-N", "", "-f", str(self.private)], check=True)
        self.public = self.private.with_suffix(".pub").read_text().strip()


def ssh_arguments(port, key, port_flag="-P"):
    return [*SSH_OPTIONS, "-o", "BatchMode=yes", "-o", "IdentitiesOnly=yes", "-i", str(key.private), port_flag, str(port)]


def openssh_sftp(port, user, key, commands, check=True, timeout=600, options=()):
    """Runs a batch; the first failing command ends it (prefix a command with '-' to go on)."""
    result = subprocess.run(
        [need("sftp"), "-q", "-b", "-", *options, *ssh_arguments(port, key), f"{user}@127.0.0.1"],
        input=commands.encode() if isinstance(commands, str) else commands,
        capture_output=True, timeout=timeout,
    )
    if check:
        assert result.returncode == 0, (result.stdout + result.stderr).decode(errors="replace")
    return result


def scp(port, key, *arguments, check=True, timeout=600):
    result = subprocess.run([need("scp"), "-q", *ssh_arguments(port, key), *map(str, arguments)], capture_output=True, timeout=timeout)
    if check:
        assert result.returncode == 0, result.stderr.decode(errors="replace")
    return result


def askpass_environment(directory, password):
    """For OpenSSH clients that log in with a password."""
    script = pathlib.Path(directory) / "askpass"
    script.write_text(f"#!/bin/sh\nprintf '%s\\n' '{password}'\n")
    script.chmod(stat.S_IRWXU)
    return {**os.environ, "SSH_ASKPASS": str(script), "SSH_ASKPASS_REQUIRE": "force", "DISPLAY": ":0"}


class Paramiko:
    """A paramiko connection as a context manager: .sftp and .transport."""

    def __init__(self, port, user, password=None, key=None):
        self.client = paramiko.SSHClient()
        self.client.set_missing_host_key_policy(paramiko.AutoAddPolicy())
        self.client.connect(
            "127.0.0.1", port, user, password=password, key_filename=str(key.private) if key else None,
            allow_agent=False, look_for_keys=False, timeout=60, banner_timeout=60, auth_timeout=60,
        )
        self.transport = self.client.get_transport()
        self.sftp = self.client.open_sftp()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.client.close()


def lftp(port, user, password, commands, check=True, timeout=600):
    script = "\n".join([
        "set cmd:fail-exit yes", "set net:max-retries 1", "set net:timeout 60", "set sftp:auto-confirm yes",
        'set sftp:connect-program "ssh -a -x -F /dev/null -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR"',
        f"open -p {port} -u {user},{password} sftp://127.0.0.1", commands,
    ])
    result = subprocess.run([need("lftp"), "--norc", "-c", script], capture_output=True, timeout=timeout)
    if check:
        assert result.returncode == 0, (result.stdout + result.stderr).decode(errors="replace")
    return result


def rclone(port, user, password, *arguments, directory, check=True, timeout=600):
    """The remote is called `s:`."""
    obscured = subprocess.run([need("rclone"), "obscure", password], capture_output=True, text=True, check=True).stdout.strip()
    config = pathlib.Path(directory) / "rclone.conf"
    config.write_text(
        f"[s]\ntype = sftp\nhost = 127.0.0.1\nport = {port}\nuser = {user}\npass = {obscured}\n"
        "shell_type = none\nmd5sum_command = none\nsha1sum_command = none\n"
    )
    result = subprocess.run(["rclone", "--config", str(config), *map(str, arguments)], capture_output=True, timeout=timeout)
    if check:
        assert result.returncode == 0, (result.stdout + result.stderr).decode(errors="replace")
    return result
