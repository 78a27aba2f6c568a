#!/usr/bin/env bash
# What the tests with real clients need from the distribution. Root gets it installed, others are told.
set -euo pipefail
declare -A wanted=([chromium]=chromium [firefox-esr]=firefox-esr [espeak-ng]=espeak-ng [c++]=g++ [turnserver]=coturn)
missing=()
for program in "${!wanted[@]}"; do
  command -v "$program" >/dev/null || missing+=("${wanted[$program]}")
done
[ ${#missing[@]} -eq 0 ] && exit 0
if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
else
  echo "The tests with real browsers need: ${missing[*]} (install them, or run make test as root on Debian)" >&2
  exit 1
fi
