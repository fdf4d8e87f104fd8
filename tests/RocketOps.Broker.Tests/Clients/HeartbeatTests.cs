using System.Text;
using RocketOps.Broker.Clients;
using RocketOps.Broker.Tests.Support;
using RocketOps.Remoting.Client;
using RocketOps.Remoting.Commands;
using RocketOps.Testing;
using RocketOps.Testing.Remoting;
using RocketOps.Testing.Time;

namespace RocketOps.Broker.Tests.Clients;

public sealed class HeartbeatTests
{
    [Fact]
    public async Task Heartbeat_WithoutSubscriptionsTheBrokerKnows_AsksForThem()
    {
        await using TestBroker broker = await TestBroker.StartAsync();

        // As a 5.x client sends it whose group was forgotten here meanwhile.
        (await IsSubscriptionWantedAsync(broker, withoutSubscriptions: true, fingerprint: 5)).Should().BeTrue();
        (await IsSubscriptionWantedAsync(broker, withoutSubscriptions: false, fingerprint: 5)).Should().BeFalse();
        (await IsSubscriptionWantedAsync(broker, withoutSubscriptions: true, fingerprint: 5)).Should().BeFalse();
        (await IsSubscriptionWantedAsync(broker, withoutSubscriptions: true, fingerprint: 6)).Should().BeTrue();
    }

    /// <summary>
    /// As after a restart of the broker: the first member has told its subscriptions again, and the second, which has the same ones with a later version, leaves them out.
    /// </summary>
    [Fact]
    public async Task Heartbeat_WithoutSubscriptionsOnlyAnotherMemberTold_AsksForThem()
    {
        await using TestBroker broker = await TestBroker.StartAsync();
        await using RemotingClient second = TestBroker.NewClient();
        await IsSubscriptionWantedAsync(broker, withoutSubscriptions: false, fingerprint: 5);

        (await IsSubscriptionWantedAsync(broker, withoutSubscriptions: true, fingerprint: 5, second)).Should().BeTrue();
        (await IsSubscriptionWantedAsync(broker, withoutSubscriptions: false, fingerprint: 5, second, version: 2)).Should().BeFalse();
        (await IsSubscriptionWantedAsync(broker, withoutSubscriptions: true, fingerprint: 5, second)).Should().BeFalse();
        broker.Host.Parts.Consumers.TryGet("g", out ConsumerGroup? group).Should().BeTrue();
        group!.TryGetSubscription("T", out Subscription? subscription).Should().BeTrue();
        subscription!.Version.Should().Be(2);
    }

    [Fact]
    public async Task Heartbeat_OfMembersThatJoinAtOneMoment_TellsTheOthersBeforeItIsAnswered()
    {
        // The clock stands: what waits for a moment never comes.
        await using TestBroker broker = await TestBroker.StartAsync(time: new FakeTimeProvider());
        await using RawConnection first = await RawConnection.ConnectAsync(broker.Address);
        await using RawConnection second = await RawConnection.ConnectAsync(broker.Address);
        await using RawConnection third = await RawConnection.ConnectAsync(broker.Address);
        foreach ((RawConnection member, string clientId) in new[] { (first, "one"), (second, "two"), (third, "three") })
        {
            // What a member is told of its own joining comes before its answer and is passed over.
            (await member.RequestAsync(RequestCode.HeartBeat, body: TestBroker.Heartbeat("g", "T", "*", clientId, 1))).Code.Should().Be(ResponseCode.Success);
        }

        foreach (RawConnection told in new[] { first, first, second })
        {
            RawFrame? notice = await told.ReceiveAsync().WaitAsync(Eventually.DefaultDeadline);
            (notice!.Code, notice.IsResponse, notice.ExtFields["consumerGroup"]).Should().Be((RequestCode.NotifyConsumerIdsChanged, false, "g"));
        }
    }

    [Fact]
    public async Task Heartbeat_MoreGroupsThanAConnectionMayHave_IsRefusedBeforeOneIsMade()
    {
        await using TestBroker broker = await TestBroker.StartAsync(new(StringComparer.Ordinal) { ["maxGroupsPerConnection"] = "2" });
        await broker.SubscribeAsync("one", "T");
        await broker.SubscribeAsync("two", "T");
        await broker.SubscribeAsync("two", "T", version: 2);
        RemotingCommand heartbeat = RemotingCommand.CreateRequest(RequestCode.HeartBeat);
        heartbeat.Body = TestBroker.Heartbeat("three", "T", "*", "client-1", 1);

        RemotingCommand answer = await broker.InvokeAsync(heartbeat);

        answer.Code.Should().Be(ResponseCode.SystemError);
        answer.Remark.Should().Contain("maxGroupsPerConnection");
        broker.Host.Parts.Groups.TryGet("three", out _).Should().BeFalse();
    }

    [Fact]
    public async Task Connection_Closes_LeavesItsGroupsAndNoOthers()
    {
        await using TestBroker broker = await TestBroker.StartAsync();
        await broker.SubscribeAsync("stays", "T");
        RemotingClient leaving = TestBroker.NewClient();
        foreach (string group in new[] { "one", "two" })
        {
            RemotingCommand heartbeat = RemotingCommand.CreateRequest(RequestCode.HeartBeat);
            heartbeat.Body = TestBroker.Heartbeat(group, "T", "*", "leaving", 1);
            await leaving.InvokeAsync(broker.Address, heartbeat, Eventually.DefaultDeadline);
        }

        broker.Host.Parts.Consumers.All.Should().HaveCount(3);
        broker.Host.Parts.Producers.ChannelsOf("CLIENT_INNER_PRODUCER").Should().HaveCount(2);

        await leaving.DisposeAsync();

        await Eventually.TrueAsync(() => broker.Host.Parts.Consumers.All.Count() == 1, "its groups are gone");
        await Eventually.TrueAsync(() => broker.Host.Parts.Producers.ChannelsOf("CLIENT_INNER_PRODUCER").Count == 1, "it is no producer any more");
        broker.Host.Parts.Consumers.TryGet("stays", out _).Should().BeTrue();
    }

    private static async Task<bool> IsSubscriptionWantedAsync(TestBroker broker, bool withoutSubscriptions, int fingerprint, RemotingClient? client = null, int version = 1)
    {
        string subscriptions = withoutSubscriptions ? string.Empty : $"\"subscriptionDataSet\":[{{\"subString\":\"*\",\"subVersion\":{version},\"topic\":\"T\"}}],";
        RemotingCommand heartbeat = RemotingCommand.CreateRequest(RequestCode.HeartBeat);
        heartbeat.Body = Encoding.UTF8.GetBytes(
            $$"""
            {"clientID":"c","consumerDataSet":[{"consumeType":"CONSUME_PASSIVELY","groupName":"g","messageModel":"CLUSTERING",{{subscriptions}}"unitMode":false}],
            "heartbeatFingerprint":{{fingerprint}},"withoutSub":{{(withoutSubscriptions ? "true" : "false")}}}
            """);
        RemotingCommand answer = client is null ? await broker.InvokeAsync(heartbeat) : await client.InvokeAsync(broker.Address, heartbeat, Eventually.DefaultDeadline);
        return answer.GetBoolean("IS_SUB_CHANGE", fallback: false);
    }
}
