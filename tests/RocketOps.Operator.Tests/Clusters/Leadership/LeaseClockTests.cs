using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Informers;
using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Clusters;
using RocketOps.Operator.Clusters.Leadership;
using RocketOps.Testing.Time;

namespace RocketOps.Operator.Tests.Clusters.Leadership;

public sealed class LeaseClockTests : IDisposable
{
    private static readonly DateTimeOffset Begin = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly FakeTimeProvider _time = new(Begin);
    private Action<InformerEvent<Lease>>? _watch;
    private readonly List<string> _woken = [];
    private readonly LeaseClock _clock;
    private readonly IDisposable _subscription;

    public LeaseClockTests()
    {
        _clock = new LeaseClock(_time);
        _subscription = _clock.Subscribe(
            handler =>
            {
                _watch = handler;
                return new Watch();
            },
            cluster => _woken.Add(cluster.ToString()));
    }

    public void Dispose()
    {
        _subscription.Dispose();
        _clock.Dispose();
    }

    /// <summary>The holder's clock may be an hour behind.</summary>
    [Fact]
    public void Renewals_WhateverTheirTimesSay_CountFromWhenTheyAreSeen()
    {
        for (int second = 0; second < 20; second++)
        {
            Tell(Lease("a-0-0", renewed: second));
            _time.Advance(TimeSpan.FromSeconds(1));
        }

        _clock.IsOverdue(Lease("a-0-0", 19)).Should().BeFalse();
        _woken.Should().BeEmpty("renewals are nobody's business");
        _time.Advance(TimeSpan.FromSeconds(4.9));
        _clock.IsOverdue(Lease("a-0-0", 19)).Should().BeFalse();
    }

    /// <summary>Its holder may be gone, or may have a clock that is behind: the first renewal tells.</summary>
    [Fact]
    public void HadEndedWhenItWasSeenFirst_IsDoubtfulUntilItIsRenewed_AndNeitherOverdueNorExpired()
    {
        _time.Advance(TimeSpan.FromSeconds(10));
        _clock.Read(new ObjectKey("default", "a"), Lease("a-0-0", renewed: 1));
        Lease wished = Lease("a-0-0", renewed: 1, handOverTo: "a-0-1");
        Tell(wished);

        (_clock.IsDoubtful(wished), _clock.IsOverdue(wished), _clock.IsExpired(wished)).Should().Be((true, false, false));

        Tell(Lease("a-0-0", renewed: 2));
        _clock.IsDoubtful(wished).Should().BeFalse("whoever renews it is there, whatever his clock says");
    }

    [Theory]
    [InlineData("a-0-0", 5)]
    [InlineData(null, 0)]
    public void RenewedAMomentBeforeItWasSeenFirst_OrHeldByNobody_IsNotDoubtful(string? holder, int renewed)
    {
        _time.Advance(TimeSpan.FromSeconds(10));
        Tell(Lease(holder, renewed));

        _clock.IsDoubtful(Lease(holder, renewed)).Should().BeFalse();
    }

    [Fact]
    public void NoRenewal_ForAsLongAsItLasts_IsExpiredAndWakesItsClusterOnce()
    {
        Tell(Lease("a-0-0", renewed: 1));
        _time.Advance(TimeSpan.FromSeconds(3));
        Tell(Lease("a-0-0", renewed: 1, handOverTo: "a-0-1"));

        _time.Advance(TimeSpan.FromSeconds(2.9));
        _clock.IsOverdue(Lease("a-0-0", 1)).Should().BeFalse();
        _woken.Should().BeEmpty();

        _time.Advance(TimeSpan.FromSeconds(0.2));
        _clock.IsOverdue(Lease("a-0-0", 1)).Should().BeTrue("a wish is no renewal");
        _time.Advance(TimeSpan.FromSeconds(60));
        _woken.Should().Equal("default/a");
    }

    [Fact]
    public void Expired_RenewedAfterAll_WakesItsClusterAndIsNotExpired()
    {
        Tell(Lease("a-0-0", renewed: 1));
        _time.Advance(TimeSpan.FromSeconds(7));

        Tell(Lease("a-0-0", renewed: 9));

        _clock.IsOverdue(Lease("a-0-0", 9)).Should().BeFalse();
        _woken.Should().Equal("default/a", "default/a");
    }

    [Fact]
    public void AnotherHolder_WakesItsCluster_AndNobodyDoesNotYet()
    {
        Tell(Lease("a-0-0", renewed: 1));

        Tell(Lease(null, renewed: 2));
        _woken.Should().BeEmpty("a hand-over takes fractions of a second");
        Tell(Lease("a-0-1", renewed: 3));

        _woken.Should().Equal("default/a");
    }

    [Fact]
    public void Released_AndNobodyTakesIt_WakesItsCluster()
    {
        Tell(Lease("a-0-0", renewed: 1));
        Tell(Lease(null, renewed: 2));

        _time.Advance(TimeSpan.FromSeconds(6));

        _woken.Should().Equal("default/a");
    }

    [Fact]
    public void WatchThatStandsStill_APassSeesARenewal_IsNotExpired()
    {
        Tell(Lease("a-0-0", renewed: 1));
        _time.Advance(TimeSpan.FromSeconds(5));

        _clock.Read(new ObjectKey("default", "a"), Lease("a-0-0", renewed: 5));
        _time.Advance(TimeSpan.FromSeconds(5));

        _clock.IsOverdue(Lease("a-0-0", 5)).Should().BeFalse();
    }

    [Fact]
    public void Gone_WakesItsCluster_AndTheNextOfItsNameBeginsAnew()
    {
        Tell(Lease("a-0-0", renewed: 1));
        _time.Advance(TimeSpan.FromSeconds(5));

        Tell(Lease("a-0-0", renewed: 1), InformerEventType.Deleted);
        _woken.Should().Equal("default/a");
        Tell(Lease("a-0-0", renewed: 1));
        _time.Advance(TimeSpan.FromSeconds(5));

        _clock.IsOverdue(Lease("a-0-0", 1)).Should().BeFalse();
        _woken.Should().HaveCount(1);
    }

    [Fact]
    public void Duration_OfALeaseThatSaysNone_IsWithoutEnd()
    {
        Lease lease = Lease("a-0-0", renewed: 1);
        lease.Spec!.LeaseDurationSeconds = null;
        Tell(lease);

        _time.Advance(TimeSpan.FromHours(1));

        _clock.IsOverdue(lease).Should().BeFalse();
        _woken.Should().BeEmpty();
    }

    /// <summary>A pass has read more than the watch has told: what that tells later is no renewal, and nobody leads for longer by it.</summary>
    [Fact]
    public void WatchLagsBehind_WhatItTellsIsNoRenewal()
    {
        Tell(Lease("a-0-0", renewed: 1, version: "99"));
        _clock.Read(new ObjectKey("default", "a"), Lease("a-0-0", renewed: 9, version: "101"));
        _time.Advance(TimeSpan.FromSeconds(5));

        Tell(Lease("a-0-0", renewed: 5, version: "100"));
        _time.Advance(TimeSpan.FromSeconds(1));

        _clock.IsOverdue(Lease("a-0-0", renewed: 9)).Should().BeTrue();
    }

    /// <summary>The watch may stand still: what it does not tell proves nothing. What the server was once asked for too late it stays, whoever cannot ask any more.</summary>
    [Fact]
    public void Expired_OnlyWhenTheServerAskedAfterItsEndHasNoRenewal()
    {
        Lease lease = Lease("a-0-0", renewed: 1);
        Tell(lease);
        _time.Advance(TimeSpan.FromSeconds(5));
        _clock.Read(new ObjectKey("default", "a"), lease);
        _time.Advance(TimeSpan.FromSeconds(60));
        (_clock.IsOverdue(lease), _clock.IsExpired(lease)).Should().Be((true, false), "it was asked before");

        _clock.Read(new ObjectKey("default", "a"), lease);
        _clock.IsExpired(lease).Should().BeTrue();
        _time.Advance(TimeSpan.FromSeconds(60));
        _clock.IsExpired(lease).Should().BeTrue();

        Tell(Lease("a-0-0", renewed: 120));
        (_clock.IsOverdue(lease), _clock.IsExpired(lease)).Should().Be((false, false));
    }

    [Fact]
    public void Expired_AnAnswerThatIsOlderThanTheWatch_SaysNothing()
    {
        Tell(Lease("a-0-0", renewed: 9, version: "101"));
        _time.Advance(TimeSpan.FromSeconds(7));

        _clock.Read(new ObjectKey("default", "a"), Lease("a-0-0", renewed: 5, version: "100"));

        _clock.IsExpired(Lease("a-0-0", renewed: 9)).Should().BeFalse();
    }

    [Fact]
    public void LabelIsAnotherClustersNow_WakesTheOneWhoseItWas()
    {
        Tell(Lease("a-0-0", renewed: 1));
        Lease edited = Lease("a-0-0", renewed: 1);
        edited.Metadata.Labels![ClusterLabels.Cluster] = "b";

        _watch!(new InformerEvent<Lease>(InformerEventType.Updated, edited, Lease("a-0-0", renewed: 1), IsInitial: false));

        _woken.Should().Equal("default/a");
    }

    /// <summary>Whoever begins to watch sees the label that somebody has edited.</summary>
    [Fact]
    public void LabelWasAnotherClusters_IsPutBack_WakesTheOneWhoseItIs()
    {
        Lease edited = Lease("a-0-0", renewed: 1);
        edited.Metadata.Labels![ClusterLabels.Cluster] = "b";
        Tell(edited);
        Tell(Lease("a-0-0", renewed: 2));

        _time.Advance(TimeSpan.FromSeconds(7));

        _woken.Should().Equal("default/a");
    }

    private static Lease Lease(string? holder, int renewed, string? handOverTo = null, string? version = null) => new()
    {
        Metadata = new ObjectMeta
        {
            Name = "a-0",
            Namespace = "default",
            Uid = "1",
            ResourceVersion = version,
            Labels = new() { [ClusterLabels.Cluster] = "a" },
            Annotations = handOverTo is null ? null : new() { [GroupLease.HandOverAnnotation] = handOverTo },
        },
        Spec = new LeaseSpec { HolderIdentity = holder, LeaseTransitions = 3, LeaseDurationSeconds = 6, RenewTime = Begin.AddSeconds(renewed) },
    };

    private void Tell(Lease lease, InformerEventType type = InformerEventType.Updated) => _watch!(new InformerEvent<Lease>(type, lease, Previous: null, IsInitial: false));

    private sealed class Watch : IDisposable
    {
        public void Dispose()
        {
        }
    }
}
