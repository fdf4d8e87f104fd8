using RocketOps.Operator.Clusters.Groups;
using RocketOps.Operator.Reporting;

namespace RocketOps.Operator.Clusters.Rolling;

/// <summary>The next steps of bringing outdated pods up to date, one for each broker group; at most one of them takes a pod away.</summary>
/// <param name="Groups">The groups' steps, in the order of the groups.</param>
/// <param name="Why">Why nothing is taken away.</param>
/// <param name="WaitsFor">The pod that this is about: the one that has to serve, be known, catch up or be left alone for a while before any other may go, or that may not go; null when it is about none.</param>
internal sealed record RollPlan(IReadOnlyList<GroupAction> Groups, RollWait Why, ObservedMember? WaitsFor)
{
    public static readonly RollPlan Nothing = new([], RollWait.None, null);

    /// <summary>The disruption budgets that do not let the pod go, with <see cref="RollWait.Budget"/>; null when the API server names none.</summary>
    public string? Budgets { get; init; }

    /// <summary>Problem to be set right or known first, with <see cref="RollWait.Held"/>; null otherwise.</summary>
    public Problem? Hold { get; init; }

    /// <summary>Some pods are not up to date yet.</summary>
    public bool InProgress => Groups.Any(static action => action.Outdated > 0);

    /// <summary>The pod to take away now; null when there is none.</summary>
    public ObservedMember? Restart => Groups.FirstOrDefault(static action => action.Step is GroupStep.Restart or GroupStep.Evict)?.Member;

    /// <summary>The hand-over to bring about now; null when there is none.</summary>
    public GroupAction? HandOver => Groups.FirstOrDefault(static action => action.Step == GroupStep.HandOver);

    /// <summary>The same, while nothing may be taken away or handed over. One that waits by itself goes on to say for what, unless nothing of it can be looked after.</summary>
    public RollPlan Held(RollHold? hold) =>
        hold is null || (hold.Problem is null && Restart is null && HandOver is null) ? this : Waiting(hold.Why, hold.WaitsFor) with { Hold = hold.Problem };

    /// <summary>The same, and nothing is taken away or handed over yet.</summary>
    public RollPlan Waiting(RollWait why = RollWait.None, ObservedMember? waitsFor = null) => this with
    {
        Why = why,
        WaitsFor = waitsFor,
        Groups = [.. Groups.Select(static action => action.Step is GroupStep.Restart or GroupStep.Evict or GroupStep.HandOver ? new GroupAction(action.Group, GroupStep.Wait, action.Outdated, Member: null) : action)],
    };
}

/// <summary>The next step of bringing one broker group up to date.</summary>
/// <param name="Group">The group.</param>
/// <param name="Step">What is to be done.</param>
/// <param name="Outdated">How many of its pods are not up to date yet, the one to restart included.</param>
/// <param name="Member">The member to restart or evict, or the one that has to serve and be known before this group goes on. Null when nothing is waited for, or the name servers are.</param>
/// <param name="HandOverTo">The member that is to lead instead, with <see cref="GroupStep.HandOver"/>.</param>
internal sealed record GroupAction(string Group, GroupStep Step, int Outdated, ObservedMember? Member, ObservedMember? HandOverTo = null);

/// <summary>Next step with a broker group.</summary>
internal enum GroupStep
{
    /// <summary>Every pod is up to date.</summary>
    None,

    /// <summary>Something is outdated and may not go yet.</summary>
    Wait,

    /// <summary>A pod that does not serve is deleted; its set makes it again from the current template.</summary>
    Restart,

    /// <summary>A master that is to be restarted hands over to a member that has everything; it is evicted as a slave.</summary>
    HandOver,

    /// <summary>
    /// A pod that serves restarts as with Restart, but it is evicted, so that its group's disruption budget has a say beside drains of
    /// nodes.
    /// </summary>
    Evict,
}

/// <summary>State of the name servers: whether clients would learn from them where a broker that restarts has gone.</summary>
internal enum NameServerState
{
    /// <summary>Every name server that serves answered the operator.</summary>
    Answering,

    /// <summary>None serves, or one that serves does not answer.</summary>
    Silent,

    /// <summary>They are being replaced themselves.</summary>
    Replaced,
}
