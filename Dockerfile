# Worker, gateway, command line and emulators: which one is said by the command (docker-compose.yml).
# Not the images of Dataflow jobs: those are beam-pipeline/Dockerfile.*.
FROM node:22.23.5-bookworm-slim AS node

FROM node AS javascript
WORKDIR /build
COPY package.json package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY tsconfig.json ./
COPY src src
COPY scripts/bundle-programs.mjs scripts/bundle-workflows.mjs scripts/
RUN npx tsc \
    && node scripts/bundle-programs.mjs \
    && node scripts/bundle-workflows.mjs \
    && npm prune --omit=dev --no-audit --no-fund

FROM python:3.11.15-slim-bookworm AS python
WORKDIR /build
COPY beam-pipeline/requirements.lock beam-pipeline/pyproject.toml ./
COPY emulators/requirements.lock emulators.lock
COPY beam-pipeline/src src
RUN python -m venv /opt/venv \
    && /opt/venv/bin/pip install --no-cache-dir --no-deps --require-hashes \
        --requirement requirements.lock --requirement emulators.lock \
    && /opt/venv/bin/pip install --no-cache-dir --no-deps --no-build-isolation . \
    && /opt/venv/bin/pip check

FROM python:3.11.15-slim-bookworm
COPY --from=node /usr/local/bin/node /usr/local/bin/node
COPY --from=python /opt/venv /opt/venv
WORKDIR /opt/beamline
COPY --from=javascript /build/node_modules node_modules
COPY --from=javascript /build/dist dist
COPY package.json ./
COPY schemas schemas
COPY beam-pipeline/src beam-pipeline/src
COPY beam-pipeline/template beam-pipeline/template
COPY emulators emulators
COPY docker docker
RUN ln -s /opt/beamline/dist/src/cli/main.js /usr/local/bin/beamline \
    && chmod +x dist/src/cli/main.js \
    && useradd --create-home --uid 10001 beamline \
    && install --directory --owner beamline /project /var/lib/beamline
ENV BEAMLINE_PYTHON=/opt/venv/bin/python \
    PYTHONPATH=/opt/beamline/emulators/storage/src:/opt/beamline/emulators/bigquery/src \
    PYTHONDONTWRITEBYTECODE=1 \
    BEAMLINE_HEALTH_URL=http://127.0.0.1:8089/readyz
USER 10001
# The project: relative paths in configs start here.
WORKDIR /project
EXPOSE 8089
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
    CMD ["node", "/opt/beamline/docker/healthcheck.mjs"]
CMD ["node", "/opt/beamline/dist/src/worker/main.js", "--root=/project", "--health-port=8089"]
