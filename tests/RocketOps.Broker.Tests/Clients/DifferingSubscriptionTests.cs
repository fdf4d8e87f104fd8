using Microsoft.Extensions.Logging;
using RocketOps.Broker.Filtering;
using RocketOps.Broker.Tests.Support;
using RocketOps.Protocol.Commands;
using RocketOps.Remoting.Client;
using RocketOps.Testing;

namespace RocketOps.Broker.Tests.Clients;

/// <summary>Members of a group that subscribe differently: as with RocketMQ the last heartbeat decides, and somebody who looks sees it.</summary>
public sealed class DifferingSubscriptionTests
{
    private const int Differ = 3522;
    private const int Agree = 3523;

    [Fact]
    public async Task Heartbeats_OfMembersThatDiffer_AreWarnedOfOnceAndTheLastOneCounts()
    {
        using RecordedLog log = new();
        await using TestBroker broker = await TestBroker.StartAsync(loggers: log);
        await using RemotingClient first = TestBroker.NewClient();
        await using RemotingClient second = TestBroker.NewClient();
        for (int round = 0; round < 3; round++)
        {
            await BeatAsync(broker, first, "one", "red", (2 * round) + 1);
            await BeatAsync(broker, second, "two", "blue", (2 * round) + 2);
        }

        (LogLevel level, _, string text) = log.Lines.Should().ContainSingle(static line => line.Id == Differ).Which;
        level.Should().Be(LogLevel.Warning);
        text.Should().ContainAll("g", "two to Colours: blue", "one to something else");
        broker.Host.Modules.Clients.Consumers.TryGet("g", out Broker.Clients.OnlineGroup? group).Should().BeTrue();
        group!.SubscribesDifferently.Should().BeTrue();
        group.TryGetSubscription("Colours", out SubscriptionData? subscription).Should().BeTrue();
        subscription!.SubString.Should().Be("blue");
        log.Lines.Should().NotContain(static line => line.Id == Agree);
    }

    [Fact]
    public async Task MemberThatDiffers_ComesRound_EndsTheWarning()
    {
        using RecordedLog log = new();
        await using TestBroker broker = await TestBroker.StartAsync(loggers: log);
        await using RemotingClient first = TestBroker.NewClient();
        await using RemotingClient second = TestBroker.NewClient();
        await BeatAsync(broker, first, "one", "red", 1);
        await BeatAsync(broker, second, "two", "blue", 2);

        await BeatAsync(broker, first, "one", "blue", 3);

        log.Lines.Where(static line => line.Id is Differ or Agree).Select(static line => line.Id).Should().Equal(Differ, Agree);
        broker.Host.Modules.Clients.Consumers.All.Single().SubscribesDifferently.Should().BeFalse();
    }

    [Fact]
    public async Task MemberThatDiffers_Leaves_EndsTheWarning()
    {
        using RecordedLog log = new();
        await using TestBroker broker = await TestBroker.StartAsync(loggers: log);
        await using RemotingClient first = TestBroker.NewClient();
        RemotingClient second = TestBroker.NewClient();
        await BeatAsync(broker, first, "one", "red", 1);
        await BeatAsync(broker, second, "two", "blue", 2);

        await second.DisposeAsync();

        await Eventually.TrueAsync(() => log.Lines.Any(static line => line.Id == Agree), "the members that are left agree");
        broker.Host.Modules.Clients.Consumers.All.Single().SubscribesDifferently.Should().BeFalse();
    }

    [Fact]
    public async Task MembersThatAgree_AreNotWarnedOf()
    {
        using RecordedLog log = new();
        await using TestBroker broker = await TestBroker.StartAsync(loggers: log);
        await using RemotingClient first = TestBroker.NewClient();
        await using RemotingClient second = TestBroker.NewClient();
        await BeatAsync(broker, first, "one", "red", 1);
        await BeatAsync(broker, second, "two", "red", 2);

        log.Lines.Should().NotContain(static line => line.Id == Differ || line.Id == Agree);
    }

    private static async Task BeatAsync(TestBroker broker, RemotingClient client, string clientId, string expression, long version)
    {
        RemotingCommand heartbeat = Requests.Heartbeat("g", "Colours", expression, clientId, version);
        RemotingCommand answer = await client.InvokeAsync(broker.Address, heartbeat, Eventually.DefaultDeadline);
        answer.Code.Should().Be(ResponseCode.Success, answer.Remark);
    }
}
