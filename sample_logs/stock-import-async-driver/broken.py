"""A nightly stock import without any asyncio, which takes its database URL from the web application's settings."""

import logging
import os
import sys

from sqlalchemy import create_engine, text
from sqlalchemy.orm import Session

logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
log = logging.getLogger("stock")
URL = os.environ["DATABASE_URL"].replace("postgresql:", "postgresql+asyncpg:")
engine = create_engine(URL)


def import_stock():
    with Session(engine) as session:
        total = session.execute(text("SELECT 40 + 2")).scalar_one()
    log.info("imported %d articles", total)


try:
    import_stock()
except Exception:
    log.exception("import failed")
    sys.exit(1)
