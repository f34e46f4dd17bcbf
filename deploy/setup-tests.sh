#!/usr/bin/env bash
# Brings what the tests need besides Python: Java and Maven with the jars of a real Kafka, kcat, packages for Node that
# check the AsyncAPI document, `ip` for network namespaces, a browser for the page, a compiler for the kernel. One line a
# step; does nothing, in well under a second, where everything is there.
set -euo pipefail
cd "$(dirname "$0")/.."

python=.venv/bin/python
[[ -x $python ]] || python=python3

as_root() {
  if [[ $EUID -eq 0 ]]; then "$@"; else sudo -n "$@"; fi
}

# command → Debian package
needed=(java:default-jre-headless javac:default-jdk-headless mvn:maven kcat:kcat npm:npm ip:iproute2 chromium:chromium
  chromedriver:chromium-driver
  systemd-analyze:systemd buildah:buildah debootstrap:debootstrap cc:build-essential)
packages=()
for pair in "${needed[@]}"; do
  if command -v "${pair%%:*}" >/dev/null; then
    echo "${pair%%:*}: there"
  else
    packages+=("${pair##*:}")
  fi
done

# The headers of this Python: a package of their own where Python is Debian's, and beside it where it is not.
headers=$("$python" -c 'import sysconfig; print(sysconfig.get_path("include"))')
if [[ -f $headers/Python.h ]]; then
  echo "headers of Python: there"
else
  packages+=(python3-dev)
fi

if ((${#packages[@]})); then
  if command -v apt-get >/dev/null && { [[ $EUID -eq 0 ]] || sudo -n true 2>/dev/null; }; then
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq update
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends install "${packages[@]}" >/dev/null
    echo "installed: ${packages[*]}"
  else
    # The tests that need them say so themselves, and fail where CI=true.
    echo "not installed, for want of apt-get or rights: ${packages[*]}"
  fi
fi

# The kernel is built when the project is installed, which was before there was a compiler.
if "$python" -c 'import monitor.match.native.kernel' 2>/dev/null; then
  echo "kernel: there"
elif [[ -x .venv/bin/uv ]] && command -v cc >/dev/null && [[ -f $headers/Python.h ]]; then
  .venv/bin/uv pip install -q --python "$python" --no-deps -e .
  echo "kernel: built"
fi

# promtool alone: its Debian package would start a server.
tools=$HOME/.cache/news-monitor/bin
if command -v promtool >/dev/null || [[ -x $tools/promtool ]]; then
  echo "promtool: there"
elif command -v apt-get >/dev/null; then
  scratch=$(mktemp -d)
  if (cd "$scratch" && apt-get -qq download prometheus && dpkg-deb -x prometheus_*.deb .) >/dev/null 2>&1; then
    mkdir -p "$tools"
    mv "$scratch/usr/bin/promtool" "$tools/"
    echo "promtool: unpacked"
  else
    echo "promtool: not to be had here"
  fi
  rm -rf "$scratch"
fi

if command -v java >/dev/null && command -v mvn >/dev/null; then
  "$python" -m tests.support.kafka
  "$python" -m tests.support.connect
fi

# Checked versions: a newer parser may know newer rules.
node=${MONITOR_TEST_NODE:-$HOME/.cache/news-monitor/node}
models=@kubernetes-models/prometheus-operator
if [[ -d $node/node_modules/@asyncapi/parser && -d $node/node_modules/@asyncapi/specs && -d $node/node_modules/$models ]]; then
  echo "asyncapi parser, models of the Prometheus operator: there"
elif command -v npm >/dev/null; then
  mkdir -p "$node"
  npm install --prefix "$node" --silent --no-fund --no-audit \
    @asyncapi/parser@3.6.3 @asyncapi/specs@6.11.1 "$models@6.0.0"
  echo "asyncapi parser, models of the Prometheus operator: fetched"
fi
