#!/usr/bin/env bash
# Builds the peer programs of the interop tests, each from its own pinned Go module or npm package in this directory.
#
#   build.sh [-f] [NAME...]     build the named peers, or all of them; -f builds even when nothing changed
#   build.sh --list             print the names
#   build.sh --bin              print the directory of the built programs
#
# The programs land in ${CHANDLERY_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/chandlery}/peers/bin/<name>. A peer is skipped
# while its stamp (the files of its directory, link flags, Go version) is the one of its last build. A peer
# that does not build fails the script, after the others were tried.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=${CHANDLERY_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/chandlery}/peers
bin=$cache/bin
plugins=$cache/plugins
modules=$cache/node
stamps=$cache/stamps
logs=$cache/logs

# Most needed first. name | package, or its program after npm: | module that gives the version
peers='
helm3       | helm.sh/helm/v3/cmd/helm                           | helm.sh/helm/v3
chartmuseum | helm.sh/chartmuseum/cmd/chartmuseum                | helm.sh/chartmuseum
cm-push     | github.com/chartmuseum/helm-push/cmd/helm-cm-push  | github.com/chartmuseum/helm-push
versitygw   | github.com/versity/versitygw/cmd/versitygw         | github.com/versity/versitygw
registry    | .                                                  | github.com/distribution/distribution/v3
dex         | github.com/dexidp/dex/cmd/dex                      | github.com/dexidp/dex
helm4       | helm.sh/helm/v4/cmd/helm                           | helm.sh/helm/v4
helm-engine | .                                                  | helm.sh/helm/v4
fake-gcs-server | github.com/fsouza/fake-gcs-server              | github.com/fsouza/fake-gcs-server
azurite     | npm:azurite/dist/src/blob/main.js                  | azurite
'

# The modules here stand alone, whatever the caller's workspace or flags say.
export GOWORK=off GOFLAGS=-mod=readonly

# Prints one column of one peer's row.
field() {
  awk -F'|' -v name="$1" -v column="$2" '{ gsub(/ /, "") } $1 == name { print $column }' <<<"$peers"
}

names() {
  awk -F'|' 'NF > 1 { gsub(/ /, ""); print $1 }' <<<"$peers"
}

# Prints the version that the peer's go.mod or package.json pins for a module.
pinned() {
  if [[ -f $here/$1/package.json ]]; then
    node -p "require(process.argv[1]).dependencies[process.argv[2]]" "$here/$1/package.json" "$2"
  else
    (cd "$here/$1" && go list -m -f '{{.Version}}' "$2")
  fi
}

# Prints 1 for a peer that needs cgo: dex' sources name its SQLite storage, which the tests do not use.
cgo_of() {
  case $1 in
    dex) echo 1 ;;
    *) echo 0 ;;
  esac
}

# Prints the linker variables with which the peer's own release build stamps its version.
version_flags() {
  local name=$1 version=$2
  case $name in
    helm3)
      # Helm's release build also derives the default Kubernetes version of `helm template` from client-go (v0.N -> 1.N);
      # without it `.Capabilities.KubeVersion` would be 1.20. Helm 4 reads it from its build information.
      local minor
      minor=$(pinned helm3 k8s.io/client-go | cut -d. -f2)
      printf -- '-X helm.sh/helm/v3/internal/version.version=%s ' "$version"
      printf -- '-X helm.sh/helm/v3/%s.k8sVersionMajor=1 ' pkg/chartutil pkg/lint/rules
      printf -- "-X helm.sh/helm/v3/%s.k8sVersionMinor=$minor " pkg/chartutil pkg/lint/rules
      ;;
    helm4) printf -- '-X helm.sh/helm/v4/internal/version.version=%s' "$version" ;;
    *) printf -- '-X main.Version=%s' "${version#v}" ;;
  esac
}

# Prints a hash of everything that decides what the peer's program is.
stamp_of() {
  local name=$1 flags=$2
  {
    go version
    echo "$flags"
    find "$here/$name" -type f -print | LC_ALL=C sort | while read -r file; do
      echo "${file#"$here"}"
      cat "$file"
    done
  } | sha256sum | cut -d' ' -f1
}

# A helm plugin is a directory with a plugin.yaml: HELM_PLUGINS=.../peers/plugins gives helm every plugin built here.
install_plugins() {
  local name=$1 source directory
  for source in "$here/$name"/plugins/*/; do
    [[ -d $source ]] || return 0
    directory=$plugins/$(basename "$source")
    mkdir -p "$directory/bin" &&
      cp "$source/plugin.yaml" "$directory/plugin.yaml" &&
      ln -sf "$bin/$name" "$directory/bin/$name" || return 1
  done
}

# Makes the program $2 of the peer $1 from the package $3 with the linker flags $4.
make_program() {
  case $3 in
    npm:*) install_npm "$1" "$2" "${3#npm:}" ;;
    *) cd "$here/$1" && CGO_ENABLED=$(cgo_of "$1") nice -n 10 go build -trimpath -buildvcs=false -ldflags "-s -w $4" -o "$2" "$3" ;;
  esac
}

# Nothing of the packages is run while they are installed. What is in the cache is not asked for again: all is pinned.
install_npm() {
  local directory=$modules/$1
  rm -rf "$directory" && mkdir -p "$directory" &&
    cp "$here/$1/package.json" "$here/$1/package-lock.json" "$directory" &&
    (cd "$directory" && nice -n 10 npm ci --ignore-scripts --prefer-offline --no-audit --no-fund --no-update-notifier) &&
    printf '#!/bin/sh\nexec node "%s" "$@"\n' "$directory/node_modules/$3" >"$2" &&
    chmod +x "$2"
}

build() {
  local name=$1 package version flags stamp
  package=$(field "$name" 2)
  version=$(pinned "$name" "$(field "$name" 3)" 2>"$logs/$name") || return 1
  flags=$(version_flags "$name" "$version")
  stamp=$(stamp_of "$name" "$flags")
  if [[ $force == no && -x $bin/$name && $(cat "$stamps/$name" 2>/dev/null) == "$stamp" ]]; then
    printf '%-15s %-10s up to date\n' "$name" "$version"
    return
  fi
  rm -f "$stamps/$name" "$bin/$name"
  local start=$SECONDS
  (make_program "$name" "$bin/.$name.$$" "$package" "$flags") >"$logs/$name" 2>&1 || return 1
  mv "$bin/.$name.$$" "$bin/$name"
  install_plugins "$name" || return 1
  echo "$stamp" >"$stamps/$name"
  printf '%-15s %-10s built in %d s, %d MB\n' "$name" "$version" $((SECONDS - start)) \
    $(($(wc -c <"$bin/$name") / 1000000))
}

# Says what went wrong and where the whole output is.
report_failure() {
  local name=$1 line
  line=$(grep -v '^#' "$logs/$name" 2>/dev/null | head -n 1 || true)
  printf '%-15s FAILED: %s (see %s)\n' "$name" "$line" "$logs/$name" >&2
  failed=yes
}

force=no
failed=no
wanted=()
for argument in "$@"; do
  case $argument in
    -f) force=yes ;;
    --list) names; exit ;;
    --bin) echo "$bin"; exit ;;
    *)
      if [[ -z $(field "$argument" 1) ]]; then
        echo "build.sh: there is no peer '$argument'; the peers are: $(names | xargs)" >&2
        exit 2
      fi
      wanted+=("$argument")
      ;;
  esac
done
if ((${#wanted[@]} == 0)); then mapfile -t wanted < <(names); fi

mkdir -p "$bin" "$stamps" "$logs"
# Two runs at once would build everything twice; the second one waits and then finds the stamps.
if command -v flock >/dev/null; then
  exec 9>"$cache/lock"
  flock 9
fi
for name in "${wanted[@]}"; do
  build "$name" || report_failure "$name"
done
[[ $failed == no ]]
