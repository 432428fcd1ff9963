#!/bin/sh
# Install Pango if it is missing: through apt where that is allowed, else say the command.
set -eu
python=${1:-python3}
has_pango() {
    "$python" -c 'import ctypes.util, sys; sys.exit(not all(ctypes.util.find_library(n) for n in ("pango-1.0", "pangoft2-1.0")))'
}
has_pango && exit 0
if command -v apt-get >/dev/null 2>&1 && [ "$(id -u)" = 0 ]; then
    echo "installing Pango through apt"
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq && apt-get install -y -qq --no-install-recommends libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 >/dev/null
    has_pango && exit 0
fi
echo "Pango is missing. Install it and run make again:" >&2
echo "  Debian, Ubuntu: sudo apt-get install libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0" >&2
echo "  Fedora:         sudo dnf install pango" >&2
echo "  macOS:          brew install pango" >&2
exit 1
