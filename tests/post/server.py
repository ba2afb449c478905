#!/usr/bin/python3
"""Real servers for the tests of what leaves the machine: server.py web LOG KEY | smtp LOG [CERT KEY].

Each listens on a port of its own choosing on loopback, prints it, and writes a line of JSON into LOG
for what it took. The web server checks signatures by itself, with the standard library."""
import asyncio
import base64
import hashlib
import hmac
import json
import ssl
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


def log(path, what):
    with open(path, "a") as out:
        out.write(json.dumps(what) + "\n")


def web(path, key):
    secret = base64.b64decode(key)

    class Partner(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            head = {k.lower(): v for k, v in self.headers.items()}
            text = f'{head["webhook-id"]}.{head["webhook-timestamp"]}.'.encode() + body
            mac = base64.b64encode(hmac.new(secret, text, hashlib.sha256).digest()).decode()
            log(path, {"path": self.path, "id": head["webhook-id"],
                       "signed": head.get("webhook-signature") == "v1," + mac,
                       "body": json.loads(body)})
            if self.path == "/hang":
                time.sleep(60)
            if self.path == "/break":
                self.connection.close()
                return
            if self.path == "/endless":
                self.send_response(200)
                self.end_headers()
                while True:
                    self.wfile.write(b"x" * 65536)
            status = {"/ok": 204, "/redirect": 307}.get(self.path) or int(self.path[1:])
            self.send_response(status)
            if status == 307:
                self.send_header("Location", f"http://127.0.0.1:{self.server.server_port}/ok")
            self.end_headers()

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Partner)
    server.daemon_threads = True
    print(server.server_port, flush=True)
    server.serve_forever()


def smtp(path, cert=None, key=None):
    from aiosmtpd.smtp import SMTP, AuthResult

    class Mailbox:
        async def handle_RCPT(self, server, session, envelope, address, options):
            if address.startswith("slow"):
                await asyncio.sleep(60)
            if address.startswith("soft"):
                return "451 try again later"
            if address.startswith("hard"):
                return "550 no such mailbox"
            envelope.rcpt_tos.append(address)
            return "250 OK"

        async def handle_DATA(self, server, session, envelope):
            log(path, {"from": envelope.mail_from, "to": envelope.rcpt_tos,
                       "tls": session.ssl is not None, "user": session.authenticated,
                       "text": envelope.content.decode()})
            return "250 taken"

    def authenticate(server, session, envelope, mechanism, data):
        return AuthResult(success=data.login == b"vein" and data.password == b"open sesame")

    options = {}
    if cert:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(cert, key)
        options = {"tls_context": context, "require_starttls": True, "auth_required": True,
                   "authenticator": authenticate}

    async def main():
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: SMTP(Mailbox(), **options), "127.0.0.1", 0)
        print(server.sockets[0].getsockname()[1], flush=True)
        await server.serve_forever()

    asyncio.run(main())


if __name__ == "__main__":
    {"web": web, "smtp": smtp}[sys.argv[1]](*sys.argv[2:])
