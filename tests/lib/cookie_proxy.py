#!/usr/bin/env python3
"""cookie_proxy.py PORT TO PATH FILE: passes HTTP on from one port of this machine to another, and what
is posted to an address that ends with PATH with the cookie that FILE holds."""
import http.client
import http.server
import sys

port, to, path, file = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4]


class Handler(http.server.BaseHTTPRequestHandler):
    def pass_on(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = dict(self.headers.items())
        if self.command == "POST" and self.path.endswith(path):
            with open(file, encoding="ascii") as cookie:
                headers["Cookie"] = cookie.read()
        there = http.client.HTTPConnection("127.0.0.1", to, timeout=10)
        try:
            there.request(self.command, self.path, body, headers)
            answer = there.getresponse()
            text = answer.read()
        except OSError:
            self.close_connection = True  # as if nobody were there
            return
        self.send_response_only(answer.status, answer.reason)
        for name, value in answer.getheaders():
            if name.lower() not in ("content-length", "transfer-encoding", "connection"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    do_GET = do_POST = do_PUT = pass_on

    def log_message(self, *_):
        pass


http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler).serve_forever()
