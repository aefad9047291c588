"""Tells the toll of a bridge."""

import asyncio
import threading
import time
import urllib.error
import urllib.request

import uvicorn
from fastapi import FastAPI

app = FastAPI()


async def look_up(axles):
    await asyncio.sleep(0.01)
    return axles * 4


@app.get("/toll/{axles}")
async def toll(axles: int):
    return asyncio.get_event_loop().run_until_complete(look_up(axles))


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
threading.Thread(target=visit, args=(server, "/toll/3")).start()
server.run()
