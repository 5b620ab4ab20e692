#!/bin/sh
# Steps of the Dockerfile's build stages, run in the project's folder. Every version is that of constraints.txt.
#   tools                 pip, the wheel builder and the writer of the bill of materials, in /opt/tools
#   torch                 torch into /opt/gleanery, from TORCH_INDEX if that is set
#   packages EXTRA,…      what the project and these extras need, into /opt/gleanery
#   project [NAME …]      the project itself from /wheels; packages NAME go; then the bill of materials
set -eu
pip() { /opt/tools/bin/pip --python /opt/gleanery/bin/python --disable-pip-version-check "$@"; }

case "$1" in
tools)
    python3 -m venv /opt/tools
    /opt/tools/bin/pip install --quiet "pip==26.*"
    # cyclonedx-bom (Apache-2.0) writes the bill of materials
    /opt/tools/bin/pip install --quiet --constraint constraints.txt hatchling cyclonedx-bom
    python3 -m venv --without-pip /opt/gleanery   # no pip in an image: nothing is installed there later
    ;;
torch)
    pip install --constraint constraints.txt ${TORCH_INDEX:+--extra-index-url "$TORCH_INDEX"} torch==2.13.0
    ;;
packages)
    python3 images/packages.py wanted "$2" > /tmp/wanted.txt
    pip install --constraint constraints.txt --requirement /tmp/wanted.txt
    ;;
project)
    shift
    pip install --no-deps /wheels/*.whl
    [ $# = 0 ] || pip uninstall --yes "$@"
    pip freeze --exclude gleanery > /tmp/freeze.txt
    python3 images/packages.py unpinned /tmp/freeze.txt
    /opt/tools/bin/cyclonedx-py environment --output-reproducible --output-format JSON \
        --output-file /opt/gleanery/sbom.cdx.json /opt/gleanery/bin/python
    ;;
*)
    echo "unknown step: $1" >&2
    exit 2
    ;;
esac
