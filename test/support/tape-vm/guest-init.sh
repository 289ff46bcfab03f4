#!/bin/busybox sh
# The first process of the guest: this machine's root, read-only with a memory file system on top; the emulated drive
# over iSCSI as /dev/nst0; then jobs from the shared directory, one after the other (test/support/tape-vm/guest-door.ts).
# Kernel arguments: iscsi_port=N, iscsi_target=NAME, door_port=N.
export PATH=/bin
bb=/bin/busybox
$bb mount -t proc proc /proc; $bb mount -t sysfs sys /sys; $bb mount -t devtmpfs dev /dev
$bb mkdir -p /dev/pts /dev/shm; $bb mount -t devpts pts /dev/pts; $bb mount -t tmpfs shm /dev/shm
give_up() { echo "TAPE_GUEST_FAILED: $*"; $bb sleep 0.2; $bb reboot -f; }
argument() { $bb tr ' ' '\n' </proc/cmdline | $bb sed -n "s/^$1=//p" | $bb head -1; }
modules=/lib/modules/$($bb uname -r)
while read -r module; do $bb insmod "$modules/$module" 2>/dev/null; done </module-list

$bb mkdir -p /lower /over /new
plan9="trans=virtio,version=9p2000.L,msize=524288"
$bb mount -t 9p -o "$plan9,ro,cache=loose" hostroot /lower || give_up "no view of the host's files"
$bb mount -t tmpfs -o size=75% over /over; $bb mkdir -p /over/upper /over/work
$bb mount -t overlay -o lowerdir=/lower,upperdir=/over/upper,workdir=/over/work overlay /new || give_up "no overlay"
for each in dev proc sys; do $bb mkdir -p /new/$each; $bb mount --bind /$each /new/$each; done
$bb mount --bind /dev/pts /new/dev/pts; $bb mount --bind /dev/shm /new/dev/shm
$bb mount -t tmpfs -o mode=1777 tmp /new/tmp; $bb mount -t tmpfs run /new/run; $bb mkdir -p /new/run/lock
$bb mkdir -p /new/mnt/share /new/root /new/etc/iscsi
$bb mount -t 9p -o "$plan9,rw,cache=none" share /new/mnt/share || give_up "no shared directory"

$bb ifconfig lo 127.0.0.1 up
$bb ifconfig eth0 10.0.2.15 netmask 255.255.255.0 up || give_up "no network"
$bb cp -a /iscsi /new/run/iscsi
libraries=/run/iscsi/usr/lib/x86_64-linux-gnu:/run/iscsi/usr/lib:/run/iscsi/lib/x86_64-linux-gnu
starter=/run/iscsi/sbin/iscsistart; [ -e /new$starter ] || starter=/run/iscsi/usr/sbin/iscsistart
$bb chroot /new /usr/bin/env LD_LIBRARY_PATH=$libraries $starter -i iqn.2001-04.example:guest \
  -t "$(argument iscsi_target)" -g 1 -a 10.0.2.2 -p "$(argument iscsi_port)" >/new/run/iscsi.log 2>&1 ||
  $bb cat /new/run/iscsi.log
n=0; while [ ! -e /dev/nst0 ] && [ $n -lt 100 ]; do $bb sleep 0.1; n=$((n + 1)); done
[ -e /dev/nst0 ] || give_up "no tape drive"

export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 TERM=dumb
# Bun's compilers of hot code cost more under QEMU than the code that they make saves: it would have to be translated once more.
export BUN_JSC_useBaselineJIT=0 BUN_JSC_useDFGJIT=0
# A job is a copy of this shell, which starts sooner than a new one. When the test's process is gone, so is the guest.
$bb chroot /new /bin/bash -c '
  cd /mnt/share && exec 9<>"/dev/tcp/10.0.2.2/$0" && echo jobs >&9 || exit 1
  while read -r job <&9; do
    (. "./$job.sh") >"$job.out" 2>"$job.err" </dev/null 9>&-
    echo "$job $?" >&9
  done' "$(argument door_port)"
$bb reboot -f
