using RocketOps.Kubernetes;
using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Reporting;

namespace RocketOps.Operator.Clusters.Spec;

/// <summary>Whether what is asked for agrees with groups that elect their master.</summary>
internal static class ElectionCheck
{
    /// <summary>What members and stores of a group agree on when it is made stays.</summary>
    public static Problem? Find(ClusterContext context, ClusterObservation observation)
    {
        if (observation.Sets is [{ } set, ..] && IsElected(set) != context.IsAutomatic)
        {
            return new Problem(Reasons.Immutable, $"replication.failover cannot change: the stores of {set.Name()} belong to a group {(context.IsAutomatic ? "with fixed roles" : "that elects its master")}. Set it back, or make another cluster.");
        }

        if (!context.IsAutomatic)
        {
            return null;
        }

        return context.Spec.Brokers.Replicas < 2
            ? new Problem(Reasons.InvalidSpec, "replication.failover Automatic needs brokers.replicas of at least 2: nobody could take over from a group's only member.")
            : ClusterValidator.CheckSyncKeys(context.Spec);
    }

    /// <summary>The set was made for members that elect their master.</summary>
    public static bool IsElected(StatefulSet set) => set.Spec?.Template?.Spec?.ServiceAccountName == ClusterNames.GroupAccount(set.Name());
}
