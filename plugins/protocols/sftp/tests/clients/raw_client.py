"""An SFTP client that can misbehave: packets by hand over paramiko's SSH transport."""
import socket
import struct

import paramiko

INIT, VERSION, OPEN, CLOSE, READ, WRITE, STAT = 1, 2, 3, 4, 5, 6, 17
STATUS, HANDLE, DATA = 101, 102, 103
READ_FLAG, WRITE_FLAG, CREATE, TRUNCATE = 1, 2, 8, 16


def string(data):
    return struct.pack(">I", len(data)) + data


class RawClient:
    def __init__(self, server, window=None, init=True):
        self.socket = socket.create_connection(("127.0.0.1", server.port), 10)
        self.transport = paramiko.Transport(self.socket, **({"default_window_size": window} if window else {}))
        self.transport.connect(username="user", pkey=paramiko.Ed25519Key.from_private_key_file(str(server.key)))
        self.channel = self.transport.open_session()
        self.channel.settimeout(60)
        self.channel.invoke_subsystem("sftp")
        self.last = 0
        if init:
            self.send(struct.pack(">BI", INIT, 3))
            assert self.receive()[0] == VERSION

    def send(self, packet):
        self.channel.sendall(struct.pack(">I", len(packet)) + packet)

    def request(self, kind, body, id=None):
        self.last += 1
        self.send(struct.pack(">BI", kind, self.last if id is None else id) + body)
        return self.last

    def exactly(self, count):
        data = b""
        while len(data) < count:
            part = self.channel.recv(count - len(data))
            if not part:
                raise EOFError
            data += part
        return data

    def receive(self):
        """(type, id, rest)"""
        packet = self.exactly(struct.unpack(">I", self.exactly(4))[0])
        return packet[0], struct.unpack(">I", packet[1:5])[0], packet[5:]

    def ask(self, kind, body):
        number = self.request(kind, body)
        reply = self.receive()
        assert reply[1] == number
        return reply

    def open(self, path, flags):
        kind, _, rest = self.ask(OPEN, string(path.encode()) + struct.pack(">II", flags, 0))
        assert kind == HANDLE, rest
        return rest[4:]

    def read(self, handle, offset, length):
        return self.ask(READ, string(handle) + struct.pack(">QI", offset, length))

    def write(self, handle, offset, data):
        return self.ask(WRITE, string(handle) + struct.pack(">Q", offset) + string(data))

    def closed_by_server(self):
        """Whether the channel ends without another packet."""
        try:
            while self.channel.recv(65536):
                pass
            return True
        except (EOFError, socket.timeout, OSError):
            return not self.channel.active

    def close(self):
        self.transport.close()
