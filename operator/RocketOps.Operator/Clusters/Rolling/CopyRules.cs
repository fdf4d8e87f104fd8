using RocketOps.Operator.Clusters.Groups;
using RocketOps.Operator.Entities;

namespace RocketOps.Operator.Clusters.Rolling;

/// <summary>
/// Conditions that groups with fixed roles set on a slave's restart: those that stay are as many copies as a message needs, wherever
/// waiting can make them so. A slave that has just come back is no copy before it follows and has its master's log. A slave that is no copy
/// itself goes: it is missed by nobody, and its restart may be the repair.
/// </summary>
internal static class CopyRules
{
    /// <summary>Bytes that a slave that serves may lack: messages that are on their way to it while both are asked.</summary>
    private const long UnderWayBytes = 1024 * 1024;

    /// <param name="group">The group, with its members' figures.</param>
    /// <param name="leaving">The member that would restart.</param>
    /// <param name="copies">How many members have to have a message, the master among them.</param>
    /// <returns>Who has to catch up before; null when nobody has to.</returns>
    public static ObservedMember? WaitsFor(ObservedGroup group, ObservedMember leaving, int copies)
    {
        if (group.IsElected || leaving.Role == BrokerMemberRole.Master || !IsCopy(group, leaving))
        {
            return null;
        }

        ObservedMember[] staying = [.. group.Members.Where(member => member.Pod != leaving.Pod)];
        ObservedMember[] behind = [.. staying.Where(member => !IsCopy(group, member))];
        return staying.Length - behind.Length < Math.Min(copies, staying.Length) ? behind[0] : null;
    }

    private static bool IsCopy(ObservedGroup group, ObservedMember member) =>
        member.Role == BrokerMemberRole.Master || (member.Settled && member.Says.Follows != false && group.LagOf(member) < UnderWayBytes);
}
