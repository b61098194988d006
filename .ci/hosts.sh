#!/usr/bin/env bash
# Installs the real hosts for their tests on Debian 12, as root and without questions: Krita and OBS from apt, GIMP 3
# in a Debian 13 tree. Prints nothing when all is there.
#
#   SCUMBLE_GIMP_ROOT   the tree's folder; default: scumble/gimp-root in the user's cache folder
set -euo pipefail

root=${SCUMBLE_GIMP_ROOT:-${XDG_CACHE_HOME:-$HOME/.cache}/scumble/gimp-root}
packages=(
  krita python3-pyqt5 python3-pyqt5.sip
  obs-studio obs-plugins libgl1-mesa-dri
  xvfb xdotool x11-utils imagemagick fonts-dejavu-core
  mmdebstrap
)
tree_packages=(
  gimp python3 python3-gi gir1.2-gimp-3.0 gir1.2-gtk-3.0 ca-certificates
  fonts-dejavu-core adwaita-icon-theme hicolor-icon-theme librsvg2-common
)
complete="$root/.complete" # last file written: its content is what the tree was made of

fail() {
  echo "hosts.sh: $1" >&2
  exit 1
}

missing_packages() {
  local name
  for name in "${packages[@]}"; do
    [ "$(dpkg-query --show --showformat='${db:Status-Status}' "$name" 2>/dev/null)" = installed ] || echo "$name"
  done
}

install_packages() {
  local missing
  mapfile -t missing < <(missing_packages)
  [ ${#missing[@]} -eq 0 ] && return
  command -v apt-get >/dev/null || fail "this is no Debian: install these by hand: ${missing[*]}"
  [ "$(id -u)" -eq 0 ] || fail "run it as root, or first: sudo apt-get install --no-install-recommends ${missing[*]}"
  echo "installing ${missing[*]}"
  export DEBIAN_FRONTEND=noninteractive
  local options=(-qq -o Dpkg::Use-Pty=0 -o Acquire::Retries=3)
  apt-get "${options[@]}" update >/dev/null || fail "apt-get update failed"
  apt-get "${options[@]}" install --yes --no-install-recommends "${missing[@]}" >/dev/null </dev/null ||
    fail "apt-get could not install ${missing[*]}"
}

# The mirror that this machine's own apt uses, for the release of the tree.
mirror() {
  apt-get indextargets --format '$(SITE) $(COMPONENT)' 'Created-By: Packages' 2>/dev/null |
    awk '$2 == "main" && $1 !~ /security/ { print $1; exit }'
}

# What this machine's apt was told about clocks and old mirrors holds for the tree too.
apt_options() {
  local key value
  for key in Acquire::Check-Valid-Until Acquire::Check-Date; do
    eval "$(apt-config shell value "$key")"
    [ -n "${value:-}" ] && printf -- '--aptopt=%s "%s"\n' "$key" "$value"
    value=
  done
  return 0
}

wanted() {
  echo trixie "${tree_packages[@]}"
}

make_tree() {
  [ "$(cat "$complete" 2>/dev/null)" = "$(wanted)" ] && [ -x "$root/usr/bin/gimp-console-3.0" ] && return
  [ "$(id -u)" -eq 0 ] || fail "GIMP's tree can be made by root only"
  local site
  site=$(mirror)
  [ -n "$site" ] || fail "no Debian mirror found in apt's sources"
  if grep -q " $root/" /proc/self/mounts; then
    fail "something is mounted below $root: unmount it first"
  fi
  echo "making a Debian 13 tree with GIMP 3 in $root: about a minute"
  rm -rf --one-file-system -- "$root"
  mkdir -p "$(dirname "$root")"
  local log options
  log=$(mktemp)
  mapfile -t options < <(apt_options)
  mmdebstrap --quiet --mode=root --variant=apt --include="$(IFS=,; echo "${tree_packages[*]}")" \
    --aptopt='APT::Install-Recommends "false"' --aptopt='Acquire::Retries "3"' "${options[@]}" \
    --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/doc/*' \
    --dpkgopt='path-exclude=/usr/share/locale/*' \
    trixie "$root" "deb $site trixie main" >"$log" 2>&1 </dev/null ||
    { tail -n 20 "$log" >&2; rm -rf --one-file-system -- "$root"; fail "GIMP's tree could not be made"; }
  rm -f "$log"
  wanted >"$complete"
}

install_packages
make_tree
