"""What reading a ZIP archive ends in when it is not sound."""

import zipfile
import zlib

ARCHIVE_ERRORS = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError)
"""What zipfile raises: the archive is damaged, cut short, packed by a method it does not know (its
NotImplementedError) or locked with a password (its RuntimeError)."""
