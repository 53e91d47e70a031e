"""A client for mlkem768x25519-sha256: ML-KEM-768's client half (FIPS 203) in plain Python, and a paramiko transport."""
import hashlib
import os

import paramiko
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

Q, N, RANK, DU, DV = 3329, 256, 3, 10, 4
REVERSED = [int(f"{i:07b}"[::-1], 2) for i in range(128)]
ZETAS = [pow(17, r, Q) for r in REVERSED]
GAMMAS = [pow(17, 2 * r + 1, Q) for r in REVERSED]


def ntt(f):
    f, next_zeta, length = f[:], 1, 128
    while length >= 2:
        for start in range(0, N, 2 * length):
            zeta, next_zeta = ZETAS[next_zeta], next_zeta + 1
            for j in range(start, start + length):
                t = zeta * f[j + length] % Q
                f[j + length], f[j] = (f[j] - t) % Q, (f[j] + t) % Q
        length //= 2
    return f


def inverse_ntt(f):
    f, next_zeta, length = f[:], 127, 2
    while length <= 128:
        for start in range(0, N, 2 * length):
            zeta, next_zeta = ZETAS[next_zeta], next_zeta - 1
            for j in range(start, start + length):
                t = f[j]
                f[j], f[j + length] = (t + f[j + length]) % Q, zeta * (f[j + length] - t) % Q
        length *= 2
    return [x * 3303 % Q for x in f]


def multiply(f, g):
    h = []
    for i in range(128):
        a0, a1, b0, b1 = f[2 * i], f[2 * i + 1], g[2 * i], g[2 * i + 1]
        h += [(a0 * b0 + a1 * b1 * GAMMAS[i]) % Q, (a0 * b1 + a1 * b0) % Q]
    return h


def add(*polynomials):
    return [sum(c) % Q for c in zip(*polynomials)]


def dot(left, right):
    return add(*(multiply(f, g) for f, g in zip(left, right)))


def encode(f, d):
    bits = sum(x << (d * i) for i, x in enumerate(f))
    return bits.to_bytes(32 * d, "little")


def decode(data, d):
    bits = int.from_bytes(data, "little")
    return [bits >> (d * i) & ((1 << d) - 1) for i in range(N)]


def compress(f, d):
    return [((x << d) * 2 + Q) // (2 * Q) % (1 << d) for x in f]


def decompress(f, d):
    return [(x * Q * 2 + (1 << d)) // (2 << d) for x in f]


def sample_ntt(seed):
    stream, out = hashlib.shake_128(seed).digest(1512), []
    for a, b, c in zip(*[iter(stream)] * 3):
        out += [x for x in (a | (b & 15) << 8, b >> 4 | c << 4) if x < Q]
    return out[:N]


def noise(seed, nonce):
    bits = int.from_bytes(hashlib.shake_256(seed + bytes([nonce])).digest(128), "little")
    four = lambda i: bits >> (4 * i) & 15
    return [((four(i) & 1) + (four(i) >> 1 & 1) - (four(i) >> 2 & 1) - (four(i) >> 3 & 1)) % Q for i in range(N)]


def matrix(rho):
    return [[sample_ntt(rho + bytes([j, i])) for j in range(RANK)] for i in range(RANK)]


class MlKem768:
    def __init__(self):
        seed = hashlib.sha3_512(os.urandom(32) + bytes([RANK])).digest()
        rho, sigma = seed[:32], seed[32:]
        self.s = [ntt(noise(sigma, i)) for i in range(RANK)]
        errors = [ntt(noise(sigma, RANK + i)) for i in range(RANK)]
        t = [add(dot(row, self.s), e) for row, e in zip(matrix(rho), errors)]
        self.public = b"".join(encode(f, 12) for f in t) + rho

    def decapsulate(self, ciphertext):
        size = 32 * DU
        u = [decompress(decode(ciphertext[size * i:size * (i + 1)], DU), DU) for i in range(RANK)]
        v = decompress(decode(ciphertext[size * RANK:], DV), DV)
        w = add(v, [-x for x in inverse_ntt(dot(self.s, [ntt(f) for f in u]))])
        message = encode(compress(w, 1), 1)
        both = hashlib.sha3_512(message + hashlib.sha3_256(self.public).digest()).digest()
        # An honest server's ciphertext is the one that this message makes; encapsulation is deterministic.
        assert self.encapsulate(message, both[32:]) == ciphertext, "the ciphertext is not well made"
        return both[:32]

    def encapsulate(self, message, seed):
        t = [decode(self.public[384 * i:384 * (i + 1)], 12) for i in range(RANK)]
        a = matrix(self.public[1152:])
        y = [ntt(noise(seed, i)) for i in range(RANK)]
        u = [add(inverse_ntt(dot([a[j][i] for j in range(RANK)], y)), noise(seed, RANK + i)) for i in range(RANK)]
        v = add(inverse_ntt(dot(t, y)), noise(seed, 2 * RANK), decompress(decode(message, 1), 1))
        return b"".join(encode(compress(f, DU), DU) for f in u) + encode(compress(v, DV), DV)


class Hybrid:
    """The exchange itself, as paramiko wants one."""

    name = "mlkem768x25519-sha256"
    hash_algo = hashlib.sha256

    def __init__(self, transport):
        self.transport = transport

    def start_kex(self):
        self.kem, self.curve = MlKem768(), X25519PrivateKey.generate()
        raw = (serialization.Encoding.Raw, serialization.PublicFormat.Raw)
        self.sent = self.kem.public + self.curve.public_key().public_bytes(*raw)
        message = paramiko.Message()
        message.add_byte(b"\x1e")
        message.add_string(self.sent)
        self.transport._send_message(message)
        self.transport._expect_packet(31)

    def parse_next(self, kind, message):
        host_key, answer, signature = message.get_string(), message.get_string(), message.get_binary()
        assert kind == 31 and len(answer) == 1088 + 32
        curve_secret = self.curve.exchange(X25519PublicKey.from_public_bytes(answer[1088:]))
        secret = hashlib.sha256(self.kem.decapsulate(answer[:1088]) + curve_secret).digest()
        hashed = paramiko.Message()
        for text in (self.transport.local_version, self.transport.remote_version, self.transport.local_kex_init,
                     self.transport.remote_kex_init, host_key, self.sent, answer, secret):
            hashed.add_string(text)
        self.transport.hybrid_secret = secret
        self.transport._set_K_H(0, hashlib.sha256(hashed.asbytes()).digest())
        self.transport._verify_key(host_key, signature)
        self.transport._activate_outbound()


class HybridTransport(paramiko.Transport):
    _preferred_kex = (Hybrid.name,)
    _kex_info = {Hybrid.name: Hybrid}

    def _compute_key(self, letter, size):
        """RFC 4253 7.2 with the secret as a string."""
        start = paramiko.Message()
        start.add_string(self.hybrid_secret)
        start.add_bytes(self.H)
        out = b""
        while len(out) < size:
            more = paramiko.Message()
            more.add_bytes(start.asbytes())
            if out:
                more.add_bytes(out)
            else:
                more.add_byte(letter.encode() if isinstance(letter, str) else letter)
                more.add_bytes(self.session_id)
            out += hashlib.sha256(more.asbytes()).digest()
        return out[:size]
