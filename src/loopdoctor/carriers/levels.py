"""The names that logs give to severities, and the five that loopdoctor speaks of."""

from __future__ import annotations

LEVELS = {
    **dict.fromkeys(("DEBUG", "TRACE", "DEBG", "TRAC", "BLAT", "FINE", "VERBOSE", "D", "10"), "DEBUG"),
    **dict.fromkeys(("INFO", "NOTICE", "SUCCESS", "INFORMATION", "INFORMATIONAL", "DEFAULT", "I", "20"), "INFO"),
    **dict.fromkeys(("WARNING", "WARN", "W", "30"), "WARNING"),
    **dict.fromkeys(("ERROR", "ERR", "ERRO", "EXCEPTION", "SEVERE", "E", "40"), "ERROR"),
    **dict.fromkeys(
        ("CRITICAL", "CRIT", "FATAL", "ALERT", "EMERG", "EMERGENCY", "PANIC", "C", "F", "50", "60"), "CRITICAL"
    ),
}
"""Name as written, upper case -> normal name."""

SYSLOG_LEVELS = ("CRITICAL", "CRITICAL", "CRITICAL", "ERROR", "WARNING", "INFO", "INFO", "DEBUG")
"""RFC 5424 section 6.2.1: the severity is the priority modulo eight."""

UPPER = r"DEBUG|INFO|WARNING|WARN|ERROR|CRITICAL|FATAL|NOTICE|SUCCESS|TRACE|EXCEPTION|CRIT|DEBG|ERRO|ERR"
"""Alternation of the names that stand for a level when written in capitals."""

LOWER = UPPER.lower()


def normal_level(name: str) -> str | None:
    """The normal name of a level as some logger wrote it; None if it is no level."""
    return LEVELS.get(name.strip().upper())
