#!/bin/sh
# Kills one of two OCR replicas in the middle of the quickstart, starts it again, and prints how the run's scores a second
# went on and how soon the replica had scored again.
#
#   benchmarks/replica-recovery.sh [ROUNDS, 3 unless said]
#
# Needs curl, and a loopback network with 127.0.0.2, as Linux has it.
set -eu
home=$(cd "$(dirname "$0")/.." && pwd -P)
rounds=${1:-3}
window=15
work=$(mktemp -d)
started=

# shellcheck disable=SC2086  # one word a process
stop() {
    kill $started 2>/dev/null || true
    wait
    rm -rf "$work"
}
trap stop EXIT
trap 'exit 130' INT TERM

fail() {
    echo "replica-recovery: $1" >&2
    exit 1
}

now() { date +%s.%N; }
minus() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.1f", a - b }'; }
past() { awk -v a="$1" -v b="$2" 'BEGIN { exit !(a >= b) }'; }

# flowguard NAME ARGUMENTS...: starts it; its lines go to $work/NAME.
flowguard() {
    name=$1
    shift
    FLOWGUARD_BUILD=never "$home/flowguard" "$@" >"$work/$name" 2>&1 &
    pid=$!
    started="$started $pid"
}

# found NAME EXPRESSION: waits for a line and prints the expression's group.
found() {
    waited=0
    until grep -q "$2" "$work/$1" 2>/dev/null; do
        sleep 0.1
        waited=$((waited + 1))
        [ $waited -lt 1200 ] || fail "$1 did not say '$2': $(tail -n 3 "$work/$1")"
    done
    sed -n "s|.*$2.*|\\1|p" "$work/$1" | head -n 1
}

# Images that the replica at this address has scored since it was started; 0 while nobody is there.
scored() {
    curl -s -m 2 "http://$1/actuator/prometheus" |
        awk '/^flowguard_reward_score_duration_seconds_count.*scored/ { n += $2 } END { printf "%d", n }' || true
}

# Scores a second of both replicas over the window.
rate() {
    a=$(scored "127.0.0.1:$first_http")
    b=$(scored "127.0.0.2:$second_http")
    begin=$(now)
    sleep $window
    a2=$(scored "127.0.0.1:$first_http")
    b2=$(scored "127.0.0.2:$second_http")
    awk -v n=$((a2 - a + b2 - b)) -v b=$((b2 - b)) -v from="$begin" -v to="$(now)" \
        'BEGIN { printf "%.1f/s (%d %% by the second)", n / (to - from), n ? 100 * b / n : 0 }'
}

second() {
    flowguard second serve reward --scorer ocr --host 127.0.0.2 --port "$port"
    second=$pid
    second_http=$(found second 'metrics on port \([0-9]*\)')
}

"$home/flowguard" --version >/dev/null
printf '127.0.0.1 localhost\n127.0.0.1 replicas\n127.0.0.2 replicas\n' >"$work/hosts"
flowguard first serve reward --scorer ocr --host 127.0.0.1 --port 0
port=$(found first 'listens on 127.0.0.1:\([0-9]*\)')
first_http=$(found first 'metrics on port \([0-9]*\)')
second
flowguard learner serve learner "$home/recipes/quickstart.yaml" --output-dir "$work/run" --port 0 \
    --reward "ocr=dns:///replicas:$port"
learner=$(found learner 'listens on \(127.0.0.1:[0-9]*\)')
FLOWGUARD_OPTS="-Djdk.net.hosts.file=$work/hosts" flowguard worker serve rollout --learner "$learner" --worker-id worker-1
found learner '\(iteration 1/\)' >/dev/null

read -r load _ </proc/loadavg
uname -srm
echo "load average $load; scores a second over $window s each"
round=0
while [ $round -lt "$rounds" ]; do
    round=$((round + 1))
    before=$(rate)
    kill -9 "$second"
    gone=$(rate)
    second
    returned=$(now)
    until [ "$(scored "127.0.0.2:$second_http")" -gt 0 ]; do
        past "$(minus "$(now)" "$returned")" 120 && fail "the replica had scored nothing after two minutes"
        sleep 0.1
    done
    again=$(minus "$(now)" "$returned")
    after=$(rate)
    echo "round $round: with both $before; with one $gone; the second scores again after $again s; then $after"
done
