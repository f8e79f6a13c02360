//! YAML as Helm reads and writes it: go-yaml's resolution rules and emitter, with limits.
