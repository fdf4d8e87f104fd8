using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Masters;
using RocketOps.Operator.Settings;
using RocketOps.Operator.Tests.Support;
using RocketOps.Operator.Topics;
using RocketOps.Testing.Time;

namespace RocketOps.Operator.Tests.Masters;

public sealed class MasterRoundsTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly OperatorOptions _options = new();
    private readonly FakeAdmin _admin = new();
    private readonly MasterRounds<TopicSettings> _rounds;

    public MasterRoundsTests() => _rounds = new MasterRounds<TopicSettings>(
        _options, _time, new ClusterInfos(_options, _time), static (_, _, _) => Task.FromResult<IEnumerable<KeyValuePair<string, TopicSettings>>>([]));

    [Fact]
    public async Task Look_ClusterIsMadeAgainUnderItsName_NobodyIsAwayForLong()
    {
        await IsAwayForLongAsync(Cluster("a", "first"));
        for (TimeSpan passed = TimeSpan.Zero; passed < _options.TopicGrace; passed += _options.ResyncInterval)
        {
            _time.Advance(_options.ResyncInterval);
            await IsAwayForLongAsync(Cluster("a", "first"));
        }

        (await IsAwayForLongAsync(Cluster("a", "first"))).Should().BeTrue();
        (await IsAwayForLongAsync(Cluster("a", "second"))).Should().BeFalse("its masters have just begun to start");
    }

    [Fact]
    public async Task Look_NobodyHasAskedForLong_WhatWasNotedIsForgotten()
    {
        await IsAwayForLongAsync(Cluster("a", "first"));
        _time.Advance(5 * _options.TopicGrace);
        await IsAwayForLongAsync(Cluster("b", "other"));

        (await IsAwayForLongAsync(Cluster("a", "first"))).Should().BeFalse();
    }

    private static BrokerCluster Cluster(string name, string uid) => new() { Metadata = new ObjectMeta { Name = name, Namespace = "ns", Uid = uid } };

    /// <summary>Of a master that never registered.</summary>
    private async Task<bool> IsAwayForLongAsync(BrokerCluster cluster)
    {
        MasterRound<TopicSettings> round = await _rounds.AskAsync(cluster, _admin, isSettled: false, CancellationToken.None);
        return round.Masters.Should().ContainSingle().Which.Away!.IsLong;
    }
}
