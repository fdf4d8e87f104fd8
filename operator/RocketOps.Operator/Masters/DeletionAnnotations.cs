using RocketOps.Kubernetes.Entities;
using RocketOps.Operator.Admin;
using RocketOps.Operator.Clusters;
using RocketOps.Operator.Reporting;

namespace RocketOps.Operator.Masters;

/// <summary>Annotations by which people tell the operator about an object that hangs in its deletion.</summary>
internal static class DeletionAnnotations
{
    /// <summary>Set to <c>true</c>: the object goes, whatever is left stays on the brokers.</summary>
    public const string ForceDelete = "rocketops.io/force-delete";

    public static bool IsForced(IKubernetesObject entity) => entity.Annotation(ForceDelete) == "true";

    /// <summary>The cluster of another namespace does not want the object any more: nothing is removed there.</summary>
    public static Problem NotAdmitted(string what, ObjectKey cluster, IKubernetesObject entity) => new(
        Reasons.ClusterNotFound,
        $"The {what} could not be removed: BrokerCluster {cluster} does not allow objects of namespace {entity.Namespace()} any more (its spec.allowedNamespaces). Annotate {ForceDelete}=true to give up.");

    /// <summary>The cluster's protection is for what is on its brokers, too.</summary>
    public static Problem Protected(string what, ObjectKey cluster, IKubernetesObject entity) => new(
        Reasons.DeletionProtected,
        $"The {what} is not removed: BrokerCluster {ClusterReferences.Text(cluster, entity)} is protected (its annotation {ClusterAnnotations.DeletionProtection}). Annotate {ForceDelete}=true to let the object go and leave the {what} on the brokers.");

    /// <summary>Returns the problem of a deletion that depends on an object that the operator cannot read.</summary>
    public static Problem Unreadable(string what, string kind, ObjectKey other, IKubernetesObject entity) => new(
        Reasons.InvalidSpec,
        $"The {what} is not removed while this operator cannot read {kind} {ClusterReferences.Text(other, entity)}, which may have a say in it: the status of that object says what to set right. Annotate {ForceDelete}=true to let the object go and leave the {what} on the brokers.");

    /// <summary>Returns the problem of a removal that failed: why it hangs, and what can be done.</summary>
    /// <param name="what">What is to go, for people.</param>
    /// <param name="who">Who failed, for people.</param>
    /// <param name="failed">How.</param>
    public static Problem Failed(string what, string who, Exception failed)
    {
        string? refusal = AdminFailures.Refusal(failed);
        return new Problem(
            refusal is null ? Reasons.BrokerUnreachable : Reasons.Refused,
            $"The {what} could not be removed: {who} {(refusal is null ? "did not answer in time" : $"refuses: {refusal}")}. Annotate {ForceDelete}=true to give up.");
    }
}
