using RocketOps.Kubernetes.Entities;
using RocketOps.Operator.Clusters.Children;
using RocketOps.Operator.Clusters.Context;
using RocketOps.Operator.Clusters.Groups;
using RocketOps.Operator.Entities;

namespace RocketOps.Operator.Clusters.Scaling;

/// <summary>
/// Decides when groups that elect their master get the members they are to have: once every member that is there has started with a list in which the new ones are. A newcomer that its master does not know could not join, and
/// one that only some know could be missed when a lease is founded. They come one at a time, as each is a copy of everything that its master sends: the next one when the Lease names all that are there. While nobody leads
/// nothing is copied, and whoever is to lead then may have to hear of every member that is listed: all of them come.
/// </summary>
internal static class ScaleOutPlanner
{
    /// <param name="context">The cluster with the sets that are there.</param>
    /// <param name="groups">Its groups.</param>
    public static IReadOnlyList<ScaleOutPlan> Next(ClusterContext context, IReadOnlyList<ObservedGroup> groups) =>
        context.IsAutomatic ? [.. groups.Where(group => group.Set?.IsDeleting() == false && !context.IsMarked(group.Name)).Select(group => Next(context, group)).OfType<ScaleOutPlan>()] : [];

    private static ScaleOutPlan? Next(ClusterContext context, ObservedGroup group)
    {
        int wanted = context.Spec.Brokers.Replicas;
        int present = group.Members.Count;
        bool isLed = group.Leaderless is null;
        string later = Names(group, present, wanted);
        string wait = wanted == present + 1 ? "waits" : "wait";
        if ((isLed || present >= wanted) && Joining(group, context.JoiningFrom(group.Name) ?? wanted, wanted) is { Length: > 0 } joining)
        {
            string next = later.Length == 0 ? string.Empty : $" After that: {later}.";
            return new ScaleOutPlan(group.Name, OperationPhase.Joining, $"{joining} in {group.Name}: what the others have is copied until the Lease names them in sync.{next}");
        }

        if (present >= wanted)
        {
            return null;
        }

        if (group.IsTroubled)
        {
            return new ScaleOutPlan(group.Name, OperationPhase.Waiting, $"{later} {wait} for what keeps the objects of {group.Name} from being applied to be removed.");
        }

        if (context.Kept.KeepsBrokers)
        {
            return new ScaleOutPlan(group.Name, OperationPhase.Waiting, $"{later} {wait} for a configuration that {group.Name} can take.");
        }

        if (context.ListedOf(group.Name) < wanted)
        {
            return new ScaleOutPlan(group.Name, OperationPhase.Waiting, wanted == present + 1 ? $"{later} waits for the address of its Service." : $"{later} wait for addresses of their Services.");
        }

        if (!group.Observed || group.Outdated.Any() || KeptConfigurations.ConfigOf(group.Set!.Spec?.Template?.Spec) != BrokerConfigMap.Build(context, group.Name).Name())
        {
            return new ScaleOutPlan(group.Name, OperationPhase.Announcing, $"The members of {group.Name} restart one at a time to learn of {later}.");
        }

        if (group.Members.FirstOrDefault(static member => !member.Settled) is { } unsettled)
        {
            return new ScaleOutPlan(group.Name, OperationPhase.Waiting, $"{later} {wait} for {unsettled.Pod} to serve.");
        }

        if (isLed && group.Members.FirstOrDefault(member => !group.Lease!.Has(member.Pod)) is { } behind)
        {
            return new ScaleOutPlan(group.Name, OperationPhase.Waiting, $"{later} {wait} for {behind.Pod} to be in sync.");
        }

        int members = isLed ? present + 1 : wanted;
        return new ScaleOutPlan(group.Name, OperationPhase.Adding, $"{Names(group, present, members)} {(members == present + 1 ? "comes" : "come")} to {group.Name}.", members);
    }

    /// <summary>Lists the members that are new, stay, and have not been in sync.</summary>
    private static string Joining(ObservedGroup group, int from, int wanted) =>
        string.Join(", ", group.Members.Where(member => member.Ordinal >= from && member.Ordinal < wanted && group.Lease?.Has(member.Pod) != true).Select(static member => member.Pod));

    private static string Names(ObservedGroup group, int from, int end) =>
        string.Join(", ", Enumerable.Range(from, Math.Max(0, end - from)).Select(ordinal => ClusterNames.Member(group.Name, ordinal)));
}

/// <summary>Progress of a group that elects its master and gets more members.</summary>
/// <param name="Group">The group.</param>
/// <param name="Phase">What is done with it.</param>
/// <param name="Message">For people, with whatever is waited for.</param>
/// <param name="Members">Where some are added: how many the group has with them.</param>
internal sealed record ScaleOutPlan(string Group, OperationPhase Phase, string Message, int Members = 0);
