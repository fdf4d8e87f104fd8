# The images of the name server, the broker and the operator, and a folder of all programs. Everything is compiled natively.
#
#   docker build --target broker -t rocketops/broker:0.1.0 --build-arg REVISION="$(git rev-parse HEAD)" .
#   docker buildx build --platform linux/amd64,linux/arm64 --target operator ...
#   docker build --target programs --output out/programs .      every program with its symbols: programs/, symbols/
#
# SDK and BASE are arguments so that mirrors, digests (name@sha256:...) and other bases can be used. SDK needs the .NET SDK and a C compiler, which links; it runs on the machine that builds, whatever the
# image is for. BASE needs glibc, OpenSSL 3, certificates and time zones and nothing else: no .NET, no shell.
ARG SDK=mcr.microsoft.com/dotnet/sdk:10.0-noble-aot
ARG BASE=mcr.microsoft.com/dotnet/runtime-deps:10.0-noble-chiseled
# The builder knows it; this is for one that does not.
ARG BUILDPLATFORM=linux/amd64

FROM --platform=${BUILDPLATFORM} ${SDK} AS build
# Programs that are to be compiled in the same go, for who needs the folder of all programs as well as images: cli/RocketOps.Cli.
ARG ALSO=""
# amd64 or arm64, by the builder; this machine's without one. For the other kind of machine the linker and the libraries of that kind are installed.
ARG TARGETARCH
# A compiler that lives for a minute is not worth watching.
ENV DOTNET_TieredPGO=0 CI=true
WORKDIR /src
COPY . .
# What the lock files name and nothing else; then what compiles and links for that kind of machine, whose versions the SDK pins.
RUN for program in $ALSO operator/RocketOps.Operator broker/RocketOps.Broker nameserver/RocketOps.NameServer; do dotnet restore "$program" || exit 1; done
RUN here="$(uname -m | sed 's/x86_64/x64/; s/aarch64/arm64/')" && there="$(echo "${TARGETARCH:-$here}" | sed 's/amd64/x64/')" \
    && if [ "$there" != "$here" ]; then apt-get update -qq && apt-get install -y -qq --no-install-recommends "gcc-$(echo "$there" | sed 's/x64/x86-64/; s/arm64/aarch64/')-linux-gnu"; fi \
    && echo "linux-$there" > /rid \
    && deploy/images/publish.sh "linux-$there" /image $ALSO operator/RocketOps.Operator broker/RocketOps.Broker nameserver/RocketOps.NameServer
RUN mkdir -p /image/etc/rocketops /image/var/lib/rocketops && cp deploy/images/*.conf /image/etc/rocketops/ && chmod 755 /image/programs/*/

# --- the name server ---------------------------------------------------------------------------------------------------
FROM ${BASE} AS nameserver
# What a registry and a scanner show. VERSION is that of Directory.Build.props.
ARG VERSION=0.1.0
ARG REVISION=""
LABEL org.opencontainers.image.title="RocketOps name server" \
      org.opencontainers.image.description="Tells RocketMQ clients where each topic is." \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
# Numeric, so that Kubernetes can prove it is not root. The root file system may be read-only; /var/lib/rocketops is for data, /etc/rocketops for configuration.
COPY --from=build /image/programs/RocketOps.NameServer /app
COPY --from=build /image/etc/rocketops/namesrv.conf /etc/rocketops/
COPY --from=build --chown=10001:10001 /image/var/lib/rocketops /var/lib/rocketops
WORKDIR /app
USER 10001:10001
EXPOSE 9876 8080
ENTRYPOINT ["/app/RocketOps.NameServer"]
CMD ["-c", "/etc/rocketops/namesrv.conf"]

# --- the broker --------------------------------------------------------------------------------------------------------
FROM ${BASE} AS broker
ARG VERSION=0.1.0
ARG REVISION=""
LABEL org.opencontainers.image.title="RocketOps broker" \
      org.opencontainers.image.description="A message broker that speaks the protocols of Apache RocketMQ and keeps its files." \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
COPY --from=build /image/programs/RocketOps.Broker /app
COPY --from=build /image/etc/rocketops/broker.conf /etc/rocketops/
COPY --from=build --chown=10001:10001 /image/var/lib/rocketops /var/lib/rocketops
WORKDIR /app
USER 10001:10001
# One heap for what the runtime allocates outside of its own: glibc makes one per thread, and each keeps what its largest took (bench/README.md, soak).
ENV MALLOC_ARENA_MAX=1
EXPOSE 10909 10911 10912 8080
ENTRYPOINT ["/app/RocketOps.Broker"]
CMD ["-c", "/etc/rocketops/broker.conf"]

# --- the operator ------------------------------------------------------------------------------------------------------
FROM ${BASE} AS operator
ARG VERSION=0.1.0
ARG REVISION=""
LABEL org.opencontainers.image.title="RocketOps operator" \
      org.opencontainers.image.description="Runs RocketMQ-compatible clusters, topics and consumer groups on Kubernetes." \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
COPY --from=build /image/programs/RocketOps.Operator /app
WORKDIR /app
USER 10001:10001
# Bases of .NET set a port for every program; ours comes by --http-port, and Kestrel would warn of the difference at each start.
ENV ASPNETCORE_HTTP_PORTS=
EXPOSE 8080
ENTRYPOINT ["/app/RocketOps.Operator"]

# --- all programs, for whoever runs them without containers; their symbols beside them -----------------------------------
FROM build AS build-programs
RUN if [ ! -d /image/programs/RocketOps.Cli ]; then dotnet restore cli/RocketOps.Cli && deploy/images/publish.sh "$(cat /rid)" /image cli/RocketOps.Cli; fi

FROM scratch AS programs
COPY --from=build-programs /image/programs /programs
COPY --from=build-programs /image/symbols /symbols
