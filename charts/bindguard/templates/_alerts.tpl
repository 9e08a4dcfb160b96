{{/* Each alert has its entry in docs/alerts.md. Metrics named apiserver_* are the API server's own: it alone sees the calls that failed. */}}
{{- define "bindguard.alerts" -}}
{{- $managed := eq .root.Values.certificates.mode "managed" -}}
- alert: BindguardDown
  expr: absent(bindguard_build_info{ {{- .own -}} })
  for: 5m
  severity: critical
  summary: No pod of Bindguard is seen by Prometheus.
- alert: BindguardNotReady
  expr: kube_deployment_status_replicas_unavailable{ {{- .own -}} ,deployment="{{ .root.Values.name }}"} > 0
  for: 15m
  severity: warning
  summary: A pod of Bindguard cannot answer reviews.
- alert: BindguardRestarting
  expr: max(changes(process_start_time_seconds{ {{- .own -}} }[1h])) > 2
  for: 5m
  severity: warning
  summary: A pod of Bindguard ends and starts again and again.
- alert: BindguardCallsFailing
  expr: sum(rate(apiserver_admission_webhook_rejection_count{name=~".*[.]bindguard[.]io",error_type="calling_webhook_error"}[5m])) > 0
  for: 2m
  severity: critical
  summary: The API server refuses requests because it gets no answer from Bindguard.
- alert: BindguardFailingOpen
  expr: sum(rate(apiserver_admission_webhook_fail_open_count{name=~".*[.]bindguard[.]io"}[5m])) > 0
  for: 5m
  severity: warning
  summary: The API server lets objects pass unjudged because it gets no answer from Bindguard.
- alert: BindguardErrors
  expr: sum(rate(bindguard_requests_total{ {{- .own -}} ,decision="error",code=~"5.."}[5m])) > 0
  for: 5m
  severity: critical
  summary: Bindguard answers reviews with errors of its own.
- alert: BindguardOverloaded
  expr: sum(rate(bindguard_requests_total{ {{- .own -}} ,decision="error",code="429"}[5m])) > 0
  for: 5m
  severity: warning
  summary: Bindguard turns reviews away because too many come at one time.
- alert: BindguardConnectionsTurnedAway
  expr: sum by (port, reason) (rate(bindguard_connections_turned_away_total{ {{- .own -}} }[5m])) > 1
  for: 5m
  severity: warning
  summary: Bindguard closes connections to make room for others; somebody opens far more than an API server does.
- alert: BindguardSlow
  expr: histogram_quantile(0.99, sum by (le, endpoint) (rate(bindguard_request_duration_seconds_bucket{ {{- .own -}} }[5m]))) > 1
  for: 10m
  severity: warning
  summary: One review in a hundred takes longer than a second.
- alert: BindguardRegistryStale
  expr: max(bindguard_registry_age_seconds{ {{- .own -}} }) > 600
  for: 5m
  severity: warning
  summary: A pod of Bindguard judges by a registry that nobody has confirmed for ten minutes.
- alert: BindguardRegistryProblem
  expr: max(bindguard_registry_problem{ {{- .own -}} }) == 1
  for: 10m
  severity: warning
  summary: A pod of Bindguard judges by a registry that may not be what the cluster says.
- alert: BindguardWatchRestarting
  expr: sum(rate(bindguard_registry_watch_restarts_total{ {{- .own -}} ,reason!="ended"}[15m])) > 0.05
  for: 15m
  severity: warning
  summary: The watch of the KubeVirt CR keeps breaking.
- alert: BindguardCertificateExpiring
  expr: min(bindguard_certificate_expiry_timestamp_seconds{ {{- .own -}} } > 0) - time() < 14 * 86400
  for: 1h
  severity: warning
  summary: The certificate that Bindguard serves expires within two weeks; it should have been renewed by now.
- alert: BindguardCertificateExpired
  expr: min(bindguard_certificate_expiry_timestamp_seconds{ {{- .own -}} } > 0) - time() < 2 * 86400
  for: 5m
  severity: critical
  summary: The certificate that Bindguard serves expires within two days, or has expired.
- alert: BindguardCertificateRefused
  expr: max(bindguard_certificate_problem{ {{- .own -}} }) == 1
  for: 10m
  severity: warning
  summary: A new certificate cannot be served; the one of before stays in service.
{{- if $managed }}
- alert: BindguardNoCertificateLeader
  expr: sum(bindguard_certificate_leader{ {{- .own -}} }) < 1
  for: 15m
  severity: warning
  summary: No pod of Bindguard looks after the certificate and the caBundle.
- alert: BindguardCertificateLeaderStuck
  expr: max(bindguard_certificate_leader_problem{ {{- .own -}} }) == 1
  for: 15m
  severity: warning
  summary: The pod that looks after the certificate cannot do what is next.
- alert: BindguardCAExpiring
  expr: min(bindguard_ca_expiry_timestamp_seconds{ {{- .own -}} } > 0) - time() < 90 * 86400
  for: 1h
  severity: warning
  summary: The CA of Bindguard's certificate expires within ninety days; it should have been replaced by now.
- alert: BindguardCABundleContested
  expr: sum(increase(bindguard_ca_bundle_repairs_total{ {{- .own -}} }[1h])) > 3
  for: 0m
  severity: warning
  summary: Somebody keeps overwriting the caBundle that Bindguard writes.
{{- end }}
{{- end }}
