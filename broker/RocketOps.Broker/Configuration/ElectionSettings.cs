using RocketOps.Election.Leases;
using RocketOps.Election.Members;
using RocketOps.Hosting.Properties;

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
        string own = values.Get(BrokerKeys.MemberName);
        GroupOptions options = new()
        {
            Member = own,
            Members = [.. members.Select(static member => member.Name)],
            Address = members.FirstOrDefault(member => member.Name == own).Address ?? string.Empty,
            Mode = values.Get(BrokerKeys.ReplicationModeOfGroup),
            ServesWithoutLease = values.Get(BrokerKeys.ApiOutage),
            MinInSync = values.Get(BrokerKeys.MinInSyncReplicas),
            MaxLag = TimeSpan.FromMilliseconds(values.Get(BrokerKeys.HaMaxTimeSlaveNotCatchup)),
            HandOverTime = TimeSpan.FromMilliseconds(values.Get(BrokerKeys.HandOverTimeoutMillis)),
            Lease = new LeaseTimings
            {
                Duration = TimeSpan.FromMilliseconds(values.Get(BrokerKeys.LeaseDurationMillis)),
                Renew = TimeSpan.FromMilliseconds(RenewMillis(values)),
                Margin = TimeSpan.FromMilliseconds(values.Get(BrokerKeys.LeaseMarginMillis)),
            },
        };
        return new ElectionSettings(options, members, values.Get(BrokerKeys.LeaseStore));
    }

    /// <summary>All that is wrong, each with the key to change.</summary>
    public static IEnumerable<PropertyProblem> FindFaults(PropertyValues values)
    {
        if (values.IsSet(BrokerKeys.Role) || values.IsSet(BrokerKeys.HaMasterAddress))
        {
            PropertyDefinition key = values.IsSet(BrokerKeys.Role) ? BrokerKeys.Role : BrokerKeys.HaMasterAddress;
            yield return Fault(key, "is decided by the group's election with failover=Automatic; leave it out");
        }

        if (Entries(values).FirstOrDefault(static entry => MemberAddress.TryParse(entry) is null) is { } unreadable)
        {
            yield return Fault(BrokerKeys.GroupMembers, $"'{unreadable}' is no name@host:port (a name has letters, digits, '-', '_' and '.')");
            yield break;
        }

        ElectionSettings settings = From(values);
        foreach (string fault in settings.Options.FindFaults())
        {
            yield return Fault(KeyOf(settings), fault);
        }

        if (LeaseStores.FindFault(settings.LeaseStore) is { } storeFault)
        {
            yield return Fault(BrokerKeys.LeaseStore, storeFault);
        }

        PropertyProblem Fault(PropertyDefinition key, string text) => new(values.OriginOf(key), key.Name, text);
    }

    /// <summary>
    /// Interval of renewals in milliseconds; when not set, no more than a third of what must have room for three: settings that the default
    /// of earlier versions, a second, was good for still are.
    /// </summary>
    private static int RenewMillis(PropertyValues values)
    {
        int renew = values.Get(BrokerKeys.LeaseRenewMillis);
        int room = Math.Min(values.Get(BrokerKeys.LeaseDurationMillis) - values.Get(BrokerKeys.LeaseMarginMillis), values.Get(BrokerKeys.HaMaxTimeSlaveNotCatchup)) / 3;
        return values.IsSet(BrokerKeys.LeaseRenewMillis) ? renew : Math.Clamp(room, LeastRenewMillis, renew);
    }

    private static PropertyDefinition KeyOf(ElectionSettings settings) =>
        !settings.Options.Members.Contains(settings.Options.Member, StringComparer.Ordinal) ? BrokerKeys.MemberName
        : settings.Options.Lease.FindFault() is not null ? BrokerKeys.LeaseDurationMillis
        : settings.Options.MinInSync > settings.Options.Members.Count ? BrokerKeys.MinInSyncReplicas
        : !settings.Options.HasRoomForReports ? BrokerKeys.HaMaxTimeSlaveNotCatchup
        : BrokerKeys.GroupMembers;

    private static string[] Entries(PropertyValues values) =>
        values.Get(BrokerKeys.GroupMembers).Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
}
