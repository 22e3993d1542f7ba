# The machine of try-install.sh: a Debian made once, a layer over it that is thrown away, and a systemd that boots there.
# shellcheck shell=bash

PACKAGES=systemd,systemd-sysv,dbus,libnss-systemd,ca-certificates,procps,iproute2

# Made once: what it takes from the network is then on the disk.
make_base() {
  if [[ -e $CACHE/base/.whole ]]; then return; fi
  printf 'Making a Debian 12 in %s …\n' "$CACHE"
  rm -rf "$CACHE/base"
  debootstrap --variant=minbase "--include=$PACKAGES" bookworm "$CACHE/base" http://deb.debian.org/debian >"$CACHE/debootstrap.log" ||
    fail "debootstrap failed: see $CACHE/debootstrap.log."
  cp /etc/resolv.conf "$CACHE/base/etc/resolv.conf"
  # Only downloaded: that a machine without them gets them is for install.sh to show.
  DEBIAN_FRONTEND=noninteractive chroot "$CACHE/base" apt-get install -qq -y --download-only --no-install-recommends \
    postgresql redis-server >/dev/null
  touch "$CACHE/base/.whole"
}

# A fresh system over the base, with the builds in /root.
open_layer() {
  mkdir -p "$WORK/layer" "$WORK/overlay" "$MACHINE"
  mount -t overlay overlay -o "lowerdir=$CACHE/base,upperdir=$WORK/layer,workdir=$WORK/overlay" "$MACHINE"
  # A hard link where it can be: a build is 120 MB.
  cp -r "$WORK/builds" "$MACHINE/root/builds"
}

close_layer() {
  if mountpoint -q "$MACHINE"; then umount "$MACHINE"; fi
  rm -rf "$WORK/layer" "$WORK/overlay"
}

NSPAWN_OPTIONS=(--quiet --register=no --private-network)
# Without a systemd around it there is none to ask for a unit.
if [[ ! -d /run/systemd/system ]]; then NSPAWN_OPTIONS+=(--keep-unit); fi

# in_image COMMAND...: where no systemd runs, as when an image is made.
in_image() { systemd-nspawn "${NSPAWN_OPTIONS[@]}" --pipe --as-pid2 -D "$MACHINE" "$@"; }

boot() {
  systemd-nspawn "${NSPAWN_OPTIONS[@]}" -D "$MACHINE" --boot </dev/null >"$WORK/console.log" 2>&1 &
  NSPAWN=$!
  local end=$((SECONDS + 60))
  until LEADER=$(pgrep -P "$NSPAWN" | head -n 1) && [[ -n $LEADER && $(inside systemctl is-system-running 2>/dev/null) =~ ^(running|degraded)$ ]]; do
    ((SECONDS < end)) || fail "the machine does not boot: see $WORK/console.log (--keep)."
    sleep 0.2
  done
}

shut_down() {
  if [[ -z $NSPAWN ]]; then return; fi
  inside systemctl poweroff >/dev/null 2>&1 || true
  local end=$((SECONDS + 30))
  while kill -0 "$NSPAWN" 2>/dev/null && ((SECONDS < end)); do sleep 0.2; done
  kill -KILL "$NSPAWN" 2>/dev/null || true
  wait "$NSPAWN" 2>/dev/null || true
  NSPAWN="" LEADER=""
}

# inside COMMAND...: by root of the machine that runs.
inside() {
  nsenter -t "$LEADER" -a env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 "$@"
}

clean_up() {
  set +e
  trap - ERR
  shut_down
  if [[ $KEEP == yes ]]; then
    printf 'Kept: %s (umount %s before you delete it)\n' "$WORK" "$MACHINE"
    return
  fi
  close_layer
  rm -rf "$WORK"
}
