using Microsoft.Extensions.Logging.Abstractions;
using RocketOps.Cli.Up;
using RocketOps.Client.Tests.Support;
using RocketOps.Protocol.Commands;
using RocketOps.Testing;
using RocketOps.Testing.Time;

namespace RocketOps.Cli.Tests.Up;

/// <summary>What the screen asks brokers, and how often.</summary>
public sealed class FiguresPollTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan Round = TimeSpan.FromSeconds(2);

    [Fact]
    public async Task Topics_EachRound_OneIsCountedOnAllMasters()
    {
        await using FakePeer first = await BrokerAsync(static topic => topic == "one" ? 3 : 20);
        await using FakePeer slave = await BrokerAsync(static _ => 1000);
        await using FakePeer second = await BrokerAsync(static topic => topic == "one" ? 4 : null);
        FakeTimeProvider time = new();
        await using FiguresPoll poll = new(time, NullLoggerFactory.Instance, Patience);
        poll.Ask(State(("a", "Master", first.Address), ("a", "Slave", slave.Address), ("b", "Master", second.Address)));

        for (int round = 0; round < 10; round++)
        {
            await RoundAsync(time);
        }

        await UntilAsync(time, () => poll.Messages.Count == 2 && poll.Current.Count == 3);

        poll.Messages.Should().BeEquivalentTo(new Dictionary<string, long> { ["default/one"] = 7, ["default/two"] = 20 }, "a group that has not the topic holds nothing of it");
        poll.Current.Keys.Should().BeEquivalentTo(first.Address, slave.Address, second.Address);
        slave.Received.Should().OnlyContain(static request => request.Code == RequestCode.GetBrokerRuntimeInfo, "a slave has the same messages once more");
        int[] asked = [.. first.Received.Select(static request => request.Code)];
        asked.Count(static code => code == RequestCode.GetTopicStatsInfo).Should().BeLessThanOrEqualTo(asked.Count(static code => code == RequestCode.GetBrokerRuntimeInfo), "one topic a round is enough");
    }

    [Fact]
    public async Task Topics_AMasterIsAway_NothingIsSaidUntilItIsBack()
    {
        bool isAway = false;
        await using FakePeer first = await BrokerAsync(static _ => 3);
        await using FakePeer second = await BrokerAsync(_ => Volatile.Read(ref isAway) ? throw new InvalidOperationException("it has no answer") : 4);
        FakeTimeProvider time = new();
        await using FiguresPoll poll = new(time, NullLoggerFactory.Instance, Patience);
        UpState state = State(("a", "Master", first.Address), ("b", "Master", second.Address));
        poll.Ask(state);
        await UntilAsync(time, () => poll.Messages.Count == 2);

        Volatile.Write(ref isAway, true);
        await UntilAsync(time, () => poll.Messages.Count == 0);
        Volatile.Write(ref isAway, false);
        await UntilAsync(time, () => poll.Messages.Count == 2);

        poll.Ask(state with { Clusters = [.. state.Clusters.Select(static cluster => cluster with { Members = [cluster.Members[0], cluster.Members[1] with { IsReady = false }] })] });
        await UntilAsync(time, () => poll.Messages.Count == 0);
        poll.Ask(state with { Topics = [state.Topics[1]] });
        await UntilAsync(time, () => poll.Messages.ContainsKey("default/two"));
        poll.Messages.Should().ContainSingle();
    }

    /// <summary>The demo has ended, and its topic's turn is still to come.</summary>
    [Fact]
    public async Task Topic_CountedBesideTheRounds_IsKnownAtOnce()
    {
        int sent = 3;
        await using FakePeer broker = await BrokerAsync(_ => Volatile.Read(ref sent));
        FakeTimeProvider time = new();
        await using FiguresPoll poll = new(time, NullLoggerFactory.Instance, Patience);
        UpState state = State(("a", "Master", broker.Address));
        poll.Ask(state);
        await UntilAsync(time, () => poll.Messages.Count == 2);
        await Eventually.TrueAsync(() => Task.FromResult(time.HasTimerIn(Round)), "the round is over", Patience);

        Volatile.Write(ref sent, 1003);
        await poll.CountAsync(state, state.Topics[1]);

        poll.Messages.Should().BeEquivalentTo(new Dictionary<string, long> { ["default/one"] = 3, ["default/two"] = 1003 });
    }

    private static async Task UntilAsync(FakeTimeProvider time, Func<bool> isSeen)
    {
        for (int round = 0; !isSeen(); round++)
        {
            round.Should().BeLessThan(1000, "a few rounds are enough for a few topics");
            await RoundAsync(time);
        }
    }

    /// <summary>Lets the round that goes on end, and the next one begin.</summary>
    private static async Task RoundAsync(FakeTimeProvider time)
    {
        await Eventually.TrueAsync(() => Task.FromResult(time.HasTimerIn(Round)), "the round is over", Patience);
        time.Advance(Round);
    }

    private static UpState State(params (string Group, string Role, string Address)[] members) => new(
        [new ClusterView("default/c", true, "", "", 1, [.. members.Select(static member => new MemberView(member.Group, member.Group + member.Role, member.Role, true, "ready", member.Address))])],
        [Topic("one"), Topic("two")],
        [],
        null);

    private static TopicView Topic(string name) => new("default/" + name, "default/c", name, true, "", "", 8, 8);

    /// <param name="count">How many messages a topic has; null when it is not there.</param>
    private static Task<FakePeer> BrokerAsync(Func<string, int?> count) => FakePeer.StartAsync(
        (RequestCode.GetBrokerRuntimeInfo, FakePeer.Body("""{"table":{"putTps":"1 1 1"}}""")),
        (RequestCode.GetTopicStatsInfo, request => count(request.Get("topic")!) is { } messages
            ? FakePeer.Body($$$$"""{"offsetTable":{{"brokerName":"b","queueId":0,"topic":"t"}:{"lastUpdateTimestamp":0,"maxOffset":{{{{messages + 5}}}},"minOffset":5}}}""")(request)
            : RemotingCommand.CreateResponse(request, ResponseCode.TopicNotExist)));
}
