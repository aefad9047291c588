import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx


class Shop(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        body = b'{"path": "%s"}' % self.path.encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Shop)
threading.Thread(target=server.serve_forever, daemon=True).start()
BASE = f"http://127.0.0.1:{server.server_port}"
client = httpx.AsyncClient(base_url=BASE)


async def test_products():
    response = await client.get("/products")
    assert response.json() == {"path": "/products"}


async def test_basket():
    response = await client.get("/basket")
    assert response.json() == {"path": "/basket"}
