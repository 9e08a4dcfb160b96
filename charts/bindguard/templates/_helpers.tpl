{{/* Every text is quoted where it is written: YAML would read a namespace 2026 as a number, and one called null as nothing. */}}

{{/* Labels that never change: selectors of Deployment and Service are immutable. */}}
{{- define "bindguard.selectorLabels" -}}
app.kubernetes.io/name: bindguard
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end }}

{{- define "bindguard.ownLabels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{ include "bindguard.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}

{{/* All labels, with those of the values where a key is not ours. */}}
{{- define "bindguard.labelsWith" -}}
{{- $common := (index . 1).Values.commonLabels | default dict -}}
{{- toYaml (merge (fromYaml (include (index . 0) (index . 1))) (index . 2 | default dict) $common) -}}
{{- end }}

{{- define "bindguard.labels" -}}
{{- include "bindguard.labelsWith" (list "bindguard.ownLabels" . dict) -}}
{{- end }}

{{- define "bindguard.serviceAccountName" -}}
{{ .Values.serviceAccount.name | default .Values.name }}
{{- end }}

{{- define "bindguard.metadata" -}}
name: {{ .Values.name | quote }}
namespace: {{ .Release.Namespace | quote }}
labels:
  {{- include "bindguard.labels" . | nindent 2 }}
{{- end }}

{{- define "bindguard.clusterMetadata" -}}
name: {{ .Values.name | quote }}
labels:
  {{- include "bindguard.labels" . | nindent 2 }}
{{- end }}

{{/* A first part with a dot or a colon is a registry, as container runtimes read it. */}}
{{- define "bindguard.image" -}}
{{- $repository := .Values.image.repository -}}
{{- with .Values.image.registry | default (.Values.global).imageRegistry -}}
{{- $repository = printf "%s/%s" . (regexReplaceAll "^([^/]*[.:][^/]*|localhost)/" $repository "") -}}
{{- end -}}
{{- with .Values.image -}}
{{- if .digest }}{{ $repository }}@{{ .digest }}{{ else }}{{ $repository }}:{{ .tag | default $.Chart.AppVersion }}{{ end -}}
{{- end -}}
{{- end }}

{{/* The name that the API server asks for. */}}
{{- define "bindguard.serverName" -}}
{{ .Values.name }}.{{ .Release.Namespace }}.svc
{{- end }}

{{- define "bindguard.secretName" -}}
{{- if eq .Values.certificates.mode "provided" -}}
{{ required "certificates.provided.secretName: name the Secret that holds the certificate" .Values.certificates.provided.secretName }}
{{- else -}}
{{ .Values.name }}-tls
{{- end -}}
{{- end }}

{{/* "true" when an action is asked for; YAML reads a bare off as false. */}}
{{- define "bindguard.mutatesPods" -}}
{{- if not (has (toString .Values.config.overhead) (list "off" "false")) }}true{{ end -}}
{{- end }}

{{- define "bindguard.validatesPods" -}}
{{- if has (toString .Values.config.validatePods) (list "warn" "deny") }}true{{ end -}}
{{- end }}

{{/* Drain, then the longest review that may have come in meanwhile, then the 30 s that the server gives to what is in flight. */}}
{{- define "bindguard.gracePeriod" -}}
{{- $v := .Values -}}
{{- $longest := max $v.validation.timeoutSeconds $v.advice.timeoutSeconds $v.podMutation.timeoutSeconds $v.podValidation.timeoutSeconds -}}
{{ add (ceil $v.config.drainSeconds) $longest 30 }}
{{- end }}
