"""Addresses of people and machines: e-mail, IPv4, IPv6, and the user's name in the path of a home directory."""

from __future__ import annotations

import ipaddress
import re

from loopdoctor.patterns import lazy
from loopdoctor.secrets_seen import Secrets

EMAIL = lazy(
    r"(?<![\w.+-])(?P<local>[\w.+-]++)@(?P<domain>(?:[A-Za-z0-9-]{1,63}\.){1,8}(?P<top>[A-Za-z]{2,24}))(?![\w-])"
)
IPV4 = lazy(r"(?<!\d)(?<!\d\.)(?:\d{1,3}\.){3}\d{1,3}(?!\.?\d)")
IPV4_HOST = lazy(r"\bip-(?P<ip>\d{1,3}(?:-\d{1,3}){3})(?![\w-])")
IPV6 = lazy(r"(?<![0-9A-Fa-f:.])(?=[0-9A-Fa-f]{0,4}:)[0-9A-Fa-f:.]{3,60}+(?![\w:])")
# Beside a version: its package or the word for it, a comparison, the parts of a distribution's file name.
VERSION_BEFORE = lazy(
    r"(?:(?:version|release|python|build|Chrome|Chromium|Edge?|OPR|CriOS)['\"]?[\s=:/(]{0,3}|[=<>~!]=\s?|(?<![A-Za-z])[vV])$",
    re.IGNORECASE,
)
VERSION_AFTER = lazy(r"(?:-(?:py|cp|pp)\d|\.dist-info|\.egg|\.tar|\.whl|\.zip)")
HOME = lazy(
    r"(?:(?<![\w.~-])|(?<=/var)|(?<=/usr)|(?<=/export)|(?<=/mnt/[a-z])|(?<=\s/[a-z]))(?P<lead>/(?:home|Users)/)"
    r"(?P<user>[^\s/\\:\"'<>|,;()\[\]{}`*?]{1,64})"
    r"|(?P<drive>[A-Za-z]:(?:\\{1,8}|/)Users(?:\\{1,8}|/))(?P<name>[^/\\:\"'<>|*?\r\n]{1,64}(?=[/\\])|[^\s/\\:\"'<>|*?]{1,64})"
    r"|(?P<temporary>/pytest-of-)(?P<owner>[^\s/\\:\"'<>]{1,64})"
)
_REQUEST = lazy(r"(?:GET|POST|PUT|HEAD|PATCH|DELETE|OPTIONS) $")
_UNIT = frozenset({"service", "socket", "timer", "scope", "slice", "target", "mount", "device", "path"})

ACCOUNTS = frozenset(
    {"runner", "runneradmin", "vsts", "circleci", "jenkins", "gitlab-runner", "buildkite-agent", "travis"}
    | {"ubuntu", "debian", "centos", "ec2-user", "azureuser", "vscode", "codespace", "gitpod", "root", "app", "appuser"}
    | {"user", "node", "python", "www-data", "nobody", "nonroot", "docker", "shared", "public", "default"}
    | {"containeradministrator", "containeruser"}
)
"""Accounts of machines and images, not of people: their names stay."""


def mask_addresses(text: str, secrets: Secrets) -> str:
    """``text`` with the addresses masked; loopback, versions, times and names of services stay."""
    if "@" in text:
        text = EMAIL.sub(lambda match: _email(match, secrets), text)
    if ":" in text:
        text = IPV6.sub(lambda match: _ipv6(match, secrets), text)
    if "." in text:
        text = IPV4.sub(lambda match: _ipv4(match, secrets), text)
    if "ip-" in text:
        text = IPV4_HOST.sub(lambda match: _host(match, secrets), text)
    if "/" in text or "\\" in text:
        text = HOME.sub(lambda match: _home(match, secrets), text)
    return text


def _email(match: re.Match[str], secrets: Secrets) -> str:
    if match["top"].lower() in _UNIT or match["local"] == "git":
        return match[0]
    return secrets.mask("email", match[0].lower(), spread=False)


def _ipv4(match: re.Match[str], secrets: Secrets) -> str:
    text, start, end = match.string, match.start(), match.end()
    if VERSION_BEFORE.search(text, max(0, start - 24), start) or VERSION_AFTER.match(text, end):
        return match[0]
    return _address(match[0], secrets) or match[0]


def _host(match: re.Match[str], secrets: Secrets) -> str:
    return f"ip-{_address(match['ip'].replace('-', '.'), secrets) or match['ip']}"


def _ipv6(match: re.Match[str], secrets: Secrets) -> str:
    """Only what holds a digit: ``cafe::feed`` is a name in C++ as well."""
    candidate = match[0]
    before = match.string[match.start() - 1 : match.start()] if match.start() else ""
    lead = ":" if candidate[:1] == ":" and candidate[:2] != "::" else ""
    if (before.isalnum() or before in {"_", ")", ">"}) and not lead:
        return candidate  # test_a.py::f1
    core = candidate[len(lead) :].rstrip(".")
    core = core[:-1] if core.endswith(":") and not core.endswith("::") else core
    if core.count(":") < 2 or not any(map(str.isdigit, core)):
        return candidate
    masked = _address(core, secrets)
    return f"{lead}{masked}{candidate[len(lead) + len(core) :]}" if masked else candidate


def _address(text: str, secrets: Secrets) -> str | None:
    """The mask of an address; None for what is none, or says nothing about anybody."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    address = mapped or address
    if address.is_loopback or address.is_unspecified or str(address) == "255.255.255.255":
        return None
    return secrets.mask("ip", str(address), spread=False)


def _home(match: re.Match[str], secrets: Secrets) -> str:
    group = next(name for name in ("user", "name", "owner") if match[name])
    name = match[group]
    if name.lower() in ACCOUNTS or secrets.is_mask(name):
        return match[0]
    if group == "user" and _REQUEST.search(match.string, max(0, match.start() - 8), match.start()):
        return match[0]  # a page of a web site
    return match[0][: match.start(group) - match.start()] + secrets.mask("user", name, spread=False)
