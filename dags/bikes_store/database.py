"""Sessions and transactions of PostgreSQL that do not hang, and leave nothing behind when they are stopped."""

from __future__ import annotations

import signal
import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import psycopg2

from bikes_store.errors import Unavailable

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection
    from psycopg2.extensions import cursor as Cursor

#: Arguments of psycopg2.connect() for every session. A server that has gone is noticed after two minutes at most.
CONNECT: dict[str, Any] = {
    "connect_timeout": 10,
    "keepalives": 1,
    "keepalives_idle": 60,
    "keepalives_interval": 10,
    "keepalives_count": 6,
    "tcp_user_timeout": 120_000,
}
#: Seconds after which a server ends a session that does nothing in the middle of a transaction. Its machine may be
#: gone, and its locks would stay. An extract does nothing there while the last part of its object is uploaded.
LONGEST_PAUSE = 900
#: How often a server looks whether the client of a running statement is still there. PostgreSQL 14 and later can.
CHECK_CLIENT = "5s"
#: Let a session write values in one way, whatever the defaults of its server, database and role are.
PLAIN_VALUES = """
SET LOCAL datestyle = 'ISO, YMD';
SET LOCAL intervalstyle = 'postgres';
SET LOCAL extra_float_digits = 1;
SET LOCAL bytea_output = 'hex';
SET LOCAL timezone = 'UTC';
"""

# What ends a task: Airflow's execution_timeout, Airflow or a worker that stops, a person.
_STOPS: frozenset[int] = frozenset({signal.SIGALRM, signal.SIGTERM, signal.SIGINT})


def options(statement_timeout: int, lock_timeout: int) -> str:
    """What libpq takes as ``options``, and as the environment variable PGOPTIONS.

    :param statement_timeout: seconds that a statement may take.
    :param lock_timeout: seconds that a statement may wait for a lock.
    """
    settings = {
        "statement_timeout": f"{statement_timeout}s",
        "lock_timeout": f"{lock_timeout}s",
        "idle_in_transaction_session_timeout": f"{LONGEST_PAUSE}s",
        # The server's side of CONNECT. By default it notices a client that has gone without a word after two hours.
        "tcp_keepalives_idle": 60,
        "tcp_keepalives_interval": 10,
        "tcp_keepalives_count": 6,
    }
    return " ".join(f"-c {name}={value}" for name, value in settings.items())


def watch_client(connection: Connection) -> None:
    """Have the server end a statement whose client has died.

    :param connection: no transaction may be open on it.
    """
    if connection.server_version < 140000:
        return
    connection.autocommit = True
    with suppress(psycopg2.errors.InvalidParameterValue), connection.cursor() as cursor:  # not every system can
        cursor.execute("SELECT set_config('client_connection_check_interval', %s, false)", (CHECK_CLIENT,))
    connection.autocommit = False


@contextmanager
def transaction(connection: Connection, name: str, relation: str = "") -> Iterator[Cursor]:
    """A cursor in a transaction. The transaction is committed when the block ends, and rolled back when it fails.

    Use this instead of psycopg2's own ``with connection``. That one rolls back even when the server is gone, and the
    error of the rollback then hides the cause. A signal that stops the task cancels the statement that runs.

    :param connection: no transaction may be open on it.
    :param name: what to call the database in an error.
    :param relation: the table that the transaction works on, for an error about a lock.
    :raises Unavailable: when the server ends the session or can't go on, or a statement takes too long.
    """
    end_watch = cancel_on_signals(lambda: [connection])
    try:
        with connection.cursor() as cursor:
            yield cursor
            connection.commit()
    except psycopg2.errors.LockNotAvailable as error:
        connection.rollback()
        raise Unavailable(_about_lock(connection, name, relation)) from error
    except psycopg2.DatabaseError as error:
        # When the connection breaks while rows stream, psycopg2 gives an error of the base class, with no cause.
        if not isinstance(error, psycopg2.OperationalError) and type(error) is not psycopg2.DatabaseError:
            raise
        reason = " ".join(str(error).split())
        if isinstance(error, psycopg2.errors.QueryCanceled):
            raise Unavailable(f"The {name} ended a statement that took too long or was cancelled: {reason}") from error
        if "no message from the libpq" in reason:
            reason = "the connection broke"
        raise Unavailable(f"The {name} went away in the middle of the work: {reason}") from error
    finally:
        end_watch()
        if not connection.closed:
            connection.rollback()  # does nothing after a commit


def _about_lock(connection: Connection, name: str, relation: str) -> str:
    """Who holds a lock on the table, in a sentence."""
    try:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT mode, pid, usename, application_name FROM pg_locks JOIN pg_stat_activity USING (pid)"
                " WHERE relation = to_regclass(%s) AND granted AND mode LIKE '%%Exclusive%%'"
                " ORDER BY mode = 'AccessExclusiveLock' DESC, pid",
                (relation,),
            )
            holder = cursor.fetchone()
    finally:
        connection.rollback()
    if holder is None:
        return f"The {name} waited too long for a lock on {relation or 'a table'}: somebody else holds it."
    mode, pid, user, application = holder
    return (
        f"{relation} is locked in the {name} ({mode} of process {pid}, user {user}, application {application or '?'}):"
        " end that session or wait for its end, then clear this task."
    )


def cancel_on_signals(sessions: Callable[[], Iterable[Connection]]) -> Callable[[], None]:
    """Cancel the statements that run when a signal stops this process. Returns a function that ends this.

    Python runs its handlers of signals in the main thread, when a call into C has returned; and psycopg2 returns when
    the statement has ended. So a thread, which Python tells of a signal at once, asks the server to end the statement.

    :param sessions: gives the sessions, when there is a signal.
    """
    if threading.current_thread() is not threading.main_thread():  # only the main thread gets signals
        return lambda: None
    receiver, sender = socket.socketpair()
    sender.setblocking(False)
    before = signal.set_wakeup_fd(sender.fileno(), warn_on_full_buffer=False)
    # The thread keeps both sockets: Python writes to a number, which must stay that of this socket.
    thread = threading.Thread(target=_cancel_when_told, args=(receiver, sender, sessions), daemon=True)
    thread.start()

    def end() -> None:
        signal.set_wakeup_fd(before)
        sender.shutdown(socket.SHUT_RDWR)  # it ends the thread
        thread.join(10)
        sender.close()
        receiver.close()

    return end


def _cancel_when_told(receiver: socket.socket, _: socket.socket, sessions: Callable[[], Iterable[Connection]]) -> None:
    while numbers := receiver.recv(64):
        if _STOPS & set(numbers):
            for session in sessions():
                with suppress(psycopg2.Error):
                    session.cancel()
