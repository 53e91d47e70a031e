"""A real SMTP server for tests: aiosmtpd, with or without TLS and logins, which keeps what it receives."""
import email
import email.policy
import hmac
import queue
import ssl
import subprocess
import threading

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult


class Keeper:
    """Takes every mail but those to `refused`; `hold` lets a test keep the server from answering."""

    def __init__(self, refused=()):
        self.refused, self.mails, self.logins = set(refused), queue.Queue(), []
        self.may_answer = threading.Event()
        self.may_answer.set()

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address in self.refused:
            return "550 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        import asyncio
        while not self.may_answer.is_set():
            await asyncio.sleep(0.01)
        self.mails.put((envelope, session))
        return "250 taken"

    def __call__(self, server, session, envelope, mechanism, data):
        login, password = (getattr(data, name) for name in ("login", "password"))
        self.logins.append((mechanism, login, password))
        return AuthResult(success=(login, password) == (b"mailer@example.org", b"mail Password 1"), handled=False)


class CramKeeper(Keeper):
    """Knows CRAM-MD5 (RFC 2195), which the library leaves to whoever wants it."""

    async def auth_CRAM__MD5(self, server, args):
        challenge = b"<1896.697170952@mail.example.org>"
        answer = await server.challenge_auth(challenge)
        login, _, digest = answer.rpartition(b" ")
        right = hmac.new(b"mail Password 1", challenge, "md5").hexdigest().encode()
        self.logins.append(("CRAM-MD5", login, digest))
        return AuthResult(success=login == b"mailer@example.org" and digest == right, handled=False)


class BearerKeeper(Keeper):
    """Lets in whoever shows one of `tokens` for the mailbox; `mechanisms` are those it offers."""

    def __init__(self, tokens, mechanisms=("XOAUTH2",)):
        super().__init__()
        self.tokens = set(tokens)
        if "XOAUTH2" in mechanisms:
            self.auth_XOAUTH2 = lambda server, args: self.bearer("XOAUTH2", server)
        if "OAUTHBEARER" in mechanisms:
            self.auth_OAUTHBEARER = lambda server, args: self.bearer("OAUTHBEARER", server)

    async def bearer(self, mechanism, server):
        answer = await server.challenge_auth("")
        parts = answer.split(b"\x01")
        login = parts[0].removeprefix(b"user=") if mechanism == "XOAUTH2" else parts[0].split(b",")[1].removeprefix(b"a=")
        token = next(part for part in parts if part.startswith(b"auth=Bearer ")).removeprefix(b"auth=Bearer ").decode()
        self.logins.append((mechanism, login, token))
        if login == b"mailer@example.org" and token in self.tokens:
            return AuthResult(success=True)
        # What the large providers do: an error as one more challenge, which the client ends.
        await server.challenge_auth('{"status":"400","schemes":"Bearer"}')
        return AuthResult(success=False, handled=False)


class PlainController(Controller):
    """Answers EHLO as `smtp_options` say."""

    def __init__(self, keeper, implicit_tls=None, **smtp_options):
        self.smtp_options = smtp_options
        super().__init__(keeper, hostname="127.0.0.1", port=0, ssl_context=implicit_tls)

    def factory(self):
        return SMTP(self.handler, **self.smtp_options)

    def _trigger_server(self):
        # Port 0: the server knows which one it got. A connection makes the factory run, as the parent does it.
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


class MailServer:
    def __init__(self, controller, keeper):
        self.controller, self.keeper = controller, keeper
        controller.start()
        self.port = controller.port

    def stop(self):
        self.keeper.may_answer.set()
        if self.controller is not None:
            self.controller.stop()
        self.controller = None

    def mail(self, timeout=30):
        """The next mail: envelope, message, session."""
        envelope, session = self.keeper.mails.get(timeout=timeout)
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        return envelope, message, session

    def is_empty(self):
        return self.keeper.mails.empty()


def certificate(directory):
    """A self-signed certificate for localhost: (certificate, key, context of a server)."""
    cert, key = directory / "mail.crt", directory / "mail.key"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                    "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
                    "-keyout", str(key), "-out", str(cert)], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    return cert, key, context


def plain_server(**keeper):
    kept = Keeper(**keeper)
    return MailServer(PlainController(kept), kept)


def login_server(**options):
    """Demands a login; without TLS."""
    kept = Keeper()
    return MailServer(PlainController(kept, authenticator=kept, auth_required=True, auth_require_tls=False, **options), kept)


def bearer_server(tokens, mechanisms=("XOAUTH2",)):
    kept = BearerKeeper(tokens, mechanisms)
    return MailServer(PlainController(kept, authenticator=kept, auth_required=True, auth_require_tls=False,
                                      auth_exclude_mechanism=["PLAIN", "LOGIN"]), kept)


def cram_server():
    kept = CramKeeper()
    return MailServer(PlainController(kept, authenticator=kept, auth_required=True, auth_require_tls=False,
                                      auth_exclude_mechanism=["PLAIN", "LOGIN"]), kept)


def tls_server(context, **options):
    kept = Keeper()
    return MailServer(PlainController(kept, implicit_tls=context, authenticator=kept, auth_required=True, auth_require_tls=False,
                                      **options), kept)


def starttls_server(context):
    kept = Keeper()
    return MailServer(PlainController(kept, tls_context=context, require_starttls=True, authenticator=kept, auth_required=True), kept)
