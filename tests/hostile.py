"""What a log may say to reach through a report: to a terminal, a browser, a CI runner, a spreadsheet, a parser."""

from __future__ import annotations

HOSTILE_TEXTS = (
    "\x1b[2J\x1b]8;;https://evil.example\x07click\x1b]8;;\x07",
    "\x9b31m\x08\x7f",
    "::error::owned",
    "\n::set-output name=token::stolen",
    "\r\n::stop-commands::for-ever",
    "\r::add-mask::x",
    "%0A::error::owned",
    "##[set-env name=PATH]/tmp",
    "]]><system-out>",
    "<!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]>&e;",
    "</script><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "[click](https://evil.example)",
    "![image](https://evil.example/x.png)",
    "<https://evil.example> www.evil.example https://evil.example",
    "@octocat #1 owner/repo#2",
    "a `code](https://evil.example) span",
    "```\n# heading\n```",
    "[bold red]markup[/] [link=https://evil.example]x[/link]",
    "\u202egnp.exe\u2066\u200f",
    "\u2028line\u2029paragraph\x85next\x0b\x0c",
    "=cmd()|' /C calc'!A0",
    "{0} {{1}} ${name}",
    "nul\0byte",
    "\udc80\ud800 \ufffe\uffff",
    "a,b:c;d=e\"f'g\\h",
    "",
)
