#!/bin/sh
# Build images: build.sh [TARGET …], all if none. Run by `make images`; settings come by the environment:
#   BUILDER       buildah, podman or docker; default: the first that is there
#   BASE          image to build on; `debootstrap` makes one of Debian 12 first (as root, with buildah)
#   VARIANT       cpu (default) or cuda, of the model image; TORCH_INDEX: where torch comes without CUDA
#   BUILD_OPTIONS more for the builder, e.g. "--isolation chroot -v /etc/pip.conf:/etc/pip.conf:ro"
set -eu
cd "$(dirname "$0")/.."
builder=${BUILDER:-}
for name in buildah podman docker; do
    [ -n "$builder" ] || ! command -v "$name" >/dev/null 2>&1 || builder=$name
done
[ -n "$builder" ] || { echo "needs buildah, podman or docker" >&2; exit 1; }

if [ "${BASE:-}" = debootstrap ]; then
    folder=$(mktemp -d)
    debootstrap --variant=minbase --include=ca-certificates bookworm "$folder" >/dev/null
    container=$(buildah from scratch)
    buildah add --quiet "$container" "$folder" / >/dev/null
    BASE=localhost/gleanery/base:debian-12
    buildah commit --quiet --rm "$container" "$BASE" >/dev/null
    rm -rf "$folder"
fi
version=$(sed -n 's/^version = "\(.*\)"/\1/p' pyproject.toml | head -1)
revision=$(git rev-parse HEAD 2>/dev/null || echo unknown)
[ $# -gt 0 ] || set -- client admin worker crawl model
for target; do
    # shellcheck disable=SC2086 # BUILD_OPTIONS are words
    "$builder" build ${BUILD_OPTIONS:-} --target "$target" --tag "gleanery/$target:$version" \
        ${BASE:+--build-arg "BASE=$BASE"} --build-arg "VERSION=$version" --build-arg "REVISION=$revision" \
        --build-arg "VARIANT=${VARIANT:-cpu}" --build-arg "TORCH_INDEX=${TORCH_INDEX:-}" .
done
"$builder" images | grep -E 'REPOSITORY|gleanery/'
