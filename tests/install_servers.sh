#!/bin/sh
# Install the servers that tests start, where this is possible without asking: as root on Debian or Ubuntu.
# Elsewhere the tests that need them skip, by name.
set -eu
missing=""
command -v chromium >/dev/null 2>&1 || missing="$missing chromium"
command -v redis-server >/dev/null 2>&1 || missing="$missing redis-server"
command -v redis-cli >/dev/null 2>&1 || missing="$missing redis-tools"
command -v mariadb-dump >/dev/null 2>&1 || missing="$missing mariadb-client"
command -v curl >/dev/null 2>&1 || missing="$missing curl"
command -v node >/dev/null 2>&1 || missing="$missing nodejs"
{ command -v mariadbd || [ -x /usr/sbin/mariadbd ]; } >/dev/null 2>&1 || missing="$missing mariadb-server"
command -v promtool >/dev/null 2>&1 || missing="$missing prometheus"
{ command -v nginx || [ -x /usr/sbin/nginx ]; } >/dev/null 2>&1 || missing="$missing nginx-light"
command -v npm >/dev/null 2>&1 || missing="$missing npm"
fc-list :lang=ko 2>/dev/null | grep -q . || missing="$missing fonts-nanum" # Korean in pictures of pages
[ -n "$missing" ] || exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "installing for the tests:$missing"
    export DEBIAN_FRONTEND=noninteractive
    # tests start servers of their own: none of the packages' daemons is to run
    if [ ! -e /usr/sbin/policy-rc.d ]; then
        trap 'rm -f /usr/sbin/policy-rc.d' EXIT
        printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d
        chmod +x /usr/sbin/policy-rc.d
    fi
    apt-get update -qq && apt-get install -y -qq --no-install-recommends $missing >/dev/null
else
    echo "not installed, their tests will skip:$missing"
fi
