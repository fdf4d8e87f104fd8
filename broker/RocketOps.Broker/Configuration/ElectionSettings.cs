using RocketOps.Election.Leases;
using RocketOps.Election.Members;
using RocketOps.Hosting.Hosts;
using RocketOps.Hosting.Properties;
using RocketOps.Kubernetes.Client.Configuration;
using static RocketOps.Hosting.Properties.PropertyDefinition;

namespace RocketOps.Broker.Configuration;

/// <summary>
/// Configuration of a group that elects its master (<c>failover=Automatic</c>). Immutable; what was configured holds until the next start.
/// </summary>
/// <param name="Options">Options of the rules.</param>
/// <param name="Members">All of them, in the order of the configuration.</param>
/// <param name="LeaseStore">Address of the lease store, which <see cref="LeaseStores"/> opens.</param>
internal sealed record ElectionSettings(GroupOptions Options, IReadOnlyList<MemberAddress> Members, string LeaseStore)
{
    /// <summary>
    /// Shortest interval of renewals that nobody has set: more often only on demand, as each is a write to the lease store.
    /// </summary>
    private const int LeastRenewMillis = 1_000;

    /// <summary>This member's id as a slave: the same for ever, as clients keep it in their routes. A master's is 0.</summary>
    public long SlaveId => 1 + Members.TakeWhile(member => member.Name != Options.Member).Count();

    /// <summary>Reads the settings; what cannot be read is left out: <see cref="FindFaults"/> has told of it.</summary>
    public static ElectionSettings From(PropertyValues values)
    {
        MemberAddress[] members = [.. Entries(values).Select(MemberAddress.TryParse).OfType<MemberAddress>()];
        string own = values.Get(Keys.MemberName);
        GroupOptions options = new()
        {
            Member = own,
            Members = [.. members.Select(static member => member.Name)],
            Address = members.FirstOrDefault(member => member.Name == own).Address ?? string.Empty,
            GroupName = GroupNameOf(values),
            LeaseStore = values.Get(Keys.LeaseStore),
            Mode = values.Get(Keys.ReplicationModeOfGroup),
            ServesWithoutLease = values.Get(Keys.ApiOutage),
            MinInSync = values.Get(ReplicationOptions.Keys.MinInSyncReplicas),
            MaxLag = TimeSpan.FromMilliseconds(values.Get(Keys.HaMaxTimeSlaveNotCatchup)),
            HandOverTime = TimeSpan.FromMilliseconds(values.Get(Keys.HandOverTimeoutMillis)),
            Lease = new LeaseTimings
            {
                Duration = TimeSpan.FromMilliseconds(values.Get(Keys.LeaseDurationMillis)),
                Renew = TimeSpan.FromMilliseconds(RenewMillis(values)),
                Margin = TimeSpan.FromMilliseconds(values.Get(Keys.LeaseMarginMillis)),
            },
        };
        return new ElectionSettings(options, members, values.Get(Keys.LeaseStore));
    }

    /// <summary>Empty without a brokerName: the name of the machine, which it is then, differs from member to member.</summary>
    private static string GroupNameOf(PropertyValues values) => values.IsSet(BrokerOptions.Keys.BrokerName)
        ? $"{values.Get(BrokerOptions.Keys.BrokerClusterName)}/{values.Get(BrokerOptions.Keys.BrokerName)}" : string.Empty;

    /// <summary>All that is wrong, each with the key to change.</summary>
    public static IEnumerable<PropertyProblem> FindFaults(PropertyValues values)
    {
        if (values.IsSet(BrokerOptions.Keys.Role) || values.IsSet(ReplicationOptions.Keys.HaMasterAddress))
        {
            PropertyDefinition key = values.IsSet(BrokerOptions.Keys.Role) ? BrokerOptions.Keys.Role : ReplicationOptions.Keys.HaMasterAddress;
            yield return Fault(key, "is decided by the group's election with failover=Automatic; leave it out");
        }

        if (Entries(values).FirstOrDefault(static entry => MemberAddress.TryParse(entry) is null) is { } unreadable)
        {
            yield return Fault(Keys.GroupMembers, $"'{unreadable}' is no name@host:port (a name has letters, digits, '-', '_' and '.')");
            yield break;
        }

        ElectionSettings settings = From(values);
        foreach (string fault in settings.Options.FindFaults())
        {
            yield return Fault(KeyOf(settings), fault);
        }

        if (LeaseStores.FindFault(settings.LeaseStore) is { } storeFault)
        {
            yield return Fault(Keys.LeaseStore, storeFault);
        }

        PropertyProblem Fault(PropertyDefinition key, string text) => new(values.OriginOf(key), key.Name, text);
    }

    /// <summary>
    /// Interval of renewals in milliseconds; when not set, no more than a third of what must have room for three: settings that the default
    /// of earlier versions, a second, was good for still are.
    /// </summary>
    private static int RenewMillis(PropertyValues values)
    {
        int renew = values.Get(Keys.LeaseRenewMillis);
        int room = Math.Min(values.Get(Keys.LeaseDurationMillis) - values.Get(Keys.LeaseMarginMillis), values.Get(Keys.HaMaxTimeSlaveNotCatchup)) / 3;
        return values.IsSet(Keys.LeaseRenewMillis) ? renew : Math.Clamp(room, LeastRenewMillis, renew);
    }

    private static PropertyDefinition KeyOf(ElectionSettings settings) =>
        !settings.Options.Members.Contains(settings.Options.Member, StringComparer.Ordinal) ? Keys.MemberName
        : settings.Options.Lease.FindFault() is not null ? Keys.LeaseDurationMillis
        : settings.Options.MinInSync > settings.Options.Members.Count ? ReplicationOptions.Keys.MinInSyncReplicas
        : !settings.Options.HasRoomForReports ? Keys.HaMaxTimeSlaveNotCatchup
        : Keys.GroupMembers;

    private static string[] Entries(PropertyValues values) =>
        values.Get(Keys.GroupMembers).Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    /// <summary>Keys of these options.</summary>
    internal static class Keys
    {
        public static readonly PropertyDefinition<bool> Failover = Choice(
            "failover", false, new Dictionary<string, bool>(StringComparer.Ordinal) { ["None"] = false, ["Automatic"] = true },
            description: "Automatic: the members of the group elect their master (docs/replication.md); brokerRole and brokerId are " +
                "not to be set then. Not in RocketMQ, nor are the keys from here to replicationMode.");

        public static readonly PropertyDefinition<string> MemberName = Text(
            "memberName", string.Empty,
            description: "Name of this member, one of groupMembers, the same for ever.");

        public static readonly PropertyDefinition<string> GroupMembers = Text(
            "groupMembers", string.Empty,
            description: "All members of the group, this one among them: `name@host:port` separated by `,`, with each one's remoting " +
                "address. As a slave, the first has the id 1, the second 2.");

        public static readonly PropertyDefinition<string> LeaseStore = Text(
            "leaseStore", string.Empty,
            description: "Where the group keeps its lease: `kubernetes:NAMESPACE/NAME`, a Lease of the cluster this pod runs in, or " +
                "`file:/path`, a file that all members share (one machine).");

        public static readonly PropertyDefinition<string> KubernetesCredentials = Text(
            "kubernetesCredentials", InClusterConfiguration.DefaultDirectory,
            description: "With leaseStore=kubernetes:…: folder of the service account's `token` and `ca.crt`.");

        public static readonly PropertyDefinition<string> MasterSlice = Text(
            "masterSlice", string.Empty,
            description: "With leaseStore=kubernetes:…: EndpointSlice, in the lease's namespace, of the Service that clients reach " +
                "the group's master by. Whoever leads puts its pod's address (POD_IP) there.");

        public static readonly PropertyDefinition<string> MasterIP1 = Text(
            "masterIP1", string.Empty, HostSyntax.Host, HostSyntax.FindHostProblem,
            description: "With failover=Automatic: host that clients are told while this member leads, an address that follows the " +
                "master. brokerIP1 when not set.");

        public static readonly PropertyDefinition<int> LeaseDurationMillis = Int32(
            "leaseDurationMillis", 6_000, 1, 3_600_000,
            description: "Milliseconds after which a lease that was not renewed may be taken by another member.");

        public static readonly PropertyDefinition<int> LeaseRenewMillis = Int32(
            "leaseRenewMillis", 1_500, 1, 3_600_000,
            description: "Milliseconds between two renewals of the lease, each a write to the lease store. When not set, less, down " +
                "to 1000, where leaseDurationMillis less leaseMarginMillis, or haMaxTimeSlaveNotCatchup, is shorter than three of " +
                "the default.");

        public static readonly PropertyDefinition<int> HaMaxTimeSlaveNotCatchup = Int32(
            "haMaxTimeSlaveNotCatchup", 5_000, 100, 3_600_000,
            description: "With failover=Automatic: milliseconds after which a member that has not caught up with the master is in " +
                "sync no longer. Until then acknowledgements, and what consumers see, wait for it. Three times leaseRenewMillis or " +
                "more. RocketMQ's default is 15000.");

        public static readonly PropertyDefinition<int> HandOverTimeoutMillis = Int32(
            "handOverTimeoutMillis", 5_000, 100, 3_600_000,
            description: "Milliseconds after which a planned switchover whose successor has not caught up is given up, and the " +
                "master goes on. Messages are refused meanwhile.");

        public static readonly PropertyDefinition<int> LeaseMarginMillis = Int32(
            "leaseMarginMillis", 1_000, 1, 3_600_000,
            description: "Milliseconds before the end of its lease from which on a master acknowledges nothing.");

        public static readonly PropertyDefinition<bool> ApiOutage = Choice(
            "apiOutage", false, new Dictionary<string, bool>(StringComparer.Ordinal) { ["Refuse"] = false, ["Serve"] = true },
            description: "With failover=Automatic and replicationMode=Async, without effect otherwise: what a master does that " +
                "cannot renew its lease, as the lease store is away. Refuse: it takes no messages from the end of its lease on. " +
                "Serve: it goes on as long as every copy in sync follows it; when another member takes the lease meanwhile, what it " +
                "took since then, up to about 5 s, is lost to the group and kept in `diverged/`.");

        public static readonly PropertyDefinition<ReplicationMode> ReplicationModeOfGroup = Choice(
            "replicationMode", ReplicationMode.Sync,
            new Dictionary<string, ReplicationMode>(StringComparer.Ordinal) { ["Sync"] = ReplicationMode.Sync, ["Async"] = ReplicationMode.Async },
            description: "With failover=Automatic. Sync: a message is acknowledged when every copy that is in sync has it, " +
                "minInSyncReplicas at least. Async: when the master has it.");

        /// <summary>All of them.</summary>
        public static readonly IReadOnlyList<PropertyDefinition> All =
        [
            Failover, MemberName, GroupMembers, LeaseStore, KubernetesCredentials, MasterSlice, MasterIP1, LeaseDurationMillis,
            LeaseRenewMillis, HaMaxTimeSlaveNotCatchup, HandOverTimeoutMillis, LeaseMarginMillis, ApiOutage, ReplicationModeOfGroup,
        ];
    }
}
