"""The lending desk of a library."""

import asyncio
import threading
import time
import urllib.error
import urllib.request

import uvicorn
from fastapi import FastAPI

app = FastAPI()


async def notify(reader):
    await asyncio.sleep(0.01)
    print("notified", reader, flush=True)


@app.get("/lend/{reader}")
async def lend(reader: str):
    await notify(reader)
    return {"lent_to": reader}


def visit(server, path):
    while not server.started:
        time.sleep(0.02)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as response:
            print("visitor got", response.read().decode(), flush=True)
    except urllib.error.HTTPError as error:
        print("visitor got", error.code, flush=True)
    server.should_exit = True


server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, loop="asyncio"))
threading.Thread(target=visit, args=(server, "/lend/amir")).start()
server.run()
