#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Installs, from Debian's archive, what objlens needs and this machine lacks.
#
#   install.sh build      compiler, libraries, and the clients of the quickstart
#   install.sh tests      that, and what the test suite and the benchmarks use
#   install.sh origins    a Ceph S3 gateway, for the tests against one (67 MB to fetch)
#   install.sh kernels    Debian's kernel and virtual machines to boot it in, for tests of the sandbox
set -euo pipefail

BUILD=(gcc libc6-dev cmake ninja-build pkg-config libuv1-dev libssl-dev libxml2-dev liblua5.4-dev
       node-llhttp libsqlite3-dev libseccomp-dev libjansson-dev libxxhash-dev nettle-dev
       zlib1g-dev libzstd-dev libbz2-dev liblzma-dev liblz4-dev libsnappy-dev libbrotli-dev
       libsodium-dev librnp-dev libpcre2-dev libexpat1-dev libvips-dev libjpeg-dev libraqm-dev
       libfreetype-dev fonts-dejavu-core
       python3 awscli curl ca-certificates)
TESTS=(g++ make clang libclang-rt-14-dev llvm libcmocka-dev python3-pytest python3-pytest-timeout
       python3-pytest-xdist python3-boto3 python3-xmltodict python3-pandas python3-pil rclone s3cmd s3fs fuse wget chromium openssl
       brotli lz4 bzip2 xz-utils zstd age gnupg valgrind
       nginx libnginx-mod-http-lua wrk)
# The JavaScript SDK's tests take whatever node there is.
if ! command -v node >/dev/null || ! command -v npm >/dev/null; then TESTS+=(nodejs npm); fi
ORIGINS=(ceph-mon ceph-osd ceph-common radosgw openssl curl)
KERNELS=(linux-image-amd64 qemu-system-x86 busybox-static systemd kmod cpio e2fsprogs zstd xz-utils)

missing() {
    local package
    for package in "$@"; do
        dpkg-query -W -f '${db:Status-Status}\n' "$package" 2>/dev/null | grep -qx installed ||
            echo "$package"
    done
}

case ${1:-build} in
    build) wanted=("${BUILD[@]}") ;;
    tests) wanted=("${BUILD[@]}" "${TESTS[@]}") ;;
    origins) wanted=("${ORIGINS[@]}") ;;
    kernels) wanted=("${KERNELS[@]}") ;;
    *) echo "usage: install.sh build|tests|origins|kernels" >&2; exit 2 ;;
esac

mapfile -t packages < <(missing "${wanted[@]}")
if ((${#packages[@]} == 0)); then exit 0; fi

sudo=()
if [[ $(id -u) != 0 ]]; then
    command -v sudo >/dev/null || { echo "install: as root, please: apt-get install ${packages[*]}" >&2; exit 1; }
    sudo=(sudo)
fi
echo "install: ${packages[*]}" >&2
export DEBIAN_FRONTEND=noninteractive
"${sudo[@]}" apt-get update -q >&2
"${sudo[@]}" apt-get install -q -y --no-install-recommends "${packages[@]}" >&2
