using RocketOps.Broker.Failover;
using RocketOps.Election.Epochs;

namespace RocketOps.Broker.Tests.Failover;

public sealed class GroupJoinTests
{
    [Fact]
    public void Merge_BytesToCome_AreOfTheMastersEpochs()
    {
        LogExtent follower = new(EpochHistory.Of(new EpochEntry(1, 0), new EpochEntry(2, 100)), 0, 150);
        LogExtent master = new(EpochHistory.Of(new EpochEntry(1, 0), new EpochEntry(3, 120), new EpochEntry(6, 300)), 0, 400);
        JoinPlan plan = JoinPlan.Find(follower, master);

        EpochHistory merged = GroupJoin.Merge(plan, master.Epochs);

        plan.At.Should().Be(100);
        merged.Entries.Should().Equal(new EpochEntry(1, 0), new EpochEntry(3, 120), new EpochEntry(6, 300));
        merged.EpochAt(110).Should().Be(1, "what comes there is the first master's");
    }

    [Fact]
    public void Merge_OfAnEmptyStore_IsTheMastersHistory()
    {
        LogExtent master = new(EpochHistory.Of(new EpochEntry(1, 0), new EpochEntry(3, 120)), 64, 400);

        GroupJoin.Merge(JoinPlan.Find(new LogExtent(EpochHistory.Empty, 0, 0), master), master.Epochs).Entries.Should().Equal(master.Epochs.Entries);
    }

    [Fact]
    public async Task SerialLoop_WhatIsGivenToIt_HappensInOrderAndSurvivesAFailure()
    {
        List<int> done = [];
        List<Exception> failures = [];
        SerialLoop loop = new("test", capacity: 2, failures.Add);
        loop.Post(static () => throw new InvalidOperationException("a mistake"));
        loop.Post(() => done.Add(1));
        loop.TryPost(() => done.Add(2)).Should().BeFalse("so much waits already");
        TaskCompletionSource drained = new();
        loop.Post(drained.SetResult);
        loop.Start();
        await drained.Task;

        (await loop.AskAsync(() => done.Count, CancellationToken.None)).Should().Be(1);
        await loop.DisposeAsync();

        failures.Should().ContainSingle();
        loop.TryPost(static () => { }).Should().BeFalse("it has ended");
        await loop.Awaiting(static ended => ended.AskAsync(static () => 0, CancellationToken.None)).Should().ThrowAsync<IOException>();
    }
}
