using System.Collections.Concurrent;
using RocketOps.Broker.Failover.Kubernetes;
using RocketOps.Election.Leases;
using RocketOps.Embedded;
using RocketOps.Testing.Time;

namespace RocketOps.Broker.Tests.Failover.Kubernetes;

/// <summary>
/// A cluster that is deleted loses its Lease and the right to it before its pods are stopped: members then ask for what they cannot have, and must do so seldom, and not for one epoch after the other.
/// </summary>
public sealed class LeaseRefusedTests : IAsyncLifetime
{
    private const int Forbidden = 403;

    private readonly FakeTimeProvider _time = new();
    private readonly LeaseTimings _lease = new();
    private readonly ConcurrentQueue<TimeSpan> _written = new();
    private ApiFixture _api = null!;
    private LogLessGroup _group = null!;

    public async Task InitializeAsync()
    {
        _api = await ApiFixture.StartAsync();
        _group = new LogLessGroup(_lease, _ => new KubernetesLeaseStore(_api.Api, "default", "orders-0", _time), _time);
    }

    public async Task DisposeAsync()
    {
        await _group.DisposeAsync();
        await _api.DisposeAsync();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Lease_MayNotBeWrittenAnyMore_IsAskedForSeldomAndInOneEpoch(bool isDeleted)
    {
        await _group.FoundAsync();
        long epoch = _group.Leader.Epoch!.Value;
        if (isDeleted)
        {
            await _api.SendAsync("DELETE", ApiFixture.Lease);
        }

        DateTimeOffset begun = _time.GetUtcNow();
        _api.Server.FaultHook = call =>
        {
            if (call.Verb is not ("update" or "create"))
            {
                return null;
            }

            _written.Enqueue(_time.GetUtcNow() - begun);
            return ApiFault.Fail(Forbidden, "Forbidden");
        };
        await _group.PassAsync(TimeSpan.FromMinutes(1));

        _group.Promised.Should().BeLessThanOrEqualTo(epoch + 1, "what is refused does not happen, so its epoch is asked for again");
        _written.Should().HaveCountLessThan(3 * (int)(TimeSpan.FromMinutes(1) / _lease.Duration) + 15, "three members, each at most once in the time of a lease when it has been refused a few times");

        _api.Server.FaultHook = null;
        await _group.PassAsync(TimeSpan.FromMinutes(1));
        _group.IsWhole.Should().BeTrue("with the right the group goes on");
        _group.Leader.Epoch.Should().BeLessThanOrEqualTo(epoch + 1);
    }
}
