# An image of `downloader` and nothing else: docker build -t parallel-image-downloader .
# Where packages come from an index of your own, its settings go in as secrets, which no layer keeps:
#   docker build --secret id=pip,src=pip.conf --secret id=ca,src=authorities.pem -t parallel-image-downloader .
ARG BASE_IMAGE=python:3.12-slim

FROM ${BASE_IMAGE} AS build
# Of pyproject.toml's. All they need comes as wheels: there is no compiler here either.
ARG EXTRAS=serve,fast
WORKDIR /src
RUN python3 -m venv /pip && python3 -m venv --without-pip /opt/downloader && install -d /data
COPY . .
RUN --mount=type=secret,id=pip --mount=type=secret,id=ca \
    if [ -f /run/secrets/pip ]; then export PIP_CONFIG_FILE=/run/secrets/pip; fi \
    && if [ -f /run/secrets/ca ]; then export PIP_CERT=/run/secrets/ca; fi \
    && /pip/bin/pip wheel --no-cache-dir --prefer-binary --wheel-dir /wheels ".[${EXTRAS}]" \
    && /pip/bin/pip --python /opt/downloader/bin/python install \
        --no-cache-dir --no-index --find-links /wheels "parallel-image-downloader[${EXTRAS}]"

FROM ${BASE_IMAGE}
LABEL org.opencontainers.image.title="parallel-image-downloader" \
      org.opencontainers.image.description="A list of image URLs goes in; whole, checked images come out" \
      org.opencontainers.image.licenses="MIT"
COPY --from=build /opt/downloader /opt/downloader
# A new volume takes its owner from the folder it is mounted on.
COPY --from=build --chown=10001:10001 /data /data
ENV PATH=/opt/downloader/bin:$PATH
# A number, so that an orchestrator can see that it is not root without a list of users.
USER 10001:10001
WORKDIR /data
EXPOSE 8080
# Of `serve`; the compose file turns it off for what serves nothing.
HEALTHCHECK --interval=30s --timeout=10s --start-period=20s CMD ["downloader", "health"]
ENTRYPOINT ["downloader"]
CMD ["--help"]
