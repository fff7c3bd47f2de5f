#!/bin/bash
# Builds a throwaway machine's file tree and becomes its systemd.
#
# throwaway.py starts this as PID 1 of fresh pid, mount, cgroup, uts, ipc and net namespaces. Everything is mounted
# in that private mount namespace, on a tmpfs: when PID 1 ends, the kernel takes all of it away.
#
#   MACHINE_NAME      host name inside
#   MACHINE_DIR       an empty folder of the host to build on
#   MACHINE_BASE      the tree below everything: "/", or another Debian's root
#   MACHINE_BINDS     space-separated SOURCE:TARGET; folders of the host to be seen in the machine, read-only
#   MACHINE_CGROUP    "unified", or the v1 hierarchies to mount beside cgroup2, each by its mount options
set -euo pipefail
umask 022

build=$MACHINE_DIR
base=${MACHINE_BASE%/}
mount -t tmpfs -o mode=0755 tmpfs "$build"
mkdir "$build"/{upper,work,mask,root}
root=$build/root

# What the machine must not see of the host: other people's files, the builder's tools, what its services are set to.
# A character device 0:0 in a lower layer makes overlayfs treat the path as absent.
hide() {
    mkdir -p "$build/mask/$(dirname "$1")"
    mknod "$build/mask/$1" c 0 0
}
for path in "$base"/* "$base"/.[!.]*; do
    case ${path#"$base"/} in
        bin | boot | etc | lib | lib32 | lib64 | libx32 | sbin | usr | var | '.[!.]*') ;;
        *) hide "${path#"$base"/}" ;;
    esac
done
for path in usr/local usr/sbin/policy-rc.d var/tmp var/log var/spool/cron var/lib/systemd/linger \
    etc/systemd/system etc/systemd/user etc/hostname etc/hosts etc/resolv.conf etc/machine-id etc/cron.d \
    etc/rc0.d etc/rc1.d etc/rc2.d etc/rc3.d etc/rc4.d etc/rc5.d etc/rc6.d etc/rcS.d; do
    if [ -e "$base/$path" ] || [ -L "$base/$path" ]; then hide "$path"; fi
done

mount -t overlay overlay "$root" \
    -o "lowerdir=$build/mask:$MACHINE_BASE,upperdir=$build/upper,workdir=$build/work"

cd "$root"
mkdir -p dev home media mnt opt proc run srv sys usr/local/{bin,lib,share} var/log etc/systemd/{system,user}
install -d -m 0700 root
install -d -m 1777 tmp var/tmp
install -d -m 2755 -g systemd-journal var/log/journal
touch var/log/{wtmp,lastlog}
install -m 0660 -g utmp /dev/null var/log/btmp
: > etc/machine-id
: > etc/resolv.conf
echo "$MACHINE_NAME" > etc/hostname
printf '127.0.0.1 localhost %s\n::1 localhost\n' "$MACHINE_NAME" > etc/hosts
hostname "$MACHINE_NAME"
for unit in console-getty.service systemd-udevd.service systemd-udev-trigger.service systemd-sysctl.service \
    systemd-modules-load.service systemd-binfmt.service systemd-timesyncd.service systemd-resolved.service \
    systemd-networkd.service systemd-hwdb-update.service proc-sys-fs-binfmt_misc.automount dev-hugepages.mount \
    sys-kernel-debug.mount sys-kernel-tracing.mount sys-fs-fuse-connections.mount; do
    ln -s /dev/null "etc/systemd/system/$unit"
done

for bind in $MACHINE_BINDS; do
    mkdir -p ".${bind#*:}"
    mount --bind "${bind%%:*}" ".${bind#*:}"
    mount -o remount,bind,ro ".${bind#*:}"
done

# The kernel's settings belong to the host as well: they can be read and not be changed.
mount -t proc -o nosuid,nodev,noexec proc proc
mount --bind proc/sys proc/sys
mount -o remount,bind,ro proc/sys
mount -t sysfs -o ro,nosuid,nodev,noexec sysfs sys
mount -t tmpfs -o mode=0755,nosuid,nodev tmpfs run
mount -t tmpfs -o mode=1777,nosuid,nodev tmpfs tmp
mount -t tmpfs -o mode=0755,nosuid tmpfs dev
mkdir dev/pts dev/shm
mount -t devpts -o newinstance,ptmxmode=0666,mode=0620,gid=5 devpts dev/pts
mount -t tmpfs -o mode=1777,nosuid,nodev tmpfs dev/shm
mknod -m 0666 dev/null c 1 3
mknod -m 0666 dev/zero c 1 5
mknod -m 0666 dev/full c 1 7
mknod -m 0666 dev/random c 1 8
mknod -m 0666 dev/urandom c 1 9
mknod -m 0666 dev/tty c 5 0
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd
for fd in 0:stdin 1:stdout 2:stderr; do ln -s "/proc/self/fd/${fd%:*}" "dev/${fd#*:}"; done

# With every controller in cgroup2 the machine gets its branch of that tree. Where the host binds controllers to v1,
# the same hierarchies are mounted here; systemd's hybrid mode then enforces limits through them.
if [ "$MACHINE_CGROUP" = unified ]; then
    mount -t cgroup2 -o nosuid,nodev,noexec cgroup2 sys/fs/cgroup
else
    mount -t tmpfs -o mode=0755,nosuid,nodev,noexec tmpfs sys/fs/cgroup
    mkdir sys/fs/cgroup/unified
    for hierarchy in $MACHINE_CGROUP; do
        place=sys/fs/cgroup/${hierarchy#name=}
        mkdir "$place"
        case $hierarchy in name=*) hierarchy=none,$hierarchy ;; esac
        mount -t cgroup -o "nosuid,nodev,noexec,$hierarchy" cgroup "$place"
    done
    mount -t cgroup2 -o nosuid,nodev,noexec cgroup2 sys/fs/cgroup/unified
fi

# Units get their LoadCredential= folders by mount propagation, which needs a shared root.
pivot_root . mnt
umount -l /mnt
mount --make-rshared /
cd /
exec env -i container=throwaway LANG=C.UTF-8 PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin \
    /lib/systemd/systemd --system --unit=multi-user.target --show-status=no --log-target=journal
