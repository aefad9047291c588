"""Addresses of logs elsewhere: which ones can be read, and how one is shown without its secrets."""

from __future__ import annotations

from loopdoctor.patterns import lazy

SCHEMES = ("s3", "gs", "gcs", "az", "abfs", "abfss", "http", "https")

# A password with a slash is no URL, and yet it is written; what is a port is none.
_PASSWORD = lazy(r"^([a-z0-9]+://)[^\s/:@]*:(?!\d{1,6}(?:[/?#]|$))[^@]*@")
_USER = lazy(r"^((?:https?|s3|gs|gcs)://)[^/?#@]*@")
_VALUE = lazy(r"([?&;][\w.~%$-]+=)[^&;#]*")
_BARE = lazy(r"\?[^&=#]+$")

MASK = "***"


def scheme_of(path: str) -> str:
    """The scheme of an address that can be read with ``loopdoctor[remote]``; ``""`` for everything else."""
    scheme, separator, _ = path.partition("://")
    return scheme.lower() if separator and scheme.lower() in SCHEMES else ""


def masked(url: str) -> str:
    """The address as it may be shown: no user, no password, and no value of its query (which may sign it)."""
    scheme, _, rest = url.partition("://")
    shown = f"{scheme.lower()}://{rest}"
    shown = _PASSWORD.sub(rf"\g<1>{MASK}@", shown)
    shown = _USER.sub(rf"\g<1>{MASK}@", shown)
    shown = _VALUE.sub(rf"\g<1>{MASK}", shown)
    # Only the web has queries; elsewhere a question mark is a pattern, or part of a name.
    return _BARE.sub(f"?{MASK}", shown) if shown.startswith("http") else shown
