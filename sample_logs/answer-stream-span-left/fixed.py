"""A kiosk that answers in words; its generator of words holds a tracing span open across each yield."""

import asyncio
import logging

from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider

logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
log = logging.getLogger("kiosk")
trace.set_tracer_provider(TracerProvider())
tracer = trace.get_tracer("kiosk")


async def words(question):
    with tracer.start_as_current_span("answer"):
        for word in question.split():
            await asyncio.sleep(0.01)
            yield word


async def answer(question):
    stream = words(question)
    try:
        async for word in stream:
            log.info("said %s", word)
            if word == "stop":
                break
    finally:
        await stream.aclose()


async def main():
    await answer("please stop here")
    await asyncio.sleep(0.1)
    log.info("next visitor")


asyncio.run(main())
