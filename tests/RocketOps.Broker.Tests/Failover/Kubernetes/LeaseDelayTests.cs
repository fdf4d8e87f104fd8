using RocketOps.Broker.Failover.Kubernetes;
using RocketOps.Election.Leases;
using RocketOps.Testing.Time;

namespace RocketOps.Broker.Tests.Failover.Kubernetes;

/// <summary>What becomes of a master whose renewals do not come through for ten seconds, while others reach the lease: a machine that compiles gives one program its turn and not the other.</summary>
public sealed class LeaseDelayTests : IAsyncLifetime
{
    private static readonly TimeSpan Delay = TimeSpan.FromSeconds(10);

    private readonly FakeTimeProvider _time = new();
    private ApiFixture _api = null!;
    private string? _delayed;

    public async Task InitializeAsync() => _api = await ApiFixture.StartAsync();

    public async Task DisposeAsync() => await _api.DisposeAsync();

    [Theory]
    [InlineData(15, true)]
    [InlineData(6, false)]
    public async Task RenewalsDelayed_ByTenSeconds_OnlyALongLeaseKeepsItsHolderAndEpoch(int seconds, bool isKept)
    {
        LeaseTimings lease = new() { Duration = TimeSpan.FromSeconds(seconds) };
        await using LogLessGroup group = new(lease, name => new DelayedLeases(new KubernetesLeaseStore(_api.Api, "default", "orders-0", _time), () => _delayed == name), _time);
        await group.FoundAsync();
        (string? Holder, long? Epoch) before = group.Leader;

        _delayed = before.Holder;
        await group.PassAsync(Delay);
        _delayed = null;
        await group.PassAsync(Delay);

        (group.Leader == before).Should().Be(isKept, "before it was {0}, now it is {1}", before, group.Leader);
    }

    /// <summary>Lets nothing be written while it is delayed.</summary>
    private sealed class DelayedLeases(ILeaseStore inner, Func<bool> isDelayed) : ILeaseStore
    {
        public Task<VersionedLease?> ReadAsync(CancellationToken cancellationToken) => inner.ReadAsync(cancellationToken);

        public Task<string?> TryWriteAsync(LeaseRecord record, string? expectedVersion, CancellationToken cancellationToken) =>
            isDelayed() ? throw new LeaseStoreException("The API server did not answer in time.") : inner.TryWriteAsync(record, expectedVersion, cancellationToken);

        public Task WatchAsync(string? seenVersion, TimeSpan patience, Action<VersionedLease?> seen, CancellationToken cancellationToken) =>
            inner.WatchAsync(seenVersion, patience, seen, cancellationToken);
    }
}
