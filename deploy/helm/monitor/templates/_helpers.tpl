{{- define "monitor.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "monitor.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 52 | trimSuffix "-" -}}
{{- else -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- if contains $name .Release.Name -}}
{{- .Release.Name | trunc 52 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 52 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "monitor.selector" -}}
app.kubernetes.io/name: {{ include "monitor.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "monitor.labels" -}}
{{ include "monitor.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end -}}

{{- define "monitor.serviceAccount" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "monitor.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "monitor.image" -}}
{{- if .Values.image.digest -}}
{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end -}}
{{- end -}}

{{/* "true" where pods have a spool of their own */}}
{{- define "monitor.spooling" -}}
{{- if and (eq .Values.ledger.kind "kafka") .Values.ledger.kafka.spool.enabled -}}true{{- end -}}
{{- end -}}

{{/* What no type can say. Each message names the value to change. */}}
{{- define "monitor.validate" -}}
{{- $kafka := .Values.ledger.kafka -}}
{{- $keys := .Values.secrets.keys -}}
{{- if eq .Values.ledger.kind "sqlite" -}}
  {{- if gt (int .Values.replicas) 1 -}}
    {{- fail (printf "replicas is %d, but the SQLite ledger has one writer: set replicas to 1, or ledger.kind to kafka" (int .Values.replicas)) -}}
  {{- end -}}
  {{- if .Values.autoscaling.enabled -}}
    {{- fail "autoscaling.enabled is true, but the SQLite ledger has one writer: set it to false, or ledger.kind to kafka" -}}
  {{- end -}}
{{- else -}}
  {{- if not $kafka.bootstrapServers -}}
    {{- fail "ledger.kafka.bootstrapServers is empty: name some brokers as host:port" -}}
  {{- end -}}
  {{- if gt (int .Values.replicas) (int $kafka.shards) -}}
    {{- fail (printf "replicas is %d, but there are %d shards to share: set replicas to at most ledger.kafka.shards" (int .Values.replicas) (int $kafka.shards)) -}}
  {{- end -}}
  {{- if and .Values.autoscaling.enabled (gt (int .Values.autoscaling.maxReplicas) (int $kafka.shards)) -}}
    {{- fail (printf "autoscaling.maxReplicas is %d, but there are %d shards to share: set it to at most ledger.kafka.shards" (int .Values.autoscaling.maxReplicas) (int $kafka.shards)) -}}
  {{- end -}}
  {{- if and .Values.autoscaling.enabled (gt (int .Values.autoscaling.minReplicas) (int .Values.autoscaling.maxReplicas)) -}}
    {{- fail "autoscaling.minReplicas is more than autoscaling.maxReplicas" -}}
  {{- end -}}
  {{- if hasPrefix "sasl_" $kafka.security.protocol -}}
    {{- if eq $kafka.security.mechanism "OAUTHBEARER" -}}
      {{- if not $keys.token -}}{{- fail "OAUTHBEARER needs secrets.keys.token: the key of the bearer token in secrets.existingSecret" -}}{{- end -}}
    {{- else if not (and $keys.password $kafka.security.username) -}}
      {{- fail (printf "%s needs ledger.kafka.security.username and secrets.keys.password" $kafka.security.protocol) -}}
    {{- end -}}
  {{- end -}}
{{- end -}}
{{- if gt (int .Values.topics.minInsyncReplicas) (int .Values.topics.replication) -}}
  {{- fail "topics.minInsyncReplicas is more than topics.replication" -}}
{{- end -}}
{{- if eq (int .Values.server.port) (int .Values.admin.port) -}}
  {{- fail "server.port and admin.port are the same: page and probes are apart on purpose" -}}
{{- end -}}
{{- if and (or $keys.password $keys.token $keys.cert $keys.key $keys.writeToken $keys.readToken) (not .Values.secrets.existingSecret) -}}
  {{- fail "secrets.keys names keys, but secrets.existingSecret is empty: name the secret that holds them" -}}
{{- end -}}
{{- if and $keys.ca (not (or .Values.secrets.existingSecret .Values.secrets.existingCaSecret)) -}}
  {{- fail "secrets.keys.ca is set, but neither secrets.existingCaSecret nor secrets.existingSecret" -}}
{{- end -}}
{{- with .Values.config.existingConfigMap -}}
  {{- if and .name (not .items) -}}
    {{- fail "config.existingConfigMap.items is empty: say which key becomes which file" -}}
  {{- end -}}
{{- end -}}
{{- if and .Values.secrets.existingCaSecret (not $keys.ca) -}}
  {{- fail "secrets.existingCaSecret needs secrets.keys.ca: the key of the certificates" -}}
{{- end -}}
{{- if and .Values.persistence.existingClaim (ne .Values.ledger.kind "sqlite") -}}
  {{- fail "persistence.existingClaim is for the SQLite ledger; spools get a claim for each pod" -}}
{{- end -}}
{{- if and .Values.strimzi.enabled (ne .Values.ledger.kind "kafka") -}}
  {{- fail "strimzi.enabled is true, but ledger.kind is not kafka" -}}
{{- end -}}
{{- end -}}

{{/* Path of a file with a secret, as `{"file": …}`, or nothing */}}
{{- define "monitor.file" -}}
{{- if . -}}/etc/news-monitor-secrets/{{ . }}{{- end -}}
{{- end -}}

{{/* What the chart itself decides, over whatever monitor.yaml says */}}
{{- define "monitor.settings" -}}
{{- $keys := .Values.secrets.keys -}}
data_dir: /var/lib/news-monitor
app: {{ .Values.app }}
ledger:
  kind: {{ .Values.ledger.kind }}
{{- if eq .Values.ledger.kind "kafka" }}
{{- with .Values.ledger.kafka }}
  bootstrap_servers: {{ toJson .bootstrapServers }}
  shards: {{ .shards }}
  security:
    protocol: {{ .security.protocol }}
    {{- with .security.mechanism }}
    mechanism: {{ . }}
    {{- end }}
    {{- with .security.username }}
    username: {{ quote . }}
    {{- end }}
    {{- range $key, $setting := dict "password" "password_file" "token" "token_file" "ca" "ca_file" "cert" "cert_file" "key" "key_file" }}
    {{- with index $keys $key }}
    {{ $setting }}: {{ include "monitor.file" . }}
    {{- end }}
    {{- end }}
  {{- if .spool.enabled }}
  spool: {dir: /var/lib/news-monitor/spool, size: {{ .spool.size }}}
  {{- end }}
{{- end }}
{{- end }}
topics:
  prefix: {{ quote .Values.topics.prefix }}
  replication: {{ .Values.topics.replication }}
  min_insync_replicas: {{ .Values.topics.minInsyncReplicas }}
  ensure: {{ .Values.topics.ensure }}
alerts: {topic: {{ quote .Values.topics.alerts }}}
server:
  host: 0.0.0.0
  port: {{ .Values.server.port }}
  base_path: {{ quote .Values.server.basePath }}
  {{- with $keys.readToken }}
  read_token_file: {{ include "monitor.file" . }}
  {{- end }}
admin:
  host: 0.0.0.0
  port: {{ .Values.admin.port }}
  {{- with $keys.writeToken }}
  write_token_file: {{ include "monitor.file" . }}
  {{- end }}
{{- end -}}

{{/* Files of watches as JSON: those of the values, else the built-in ones */}}
{{- define "monitor.watches" -}}
{{- $builtIn := list (dict "id" "ukraine" "name" "Ukraine" "query" "@ukraine") (dict "id" "taiwan" "name" "Taiwan" "query" "@taiwan") (dict "id" "drones" "name" "Drones" "query" "@drones NOT NEAR/12 @drone_senses" "severity" "high") -}}
{{- default (dict "built-in.yaml" (dict "watches" $builtIn)) .Values.config.watches | toJson -}}
{{- end -}}

{{/* Folders and their files, as JSON */}}
{{- define "monitor.files" -}}
{{- dict "feeds" .Values.config.feeds "watches" (include "monitor.watches" . | fromJson) "concepts" .Values.config.concepts | toJson -}}
{{- end -}}

{{/* Keys of our ConfigMap and the files they become, as JSON: [{key, path}] */}}
{{- define "monitor.items" -}}
{{- $items := list (dict "key" "chart.yaml" "path" "conf.d/zz-chart.yaml") -}}
{{- if not .Values.config.existingConfigMap.name -}}
  {{- $items = append $items (dict "key" "monitor.yaml" "path" "monitor.yaml") -}}
  {{- range $folder, $files := include "monitor.files" . | fromJson -}}
    {{- range $name, $_ := $files -}}
      {{- $items = append $items (dict "key" (printf "%s.%s" $folder $name) "path" (printf "%s/%s" $folder $name)) -}}
    {{- end -}}
  {{- end -}}
{{- end -}}
{{- toJson $items -}}
{{- end -}}
