using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Clusters.Context;
using RocketOps.Operator.Clusters.Leadership;
using RocketOps.Operator.Clusters.Pods;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Reporting;

namespace RocketOps.Operator.Clusters.Groups;

/// <summary>
/// State of one broker group as the world shows it: its set, and each member with its pod, its role and what the name servers know of it.
/// </summary>
/// <param name="Name">The group, which is its StatefulSet and its brokerName.</param>
/// <param name="Set">The group's StatefulSet; null while there is none.</param>
/// <param name="Members">The members by ordinal, there or not: the wanted ones, and those that are on their way out.</param>
/// <param name="Lease">What the group that elects its master has agreed on; null for fixed roles, and while there is none.</param>
internal sealed record ObservedGroup(string Name, StatefulSet? Set, IReadOnlyList<ObservedMember> Members, GroupLease? Lease = null)
{
    /// <summary>The member that holds the master role; null while none does. Whoever does not renew its Lease holds it no longer, unless it says that it serves all the same.</summary>
    public ObservedMember? Master => Lease is { Expired: true } && !ServesWithoutLease ? null : Holder;

    /// <summary>The member that has the master's rank, whether its Lease is renewed or not.</summary>
    public ObservedMember? Holder => Members.FirstOrDefault(static member => member.Role == BrokerMemberRole.Master);

    /// <summary>
    /// True when, by the time in it, the Lease had ended before this operator came, nobody has renewed it since, and its holder does not
    /// answer. That one is told of as the master no more than one that has gone, until the Lease is renewed or has had the time to be. A
    /// holder that answers is believed, as clocks may differ.
    /// </summary>
    public bool IsHolderDoubted => Lease is { Doubtful: true, Expired: false } && Holder is { Says.Answers: not true };

    /// <summary>Somebody leads the group, and clients find him and read from him.</summary>
    public bool Serves =>
        Leaderless is null && !IsLeadUnknown && Master is { Serves: true, Registered: not false, Says.Unanswering: false };

    /// <summary>Clients can send to the group and read from it. One that the operator keeps producers out of is not at fault for that.</summary>
    public bool TakesMessages => Serves && Refusing is null;

    /// <summary>The master, when it takes no messages although it serves; null when it takes them, or the operator itself keeps producers out.</summary>
    public ObservedMember? Refusing =>
        Master is { Says.SendsRefused: not null } master && !(IsClosed && master.Says.RefusedBy == MasterRefusals.Permission) ? master : null;

    /// <summary>The master cannot renew its Lease, and says that it serves: every copy in sync follows it, so nobody else can lead.</summary>
    public bool ServesWithoutLease => Lease is { Expired: true } && Holder is { Says.Leads: true };

    /// <summary>Its members elect their master; false of fixed roles.</summary>
    public bool IsElected { get; init; }

    /// <summary>
    /// Problem that kept its Lease from being read; null when it could be read, and for fixed roles. What the Lease is known to say is from
    /// before.
    /// </summary>
    public Problem? LeaseUnread { get; init; }

    /// <summary>
    /// Nobody knows who leads: the Lease cannot be read, and was never seen; or has ended since, unless it was renewed, and whoever held it does not serve, or says that he does not lead.
    /// </summary>
    public bool IsLeadUnknown => IsElected && LeaseUnread is not null && Lease switch
    {
        null => true,
        { Overdue: true, Expired: false } => !(Holder is { Serves: true, Says.Unanswering: false } holder && !DeniesToLead(holder)),
        _ => false,
    };

    /// <summary>The operator keeps producers out: the group is new, or on its way out.</summary>
    public bool IsClosed { get; init; }

    /// <summary>It came to a cluster that has run, and was not opened to producers yet.</summary>
    public bool IsNew { get; init; }

    /// <summary>
    /// True when not all of its objects could be applied, or somebody else has the name of its Lease: until a person removes the reason its
    /// pods are left as they are, and other groups go on.
    /// </summary>
    public bool IsTroubled { get; init; }

    /// <summary>True when <see cref="Fault"/> has lasted longer than a planned change of master takes (<see cref="FaultTimes"/>).</summary>
    public bool FaultLasts { get; init; }

    /// <summary>
    /// Reason, in a few words, why nobody leads a group whose members elect their master; null when somebody does, or roles are fixed.
    /// </summary>
    public string? Leaderless => !IsElected || ServesWithoutLease || IsLeadUnknown ? null : Lease switch
    {
        null => "it has no Lease",
        { Holder: null } => "nobody holds its Lease",

        // A node that was lost has pods that are ready for up to a minute; its Lease is known to have ended long before.
        { Expired: true } => $"{Lease.Holder} does not renew its Lease",
        _ when Holder is null => $"{Lease.Holder} holds its Lease and is no member",
        _ when Holder is { Serves: true } holder && DeniesToLead(holder) => $"{holder.Pod} holds its Lease and does not lead yet",
        _ => null,
    };

    /// <summary>
    /// Reason why the group takes no messages, one of <see cref="Reasons"/>; null when it takes them, and for one that is yet to be opened:
    /// nobody misses it, and its opening says what it waits for.
    /// </summary>
    public string? Fault =>
        TakesMessages || IsNew ? null
        : Refusing is { } refusing && Serves ? MasterRefusals.Reason(refusing.Says.RefusedBy)
        : IsLeadUnknown ? Reasons.ApiUnavailable
        : Leaderless is null && Master is { Settled: true, Registered: not false, Says.Unanswering: true } ? Reasons.Unanswering
        : Reasons.MasterMissing;

    /// <summary>Bytes of the master's log that a slave lacks; null for the master, and when either could not be asked.</summary>
    public long? LagOf(ObservedMember member) =>
        member.Role == BrokerMemberRole.Slave && member.Says.LogEnd is { } end && Master?.Says.LogEnd is { } master
            ? Math.Max(0, master - end)
            : null;

    private static bool DeniesToLead(ObservedMember member) => member.Says.Leads == false || member.Says.RefusedBy == MasterRefusals.NotLeading;

    /// <summary>The set's controller has seen the newest version of the set.</summary>
    public bool Observed => Set is { } set && IsObserved(set);

    /// <summary>Members whose pods were made from an older template.</summary>
    public IEnumerable<ObservedMember> Outdated => Members.Where(static member => member.Live.Outdated && member.Live.Uid is not null);

    public static ObservedGroup Of(ClusterContext context, string group, ClusterObservation observation, BrokerRegistrations registrations)
    {
        StatefulSet? set = observation.Set(group);
        return new ObservedGroup(group, set, [.. Enumerable.Range(0, context.MembersOf(group)).Select(ordinal => Member(context, group, ordinal, set, observation, registrations))], context.Facts.Leases.GetValueOrDefault(group))
        {
            IsElected = context.IsAutomatic,
            IsClosed = context.IsMarked(group) || observation.Closures.ContainsKey(group),

            // The pass that makes it knows the set that it has made, and not yet the map that closes it.
            IsNew = observation.IsClosed(group) || (context.BeginsClosed(group) && context.Cluster.Status?.Groups?.Exists(known => known.Name == group) != true),
            IsTroubled = context.Troubled.Contains(group),
            LeaseUnread = context.Facts.Unread.GetValueOrDefault(group),
        };
    }

    private static ObservedMember Member(ClusterContext context, string group, int ordinal, StatefulSet? set, ClusterObservation observation, BrokerRegistrations registrations)
    {
        string name = ClusterNames.Member(group, ordinal);
        MemberRank rank = context.Roles.RankOf(group, ordinal);

        // A pod that belongs to nobody or to another incarnation of the set is about to be collected: the member is not there.
        // Unless the set is being made again, which its pods outlive.
        if (observation.Pod(name) is not { } pod || !(IsOf(pod, set) || (observation.Recreated.Contains(group) && WasOf(pod, group))))
        {
            return new ObservedMember(group, name, ordinal, rank, MemberPod.None, MemberFigures.Unknown, registrations.Known ? false : null);
        }

        PodCondition? ready = ClusterObservation.Readiness(pod);
        bool outdated = set is not null && IsOutdated(pod, set);
        bool? registered = registrations.Known
            ? AddressOf(context, group, ordinal, rank, pod) is { Length: > 0 } address
                && registrations.Contains(group, rank.BrokerId, address)
            : null;
        MemberPod live = new(
            pod.Uid(),
            Ready: ready is not null,
            outdated,
            Terminating: pod.IsDeleting(),
            ready?.LastTransitionTime,
            outdated && set?.Spec?.Template is { } template ? TemplateChanges.Describe(pod, template) : null);
        return new ObservedMember(group, name, ordinal, rank, live, MemberFigures.Unknown, registered);
    }

    public static bool IsOf(Pod pod, StatefulSet? set) => set is not null && pod.ControllerOwner()?.Uid == set.Uid();

    /// <summary>Nobody owns it, or a set of the group's name did.</summary>
    public static bool WasOf(Pod pod, string group) => pod.ControllerOwner() is not { } owner || (owner.Kind == "StatefulSet" && owner.Name == group);

    /// <summary>
    /// Returns the address under which the member registers. A pod's own tells it from its predecessor; a Service's does not, and there its
    /// readiness has to do.
    /// </summary>
    private static string? AddressOf(ClusterContext context, string group, int ordinal, MemberRank rank, Pod pod) =>
        !context.UsesServiceAddresses ? pod.Status?.PodIP : rank.Role == BrokerMemberRole.Master ? context.MasterAddress(group) : context.MemberAddress(group, ordinal);

    /// <summary>
    /// Returns true when the set would make the pod differently today. Compared by the set's own revision, so that <c>kubectl rollout
    /// restart</c> counts too; unknown, and so false, until the set's controller has seen the newest template.
    /// </summary>
    private static bool IsOutdated(Pod pod, StatefulSet set) =>
        set.Status is { UpdateRevision.Length: > 0 } status
        && IsObserved(set)
        && pod.Label("controller-revision-hash") is { } revision
        && revision != status.UpdateRevision;

    private static bool IsObserved(StatefulSet set) => set.Status is { } status && (status.ObservedGeneration ?? 0) >= (set.Metadata.Generation ?? 0);
}
