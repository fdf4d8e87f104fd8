using RocketOps.Operator.Clusters.Groups;

namespace RocketOps.Operator.Clusters.Scaling;

/// <summary>Conditions on the members that stay in a group before one may leave, whoever decides who leads.</summary>
internal static class StayingMembers
{
    /// <returns>What the member that leaves waits for; null for nothing.</returns>
    public static string? WaitFor(ObservedMember[] staying, ObservedMember leaving)
    {
        if (Array.Find(staying, static member => !member.Settled) is { } unsettled)
        {
            return $"{unsettled.Pod} to serve: it may hold less than {leaving.Pod}";
        }

        if (Array.Find(staying, static member => member.Registered != true) is { } unknown)
        {
            return $"{unknown.Pod} to register with every name server";
        }

        return Array.Find(staying, static member => member.Says.LogEnd is null) is { } silent
            ? $"{silent.Pod} to tell how long its log is"
            : null;
    }
}
