{{/* bindguard.yaml: what the values say, and what follows from the chart's other objects. Empty values are the server's defaults. */}}
{{- define "bindguard.config" -}}
{{- $written := dict -}}
{{- range $key, $value := .Values.config -}}
{{- if not (or (kindIs "invalid" $value) (eq (toString $value) "")) -}}
{{- $_ := set $written $key $value -}}
{{- end -}}
{{- end -}}
{{- if .Values.audit -}}
{{- $rules := dict "*" "warn" -}}
{{- range $entry, $action := .Values.config.rules -}}
{{- $_ := set $rules $entry (ternary "warn" $action (eq (toString $action) "deny")) -}}
{{- end -}}
{{- $_ := set $written "rules" $rules -}}
{{- if eq (toString .Values.config.validatePods) "deny" -}}
{{- $_ := set $written "validatePods" "warn" -}}
{{- end -}}
{{- end -}}
{{- $wired := dict "cluster" true "port" .Values.port "operationsPort" .Values.operationsPort "stateDirectory" "/var/lib/bindguard" -}}
{{- $_ := set $wired "webhookConfiguration" .Values.name -}}
{{- $_ := set $wired "tlsNames" (list (include "bindguard.serverName" .)) -}}
{{- if .Values.supplementary -}}
{{- $_ := set $wired "supplementary" "supplementary.yaml" -}}
{{- end -}}
{{- if eq .Values.certificates.mode "managed" -}}
{{- $names := dict "managedNamespace" .Release.Namespace "managedSecret" (include "bindguard.secretName" .) "managedLease" .Values.name -}}
{{- $_ := merge $wired (dict "managed" true) $names -}}
{{- else -}}
{{- $_ := set $wired "tlsCert" (printf "/etc/bindguard-tls/%s" (include "bindguard.certKey" .)) -}}
{{- $_ := set $wired "tlsKey" (printf "/etc/bindguard-tls/%s" (include "bindguard.keyKey" .)) -}}
{{- end -}}
{{- with .Values.clientCa -}}
{{- if .configMap -}}
{{- $_ := set $wired "clientCa" (printf "/etc/bindguard-client-ca/%s" .key) -}}
{{- $_ := set $wired "clientNames" .names -}}
{{- end -}}
{{- end -}}
{{- toYaml (merge $wired $written) -}}
{{- end }}

{{- define "bindguard.certKey" -}}
{{- ternary .Values.certificates.provided.certKey "tls.crt" (eq .Values.certificates.mode "provided") -}}
{{- end }}

{{- define "bindguard.keyKey" -}}
{{- ternary .Values.certificates.provided.keyKey "tls.key" (eq .Values.certificates.mode "provided") -}}
{{- end }}

{{/* The files of the ConfigMap; pods carry their checksum, so that a change rolls them. */}}
{{- define "bindguard.configData" -}}
bindguard.yaml: |
  {{- include "bindguard.config" . | nindent 2 }}
{{- with .Values.supplementary }}
supplementary.yaml: |
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
