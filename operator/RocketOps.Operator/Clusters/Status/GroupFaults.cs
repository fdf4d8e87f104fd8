using System.Globalization;
using RocketOps.Operator.Clusters.Groups;
using RocketOps.Operator.Reporting;

namespace RocketOps.Operator.Clusters.Status;

/// <summary>Says of groups that take no messages why, and what to do; the same words for every condition.</summary>
internal static class GroupFaults
{
    /// <summary>One problem for all groups of a kind, the most telling kind first; empty when all of them take messages.</summary>
    public static IReadOnlyList<Problem> Of(IEnumerable<ObservedGroup> groups) =>
    [
        .. groups.Where(static group => group.Fault is not null)
            .GroupBy(static group => group.Fault!, StringComparer.Ordinal)
            .OrderBy(static kind => MasterRefusals.Order(kind.Key))
            .Select(static kind => new Problem(kind.Key, Describe(kind.Key, [.. kind]))),
    ];

    /// <summary>
    /// Names the groups that take no messages, as a sentence to go before what is wrong with their pods; empty while each has a master that
    /// serves.
    /// </summary>
    public static string WithoutMaster(IReadOnlyList<ObservedGroup> groups)
    {
        if (groups.All(static group => group.Fault != Reasons.MasterMissing))
        {
            return "";
        }

        string[] silent = groups.Where(static group => !group.TakesMessages).Select(static group => group.Name).ToArray();
        return $"{PodWords.List(silent)} {(silent.Length == 1 ? "takes" : "take")} no messages. ";
    }

    private static string Describe(string reason, ObservedGroup[] groups) => reason switch
    {
        Reasons.MasterMissing => $"No serving master: {PodWords.List([.. groups.Select(static group => group.Leaderless is { } why ? $"{group.Name} ({why})" : group.Name)])}.",
        Reasons.Unanswering => string.Create(
            CultureInfo.InvariantCulture,
            $"{PodWords.List([.. groups.Select(static group => $"{group.Master!.Pod}, the master of {group.Name}, does not answer the operator")], "; ")}: nobody knows whether messages are taken. Look at its node, and whether the network lets the operator reach port {Ports.Broker} of the pod."),
        Reasons.ApiUnavailable => $"Who leads {PodWords.List([.. groups.Select(static group => group.Name)])} is not known. {groups[0].LeaseUnread!.Message}",
        _ => Refused([.. groups.Select(static group => group.Refusing!)]),
    };

    private static string Refused(ObservedMember[] masters)
    {
        string words = PodWords.List([.. masters.Select(static master => $"{master.Pod} takes no messages: {master.Says.SendsRefused}")], "; ");
        return $"{words}. {MasterRefusals.Remedy(masters[0].Says.RefusedBy)}".TrimEnd();
    }
}
