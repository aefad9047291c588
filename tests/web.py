"""A web server for tests, with ranges and index pages, that can break off, change its mind, and refuse."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Site:
    """What the server holds, how it behaves, and what was asked of it."""

    def __init__(self) -> None:
        self.pages: dict[str, bytes] = {}
        self.refused: dict[str, int] = {}
        self.cuts: list[int] = []
        """Bytes after which an answer breaks off, one for each answer until none is left."""
        self.ranges = True
        self.after_cut: Any = None
        self.asked: list[tuple[str, str, str]] = []
        self.address = ""


@contextmanager
def serving() -> Iterator[Site]:
    """The site, as long as the context lasts."""
    site = Site()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: Any) -> None:
            pass

        def do_HEAD(self) -> None:
            self.answer(with_body=False)

        def do_GET(self) -> None:
            self.answer(with_body=True)

        def answer(self, *, with_body: bool) -> None:
            path, scope = self.path.partition("?")[0], self.headers.get("Range", "")
            site.asked.append((self.command, self.path, scope))
            status = site.refused.get(path, 200 if path in site.pages else 404)
            body = site.pages.get(path, b"") if status == 200 else b"no: " + self.path.encode()
            headers = {"ETag": f'"{hash(body)}"'}
            if path.endswith("/"):
                headers["Content-Type"] = "text/html"
            if site.ranges and status == 200:
                headers["Accept-Ranges"] = "bytes"
                if found := re.fullmatch(r"bytes=(\d+)-(\d*)", scope):
                    start, end = int(found[1]), min(int(found[2] or len(body)), len(body) - 1)
                    headers["Content-Range"] = f"bytes {start}-{end}/{len(body)}"
                    status, body = 206, body[start : end + 1]
            self.send_response(status)
            for name, value in (headers | {"Content-Length": str(len(body))}).items():
                self.send_header(name, value)
            self.end_headers()
            if not with_body:
                return
            if site.cuts and status < 300:
                self.wfile.write(body[: site.cuts.pop(0)])
                self.wfile.flush()
                time.sleep(0.3)  # aiohttp drops what has come and was not taken yet
                self.close_connection = True
                if site.after_cut:
                    site.after_cut()
                return
            self.wfile.write(body)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    site.address = f"http://127.0.0.1:{server.server_port}"
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
