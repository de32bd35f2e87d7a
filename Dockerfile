# Lenswire in a container: `make docker-build`, `make docker-run`.
# Two stages: one that compiles, one that holds nothing but Debian's base and the binary.

FROM rust:1.95-bookworm AS build
RUN apt-get update \
  && apt-get install --yes --no-install-recommends cmake nasm \
  && rm -rf /var/lib/apt/lists/*
WORKDIR /source
COPY . .
# The registry and the target folder stay in the builder's cache: a second build compiles what changed.
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/source/target \
    cargo build --release --locked --package lenswire \
  && cp target/release/lenswire /usr/local/bin/lenswire

FROM debian:bookworm-slim
LABEL org.opencontainers.image.title="Lenswire" \
      org.opencontainers.image.description="Any camera, on any screen and in any program, in real time" \
      org.opencontainers.image.licenses="MIT OR Apache-2.0"
RUN useradd --system --uid 10001 --home-dir /var/lib/lenswire --create-home lenswire
COPY --from=build /usr/local/bin/lenswire /usr/local/bin/lenswire
USER lenswire
ENV LENSWIRE_DATA=/var/lib/lenswire
VOLUME /var/lib/lenswire
# For the record: with host networking, which media needs, nothing has to be published.
EXPOSE 8080/tcp 8189/udp 8189/tcp
# bash speaks TCP by itself, so that the image needs no curl.
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s CMD ["bash", "-c", \
  "exec 3<>/dev/tcp/127.0.0.1/8080 && printf 'GET /healthz HTTP/1.1\\r\\nHost: localhost\\r\\nConnection: close\\r\\n\\r\\n' >&3 && grep -q '200 OK' <&3"]
ENTRYPOINT ["lenswire"]
CMD ["serve"]
