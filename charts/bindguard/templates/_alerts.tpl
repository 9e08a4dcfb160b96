{{/* Each alert has its entry in docs/alerts.md. Metrics named apiserver_* are the API server's own: it alone sees the calls that failed. */}}
{{- define "bindguard.alerts" -}}
{{- $managed := eq .root.Values.certificates.mode "managed" -}}
- alert: BindguardDown
  expr: absent(bindguard_build_info{ {{- .own -}} })
  for: 5m
  severity: critical
  summary: No pod of Bindguard is seen by Prometheus.
  description: "With failurePolicy Fail nobody can create, change or start VMs. See why no pod runs, or why Prometheus does not reach them."
{{- if $managed }}
- alert: BindguardBreakGlass
  expr: max(bindguard_break_glass{ {{- .own -}} }) > 0
  for: 1m
  severity: warning
  summary: The webhooks of Bindguard were switched to fail open, or removed, by bindguard break-glass.
  description: "VMs with mistakes may be admitted. The annotation bindguard.io/break-glass of the webhook configurations says who did it, when and why."
{{- end }}
- alert: BindguardNotReady
  expr: kube_deployment_status_replicas_unavailable{ {{- .own -}} ,deployment="{{ .root.Values.name }}"} > 0
  for: 15m
  severity: warning
  summary: A pod of Bindguard cannot answer reviews.
  description: "The other pods answer; with none left VMs cannot be created or started. Ask bindguard doctor which check fails."
- alert: BindguardRestarting
  expr: max by (pod) (changes(process_start_time_seconds{ {{- .own -}} }[1h])) > 2
  for: 5m
  severity: warning
  summary: A pod of Bindguard ends and starts again and again.
  description: "Reviews that the pod held are lost, and users may see timeouts. Read the log of the container before, with kubectl logs --previous."
- alert: BindguardCallsFailing
  expr: sum(rate(apiserver_admission_webhook_rejection_count{name=~".*[.]bindguard[.]io",error_type="calling_webhook_error"}[5m])) > 0
  for: 2m
  severity: critical
  summary: The API server refuses requests because it gets no answer from Bindguard.
  description: "Users see 'failed calling webhook' when they create, change or start VMs. Check pods, Service, network policies and caBundle with bindguard doctor."
- alert: BindguardFailingOpen
  expr: sum(rate(apiserver_admission_webhook_fail_open_count{name=~".*[.]bindguard[.]io"}[5m])) > 0
  for: 5m
  severity: warning
  summary: The API server lets objects pass unchecked because it gets no answer from Bindguard.
  description: "Nobody is refused, but mistakes pass, and launcher pods may start short of memory. Check with bindguard doctor why calls fail."
- alert: BindguardErrors
  expr: sum by (pod) (rate(bindguard_requests_total{ {{- .own -}} ,decision="error",code=~"5.."}[5m])) > 0
  for: 5m
  severity: critical
  summary: Bindguard answers reviews with errors of its own.
  description: "Users see an internal error when they create or change VMs. The log line 'internal error' of the pod has the traceback."
- alert: BindguardOverloaded
  expr: sum by (pod) (rate(bindguard_requests_total{ {{- .own -}} ,decision="error",code="429"}[5m])) > 0
  for: 5m
  severity: warning
  summary: Bindguard turns reviews away because too many come at one time.
  description: "Users see failed or slow requests. Find who sends so many, or give more replicas."
- alert: BindguardConnectionsTurnedAway
  expr: sum by (port, reason, pod) (rate(bindguard_connections_turned_away_total{ {{- .own -}} }[5m])) > 1
  for: 5m
  severity: warning
  summary: Bindguard closes connections to make room for others; somebody opens far more than an API server does.
  description: "Nobody notices as long as reviews and probes are answered. Find out what opens so many connections, and keep it out with a NetworkPolicy."
- alert: BindguardSlow
  expr: histogram_quantile(0.99, sum by (le, endpoint, pod) (rate(bindguard_request_duration_seconds_bucket{ {{- .own -}} }[5m]))) > 1
  for: 10m
  severity: warning
  summary: One review in a hundred takes longer than a second.
  description: "Every kubectl apply of a VM waits. Look at the pod's CPU and at the API server's latency."
- alert: BindguardRegistryStale
  expr: max by (pod) (bindguard_registry_age_seconds{ {{- .own -}} }) > 600
  for: 5m
  severity: warning
  summary: A pod of Bindguard checks against a registry that nobody has confirmed for ten minutes.
  description: "VMs may be denied or passed by an old list of plugins. See why the pod does not reach the API server."
- alert: BindguardRegistryProblem
  expr: max by (pod) (bindguard_registry_problem{ {{- .own -}} }) == 1
  for: 10m
  severity: warning
  summary: A pod of Bindguard checks against a registry that may not be what the cluster says.
  description: "Plugins that were registered lately may be unknown. The log and /readyz tell the problem."
- alert: BindguardWatchRestarting
  expr: sum by (pod) (rate(bindguard_registry_watch_restarts_total{ {{- .own -}} ,reason!="ended"}[15m])) > 0.05
  for: 15m
  severity: warning
  summary: The watch of the KubeVirt CR keeps breaking.
  description: "New plugins are known later than usual. Look at the API server and at proxies before it."
- alert: BindguardCertificateExpiring
  expr: min by (pod) (bindguard_certificate_expiry_timestamp_seconds{ {{- .own -}} } > 0) - time() < 14 * 86400
  for: 1h
  severity: warning
  summary: The certificate that Bindguard serves expires within two weeks; it should have been renewed by now.
  description: "Nobody notices yet. Renewal does not work: look at the certificate's controller or your issuer."
- alert: BindguardCertificateExpired
  expr: min by (pod) (bindguard_certificate_expiry_timestamp_seconds{ {{- .own -}} } > 0) - time() < 2 * 86400
  for: 5m
  severity: critical
  summary: The certificate that Bindguard serves expires within two days, or has expired.
  description: 'All calls fail once it has expired: with failurePolicy Fail nobody can create or start VMs. Renew it now.'
- alert: BindguardCertificateRefused
  expr: max by (pod) (bindguard_certificate_problem{ {{- .own -}} }) == 1
  for: 10m
  severity: warning
  summary: A new certificate cannot be served; the one of before stays in service.
  description: "Nobody notices until the certificate in service expires. The log says what is wrong with the new one."
{{- if $managed }}
- alert: BindguardNoCertificateLeader
  expr: sum(bindguard_certificate_leader{ {{- .own -}} }) < 1
  for: 15m
  severity: warning
  summary: No pod of Bindguard looks after the certificate and the caBundle.
  description: "Nobody notices until a certificate must be renewed or a caBundle repaired. See whether pods may write the Lease."
- alert: BindguardCertificateLeaderStuck
  expr: max by (pod) (bindguard_certificate_leader_problem{ {{- .own -}} }) == 1
  for: 15m
  severity: warning
  summary: The pod that looks after the certificate cannot do what is next.
  description: "Nobody notices until a certificate must be renewed or a caBundle repaired. The leader's log says what it may not or cannot do."
- alert: BindguardCAExpiring
  expr: min by (pod) (bindguard_ca_expiry_timestamp_seconds{ {{- .own -}} } > 0) - time() < 90 * 86400
  for: 1h
  severity: warning
  summary: The CA of Bindguard's certificate expires within ninety days; it should have been replaced by now.
  description: "Nobody notices yet. All calls fail when it expires; look at the leader's log."
- alert: BindguardCABundleContested
  expr: sum(increase(bindguard_ca_bundle_repairs_total{ {{- .own -}} }[1h])) > 3
  for: 0m
  severity: warning
  summary: Somebody keeps overwriting the caBundle that Bindguard writes.
  description: "Calls fail for moments after each overwriting. Find who writes the webhook configurations, often a GitOps tool."
{{- end }}
{{- end }}
