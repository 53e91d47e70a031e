"""Two network namespaces with a long line between them, made and removed by a `with` statement. Needs root."""
import os
import subprocess

LARGEST_BUFFER = 64 << 20  # of a socket: the line is to be the limit, not the kernel's defaults


class LongPath:
    """.client and .server are command prefixes that run a program at either end; .server_address where it listens."""
    server_address = "10.77.0.2"
    client_address = "10.77.0.1"
    interface = "line0"

    def __init__(self, build):
        self.program = build / "tests" / "bench" / "delay_line"
        self.names = [f"slipway-bench-{os.getpid()}-{end}" for end in ("client", "server")]
        self.client, self.server = (["ip", "netns", "exec", name] for name in self.names)
        self.line = None

    def __enter__(self):
        if os.geteuid() != 0:
            raise PermissionError("network namespaces need root")
        try:
            for name in self.names:
                subprocess.run(["ip", "netns", "add", name], check=True)
            self.line = subprocess.Popen(
                [str(self.program), *self.names, self.interface], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            if self.line.stdout.readline() != "up\n":
                raise RuntimeError("the delay line does not start")
            for name, own in zip(self.names, (self.client_address, self.server_address)):
                for command in (["link", "set", "lo", "up"], ["address", "add", f"{own}/30", "dev", self.interface],
                                ["link", "set", self.interface, "mtu", "1500", "txqueuelen", "10000", "up"]):
                    subprocess.run(["ip", "-n", name, *command], check=True)
                for kind in ("rmem", "wmem"):
                    subprocess.run(["ip", "netns", "exec", name, "sh", "-c",
                                    f"echo 4096 131072 {LARGEST_BUFFER} > /proc/sys/net/ipv4/tcp_{kind}"], check=True)
        except BaseException:
            self.__exit__()
            raise
        return self

    def set(self, round_trip_ms, rate_mbit):
        self.line.stdin.write(f"{round_trip_ms * 500} {rate_mbit}\n")
        self.line.stdin.flush()
        self.line.stdout.readline()

    def __exit__(self, *_):
        if self.line:
            self.line.stdin.close()
            self.line.wait(10)
        for name in self.names:
            subprocess.run(["ip", "netns", "delete", name], stderr=subprocess.DEVNULL)
