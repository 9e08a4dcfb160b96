"""Each way to hang that is known, as sets of objects, and VMs that do not hang."""

from typing import Any

import pytest

from tests.why.objects import SINCE, condition, event, pod, situation, vm, vmi, waiting
from webhook.plugins.registry import unknown_registry
from webhook.why.diagnosis import ADMIN, Cause, Diagnosis, VMState, diagnose

NO_POD = "failed to render launch manifest: "
SANDBOX = "FailedCreatePodSandBox"


def first(diagnosis: Diagnosis) -> Cause:
    """The obstacle that comes first, of a VM that is held up."""
    assert diagnosis.state is VMState.HELD_UP, diagnosis
    return diagnosis.causes[0]


def no_pod(of: dict[str, Any], message: str, **fields: Any) -> Cause:
    failed = condition("Synchronized", "False", message, "FailedCreate")
    return first(diagnose(situation(of, vmi=vmi(of, "Pending", failed), **fields)))


def unstarted(of: dict[str, Any], launcher: dict[str, Any], *events: dict[str, Any], **fields: Any) -> Cause:
    return first(diagnose(situation(of, vmi=vmi(of, "Scheduling"), pods=[launcher], events=events, **fields)))


@pytest.mark.parametrize("word", ["binding", "bindining"])
def test_an_unregistered_plugin_is_named_with_what_was_meant_and_what_is_registered(word: str) -> None:
    cause = no_pod(vm("pastt"), f"{NO_POD}couldn't find configuration for network {word}: pastt")
    assert cause.what == 'no binding plugin named "pastt" is registered (registered: "l2bridge", "passt"); did you mean "passt"?'
    assert (cause.ask, cause.since) == (ADMIN, SINCE)
    assert "KubeVirt CR" in cause.remedy


def test_an_unregistered_plugin_is_told_once_though_a_rule_finds_it_too() -> None:
    failed = condition("Synchronized", "False", f"{NO_POD}couldn't find configuration for network binding: pastt", "FailedCreate")
    diagnosis = diagnose(situation(vm("pastt"), vmi=vmi(vm("pastt"), "Pending", failed)))
    assert len(diagnosis.causes) == 1


def test_a_plugin_that_was_registered_meanwhile_needs_only_another_try() -> None:
    cause = no_pod(vm("passt"), f"{NO_POD}couldn't find configuration for network binding: passt")
    assert cause.what.endswith("it is registered now")
    assert "virtctl restart" in cause.remedy


def test_without_a_registry_nothing_is_said_about_what_is_registered() -> None:
    cause = no_pod(vm("pastt"), f"{NO_POD}couldn't find configuration for network binding: pastt", registry=unknown_registry())
    assert cause.what == 'no binding plugin named "pastt" was registered when KubeVirt last tried'


def test_a_quota_that_is_too_small_is_named_with_what_it_says_now() -> None:
    quota = {"metadata": {"name": "mem"}, "status": {"hard": {"requests.memory": "4Gi", "pods": "10"}, "used": {"requests.memory": "3Gi"}}}
    message = (
        'failed to create virtual machine pod: pods "virt-launcher-web-x" is forbidden: exceeded quota: mem,'
        " requested: requests.memory=2Gi, used: requests.memory=3Gi, limited: requests.memory=4Gi"
    )
    cause = no_pod(vm(), message, quotas=[quota])
    assert cause.what == (
        "ResourceQuota mem leaves no room for the launcher pod: requested: requests.memory=2Gi, used: requests.memory=3Gi,"
        " limited: requests.memory=4Gi; now used: requests.memory 3Gi of 4Gi"
    )


def test_a_pvc_that_is_missing_is_named() -> None:
    cause = no_pod(vm(), "PVC shop/disk does not exist, waiting for it to appear")
    assert cause.what == "PVC shop/disk does not exist"


def test_any_other_reason_of_virt_controller_is_quoted() -> None:
    assert no_pod(vm(), "something new").what == "KubeVirt makes no launcher pod: something new"


def test_a_vmi_that_a_webhook_refused_is_told_with_who_refused_it() -> None:
    refused = 'Error creating virtual machine instance: admission webhook "validate.bindguard.io" denied the request: a mistake'
    cause = first(diagnose(situation(vm(conditions=[condition("Failure", "True", refused)]))))
    assert cause.what == "the VMI is refused by validate.bindguard.io: a mistake"
    assert cause.ask == ""


@pytest.mark.parametrize(
    ("message", "what"),
    [
        ("0/3 nodes are available: 3 Insufficient memory.", "no node has enough memory"),
        ("0/3 nodes are available: 3 Insufficient intel.com/sriov.", "no node has intel.com/sriov left, which the VM's networks ask for"),
        ("0/3 nodes are available: 3 Insufficient devices.kubevirt.io/kvm.", "no node has enough devices.kubevirt.io/kvm"),
        ("0/3 nodes are available: 3 node(s) had taints.", "no node fits the launcher pod: 0/3 nodes are available: 3 node(s) had taints."),
    ],
)
def test_a_pod_that_no_node_takes_is_told_by_what_is_lacking(message: str, what: str) -> None:
    assert unstarted(vm(), pod(condition("PodScheduled", "False", message, "Unschedulable"))).what == what


def test_a_missing_attachment_definition_is_told_by_multus_words() -> None:
    message = (
        'failed to set up sandbox: error adding pod to CNI network "multus-cni-network": plugin type="multus" failed (add): Multus: [...]:'
        ' cannot find a network-attachment-definition (blu) in namespace (shop): network-attachment-definitions "blu" not found'
    )
    cause = unstarted(vm(networks=("blu",)), pod(), event(SANDBOX, message), attachment_names=["shop/blue"])
    assert cause.what == 'NetworkAttachmentDefinition shop/blu does not exist; did you mean "shop/blue"?'
    assert (cause.since, cause.ask) == (SINCE, "")


def test_a_missing_attachment_definition_is_told_before_multus_says_so() -> None:
    of = vm(networks=("blue",))
    cause = unstarted(of, pod(), attachments={"shop/blue": None}, attachment_names=["default/blue"])
    assert cause.what == 'NetworkAttachmentDefinition shop/blue does not exist; there is "default/blue"'


def test_the_attachment_definition_of_a_plugin_is_told_as_the_plugins() -> None:
    cause = unstarted(vm("passt"), pod(), attachments={"default/netbindingpasst": None})
    assert cause.what == 'NetworkAttachmentDefinition default/netbindingpasst of binding plugin "passt" does not exist'
    assert cause.ask == ADMIN


def test_a_network_that_cannot_be_set_up_for_another_reason_is_quoted() -> None:
    assert "no such device" in unstarted(vm(), pod(), event(SANDBOX, "plugin failed: no such device")).what


def test_an_image_that_cannot_be_pulled_is_told_with_the_plugin_that_wants_it() -> None:
    cause = unstarted(vm("passt"), pod(containerStatuses=[waiting("hook-sidecar-0", "ImagePullBackOff", "quay.io/passt:v1")]))
    assert cause.what == 'image quay.io/passt:v1 of container hook-sidecar-0 of binding plugin "passt" cannot be pulled'
    assert cause.remedy == "correct the image in the registration"


def test_a_container_that_does_not_start_is_told_with_the_command_that_reads_its_log() -> None:
    cause = unstarted(vm(), pod(containerStatuses=[waiting("compute", "CrashLoopBackOff")]))
    assert "kubectl -n shop logs virt-launcher-web-x -c compute --previous" in cause.remedy


def test_a_guest_that_virt_handler_cannot_start_is_told_by_its_words() -> None:
    failed = condition("Synchronized", "False", "server error. command SyncVMI failed: no bridge", "Synchronizing with the Domain failed.")
    of = vm()
    cause = first(diagnose(situation(of, vmi=vmi(of, "Scheduled", failed), pods=[pod()])))
    assert cause.what == "virt-handler cannot start the VM in its pod: server error. command SyncVMI failed: no bridge"


def test_a_vm_that_is_being_deleted_is_told_with_its_finalizers() -> None:
    of = vm()
    of["metadata"] |= {"deletionTimestamp": SINCE, "finalizers": ["kubevirt.io/virtualMachineControllerFinalize"]}
    cause = first(diagnose(situation(of)))
    assert "kubevirt.io/virtualMachineControllerFinalize" in cause.what
    assert cause.since == SINCE


def test_a_paused_vm_is_held_up_by_that() -> None:
    of = vm()
    assert first(diagnose(situation(of, vmi=vmi(of, "Running", condition("Paused", "True"))))).what == "the VM is paused"


def test_what_a_rule_denies_is_a_cause_where_the_cluster_says_nothing() -> None:
    cause = first(diagnose(situation(vm("pastt"))))
    assert "pastt" in cause.what
    assert cause.what.endswith("[unregistered-plugin]")


def test_a_vm_that_runs_is_not_held_up() -> None:
    of = vm("passt")
    diagnosis = diagnose(situation(of, vmi=vmi(of, "Running"), pods=[pod()]))
    assert (diagnosis.state, diagnosis.causes) == (VMState.RUNNING, ())


@pytest.mark.parametrize("strategy", ["Halted", "Manual"])
def test_a_vm_that_is_not_asked_to_run_is_not_held_up(strategy: str) -> None:
    assert diagnose(situation(vm(strategy=strategy))).state is VMState.STOPPED


@pytest.mark.parametrize("strategy", ["Once", "RerunOnFailure", "Manual", "Halted"])
def test_a_vm_whose_guest_has_shut_down_is_not_held_up(strategy: str) -> None:
    of = vm(strategy=strategy)
    assert diagnose(situation(of, vmi=vmi(of, "Succeeded"))).state is VMState.STOPPED


def test_a_guest_that_has_shut_down_and_is_to_run_always_is_not_said_to_be_stopped() -> None:
    assert diagnose(situation(vm(), vmi=vmi(vm(), "Succeeded"))).state is VMState.UNKNOWN


def test_where_pods_cannot_be_read_the_phase_says_that_there_is_one() -> None:
    failed = condition("Synchronized", "False", "server error. command SyncVMI failed")
    cause = first(diagnose(situation(vm(), vmi=vmi(vm(), "Scheduled", failed), unread=["pods"])))
    assert cause.what == "virt-handler cannot start the VM in its pod: server error. command SyncVMI failed"


def test_a_network_that_was_set_up_at_a_later_attempt_is_no_obstacle() -> None:
    launcher = pod(podIP="10.0.0.1", containerStatuses=[waiting("compute", "ImagePullBackOff")])
    found = unstarted(vm(networks=("blue",)), launcher, event(SANDBOX, "no network"), attachments={"shop/blue": None})
    assert "cannot be pulled" in found.what


def test_a_vm_without_a_known_reason_is_said_to_be_so() -> None:
    of = vm()
    assert diagnose(situation(of, vmi=vmi(of, "Scheduling"), pods=[pod()])).state is VMState.UNKNOWN


def test_a_vm_that_does_not_exist_is_said_to_be_so() -> None:
    diagnosis = diagnose(situation(None))
    assert diagnosis.state is VMState.UNKNOWN
    assert diagnosis.causes[0].what == "there is no VirtualMachine and no VirtualMachineInstance of this name"


@pytest.mark.parametrize("odd", [None, 1, "x", [], {"conditions": 1}, {"conditions": [1, None]}, {"containerStatuses": [1]}])
def test_objects_of_an_odd_shape_end_in_a_diagnosis(odd: object) -> None:
    of = vm("passt")
    for obj in (of | {"status": odd}, of | {"spec": odd}, of | {"metadata": odd}):
        found = diagnose(situation(obj, vmi=vmi(of) | {"status": odd}, pods=[pod() | {"status": odd}], events=[{"reason": odd}]))
        assert isinstance(found.state, VMState)
