"""Sends a receipt for each invocation; the runtime below stands for the platform's."""

import asyncio
import threading
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import aiohttp


class MailGateway(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(202)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *arguments):
        pass


gateway = ThreadingHTTPServer(("127.0.0.1", 0), MailGateway)
threading.Thread(target=gateway.serve_forever, daemon=True).start()
GATEWAY = f"http://127.0.0.1:{gateway.server_port}/send"
loop = asyncio.new_event_loop()  # one for the whole process (`asyncio.Runner` from Python 3.11 on)
session = None


async def send_receipt(event):
    global session
    if session is None:
        session = aiohttp.ClientSession()  # kept: the next invocation shall not connect again
    async with session.post(GATEWAY, json={"to": event["customer"]}) as response:
        print(f"[INFO] receipt of {event['order']}: gateway says {response.status}", flush=True)


def handler(event, context):
    loop.run_until_complete(send_receipt(event))
    return {"statusCode": 200}


def invoke(event):
    request = uuid.uuid4()
    print(f"START RequestId: {request} Version: $LATEST", flush=True)
    try:
        handler(event, None)
    except Exception as error:
        import traceback

        print(f"[ERROR] {type(error).__name__}: {error}", flush=True)
        print(traceback.format_exc(), end="", flush=True)
    print(f"END RequestId: {request}", flush=True)


for order in ("R-2201", "R-2202"):
    invoke({"order": order, "customer": "kim@example.org"})
loop.run_until_complete(session.close())
loop.close()
