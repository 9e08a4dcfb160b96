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

{{/* From (list root names-to-arm). */}}
{{- define "bindguard.webhookAnnotations" -}}
{{- $root := index . 0 -}}{{- $toArm := index . 1 -}}
{{- $annotations := deepCopy $root.Values.webhooks.annotations -}}
{{- if eq $root.Values.certificates.mode "certManager" -}}
{{- $_ := set $annotations "cert-manager.io/inject-ca-from" (printf "%s/%s" $root.Release.Namespace (include "bindguard.secretName" $root)) -}}
{{- end -}}
{{- with $toArm }}{{ $_ := set $annotations "bindguard.io/arm" . }}{{ end -}}
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

{{/* failurePolicy of a webhook, from (list root kind webhook wanted). Nothing fails closed before somebody answers: Fail is rendered as Ignore until
     the server has armed the webhook (mode managed: annotation bindguard.io/arm), or until a pod is ready (other modes: the next upgrade arms it).
     What is armed stays so. In audit mode nothing fails closed. `helm template` looks nothing up: with webhooks.armWhenReady false the policies are rendered as they are. */}}
{{- define "bindguard.failurePolicy" -}}
{{- $root := index . 0 -}}{{- $kind := index . 1 -}}{{- $name := index . 2 -}}{{- $wanted := index . 3 -}}
{{- if $root.Values.audit -}}
Ignore
{{- else if or (ne $wanted "Fail") (not $root.Values.webhooks.armWhenReady) (include "bindguard.isArmed" (list $root $kind $name)) -}}
{{ $wanted }}
{{- else -}}
Ignore
{{- end -}}
{{- end }}

{{- define "bindguard.isArmed" -}}
{{- $root := index . 0 -}}
{{- if eq $root.Values.certificates.mode "managed" -}}
{{- $live := lookup "admissionregistration.k8s.io/v1" (index . 1) "" $root.Values.name | default dict -}}
{{- range $live.webhooks -}}
{{- if and (eq .name (index $ 2)) (eq (.failurePolicy | default "") "Fail") }}true{{ end -}}
{{- end -}}
{{- else -}}
{{- $deployment := lookup "apps/v1" "Deployment" $root.Release.Namespace $root.Values.name | default dict -}}
{{- if gt (int (($deployment.status | default dict).readyReplicas | default 0)) 0 }}true{{ end -}}
{{- end -}}
{{- end }}

{{/* Names of the webhooks that the server arms, from (list root kind (dict name wanted ...)); empty where there is nothing to arm. */}}
{{- define "bindguard.toArm" -}}
{{- $root := index . 0 -}}{{- $kind := index . 1 -}}
{{- $names := list -}}
{{- if and (eq $root.Values.certificates.mode "managed") (not $root.Values.audit) -}}
{{- range $name, $wanted := index . 2 -}}
{{- if and (eq $wanted "Fail") (eq (include "bindguard.failurePolicy" (list $root $kind $name $wanted)) "Ignore") -}}
{{- $names = append $names $name -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{ join "," $names }}
{{- end }}

{{- define "bindguard.validatingPolicies" -}}
{{- $policies := dict "validate.bindguard.io" .Values.validation.failurePolicy -}}
{{- if .Values.advice.enabled }}{{ $_ := set $policies "advice.validate.bindguard.io" .Values.advice.failurePolicy }}{{ end -}}
{{- if include "bindguard.validatesPods" . }}{{ $_ := set $policies "pods.validate.bindguard.io" .Values.podValidation.failurePolicy }}{{ end -}}
{{ toYaml $policies }}
{{- end }}

{{/* The API server skips what cannot matter, so that controllers can go on with it while nobody answers. */}}
{{- define "bindguard.objectConditions" -}}
- name: not-being-deleted
  expression: "!has(object.metadata.deletionTimestamp)"
- name: spec-changed
  expression: >-
    request.operation != 'UPDATE' || !has(object.spec) || !has(oldObject.spec) || object.spec != oldObject.spec
{{- end }}

{{/* What a denial can depend on, and no more: KubeVirt's own webhook adds defaults to a VM's spec at its first UPDATE after an upgrade, and
     `virtctl stop` changes runStrategy; neither may wait for us. VMIs have no status subresource: every heartbeat of a VM is an UPDATE of its VMI.
     Guards, as a CEL error would be a refusal. A test holds the fields to those that rules read. */}}
{{- define "bindguard.networkCondition" -}}
- name: not-being-deleted
  expression: "!has(object.metadata.deletionTimestamp)"
- name: network-changed
  expression: >-
    request.operation != 'UPDATE' ||
    [[object, oldObject]
    .map(o, has(o.spec) && o.spec != null ? o.spec : {})
    .map(s, request.resource.resource != 'virtualmachinepools' ? s :
    has(s.virtualMachineTemplate) && s.virtualMachineTemplate != null &&
    has(s.virtualMachineTemplate.spec) && s.virtualMachineTemplate.spec != null ? s.virtualMachineTemplate.spec : {})
    .map(s, [dyn(has(s.preference) && s.preference != null),
    dyn(request.resource.resource == 'virtualmachineinstances' ? s :
    has(s.template) && s.template != null && has(s.template.spec) && s.template.spec != null ? s.template.spec : {})])
    .map(v, [v[0],
    has(v[1].domain) && v[1].domain != null && has(v[1].domain.devices) && v[1].domain.devices != null &&
    has(v[1].domain.devices.interfaces) && v[1].domain.devices.interfaces != null ? dyn(v[1].domain.devices.interfaces) : dyn([]),
    has(v[1].domain) && v[1].domain != null && has(v[1].domain.devices) && v[1].domain.devices != null &&
    has(v[1].domain.devices.autoattachPodInterface) && v[1].domain.devices.autoattachPodInterface != null ? dyn(v[1].domain.devices.autoattachPodInterface) : dyn(true),
    has(v[1].domain) && v[1].domain != null && has(v[1].domain.launchSecurity) && v[1].domain.launchSecurity != null
    ? dyn(v[1].domain.launchSecurity) : dyn({}),
    has(v[1].livenessProbe) && v[1].livenessProbe != null ? dyn(v[1].livenessProbe) : dyn({}),
    has(v[1].readinessProbe) && v[1].readinessProbe != null ? dyn(v[1].readinessProbe) : dyn({}),
    has(v[1].networks) && v[1].networks != null ? dyn(v[1].networks) : dyn([]),
    has(v[1].resourceClaims) && v[1].resourceClaims != null ? dyn(v[1].resourceClaims) : dyn([]),
    has(v[1].evictionStrategy) && v[1].evictionStrategy != null ? dyn(v[1].evictionStrategy) : dyn(''),
    has(v[1].subdomain) && v[1].subdomain != null ? dyn(v[1].subdomain) : dyn('')])
    ].exists(sides, sides[0] != sides[1])
{{- end }}

{{/* A VMI that KubeVirt itself creates is that of a VM, replica set or pool, which was asked about before: a VM that is restarted must come back. */}}
{{- define "bindguard.startedByKubeVirt" -}}
request.operation == 'CREATE' && request.resource.resource == 'virtualmachineinstances' &&
request.userInfo.username.matches('^system:serviceaccount:[^:]+:kubevirt-controller$')
{{- end }}
