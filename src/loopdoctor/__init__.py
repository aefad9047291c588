"""Finds asyncio lifecycle failures in any log and names the mistake behind each one."""

__version__ = "0.1.0"
