#!/bin/sh
# Runs a program of this module the way ./flowguard runs the services: the same JVM options, the same OpenMP policy.
#
#   benchmarks/run.sh TransformerVersusEager recipes/quickstart/model --python venv/bin/python
#   benchmarks/run.sh jmh FacadeCall
#
#   JAVA_HOME        the JDK to use
#   OMP_WAIT_POLICY  PASSIVE unless set
set -eu
home=$(cd "$(dirname "$0")" && pwd -P)

case ${1:-} in
    TransformerVersusEager) main=dev.flowguard.benchmarks.eager.TransformerVersusEager ;;
    BlockModel) main=dev.flowguard.benchmarks.eager.BlockModel ;;
    MemoryForecast) main=dev.flowguard.benchmarks.memory.MemoryBenchmark ;;
    QuickstartCurve) main=dev.flowguard.benchmarks.quickstart.QuickstartCurve ;;
    LoadCheckpoint) main=dev.flowguard.benchmarks.loading.LoadCheckpoint ;;
    RewardBenchmark) main=dev.flowguard.benchmarks.reward.RewardBenchmark ;;
    jmh) main=org.openjdk.jmh.Main ;;
    *)
        echo "usage: benchmarks/run.sh TransformerVersusEager|BlockModel|MemoryForecast|QuickstartCurve|LoadCheckpoint|RewardBenchmark|jmh [arguments]" >&2
        exit 2
        ;;
esac
shift

jar=$(ls -t "$home"/target/flowguard-benchmarks-*.jar 2>/dev/null | head -n 1)
if [ -z "$jar" ]; then
    echo "benchmarks: not built; run mvn -q -pl benchmarks -am package -DskipTests" >&2
    exit 2
fi

export OMP_WAIT_POLICY="${OMP_WAIT_POLICY:-PASSIVE}"
export DJL_OFFLINE=true
export MALLOC_ARENA_MAX="${MALLOC_ARENA_MAX:-2}"
# A tensor of 1 MiB or more is memory of its own that goes back to the system with it. Without this, glibc raises the
# threshold by itself and the holes that activations leave behind cost hundreds of MB.
export MALLOC_MMAP_THRESHOLD_="${MALLOC_MMAP_THRESHOLD_:-1048576}"

java=java
[ -z "${JAVA_HOME:-}" ] || java=$JAVA_HOME/bin/java
exec "$java" --enable-native-access=ALL-UNNAMED -Djava.awt.headless=true -Xmx768m -XX:+UseSerialGC \
    -cp "$jar:$home/target/lib/*" "$main" "$@"
