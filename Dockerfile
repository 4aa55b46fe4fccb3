# The official PostgreSQL image with wals from this checkout; docs/docker.md says
# how to use it.
ARG PG_MAJOR=17
ARG DEBIAN=bookworm

FROM postgres:$PG_MAJOR-$DEBIAN AS build
ARG PG_MAJOR
RUN apt-get update
RUN apt-get install -y --no-install-recommends build-essential postgresql-server-dev-$PG_MAJOR
COPY . /src
WORKDIR /src
ENV PG_CONFIG=/usr/lib/postgresql/$PG_MAJOR/bin/pg_config
RUN make clean && make -j"$(nproc)" && make install DESTDIR=/stage

FROM postgres:$PG_MAJOR-$DEBIAN
RUN apt-get update && apt-get install -y --no-install-recommends libopenblas0 && rm -rf /var/lib/apt/lists/*
COPY --from=build /stage /
