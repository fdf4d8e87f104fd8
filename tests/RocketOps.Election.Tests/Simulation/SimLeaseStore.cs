using System.Globalization;
using RocketOps.Election.Leases;

namespace RocketOps.Election.Tests.Simulation;

/// <summary>The lease, behind a network of its own: requests and answers take time and get lost.</summary>
internal sealed class SimLeaseStore(SimWorld world, SimOptions options)
{
    private readonly HashSet<int> _cut = [];
    private int _version;

    public VersionedLease? Lease { get; private set; }

    /// <summary>All that members ever wrote.</summary>
    public List<LeaseRecord> Past { get; } = [];

    /// <summary>Faults are over.</summary>
    public bool IsCalm { get; set; }

    /// <summary>Since when it can be reached by a member.</summary>
    public Dictionary<int, TimeSpan> ReachableSince { get; } = [];

    /// <summary>Called with each change, for each member whose watch shows it.</summary>
    public Action<int, VersionedLease?>? Watched { get; set; }

    /// <summary>Called before a write is done.</summary>
    public Action<LeaseRecord?, LeaseRecord>? Writing { get; set; }

    public void Cut(int member) => _cut.Add(member);

    public void Heal(int member)
    {
        if (_cut.Remove(member))
        {
            ReachableSince[member] = world.Now;
        }
    }

    public bool IsReachable(int member) => !_cut.Contains(member);

    public void Read(int member, Action<VersionedLease?> answered, Action failed) => Ask(member, () => Lease, answered, failed);

    public void Write(int member, LeaseRecord record, string? expectedVersion, Action<string?> answered, Action failed) =>
        Ask(member, () => TryWrite(record, expectedVersion), answered, failed);

    /// <summary>A person's change, or a deletion.</summary>
    public void Edit(LeaseRecord? record)
    {
        Lease = record is null ? null : new VersionedLease(record, NextVersion());
        TellWatchers();
    }

    private string? TryWrite(LeaseRecord record, string? expectedVersion)
    {
        if (options.LeaseStoreComparesVersions && Lease?.Version != expectedVersion)
        {
            return null;
        }

        Writing?.Invoke(Lease?.Record, record);
        Lease = new VersionedLease(record, NextVersion());
        Past.Add(record);
        TellWatchers();
        return Lease.Version;
    }

    /// <summary>Most hear of it at once; some late, after they have read what came then, and some never.</summary>
    private void TellWatchers()
    {
        VersionedLease? lease = Lease;
        for (int i = 0; i < options.Members + options.Spares; i++)
        {
            int member = i;
            if (world.Chance(0.1) || !IsReachable(member))
            {
                continue;
            }

            world.After(!IsCalm && world.Chance(options.LeaseSlow) ? world.Between(200, 4000) : world.Between(1, 60), () =>
            {
                if (IsReachable(member))
                {
                    Watched?.Invoke(member, lease);
                }
            });
        }
    }

    private string NextVersion() => (++_version).ToString(CultureInfo.InvariantCulture);

    private void Ask<T>(int member, Func<T> does, Action<T> answered, Action failed)
    {
        // Most are quick; some take longer than anybody waits for them, and are done nevertheless.
        TimeSpan there = !IsCalm && world.Chance(options.LeaseSlow) ? world.Between(200, 4000) : world.Between(1, 30);
        TimeSpan back = !IsCalm && world.Chance(options.LeaseSlow) ? world.Between(200, 4000) : world.Between(1, 30);
        if (!IsReachable(member))
        {
            world.After(world.Between(1, 1500), failed);
            return;
        }

        world.After(there, () =>
        {
            if (!IsReachable(member))
            {
                return;
            }

            T answer = does();
            world.After(back, () =>
            {
                if (IsReachable(member))
                {
                    answered(answer);
                }
                else if (world.Chance(0.5))
                {
                    failed();
                }
            });
        });
    }
}
