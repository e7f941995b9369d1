#!/bin/sh
# qemu-img.sh [UMBRA_IMG]: images of umbra-img and of Debian's qemu-img, read,
# checked and compared by the other program. Run where Umbra was built.
# Without qemu-img it says so and is content.
set -eu
ours=${1:-./umbra-img}
command -v qemu-img >/dev/null || {
    echo "SKIP: qemu-img is not installed (Debian: qemu-utils)"
    exit 0
}
case $ours in
/*) ;;
*) ours=$(pwd)/$ours ;;
esac
dir=$(mktemp -d "${TMPDIR:-/tmp}/umbra-qcow2.XXXXXX")
trap 'rm -rf "$dir"' EXIT
cd "$dir"
count=0

fail() {
    echo "FAIL: $*" >&2
    exit 1
}
# Same contents for qemu-img, and sound for both.
same() { # image format raw
    qemu-img compare -q -f "$2" -F raw "$1" "$3" ||
        fail "$1 differs from $3 for qemu-img"
    "$ours" convert -q -f "$2" -O raw "$1" back.raw
    cmp -s back.raw "$3" || fail "$1 differs from $3 for umbra-img"
    rm -f back.raw
    count=$((count + 2))
    [ "$2" = qcow2 ] || return 0
    sound "$1"
}
sound() {
    qemu-img check -q "$1" || fail "qemu-img check $1: $?"
    "$ours" check -q "$1" || fail "umbra-img check $1: $?"
    count=$((count + 2))
}

# Text, zeros, noise, holes; no whole number of clusters.
dd if=/dev/urandom of=a.raw bs=4096 count=100 2>/dev/null
yes 'a line that becomes smaller' | dd of=a.raw bs=4096 seek=300 count=200 \
    conv=notrunc iflag=fullblock 2>/dev/null
dd if=/dev/urandom of=a.raw bs=512 seek=40001 count=7 conv=notrunc 2>/dev/null
truncate -s 20971008 a.raw
cp a.raw base.raw
cp a.raw b.raw
dd if=/dev/urandom of=b.raw bs=512 seek=801 count=9 conv=notrunc 2>/dev/null
dd if=/dev/zero of=b.raw bs=4096 seek=10 count=30 conv=notrunc 2>/dev/null

for options in compat=1.1 compat=0.10 cluster_size=512 cluster_size=4096 \
    cluster_size=2M refcount_bits=1 refcount_bits=2 refcount_bits=8 \
    refcount_bits=32 refcount_bits=64,cluster_size=512 lazy_refcounts=on \
    cluster_size=1024,refcount_bits=64; do
    for compress in '' -c; do
        "$ours" convert -q $compress -f raw -O qcow2 -o $options a.raw x.qcow2
        same x.qcow2 qcow2 a.raw
        qemu-img convert -q $compress -f raw -O qcow2 -o $options a.raw y.qcow2
        same y.qcow2 qcow2 a.raw
        # From one into the other, compressed and not.
        "$ours" convert -q -O qcow2 y.qcow2 z.qcow2
        same z.qcow2 qcow2 a.raw
    done
done

# Backing files: raw and qcow2, made by either, read by both.
mkdir sub
for tool in "$ours" qemu-img; do
    for format in raw qcow2; do
        "$tool" convert -q -f raw -O $format base.raw sub/base
        "$tool" create -q -f qcow2 -b base -F $format sub/top >/dev/null
        same sub/top qcow2 base.raw
        "$tool" convert -q -f raw -O qcow2 -B base.raw -F raw b.raw over
        same over qcow2 b.raw
        rm -f sub/base sub/top over
    done
done

# Empty images, and what is said of them.
"$ours" create -q -f qcow2 -o cluster_size=32K new.qcow2 5G
sound new.qcow2
for key in virtual-size format cluster-size; do
    one=$(qemu-img info --output=json new.qcow2 | grep "\"$key\"" | tail -1 |
        tr -d ' ,')
    two=$("$ours" info --output=json new.qcow2 | grep "\"$key\"" | tr -d ' ,')
    [ "$one" = "$two" ] || fail "info: $one, $two"
    count=$((count + 1))
done

# Snapshots: read past them, and sound.
qemu-img convert -q -f raw -O qcow2 a.raw s.qcow2
qemu-img snapshot -c one s.qcow2
same s.qcow2 qcow2 a.raw

# Damage: equal exit codes.
"$ours" convert -q -f raw -O qcow2 a.raw l.qcow2
size=$(wc -c < l.qcow2)
truncate -s $((size + 65536)) l.qcow2
printf '\000\001' | dd of=l.qcow2 bs=1 seek=$((2 * 65536 + size / 65536 * 2)) \
    conv=notrunc 2>/dev/null
one=0 two=0
qemu-img check -q l.qcow2 2>/dev/null || one=$?
"$ours" check -q l.qcow2 || two=$?
[ $one = 3 ] && [ $two = 3 ] || fail "leaks: exit codes $one and $two"
"$ours" check -q -r leaks l.qcow2 || fail "umbra-img check -r leaks"
same l.qcow2 qcow2 a.raw
printf '\000\000' | dd of=l.qcow2 bs=1 seek=$((2 * 65536 + 10)) \
    conv=notrunc 2>/dev/null
one=0 two=0
qemu-img check -q l.qcow2 >/dev/null 2>&1 || one=$?
"$ours" check -q l.qcow2 || two=$?
[ $one = 2 ] && [ $two = 2 ] || fail "damage: exit codes $one and $two"
"$ours" check -q -r all l.qcow2 || fail "umbra-img check -r all"
same l.qcow2 qcow2 a.raw

echo "100%: qemu-img and umbra-img agree, $count comparisons"
