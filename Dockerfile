# syntax=docker/dockerfile:1

# The image is the binary, the list of certificate authorities, and a directory for the data; nothing else, no shell.
#
#   docker build --tag chandlery .
#   docker run --read-only --publish 8080:8080 --volume chandlery:/data chandlery
#
# Several architectures: each is built on its own platform (natively or emulated), there is nothing to cross-compile.
#
#   docker buildx build --platform linux/amd64,linux/arm64 --tag registry.example.org/chandlery --push .

# Alpine's Rust links musl, and a musl binary is static by default: it runs on `scratch`, whatever the host has. The
# memory allocator is mimalloc, so musl's slow one does not matter. The version is the one of rust-toolchain.toml.
FROM rust:1.95.0-alpine AS build

# The image's own toolchain; without this, rustup would fetch the components for development as well.
ENV RUSTUP_TOOLCHAIN=1.95.0
WORKDIR /source
COPY . .
# The empty directory becomes /data: `scratch` has no mkdir.
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/source/target \
    cargo build --locked --release --package chandlery \
    && cp target/release/chandlery /chandlery \
    && mkdir /empty

FROM scratch

ARG VERSION=0.1.0
LABEL org.opencontainers.image.title="Chandlery" \
      org.opencontainers.image.description="A repository for Helm charts, in one process" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}"

# For S3 over HTTPS.
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build --chown=1000:1000 /empty /data
COPY --from=build /chandlery /chandlery

# Presets are weaker than every other setting, ChartMuseum's PORT and STORAGE_LOCAL_ROOTDIR included.
ENV CHANDLERY_PRESET_DATA_DIR=/data \
    CHANDLERY_PRESET_LISTEN=0.0.0.0:8080
USER 1000:1000
VOLUME /data
EXPOSE 8080
# No HEALTHCHECK: there is no shell to run one, and Kubernetes asks /livez and /readyz itself.
ENTRYPOINT ["/chandlery"]
CMD ["serve"]
