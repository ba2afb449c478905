"""sign.py DEMO_OUTPUT DATABASE SECONDS: the clients of bench/sign.sh."""
import collections
import ctypes
import http.client
import json
import re
import sqlite3
import sys
import threading
import time
import urllib.parse
import uuid

PASSES, BYTES = 3, 64 << 20  # src/kernel/auth_password.c
PLANT = "Halden Cell Works"
ROLES = ("warehouse", "operator", "qa_specialist", "qualified_person")


def demo(path):
    """Address, password, and logins of the plant's people who may countersign."""
    text = open(path, encoding="utf-8").read()
    people, site = [], None
    for line in text.splitlines():
        row = re.match(r"^  (\S+) +(.+)$", line)
        if not row:
            site = line
        elif site == PLANT and row[1] in ROLES:
            people += row[2].split()
    host, port = re.search(r"vein runs at http://([0-9.]+):(\d+)", text).groups()
    return host, int(port), re.search(r"password of all: (.*)\)", text)[1], people


class Person:
    def __init__(self, house, login):
        self.host, self.port, self.password, _ = house
        self.login = login
        self.line = http.client.HTTPConnection(self.host, self.port)
        self.cookie = self.token = None

    def ask(self, method, path, body=None, **headers):
        headers = {k.replace("_", "-"): v for k, v in headers.items()}
        headers.update({"Accept": "application/json", "Cookie": self.cookie or ""})
        self.line.request(method, path, body, headers)
        answer = self.line.getresponse()
        return answer, answer.read()

    def sign_in(self):
        form = urllib.parse.urlencode({"login": self.login, "password": self.password})
        self.cookie = None
        answer, text = self.ask("POST", "/sign-in", form,
                                Content_Type="application/x-www-form-urlencoded")
        if answer.status not in (200, 303):
            sys.exit(f"sign-in: {answer.status} {text[:300]}")
        self.cookie = answer.getheader("Set-Cookie").split(";")[0]
        self.token = json.loads(self.ask("GET", "/api/session")[1])["token"]

    def countersign(self, signature):
        """False: their own signature, or one that they countersigned already."""
        asked, text = self.ask("GET", f"/sign/sign.countersign?signature={signature}")
        if asked.status != 200:
            return False
        shown = json.loads(text)
        body = {"signature": signature, "_shown": shown["shown"], "_password": self.password}
        if shown.get("both"):
            body["_login"] = self.login
        answer, text = self.ask("POST", "/commands/sign.countersign", json.dumps(body),
                                Content_Type="application/json", X_CSRF_Token=self.token,
                                Idempotency_Key=str(uuid.uuid4()))
        if answer.status not in (200, 403, 409, 422):
            sys.exit(f"countersign: {answer.status} {text[:300]}")
        return answer.status == 200


def at_once(n, seconds, work):
    """work(i, until) of n threads gives how long each thing took; things a second, p50 in ms."""
    took = [[] for _ in range(n)]
    until = time.monotonic() + seconds
    threads = [threading.Thread(target=lambda i=i: took[i].extend(work(i, until)))
               for i in range(n)]
    begin = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    every = sorted(x for one in took for x in one)
    if not every:
        sys.exit("nothing was done")
    return len(every) / (time.monotonic() - begin), every[len(every) // 2] * 1000


def timed(until, step):
    """What a step says is true took so long; None: there is no more to do."""
    while time.monotonic() < until:
        begin = time.monotonic()
        done = step()
        if done is None:
            return
        if done:
            yield time.monotonic() - begin


def raw():
    sodium = ctypes.CDLL("libsodium.so.23")
    sodium.sodium_init()  # chooses the quick one of what the processor can
    text = ctypes.create_string_buffer(128)
    word = b"vein-demonstration"
    size = ctypes.c_ulonglong
    sodium.crypto_pwhash_str(text, word, size(len(word)), size(PASSES), ctypes.c_size_t(BYTES))
    return lambda: sodium.crypto_pwhash_str_verify(text, word, size(len(word))) == 0


def main():
    house = demo(sys.argv[1])
    seconds = float(sys.argv[3])
    people = [Person(house, login) for login in house[3]]
    rows = sqlite3.connect(f"file:{sys.argv[2]}?mode=ro", uri=True).execute(
        "SELECT event FROM sign_signature WHERE site = (SELECT site FROM auth_site WHERE name = ?)",
        (PLANT,))
    signatures = [row[0] for row in rows]
    left = {p.login: collections.deque(signatures) for p in people}
    verify = raw()

    def signing(i, until):
        person, waiting = people[i], left[people[i].login]
        return timed(until,
                     lambda: person.countersign(waiting.popleft()) if waiting else None)

    print(f"{len(signatures)} signatures to countersign, {len(people)} people")
    print(f"{'at once':>8} {'sign-ins/s':>11} {'p50 ms':>8} {'signed/s':>9} {'p50 ms':>8}"
          f" {'Argon2id/s':>11} {'of it':>6} {'of it':>6}")
    for n in (1, 2, 4):
        people = people[-n:] + people[:-n]  # others than in the row before have more to sign
        alone, _ = at_once(n, seconds, lambda i, until: timed(until, verify))
        entered, entry_ms = at_once(
            n, seconds, lambda i, until: timed(until, lambda: people[i].sign_in() or True))
        signed, sign_ms = at_once(n, seconds, signing)
        print(f"{n:8} {entered:11.1f} {entry_ms:8.1f} {signed:9.1f} {sign_ms:8.1f} {alone:11.1f}"
              f" {entered / alone:6.2f} {signed / alone:6.2f}")


main()
