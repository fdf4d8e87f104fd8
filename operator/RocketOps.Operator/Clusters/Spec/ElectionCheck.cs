using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Clusters.Context;
using RocketOps.Operator.Clusters.Leadership;
using RocketOps.Operator.Reporting;

namespace RocketOps.Operator.Clusters.Spec;

/// <summary>Checks that the spec agrees with groups that elect their master.</summary>
internal static class ElectionCheck
{
    // Enough to see which, in a message that people read.
    private const int MaxClaimsNamed = 5;

    /// <summary>Finds what is wrong with the spec: what members and stores of a group agree on when it is made stays.</summary>
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

    /// <summary>
    /// No fixed role for a store of a group that elected its master: who would be the master may lack what was acknowledged, and the log would go on without the epochs that tell it. The broker refuses too; here nothing
    /// is made that would have to be taken down again.
    /// </summary>
    /// <param name="observation">What is there.</param>
    /// <returns>What to do; the API server lets nobody change <c>failover</c> of an object, so that one of which nothing was made is deleted and applied as it was.</returns>
    public static Problem? FindClaims(ClusterObservation observation)
    {
        if (observation.ElectedClaims is not { Count: > 0 } claims)
        {
            return null;
        }

        string names = NamesOf(claims);
        string[] ids = [.. claims.Select(static claim => claim.Annotation(ElectedClaim.GroupIdAnnotation)).OfType<string>().Distinct(StringComparer.Ordinal).Take(MaxClaimsNamed)];
        return new Problem(
            Reasons.Immutable,
            $"replication.failover has to be Automatic: {names} {(claims.Count == 1 ? "belongs to a group that elects its" : "belong to groups that elect their")} master{(ids.Length > 0 ? $" (group id {string.Join(", ", ids)})" : "")}, "
            + "and a master with a fixed role may lack what was acknowledged. "
            + (observation.Sets.Count == 0 ? "This field cannot change: delete this BrokerCluster, which has made no broker, and apply it with replication.failover: Automatic. Or give" : "Set the number of groups or members back, or give")
            + $" the group fixed roles for good (docs/replication.md, \"From fixed roles, and back\") and take the annotation {ElectedClaim.Annotation} from the claims.");
    }

    /// <summary>
    /// A group that is made again with fewer members than it had elects a master among those, whatever the others' copies have: with messages that one member alone had to have, or two of five, that may be less than was
    /// acknowledged. Members leave in order, which notes it on their claims.
    /// </summary>
    public static Problem? FindLeftOut(ClusterObservation observation)
    {
        if (observation.LeftOutClaims is not { Count: > 0 } claims)
        {
            return null;
        }

        int members = claims.Max(static claim => ElectedClaim.OrdinalOf(claim)) + 1;
        return new Problem(
            Reasons.Immutable,
            $"brokers.replicas has to be at least {members}: {NamesOf(claims)} {(claims.Count == 1 ? "is of a member that has" : "are of members that have")} not left the group, and may have what was acknowledged and the others lack. "
            + $"Apply the cluster with brokers.replicas {members}, and lower it when it is Ready. Or delete {(claims.Count == 1 ? "the claim" : "the claims")}, with all that {(claims.Count == 1 ? "it has" : "they have")}.");
    }

    private static string NamesOf(IReadOnlyList<PersistentVolumeClaim> claims) =>
        string.Join(", ", claims.Take(MaxClaimsNamed).Select(static claim => claim.Name())) + (claims.Count > MaxClaimsNamed ? " and more" : "");

    /// <summary>The set was made for members that elect their master.</summary>
    public static bool IsElected(StatefulSet set) => set.Spec?.Template?.Spec?.ServiceAccountName == ClusterNames.GroupAccount(set.Name());
}
