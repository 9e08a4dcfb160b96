{{- define "bindguard.matchesByCondition" -}}
{{- $asked := .Values.webhooks.matchConditions -}}
{{- if or (eq (toString $asked) "true") (and (eq (toString $asked) "auto") (semverCompare ">=1.28.0-0" .Capabilities.KubeVersion.Version)) }}true{{ end -}}
{{- end }}

{{/* Where the API server calls. No caBundle unless one is given: in the mode managed the server writes it, with certManager its injector,
     and a field that the chart does not render is one that an upgrade does not take away. */}}
{{- define "bindguard.clientConfig" -}}
{{- $root := index . 0 -}}
{{- $certificates := $root.Values.certificates -}}
service:
  name: {{ $root.Values.name | quote }}
  namespace: {{ $root.Release.Namespace | quote }}
  path: {{ index . 1 }}
  port: {{ $root.Values.service.port }}
{{- if and (eq $certificates.mode "provided") $certificates.provided.caBundle }}
caBundle: {{ $certificates.provided.caBundle | quote }}
{{- end }}
{{- end }}

{{- define "bindguard.webhookAnnotations" -}}
{{- $annotations := deepCopy .Values.webhooks.annotations -}}
{{- if eq .Values.certificates.mode "certManager" -}}
{{- $_ := set $annotations "cert-manager.io/inject-ca-from" (printf "%s/%s" .Release.Namespace (include "bindguard.secretName" .)) -}}
{{- end -}}
{{- with $annotations }}{{ toYaml . }}{{ end -}}
{{- end }}

{{- define "bindguard.namespaceSelector" -}}
{{- $excluded := concat (list "kube-system" .Release.Namespace) .Values.webhooks.excludeNamespaces | uniq -}}
{{- $own := dict "key" "kubernetes.io/metadata.name" "operator" "NotIn" "values" $excluded -}}
{{- $expressions := list $own -}}
{{- if eq .Values.webhooks.namespaces "optOut" -}}
{{- $expressions = append $expressions (dict "key" "bindguard.io/admission" "operator" "NotIn" "values" (list "disabled")) -}}
{{- else if eq .Values.webhooks.namespaces "optIn" -}}
{{- $expressions = append $expressions (dict "key" "bindguard.io/admission" "operator" "In" "values" (list "enabled")) -}}
{{- end -}}
{{- $more := .Values.webhooks.namespaceSelector -}}
{{- with $more.matchLabels }}
matchLabels:
  {{- toYaml . | nindent 2 }}
{{- end }}
matchExpressions:
  {{- toYaml (concat $expressions ($more.matchExpressions | default list)) | nindent 2 }}
{{- end }}

{{/* The API server skips what cannot matter, so that controllers can go on with it while nobody answers. */}}
{{- define "bindguard.objectConditions" -}}
- name: not-being-deleted
  expression: "!has(object.metadata.deletionTimestamp)"
- name: spec-changed
  expression: >-
    request.operation != 'UPDATE' || !has(object.spec) || !has(oldObject.spec) || object.spec != oldObject.spec
{{- end }}

{{/* VMIs have no status subresource: every heartbeat of a VM is an UPDATE of its VMI. Guards, as a CEL error would be a refusal. */}}
{{- define "bindguard.vmiCondition" -}}
- name: vmi-interfaces-or-networks-changed
  expression: >-
    request.operation != 'UPDATE' || request.resource.resource != 'virtualmachineinstances' ||
    [[object, oldObject].map(vmi, [
    has(vmi.spec) && vmi.spec != null && has(vmi.spec.domain) && vmi.spec.domain != null &&
    has(vmi.spec.domain.devices) && vmi.spec.domain.devices != null && has(vmi.spec.domain.devices.interfaces)
    ? vmi.spec.domain.devices.interfaces : [],
    has(vmi.spec) && vmi.spec != null && has(vmi.spec.networks) ? vmi.spec.networks : []
    ])].exists(sides, sides[0] != sides[1])
{{- end }}
