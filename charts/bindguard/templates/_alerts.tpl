{{/* Each alert has its section in docs/alerts.md, whose first sentence of "Users notice" is the begin of its description. Metrics named apiserver_* are
     the API server's own: it alone sees the calls that failed. */}}
{{- define "bindguard.alerts" -}}
{{- $managed := eq .root.Values.certificates.mode "managed" -}}
- alert: BindguardDown
  expr: absent(bindguard_build_info{ {{- .own -}} })
  for: 5m
  severity: critical
  summary: "Prometheus sees no pod of Bindguard."
  description: "If no pod answers and failurePolicy is Fail, users cannot create VMs or change their networks. See why no pod runs, or why Prometheus does not reach the pods."
{{- if $managed }}
- alert: BindguardBreakGlass
  expr: max(bindguard_break_glass{ {{- .own -}} }) > 0
  for: 1m
  severity: warning
  summary: "The webhooks of Bindguard were switched to fail open, or removed, by bindguard break-glass."
  description: "VMs with mistakes may be accepted, and do not start. The annotation bindguard.io/break-glass of the webhook configurations says who did it, when and why."
{{- end }}
- alert: BindguardNotReady
  expr: kube_deployment_status_replicas_unavailable{ {{- .own -}} ,deployment="{{ .root.Values.name }}"} > 0
  for: 15m
  severity: warning
  summary: "A pod of Bindguard is not ready."
  description: "Nothing as long as another pod is ready. When none is left, it is as with BindguardDown. kubectl get pods shows which pod; bindguard doctor shows which check fails."
- alert: BindguardRestarting
  expr: max by (pod) (changes(process_start_time_seconds{ {{- .own -}} }[1h])) > 2
  for: 5m
  severity: warning
  summary: "A pod of Bindguard restarts again and again."
  description: "Reviews that the pod was answering fail; users may see errors or timeouts, and succeed when they try again. kubectl logs --previous shows why it ended."
- alert: BindguardCallsFailing
  expr: sum(rate(apiserver_admission_webhook_rejection_count{name=~".*[.]bindguard[.]io",error_type="calling_webhook_error"}[5m])) > 0
  for: 2m
  severity: critical
  summary: "The API server refuses requests because it cannot call Bindguard."
  description: "Users see 'failed calling webhook' when they create a VM or change its network. Run bindguard doctor: its dry run shows the error and what to do."
- alert: BindguardFailingOpen
  expr: sum(rate(apiserver_admission_webhook_fail_open_count{name=~".*[.]bindguard[.]io"}[5m])) > 0
  for: 5m
  severity: warning
  summary: "The API server cannot call Bindguard and accepts objects unchecked."
  description: "Nothing at once. VMs with mistakes are accepted and do not start, and launcher pods may start with too little memory. Run bindguard doctor to find out why calls fail."
- alert: BindguardErrors
  expr: sum by (pod) (rate(bindguard_requests_total{ {{- .own -}} ,decision="error",code=~"5.."}[5m])) > 0
  for: 5m
  severity: critical
  summary: "A pod of Bindguard answers reviews with errors of its own."
  description: "Users see an internal error when they create or change a VM. The line 'internal error' in the pod's log has the exception."
- alert: BindguardOverloaded
  expr: sum by (pod) (rate(bindguard_requests_total{ {{- .own -}} ,decision="error",code="429"}[5m])) > 0
  for: 5m
  severity: warning
  summary: "A pod of Bindguard refuses reviews because too many come at a time."
  description: "Some requests fail or are slow. With failurePolicy Ignore, some objects are accepted unchecked. Find who sends so many reviews, or give more replicas."
- alert: BindguardConnectionsTurnedAway
  expr: sum by (port, reason, pod) (rate(bindguard_connections_turned_away_total{ {{- .own -}} }[5m])) > 1
  for: 5m
  severity: warning
  summary: "A pod of Bindguard closes connections to make room for others."
  description: "Nothing as long as reviews and probes are answered. Find the client that opens so many connections, and keep it out with a NetworkPolicy."
- alert: BindguardSlow
  expr: histogram_quantile(0.99, sum by (le, endpoint, pod) (rate(bindguard_request_duration_seconds_bucket{ {{- .own -}} }[5m]))) > 1
  for: 10m
  severity: warning
  summary: "One review in a hundred takes a pod of Bindguard longer than a second."
  description: "Creating a VM, or changing its network, is slow. After the timeout of the webhook (5 s) it fails. Look at the CPU of the pod and at the API server's latency."
- alert: BindguardLogLinesDropped
  expr: sum by (pod) (increase(bindguard_log_lines_dropped_total{ {{- .own -}} }[10m])) > 0
  for: 0m
  severity: warning
  summary: "A pod of Bindguard drops log lines."
  description: "Nothing: reviews never wait for the log. Lines that explain a later fault may be missing. See why the log of the pod is not read."
- alert: BindguardRegistryStale
  expr: max by (pod) (bindguard_registry_age_seconds{ {{- .own -}} }) > 600
  for: 5m
  severity: warning
  summary: "A pod of Bindguard has not heard of the KubeVirt CR for ten minutes."
  description: "Little. VMs with a plugin that was registered since may get a warning where they would be checked. See why the pod does not reach the API server."
- alert: BindguardRegistryProblem
  expr: max by (pod) (bindguard_registry_problem{ {{- .own -}} }) == 1
  for: 10m
  severity: warning
  summary: "A pod of Bindguard checks against a registry that may be out of date."
  description: "VMs with a plugin that was registered lately may be denied or get a warning. The log and /readyz say why."
- alert: BindguardWatchRestarting
  expr: sum by (pod) (increase(bindguard_registry_watch_restarts_total{ {{- .own -}} ,reason!="ended"}[5m])) > 5
  for: 15m
  severity: warning
  summary: "The watch of the KubeVirt CR breaks again and again in a pod of Bindguard."
  description: "Nothing, or new plugins are known some seconds later. Look at the label reason, at the API server and at proxies before it."
- alert: BindguardCertificateExpiring
  expr: min by (pod) (bindguard_certificate_expiry_timestamp_seconds{ {{- .own -}} } > 0) - time() < 14 * 86400
  for: 1h
  severity: warning
  summary: "The certificate of a pod of Bindguard expires within two weeks."
  description: "Nothing yet. See why it is not renewed: the leader's log, cert-manager, or your issuer."
- alert: BindguardCertificateExpired
  expr: min by (pod) (bindguard_certificate_expiry_timestamp_seconds{ {{- .own -}} } > 0) - time() < 2 * 86400
  for: 5m
  severity: critical
  summary: "The certificate of a pod of Bindguard expires within two days, or has expired."
  description: "Nothing until it has expired. Then every call fails, as with BindguardCallsFailing. Renew it now."
- alert: BindguardCertificateRefused
  expr: max by (pod) (bindguard_certificate_problem{ {{- .own -}} }) == 1
  for: 10m
  severity: warning
  summary: "A pod of Bindguard cannot use its new certificate."
  description: "Nothing until the certificate in use expires. The pod's log says what is wrong with the new one."
{{- if $managed }}
- alert: BindguardNoCertificateLeader
  expr: sum(bindguard_certificate_leader{ {{- .own -}} }) < 1
  for: 15m
  severity: warning
  summary: "No pod of Bindguard manages the certificate."
  description: "Nothing until the certificate must be renewed, or somebody overwrites the caBundle. See whether pods may write the Lease."
- alert: BindguardCertificateLeaderStuck
  expr: max by (pod) (bindguard_certificate_leader_problem{ {{- .own -}} }) == 1
  for: 15m
  severity: warning
  summary: "The leading pod of Bindguard cannot manage the certificate."
  description: "Nothing until the certificate must be renewed, or somebody overwrites the caBundle. The leader's log says what it may not or cannot do."
- alert: BindguardCAExpiring
  expr: min by (pod) (bindguard_ca_expiry_timestamp_seconds{ {{- .own -}} } > 0) - time() < 90 * 86400
  for: 1h
  severity: warning
  summary: "The CA of Bindguard's certificate expires within ninety days."
  description: "Nothing yet. When the CA has expired, every call fails. See the leader's log."
- alert: BindguardCABundleContested
  expr: sum(increase(bindguard_ca_bundle_repairs_total{ {{- .own -}} }[1h])) > 3
  for: 0m
  severity: warning
  summary: "Somebody keeps overwriting the caBundle that Bindguard writes."
  description: "For some seconds after each overwrite, users see 'x509: certificate signed by unknown authority'. Find who writes the webhook configurations, often a GitOps tool."
{{- end }}
{{- end }}
