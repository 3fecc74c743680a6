#!/usr/bin/env bash
# Build the disk images that the other measurements here use: what an image service really gets, in small.
#
#   sudo bench/corpus.sh DIR
#
# base.raw      Debian 12 with cloud kernel, systemd, cloud-init and sshd, on ext4 in a GPT partition, 2 GiB
# rebuilt.raw   the same packages from a second, independent build: another file system, other times and UUIDs
# upgraded.raw  base.raw with Debian's security and point updates installed in place, so blocks stay where they are
# web.raw       an independent build of the same set plus nginx, PostgreSQL and PHP
# base.qcow2    base.raw as uncompressed QCOW2
#
# What exists is kept, so an interrupted run goes on where it stopped. Needs root (chroot, loop devices), mmdebstrap,
# mke2fs, sfdisk and qemu-img, about 4 GiB of room and a Debian mirror; TINTYPE_MIRROR and TINTYPE_SECURITY_MIRROR
# name other ones, for instance a dated snapshot.debian.org URL for packages that never change.
set -euo pipefail

dir=${1:?usage: corpus.sh DIR}
mirror=${TINTYPE_MIRROR:-http://deb.debian.org/debian}
security=${TINTYPE_SECURITY_MIRROR:-http://deb.debian.org/debian-security}
suite=bookworm
size=2G
partition_offset=$((1 << 20))
base_packages=linux-image-cloud-amd64,systemd-sysv,udev,dbus,openssh-server,cloud-init,cloud-guest-utils
base_packages+=,ca-certificates,curl,sudo,less,vim,iproute2,ifupdown,isc-dhcp-client,locales,man-db,rsync,unattended-upgrades
web_packages=nginx,postgresql,php-fpm,git

mkdir -p "$dir"
dir=$(realpath "$dir")
work=$dir/work
mounted=
loop=

release() {
    if [ -n "$mounted" ]; then
        for path in dev sys proc .; do
            if mountpoint -q "$mounted/$path"; then umount "$mounted/$path"; fi
        done
        mounted=
    fi
    if [ -n "$loop" ]; then
        losetup --detach "$loop"
        loop=
    fi
}
trap release EXIT

# build NAME EPOCH UUID PACKAGES: install from nothing and write the tree into a fresh file system.
build() {
    local name=$1 epoch=$2 uuid=$3 packages=$4
    if [ -e "$dir/$name.raw" ]; then return; fi
    echo "building $name" >&2
    rm -rf "$work"
    mkdir -p "$work"
    SOURCE_DATE_EPOCH=$epoch mmdebstrap --quiet --mode=root --variant=minbase --include="$packages" \
        "$suite" "$work/root" "deb $mirror $suite main"
    truncate -s "$size" "$work/disk.raw"
    printf 'label: gpt\nlabel-id: %s\nstart=2048, type=linux, uuid=%s\n' "$uuid" "$uuid" |
        sfdisk --quiet "$work/disk.raw"
    # The backup table takes the last 33 sectors; a whole MiB is left for it.
    mke2fs -q -t ext4 -b 4096 -U "$uuid" -L cloudimg-rootfs -d "$work/root" \
        -E "offset=$partition_offset,hash_seed=$uuid,nodiscard" "$work/disk.raw" "$(((2048 - 2) * 256))"
    mv "$work/disk.raw" "$dir/$name.raw"
    rm -rf "$work"
}

# upgrade FROM NAME: a copy of an image whose system upgraded itself.
upgrade() {
    local from=$1 name=$2
    if [ -e "$dir/$name.raw" ]; then return; fi
    echo "upgrading $from to $name" >&2
    rm -rf "$work"
    mkdir -p "$work/mnt"
    cp --sparse=always "$dir/$from.raw" "$work/disk.raw"
    loop=$(losetup --find --show --offset "$partition_offset" "$work/disk.raw")
    mount "$loop" "$work/mnt"
    mounted=$work/mnt
    mount -t proc proc "$mounted/proc"
    mount -t sysfs -o ro sysfs "$mounted/sys"
    mount --rbind --make-rslave /dev "$mounted/dev"
    cp --dereference /etc/resolv.conf "$mounted/etc/resolv.conf"
    # Services must not start in a chroot.
    printf '#!/bin/sh\nexit 101\n' >"$mounted/usr/sbin/policy-rc.d"
    chmod +x "$mounted/usr/sbin/policy-rc.d"
    cat >"$mounted/etc/apt/sources.list" <<SOURCES
deb $mirror $suite main
deb $mirror $suite-updates main
deb $security $suite-security main
SOURCES
    chroot "$mounted" sh -ec '
        export DEBIAN_FRONTEND=noninteractive LC_ALL=C
        apt-get -qq update
        apt-get -qq -o Dpkg::Use-Pty=0 dist-upgrade >/dev/null
        apt-get clean
    '
    rm "$mounted/usr/sbin/policy-rc.d" "$mounted/etc/resolv.conf"
    umount --recursive "$mounted/dev"
    release
    mv "$work/disk.raw" "$dir/$name.raw"
    rm -rf "$work"
}

build base 1750000000 6b1f0c3e-2d44-4a6e-9f3a-0d5a3c1e7b01 "$base_packages"
build rebuilt 1752000000 6b1f0c3e-2d44-4a6e-9f3a-0d5a3c1e7b02 "$base_packages"
upgrade base upgraded
build web 1754000000 6b1f0c3e-2d44-4a6e-9f3a-0d5a3c1e7b03 "$base_packages,$web_packages"
if [ ! -e "$dir/base.qcow2" ]; then
    qemu-img convert -f raw -O qcow2 "$dir/base.raw" "$dir/base.qcow2.part"
    mv "$dir/base.qcow2.part" "$dir/base.qcow2"
fi
du -m --apparent-size "$dir"/*.raw "$dir"/*.qcow2
du -m "$dir"/*.raw "$dir"/*.qcow2
