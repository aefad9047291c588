"""``python -m loopdoctor``."""

from __future__ import annotations

import sys

from loopdoctor.cli import main

if __name__ == "__main__":
    sys.exit(main())
