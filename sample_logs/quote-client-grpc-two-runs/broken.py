"""Asks a gRPC service for the quote of the day, twice a day."""

import asyncio
import logging
from concurrent import futures

import grpc
import grpc.aio

logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
log = logging.getLogger("quotes")


class Quotes(grpc.GenericRpcHandler):  # stands for the service
    def service(self, details):
        return grpc.unary_unary_rpc_method_handler(lambda request, context: b"measure twice, " + request)


async def quote(channel, word):
    get = channel.unary_unary("/quotes.Quotes/Get")
    log.info("quote: %s", (await get(word.encode())).decode())


server = grpc.server(futures.ThreadPoolExecutor(2), handlers=[Quotes()])
target = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
server.start()
channel = None


async def ask(word):
    global channel
    if channel is None:
        channel = grpc.aio.insecure_channel(target)
    await quote(channel, word)


for word in ("cut once", "sleep well"):
    try:
        asyncio.run(ask(word))
    except Exception:
        log.exception("no quote for %r", word)
server.stop(None).wait()
