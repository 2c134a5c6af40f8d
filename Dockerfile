# An image of `downloader` and nothing else: docker build -t downloader .
# Where packages come from an index of your own, its settings go in as secrets, which no layer keeps:
#   docker build --secret id=pip,src=pip.conf --secret id=ca,src=authorities.pem -t downloader .
ARG BASE_IMAGE=python:3.12-slim

FROM ${BASE_IMAGE} AS build
ARG EXTRAS=process,serve
WORKDIR /src
COPY . .
RUN --mount=type=secret,id=pip --mount=type=secret,id=ca \
    if [ -f /run/secrets/pip ]; then export PIP_CONFIG_FILE=/run/secrets/pip; fi \
    && if [ -f /run/secrets/ca ]; then export PIP_CERT=/run/secrets/ca; fi \
    && python3 -m venv /pip \
    && /pip/bin/pip wheel --no-cache-dir --wheel-dir /wheels ".[${EXTRAS}]" \
    && python3 -m venv --without-pip /opt/downloader \
    && /pip/bin/pip --python /opt/downloader/bin/python install \
        --no-cache-dir --no-index --find-links /wheels "parallel-image-downloader[${EXTRAS}]" \
    && install -d /data

FROM ${BASE_IMAGE}
COPY --from=build /opt/downloader /opt/downloader
# A new volume takes its owner from the folder it is mounted on.
COPY --from=build --chown=10001:10001 /data /data
ENV PATH=/opt/downloader/bin:$PATH
# A number, so that an orchestrator can see that it is not root without a list of users.
USER 10001:10001
WORKDIR /data
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s CMD ["downloader", "health"]
ENTRYPOINT ["downloader"]
CMD ["--help"]
