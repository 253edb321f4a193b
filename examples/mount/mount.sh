#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Mounts redacted data as a folder: what is read there has passed through a view, and nothing else
# can be reached through it. Unmounts when it is interrupted.
#
#   mount.sh FOLDER                              sample data, redacted, on a server of its own
#   mount.sh --endpoint URL --view ALIAS FOLDER  a view of yours: ALIAS is NAME--ol-s3, and
#                                                AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY who reads
#   --with rclone|s3fs                           who mounts it (rclone)
#   --once                                       shows what is there, and unmounts
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
export LC_ALL=C.UTF-8

die() { echo "mount: $*" >&2; exit 1; }
usage() { sed -n '6,11s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2; exit 2; }

with=rclone once=false endpoint='' view='' folder=''
while (($# > 0)); do
    case $1 in
        --with) with=${2:?}; shift ;;
        --endpoint) endpoint=${2:?}; shift ;;
        --view) view=${2:?}; shift ;;
        --once) once=true ;;
        -*) usage ;;
        *) [[ -z $folder ]] || usage; folder=$1 ;;
    esac
    shift
done
[[ -n $folder && $with =~ ^(rclone|s3fs)$ ]] || usage
if [[ -n $endpoint && -z $view || -z $endpoint && -n $view ]]; then usage; fi

command -v "$with" >/dev/null || die "$with is not installed: apt-get install $with fuse"
unmount=$(command -v fusermount3 || command -v fusermount) || die "no fusermount: apt-get install fuse"
[[ -e /dev/fuse ]] || die "this machine has no /dev/fuse"

work=$(mktemp -d "${TMPDIR:-/tmp}/objlens-mount.XXXXXX")
server='' mounter=''
finish() {
    trap - EXIT
    if [[ -n $mounter ]]; then
        "$unmount" -u "$folder" 2>/dev/null || "$unmount" -u -z "$folder" 2>/dev/null || true
        wait "$mounter" 2>/dev/null || true
    fi
    if [[ -n $server ]]; then
        kill "$server" 2>/dev/null || true
        wait "$server" 2>/dev/null || true
    fi
    rm -rf "$work"
}
trap finish EXIT
trap 'exit 0' INT TERM

wait_until() { # wait_until WHAT COMMAND...
    local what=$1 tries
    shift
    for ((tries = 0; tries < 200; tries++)); do
        if "$@"; then return; fi
        sleep 0.1
    done
    cat "$work"/*.log >&2 || true
    die "$what: waited 20 seconds"
}

# ---- a server of its own, with samples ----

free_ports() { # free_ports COUNT: different ones
    python3 -c 'import socket, sys
held = [socket.create_server(("127.0.0.1", 0)) for _ in range(int(sys.argv[1]))]
print(*(s.getsockname()[1] for s in held))' "$1"
}

secret() { python3 -c 'import secrets; print(secrets.token_urlsafe(30))'; }

serve_samples() {
    local objlens=${OBJLENS:-$root/build/release/objlens} port admin name
    if [[ ! -x $objlens ]]; then
        (cd "$root" && cmake --preset release && cmake --build --preset release) >&2
    fi
    read -r port admin <<<"$(free_ports 2)"
    endpoint=http://127.0.0.1:$port view=redacted--ol-s3
    export OWNER_SECRET_KEY READER_SECRET_KEY
    OWNER_SECRET_KEY=$(secret) READER_SECRET_KEY=$(secret)
    export AWS_ACCESS_KEY_ID=READEROFVIEWS AWS_SECRET_ACCESS_KEY=$READER_SECRET_KEY
    sed -e "s|@PORT@|$port|" -e "s|@ADMIN@|$admin|" -e "s|@DATA@|$work/data|" \
        "$here/objlens.lua" >"$work/objlens.lua"
    "$objlens" serve "$work/objlens.lua" >"$work/access.log" 2>"$work/server.log" &
    server=$!
    wait_until "objlens" curl -fs -o "$work/ready" "http://127.0.0.1:$admin/-/ready"
    python3 "$root/examples/make_samples.py" "$work/samples" >&2
    for name in "$work"/samples/*; do
        curl -fsS --aws-sigv4 aws:amz:us-east-1:s3 --user "OWNEROFORIGINALS:$OWNER_SECRET_KEY" \
            -H "x-amz-content-sha256: UNSIGNED-PAYLOAD" -T "$name" "$endpoint/shop/${name##*/}"
    done
}

# ---- the mount ----

mount_rclone() {
    export RCLONE_CONFIG_LENS_TYPE=s3 RCLONE_CONFIG_LENS_PROVIDER=Other RCLONE_CONFIG_LENS_ENV_AUTH=true
    export RCLONE_CONFIG_LENS_ENDPOINT=$endpoint RCLONE_CONFIG_LENS_REGION=us-east-1
    # --use-server-modtime: otherwise rclone sends a HEAD for each file that is listed. And it cannot
    # take AWS_CA_BUNDLE, but has an option of its own.
    env -u AWS_CA_BUNDLE rclone mount "lens:$view" "$folder" --read-only --use-server-modtime \
        ${AWS_CA_BUNDLE:+--ca-cert "$AWS_CA_BUNDLE"} \
        --config "$work/no.conf" --cache-dir "$work/cache" >"$work/mount.log" 2>&1 &
    mounter=$!
}

mount_s3fs() {
    (umask 077 && echo "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY" >"$work/passwd")
    s3fs "$view" "$folder" -f -o "ro,umask=0222,url=$endpoint,use_path_request_style,sigv4" \
        -o "endpoint=us-east-1,passwd_file=$work/passwd" >"$work/mount.log" 2>&1 &
    mounter=$!
}

is_mounted() {
    kill -0 "$mounter" 2>/dev/null || { cat "$work/mount.log" >&2; die "$with ended"; }
    mountpoint -q "$folder"
}

if [[ -z $endpoint ]]; then serve_samples; fi
[[ -n ${AWS_ACCESS_KEY_ID:-} && -n ${AWS_SECRET_ACCESS_KEY:-} ]] ||
    die "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY say who reads"
export AWS_EC2_METADATA_DISABLED=true
mkdir -p "$folder"
"mount_$with"
wait_until "the mount" is_mounted

if $once; then
    stat --printf '%s\t%n\n' "$folder"/*
    for name in "$folder"/*; do
        if [[ -f $name ]]; then echo "== ${name##*/}"; head -c 600 "$name" | head -n 4; fi
    done
    exit 0
fi
echo "$folder shows $endpoint/$view, read-only. Ctrl-C unmounts it." >&2
wait "$mounter"
