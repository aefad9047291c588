"""Writes an audit entry for each change of a customer's account."""

import asyncio
import logging

logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s %(message)s")
log = logging.getLogger("accounts")


async def write_audit(account, change):
    await asyncio.sleep(0.01)
    log.info("audit: %s %s", account, change)


async def change_limit(account, limit):
    await asyncio.sleep(0.02)
    log.info("limit of %s is now %d", account, limit)
    write_audit(account, f"limit={limit}")


async def main():
    await change_limit("ACC-4410", 500)
    await change_limit("ACC-4411", 750)
    log.info("2 changes made")


asyncio.run(main())
