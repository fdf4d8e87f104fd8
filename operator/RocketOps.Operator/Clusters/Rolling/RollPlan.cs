using RocketOps.Operator.Clusters.Groups;

namespace RocketOps.Operator.Clusters.Rolling;

/// <summary>The next steps of bringing outdated pods up to date, one for each broker group; at most one of them takes a pod away.</summary>
/// <param name="Groups">The groups' steps, in the order of the groups.</param>
/// <param name="NameServers">What it was decided with: unless they answer, healthy pods wait.</param>
internal sealed record RollPlan(IReadOnlyList<GroupAction> Groups, NameServerState NameServers)
{
    public static readonly RollPlan Nothing = new([], NameServerState.Answering);

    /// <summary>Some pods are not up to date yet.</summary>
    public bool InProgress => Groups.Any(static action => action.Outdated > 0);

    /// <summary>The pod to take away now; null when there is none.</summary>
    public MemberState? Restart => Groups.FirstOrDefault(static action => action.Step is GroupStep.Restart or GroupStep.Evict)?.Member;

    /// <summary>The hand-over to bring about now; null when there is none.</summary>
    public GroupAction? HandOver => Groups.FirstOrDefault(static action => action.Step == GroupStep.HandOver);

    /// <summary>The pod that has to serve and be known before any other may go; null when nothing is waited for, or the name servers are.</summary>
    public MemberState? WaitsFor => Restart is null ? Groups.FirstOrDefault(static action => action.Step == GroupStep.Wait)?.Member : null;

    /// <summary>The same, and nothing is taken away or handed over yet.</summary>
    public RollPlan Waiting() => this with
    {
        Groups = [.. Groups.Select(static action => action.Step is GroupStep.Restart or GroupStep.Evict or GroupStep.HandOver ? new GroupAction(action.Group, GroupStep.Wait, action.Outdated, Member: null) : action)],
    };
}
