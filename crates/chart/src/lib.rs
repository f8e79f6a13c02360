//! Helm charts in and out of bytes: archives, Chart.yaml, index.yaml, versions, provenance.
