# Lenswire in a container: `make docker-build`, `make docker-run`; deploy/docker-compose.yaml is an example.
# Two stages: one that compiles, one that holds the C and C++ runtime, certificates and the binary,
# with no shell and no package manager, and runs as nobody in particular.

FROM rust:1.95-bookworm AS build
RUN apt-get update \
  && apt-get install --yes --no-install-recommends cmake=3.25.* nasm=2.16.* \
  && rm -rf /var/lib/apt/lists/*
WORKDIR /source
COPY . .
# The registry and the target folder stay in the builder's cache: a second build compiles what changed.
# `state` becomes the volume's folder: what is in the image when a volume is made gives it its owner.
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/source/target \
    cargo build --release --locked --package lenswire \
  && install -D --mode 755 --strip target/release/lenswire /image/usr/bin/lenswire \
  && install --directory --mode 700 --owner 65532 --group 65532 /image/var/lib/lenswire

FROM gcr.io/distroless/cc-debian12:nonroot
LABEL org.opencontainers.image.title="Lenswire" \
      org.opencontainers.image.description="Any camera, on any screen and in any program, in real time" \
      org.opencontainers.image.licenses="MIT OR Apache-2.0"
COPY --from=build /image /
# distroless' "nonroot", by number, so that Kubernetes' runAsNonRoot can see it.
USER 65532:65532
ENV LENSWIRE_DATA=/var/lib/lenswire
VOLUME /var/lib/lenswire
# For the record: with host networking, which media needs, nothing has to be published.
EXPOSE 8080/tcp 8189/udp 8189/tcp
STOPSIGNAL SIGTERM
# Asks the running hub by its own configuration, whatever address and certificate it has.
HEALTHCHECK --interval=10s --timeout=4s --start-period=5s CMD ["/usr/bin/lenswire", "health"]
ENTRYPOINT ["/usr/bin/lenswire"]
CMD ["serve"]
