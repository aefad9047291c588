"""Runs the sales notebook every night, as its users do by hand."""

import logging
import sys

import nbclient
import nbformat.v4 as notebook

logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
log = logging.getLogger("sales")

CELLS = [
    """
import asyncio

async def load(region):
    await asyncio.sleep(0.01)
    return {"region": region, "sold": 31}
""",
    """
north = asyncio.run(load("north"))
print(north)
""",
]

book = notebook.new_notebook(cells=[notebook.new_code_cell(cell.strip()) for cell in CELLS])
try:
    nbclient.NotebookClient(book, timeout=60, kernel_name="python3").execute()
except nbclient.exceptions.CellExecutionError as error:
    log.error("the notebook failed\n%s", error)
    sys.exit(1)
log.info("sales: %s", book.cells[-1].outputs[0].text.strip())
