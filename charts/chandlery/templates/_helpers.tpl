{{- define "chandlery.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{/* The name of every object. 52 characters leave room for what a StatefulSet's controller appends. */}}
{{- define "chandlery.fullname" -}}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 52 | trimSuffix "-" }}
{{- else if contains (include "chandlery.name" .) .Release.Name }}
{{- .Release.Name | trunc 52 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name (include "chandlery.name" .) | trunc 52 | trimSuffix "-" }}
{{- end }}
{{- end }}

{{- define "chandlery.selectorLabels" -}}
app.kubernetes.io/name: {{ include "chandlery.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "chandlery.ownLabels" -}}
{{ include "chandlery.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{- end }}

{{/* Our labels, then the object's own ("more"), then the user's for all objects; where keys meet, the first wins. */}}
{{- define "chandlery.labels" -}}
{{- merge (include "chandlery.ownLabels" .root | fromYaml) .more .root.Values.labels | toYaml }}
{{- end }}

{{- define "chandlery.serviceAccountName" -}}
{{- if .Values.serviceAccount.create }}
{{- default (include "chandlery.fullname" .) .Values.serviceAccount.name }}
{{- else }}
{{- default "default" .Values.serviceAccount.name }}
{{- end }}
{{- end }}

{{- define "chandlery.image" -}}
{{- if .Values.image.digest }}
{{- printf "%s@%s" .Values.image.repository .Values.image.digest }}
{{- else }}
{{- printf "%s:%s" .Values.image.repository (default .Chart.AppVersion .Values.image.tag) }}
{{- end }}
{{- end }}

{{/* "true" if rows and packages are both kept outside, so that pods come and go; else one pod owns the volume. */}}
{{- define "chandlery.stateless" -}}
{{- if and .Values.database.existingSecret .Values.blobs.url }}true{{ end }}
{{- end }}

{{- define "chandlery.contextPath" -}}
{{- with .Values.server.contextPath | trimAll "/" }}{{ printf "/%s" . }}{{ end }}
{{- end }}

{{/* Combinations that cannot work, and what to do. Shapes of single values are checked by values.schema.json. */}}
{{- define "chandlery.check" -}}
{{- $several := or (gt (int .Values.replicas) 1) .Values.autoscaling.enabled }}
{{- if and $several (not (include "chandlery.stateless" .)) }}
{{- fail "several replicas need PostgreSQL and S3: set database.existingSecret and blobs.url, or replicas=1 and autoscaling.enabled=false" }}
{{- end }}
{{- if and .Values.autoscaling.enabled (lt (int .Values.autoscaling.maxReplicas) (int .Values.autoscaling.minReplicas)) }}
{{- fail "autoscaling.maxReplicas is less than autoscaling.minReplicas" }}
{{- end }}
{{- if and .Values.tls.enabled (not .Values.tls.existingSecret) }}
{{- fail "tls.enabled needs tls.existingSecret, a secret with the certificate and its key" }}
{{- end }}
{{- if and .Values.tls.clientCaKey (not .Values.tls.enabled) }}
{{- fail "tls.clientCaKey needs tls.enabled" }}
{{- end }}
{{- if and .Values.initialAccount.name (not .Values.initialAccount.existingSecret) }}
{{- fail "initialAccount.name needs initialAccount.existingSecret, a secret with its password" }}
{{- end }}
{{- if and .Values.blobs.existingSecret (not .Values.blobs.url) }}
{{- fail "blobs.existingSecret needs blobs.url" }}
{{- end }}
{{- if .Values.serviceMonitor.enabled }}
{{- if eq .Values.server.metrics "off" }}
{{- fail "serviceMonitor.enabled needs server.metrics=open or server.metrics=account" }}
{{- end }}
{{- if and (eq .Values.server.metrics "account") (not .Values.serviceMonitor.basicAuth.existingSecret) }}
{{- fail "serviceMonitor.enabled with server.metrics=account needs serviceMonitor.basicAuth.existingSecret" }}
{{- end }}
{{- if .Values.tls.clientCaKey }}
{{- fail "serviceMonitor.enabled does not work with tls.clientCaKey: Prometheus would need a client certificate; scrape by other means" }}
{{- end }}
{{- end }}
{{- end }}

{{/* A probe's way to ask: by HTTP(S), or by opening the port where a client certificate would be needed. */}}
{{- define "chandlery.probe" -}}
{{- if .root.Values.tls.clientCaKey -}}
tcpSocket:
  port: http
{{- else -}}
httpGet:
  path: {{ include "chandlery.contextPath" .root }}{{ .path }}
  port: http
  {{- if .root.Values.tls.enabled }}
  scheme: HTTPS
  {{- end }}
{{- end }}
{{- end }}
