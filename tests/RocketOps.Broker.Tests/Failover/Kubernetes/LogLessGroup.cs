using RocketOps.Election.Leases;
using RocketOps.Election.Members;
using RocketOps.Testing;
using RocketOps.Testing.Time;

namespace RocketOps.Broker.Tests.Failover.Kubernetes;

/// <summary>Members without messages that share a lease. Their time passes only when each has seen what there is to see, so what happens is the same on any machine.</summary>
internal sealed class LogLessGroup : IAsyncDisposable
{
    private const int TicksPerRenewal = 8;
    private const int MostTicks = 1_000;

    private static readonly string[] Names = ["orders-0-0", "orders-0-1", "orders-0-2"];

    private readonly Dictionary<string, LogLessMember> _members = new(StringComparer.Ordinal);
    private readonly FakeTimeProvider _time;
    private readonly LeaseTimings _lease;

    /// <param name="lease">Its times.</param>
    /// <param name="store">Where a member finds it, by the member's name.</param>
    /// <param name="time">All members' clock.</param>
    public LogLessGroup(LeaseTimings lease, Func<string, ILeaseStore> store, FakeTimeProvider time)
    {
        _lease = lease;
        _time = time;
        foreach (string name in Names)
        {
            _ = new LogLessMember(new GroupOptions { Member = name, Members = Names, Address = $"{name}:1", Lease = lease }, store(name), _members, time);
        }
    }

    /// <summary>One leads, and all others follow it.</summary>
    public bool IsWhole => _members.Values.Count(static member => member.Leads) == 1 && _members.Values.Count(static member => member.Follows) == Names.Length - 1
        && _members.Values.All(static member => member.Lease?.InSync.Count == Names.Length);

    /// <summary>Who has the lease, and in which epoch, as all members have seen it last.</summary>
    public (string? Holder, long? Epoch) Leader => _members.Values.Select(static member => (member.Lease?.Holder, member.Lease?.Epoch)).Distinct().Should().ContainSingle("all have seen the same").Subject;

    /// <summary>The highest epoch that any of them has asked for.</summary>
    public long Promised => _members.Values.Max(static member => member.Promised);

    /// <summary>Begins; returns when the group is whole and nobody is in the middle of something.</summary>
    public async Task FoundAsync()
    {
        foreach (LogLessMember member in _members.Values)
        {
            member.Watch();
        }

        for (int ticks = 0; !IsWhole; ticks++)
        {
            ticks.Should().BeLessThan(MostTicks, "the members found their group");
            await StepAsync();
        }

        await PassAsync(TimeSpan.FromSeconds(10));
    }

    public async Task PassAsync(TimeSpan time)
    {
        for (int ticks = (int)(time / (_lease.Renew / TicksPerRenewal)); ticks > 0; ticks--)
        {
            await StepAsync();
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (LogLessMember member in _members.Values)
        {
            await member.DisposeAsync();
        }
    }

    private async Task StepAsync()
    {
        _time.Advance(_lease.Renew / TicksPerRenewal);
        foreach (LogLessMember member in _members.Values)
        {
            member.Tick();
        }

        await Eventually.TrueAsync(
            () =>
            {
                foreach (LogLessMember member in _members.Values)
                {
                    member.Pump();
                }

                DateTimeOffset written = _members.Values.Max(static member => member.Written);
                return _members.Values.All(member => member.IsSettled && member.Shown >= written);
            },
            "everybody is shown what was written");
    }
}
