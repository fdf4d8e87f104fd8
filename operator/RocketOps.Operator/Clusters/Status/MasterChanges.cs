using System.Globalization;
using RocketOps.Kubernetes.Events;
using RocketOps.Operator.Clusters.Groups;
using RocketOps.Operator.Entities;

namespace RocketOps.Operator.Clusters.Status;

/// <summary>Tells as events which groups have another master than the status said: once for each change, with why, in the words of the member that took over.</summary>
internal static class MasterChanges
{
    private const string Action = "Elect";

    public static void Record(IEventRecorder recorder, BrokerCluster cluster, IReadOnlyDictionary<string, GroupLease> leases)
    {
        foreach (BrokerGroupStatus last in cluster.Status?.Groups ?? [])
        {
            if (!leases.TryGetValue(last.Name, out GroupLease? lease))
            {
                continue;
            }

            if (lease.GroupId is { } id && last.GroupId is { } other && id != other)
            {
                string led = lease.Holder is { } first ? string.Create(CultureInfo.InvariantCulture, $" {first} is its master in epoch {lease.Epoch}.") : string.Empty;
                recorder.Record(
                    cluster,
                    EventType.Warning,
                    "GroupFounded",
                    Action,
                    string.Create(CultureInfo.InvariantCulture, $"{last.Name} is another group than before: {id}, founded by members whose stores belonged to none. What group {other} had up to epoch {last.Epoch} is not in it, unless they brought it.{led}"));
            }
            else if (lease.Epoch < last.Epoch)
            {
                recorder.Record(
                    cluster,
                    EventType.Warning,
                    "LeaseSetBack",
                    Action,
                    string.Create(CultureInfo.InvariantCulture, $"The Lease of {last.Name} is of epoch {lease.Epoch}, and epoch {last.Epoch} was seen before: somebody set it back or made it by hand. Members do not follow it; delete it, and they make a new one."));
            }
            else if (lease.Holder is { } master && last.Epoch is { } before && lease.Epoch > before)
            {
                string was = last.Master is { } earlier ? $" Before: {earlier} in epoch {before}." : string.Empty;
                string why = lease.History is { } history ? $" {history}" : string.Empty;
                recorder.Record(cluster, EventType.Normal, "MasterChanged", Action, string.Create(CultureInfo.InvariantCulture, $"{master} is the master of {last.Name} in epoch {lease.Epoch}.{why}{was}"));
            }
        }
    }
}
