# Hotline in a container: docker build -t hotline . ; docs/running.md says how it is run.
# Three stages: the pages, the program with the pages in it, and what is needed to run it.

FROM node:22-bookworm-slim AS web
WORKDIR /src/web
COPY web/package.json web/package-lock.json ./
COPY web/openapi/package.json openapi/
RUN npm ci
COPY web ./
COPY docs /src/docs
COPY ivr-flows /src/ivr-flows
RUN npm run build

FROM rust:1.95-slim-bookworm AS build
RUN apt-get update && apt-get install -y --no-install-recommends build-essential cmake && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY . .
COPY --from=web /src/web/dist web/dist
RUN cargo build --release --locked --package hotline-server && strip target/release/hotline

FROM debian:12-slim
# espeak-ng speaks the texts of flows; without it only recorded prompts are heard.
RUN apt-get update && apt-get install -y --no-install-recommends espeak-ng && rm -rf /var/lib/apt/lists/* \
  && useradd --system --uid 10001 --home-dir /var/lib/hotline --create-home --shell /usr/sbin/nologin hotline
COPY --from=build /src/target/release/hotline /usr/bin/hotline
COPY config/hotline.yaml config/center.yaml /usr/share/hotline/config/
COPY ivr-flows /usr/share/hotline/ivr-flows
COPY sounds /usr/share/hotline/sounds
USER hotline
# Configuration, flows, sounds, database and recordings: everything that must outlive the container.
WORKDIR /var/lib/hotline
VOLUME /var/lib/hotline
ENV HOTLINE_CONFIG=/var/lib/hotline/config/hotline.yaml
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s CMD ["hotline", "doctor", "--health"]
ENTRYPOINT ["hotline"]
