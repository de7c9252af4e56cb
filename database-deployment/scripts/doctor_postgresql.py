"""The doctor's checks of a PostgreSQL server: reaching it, TLS, the session, and what its catalog says."""

import os
import re
from typing import Any

from doctor_address import is_local, is_pooled
from doctor_case import Examination, Finding, Findings, some
from doctor_schema import unindexed

CONNECTIONS_OF_DATABASE_PY = 5
MOST_SEQUENCES = 500

# --- Reach -----------------------------------------------------------------------------------------------------------

# How libpq, the server and a pooler refuse, the definite first: a host with two addresses may say two things.
REFUSALS = {
    "(password|SASL) authentication failed|no password supplied": (
        "wrong-password",
        "The user or the password is wrong",
        "Copy the URL again, or set a new password. Signs like @ : / % in it are written as %XX.",
    ),
    "no such user": (
        "user-unknown",
        "The pooler finds no such user, or no such database to look for it",
        "Compare the user and the name of the database, behind the last / of the URL, with the provider's.",
    ),
    'database ".*" does not exist': (
        "database-unknown",
        "The server has no database of this name",
        "Correct the name behind the last / of the URL, or create the database: createdb NAME.",
    ),
    "does not support SSL": (
        "tls-unsupported",
        "The URL asks for TLS, and the server has none",
        "Switch it on at the server (ssl = on); for a server on this machine take sslmode out of the URL.",
    ),
    "does not match host name": (
        "tls-wrong-host",
        "The server's certificate is for another host",
        "Write the host name of the certificate into the URL. If it was right, somebody else answers: do not connect.",
    ),
    "certificate verify failed": (
        "tls-wrong-ca",
        "The server's certificate is from an authority that is not trusted here",
        "Name the authority's file: sslrootcert=/path/ca.pem in the URL. If it was right, do not connect.",
    ),
    "root certificate file": (
        "tls-ca-missing",
        "The file of the certificate authority is not there",
        "Correct sslrootcert= in the URL.",
    ),
    "channel binding": (
        "channel-binding",
        "The URL asks for channel binding, which this server or pooler does not offer",
        "Take channel_binding=require out of the URL; sslmode=verify-full protects as well.",
    ),
    "unsupported startup parameter": (
        "pooler-refuses-parameter",
        "A pooler refuses a parameter of the URL",
        "Take options= out of the URL. database.py sets its time limits in each transaction instead.",
    ),
    "too many (clients|connections)|connection slots are reserved": (
        "too-many-connections",
        "All connections that the server allows are taken",
        "Close sessions that nobody uses, give each process a smaller pool, or use the pooled host.",
    ),
    "invalid connection option|invalid .* value": (
        "url-parameter",
        "A parameter of the URL is unknown, or its value is",
        "Correct it, or remove it: it stands behind the ? of the URL.",
    ),
    "could not translate host name": (
        "host-unknown",
        "There is no host of this name",
        "Compare the name with the provider's, letter by letter, and look whether this machine is online.",
    ),
    "requested endpoint could not be found": (
        "endpoint-unknown",
        "The provider has no endpoint of this host name",
        "Copy the address again; was the branch or the endpoint deleted?",
    ),
    "Connection refused|No such file or directory": (
        "port-closed",
        "Nothing listens at this host and port",
        "Start the server, or correct host and port in the URL.",
    ),
    "timeout expired|timed out|No route to host|Network is unreachable": (
        "no-answer",
        "The server does not answer",
        "A firewall, a private network or a wrong host: ask the provider which addresses are let in. A pooled host is"
        " silent too where the user and the name of the database are wrong: compare them.",
    ),
    "the database system is|connect to compute node": (
        "not-ready",
        "The server is not ready",
        "Run doctor.py again in a minute. An engine of database.py waits for a server that wakes up.",
    ),
}
UNKNOWN_REFUSAL = ("refused", "The server refuses the connection", "Ask whoever runs the server.")


def connect_to_server(case: Examination) -> Findings:
    import psycopg2

    try:
        case.connection = connect(case, case.url)
    except (psycopg2.Error, case.module.DatabaseConfigurationError) as error:
        yield refusal(error)
        return
    info = case.connection.info
    version = f"{info.server_version // 10000}.{info.server_version % 10000}"
    where = f"{info.host}:{info.port}, database {info.dbname}, as {info.user}"
    yield Finding("reachable", "ok", f"PostgreSQL {version} answers at {where}.")


def connect(case: Examination, url: Any, **tls: Any) -> Any:
    """A connection as an engine of database.py would make it, but asked for only once, and only for reading."""
    import psycopg2

    engine = case.module.create_database_engine(url, **tls)
    _, parameters = engine.dialect.create_connect_args(engine.url)
    engine.dispose()
    parameters["connect_timeout"] = max(2, int(case.seconds_left() - 1))
    connection = psycopg2.connect(**parameters)
    connection.set_session(readonly=True)
    return connection


def refusal(error: Exception) -> Finding:
    words = " ".join(str(error).split())
    known = (answer for pattern, answer in REFUSALS.items() if re.search(pattern, words))
    name, seen, fix = next(known, UNKNOWN_REFUSAL)
    return Finding(name, "error", f"{seen}: {error}", fix)


# --- TLS -------------------------------------------------------------------------------------------------------------


def connection_is_private(case: Examination) -> Findings:
    import psycopg2

    host, sslmode = case.connection.info.host, case.url.query.get("sslmode")
    if is_local(host):
        yield Finding("tls-not-needed", "ok", "The server is on this machine: nothing travels over a network.")
    elif not case.connection.info.ssl_in_use:
        seen = f"The connection to {host} is not encrypted: whoever is between can read and change everything."
        fix = f"{to_verify_full(case.url)}, and sslrootcert=/path/ca.pem; the server may need ssl = on first."
        yield Finding("tls-missing", "warning", seen, fix)
    elif sslmode == "verify-full":
        yield Finding("tls-verified", "ok", "Encrypted, and the server's certificate and name are checked.")
    else:
        mode = f"sslmode={sslmode}" if sslmode else "no sslmode"
        try:
            connect(case, case.url, verify_tls=True).close()
        except (psycopg2.Error, case.module.DatabaseConfigurationError) as error:
            seen = f"Encrypted, but with {mode} nobody checks who answers, and verify-full fails: {error}"
            yield Finding("tls-unverifiable", "hint", seen, "Ask the provider for its CA file (sslrootcert=).")
        else:
            seen = f"Encrypted, but with {mode} nobody checks who answers; verify-full works here."
            root = case.module.create_database_engine(case.url, verify_tls=True).url.query.get("sslrootcert")
            fix = f"{to_verify_full(case.url)}."
            if root and root != case.url.query.get("sslrootcert"):  # database.py finds it by itself
                fix += f" Other programs (psql, pg_dump, plain psycopg2) need sslrootcert={root} there too."
            yield Finding("tls-not-verified", "warning", seen, fix)


def to_verify_full(url: Any) -> str:
    if sslmode := url.query.get("sslmode"):
        return f"In the URL, replace sslmode={sslmode} by sslmode=verify-full"
    return f"Add {'&' if url.query else '?'}sslmode=verify-full to the URL"


# --- Session ---------------------------------------------------------------------------------------------------------


def time_is_limited(case: Examination) -> Findings:
    names = ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout")
    # reset_val is what a plain connection has.
    found = dict(case.rows("SELECT name, reset_val FROM pg_settings WHERE name LIKE '%timeout'"))
    limits = {name: f"{found[name]} ms" for name in names if found[name] != "0"}
    for name, value in settings_of_new_connections(case).items():
        if name in names and name not in limits and re.search("[1-9]", value):
            limits[name] = f"{value} (for new server connections: a pooler may still keep older ones, without it)"
    off = [name for name in names if name not in limits]
    if not off:
        yield Finding("time-limits", "ok", f"Time limits: {', '.join(f'{name} {limits[name]}' for name in names)}.")
        return
    role = case.connection.info.user
    fix = (
        "create_database_engine() of examples/database.py limits each of its transactions; for every program:"
        f" ALTER ROLE {quoted(role)} SET {off[0]} = '30s' (and the others)"
    )
    seen = f"A plain connection has no limit for: {', '.join(off)}."
    yield Finding("no-time-limits", "warning" if len(off) == len(names) else "hint", seen, fix)


def settings_of_new_connections(case: Examination) -> dict[str, str]:
    """What ALTER ROLE and ALTER DATABASE have set; the last word is that of the role in the database."""
    rows = case.rows("""
        SELECT split_part(setting, '=', 1), substr(setting, strpos(setting, '=') + 1)
        FROM pg_db_role_setting, unnest(setconfig) AS setting
        WHERE setrole IN (0, (SELECT oid FROM pg_roles WHERE rolname = session_user))
          AND setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))
        ORDER BY setrole <> 0, setdatabase <> 0""")
    return dict(rows)


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def pools_fit_the_server(case: Examination) -> Findings:
    options = case.options
    workers, connections = options.workers or int_of("WEB_CONCURRENCY"), options.connections
    if not workers and not connections:
        return
    workers, connections = workers or 1, connections or CONNECTIONS_OF_DATABASE_PY
    wanted = f"{workers} processes of {connections} connections are {workers * connections}"
    if is_pooled(f"@{case.connection.info.host}/"):
        yield Finding("connections", "ok", f"{wanted} clients of the pooler, which shares the server's connections.")
        return
    [(superuser, total, reserved, of_role, of_database)] = case.rows("""
        SELECT rolsuper, current_setting('max_connections')::int,
               current_setting('superuser_reserved_connections')::int
               + coalesce(current_setting('reserved_connections', true), '0')::int, rolconnlimit, datconnlimit
        FROM pg_roles, pg_database WHERE rolname = current_user AND datname = current_database()""")
    # No limit but max_connections holds for a superuser, and -1 is no limit.
    limits = [total] if superuser else [total - reserved, *(n for n in (of_role, of_database) if n >= 0)]
    seen = f"{wanted}; the server allows {min(limits)} for this role and database."
    if workers * connections > min(limits):
        fix = "Give each process a smaller pool: create_database_engine(connections=...), or use the pooled host."
        yield Finding("too-many-workers", "error", seen, fix)
    else:
        yield Finding("connections", "ok", seen)


def int_of(variable: str) -> int:
    text = os.environ.get(variable, "")
    return int(text) if text.isdecimal() else 0


def nobody_is_idle_in_a_transaction(case: Examination) -> Findings:
    idle = case.rows(
        """
        SELECT pid, usename, extract(epoch FROM clock_timestamp() - state_change)::int FROM pg_stat_activity
        WHERE starts_with(state, 'idle in transaction') AND datname = current_database()
          AND clock_timestamp() - state_change > make_interval(secs => %s) ORDER BY state_change""",
        case.options.idle_seconds,
    )
    if idle:
        sessions = some([f"{pid} of {user} for {seconds} s" for pid, user, seconds in idle])
        fix = "End transactions before waiting for anything else. To end one session: SELECT pg_terminate_backend(PID)."
        yield Finding("idle-in-transaction", "warning", f"Open transactions that do nothing: {sessions}.", fix)


# --- Schema ----------------------------------------------------------------------------------------------------------


def foreign_keys_have_an_index(case: Examination) -> Findings:
    found = case.rows("""
        SELECT conrelid::regclass || ' (' || (
            SELECT string_agg(attname, ', ' ORDER BY place)
            FROM unnest(conkey) WITH ORDINALITY AS key (number, place)
            JOIN pg_attribute ON attrelid = conrelid AND attnum = number) || ')'
        FROM pg_constraint
        WHERE contype = 'f' AND conparentid = 0 AND NOT EXISTS (
            SELECT FROM pg_index
            WHERE indrelid = conrelid AND indisvalid
            AND (indpred IS NULL OR pg_get_expr(indpred, indrelid) LIKE '%IS NOT NULL)')
            AND (indkey::smallint[])[0:cardinality(conkey) - 1] @> conkey)
        ORDER BY 1""")
    yield from unindexed([key for (key,) in found])


def indexes_are_valid(case: Examination) -> Findings:
    rows = case.rows("SELECT indexrelid::regclass::text FROM pg_index WHERE NOT indisvalid ORDER BY 1")
    if invalid := [index for (index,) in rows]:
        seen = f"Indexes that queries do not use, left by a failed CREATE INDEX CONCURRENTLY: {some(invalid)}."
        fix = "REINDEX INDEX CONCURRENTLY name; a unique one fails again until its duplicates are gone."
        yield Finding("invalid-index", "warning", seen, fix)


def constraints_are_validated(case: Examination) -> Findings:
    rows = case.rows("""
        SELECT conrelid::regclass || '.' || quote_ident(conname) FROM pg_constraint
        WHERE NOT convalidated AND conrelid <> 0 ORDER BY 1""")
    if unchecked := [constraint for (constraint,) in rows]:
        seen = f"Constraints that old rows were never checked against (NOT VALID): {some(unchecked)}."
        fix = "ALTER TABLE table VALIDATE CONSTRAINT name"
        yield Finding("constraint-not-validated", "warning", seen, fix)


def sequences_are_ahead_of_their_columns(case: Examination) -> Findings:
    columns = case.rows(COLUMNS_WITH_A_SEQUENCE)
    if len(columns) > MOST_SEQUENCES:
        seen = f"{len(columns)} columns count by a sequence: too many to look whether each is ahead of its column."
        fix = "After rows were copied with their ids, compare max(column) with last_value of the sequence."
        yield Finding("sequences-not-looked-at", "hint", seen, fix)
        return
    taken = {row[0] for row in case.rows(" UNION ALL ".join(asked for _, asked, _ in columns))} if columns else set()
    if repairs := {name: repair for name, _, repair in columns if name in taken}:
        seen = f"The next id is taken already in {some(list(repairs))}: rows were copied with their ids."
        yield Finding("sequence-behind", "error", f"{seen} An insert will fail.", " ".join(repairs.values()))


# Of serial and identity columns only the unique ones: an id collides only there, and their index finds the maximum.
COLUMNS_WITH_A_SEQUENCE = """
    SELECT format('%s.%I', attrelid::regclass, attname),
           format('SELECT %L FROM %s WHERE last_value::numeric + %s * is_called::int <= (SELECT max(%I) FROM %s)',
                  format('%s.%I', attrelid::regclass, attname), seqrelid::regclass, seqincrement, attname,
                  attrelid::regclass),
           format('SELECT setval(%L, (SELECT max(%I) FROM %s));', seqrelid::regclass, attname, attrelid::regclass)
    FROM pg_sequence
    JOIN pg_depend ON classid = 'pg_class'::regclass AND objid = seqrelid AND deptype IN ('a', 'i')
    JOIN pg_attribute ON refclassid = 'pg_class'::regclass AND attrelid = refobjid AND attnum = refobjsubid
    JOIN pg_class ON pg_class.oid = attrelid
    WHERE relkind IN ('r', 'p') AND relpersistence <> 't' AND seqincrement > 0
      AND (attidentity <> '' OR atthasdef) AND atttypid IN ('int2'::regtype, 'int4'::regtype, 'int8'::regtype)
      AND has_schema_privilege(relnamespace, 'USAGE') AND has_column_privilege(attrelid, attnum, 'SELECT')
      AND has_sequence_privilege(seqrelid, 'SELECT')
      AND EXISTS (SELECT FROM pg_index
                  WHERE indrelid = attrelid AND indisunique AND indisvalid AND indpred IS NULL
                    AND indnkeyatts = 1 AND indkey[0] = attnum)
    ORDER BY 1"""
