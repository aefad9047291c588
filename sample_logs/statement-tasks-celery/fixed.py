"""Celery tasks that write bank statements; the broker is Celery's own in-memory one."""

import asyncio
import logging
import os
import signal

from celery import Celery
from celery.signals import task_postrun, worker_process_init, worker_process_shutdown
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

log = logging.getLogger("statements")
app = Celery("statements", broker="memory://")
app.conf.broker_connection_retry_on_startup = True
engine = create_async_engine(os.environ["DATABASE_URL"].replace("postgresql:", "postgresql+asyncpg:"))


async def write(account):
    async with engine.connect() as connection:
        balance = (await connection.execute(text("SELECT 1250.40"))).scalar_one()
    log.info("account %s: %s", account, balance)


@worker_process_init.connect
def open_loop(**_):
    global loop
    loop = asyncio.new_event_loop()  # one for each worker process (`asyncio.Runner` from Python 3.11 on)


@worker_process_shutdown.connect
def close_loop(**_):
    loop.run_until_complete(engine.dispose())
    loop.close()


@app.task(name="statements.write")
def write_statement(account):
    loop.run_until_complete(write(account))


@task_postrun.connect
def stop_after_the_last(args, **_):
    if args == ["B-8"]:
        os.kill(os.getppid(), signal.SIGTERM)


if __name__ == "__main__":
    for account in ("B-7", "B-8"):
        write_statement.delay(account)
    app.worker_main(["worker", "--concurrency=1", "--loglevel=INFO", "--without-heartbeat", "--without-mingle"])
