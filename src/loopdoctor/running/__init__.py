"""Runs a command as if loopdoctor were not there, and keeps what it writes for the scan.

``command`` starts it and says how it ended, ``channels`` pass its output on, ``spool`` keeps it, ``relay`` hands
signals on. Nothing goes through a shell. POSIX only.
"""

from loopdoctor.running.channels import Channel
from loopdoctor.running.command import Ended, NotStarted, nested, run_command, sources_of
from loopdoctor.running.relay import die_of

__all__ = ["Channel", "Ended", "NotStarted", "die_of", "nested", "run_command", "sources_of"]
