#!/bin/sh
# Gets what make's targets need, and is quick when nothing is missing. It says in a sentence what it can't get.
#
#     cli/bootstrap.sh            for `make demo` and `make test`: PostgreSQL, uv, a Python that Airflow supports, .venv
#     cli/bootstrap.sh packages   the same without PostgreSQL
#     cli/bootstrap.sh commands   for `make up` and the commands beside it: uv and a few packages, in .tools/commands;
#                                 nothing more where .venv is there
#
# It changes nothing outside this folder, with one exception: as root on Debian or Ubuntu, it installs packages.
set -eu
cd "$(dirname "$0")/.."

WANTED=${1:-all}
# What the Python packages need of the disk: those of `make up`, and all.
COMMANDS_KILOBYTES=300000
ALL_KILOBYTES=2000000
UV_VERSION=$(sed -n 's/^required-version = "==\([0-9.]*\)".*/\1/p' pyproject.toml)
# The releases of PostgreSQL that the demo runs on: the first, and the one after the last.
read -r OLDEST_POSTGRES AFTER_POSTGRES <<END
$(sed -n 's/^SUPPORTED = range(\([0-9]*\), \([0-9]*\)).*/\1 \2/p' cli/processes/postgres_programs.py)
END
PYTHONS=$(sed -n 's/^requires-python = "\([^"]*\)".*/\1/p' pyproject.toml)
TOOLS=.tools
UV=$TOOLS/uv-$UV_VERSION/bin/uv

fail() {
    echo "✗ $*" >&2
    exit 1
}

# What it was getting is left out or made again the next time.
trap 'printf "\nStopped. The next make command goes on from here.\n" >&2; exit 130' INT TERM

say() {
    echo "• $*"
}

is_debian() {
    command -v apt-get >/dev/null 2>&1
}

# apt_install WHAT PACKAGE…: as root on Debian or Ubuntu, installs the packages; otherwise prints the command to run.
apt_install() {
    what=$1
    shift
    is_debian || fail "$what is not installed: install it with this system's package manager, then run this again."
    [ "$(id -u)" = 0 ] || fail "$what is not installed: run \`sudo apt-get install $*\`, then run this again."
    say "installing $what"
    # A server's package starts the server at once. The demo starts its own servers, on its own ports.
    policy=/usr/sbin/policy-rc.d
    if [ ! -e $policy ]; then
        printf '#!/bin/sh\nexit 101\n' >$policy
        chmod +x $policy
        trap 'rm -f /usr/sbin/policy-rc.d' EXIT
    fi
    log=$(mktemp)
    if ! (apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@") \
        >"$log" 2>&1; then
        tail -n 15 "$log" >&2
        rm -f "$log"
        fail "apt-get could not install $what; its last lines are above."
    fi
    rm -f "$log"
}

has_postgres() {
    release=$OLDEST_POSTGRES
    while [ "$release" -lt "$AFTER_POSTGRES" ]; do
        for folder in /usr/lib/postgresql/$release/bin /usr/pgsql-$release/bin; do
            [ -x "$folder/initdb" ] && return 0
        done
        command -v postgres >/dev/null 2>&1 && postgres --version | grep -Eq " $release([. ]|$)" && return 0
        release=$((release + 1))
    done
    return 1
}

# Any Python will do to get uv with. One that has pip comes first: pip knows how this machine reaches its package index.
find_python() {
    for python in python3 python3.14 python3.13 python3.12 python3.11 python3.10; do
        if command -v "$python" >/dev/null 2>&1 && { [ "$1" = any ] || "$python" -m pip --version >/dev/null 2>&1; }; then
            echo "$python"
            return
        fi
    done
}

# quietly COMMAND…: shows what the command says when it fails, and not when Ctrl-C ends it.
quietly() {
    log=$(mktemp)
    if "$@" 2>"$log"; then
        rm -f "$log"
    else
        cat "$log" >&2
        rm -f "$log"
        return 1
    fi
}

get_uv() {
    say "getting uv $UV_VERSION"
    folder=$TOOLS/uv-$UV_VERSION
    python=$(find_python with-pip)
    if [ -n "$python" ]; then
        export PIP_ROOT_USER_ACTION=ignore
        quietly "$python" -m pip install --quiet --disable-pip-version-check --target "$folder" "uv==$UV_VERSION" ||
            fail "pip could not get uv $UV_VERSION: can this machine reach the package index?"
        return
    fi
    [ -n "$(find_python any)" ] || apt_install "Python" python3
    quietly "$(find_python any)" -S cli/start.py cli.get_uv "$UV_VERSION" "$folder" ||
        fail "uv $UV_VERSION could not be had; the line above says why."
}

free_kilobytes() {
    df -Pk . | awk 'NR == 2 {print $4}'
}

if [ "$WANTED" = commands ] && [ ! -e .venv ]; then
    environment=$TOOLS/commands
    groups="--only-group containers"
    kilobytes=$COMMANDS_KILOBYTES
else
    environment=.venv
    groups="--compile-bytecode"
    kilobytes=$ALL_KILOBYTES
fi

if [ ! -d "$environment" ] && [ "$(free_kilobytes)" -lt "$kilobytes" ]; then
    fail "$(pwd) has less than $((kilobytes / 1000)) MB of free disk, and needs that much for Python's packages."
fi

[ "$WANTED" != all ] || has_postgres || apt_install "PostgreSQL $OLDEST_POSTGRES to $((AFTER_POSTGRES - 1))" postgresql

[ -x "$UV" ] || get_uv

# Leave the user's own Python environment alone.
unset VIRTUAL_ENV || true
stamp=$environment/.made-from
if ! cat pyproject.toml uv.lock 2>/dev/null | cmp -s - "$stamp"; then
    # Use the machine's Python if Airflow supports it. If not, uv fetches one.
    export UV_PYTHON_INSTALL_DIR="$PWD/$TOOLS/python" UV_PROJECT_ENVIRONMENT="$environment"
    if ! "$UV" python find --quiet --no-python-downloads "$PYTHONS" >/dev/null 2>&1; then
        say "getting Python 3.12"
        "$UV" python install --quiet --no-bin 3.12 || fail "This machine has no Python 3.10, 3.11 or 3.12, which" \
            "Airflow 2.10.2 needs, and uv could not fetch one: install one of them, then run this again."
    fi
    say "making $environment from uv.lock"
    # shellcheck disable=SC2086 # two words
    "$UV" sync --quiet --locked $groups --python-preference system --python "$PYTHONS" ||
        fail "uv could not make $environment from uv.lock; its message is above."
    cat pyproject.toml uv.lock >"$stamp"
fi
