"""How files and directories are opened, and with which permissions they are made."""

from __future__ import annotations

import errno
import os

DIRECTORY_MODE = 0o700
FILE_MODE = 0o600
ANY_MODE = 0o666
"""What most programs ask for; the umask takes away from it."""

DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
READ = os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC
"""Never waits for a pipe's writer, never follows a link."""

HOLD = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | getattr(os, "O_PATH", os.O_NONBLOCK)
"""Only to keep a file, whatever it is."""

CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
LOCK = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
NAMELESS = os.O_WRONLY | os.O_CLOEXEC | getattr(os, "O_TMPFILE", os.O_DIRECTORY)
NO_NAMELESS = (errno.EOPNOTSUPP, errno.EISDIR, errno.EINVAL, errno.ENOENT)
"""What a file system answers that has no files without a name."""
