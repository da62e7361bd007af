"""Make a backup, and restore one: the same for both ways to run the platform."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

from rich.console import Console

from cli.backup import metadata
from cli.backup.database import Contents, Database
from cli.backup.files import open_private
from cli.backup.lake import Bucket
from cli.backup.manifest import Manifest, describe
from cli.errors import UserError
from cli.paths import REPOSITORY

#: Where backups are kept, unless somebody names another place.
FOLDER = REPOSITORY / "backups"
#: The Fernet key that a backup's metadata is encrypted with.
KEY_FILE = "fernet.key"


@dataclass(frozen=True)
class Stores:
    """What a backup holds and a restore fills.

    ``fernet_key`` is the key that Airflow's connections and variables are encrypted with, or will be.
    """

    airflow: Database
    warehouse: Database
    buckets: Sequence[Bucket]
    fernet_key: str

    @property
    def databases(self) -> tuple[Database, Database]:
        return self.airflow, self.warehouse


@dataclass(frozen=True)
class Backup:
    """A backup that is whole."""

    folder: Path
    manifest: Manifest


def folder_for_new(environment: Mapping[str, str]) -> Path:
    """Read BACKUP, the folder to make. Without it, the folder is named after the moment.

    :raises UserError: when it exists.
    """
    text = environment.get("BACKUP")
    folder = Path(text).expanduser().resolve() if text else FOLDER / f"{datetime.now(timezone.utc):%Y-%m-%dT%H-%M-%SZ}"
    if folder.exists():
        raise UserError(f"{folder} exists: name another folder with BACKUP=.")
    return folder


def open_backup(environment: Mapping[str, str]) -> Backup:
    """Read BACKUP, the folder of the backup to restore, and check that it is whole.

    :raises UserError: when it is not set or not a whole backup.
    """
    text = environment.get("BACKUP")
    if not text:
        there = sorted(path.name for path in FOLDER.glob("*Z")) if FOLDER.is_dir() else []
        shown = f"{FOLDER.name}/ has {', '.join(there)}" if there else f"{FOLDER.name}/ has none"
        raise UserError(f"Which backup? For instance `make restore BACKUP={FOLDER.name}/NAME`; {shown}.")
    folder = Path(text).expanduser().resolve()
    return Backup(folder, Manifest.read(folder))


def make_backup(console: Console, stores: Stores, folder: Path) -> None:
    """Write a backup to a new folder. It appears whole or not at all.

    :raises UserError: when a run is in flight, the disk lacks room, or something can't be read or written.
    """
    _refuse_while_running(stores, "back up")
    mark = metadata.started(stores.airflow)
    database_bytes = {each.name: each.size() for each in stores.databases}
    sizes = {bucket.kind: sum(bucket.sizes().values()) for bucket in stores.buckets}
    with _whole_or_nothing(folder) as partial:
        _check_room(partial, sum(database_bytes.values()) + sum(sizes.values()))
        contents: dict[str, Contents] = {}
        for database in stores.databases:
            contents[database.name] = database.dump(partial / _dump(database))
            console.print(f"[green]✓[/green] {database.name}: {len(contents[database.name])} tables and sequences")
        saved = {bucket.kind: bucket.save(partial / _tar(bucket)) for bucket in stores.buckets}
        for name, objects in saved.items():
            console.print(f"[green]✓[/green] {name}: {len(objects)} objects")
        with open_private(partial / KEY_FILE) as file:
            file.write(stores.fernet_key.encode())
        if metadata.started(stores.airflow) != mark:
            raise UserError("A run began while the backup was made, so its parts may not fit: back up again.")
        names = [*map(_dump, stores.databases), *map(_tar, stores.buckets), KEY_FILE]
        Manifest(
            made_at=datetime.now(timezone.utc).isoformat(timespec="seconds"),
            airflow=metadata.release(),
            revision=metadata.revision(stores.airflow),
            postgres={each.name: each.version() for each in stores.databases},
            contents=contents,
            objects={name: len(objects) for name, objects in saved.items()},
            object_bytes={name: sum(objects.values()) for name, objects in saved.items()},
            database_bytes=database_bytes,
            files=describe(partial, *names),
        ).write(partial)
    console.print(f"Backup: [bold]{folder}[/bold], {_megabytes(folder)} MB. The source is not part of it.")
    console.print("It holds personal data and the key to Airflow's passwords: keep it like a password.")


def restore(console: Console, stores: Stores, backup: Backup, replace: bool, room: Path | None = None) -> None:
    """Fill the stores from a backup, while no process of Airflow runs.

    Databases are filled beside the ones that are there. They change places at the end, after all else has succeeded.

    :param replace: whether to replace what the stores hold.
    :param room: a folder on the disk that the stores write to; None if that disk is elsewhere.
    :raises UserError: as :func:`check_restore`, or when something can't be written. The databases are unchanged then.
    """
    check_restore(stores, backup, replace)
    folder, manifest = backup.folder, backup.manifest
    if room:
        _check_room(room, sum(manifest.database_bytes.values()) + sum(manifest.object_bytes.values()))
    with ExitStack() as exchanged:
        for database in stores.databases:
            new = exchanged.enter_context(database.replaced())
            if new.restore(folder / _dump(database)) != manifest.contents[database.name]:
                raise UserError(f"{database.name} holds other rows than were backed up: nothing was changed.")
            if database is stores.airflow:
                metadata.encrypt_again(new, (folder / KEY_FILE).read_text(), stores.fernet_key)
            console.print(f"[green]✓[/green] {database.name}: every table holds the rows that were backed up")
        for bucket in stores.buckets:
            bucket.put_back(folder / _tar(bucket))
            console.print(f"[green]✓[/green] {bucket.kind}: {manifest.objects[bucket.kind]} objects")
    console.print(f"Restored what {folder.name} held at {manifest.made_at}. The source was not touched.")


def check_restore(stores: Stores, backup: Backup, replace: bool) -> None:
    """Check that a backup can be restored.

    :raises UserError: when it does not fit, when a run is in flight, or when the stores hold something and ``replace``
        is not set.
    """
    _check_versions(backup.manifest, stores)
    _refuse_while_running(stores, "restore")
    if not replace and (held := _held(stores)):
        raise UserError(f"This stack is not empty ({held}): `make restore … REPLACE=1` replaces all of that.")


def _refuse_while_running(stores: Stores, what: str) -> None:
    if running := metadata.running(stores.airflow):
        raise UserError(f"The run {running[0]} is in flight, of {len(running)}: wait until none is, then {what} again.")


def _check_versions(manifest: Manifest, stores: Stores) -> None:
    if manifest.revision and manifest.revision not in metadata.known_revisions():
        raise UserError(
            f"The backup's metadata was made by Airflow {manifest.airflow} (revision {manifest.revision}), which is"
            f" newer than this repository's {metadata.release()}: check out the release that made it."
        )
    for database in stores.databases:
        if (mine := database.version()) < (its := manifest.postgres[database.name]):
            raise UserError(
                f"The backup of {database.name} was made by PostgreSQL {its}, and this stack has {mine}: an older"
                f" release does not read it. Use a stack with PostgreSQL {its} or later."
            )


def _held(stores: Stores) -> str:
    """What the stores hold, in words; empty if nothing."""
    found = [f"runs in Airflow: {count}"] if (count := metadata.runs(stores.airflow)) else []
    if tables := stores.warehouse.tables_with_rows():
        found.append(f"tables with rows in the warehouse: {len(tables)}")
    for bucket in stores.buckets:
        if sizes := bucket.sizes():
            found.append(f"objects in the bucket {bucket.name}: {len(sizes)}")
    return ", ".join(found)


def _check_room(folder: Path, needed: int) -> None:
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise UserError(f"{folder.parent} has {free / 1e6:,.0f} MB free; this may need {needed / 1e6:,.0f} MB there.")


@contextmanager
def _whole_or_nothing(folder: Path) -> Iterator[Path]:
    """A folder to write to. It gets its name when the block ends without an error; otherwise it is removed."""
    partial = folder.with_name(f"{folder.name}.partial")
    try:
        folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        partial.mkdir(mode=0o700)
    except OSError as error:
        raise UserError(f"{partial} can't be made: {error}.") from None
    try:
        yield partial
        os.sync()
        partial.rename(folder)
    except BaseException as error:
        shutil.rmtree(partial, ignore_errors=True)
        if isinstance(error, OSError):
            raise UserError(f"{folder} could not be written: {error}. Nothing is left of it.") from error
        raise


def _dump(database: Database) -> str:
    return f"{database.name}.dump"


def _tar(bucket: Bucket) -> str:
    return f"{bucket.kind}.tar"


def _megabytes(folder: Path) -> str:
    return f"{sum(path.stat().st_size for path in folder.iterdir()) / 1e6:,.1f}"
