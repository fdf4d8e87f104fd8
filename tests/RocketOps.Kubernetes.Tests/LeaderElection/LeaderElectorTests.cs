using RocketOps.Kubernetes.LeaderElection;
using RocketOps.Kubernetes.Models;
using RocketOps.Kubernetes.Tests.Support;
using RocketOps.Testing;
using RocketOps.Testing.Time;

namespace RocketOps.Kubernetes.Tests.LeaderElection;

public sealed class LeaderElectorTests
{
    private readonly FakeKubernetesClient _client = new();
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public async Task TryAcquire_NoLease_CreatesIt()
    {
        LeaderElector elector = Elector("a");

        (await elector.TryAcquireOrRenewAsync(CancellationToken.None)).Should().BeTrue();

        elector.IsLeader.Should().BeTrue();
        LeaseSpec lease = await LeaseAsync();
        lease.HolderIdentity.Should().Be("a");
        lease.LeaseTransitions.Should().Be(0);
        lease.LeaseDurationSeconds.Should().Be(15);
    }

    [Fact]
    public async Task TryAcquire_HeldByAnother_WaitsForADurationOfItsOwnClockSinceTheLastChange()
    {
        LeaderElector a = Elector("a");
        LeaderElector b = Elector("b");
        await a.TryAcquireOrRenewAsync(CancellationToken.None);

        (await b.TryAcquireOrRenewAsync(CancellationToken.None)).Should().BeFalse();
        _time.Advance(TimeSpan.FromSeconds(14));
        (await b.TryAcquireOrRenewAsync(CancellationToken.None)).Should().BeFalse();
        await a.TryAcquireOrRenewAsync(CancellationToken.None);
        _time.Advance(TimeSpan.FromSeconds(2));
        (await b.TryAcquireOrRenewAsync(CancellationToken.None)).Should().BeFalse("it changed two seconds ago");
        _time.Advance(TimeSpan.FromSeconds(15));

        (await b.TryAcquireOrRenewAsync(CancellationToken.None)).Should().BeTrue();
        a.IsLeader.Should().BeFalse("its own view ended before");
        (await LeaseAsync()).LeaseTransitions.Should().Be(1);
    }

    [Fact]
    public async Task TryAcquire_WallClockOfTheHolderIsWrong_DoesNotMatter()
    {
        _client.Put(Lease("other", renewed: _time.GetUtcNow().AddYears(-1)));
        LeaderElector elector = Elector("a");

        (await elector.TryAcquireOrRenewAsync(CancellationToken.None)).Should().BeFalse("only changes count, never the times written in it");
    }

    [Fact]
    public async Task TryAcquire_LostRace_IsNotLeader()
    {
        _client.Put(Lease("", renewed: _time.GetUtcNow()));
        _client.Fault = call => call == "replace Lease" ? FakeKubernetesClient.Error(409, "Conflict") : null;
        LeaderElector elector = Elector("a");

        (await elector.TryAcquireOrRenewAsync(CancellationToken.None)).Should().BeFalse();
        elector.IsLeader.Should().BeFalse();
    }

    [Fact]
    public async Task TryAcquire_OwnNameAfterLosingIt_IsANewTerm()
    {
        _client.Put(Lease("a", renewed: _time.GetUtcNow(), transitions: 4));
        LeaderElector elector = Elector("a");

        (await elector.TryAcquireOrRenewAsync(CancellationToken.None)).Should().BeTrue();

        (await LeaseAsync()).LeaseTransitions.Should().Be(5);
    }

    [Fact]
    public async Task IsLeader_WithoutRenewal_EndsByTheClock()
    {
        LeaderElector elector = Elector("a");
        await elector.TryAcquireOrRenewAsync(CancellationToken.None);

        _time.Advance(TimeSpan.FromSeconds(15));

        elector.IsLeader.Should().BeFalse();
    }

    [Fact]
    public async Task Run_ApiGone_StopsTheWorkAtTheRenewDeadline_AndLeadsAgainLater()
    {
        LeaderElector elector = Elector("a");
        using CancellationTokenSource stop = new CancellationTokenSource();
        int terms = 0;
        bool working = false;
        Task running = Task.Run(() => elector.RunAsync(
            async token =>
            {
                terms++;
                working = true;
                try
                {
                    await Task.Delay(Timeout.Infinite, token);
                }
                finally
                {
                    working = false;
                }
            },
            stop.Token));
        await Eventually.TrueAsync(() => working, "the work runs");
        DateTimeOffset lostAt = _time.GetUtcNow();

        _client.Fault = _ => new HttpRequestException("no route");
        await AdvanceUntilAsync(() => !working);
        (_time.GetUtcNow() - lostAt).Should().BeCloseTo(TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(3));

        _client.Fault = _ => null;
        await AdvanceUntilAsync(() => terms == 2 && working);
        (await LeaseAsync()).LeaseTransitions.Should().BeGreaterThan(0, "a new term is a new epoch");

        await stop.CancelAsync();
        await running;
        (await LeaseAsync()).HolderIdentity.Should().BeEmpty("the lease is handed back");
    }

    [Fact]
    public async Task Run_WorkFails_EndsWithItsException()
    {
        LeaderElector elector = Elector("a");

        Func<Task> run = () => elector.RunAsync(_ => throw new InvalidOperationException("a bug"), CancellationToken.None);

        await run.Should().ThrowAsync<InvalidOperationException>();
        (await LeaseAsync()).HolderIdentity.Should().BeEmpty();
    }

    [Fact]
    public void Options_InTheWrongOrder_AreRefused()
    {
        Func<LeaderElector> create = () => new LeaderElector(
            _client, new LeaderElectionOptions { LeaseName = "l", LeaseNamespace = "n", RenewDeadline = TimeSpan.FromSeconds(20) });

        create.Should().Throw<InvalidOperationException>().WithMessage("*renew deadline*");
    }

    private static Lease Lease(string holder, DateTimeOffset renewed, int transitions = 0) => new()
    {
        Metadata = new ObjectMeta { Name = "op", Namespace = "default" },
        Spec = new LeaseSpec { HolderIdentity = holder, LeaseDurationSeconds = 15, RenewTime = renewed, AcquireTime = renewed, LeaseTransitions = transitions },
    };

    private LeaderElector Elector(string identity) =>
        new(_client, new LeaderElectionOptions { LeaseName = "op", LeaseNamespace = "default", Identity = identity }, _time);

    private async Task<LeaseSpec> LeaseAsync()
    {
        _client.Fault = _ => null;
        return (await _client.GetAsync<Lease>("op", "default"))!.Spec!;
    }

    private Task AdvanceUntilAsync(Func<bool> condition) => Eventually.TrueAsync(
        async () =>
        {
            // Without a context, so that the elector does within the advance what it has to do at that time; without a timer it does something else at present. Time never runs away from it.
            if (!condition() && _time.UntilNextTimer is { } next && next > TimeSpan.Zero)
            {
                await Task.Run(() => _time.Advance(next));
            }

            return condition();
        },
        "time brings it about");
}
