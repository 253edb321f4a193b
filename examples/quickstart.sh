#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# From a clone to redacted data and pictures with their reader's name on them: installs what is missing,
# builds objlens, starts it on its embedded store, and reads views of real objects with an ordinary S3 client.
#
#   quickstart.sh           leaves the server running and says what to try next
#   quickstart.sh --once    stops it at the end; the exit code says whether all went well
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export LC_ALL=C.UTF-8

once=false
case ${1:-} in
    --once) once=true ;;
    "") ;;
    *) sed -n '3,7s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
esac

step() { printf '\n\033[1m== %s\033[0m\n' "$*"; }
die() { echo "quickstart: $*" >&2; exit 1; }

step "1/8 Installing what is missing"
examples/install.sh build
# One client by its full path: the machine may hold others.
aws_cli=$(command -v /usr/bin/aws || command -v aws) || die "no aws client"
python=$(command -v /usr/bin/python3 || command -v python3)

step "2/8 Building"
log=$(mktemp)
cmake --preset release >"$log" 2>&1 || { cat "$log"; die "cmake failed"; }
cmake --build --preset release --target all || die "the build failed"
rm -f "$log"
objlens=$PWD/build/release/objlens

step "3/8 Making sample data"
work=$(mktemp -d "${TMPDIR:-/tmp}/objlens-quickstart.XXXXXX")
"$python" examples/make_samples.py "$work/samples"
"$python" examples/draw_lake.py "$work/samples/lake.png"
ls -l "$work/samples" | awk 'NR > 1 {print "  " $5 "\t" $9}'

step "4/8 Starting objlens on its embedded store"
export OBJLENS_ACCESS_KEY=quickstart
secret() { "$python" -c 'import secrets; print(secrets.token_urlsafe(30))'; }
OBJLENS_SECRET_KEY=$(secret) ADA_SECRET_KEY=$(secret) GRACE_SECRET_KEY=$(secret)
export OBJLENS_SECRET_KEY ADA_SECRET_KEY GRACE_SECRET_KEY
server=
stop() {
    [[ -n $server ]] || return 0
    kill "$server" 2>/dev/null || true
    wait "$server" 2>/dev/null || true
    rm -rf "$work"
}
trap stop EXIT
trap 'exit 1' INT TERM

port=$("$python" -c '
import socket
for port in range(9000, 9900, 10):
    try:
        for number in (port, port + 1):
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", number))
        print(port)
        break
    except OSError:
        pass')
[[ -n $port ]] || die "no free port"
cat >"$work/objlens.lua" <<CONFIG
data = "data"
listen "127.0.0.1:$port"
admin "127.0.0.1:$((port + 1))"
root { access_key = env "OBJLENS_ACCESS_KEY", secret_key = env "OBJLENS_SECRET_KEY" }
key_audit { file = "keys.log" }

bucket "shop"
access_point "shop" { bucket = "shop" }
transform "shout" { file = "$PWD/examples/shout.lua" }
object_lambda "orders-redacted" { access_point = "shop", transforms = { "pii" } }
object_lambda "catalog-json" { access_point = "shop", transforms = { "xml_json" } }
object_lambda "shout" { access_point = "shop", transforms = { "shout" } }
object_lambda "pictures-small" {
  access_point = "shop",
  transforms = { { "image", payload = [[{"width": 240, "format": "jpeg"}]] } },
}
object_lambda "pictures-named" {
  access_point = "shop",
  transforms = { { "image", payload = [[{"width": 480, "format": "jpeg",
    "watermark": {"text": "for {userIdentity.userName}", "opacity": 0.9}}]] } },
}
user "ada" { access_key = "ada-quickstart", secret_key = env "ADA_SECRET_KEY", views = { "pictures-named" } }
user "grace" { access_key = "grace-quickstart", secret_key = env "GRACE_SECRET_KEY", views = { "pictures-named" } }
CONFIG
"$objlens" serve "$work/objlens.lua" >"$work/access.log" 2>"$work/server.log" &
server=$!
for ((i = 0; i < 150; i++)); do
    curl -fs -o /dev/null "http://127.0.0.1:$((port + 1))/-/ready" && break
    kill -0 "$server" 2>/dev/null || { cat "$work/server.log"; die "the server did not start"; }
    sleep 0.1
done
curl -fs -o /dev/null "http://127.0.0.1:$((port + 1))/-/ready" || { cat "$work/server.log"; die "the server is not ready"; }
echo "  http://127.0.0.1:$port, as $work/objlens.lua says:"
grep -E '^(bucket|object_lambda|user)' "$work/objlens.lua" | sed 's/ {.*//; s/^/    /'

export AWS_ACCESS_KEY_ID=$OBJLENS_ACCESS_KEY AWS_SECRET_ACCESS_KEY=$OBJLENS_SECRET_KEY
export AWS_DEFAULT_REGION=us-east-1 AWS_EC2_METADATA_DISABLED=true AWS_PAGER=
unset AWS_PROFILE AWS_SESSION_TOKEN AWS_ENDPOINT_URL
s3() { "$aws_cli" --endpoint-url "http://127.0.0.1:$port" s3 "$@"; }

step "5/8 Storing the originals"
for name in orders.csv catalog.xml app.log lake.png; do
    s3 cp --no-progress "$work/samples/$name" "s3://shop/$name" | sed 's/^/  /'
done

step "6/8 Original and view, side by side, with an unmodified S3 client"
show() { # show OLAP KEY FILTER...
    local alias=$1--ol-s3 key=$2
    shift 2
    s3 cp --no-progress "s3://$alias/$key" "$work/view" >/dev/null
    s3 cp --no-progress "s3://shop/$key" "$work/original" >/dev/null
    cmp -s "$work/original" "$work/samples/$key" || die "the original of $key has changed"
    printf '\n  s3://shop/%s\n' "$key"
    "$@" <"$work/original" | cut -c1-150 | sed 's/^/    /'
    printf '  s3://%s/%s\n' "$alias" "$key"
    "$@" <"$work/view" | cut -c1-150 | sed 's/^/    /'
}
show orders-redacted orders.csv sed -n 1,4p
grep -q '\[EMAIL_ADDRESS\],\[CREDIT_CARD\],\[US_SSN\]' "$work/view" || die "the orders are not redacted"
! grep -qE '@example|[0-9]{3}-[0-9]{2}-[0-9]{4}' "$work/view" || die "the redacted orders leak"
show catalog-json catalog.xml head -c 300
"$python" -c 'import json, sys; assert len(json.load(open(sys.argv[1]))["catalog"]["book"]) == 8000' \
    "$work/view" || die "the catalogue is not the JSON it should be"
show shout app.log sed -n 1,3p
[[ $(tr a-z A-Z <"$work/samples/app.log" | cksum) == $(cksum <"$work/view") ]] || die "shout did not shout"

step "7/8 A picture: the original, made small, and with the name of whoever reads it"
mkdir "$work/pictures"
cp "$work/samples/lake.png" "$work/pictures/original.png"
picture() { # picture OLAP FILE: what comes out must be a JPEG
    s3 cp --no-progress "s3://$1--ol-s3/lake.png" "$work/pictures/$2" >/dev/null
    "$python" -c 'import sys; sys.exit(open(sys.argv[1], "rb").read(3) != b"\xff\xd8\xff")' "$work/pictures/$2" ||
        die "$2 is no picture"
}
picture pictures-small small.jpg
AWS_ACCESS_KEY_ID=ada-quickstart AWS_SECRET_ACCESS_KEY=$ADA_SECRET_KEY picture pictures-named for-ada.jpg
AWS_ACCESS_KEY_ID=grace-quickstart AWS_SECRET_ACCESS_KEY=$GRACE_SECRET_KEY picture pictures-named for-grace.jpg
! cmp -s "$work/pictures/for-ada.jpg" "$work/pictures/for-grace.jpg" || die "ada and grace see the same picture"
ls -l "$work/pictures" | awk 'NR > 1 {print "  " $5 "\t" $9}'

step "8/8 The same, encrypted at rest under a master key"
s3 cp --no-progress --sse aws:kms "$work/samples/orders.csv" s3://shop/sealed.csv | sed 's/^/  /'
"$objlens" keys list --keyring "$work/data/keyring" | cut -f 1-3,5 | sed 's/^/  /'
s3 cp --no-progress s3://orders-redacted--ol-s3/sealed.csv "$work/view" >/dev/null
sed -n 1,2p "$work/view" | cut -c1-150 | sed 's/^/    /'
grep -q '\[EMAIL_ADDRESS\],\[CREDIT_CARD\],\[US_SSN\]' "$work/view" || die "the sealed orders are not redacted"
echo "  who used which key for what, in $work/keys.log:"
for ((i = 0; i < 50; i++)); do
    grep -q '"event":"Decrypt".*"olap".*orders-redacted' "$work/keys.log" && break
    sleep 0.1
done
grep -m 1 '"event":"Decrypt".*"olap".*orders-redacted' "$work/keys.log" | sed 's/^/    /' || die "the audit has no line"
# The master key decides: while it is disabled, nobody reads, not even what was read before.
"$objlens" keys disable alias/aws/s3 --keyring "$work/data/keyring" | sed 's/^/  /'
for ((i = 0; i < 50; i++)); do
    s3 cp --no-progress s3://orders-redacted--ol-s3/sealed.csv "$work/view" 2>"$work/refused" >/dev/null || break
    sleep 0.1
done
grep -q 'KMS.DisabledException\|400\|Bad Request' "$work/refused" || die "a disabled key opens"
echo "  a read while that key is disabled, which must fail:"
sed -n 1p "$work/refused" | cut -c1-120 | sed 's/^/    /'
"$objlens" keys enable alias/aws/s3 --keyring "$work/data/keyring" | sed 's/^/  /'

if $once; then
    step "Done: the originals are as they were, the views are what they should be"
    kill -TERM "$server"
    status=0
    wait "$server" || status=$?
    server=
    rm -rf "$work"
    ((status == 0)) || die "the server ended with $status"
    exit 0
fi

trap - EXIT INT TERM
cat <<NEXT

The server runs on (pid $server). Try next:

  export AWS_ACCESS_KEY_ID=$OBJLENS_ACCESS_KEY AWS_SECRET_ACCESS_KEY=$OBJLENS_SECRET_KEY AWS_DEFAULT_REGION=us-east-1
  alias s3='aws --endpoint-url http://127.0.0.1:$port s3'

  ls $work/pictures    # look at them: the original, small, and as ada and grace see it
  s3 cp s3://orders-redacted--ol-s3/app.log -          # redact another object
  s3 cp your.csv s3://shop/                            # bring your own data
  build/release/objlens run pii < your.csv             # the same, without a server
  cp examples/shout.lua my.lua; build/release/objlens run my.lua < your.csv
  curl http://127.0.0.1:$((port + 1))/-/metrics        # what the operator sees
  tail -f $work/access.log
  kill -HUP $server    # after a change in $work/objlens.lua: another watermark, another view
  kill $server; rm -r $work                            # stop it and remove its data
NEXT
disown "$server"
