"""Everything a log may come in - files, directories, pipes, compressed, archived, UTF-16 - as blocks of bytes.

``files`` finds the inputs, ``unpack`` takes off one container after the other (``decompress``, ``archives``),
``encodings`` brings what is left to UTF-8. All of it streams: nothing is extracted to disk and nothing is held whole in
memory. ``live`` does the same for a log that is still being written.
"""

from loopdoctor.sources.files import Named, Notify, find_sources, named_files, read_file, tell_skipped
from loopdoctor.sources.stream import Source
from loopdoctor.sources.unpack import unpacked

__all__ = ["Named", "Notify", "Source", "find_sources", "named_files", "read_file", "tell_skipped", "unpacked"]
