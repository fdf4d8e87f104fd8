using System.Collections.Immutable;
using System.Text.Json;
using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Clusters.Leadership;
using RocketOps.Operator.Clusters.Marks;
using RocketOps.Operator.Clusters.Revisions;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Reporting;
using RocketOps.Operator.Settings;

namespace RocketOps.Operator.Clusters.Context;

/// <summary>
/// All that the wanted state of a cluster follows from: what of the object's spec is honoured, the operator's defaults, who is what in each group, and what is kept of the
/// sets that are there. No clock, no I/O.
/// </summary>
internal sealed record ClusterContext
{
    /// <summary>A cluster of which nothing is there yet.</summary>
    /// <param name="cluster">The object.</param>
    /// <param name="images">Where the spec names none.</param>
    /// <param name="roles">Who is what in each group.</param>
    /// <param name="groupLease">How long leases hold where the spec says nothing of their times; null for the brokers' own default.</param>
    /// <param name="notes">What sets note of their templates, as read before; null to read each anew.</param>
    public ClusterContext(
        BrokerCluster cluster, OperatorImages images, IMemberRoles roles, TimeSpan? groupLease = null, RevisionNotes? notes = null)
    {
        ArgumentNullException.ThrowIfNull(cluster);
        ArgumentNullException.ThrowIfNull(images);
        ArgumentNullException.ThrowIfNull(roles);
        Cluster = cluster;
        Spec = cluster.Spec;
        Staying = cluster.Spec.Brokers.Groups;
        Images = images;
        Roles = roles;
        GroupLease = groupLease;
        Notes = notes ?? new RevisionNotes();
        Names = new ClusterNames(
            cluster.Metadata.Name ?? throw new ArgumentException("The cluster has no name.", nameof(cluster)),
            cluster.Metadata.Namespace ?? throw new ArgumentException("The cluster has no namespace.", nameof(cluster)));
    }

    public BrokerCluster Cluster { get; }

    /// <summary>Part of the object's spec that is honoured: where a field cannot be, it has the value that is in effect.</summary>
    public BrokerClusterSpec Spec { get; private init; }

    /// <summary>Number of groups that stay; the others go.</summary>
    public int Staying { get; private init; }

    /// <summary>Programs that go on with the configuration they have instead of the spec's.</summary>
    public KeptConfigurations Kept { get; private init; } = KeptConfigurations.None;

    /// <summary>Templates that the groups get.</summary>
    public RevisionPlan Revisions { get; private init; } = RevisionPlan.None;

    /// <summary>Notes that sets keep of their templates.</summary>
    public RevisionNotes Notes { get; }

    /// <summary>Groups whose objects could not all be applied, for a reason that a person has to remove: nothing is done with their pods until they are.</summary>
    public IReadOnlySet<string> Troubled { get; private init; } = new HashSet<string>();

    /// <summary>Default images, where the spec names none.</summary>
    public OperatorImages Images { get; }

    /// <summary>
    /// Duration of the leases of groups that elect their master, where the spec says nothing of their times; null for the brokers' own
    /// default.
    /// </summary>
    public TimeSpan? GroupLease { get; }

    /// <summary>
    /// Returns true when a program with this image, or without one of its own, is of the operator's version, so that its keys are known
    /// here.
    /// </summary>
    public bool RunsThisVersion(string? image) => image is null && Images.IsOwn;

    /// <summary>The brokers' image; of the first group where they keep those they have.</summary>
    public string BrokerImage => BrokerImageOf(Names.Group(0));

    public string NameServerImage => Spec.NameServer.Image ?? Kept.NameServerImage ?? Images.NameServer;

    /// <summary>Version of the images that the cluster has: of brokers that keep theirs, what they have.</summary>
    public string Version => Images.VersionOf(Kept.ImageOf(Names.Group(0))) ?? Images.Version;

    public string BrokerImageOf(string group) => Spec.Brokers.Image ?? Kept.ImageOf(group) ?? Images.Broker;

    public IMemberRoles Roles { get; private init; }

    public ClusterNames Names { get; }

    /// <summary>Values kept of the sets that are there, by group.</summary>
    private ImmutableDictionary<string, KnownSet> Sets { get; init; } = ImmutableDictionary.Create<string, KnownSet>(StringComparer.Ordinal);

    /// <summary>Member lists that the workloads show of groups that elect their master, by group.</summary>
    private ImmutableDictionary<string, MemberLists> Lists { get; init; } = ImmutableDictionary.Create<string, MemberLists>(StringComparer.Ordinal);

    /// <summary>Facts that were found of groups that elect their master.</summary>
    public GroupObservation Facts { get; private init; } = GroupObservation.None;

    /// <summary>The members of a group elect their master.</summary>
    public bool IsAutomatic => Spec.Replication.Failover == FailoverMode.Automatic;

    /// <summary>Brokers register with the addresses of Services.</summary>
    public bool UsesServiceAddresses => IsAutomatic && Spec.Replication.Addressing == AddressingMode.Service;

    /// <summary>The groups that are wanted, and those that are on their way out.</summary>
    public IEnumerable<string> Groups => Enumerable.Range(0, Spec.Brokers.Groups).Select(Names.Group);

    /// <summary>Returns the address of a group's master, whichever member that is; null until its Service has an address.</summary>
    public string? MasterAddress(string group) => Facts.Addresses.GetValueOrDefault(ClusterNames.GroupMaster(group));

    /// <summary>Returns the address of a member, whichever pod it is; null until its Service has an address.</summary>
    public string? MemberAddress(string group, int ordinal) => Facts.Addresses.GetValueOrDefault(ClusterNames.Member(group, ordinal));

    /// <summary>All addresses that stand in the members' configuration are known.</summary>
    public bool IsAddressed(string group) =>
        !UsesServiceAddresses || (MasterAddress(group) is not null && AreAddressed(group, ListedOf(group)));

    /// <summary>
    /// Members a group has now: never fewer than wanted, and more while some are on their way out. A set loses its members one at a time, by a step of its own. One of a group that elects its master gets them by a
    /// step of its own too, when those that are there know them; until then, and when it is made for pods that are left, there are as many as know each other.
    /// </summary>
    public int MembersOf(string group) =>
        !IsAutomatic ? Math.Max(Spec.Brokers.Replicas, SetOf(group).Members ?? 0)
        : SetOf(group).Members
        ?? Math.Min(Spec.Brokers.Replicas, ListsOf(group).Shortest ?? Spec.Brokers.Replicas);

    /// <summary>
    /// Members that are to count among a group that elects its master: those that are asked for, those that are there, and whoever may lead, which the Lease says. Without one nobody is forgotten whom the
    /// configuration in use names. Of several that leave the last one is forgotten with the others, which costs one round of restarts.
    /// </summary>
    public int CountedAmong(string group)
    {
        MemberLists lists = ListsOf(group);
        int present = MembersOf(group);
        int named = Facts.Leases.GetValueOrDefault(group) is { InSync.Count: > 0 } lease ? MemberLists.NamedBy(group, lease) : lists.Longest ?? 0;
        int kept = IsMarked(group) || present > Spec.Brokers.Replicas ? lists.Template ?? 0 : Spec.Brokers.Replicas;
        return Math.Max(Math.Max(present, lists.Pods), Math.Max(named, kept));
    }

    /// <summary>Members that the configuration of a group that elects its master names: as many as are to count among it, once all of them have addresses.</summary>
    public int ListedOf(string group)
    {
        int counted = CountedAmong(group);
        int listed = ListsOf(group).Template ?? MembersOf(group);
        return !AreAddressed(group, counted) && AreAddressed(group, listed) ? listed : counted;
    }

    /// <summary>Returns the member lists that the workloads show of a group that elects its master.</summary>
    public MemberLists ListsOf(string group) => Lists.GetValueOrDefault(group, MemberLists.None);

    /// <summary>Ordinal from which on members are new and not in sync yet; null when none is.</summary>
    public int? JoiningFrom(string group) =>
        ListsOf(group).Joining is { } from && from < MembersOf(group)
        && !Enumerable.Range(from, MembersOf(group) - from).All(ordinal => Facts.Leases.GetValueOrDefault(group)?.Has(ClusterNames.Member(group, ordinal)) == true)
            ? from
            : null;

    /// <summary>
    /// Size that a group's set gives the claims it makes: as long as there is a set, the one it has, for that cannot be changed. A group that is yet to come begins as the others are and grows with them:
    /// whether they may is not known before they try.
    /// </summary>
    public Quantity ClaimSizeOf(string group) =>
        SetOf(group).ClaimSize ?? Sets.Values.Select(static set => set.ClaimSize).OfType<Quantity>().Append(Spec.Brokers.Storage.Size).Min()!;

    /// <summary>Size of the volumes that a group's stores were made for. Stays when they grow.</summary>
    public Quantity StoreSizeOf(string group) => SetOf(group).StoreSize ?? ClaimSizeOf(group);

    /// <summary>
    /// Returns true when brokers of a group keep away from the first members of others by default. Not in sets that were made before there
    /// was that default: their pods would restart for it alone.
    /// </summary>
    public bool SpreadsFirstMembers(string group) => SetOf(group).IsSpread;

    /// <summary>
    /// Returns true when brokers of a group look at their start whether it is new and to take no messages (<see cref="GroupClosure"/>). Not
    /// in sets that were made before: their pods would restart for it alone.
    /// </summary>
    public bool LooksForClosure(string group) => SetOf(group).LooksForClosure;

    /// <summary>
    /// Returns true when a group that is made now takes no messages at first: another one has run, so there are topics that it lacks, and
    /// producers who have somewhere to go. The groups that a cluster begins with are open at once.
    /// </summary>
    public bool BeginsClosed(string group) =>
        Cluster.Status?.Groups?.Exists(other => other.Name != group && other.Members?.Exists(static member => member.PodUid is not null) == true) == true;

    /// <summary>
    /// Returns the wish of <see cref="ClusterAnnotations.RestartAt"/> that a group's pods are made for: the present one, or else the last
    /// one they were made for; null when there was none.
    /// </summary>
    public string? RestartMarkOf(string group) => RestartMark.Asked(Cluster) ?? SetOf(group).RestartMark;

    /// <summary>The group is on its way out.</summary>
    public bool IsLeaving(string group) => Enumerable.Range(Staying, Math.Max(0, Spec.Brokers.Groups - Staying)).Any(index => Names.Group(index) == group);

    /// <summary>The group's set says that it is on its way out: as long as it is, and until what was done for that is undone.</summary>
    public bool IsMarked(string group) => SetOf(group).IsMarked || IsLeaving(group);

    /// <summary>Notes that a group's set keeps of its template.</summary>
    public GroupRevision RevisionOf(string group) => SetOf(group).Revision;

    /// <summary>The same cluster with what of its spec is honoured, and with the sets that are there.</summary>
    public ClusterContext Honouring(EffectiveSpec honoured, ClusterObservation observation) => (this with { Spec = honoured.Spec, Staying = honoured.Staying, Kept = honoured.Kept }).Seeing(observation);

    /// <summary>The same cluster with what was found of its groups.</summary>
    public ClusterContext Knowing(GroupObservation facts) => this with { Facts = facts, Roles = IsAutomatic ? new LeaseRoles(facts.Leases) : Roles };

    /// <summary>The same cluster when it is known which groups' objects could not all be applied.</summary>
    public ClusterContext Troubling(IReadOnlySet<string> troubled) => this with { Troubled = troubled };

    /// <summary>The same cluster when it was decided which group gets which template.</summary>
    public ClusterContext Choosing(RevisionPlan revisions) => this with { Revisions = revisions };

    /// <summary>The same cluster when something is known of a group's template.</summary>
    public ClusterContext WithRevision(string group, GroupRevision revision) => With(group, SetOf(group) with { Revision = revision });

    /// <summary>The same cluster with the sets that are there.</summary>
    public ClusterContext Seeing(ClusterObservation observation) => this with
    {
        Sets = Sets.Clear().AddRange(observation.Sets.Select(set => KeyValuePair.Create(set.Name(), KnownSet.Of(set, Notes.Of(set))))),
        Lists = Lists.Clear().AddRange(IsAutomatic ? Groups.Select(group => KeyValuePair.Create(group, MemberLists.Of(group, observation))) : []),
    };

    /// <summary>The same cluster when a group has one member fewer.</summary>
    public ClusterContext WithoutLastMember(string group) => With(group, SetOf(group) with { Members = (SetOf(group).Members ?? 0) - 1 });

    /// <summary>The same cluster when a group that elects its master has new members.</summary>
    public ClusterContext WithMembers(string group, int members)
    {
        MemberLists lists = ListsOf(group);
        return With(group, SetOf(group) with { Members = members }) with
        {
            Lists = Lists.SetItem(group, lists with { Joining = Math.Min(lists.Joining ?? BrokersSpec.MaxReplicas, MembersOf(group)) }),
        };
    }

    /// <summary>The same cluster when a group that stays is no longer marked.</summary>
    public ClusterContext WithoutMark(string group) => With(group, SetOf(group) with { IsMarked = false });

    /// <summary>The same cluster where claims cannot grow.</summary>
    public ClusterContext WithStorage(Quantity size)
    {
        BrokerClusterSpec spec = SpecCopy.Of(Spec);
        spec.Brokers.Storage.Size = size;
        return this with { Spec = spec };
    }

    private bool AreAddressed(string group, int members) => !UsesServiceAddresses || Enumerable.Range(0, members).All(ordinal => MemberAddress(group, ordinal) is not null);

    private KnownSet SetOf(string group) => Sets.GetValueOrDefault(group, KnownSet.None);

    private ClusterContext With(string group, KnownSet set) => this with { Sets = Sets.SetItem(group, set) };
}

/// <summary>
/// Part of a cluster's spec that can be honoured. A field that cannot be keeps the value that is in effect and is reported; it does not
/// stop the rest.
/// </summary>
/// <param name="Spec">The spec to work with.</param>
/// <param name="Staying">So many of its groups stay; those beyond are on their way out.</param>
/// <param name="Kept">What goes on with the configuration it has.</param>
/// <param name="Problem">The first thing a person has to change; null when all is honoured.</param>
/// <param name="Blocked">Nothing of it can be honoured: there is no value in effect to keep.</param>
internal sealed record EffectiveSpec(BrokerClusterSpec Spec, int Staying, KeptConfigurations Kept, Problem? Problem, bool Blocked);

/// <summary>Copies a spec before anything of it is replaced: the object belongs to the cache and is shared.</summary>
internal static class SpecCopy
{
    public static BrokerClusterSpec Of(BrokerClusterSpec spec) => JsonSerializer.SerializeToElement(spec, OperatorJsonContext.Default.BrokerClusterSpec).Deserialize(OperatorJsonContext.Default.BrokerClusterSpec)!;
}
