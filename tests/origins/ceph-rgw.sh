#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# A one-node Ceph cluster with its S3 gateway (RGW), for tests. No systemd, no
# containers; every socket is bound to 127.0.0.1; all state lives under DIR.
#
#   ceph-rgw.sh install          Debian packages (needs root; a no-op when present)
#   ceph-rgw.sh start DIR PORT   create the cluster in DIR if need be, start it,
#                                and return once S3 answers on 127.0.0.1:PORT
#   ceph-rgw.sh stop DIR         stop what `start DIR` started; the data stays
#   ceph-rgw.sh env DIR          print the exports that S3 clients need
#
# Read from the environment by the first `start DIR`:
#   CEPH_OBJECTSTORE   bluestore (default: a sparse file in DIR) or memstore (RAM;
#                      written to DIR by `stop`, lost if the OSD is killed)
#   CEPH_OSD_BYTES     size of the one OSD, default 10 GiB (memstore: 4 GiB)
#   RGW_DNS_NAME       turns on virtual-hosted buckets under this name. RGW then
#                      takes any other Host that is no IP address for a bucket.
# Read by every `start`:
#   RGW_EXTRA_PORTS    more gateways on the same cluster, say "9001 9002". To take
#                      one down: kill the pid in DIR/run/rgw-9001.pid; the same
#                      `start` brings it back.
#   RGW_TLS_PORT       also serve https on this port of the first gateway, with a
#                      self-signed certificate left in DIR/tls/cert.pem
#
# More settings: edit DIR/ceph.conf, then stop and start.
set -euo pipefail
export LC_ALL=C.UTF-8

PACKAGES=(ceph-mon ceph-osd ceph-common radosgw openssl curl)
PROGRAMS=(ceph-mon ceph-osd ceph radosgw radosgw-admin monmaptool ceph-authtool openssl curl)
POOLS=(.rgw.root default.rgw.log default.rgw.control default.rgw.meta
       default.rgw.buckets.index default.rgw.buckets.data default.rgw.buckets.non-ec)

die() { echo "ceph-rgw: $*" >&2; exit 1; }
note() { echo "ceph-rgw: $*" >&2; }

missing_program() {
    local program
    for program in "${PROGRAMS[@]}"; do
        command -v "$program" >/dev/null || { echo "$program"; return; }
    done
}

port_is_open() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# The pid in the pid file $1, if that process still is one of this DIR's daemons.
# (The configuration's path on its command line guards against a reused pid.)
live_pid() {
    local pid
    pid=$(cat "$1" 2>/dev/null) || return 1
    tr '\0' '\n' 2>/dev/null <"/proc/$pid/cmdline" | grep -qxF -- "$DIR/ceph.conf" || return 1
    echo "$pid"
}

# daemon NAME COMMAND...: run it detached, unless it is running already.
daemon() {
    local name=$1 pid_file="$DIR/run/$1.pid"
    shift
    live_pid "$pid_file" >/dev/null && return
    setsid "$@" </dev/null >>"$DIR/log/$name.out" 2>&1 &
    local pid=$!
    echo "$pid" >"$pid_file"
    # Until the new process has become the daemon, live_pid does not know it.
    local tries
    for ((tries = 0; tries < 3000; tries++)); do
        live_pid "$pid_file" >/dev/null && return
        kill -0 "$pid" 2>/dev/null || return 0
        sleep 0.02
    done
}

# wait_for SECONDS WHAT PID_FILE COMMAND...: until COMMAND succeeds; fails at once
# when the daemon of PID_FILE has died.
wait_for() {
    local deadline=$((SECONDS + $1)) what=$2 pid_file=$3
    shift 3
    until "$@" >/dev/null 2>&1; do
        live_pid "$pid_file" >/dev/null || die "$what has died; see $DIR/log"
        ((SECONDS < deadline)) || die "$what is not ready after its time limit; see $DIR/log"
        sleep 0.1
    done
}

ceph_cli() { ceph -c "$DIR/ceph.conf" --connect-timeout 20 "$@"; }
rgw_admin() { radosgw-admin -c "$DIR/ceph.conf" -n client.rgw "$@"; }
osd_is_up() { ceph_cli osd stat -f json | grep -q '"num_up_osds":1'; }
s3_answers() { curl -fsS -o /dev/null --max-time 5 "http://127.0.0.1:$1/"; }
random_hex() { od -An -v -tx1 -N "$1" /dev/urandom | tr -d ' \n'; }

# A port nobody listens on, below the ephemeral ports and those of the test kit; the place to look
# first depends on PORT, so that clusters on different ports do not race for one.
pick_mon_port() {
    local port=$((4000 + ($1 * 7) % 2500))
    while port_is_open "$port"; do port=$((port + 1)); done
    echo "$port"
}

write_conf() {
    local mon_port=$1 store=${CEPH_OBJECTSTORE:-bluestore} bytes
    case $store in
        bluestore) bytes=${CEPH_OSD_BYTES:-10737418240} ;;
        memstore) bytes=${CEPH_OSD_BYTES:-4294967296} ;;
        *) die "CEPH_OBJECTSTORE is bluestore or memstore, not $store" ;;
    esac
    cat >"$DIR/ceph.conf" <<CONF
[global]
fsid = $(cat /proc/sys/kernel/random/uuid)
mon_host = [v2:127.0.0.1:$mon_port/0]
mon_initial_members = a
public_addr = 127.0.0.1
cluster_addr = 127.0.0.1
ms_bind_msgr1 = false
ms_bind_ipv6 = false
auth_allow_insecure_global_id_reclaim = false
keyring = $DIR/keyring
log_file = $DIR/log/\$name.log
crash_dir = $DIR/crash
run_dir = $DIR/run
admin_socket =

[mon]
mon_data = $DIR/mon
mon_cluster_log_file = $DIR/log/cluster.log
mon_data_avail_warn = 2
mon_data_avail_crit = 1
mon_allow_pool_size_one = true
mon_warn_on_pool_no_redundancy = false
# Commit map changes at once: nobody else is there to batch them with.
paxos_propose_interval = 0.02
paxos_min_wait = 0.01
osd_pool_default_size = 1
osd_pool_default_min_size = 1
osd_pool_default_pg_num = 8
osd_pool_default_pgp_num = 8
osd_pool_default_pg_autoscale_mode = off
osd_crush_chooseleaf_type = 0

[osd]
osd_data = $DIR/osd
osd_objectstore = $store
bluestore_block_size = $bytes
bluestore_cache_autotune = false
bluestore_cache_size = 134217728
memstore_device_bytes = $bytes
# An orderly end, or a memstore would forget everything.
osd_fast_shutdown = false

[client.rgw]
rgw_data = $DIR/rgw
rgw_thread_pool_size = 128
# Free the space of deleted objects after 10 minutes, not hours.
rgw_gc_obj_min_wait = 600
rgw_gc_processor_period = 600
rgw_dns_name = ${RGW_DNS_NAME:-}
# SSE-C and SSE-KMS over plain http; the keys of Ceph's own test suite.
rgw_crypt_require_ssl = false
rgw_crypt_s3_kms_backend = testing
rgw_crypt_s3_kms_encryption_keys = testkey-1=YmluCmJvb3N0CmJvb3N0LWJ1aWxkCmNlcGguY29uZgo= testkey-2=aWIKTWFrZWZpbGUKbWFuCm91dApzcmMKVGVzdGluZwo=
rgw_s3_auth_use_sts = true
rgw_sts_key = abcdefghijklmnop
CONF
}

# Lay out a new cluster; run again from the start if an earlier try broke off.
create() {
    rm -rf "${DIR:?}/mon" "$DIR/osd" "$DIR/rgw"
    rm -f "$DIR/keyring" "$DIR/monmap"
    mkdir -p "$DIR/mon" "$DIR/osd" "$DIR/rgw" "$DIR/log" "$DIR/run" "$DIR/crash"
    local mon_port fsid name
    mon_port=$(pick_mon_port "$PORT")
    write_conf "$mon_port"
    fsid=$(sed -n 's/^fsid = //p' "$DIR/ceph.conf")
    for name in mon. client.admin client.rgw osd.0; do
        local caps=(--cap mon 'allow *')
        [[ $name == mon. ]] || caps+=(--cap osd 'allow *' --cap mgr 'allow *')
        local make=()
        [[ -e $DIR/keyring ]] || make=(--create-keyring)
        ceph-authtool "${make[@]}" "$DIR/keyring" --gen-key -n "$name" "${caps[@]}"
    done >/dev/null
    chmod 600 "$DIR/keyring"
    monmaptool --create --fsid "$fsid" --addv a "[v2:127.0.0.1:$mon_port/0]" "$DIR/monmap" >/dev/null
    # The monitor takes the whole keyring in, so no later `ceph auth` is needed.
    ceph-mon -c "$DIR/ceph.conf" -i a --mkfs --monmap "$DIR/monmap" --keyring "$DIR/keyring"
}

start_osd() {
    if [[ ! -e $DIR/osd/ready ]]; then
        local uuid
        uuid=$(cat /proc/sys/kernel/random/uuid)
        ceph_cli osd new "$uuid" 0 >/dev/null
        ceph-osd -c "$DIR/ceph.conf" -i 0 --mkfs --osd-uuid "$uuid" >>"$DIR/log/osd.out" 2>&1 ||
            die "ceph-osd --mkfs failed; see $DIR/log"
    fi
    daemon osd ceph-osd -c "$DIR/ceph.conf" -i 0 -f
    wait_for 60 "the OSD" "$DIR/run/osd.pid" osd_is_up
}

# All pools beforehand: RGW would make the last three at the first requests,
# which then take seconds.
make_pools() {
    local pool
    for pool in "${POOLS[@]}"; do
        echo "osd pool create $pool 8 8"
        echo "osd pool application enable $pool rgw"
    done | ceph_cli >"$DIR/log/pools.out" 2>&1
}

make_users() {
    local user access secret
    : >"$DIR/users.new"
    for user in main alt; do
        access=$(random_hex 10 | tr a-f A-F)
        secret=$(random_hex 20)
        rgw_admin user create --uid="$user" --display-name="$user" --email="$user@example.com" \
            --access-key="$access" --secret-key="$secret" >>"$DIR/log/users.out" 2>&1 ||
            die "could not create the S3 user $user; see $DIR/log/users.out"
        echo "$user $access $secret" >>"$DIR/users.new"
    done
    chmod 600 "$DIR/users.new"
    mv "$DIR/users.new" "$DIR/users"
}

make_certificate() {
    mkdir -p "$DIR/tls"
    [[ -e $DIR/tls/cert.pem ]] && return
    openssl req -x509 -newkey rsa:2048 -nodes -days 3650 -subj "/CN=localhost" \
        -addext "subjectAltName=IP:127.0.0.1,DNS:localhost" \
        -keyout "$DIR/tls/key.pem" -out "$DIR/tls/cert.pem" 2>/dev/null
}

cmd_install() {
    if [[ -z $(missing_program) ]]; then
        note "already installed: $(radosgw --version)"
        return
    fi
    [[ $(id -u) == 0 ]] || die "install needs root"
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -q
    apt-get install -q -y --no-install-recommends "${PACKAGES[@]}"
    [[ -z $(missing_program) ]] || die "still missing after the install: $(missing_program)"
}

cmd_start() {
    local program port
    program=$(missing_program)
    [[ -z $program ]] || die "$program is not installed; run: ceph-rgw.sh install"
    if [[ -e $DIR/port && $(cat "$DIR/port") != "$PORT" ]] &&
        live_pid "$DIR/run/rgw-$(cat "$DIR/port").pid" >/dev/null; then
        die "already running on port $(cat "$DIR/port")"
    fi
    # What of this cluster runs already stays as it is; the rest is started.
    local gateways to_bind=() status
    read -ra gateways <<<"$PORT ${RGW_EXTRA_PORTS:-}"
    for port in "${gateways[@]}"; do
        live_pid "$DIR/run/rgw-$port.pid" >/dev/null && continue
        to_bind+=("$port")
        if [[ $port == "$PORT" && -n ${RGW_TLS_PORT:-} ]]; then to_bind+=("$RGW_TLS_PORT"); fi
    done
    for port in "${to_bind[@]}"; do
        if port_is_open "$port"; then die "port $port is taken"; fi
    done

    trap 'status=$?; trap - EXIT; cmd_stop; exit $status' EXIT
    [[ -e $DIR/users ]] || { mkdir -p "$DIR/run"; cmd_stop; create; }
    echo "$PORT" >"$DIR/port"
    daemon mon ceph-mon -c "$DIR/ceph.conf" -i a -f
    wait_for 60 "the monitor" "$DIR/run/mon.pid" ceph_cli mon stat
    start_osd
    [[ -e $DIR/users ]] || { make_pools; make_users; }

    local endpoint
    for port in "${gateways[@]}"; do
        # Without tcp_nodelay a GET takes 40 ms: Nagle against the delayed ACK.
        endpoint="endpoint=127.0.0.1:$port tcp_nodelay=1"
        if [[ $port == "$PORT" && -n ${RGW_TLS_PORT:-} ]]; then
            make_certificate
            endpoint+=" ssl_endpoint=127.0.0.1:$RGW_TLS_PORT"
            endpoint+=" ssl_certificate=$DIR/tls/cert.pem ssl_private_key=$DIR/tls/key.pem"
        fi
        daemon "rgw-$port" radosgw -c "$DIR/ceph.conf" -n client.rgw -f --rgw_frontends="beast $endpoint" \
            --log_file="$DIR/log/rgw-$port.log"
    done
    for port in "${gateways[@]}"; do
        wait_for 120 "the gateway on port $port" "$DIR/run/rgw-$port.pid" s3_answers "$port"
    done
    trap - EXIT
    note "S3 is ready on 127.0.0.1:$PORT after $SECONDS s"
}

# Gateways first, then the OSD, then the monitor that it says goodbye to.
cmd_stop() {
    local pid_file pid tries
    for pid_file in "$DIR"/run/rgw-*.pid "$DIR/run/osd.pid" "$DIR/run/mon.pid"; do
        [[ -e $pid_file ]] || continue
        if pid=$(live_pid "$pid_file"); then
            kill "$pid" 2>/dev/null || true
            for ((tries = 0; tries < 300; tries++)); do
                live_pid "$pid_file" >/dev/null || break
                sleep 0.1
            done
            if live_pid "$pid_file" >/dev/null; then
                note "killing pid $pid ($(basename "$pid_file" .pid)): it did not end in 30 s"
                kill -KILL "$pid" 2>/dev/null || true
            fi
        fi
        rm -f "$pid_file"
    done
}

cmd_env() {
    [[ -e $DIR/users ]] || die "no cluster in $DIR"
    local user access secret prefix
    echo "export AWS_ENDPOINT_URL=http://127.0.0.1:$(cat "$DIR/port")"
    while read -r user access secret; do
        prefix=
        [[ $user == main ]] || prefix=ALT_
        echo "export ${prefix}AWS_ACCESS_KEY_ID=$access"
        echo "export ${prefix}AWS_SECRET_ACCESS_KEY=$secret"
    done <"$DIR/users"
    echo "export AWS_REGION=us-east-1"
    echo "export AWS_DEFAULT_REGION=us-east-1"
    echo "export AWS_EC2_METADATA_DISABLED=true"
    # This release of RGW does not know the trailing checksums of newer SDKs.
    echo "export AWS_REQUEST_CHECKSUM_CALCULATION=when_required"
    echo "export AWS_RESPONSE_CHECKSUM_VALIDATION=when_required"
}

usage() { sed -n '3,/^set /{/^#/s/^# \{0,1\}//p}' "$0" >&2; exit 2; }

case "${1:-}/$#" in
    install/1) ;;
    start/3) PORT=$3; [[ $PORT =~ ^[0-9]+$ ]] || usage ;;
    stop/2 | env/2) ;;
    *) usage ;;
esac
if (($# > 1)); then
    DIR=$(realpath -m -- "$2")
    [[ $DIR != *[[:space:]]* ]] || die "Ceph's configuration takes no white space in DIR: $DIR"
fi
"cmd_$1"
