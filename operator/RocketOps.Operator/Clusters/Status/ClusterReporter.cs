using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Events;
using RocketOps.Operator.Clusters.Context;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Reporting.Writing;
using RocketOps.Operator.Rights;
using RocketOps.Operator.Settings;
using RocketOps.Operator.Topics;

namespace RocketOps.Operator.Clusters.Status;

/// <summary>Reporter of what a pass has found: writes the cluster's status, and events of what has changed in it.</summary>
internal sealed class ClusterReporter(
    OperatorOptions options,
    UnmanagedTopics unmanaged,
    ProtectionPolicy protection,
    StatusWriter writer,
    IEventRecorder events,
    TimeProvider time)
{
    /// <param name="context">The cluster as the pass has begun with it.</param>
    /// <param name="findings">What the pass has found.</param>
    /// <param name="cancellationToken">Ends the pass.</param>
    /// <returns>The status, and whether it was written, as it is another one.</returns>
    public async Task<(BrokerClusterStatus Status, bool Changed)> ReportAsync(
        ClusterContext context, ClusterFindings findings, CancellationToken cancellationToken)
    {
        BrokerCluster cluster = context.Cluster;
        findings = findings with
        {
            Unmanaged = unmanaged.Find(cluster),
            Unprotected = ClusterAnnotations.IsProtected(cluster) ? await protection.FindProblemAsync(cancellationToken) : null,
        };
        BrokerClusterStatus status = ClusterStatusBuilder.Build(context, findings, ClientAddressOf(context.Names), time.GetUtcNow());
        BrokerCluster next = new() { Metadata = cluster.Metadata, Spec = cluster.Spec, Status = status };
        bool changed = await writer.WriteAsync(cluster, next, cancellationToken) == StatusWrite.Written;
        if (changed)
        {
            TransitionEvents.Record(events, cluster, cluster.Status?.Conditions, status.Conditions);
            MasterChanges.Record(events, cluster, context.Facts.Leases);
        }

        return (status, changed);
    }

    private string ClientAddressOf(ClusterNames names) =>
        options.ClientAddress?.Invoke(new ObjectKey(names.Namespace, names.NameServer)) ?? names.NameServerClientAddress;
}
