"""Opens the barrier of a car park; the camera's second picture may come after the answer."""

import asyncio
import gc
import logging
import weakref

import aiohttp
from aiohttp import web

logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
logging.getLogger("aiohttp.access").setLevel(logging.WARNING)
log = logging.getLogger("parking")
waiting = weakref.WeakValueDictionary()  # plate -> picture that is to come


async def open_barrier(plate):
    waiting[plate] = picture = asyncio.get_running_loop().create_future()
    log.info("%s: waiting for the second picture", plate)
    log.info("%s: barrier opened, picture %s", plate, await picture)


async def arrive(request):
    asyncio.create_task(open_barrier(request.match_info["plate"]))
    return web.Response(status=202)


async def second_picture(request):
    picture = waiting.get(request.match_info["plate"])
    if picture is None:
        return web.Response(status=404)
    picture.set_result("cam-2")
    return web.Response(status=200)


async def main():
    app = web.Application()
    app.router.add_post("/arrive/{plate}", arrive)
    app.router.add_post("/picture/{plate}", second_picture)
    runner = web.AppRunner(app, shutdown_timeout=0.2)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    async with aiohttp.ClientSession("http://%s:%d" % runner.addresses[0]) as camera:
        async with camera.post("/arrive/BX-204"):
            pass
        await asyncio.sleep(0.05)
        gc.collect()  # stands for the collections that an hour's work triggers
        async with camera.post("/picture/BX-204") as response:
            log.info("second picture: %d", response.status)
    await asyncio.sleep(0.05)
    await runner.cleanup()


asyncio.run(main())
