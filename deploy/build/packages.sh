#!/usr/bin/env bash
# What the tests with real clients need from the distribution; with "heavy" what the heavy ones need, too. Root gets
# it installed, others are told.
set -euo pipefail
declare -A wanted=([chromium]=chromium [firefox-esr]=firefox-esr [espeak-ng]=espeak-ng [c++]=g++ [turnserver]=coturn [strace]=strace
  [valgrind]=valgrind [pg_ctlcluster]=postgresql [ffprobe]=ffmpeg)
if [ "${1:-}" = heavy ]; then
  wanted[gst-inspect-1.0]="gstreamer1.0-tools gstreamer1.0-nice gstreamer1.0-plugins-base gstreamer1.0-plugins-good
    gstreamer1.0-plugins-bad gstreamer1.0-plugins-ugly python3-gi gir1.2-gst-plugins-base-1.0 gir1.2-gst-plugins-bad-1.0"
fi
missing=()
for program in "${!wanted[@]}"; do
  # shellcheck disable=SC2206 # several packages may come with a program
  command -v "$program" >/dev/null || missing+=(${wanted[$program]})
done
[ ${#missing[@]} -eq 0 ] && exit 0
if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
else
  echo "The tests with real browsers need: ${missing[*]} (install them, or run make test as root on Debian)" >&2
  exit 1
fi
