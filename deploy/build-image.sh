#!/usr/bin/env bash
# Builds the image without a daemon, without rights beyond root in a sandbox, and without a registry: buildah in a
# chroot, on a base made with debootstrap and kept. Its mirror is asked for a compiler too, which stays out of the image.
# What comes of it is proof that the Dockerfile works, and an image to try; a release is built on a base named by its
# digest (see the Dockerfile).
#
#   deploy/build-image.sh [--base-only] [TAG]       default: localhost/news-monitor:test
#   NEWS_MONITOR_CACHE   where base and images are kept; default: ~/.cache/news-monitor
set -euo pipefail
cd "$(dirname "$0")/.."

only_base=
[[ ${1:-} == --base-only ]] && { only_base=yes; shift; }
tag=${1:-localhost/news-monitor:test}
cache=${NEWS_MONITOR_CACHE:-$HOME/.cache/news-monitor}
base=$cache/image-base
suite=bookworm
# Outside of the home: an overlay below an overlay is refused, and paths of containers are long.
store=(--storage-driver vfs --root "$cache/containers" --runroot "${TMPDIR:-/tmp}/news-monitor-containers")

for command in buildah debootstrap; do
  command -v "$command" >/dev/null || { echo "$command is not installed (Debian package $command)" >&2; exit 4; }
done

if [[ ! -d $base ]]; then
  echo "base: debootstrap $suite, a minute or two"
  mkdir -p "$cache"
  rm -rf "$base.part"
  debootstrap --variant=minbase --include=python3,python3-venv,ca-certificates "$suite" "$base.part" >"$cache/debootstrap.log"
  rm -rf "$base.part"/var/cache/apt/archives/*.deb "$base.part"/var/lib/apt/lists/*
  mv "$base.part" "$base"
fi
if ! buildah "${store[@]}" inspect --type image localhost/news-monitor-base >/dev/null 2>&1; then
  echo "base: image"
  container=$(buildah "${store[@]}" from --pull-never scratch)
  buildah "${store[@]}" add -q "$container" "$base" / >/dev/null
  buildah "${store[@]}" commit -q --rm "$container" localhost/news-monitor-base >/dev/null
fi
[[ -z $only_base ]] || exit 0

# The certificates of this machine, for an index behind a proxy of its own.
trusted=()
[[ -r /etc/ssl/certs/ca-certificates.crt ]] && trusted=(--volume /etc/ssl/certs/ca-certificates.crt:/etc/ssl/certs/ca-certificates.crt:ro)
buildah "${store[@]}" build --isolation chroot --pull-never --format oci \
  "${trusted[@]}" \
  --build-arg BASE=localhost/news-monitor-base \
  --build-arg VERSION="$(sed -n 's/^__version__ = "\(.*\)"/\1/p' monitor/__init__.py)" \
  --build-arg REVISION="$(git rev-parse HEAD 2>/dev/null || echo unknown)" \
  --file deploy/Dockerfile --tag "$tag" .
# What a former build was tagged with has no name now.
buildah "${store[@]}" rmi --prune >/dev/null
