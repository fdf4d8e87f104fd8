using System.Collections.Concurrent;
using RocketOps.Broker.Replication.Kubernetes;
using RocketOps.Embedded;
using RocketOps.Replication.Members;
using RocketOps.Testing;
using RocketOps.Testing.Time;

namespace RocketOps.Broker.Tests.Replication.Kubernetes;

/// <summary>What the members of an elected group ask of the API server. Their time passes only when each has seen what there is to see, so the count is the same on any machine.</summary>
public sealed class LeaseTrafficTests : IAsyncLifetime
{
    private const int TicksPerRenewal = 8;

    private static readonly string[] Names = ["orders-0-0", "orders-0-1", "orders-0-2"];

    private readonly FakeTimeProvider _time = new();
    private readonly Dictionary<string, LogLessMember> _members = new(StringComparer.Ordinal);
    private readonly ConcurrentQueue<string> _asked = new();
    private ApiFixture _api = null!;

    public async Task InitializeAsync()
    {
        _api = await ApiFixture.StartAsync();
        _api.Server.FaultHook = call =>
        {
            _asked.Enqueue(call.Verb);
            return null;
        };
        foreach (string name in Names)
        {
            GroupOptions options = new() { Member = name, Members = Names, Address = $"{name}:1" };
            _ = new LogLessMember(options, new KubernetesLeaseStore(_api.Api, "default", "orders-0", _time), _members, _time);
        }
    }

    public async Task DisposeAsync()
    {
        foreach (LogLessMember member in _members.Values)
        {
            await member.DisposeAsync();
        }

        await _api.DisposeAsync();
    }

    [Fact]
    public async Task Minute_InWhichNothingHappens_CostsTheRenewalsAndNothingElse()
    {
        GroupOptions options = new() { Member = Names[0], Members = Names };
        foreach (LogLessMember member in _members.Values)
        {
            member.Watch();
        }

        for (int ticks = 0; !IsWhole(); ticks++)
        {
            ticks.Should().BeLessThan(1_000, "the members found their group");
            await StepAsync(options);
        }

        // Who was in the middle of something has done it.
        await PassAsync(options, TimeSpan.FromSeconds(10));
        _asked.Clear();

        await PassAsync(options, TimeSpan.FromMinutes(1));

        _asked.Count(static verb => verb == "update").Should().BeInRange((int)(TimeSpan.FromMinutes(1) / options.Lease.Renew) - 1, (int)(TimeSpan.FromMinutes(1) / options.Lease.Renew) + 1, "the holder renews");
        _asked.Should().OnlyContain(static verb => verb == "update", "the others are shown what it writes");
        IsWhole().Should().BeTrue();
    }

    private bool IsWhole() => _members.Values.Count(static member => member.Leads) == 1 && _members.Values.Count(static member => member.Follows) == Names.Length - 1
        && _members.Values.All(static member => member.Lease?.InSync.Count == Names.Length);

    private async Task PassAsync(GroupOptions options, TimeSpan time)
    {
        for (int ticks = (int)(time / (options.Lease.Renew / TicksPerRenewal)); ticks > 0; ticks--)
        {
            await StepAsync(options);
        }
    }

    private async Task StepAsync(GroupOptions options)
    {
        _time.Advance(options.Lease.Renew / TicksPerRenewal);
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
