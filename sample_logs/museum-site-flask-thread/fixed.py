"""The site of a museum: one synchronous page over an asynchronous catalogue."""

import asyncio
import logging
import threading
import urllib.error
import urllib.request

from flask import Flask
from werkzeug.serving import make_server

logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
logging.getLogger("werkzeug").setLevel(logging.WARNING)
app = Flask("museum")


async def describe(number):
    await asyncio.sleep(0.01)
    return f"exhibit {number}: a loom"


@app.route("/exhibit/<int:number>")
def exhibit(number):
    return asyncio.run(describe(number))  # a loop for this request


def visit(url):
    try:
        with urllib.request.urlopen(url) as response:
            app.logger.info("%s", response.read().decode())
    except urllib.error.HTTPError as error:
        app.logger.info("answer: %d", error.code)


server = make_server("127.0.0.1", 0, app, threaded=True)
threading.Thread(target=server.serve_forever, name="server").start()
visit(f"http://127.0.0.1:{server.server_port}/exhibit/12")
server.shutdown()
server.server_close()
