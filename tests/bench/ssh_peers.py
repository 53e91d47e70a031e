"""The servers that ssh_bench.py compares: each in a directory of its own, serving one folder to one key."""
import os
import pathlib
import subprocess

from peers import Missing, Peer, SlipwayPeer


class Server(Peer):
    """`site` has .root, .key, .host_key, .build."""
    user = "peer"
    prefix = ""  # of the served folder in the client's paths


class OpenSsh(Server):
    name, user, program, package = "openssh", "root", "/usr/sbin/sshd", "openssh-server"

    def prepare(self):
        self.prefix = str(self.site.root)
        os.makedirs("/run/sshd", exist_ok=True)
        (self.work / "config").write_text("\n".join([
            f"Port {self.port}", f"ListenAddress {self.address}", f"HostKey {self.site.host_key}", "PidFile none",
            f"AuthorizedKeysFile {self.site.key}.pub", "StrictModes no", "PermitRootLogin yes", "PasswordAuthentication no",
            "KbdInteractiveAuthentication no", "UsePAM no", "UseDNS no", "MaxStartups 5000", "LogLevel ERROR",
            "Subsystem sftp internal-sftp", ""]))

    def command(self):
        return [self.program, "-D", "-e", "-f", str(self.work / "config")]


class Proftpd(Server):
    name, program, package = "proftpd", "/usr/sbin/proftpd", "proftpd-core proftpd-mod-crypto"

    def prepare(self):
        module = pathlib.Path("/usr/lib/proftpd/mod_sftp.so")
        if not module.exists():
            raise Missing(f"{module} is not installed (Debian: {self.package})")
        public = subprocess.run(["ssh-keygen", "-e", "-f", f"{self.site.key}.pub"], capture_output=True, text=True, check=True)
        keys, users, groups = (self.work / name for name in ("keys", "users", "groups"))
        keys.write_text(public.stdout)
        users.write_text(f"peer:!:65534:65534::{self.site.root}:/bin/sh\n")
        groups.write_text("nogroup:x:65534:\n")
        for file in (users, groups):
            file.chmod(0o600)
        (self.work / "config").write_text("\n".join([
            "LoadModule mod_sftp.c", "ServerType standalone", "ServerName bench", f"DefaultAddress {self.address}", f"Port {self.port}",
            "User nobody", "Group nogroup", "UseReverseDNS off", "MaxInstances none", "AuthOrder mod_auth_file.c",
            f"AuthUserFile {users}", f"AuthGroupFile {groups}", "RequireValidShell off", f"DefaultRoot {self.site.root}",
            "AllowOverwrite on", f"ScoreboardFile {self.work}/scores", f"PidFile {self.work}/pid", "TransferLog none", "WtmpLog off",
            f"SystemLog {self.work}/log", "SFTPEngine on", f"SFTPHostKey {self.site.host_key}",
            f"SFTPAuthorizedUserKeys file:{keys}", "SFTPAuthMethods publickey", ""]))

    def command(self):
        return [self.program, "-n", "-q", "-c", str(self.work / "config")]


class Rclone(Server):
    name, program, package = "rclone", "rclone", "rclone"

    def prepare(self):
        (self.work / "config").write_text("")

    def environment(self):
        return {"HOME": str(self.work)}

    def command(self):
        return [self.program, "--config", str(self.work / "config"), "serve", "sftp", str(self.site.root),
                "--addr", f"{self.address}:{self.port}", "--key", str(self.site.host_key), "--authorized-keys", f"{self.site.key}.pub",
                "--vfs-cache-mode", "off", "--dir-cache-time", "1s"]


class Slipway(SlipwayPeer, Server):
    def prepare(self):
        public = pathlib.Path(f"{self.site.key}.pub").read_text().strip()
        self.configure({
            "sftpd": {"bindings": [{"address": self.address, "port": self.port}], "host_keys": [str(self.site.host_key)]},
            "httpd": {"bindings": [{"port": 0}]},
        }, {"peer": {"public_keys": [public]}})


ALL = [OpenSsh, Proftpd, Rclone, Slipway]
