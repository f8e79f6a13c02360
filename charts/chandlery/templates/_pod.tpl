{{/* The pod, the same for StatefulSet and Deployment but for the volume "data". */}}
{{- define "chandlery.pod" -}}
metadata:
  labels:
    {{- include "chandlery.labels" (dict "root" . "more" .Values.podLabels) | nindent 4 }}
  {{- with .Values.podAnnotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  {{- with .Values.imagePullSecrets }}
  imagePullSecrets:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  serviceAccountName: {{ include "chandlery.serviceAccountName" . }}
  automountServiceAccountToken: false
  # Variables such as CHANDLERY_PORT, which Kubernetes would set for the service, are no settings.
  enableServiceLinks: false
  terminationGracePeriodSeconds: {{ add (int .Values.server.timeouts.drainSeconds) 15 }}
  {{- with .Values.priorityClassName }}
  priorityClassName: {{ . }}
  {{- end }}
  securityContext:
    {{- toYaml .Values.podSecurityContext | nindent 4 }}
  containers:
    - name: chandlery
      image: {{ include "chandlery.image" . | quote }}
      imagePullPolicy: {{ .Values.image.pullPolicy }}
      args: [serve]
      env:
        {{- include "chandlery.env" . | nindent 8 }}
      {{- with .Values.extraEnvFrom }}
      envFrom:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      ports:
        - name: http
          containerPort: 8080
      startupProbe:
        {{- include "chandlery.probe" (dict "root" . "path" "/readyz") | nindent 8 }}
        periodSeconds: 1
        timeoutSeconds: 2
        failureThreshold: 120
      readinessProbe:
        {{- include "chandlery.probe" (dict "root" . "path" "/readyz") | nindent 8 }}
        periodSeconds: 5
        timeoutSeconds: 3
        failureThreshold: 2
      livenessProbe:
        {{- include "chandlery.probe" (dict "root" . "path" "/livez") | nindent 8 }}
        periodSeconds: 10
        timeoutSeconds: 5
        failureThreshold: 6
      {{- if semverCompare ">=1.30.0-0" .Capabilities.KubeVersion.Version }}
      # Until every proxy knows that this pod is leaving, new requests still come in.
      lifecycle:
        preStop:
          sleep:
            seconds: 5
      {{- end }}
      resources:
        {{- toYaml .Values.resources | nindent 8 }}
      securityContext:
        {{- toYaml .Values.securityContext | nindent 8 }}
      volumeMounts:
        - name: data
          mountPath: /data
        {{- if or .Values.admin.existingSecret .Values.database.existingSecret .Values.initialAccount.name }}
        - name: secrets
          mountPath: /run/secrets/chandlery
          readOnly: true
        {{- end }}
        {{- if .Values.tls.enabled }}
        - name: tls
          mountPath: /run/secrets/tls
          readOnly: true
        {{- end }}
        {{- with .Values.extraVolumeMounts }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
  {{- with include "chandlery.volumes" . | trim }}
  volumes:
    {{- . | nindent 4 }}
  {{- end }}
  {{- with .Values.nodeSelector }}
  nodeSelector:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.tolerations }}
  tolerations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.affinity }}
  affinity:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.topologySpreadConstraints }}
  topologySpreadConstraints:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}

{{- define "chandlery.env" -}}
- name: CHANDLERY_DATA_DIR
  value: /data
- name: CHANDLERY_LISTEN
  value: 0.0.0.0:8080
{{- with .Values.server }}
- name: CHANDLERY_DEFAULT_REPOSITORY
  value: {{ .defaultRepository | quote }}
- name: CHANDLERY_DEFAULT_REPOSITORY_PUBLIC
  value: {{ .defaultRepositoryPublic | quote }}
- name: CHANDLERY_MAX_UPLOAD_SIZE
  # Helm reads numbers as floating point, and would write 2e+07.
  value: {{ ternary .maxUploadSize (int64 .maxUploadSize) (kindIs "string" .maxUploadSize) | quote }}
- name: CHANDLERY_METRICS
  value: {{ .metrics | quote }}
- name: CHANDLERY_LOG_FORMAT
  value: {{ .log.format | quote }}
- name: CHANDLERY_LOG_LEVEL
  value: {{ .log.level | quote }}
- name: CHANDLERY_HEAD_TIMEOUT
  value: {{ .timeouts.head | quote }}
- name: CHANDLERY_BODY_TIMEOUT
  value: {{ .timeouts.body | quote }}
- name: CHANDLERY_DRAIN_TIMEOUT
  value: {{ printf "%ds" (int .timeouts.drainSeconds) | quote }}
{{- with .publicUrl }}
- name: CHANDLERY_PUBLIC_URL
  value: {{ . | quote }}
{{- end }}
{{- with .corsAllowOrigin }}
- name: CHANDLERY_CORS_ALLOW_ORIGIN
  value: {{ . | quote }}
{{- end }}
{{- with .chartmuseum }}
{{- if .disableApi }}
- name: CHANDLERY_DISABLE_API
  value: "true"
{{- end }}
{{- if .disableDelete }}
- name: CHANDLERY_DISABLE_DELETE
  value: "true"
{{- end }}
{{- if .disableForce }}
- name: CHANDLERY_DISABLE_FORCE
  value: "true"
{{- end }}
{{- with .chartField }}
- name: CHANDLERY_CHART_FIELD
  value: {{ . | quote }}
{{- end }}
{{- with .provField }}
- name: CHANDLERY_PROV_FIELD
  value: {{ . | quote }}
{{- end }}
{{- end }}
{{- end }}
{{- with include "chandlery.contextPath" . }}
- name: CHANDLERY_CONTEXT_PATH
  value: {{ . | quote }}
{{- end }}
{{- if .Values.admin.existingSecret }}
- name: CHANDLERY_ADMIN_PASSWORD_FILE
  value: /run/secrets/chandlery/admin-password
{{- end }}
{{- with .Values.initialAccount.name }}
- name: CHANDLERY_INITIAL_ACCOUNT
  value: {{ . | quote }}
- name: CHANDLERY_INITIAL_PASSWORD_FILE
  value: /run/secrets/chandlery/initial-password
{{- end }}
{{- if .Values.database.existingSecret }}
- name: CHANDLERY_DATABASE_URL_FILE
  value: /run/secrets/chandlery/database-url
{{- end }}
{{- with .Values.blobs }}
{{- if .url }}
- name: CHANDLERY_BLOBS_URL
  value: {{ .url | quote }}
{{- end }}
{{- if .existingSecret }}
- name: AWS_ACCESS_KEY_ID
  valueFrom:
    secretKeyRef:
      name: {{ .existingSecret }}
      key: {{ .accessKeyIdKey }}
- name: AWS_SECRET_ACCESS_KEY
  valueFrom:
    secretKeyRef:
      name: {{ .existingSecret }}
      key: {{ .secretAccessKeyKey }}
{{- end }}
{{- end }}
{{- if .Values.tls.enabled }}
- name: CHANDLERY_TLS_CERT
  value: /run/secrets/tls/{{ .Values.tls.certKey }}
- name: CHANDLERY_TLS_KEY
  value: /run/secrets/tls/{{ .Values.tls.keyKey }}
{{- with .Values.tls.clientCaKey }}
- name: CHANDLERY_TLS_CLIENT_CA
  value: /run/secrets/tls/{{ . }}
{{- end }}
{{- end }}
{{- with .Values.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "chandlery.volumes" -}}
{{- if include "chandlery.stateless" . }}
- name: data
  emptyDir:
    sizeLimit: {{ .Values.temporary.sizeLimit }}
{{- else if not .Values.persistence.enabled }}
- name: data
  emptyDir: {}
{{- else if .Values.persistence.existingClaim }}
- name: data
  persistentVolumeClaim:
    claimName: {{ .Values.persistence.existingClaim }}
{{- end }}
{{- if or .Values.admin.existingSecret .Values.database.existingSecret .Values.initialAccount.name }}
- name: secrets
  projected:
    # Only for the container's group, which fsGroup makes its own.
    defaultMode: 0440
    sources:
      {{- with .Values.admin }}
      {{- if .existingSecret }}
      - secret:
          name: {{ .existingSecret }}
          items:
            - key: {{ .passwordKey }}
              path: admin-password
      {{- end }}
      {{- end }}
      {{- with .Values.initialAccount }}
      {{- if .name }}
      - secret:
          name: {{ .existingSecret }}
          items:
            - key: {{ .passwordKey }}
              path: initial-password
      {{- end }}
      {{- end }}
      {{- with .Values.database }}
      {{- if .existingSecret }}
      - secret:
          name: {{ .existingSecret }}
          items:
            - key: {{ .urlKey }}
              path: database-url
      {{- end }}
      {{- end }}
{{- end }}
{{- if .Values.tls.enabled }}
- name: tls
  secret:
    secretName: {{ .Values.tls.existingSecret }}
    defaultMode: 0440
{{- end }}
{{- with .Values.extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end }}
