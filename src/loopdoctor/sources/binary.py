"""Tells files that cannot be logs by their content, so that a scan of a directory is not led astray by them."""

from __future__ import annotations

# (offset, bytes, what it is called in a notice)
MAGIC = (
    (0, b"\x7fELF", "a program (ELF)"),
    (0, b"MZ\x90\x00", "a Windows program"),
    (0, b"\xcf\xfa\xed\xfe", "a program (Mach-O)"),
    (0, b"\xca\xfe\xba\xbe", "a program (Mach-O or Java)"),
    (0, b"\0asm", "WebAssembly"),
    (0, b"!<arch>\n", "a static library"),
    (0, b"\x89PNG\r\n\x1a\n", "an image"),
    (0, b"\xff\xd8\xff", "an image"),
    (0, b"GIF8", "an image"),
    (0, b"RIFF", "sound or an image"),
    (0, b"OggS", "sound"),
    (0, b"ID3", "sound"),
    (4, b"ftyp", "a video"),
    (0, b"\x1a\x45\xdf\xa3", "a video"),
    (0, b"%PDF-", "a PDF document"),
    (0, b"SQLite format 3\0", "an SQLite database"),
    (0, b"LPKSHHRH", "a binary journal (read it with: journalctl --file FILE | loopdoctor scan -)"),
    (0, b"7z\xbc\xaf\x27\x1c", "a 7z archive (unpack it first)"),
    (0, b"Rar!\x1a\x07", "a RAR archive (unpack it first)"),
    (0, b"\x04\x22\x4d\x18", "compressed with lz4 (unpack it first)"),
    (0, b"\x1f\x9d", "compressed with compress (unpack it first)"),
    (2, b"\r\n", "compiled Python"),  # a .pyc's version number always ends so; see _is_compiled_python
)

# Not \x01: it separates the fields of FIX messages.
_CONTROL = bytes({*range(2, 32), 127} - {*b"\t\n\r\f\v\b\x1b\x0f\x0e"})


def _is_compiled_python(head: bytes) -> bool:
    """A .pyc holds its version number, CR LF, and four bytes of flags of which only the lowest two bits are used."""
    return len(head) >= 16 and head[2:4] == b"\r\n" and head[4] < 4 and head[5:8] == b"\0\0\0"


def kind_of_binary(head: bytes) -> str:
    """What a file that begins with ``head`` is, in words for a notice; ``""`` if it may well be a log.

    A log may hold runs of zeros, single bytes of any other encoding and colours, so those prove nothing; control
    characters that no terminal knows, or zeros scattered all over, do.
    """
    for offset, magic, words in MAGIC:
        if head.startswith(magic, offset) and (words != "compiled Python" or _is_compiled_python(head)):
            return words
    text = head.replace(b"\0\0\0\0", b"").strip(b"\0")
    if not text:
        return ""
    strange = len(text) - len(text.translate(None, _CONTROL)) + text.count(0)
    return "not text" if strange > 0.05 * len(text) else ""
