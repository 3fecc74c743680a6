#!/bin/sh
# Builds a Debian 12 disk as a cloud would offer it: cloud-init, OpenSSH, a serial console; starts by BIOS and by UEFI.
#
#   debian.sh OUT_DIR      makes OUT_DIR/debian.raw (sparse) and OUT_DIR/debian.qcow2; run as root
#
# Needs: mmdebstrap e2fsprogs fdisk dosfstools mtools syslinux syslinux-common qemu-utils
#
# cloud-init is as the distribution has it and finds its data source by itself, from what the machine says it is. What is
# left out only makes the guest start sooner where every instruction is translated: timers, a second console, a large
# initramfs, host keys that nobody uses. A stamp with the hash of this file makes a second run free.
set -eu

out=${1:?usage: debian.sh OUT_DIR}
mkdir -p "$out"
out=$(cd "$out" && pwd)
# Whoever comes while it is being made waits for it.
exec 9> "$out/debian.lock"
flock 9
stamp=$(sha256sum "$0" | cut -d' ' -f1)
if [ "$(cat "$out/debian.stamp" 2>/dev/null)" = "$stamp" ] && [ -s "$out/debian.raw" ] && [ -s "$out/debian.qcow2" ]; then
    echo "debian: as it should be"
    exit 0
fi
rm -f "$out/debian.stamp"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mirror=${DEBIAN_MIRROR:-http://deb.debian.org/debian}

root_uuid=7f6ab5b4-0d0c-4d0c-9d3e-74696e747970
boot_id=71A71E01
boot_mib=96
root_mib=1440

packages=linux-image-cloud-amd64,systemd-sysv,systemd-boot-efi,systemd-resolved,udev,dbus,zstd
packages=$packages,cloud-init,cloud-guest-utils,fdisk,openssh-server,sudo,iproute2,e2fsprogs,ca-certificates

# Set up before the kernel is installed, so that its initramfs is made once.
mkdir -p "$work/early/etc/initramfs-tools/conf.d"
cat > "$work/early/etc/initramfs-tools/conf.d/small" <<'EOF'
MODULES=list
BUSYBOX=n
KEYMAP=n
COMPRESS=zstd
FSTYPE=ext4
EOF
cat > "$work/early/etc/initramfs-tools/modules" <<'EOF'
virtio_pci
virtio_blk
nvme
ext4
crc32c_generic
EOF

mmdebstrap --quiet --mode=root --variant=minbase --include="$packages" \
    --aptopt='APT::Install-Recommends "false"' --aptopt='Acquire::Languages "none"' \
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
    --dpkgopt='path-exclude=/usr/share/locale/*' --dpkgopt='force-confold' \
    --setup-hook="cp -a '$work/early/.' \"\$1\"" \
    bookworm "$work/root" "$mirror"
root=$work/root

echo "UUID=$root_uuid / ext4 defaults,errors=remount-ro 0 1" > "$root/etc/fstab"
echo localhost > "$root/etc/hostname"
printf '127.0.0.1 localhost\n::1 localhost\n' > "$root/etc/hosts"
: > "$root/etc/machine-id"
rm -f "$root"/etc/ssh/ssh_host_* "$root/var/lib/dbus/machine-id"
ln -sf /run/systemd/resolve/stub-resolv.conf "$root/etc/resolv.conf"
cat > "$root/etc/cloud/cloud.cfg.d/99_image.cfg" <<'EOF'
# One host key is enough, and others take long to make.
ssh_genkeytypes: [ed25519]
locale: C.UTF-8
EOF
for unit in systemd-networkd systemd-resolved ssh; do
    chroot "$root" systemctl --quiet enable "$unit.service"
done
for unit in apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer e2scrub_reap.service \
    fstrim.timer systemd-timesyncd.service getty@tty1.service systemd-networkd-wait-online.service \
    systemd-pstore.service; do
    chroot "$root" systemctl --quiet mask "$unit"
done
# cloud-init wants the network to be up before it asks for its data: any configured link will do.
chroot "$root" systemctl --quiet unmask systemd-networkd-wait-online.service
mkdir -p "$root/etc/systemd/system/systemd-networkd-wait-online.service.d"
cat > "$root/etc/systemd/system/systemd-networkd-wait-online.service.d/any.conf" <<'EOF'
[Service]
ExecStart=
ExecStart=/lib/systemd/systemd-networkd-wait-online --any --timeout=120
EOF
rm -rf "$root"/var/cache/apt/* "$root"/var/lib/apt/lists/* "$root"/var/log/*.log

# The boot partition is FAT: SYSLINUX starts from it by BIOS, systemd-boot by UEFI.
truncate -s "${boot_mib}M" "$work/boot.img"
mkfs.fat -i "$boot_id" -n BOOT "$work/boot.img" > /dev/null
options="root=UUID=$root_uuid ro console=ttyS0,115200 net.ifnames=0 quiet mitigations=off"
cp "$root"/boot/vmlinuz-* "$work/vmlinuz"
cp "$root"/boot/initrd.img-* "$work/initrd"
cat > "$work/syslinux.cfg" <<EOF
SERIAL 0 115200
DEFAULT debian
PROMPT 0
LABEL debian
  LINUX /vmlinuz
  INITRD /initrd
  APPEND $options
EOF
printf 'default debian\ntimeout 0\n' > "$work/loader.conf"
printf 'title Debian\nlinux /vmlinuz\ninitrd /initrd\noptions %s\n' "$options" > "$work/debian.conf"
export MTOOLS_SKIP_CHECK=1
mmd -i "$work/boot.img" ::/EFI ::/EFI/BOOT ::/loader ::/loader/entries ::/syslinux
mcopy -i "$work/boot.img" "$work/vmlinuz" "$work/initrd" ::/
mcopy -i "$work/boot.img" "$work/syslinux.cfg" ::/syslinux/
mcopy -i "$work/boot.img" "$root/usr/lib/systemd/boot/efi/systemd-bootx64.efi" ::/EFI/BOOT/BOOTX64.EFI
mcopy -i "$work/boot.img" "$work/loader.conf" ::/loader/
mcopy -i "$work/boot.img" "$work/debian.conf" ::/loader/entries/
syslinux --install --directory /syslinux "$work/boot.img"

truncate -s "${root_mib}M" "$work/root.img"
mke2fs -q -t ext4 -U "$root_uuid" -L root -E "hash_seed=$root_uuid,lazy_itable_init=0" -d "$root" "$work/root.img"

raw=$work/debian.raw
truncate -s $(((1 + boot_mib + root_mib + 1) * 1024 * 1024)) "$raw"
sfdisk --quiet "$raw" <<EOF
label: dos
label-id: 0x71a71e00
start=1MiB, size=${boot_mib}MiB, type=ef, bootable
start=$((1 + boot_mib))MiB, size=${root_mib}MiB, type=83
EOF
dd if=/usr/lib/syslinux/mbr/mbr.bin of="$raw" conv=notrunc bs=440 count=1 status=none
dd if="$work/boot.img" of="$raw" conv=notrunc,sparse bs=1M seek=1 status=none
dd if="$work/root.img" of="$raw" conv=notrunc,sparse bs=1M seek=$((1 + boot_mib)) status=none

qemu-img convert -O qcow2 "$raw" "$work/debian.qcow2"
mv "$work/debian.qcow2" "$out/debian.qcow2"
cp --sparse=always "$raw" "$out/debian.raw"
echo "$stamp" > "$out/debian.stamp"
echo "debian: built"
