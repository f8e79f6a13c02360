{{/* The application's name. */}}
{{- define "CHART_NAME.name" -}}
{{- .Values.nameOverride | default .Chart.Name | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{/* What the names of all objects begin with. Kubernetes takes at most 63 letters. */}}
{{- define "CHART_NAME.fullname" -}}
{{- $name := include "CHART_NAME.name" . -}}
{{- $joined := hasPrefix $name .Release.Name | ternary .Release.Name (printf "%s-%s" .Release.Name $name) -}}
{{- .Values.fullnameOverride | default $joined | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{/* The labels that tell which pods belong to this release. They cannot change later. */}}
{{- define "CHART_NAME.selector" -}}
app.kubernetes.io/name: {{ include "CHART_NAME.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{/* The labels of every object. */}}
{{- define "CHART_NAME.labels" -}}
{{ include "CHART_NAME.selector" . }}
{{- with .Chart.AppVersion }}
app.kubernetes.io/version: {{ . | quote }}
{{- end }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{- end -}}

{{/* The image, by digest if there is one. */}}
{{- define "CHART_NAME.image" -}}
{{- $image := .Values.image -}}
{{- if $image.digest -}}
{{ printf "%s@%s" $image.repository $image.digest }}
{{- else -}}
{{ printf "%s:%s" $image.repository ($image.tag | default .Chart.AppVersion) }}
{{- end -}}
{{- end -}}

{{/* The account that the pods run under. */}}
{{- define "CHART_NAME.account" -}}
{{- $own := .Values.serviceAccount.create | ternary (include "CHART_NAME.fullname" .) "default" -}}
{{- .Values.serviceAccount.name | default $own -}}
{{- end -}}
