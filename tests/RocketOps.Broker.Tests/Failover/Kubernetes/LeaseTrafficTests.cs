using System.Collections.Concurrent;
using RocketOps.Broker.Failover.Kubernetes;
using RocketOps.Election.Leases;
using RocketOps.Embedded;
using RocketOps.Testing.Time;

namespace RocketOps.Broker.Tests.Failover.Kubernetes;

/// <summary>What the members of an elected group ask of the API server.</summary>
public sealed class LeaseTrafficTests : IAsyncLifetime
{
    private readonly FakeTimeProvider _time = new();
    private readonly LeaseTimings _lease = new();
    private readonly ConcurrentQueue<string> _asked = new();
    private ApiFixture _api = null!;
    private LogLessGroup _group = null!;

    public async Task InitializeAsync()
    {
        _api = await ApiFixture.StartAsync();
        _api.Server.FaultHook = call =>
        {
            _asked.Enqueue(call.Verb);
            return null;
        };
        _group = new LogLessGroup(_lease, _ => new KubernetesLeaseStore(_api.Api, "default", "orders-0", _time), _time);
    }

    public async Task DisposeAsync()
    {
        await _group.DisposeAsync();
        await _api.DisposeAsync();
    }

    [Fact]
    public async Task Minute_InWhichNothingHappens_CostsTheRenewalsAndNothingElse()
    {
        await _group.FoundAsync();
        _asked.Clear();

        await _group.PassAsync(TimeSpan.FromMinutes(1));

        _asked.Count(static verb => verb == "update").Should().BeInRange((int)(TimeSpan.FromMinutes(1) / _lease.Renew) - 1, (int)(TimeSpan.FromMinutes(1) / _lease.Renew) + 1, "the holder renews");
        _asked.Should().OnlyContain(static verb => verb == "update", "the others are shown what it writes");
        _group.IsWhole.Should().BeTrue();
    }
}
