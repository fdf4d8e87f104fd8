using System.Text;
using RocketOps.Broker.Clients;
using RocketOps.Broker.Filtering;
using RocketOps.Broker.Tests.Support;
using RocketOps.Protocol.Commands;
using RocketOps.Remoting.Client;
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
        broker.Host.Modules.Clients.Consumers.TryGet("g", out OnlineGroup? group).Should().BeTrue();
        group!.TryGetSubscription("T", out SubscriptionData? subscription).Should().BeTrue();
        subscription!.SubVersion.Should().Be(2);
    }

    [Theory]
    [InlineData("A,B", "A,B", false)]
    [InlineData("A,B", "B,A", false)]
    [InlineData("A,B", "B", true)]
    [InlineData("A,B", "A,A", true)]
    [InlineData("A,B", "C,D", true)]
    [InlineData("A,A", "B,A", true)]
    [InlineData("A", "B,A", true)]
    [InlineData("A,B", "", true)]
    public async Task Heartbeat_NamesTopics_TheyAreWhatTheGroupSubscribesTo(string before, string after, bool isTold)
    {
        await using TestBroker broker = await TestBroker.StartAsync();
        await using RawConnection member = await RawConnection.ConnectAsync(broker.Address);
        (await IsToldAsync(member, before, version: 2)).Should().BeTrue("it has joined");
        broker.Host.Modules.Clients.Consumers.TryGet("g", out OnlineGroup? group).Should().BeTrue();
        SubscriptionData[] known = [.. group!.Subscriptions];

        (await IsToldAsync(member, after, version: 1)).Should().Be(isTold, "members share the queues anew when the topics are others");

        string[] topics = [.. after.Split(',', StringSplitOptions.RemoveEmptyEntries).Distinct()];
        group.Subscriptions.Select(static subscription => subscription.Topic).Should().BeEquivalentTo(topics);
        group.Subscriptions.Where(subscription => before.Contains(subscription.Topic!, StringComparison.Ordinal)).Should().BeSubsetOf(known, "no version is newer");
        foreach (string topic in topics)
        {
            group.TryGetSubscription(Encoding.UTF8.GetBytes(topic), out SubscriptionData? subscription).Should().BeTrue();
            subscription!.SubString.Should().BeSameAs(SubscriptionData.All, "thousands of them have one text");
        }
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
            RemotingCommand heartbeat = Requests.Heartbeat("g", "T", "*", clientId, 1);
            (await member.RequestAsync(RequestCode.HeartBeat, body: heartbeat.Body)).Code.Should().Be(ResponseCode.Success);
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
        RemotingCommand heartbeat = Requests.Heartbeat("three", "T", "*", "client-1", 1);

        RemotingCommand answer = await broker.InvokeAsync(heartbeat);

        answer.Code.Should().Be(ResponseCode.SystemError);
        answer.Remark.Should().Contain("maxGroupsPerConnection");
        broker.Host.Modules.Groups.Groups.TryGet("three", out _).Should().BeFalse();
    }

    /// <summary>One connection made any number: each is an entry in a file that is written whole, and a topic for retries, and stays when its members leave.</summary>
    [Fact]
    public async Task Heartbeats_OfGroupsThatAreLeftAgain_MakeNoMoreThanAConnectionMayMake()
    {
        await using TestBroker broker = await TestBroker.StartAsync(new(StringComparer.Ordinal) { ["maxGroupsPerConnection"] = "2" });
        await using RemotingClient other = TestBroker.NewClient();
        foreach (string group in (string[])["one", "two"])
        {
            (await BeatAsync(broker, (group, ["T"]))).Code.Should().Be(ResponseCode.Success);
            await broker.InvokeAsync(RemotingCommand.CreateRequest(RequestCode.UnregisterClient).Set("clientID", "c").Set("consumerGroup", group));
        }

        broker.Host.Modules.Clients.Consumers.All.Should().BeEmpty("it has left them");

        RemotingCommand refused = await BeatAsync(broker, ("three", ["T"]));

        refused.Code.Should().Be(ResponseCode.SystemError);
        refused.Remark.Should().Contain("maxGroupsPerConnection");
        broker.Host.Modules.Groups.Groups.TryGet("three", out _).Should().BeFalse();
        broker.Host.Modules.Topics.Topics.TryGet("%RETRY%three", out _).Should().BeFalse();
        (await BeatAsync(broker, ("one", ["T"]))).Code.Should().Be(ResponseCode.Success, "it is there");
        (await BeatAsync(broker, other, ("three", ["T"]))).Code.Should().Be(ResponseCode.Success, "each connection makes its own");
        (await BeatAsync(broker, ("three", ["T"]))).Code.Should().Be(ResponseCode.Success, "it is there meanwhile");
    }

    [Fact]
    public async Task Heartbeat_OfMoreGroupsThanTheBrokerMayHave_IsServedForThoseThatAreThere()
    {
        await using TestBroker broker = await TestBroker.StartAsync(new(StringComparer.Ordinal) { ["httpPort"] = "-1" });
        await using RemotingClient other = TestBroker.NewClient();
        await BeatAsync(broker, ("known", ["T"]));
        await SetMaxGroupsAsync(broker, broker.Host.Modules.Groups.Groups.Count);

        RemotingCommand both = await BeatAsync(broker, other, ("late", ["T"]), ("known", ["T"]));
        RemotingCommand alone = await BeatAsync(broker, ("late", ["T"]));
        RemotingCommand members = await broker.InvokeAsync(RemotingCommand.CreateRequest(RequestCode.GetConsumerListByGroup).Set("consumerGroup", "late"));

        both.Code.Should().Be(ResponseCode.Success, "a client learns the broker's version by it");
        broker.Host.Modules.Clients.Consumers.TryGet("known", out OnlineGroup? known).Should().BeTrue();
        known!.MemberCount.Should().Be(2);
        alone.Code.Should().Be(ResponseCode.SystemError);
        alone.Remark.Should().Contain("maxGroups,");
        members.Remark.Should().StartWith("no consumer for this group, late: ").And.Contain("maxGroups,");
        broker.Host.Modules.Groups.Groups.TryGet("late", out _).Should().BeFalse();
        broker.Host.Modules.Clients.Consumers.TryGet("late", out _).Should().BeFalse();
        using HttpClient http = new();
        (await http.GetStringAsync($"http://{broker.Host.HttpEndPoint}/metrics")).Should().MatchRegex("(?m)^rocketops_consumer_groups_refused_total\\{.*\\} 2$");
    }

    [Fact]
    public async Task Group_MadeByAnAdministratorOrInThePlaceOfOneThatIsDeleted_IsServedThoughNoMoreAreMade()
    {
        await using TestBroker broker = await TestBroker.StartAsync();
        await BeatAsync(broker, ("known", ["T"]));
        await SetMaxGroupsAsync(broker, broker.Host.Modules.Groups.Groups.Count);
        RemotingCommand update = RemotingCommand.CreateRequest(RequestCode.UpdateAndCreateSubscriptionGroup);
        update.Body = """{"groupName":"wanted"}"""u8.ToArray();
        (await BeatAsync(broker, ("wanted", ["T"]))).Code.Should().Be(ResponseCode.SystemError);

        (await broker.InvokeAsync(update)).Code.Should().Be(ResponseCode.Success);

        (await BeatAsync(broker, ("wanted", ["T"]))).Code.Should().Be(ResponseCode.Success);
        (await BeatAsync(broker, ("next", ["T"]))).Code.Should().Be(ResponseCode.SystemError);
        foreach (string group in (string[])["known", "wanted"])
        {
            await broker.InvokeAsync(RemotingCommand.CreateRequest(RequestCode.DeleteSubscriptionGroup).Set("groupName", group));
        }

        (await BeatAsync(broker, ("next", ["T"]))).Code.Should().Be(ResponseCode.Success);
    }

    [Fact]
    public async Task Heartbeat_MoreSubscriptionsThanAConnectionMayHave_IsRefusedBeforeAnythingIsRegistered()
    {
        await using TestBroker broker = await TestBroker.StartAsync(new(StringComparer.Ordinal) { ["maxSubscriptionsPerConnection"] = "3" });
        await using RemotingClient other = TestBroker.NewClient();
        (await BeatAsync(broker, ("one", ["A", "B"]))).Code.Should().Be(ResponseCode.Success);

        RemotingCommand answer = await BeatAsync(broker, ("two", ["A", "B"]));

        answer.Code.Should().Be(ResponseCode.SystemError);
        answer.Remark.Should().Contain("maxSubscriptionsPerConnection");
        broker.Host.Modules.Groups.Groups.TryGet("two", out _).Should().BeFalse();
        broker.Host.Modules.Clients.Consumers.TryGet("two", out _).Should().BeFalse();
        (await BeatAsync(broker, ("one", ["A", "B"]))).Code.Should().Be(ResponseCode.Success, "it has these already");
        (await BeatAsync(broker, ("one", ["A"]), ("two", ["A", "B"]))).Code.Should().Be(ResponseCode.Success, "it has given one up");
        (await BeatAsync(broker, other, ("one", ["A", "B", "C"]))).Code.Should().Be(ResponseCode.Success, "each connection has its own");
        (await BeatAsync(broker, ("two", ["A", "B"]))).Code.Should().Be(ResponseCode.Success, "what others say for its group is not its own");
    }

    /// <summary>One subscription could take a whole frame.</summary>
    [Theory]
    [InlineData("""{"topic":"T","subString":"LONG"}""")]
    [InlineData("""{"topic":"LONG","subString":"*"}""")]
    [InlineData("""{"topic":"T","subString":"a","tagsSet":["LONG"]}""")]
    [InlineData("""{"topic":"T","subString":"*","expressionType":"LONG"}""")]
    public async Task Heartbeat_LongSubscription_CountsAsSeveral(string subscription)
    {
        await using TestBroker broker = await TestBroker.StartAsync(new(StringComparer.Ordinal) { ["maxSubscriptionsPerConnection"] = "3" });

        (await BeatAsync(100)).Code.Should().Be(ResponseCode.Success);
        RemotingCommand answer = await BeatAsync(200);

        answer.Remark.Should().Contain("4 subscriptions").And.Contain("maxSubscriptionsPerConnection");

        Task<RemotingCommand> BeatAsync(int length)
        {
            string said = subscription.Replace("LONG", new string('x', length), StringComparison.Ordinal);
            return broker.InvokeAsync(Requests.Heartbeat(
                $$"""{"clientID":"c","consumerDataSet":[{"groupName":"g","subscriptionDataSet":[{{said}}]}]}"""));
        }
    }

    [Theory]
    [InlineData("""{"clientID":"LONG"}""", 1024, "clientID")]
    [InlineData("""{"clientID":"c","producerDataSet":[{"groupName":"LONG"}]}""", 255, "groupName")]
    [InlineData("""{"clientID":"c","consumerDataSet":[{"groupName":"g","consumeType":"LONG"}]}""", 255, "consumeType")]
    [InlineData("""{"clientID":"c","consumerDataSet":[{"groupName":"g","messageModel":"LONG"}]}""", 255, "messageModel")]
    [InlineData("""{"clientID":"c","consumerDataSet":[{"groupName":"g","consumeFromWhere":"LONG"}]}""", 255, "consumeFromWhere")]
    public async Task Heartbeat_NameThatIsTooLong_IsRefusedBeforeAnythingIsRegistered(string body, int most, string field)
    {
        await using TestBroker broker = await TestBroker.StartAsync();

        RemotingCommand refused = await BeatAsync(most + 1);

        refused.Code.Should().Be(ResponseCode.SystemError);
        refused.Remark.Should().Contain($"<{field}>").And.Contain($"more than {most}");
        broker.Host.Modules.Clients.Consumers.All.Should().BeEmpty();
        broker.Host.Modules.Clients.Producers.Groups.Should().BeEmpty();
        (await BeatAsync(most)).Code.Should().Be(ResponseCode.Success);

        Task<RemotingCommand> BeatAsync(int length) =>
            broker.InvokeAsync(Requests.Heartbeat(body.Replace("LONG", new string('x', length), StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Connection_Closes_LeavesItsGroupsAndNoOthers()
    {
        await using TestBroker broker = await TestBroker.StartAsync();
        await broker.SubscribeAsync("stays", "T");
        RemotingClient leaving = TestBroker.NewClient();
        foreach (string group in new[] { "one", "two" })
        {
            RemotingCommand heartbeat = Requests.Heartbeat(group, "T", "*", "leaving", 1);
            await leaving.InvokeAsync(broker.Address, heartbeat, Eventually.DefaultDeadline);
        }

        broker.Host.Modules.Clients.Consumers.All.Should().HaveCount(3);
        broker.Host.Modules.Clients.Producers.ChannelsOf("CLIENT_INNER_PRODUCER").Should().HaveCount(2);

        await leaving.DisposeAsync();

        await Eventually.TrueAsync(() => broker.Host.Modules.Clients.Consumers.All.Count() == 1, "its groups are gone");
        await Eventually.TrueAsync(() => broker.Host.Modules.Clients.Producers.ChannelsOf("CLIENT_INNER_PRODUCER").Count == 1, "it is no producer any more");
        broker.Host.Modules.Clients.Consumers.TryGet("stays", out _).Should().BeTrue();
    }

    private static async Task SetMaxGroupsAsync(TestBroker broker, int most)
    {
        RemotingCommand update = RemotingCommand.CreateRequest(RequestCode.UpdateBrokerConfig);
        update.Body = Encoding.UTF8.GetBytes($"maxGroups={most}");
        (await broker.InvokeAsync(update)).Code.Should().Be(ResponseCode.Success);
    }

    private static Task<RemotingCommand> BeatAsync(TestBroker broker, params (string Group, string[] Topics)[] groups) => broker.InvokeAsync(Heartbeat(groups));

    private static Task<RemotingCommand> BeatAsync(TestBroker broker, RemotingClient client, params (string Group, string[] Topics)[] groups) =>
        client.InvokeAsync(broker.Address, Heartbeat(groups), Eventually.DefaultDeadline);

    /// <summary>Of a consumer of several groups, each with the topics it reads.</summary>
    private static RemotingCommand Heartbeat((string Group, string[] Topics)[] groups)
    {
        IEnumerable<string> consumers = groups.Select(static group =>
        {
            IEnumerable<string> subscriptions = group.Topics.Select(static topic => $$"""{"subString":"*","subVersion":1,"topic":"{{topic}}"}""");
            return $$"""{"groupName":"{{group.Group}}","messageModel":"CLUSTERING","subscriptionDataSet":[{{string.Join(',', subscriptions)}}]}""";
        });
        return Requests.Heartbeat($$"""{"clientID":"c","consumerDataSet":[{{string.Join(',', consumers)}}]}""");
    }

    private static async Task<bool> IsSubscriptionWantedAsync(TestBroker broker, bool withoutSubscriptions, int fingerprint, RemotingClient? client = null, int version = 1)
    {
        string subscriptions = withoutSubscriptions ? string.Empty : $"\"subscriptionDataSet\":[{{\"subString\":\"*\",\"subVersion\":{version},\"topic\":\"T\"}}],";
        RemotingCommand heartbeat = Requests.Heartbeat(
            $$"""
            {"clientID":"c","consumerDataSet":[{"consumeType":"CONSUME_PASSIVELY","groupName":"g","messageModel":"CLUSTERING",{{subscriptions}}"unitMode":false}],
            "heartbeatFingerprint":{{fingerprint}},"withoutSub":{{(withoutSubscriptions ? "true" : "false")}}}
            """);
        RemotingCommand answer = client is null ? await broker.InvokeAsync(heartbeat) : await client.InvokeAsync(broker.Address, heartbeat, Eventually.DefaultDeadline);
        return answer.GetBoolean("IS_SUB_CHANGE", fallback: false);
    }

    /// <summary>Whether the heartbeat makes the broker tell the members that their group has changed, which comes before the answer.</summary>
    private static async Task<bool> IsToldAsync(RawConnection member, string topics, int version)
    {
        string subscriptions = string.Join(',', topics.Split(',', StringSplitOptions.RemoveEmptyEntries).Select(topic => $$"""{"subString":"*","subVersion":{{version}},"topic":"{{topic}}"}"""));
        await member.SendAsync(RawFrame.Request(RequestCode.HeartBeat, 1, body: Encoding.UTF8.GetBytes($$"""{"clientID":"c","consumerDataSet":[{"groupName":"g","subscriptionDataSet":[{{subscriptions}}]}]}""")).Encode());
        RawFrame? next = await member.ReceiveAsync().WaitAsync(Eventually.DefaultDeadline);
        bool isTold = next is { IsResponse: false, Code: RequestCode.NotifyConsumerIdsChanged };
        RawFrame? answer = isTold ? await member.ReceiveAsync().WaitAsync(Eventually.DefaultDeadline) : next;
        (answer!.IsResponse, answer.Code).Should().Be((true, ResponseCode.Success));
        return isTold;
    }
}
