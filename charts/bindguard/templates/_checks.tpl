{{/* What a JSON schema cannot say: values that do not go together. */}}
{{- define "bindguard.checks" -}}
{{- with .Values.autoscaling -}}
{{- if and .enabled (gt (int .minReplicas) (int .maxReplicas)) -}}
{{- fail (printf "autoscaling.minReplicas: %d is more than autoscaling.maxReplicas, %d" (int .minReplicas) (int .maxReplicas)) -}}
{{- end -}}
{{- end -}}
{{- if eq (int .Values.port) (int .Values.operationsPort) -}}
{{- fail (printf "port and operationsPort: both are %d; each needs a number of its own" (int .Values.port)) -}}
{{- end -}}
{{- if and (eq (toString .Values.dnsPolicy) "None") (not (.Values.dnsConfig).nameservers) -}}
{{- fail "dnsPolicy: None needs an address in dnsConfig.nameservers" -}}
{{- end -}}
{{- if and (eq (toString .Values.webhooks.matchConditions) "true") (semverCompare "<1.27.0-0" .Capabilities.KubeVersion.Version) -}}
{{- fail (printf "webhooks.matchConditions: Kubernetes %s has none, and would send each status write of a VMI; use auto or false" .Capabilities.KubeVersion.Version) -}}
{{- end -}}
{{- end }}
