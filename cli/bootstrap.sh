#!/bin/sh
# Gets what `make demo` and `make test` need: PostgreSQL, uv, a Python that Airflow supports, and .venv from uv.lock.
# It uses only pip from the machine's own Python. It changes nothing outside this folder, with one exception: as root on
# Debian or Ubuntu, it installs packages. It says in a sentence what is missing, and is quick when nothing is missing.
set -eu
cd "$(dirname "$0")/.."

UV_VERSION=$(sed -n 's/^required-version = "==\([0-9.]*\)".*/\1/p' pyproject.toml)
TOOLS=.tools
UV=$TOOLS/uv-$UV_VERSION/bin/uv

fail() {
    echo "✗ $*" >&2
    exit 1
}

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
    for folder in /usr/lib/postgresql/1[4-7]/bin /usr/pgsql-1[4-7]/bin; do
        [ -x "$folder/initdb" ] && return 0
    done
    command -v postgres >/dev/null 2>&1 && postgres --version | grep -Eq ' 1[4-7]([. ]|$)'
}

# Finds a Python to run pip with. Any supported one will do.
find_pip() {
    for python in python3 python3.13 python3.12 python3.11 python3.10 python3.9; do
        if command -v "$python" >/dev/null 2>&1 && "$python" -m pip --version >/dev/null 2>&1; then
            echo "$python"
            return
        fi
    done
}

free_kilobytes() {
    df -Pk . | awk 'NR == 2 {print $4}'
}

if [ ! -d .venv ] && [ "$(free_kilobytes)" -lt 2000000 ]; then
    fail "$(pwd) has less than 2 GB of free disk; Python's packages and the demo's data need that much there."
fi

has_postgres || apt_install "PostgreSQL 14 to 17" postgresql

if [ ! -x "$UV" ]; then
    if [ -z "$(find_pip)" ]; then
        apt_install "Python with pip" python3 python3-pip
    fi
    say "getting uv $UV_VERSION"
    PIP_ROOT_USER_ACTION=ignore "$(find_pip)" -m pip install --quiet --disable-pip-version-check \
        --target "$TOOLS/uv-$UV_VERSION" "uv==$UV_VERSION" ||
        fail "pip could not get uv $UV_VERSION: can this machine reach the package index?"
fi

# Leave the user's own Python environment alone.
unset VIRTUAL_ENV || true
stamp=.venv/.made-from
if ! cat pyproject.toml uv.lock 2>/dev/null | cmp -s - "$stamp"; then
    # Use the machine's Python if Airflow supports it. If not, uv fetches one.
    supported='>=3.10,<3.13'
    export UV_PYTHON_INSTALL_DIR="$PWD/$TOOLS/python"
    if ! "$UV" python find --quiet --no-python-downloads "$supported" >/dev/null 2>&1; then
        say "getting Python 3.12"
        "$UV" python install --quiet --no-bin 3.12 || fail "This machine has no Python 3.10, 3.11 or 3.12, which" \
            "Airflow 2.10.2 needs, and uv could not fetch one: install one of them, then run this again."
    fi
    say "making .venv from uv.lock"
    "$UV" sync --quiet --locked --compile-bytecode --python-preference system --python "$supported" ||
        fail "uv could not make .venv from uv.lock; its message is above."
    cat pyproject.toml uv.lock >"$stamp"
fi
