using System.Globalization;
using RocketOps.Kubernetes.Events;
using RocketOps.Operator.Clusters.Leadership;
using RocketOps.Operator.Entities;

namespace RocketOps.Operator.Clusters.Status;

/// <summary>
/// Tells as events which groups have another master than the status said: once for each change, with why, in the words of the member that took over; and who leads where the status says nothing yet, as a cluster that is
/// applied again may go on with the stores and epochs of the one before.
/// </summary>
internal static class MasterChanges
{
    private const string Action = "Elect";

    public static void Record(IEventRecorder recorder, BrokerCluster cluster, IReadOnlyDictionary<string, GroupLease> leases)
    {
        foreach ((string name, GroupLease lease) in leases.OrderBy(static lease => lease.Key, StringComparer.Ordinal))
        {
            if (cluster.Status?.Groups?.Find(group => group.Name == name) is not { Epoch: { } seen } last)
            {
                if (lease is { Holder: { } first, Epoch: > 0 })
                {
                    RecordEvent(first, name, lease, string.Empty);
                }

                continue;
            }

            if (lease.GroupId is { } id && last.GroupId is { } other && id != other)
            {
                string led = lease.Holder is { } founder ? string.Create(CultureInfo.InvariantCulture, $" {founder} is its master in epoch {lease.Epoch}.") : string.Empty;
                recorder.Record(
                    cluster,
                    EventType.Warning,
                    "GroupFounded",
                    Action,
                    string.Create(CultureInfo.InvariantCulture, $"{name} is another group than before: {id}, founded by members whose stores belonged to none. What group {other} had up to epoch {seen} is not in it, unless they brought it.{led}"));
            }
            else if (lease.Epoch < seen)
            {
                recorder.Record(
                    cluster,
                    EventType.Warning,
                    "LeaseSetBack",
                    Action,
                    string.Create(CultureInfo.InvariantCulture, $"The Lease of {name} is of epoch {lease.Epoch}, and epoch {seen} was seen before: somebody set it back or made it by hand. Members do not follow it; delete it, and they make a new one."));
            }
            else if (lease.Holder is { } master && lease.Epoch > seen)
            {
                RecordEvent(master, name, lease, last.Master is { } earlier ? string.Create(CultureInfo.InvariantCulture, $" Before: {earlier} in epoch {seen}.") : string.Empty);
            }
        }

        void RecordEvent(string master, string group, GroupLease lease, string was)
        {
            string why = lease.History is { } history ? $" {history}" : string.Empty;
            recorder.Record(cluster, EventType.Normal, "MasterChanged", Action, string.Create(CultureInfo.InvariantCulture, $"{master} is the master of {group} in epoch {lease.Epoch}.{why}{was}"));
        }
    }
}
