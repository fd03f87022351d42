"""Deliberate faults: a file, the words there, what they become, and who must notice."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Bug:
    """One fault. `old` stands exactly once in the file."""

    name: str
    file: str
    old: str
    new: str
    harness: str


_FS = "store/files/fs.py"
_TRANSACTION = "store/files/transaction.py"
_RECOVERY = "store/files/recovery.py"
_RECORD = "store/files/txn_record.py"
_CODEC = "store/files/codec.py"
_PATHS = "store/files/paths.py"

BUGS = (
    Bug(
        "a new file is not synced",
        "store/files/descriptors.py",
        "    write_all(descriptor, content)\n    if sync:\n        os.fsync(descriptor)\n",
        "    write_all(descriptor, content)\n",
        "simulator",
    ),
    Bug(
        "a directory is not synced",
        _FS,
        "        os.fsync(self._descriptor)\n",
        "        return\n",
        "simulator",
    ),
    Bug(
        "the commit point is not synced before it is acted on",
        _TRANSACTION,
        "        if sync:\n            directory.sync()\n        apply(",
        "        apply(",
        "simulator",
    ),
    Bug(
        "the commit point comes before the names of the new files are synced",
        _TRANSACTION,
        "        if sync:\n            directory.sync()\n        made.append(record)",
        "        made.append(record)",
        "simulator",
    ),
    Bug(
        "a delete does not sync the mark",
        "store/systems/hive/deleting.py",
        "plan.writes += mark_write(opened, memory, highest, sync=True)\n"
        "    plan.writes.append(Write",
        "plan.writes += mark_write(opened, memory, highest, sync=False)\n"
        "    plan.writes.append(Write",
        "simulator",
    ),
    Bug(
        "several records are replaced one by one",
        _TRANSACTION,
        "        return _commit_several(records, rules, verify, sync)\n",
        "        for one in records:\n            _make(one, sync)\n"
        "        return [records[0].directory]\n",
        "kills",
    ),
    Bug(
        "several records are replaced one by one where nothing is synced",
        _TRANSACTION,
        "        return _commit_several(records, rules, verify, sync)\n",
        "        if not sync:\n            for one in records:\n                _make(one, sync)\n"
        "            return []\n        return _commit_several(records, rules, verify, sync)\n",
        "kills",
    ),
    Bug(
        "the next holder of the lock finishes nothing",
        "store/files/recovery.py",
        "    if TXN_NAME in left:\n        finish(directory, tasks, rules)\n",
        "",
        "kills",
    ),
    Bug(
        "what a crash left is not cleared away",
        _RECOVERY,
        "    for name in found:\n        directory.discard(name)\n",
        "",
        "kills",
    ),
    Bug(
        "readers do not look for a committed change",
        "store/files/overlay.py",
        "    if directory.status(TXN_NAME) is None:\n        return None\n",
        "    if directory:\n        return None\n",
        "kills",
    ),
    Bug(
        "the record of a change goes before the change is in place",
        _TRANSACTION,
        "        apply(directory, tasks, transaction, rules)\n        if sync:\n"
        "            tasks.sync()\n        directory.unlink(TXN_NAME)\n",
        "        directory.unlink(TXN_NAME)\n        apply(directory, tasks, transaction, rules)\n"
        "        if sync:\n            tasks.sync()\n",
        "kills",
    ),
    Bug(
        "a repair takes the record away before it has finished",
        _RECOVERY,
        "    apply(directory, tasks, transaction, rules)\n    tasks.sync()\n    directory.sync()\n"
        "    directory.unlink(TXN_NAME)\n",
        "    directory.unlink(TXN_NAME)\n    apply(directory, tasks, transaction, rules)\n"
        "    tasks.sync()\n    directory.sync()\n",
        "recovery-kills",
    ),
    Bug(
        "a repair overwrites what somebody else wrote",
        _RECOVERY,
        "    if found == op.pre:\n        directory.move(tmp, target, op.name)\n",
        "    if found == op.pre or tmp:\n        directory.move(tmp, target, op.name)\n",
        "foreign",
    ),
    Bug(
        "a removed file that comes back is removed again",
        _RECOVERY,
        "    target.move(op.name, directory, gone)\n",
        "    target.unlink(op.name)\n",
        "foreign",
    ),
    Bug(
        "an edit is published on records that have moved since",
        "store/systems/hive/writing.py",
        "            if opened.still_holds():\n",
        "            if opened is not None:\n",
        "histories",
    ),
    Bug(
        "what touches several records takes no lock",
        "store/systems/hive/writing.py",
        "        with list_lock(opened.directory, opened.list_id, patience) as lock:\n"
        "            patience.begin()\n"
        "            recover(opened.directory, opened.tasks, RULES)\n"
        "            planned, unsynced = self._commit(opened, plan, lock.verify)\n",
        "        if opened:\n"
        "            patience.begin()\n"
        "            recover(opened.directory, opened.tasks, RULES)\n"
        "            planned, unsynced = self._commit(opened, plan, lambda: None)\n",
        "storm",
    ),
    Bug(
        "on a full disk files are changed one by one",
        _TRANSACTION,
        "    _prepare(directory, transaction, writes, content, verify, sync)\n    try:\n",
        "    try:\n        _prepare(directory, transaction, writes, content, verify, sync)\n"
        "    except OSError:\n        for one in writes:\n            _make(one, sync)\n"
        "        return []\n    try:\n",
        "full-disk",
    ),
    Bug(
        "the room kept for removals is not given to them",
        "store/systems/hive/writing.py",
        "                if not give_spare(self.root):\n",
        "                if self.root:\n",
        "full-disk",
    ),
    Bug(
        "a sync that failed counts as success",
        "store/systems/hive/writing.py",
        "        raise pending_error from error\n",
        "        return\n",
        "errors",
    ),
    Bug(
        "a file that was read stays open",
        _FS,
        "        finally:\n            close(descriptor)\n\n    def replace(",
        "        finally:\n            pass\n\n    def replace(",
        "errors",
    ),
    Bug(
        "a rename goes round the port",
        _FS,
        "        os.rename(name, target_name,",
        '        __import__("os").rename(name, target_name,',
        "port-traced",
    ),
    Bug(
        "the time of the last write follows a clock that jumps back",
        "store/systems/hive/updating.py",
        "max(time.time(), sides.stored.record.updated_at or 0.0)",
        "time.time()",
        "clocks",
    ),
    Bug(
        "a list id may begin with a dot",
        _PATHS,
        'sign if keeps(sign) and not (place == 0 and sign == ".") else',
        "sign if keeps(sign) or place < 0 else",
        "ids",
    ),
    Bug(
        "the sign that escapes is not escaped itself",
        _PATHS,
        'return sign.isprintable() and sign not in "/%"',
        'return sign.isprintable() and sign not in "/"',
        "ids",
    ),
    Bug(
        "a list is found by any name that the file system takes for its own",
        _FS,
        "                if is_folded(current, part, following):\n",
        "                if is_folded(current, part, following) and not part:\n",
        "ids",
    ),
    Bug(
        "links are followed when a record is read",
        "store/files/flags.py",
        "READ = os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC",
        "READ = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC",
        "hostile-files",
    ),
    Bug(
        "a file of any size is read",
        "store/files/failures.py",
        "    if status.st_size > limit:\n",
        "    if status.st_size > limit * 10**6:\n",
        "hostile-files",
    ),
    Bug(
        "a key may stand there twice",
        _CODEC,
        "    if len(found) != len(pairs):\n",
        "    if len(found) > len(pairs):\n",
        "hostile-files",
    ),
    Bug(
        "a change's record may name any file",
        _RECORD,
        "    if not (isinstance(path, str) and _PATH.fullmatch(path)):\n",
        "    if not isinstance(path, str):\n",
        "hostile-files",
    ),
    Bug(
        "reading makes what is not there",
        _FS,
        "            child = os.open(name, flags.DIRECTORY | os.O_NOFOLLOW, "
        "dir_fd=self._descriptor)\n",
        "            os.close(os.open('.seen', flags.LOCK, dir_fd=self._descriptor))\n"
        "            child = os.open(name, flags.DIRECTORY | os.O_NOFOLLOW, "
        "dir_fd=self._descriptor)\n",
        "hostile-files",
    ),
    Bug(
        "C1 control characters pass the door",
        "tui/safe_text.py",
        '    category = unicodedata.category(character)\n    if category == "Zs"',
        "    category = unicodedata.category(character)\n    if 0x80 <= code < 0xA0:\n"
        '        return character\n    if category == "Zs"',
        "terminal",
    ),
    Bug(
        "escape passes the door",
        "tui/safe_text.py",
        "    if code < 0x20:\n        return chr(0x2400 + code)\n",
        "    if code < 0x20:\n        return chr(0x2400 + code) if code != 0x1B else character\n",
        "terminal",
    ),
    Bug(
        "markup in a notification",
        "tui/screens/main.py",
        'self.app.notify(text, severity="error", markup=False)',
        'self.app.notify(text, severity="error", markup=True)',
        "terminal",
    ),
    Bug(
        "a signal that ends the program is ignored",
        "tui/terminal.py",
        "_SIGNALS = (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1)",
        "_SIGNALS = (signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1)",
        "terminal-faults",
    ),
)
