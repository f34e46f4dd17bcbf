{{- define "monitor.pod" -}}
metadata:
  labels:
    {{- include "monitor.selector" . | nindent 4 }}
    {{- with .Values.podLabels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  annotations:
    # Feeds, watches and concepts are read again by running pods; settings need new ones.
    checksum/settings: {{ printf "%s\n%s" (include "monitor.settings" .) (toYaml .Values.config.monitor) | sha256sum }}
    {{- with .Values.podAnnotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  serviceAccountName: {{ include "monitor.serviceAccount" . }}
  automountServiceAccountToken: false
  enableServiceLinks: false
  terminationGracePeriodSeconds: {{ .Values.terminationGracePeriodSeconds }}
  {{- with .Values.image.pullSecrets }}
  imagePullSecrets: {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.priorityClassName }}
  priorityClassName: {{ . }}
  {{- end }}
  dnsConfig:
    # Names of feeds have a dot: they are not tried in the cluster's search domains first.
    options: [{name: ndots, value: "1"}]
  securityContext:
    runAsNonRoot: true
    runAsUser: 65532
    runAsGroup: 65532
    fsGroup: 65532
    fsGroupChangePolicy: OnRootMismatch
    seccompProfile: {type: RuntimeDefault}
  {{- if eq .Values.ledger.kind "kafka" }}
  topologySpreadConstraints:
    {{- if .Values.topologySpreadConstraints }}
    {{- toYaml .Values.topologySpreadConstraints | nindent 4 }}
    {{- else }}
    - maxSkew: 1
      topologyKey: kubernetes.io/hostname
      whenUnsatisfiable: ScheduleAnyway
      labelSelector:
        matchLabels: {{- include "monitor.selector" . | nindent 10 }}
    {{- end }}
  {{- end }}
  containers:
    - name: monitor
      image: {{ include "monitor.image" . }}
      imagePullPolicy: {{ .Values.image.pullPolicy }}
      args: [run]
      env:
        - {name: MONITOR_CONFIG, value: /etc/news-monitor}
        {{- with .Values.extraEnv }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      ports:
        - {name: http, containerPort: {{ .Values.server.port }}, protocol: TCP}
        - {name: admin, containerPort: {{ .Values.admin.port }}, protocol: TCP}
      startupProbe:
        httpGet: {path: /startupz, port: admin}
        periodSeconds: 5
        timeoutSeconds: 3
        failureThreshold: 120
      livenessProbe:
        httpGet: {path: /livez, port: admin}
        periodSeconds: 10
        timeoutSeconds: 5
        failureThreshold: 6
      readinessProbe:
        httpGet: {path: /readyz, port: admin}
        periodSeconds: 5
        timeoutSeconds: 3
        failureThreshold: 2
      {{- if .Values.preStopSeconds }}
      lifecycle:
        preStop:
          sleep: {seconds: {{ .Values.preStopSeconds }}}
      {{- end }}
      resources: {{- toYaml .Values.resources | nindent 8 }}
      securityContext:
        allowPrivilegeEscalation: false
        readOnlyRootFilesystem: true
        runAsNonRoot: true
        capabilities: {drop: [ALL]}
      volumeMounts:
        - {name: config, mountPath: /etc/news-monitor, readOnly: true}
        {{- if or .Values.secrets.existingSecret .Values.secrets.existingCaSecret }}
        - {name: secrets, mountPath: /etc/news-monitor-secrets, readOnly: true}
        {{- end }}
        - {name: data, mountPath: /var/lib/news-monitor}
        - {name: tmp, mountPath: /tmp}
        {{- with .Values.extraVolumeMounts }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
  volumes:
    - name: config
      projected:
        defaultMode: 0444
        sources:
          {{- with .Values.config.existingConfigMap }}
          {{- if .name }}
          - configMap:
              name: {{ .name }}
              items: {{- toYaml .items | nindent 16 }}
          {{- end }}
          {{- end }}
          - configMap:
              name: {{ include "monitor.fullname" . }}
              items: {{- include "monitor.items" . | fromJsonArray | toYaml | nindent 16 }}
    {{- if or .Values.secrets.existingSecret .Values.secrets.existingCaSecret }}
    - name: secrets
      projected:
        defaultMode: 0440
        sources:
          {{- with .Values.secrets.existingSecret }}
          - secret: {name: {{ . }}}
          {{- end }}
          {{- with .Values.secrets.existingCaSecret }}
          - secret:
              name: {{ . }}
              items: [{key: {{ $.Values.secrets.keys.ca }}, path: {{ $.Values.secrets.keys.ca }}}]
          {{- end }}
    {{- end }}
    - name: tmp
      emptyDir: {sizeLimit: {{ .Values.tmpSize }}}
    {{- if eq .Values.ledger.kind "sqlite" }}
    - name: data
      persistentVolumeClaim: {claimName: {{ .Values.persistence.existingClaim | default (include "monitor.fullname" .) }}}
    {{- else if not (include "monitor.spooling" .) }}
    - name: data
      emptyDir: {sizeLimit: {{ .Values.dataSize }}}
    {{- end }}
    {{- with .Values.extraVolumes }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- with .Values.nodeSelector }}
  nodeSelector: {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.tolerations }}
  tolerations: {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.affinity }}
  affinity: {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end -}}

{{- define "monitor.claim" -}}
accessModes: {{ toJson .Values.persistence.accessModes }}
{{- with .Values.persistence.storageClass }}
storageClassName: {{ . }}
{{- end }}
resources:
  requests: {storage: {{ .Values.persistence.size }}}
{{- end -}}
