# pgteal from Debian 12's packages, the same that scripts/setup installs.
#   docker build -t pgteal .                        the controller
#   docker build -t pgteal-pooler --target pooler . Debian's PgBouncer with the config of docker/pgbouncer

FROM debian:bookworm-slim AS build
RUN apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
        ca-certificates g++ cmake ninja-build mold pkg-config \
        libboost1.81-dev libboost-json1.81-dev libboost-filesystem1.81-dev \
        libspdlog-dev libfmt-dev libcli11-dev libtomlplusplus-dev \
        libsqlite3-dev libssl-dev libpg-query-dev libpq-dev libpqxx-dev prometheus-cpp-dev \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY . .
RUN cmake --preset release && cmake --build --preset release --target pgteal

FROM debian:bookworm-slim AS pooler
RUN apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends pgbouncer \
    && rm -rf /var/lib/apt/lists/* /etc/pgbouncer
# The folder, not a single file, is shared with pgteal, which renames a new file over the old one.
COPY --chown=postgres:postgres docker/pgbouncer/ /etc/pgbouncer/
USER postgres
EXPOSE 6432
CMD ["/usr/sbin/pgbouncer", "/etc/pgbouncer/pgbouncer.ini"]

FROM debian:bookworm-slim
# postgresql-client brings pg_dump and pg_restore 15: at least as new as blue, not newer than green.
RUN apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
        ca-certificates postgresql-client libpq5 libpqxx-6.4 libspdlog1.10 libfmt9 \
        libboost-json1.81.0 libboost-filesystem1.81.0 libsqlite3-0 libpg-query1504.0 libprometheus-cpp-core1.0 libtomlplusplus3 \
    && rm -rf /var/lib/apt/lists/*
COPY --from=build /src/build/release/pgteal /usr/local/bin/pgteal
ENV PGTEAL_CONFIG=/etc/pgteal/pgteal.toml
VOLUME /var/lib/pgteal
ENTRYPOINT ["pgteal"]
CMD ["serve"]
