# shellcheck shell=bash
# squawk, the linter that migrate lint is compared with: a pinned npm package, kept outside of the tree.

squawk_version=2.66.0
squawk_integrity=p5Wq5BIcDGujJpmub3hiULkiEYnwI7FPdXaWMjCwoYQvN5RI79EniI95ws10lLXxcgbN/LdnYD+asaRiHuINsw==
squawk_home="${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/pgteal/squawk/$squawk_version"

# squawk_bin: prints the path of the program, which it fetches on first use.
squawk_bin() {
    if [ ! -x "$squawk_home/squawk" ] || ! "$squawk_home/squawk" --version >/dev/null 2>&1; then
        install_squawk >&2 || return 1
    fi
    echo "$squawk_home/squawk"
}

# npm's squawk-cli is a starter in JavaScript; the linter itself is in its package for the platform.
install_squawk() (
    [ "$(uname -sm)" = "Linux x86_64" ] || { warn "squawk is pinned for Linux on x86_64 only"; return 1; }
    command -v npm >/dev/null || { warn "squawk comes from npm, which is missing; run scripts/setup"; return 1; }
    work="$(mktemp -d)"
    trap 'rm -rf "$work"' EXIT
    cd "$work" || exit 1
    retry 3 fetch_npm_package "@squawk-cli/linux-x64@$squawk_version" ||
        { warn "squawk $squawk_version could not be fetched from npm; is the network there?"; return 1; }
    if [ "$(openssl dgst -sha512 -binary package.tgz | base64 -w 0)" != "$squawk_integrity" ]; then
        warn "squawk $squawk_version from npm isn't the package that scripts/lib/squawk.sh names (sha512 differs)"
        return 1
    fi
    tar -xzf package.tgz
    mkdir -p "$squawk_home"
    install -m 755 package/bin/squawk "$squawk_home/squawk.new"
    mv "$squawk_home/squawk.new" "$squawk_home/squawk"
    "$squawk_home/squawk" --version >/dev/null || { warn "squawk $squawk_version doesn't start on this machine"; return 1; }
)
