#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Boots kernels of Debian in virtual machines, and runs tests of the sandbox in them.
#
#   run.sh BUILD RESULTS [COMMAND…]    BUILD: a folder with the binary; RESULTS: gets a folder a machine, vm-KERNEL,
#                                      with report.xml (JUnit), tests.log and console
#
# COMMAND: instead of the tests, in /, as root, as a service that may divide its control group. Kernels are those
# installed on this machine, and those of packages unpacked into folders below $OBJLENS_KERNELS. Their disk is a copy of
# a part of this machine's, which each gets anew; OBJLENS_VM_DISK=FILE keeps it from run to run. Without KVM
# (OBJLENS_VM_ACCELERATOR=tcg) all of it is slow. OBJLENS_VM_DEATHS=N: hosts that test_groups.py kills.
# Exit code: 0 when all is well in each machine, 1 when a test (or COMMAND) failed, 2 when a machine was stopped before
# its end, 77 when something is missing here (see `install.sh kernels`).
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
repository=$(realpath "$here/../../..")
build=$(realpath "$1") results=$(realpath "$2")
shift 2
for program in qemu-system-x86_64 busybox cpio depmod mke2fs /lib/systemd/systemd; do
    command -v "$program" >/dev/null || { echo "skipped: kernels: no $program (examples/install.sh kernels)"; exit 77; }
done
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# kernels: "VERSION IMAGE MODULES" a line.
kernels() {
    local root image version modules
    for root in / ${OBJLENS_KERNELS:+"$OBJLENS_KERNELS"/*/}; do
        for image in "$root"boot/vmlinuz-* "$root"usr/lib/modules/*/vmlinuz; do
            [[ -r $image ]] || continue
            version=${image##*/vmlinuz-}
            [[ $image == */modules/* ]] && version=$(basename "$(dirname "$image")")
            for modules in "$root"lib/modules "$root"usr/lib/modules; do
                [[ -d $modules/$version ]] || continue
                echo "$version $image $modules/$version"
                break
            done
        done
    done
}

# pack VERSION MODULES FILE: an initramfs with what is needed to mount the root.
pack() {
    local tree=$work/tree base=$work/base module n=0
    rm -rf "$tree" "$base"
    mkdir -p "$tree/bin" "$tree/modules" "$base/lib/modules"
    ln -s "$2" "$base/lib/modules/$1"
    [[ -e $2/modules.dep ]] || depmod -b "$base" "$1"
    cp "$here/init" "$tree/init"
    cp "$(command -v busybox)" "$tree/bin/busybox"
    for module in virtio_pci virtio_blk ext4 crc32c_generic 9p 9pnet_virtio virtio_rng; do
        modprobe -d "$base" -S "$1" --show-depends "$module" | awk '$1 == "insmod" { print $2 }'
    done | awk '!seen[$0]++' | while read -r module; do
        n=$((n + 1))
        case $module in
            *.xz) xz -dc "$module" ;;
            *.zst) zstd -dcq "$module" ;;
            *) cat "$module" ;;
        esac >"$tree/modules/$n.ko"
        echo "$n.ko" >>"$tree/modules/order"
    done
    (cd "$tree" && find . | cpio --quiet -o -H newc | gzip -1) >"$3"
}

# What is large, and no test needs.
without=(-name "*.a" -size +1M -o -name "libLLVM*" -o -name "libclang*" -o -name fpc -o -name ceph -o -name dri
         -o -name valgrind -o -name "cc1?*" -o -name lto1 -o -name f951 -o -name gnat1 -o -name d21 -o -name pandas)

# root FILE: a disk with what the tests need of this machine.
root() {
    local tree=$work/root
    mkdir -p "$tree"/{usr/share,proc,sys,dev,run,tmp,var/tmp,srv,opt,out,root}
    chmod 1777 "$tree/tmp" "$tree/var/tmp"
    cp -a /bin /sbin /lib /lib64 "$tree/" # links into usr
    cp -a /etc "$tree/" 2>/dev/null || true # what we may read of it
    rm -rf "$tree/etc/systemd/system" "$tree/etc/ssl/private" "$tree"/etc/*shadow*
    cp -a /usr/sbin /usr/include /usr/lib64 "$tree/usr/"
    cp -a /usr/share/{zoneinfo,fonts} "$tree/usr/share/"
    (cd / && { find usr/bin -size -12M -print0
               find usr/lib/{systemd,locale,python3*,gcc,x86_64-linux-gnu} \( "${without[@]}" \) -prune -o -print0; } |
        cpio --quiet -0pdm "$tree")
    mke2fs -q -t ext4 -O ^has_journal -d "$tree" "$1" 6G
    rm -rf "$tree"
}

# payload FILE: what is tested, and the tests.
payload() {
    tar -cf "$1" -C / --exclude=.git "${repository#/}"/{tests,include,transforms,examples} "${build#/}"/{objlens,transforms} 2>/dev/null
}

# machine ACCELERATOR SECONDS IMAGE INITRAMFS COMMAND_LINE [QEMU ARGUMENT…]
machine() {
    timeout --foreground -k 5 "$2" qemu-system-x86_64 -M pc,hpet=off -accel "$1" -cpu max -smp "${OBJLENS_VM_CORES:-2}" -m 3072 -no-reboot \
        -display none -serial "file:$work/console" -nic none -device virtio-rng-pci \
        -kernel "$3" -initrd "$4" -append "console=ttyS0 quiet panic=-1 mitigations=off tsc=reliable clocksource=tsc no_timer_check $5" "${@:6}" </dev/null
}

# accelerator IMAGE: kvm where a machine that only switches itself off does so with it.
accelerator() {
    mkdir -p "$work/probe/bin"
    cp "$(command -v busybox)" "$work/probe/bin/busybox"
    printf '#!/bin/busybox sh\n/bin/busybox poweroff -f\n' >"$work/probe/init"
    chmod +x "$work/probe/init"
    (cd "$work/probe" && find . | cpio --quiet -o -H newc | gzip -1) >"$work/probe.gz"
    if [[ -w /dev/kvm ]] && machine kvm 20 "$1" "$work/probe.gz" "" >/dev/null 2>&1; then echo kvm; else echo tcg,thread=multi; fi
}

# boot NAME IMAGE INITRAMFS COMMAND_LINE COMMAND…: runs COMMAND in it, and keeps the worst end of all in `worst`.
boot() {
    local name=$1 out=$results/vm-$1 end=stopped
    mkdir -p "$out"
    rm -f "$out"/*.xml "$out"/*.log "$out/end"
    printf '%s\n' "REPOSITORY=$repository" "OBJLENS_BUILD=$build" "OBJLENS_VM_DEATHS=$deaths" >"$out/env"
    { printf '%q ' "${@:5}"; printf '; echo $? >/out/end\n'; } >"$out/command"
    machine "$accelerator" "${OBJLENS_VM_SECONDS:-3600}" "$2" "$3" "$4" \
        -drive "file=$work/disk,format=raw,if=virtio,snapshot=on" \
        -drive "file=$work/payload,format=raw,if=virtio,readonly=on" \
        -virtfs "local,path=$out,mount_tag=out,security_model=none" || true
    [[ ! -s $out/end ]] || end=$(<"$out/end")
    case $end in
        0) ;;
        stopped) echo "$name: the machine was stopped"; worst=2 ;;
        *) ((worst > 0)) || worst=1 ;;
    esac
    cp "$work/console" "$out/console"
    tail -n 40 "$out/tests.log" || cat "$out/console" "$out/guest.log" || true
}

if [[ -n ${OBJLENS_VM_DISK:-} ]]; then # kept from run to run
    [[ -e $OBJLENS_VM_DISK ]] || root "$OBJLENS_VM_DISK"
    ln -s "$OBJLENS_VM_DISK" "$work/disk"
else
    root "$work/disk"
fi
payload "$work/payload"
accelerator=${OBJLENS_VM_ACCELERATOR:-}
python=(/usr/bin/python3 -m pytest -p no:cacheprovider -v --durations=12 --junitxml /out/report.xml)
found=false worst=0
while read -r version image modules; do
    found=true
    [[ -n $accelerator ]] || accelerator=$(accelerator "$image")
    deaths=${OBJLENS_VM_DEATHS:-$([[ $accelerator == kvm ]] && echo 1000 || echo 25)}
    tests=(tests/security/kernels tests/security/test_sandbox_walls.py)
    [[ $accelerator != kvm ]] || tests+=(tests/security) # its time limits are for real processors
    echo "== $version ($accelerator)"
    pack "$version" "$modules" "$work/initramfs"
    if (($# > 0)); then
        boot "$version" "$image" "$work/initramfs" "${OBJLENS_VM_APPEND:-}" "$@"
        continue
    fi
    boot "$version" "$image" "$work/initramfs" "" "${python[@]}" "${tests[@]}"
    boot "$version-no-landlock" "$image" "$work/initramfs" lsm=yama "${python[@]}" tests/security/kernels/test_places.py
done < <(kernels)
$found || { echo "skipped: kernels: no kernel is installed here (examples/install.sh kernels)"; exit 77; }
exit "$worst"
