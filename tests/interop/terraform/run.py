"""Runs SFTPGo's Terraform provider against a Slipway server: create, find nothing to change, update, rotate secrets,
import, destroy.

    python3 tests/interop/terraform/run.py --provider DIRECTORY [--build build/release]

DIRECTORY holds the program terraform-provider-sftpgo. Neither that nor Terraform (1.11 or newer) is a Debian package,
so CTest does not run this.
"""
import argparse
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--provider", type=pathlib.Path, required=True)
parser.add_argument("--build", type=pathlib.Path, default=pathlib.Path("build/release"))
options = parser.parse_args()
os.environ["SLIPWAY_BUILD_DIR"] = str(options.build.resolve())
sys.path.insert(0, str(HERE.parent.parent / "integration"))
from rest import admin, rest_config  # noqa: E402
from slipway_server import SlipwayServer, free_port  # noqa: E402

IMPORTS = {
    "sftpgo_user.u": "terra",
    "sftpgo_group.g": "terra-group",
    "sftpgo_folder.local": "terra-folder",
    "sftpgo_folder.crypt": "terra-crypt",
    "sftpgo_admin.a": "terra-admin",
    "sftpgo_role.r": "terra-role",
    "sftpgo_action.http": "http action",
    "sftpgo_rule.fsr": "on upload",
    "sftpgo_defender_entry.e": "192.168.1.0/24",
    "sftpgo_defender_entry.six": "2001:db8::/32",
    "sftpgo_rlsafelist_entry.e": "172.16.0.0/16",
    "sftpgo_trustedlist_entry.e": "172.17.0.5/32",
}


class Terraform:
    def __init__(self, work, host):
        self.work = work
        config = work / "rc"
        config.write_text(
            f'provider_installation {{\n  dev_overrides {{ "registry.terraform.io/drakkan/sftpgo" = "{options.provider.resolve()}" }}\n  direct {{}}\n}}\n'
        )
        self.environment = {**os.environ, "TF_CLI_CONFIG_FILE": str(config), "TF_VAR_host": host, "CHECKPOINT_DISABLE": "1"}

    def run(self, command, *arguments, expect=0):
        ran = subprocess.run(
            ["terraform", command, "-no-color", *arguments], cwd=self.work, env=self.environment, capture_output=True, text=True, check=False
        )
        print(command, *arguments, "->", ran.returncode, flush=True)
        if ran.returncode != expect:
            sys.exit(ran.stdout[-4000:] + ran.stderr)

    def applied(self, *arguments):
        self.run("apply", "-auto-approve", *arguments)
        # Of the lists some were read before the last object was made; the second time nothing is left to change.
        self.run("apply", "-auto-approve", *arguments)
        self.run("plan", "-detailed-exitcode", *arguments)


def main():
    with tempfile.TemporaryDirectory() as name:
        work = pathlib.Path(name)
        port = free_port()
        server = SlipwayServer(work / "server", dump={"admins": [admin("admin", "password")]}, config=rest_config(port))
        (work / "terraform").mkdir()
        shutil.copy(HERE / "main.tf", work / "terraform")
        terraform = Terraform(work / "terraform", f"http://127.0.0.1:{port}")
        server.start()
        try:
            terraform.applied()
            changed = ("-var", "note=second", "-var", "secrets=2")
            terraform.applied(*changed)
            for address, identifier in IMPORTS.items():
                subprocess.run(["terraform", "state", "rm", address], cwd=terraform.work, env=terraform.environment, check=True, capture_output=True)
                terraform.run("import", *changed, address, identifier)
            terraform.applied(*changed)
            terraform.run("destroy", "-auto-approve", *changed)
        finally:
            server.stop()


main()
