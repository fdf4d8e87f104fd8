using System.Text.Json;
using RocketOps.Broker.Tests.Support;
using RocketOps.Protocol.Commands;
using RocketOps.Protocol.Json;
using RocketOps.Testing;
using RocketOps.Testing.Time;

namespace RocketOps.Broker.Tests.Statistics;

/// <summary>What VIEW_BROKER_STATS_DATA (315) and the statistics of topics and groups say after some messages.</summary>
public sealed class StatisticsTests : IAsyncLifetime
{
    private TestBroker _broker = null!;

    public async Task InitializeAsync()
    {
        // A clock that stands still: no sample but the test's own.
        _broker = await TestBroker.StartAsync(time: new FakeTimeProvider());
        await _broker.CreateTopicAsync("T");
    }

    public async Task DisposeAsync() => await _broker.DisposeAsync();

    [Fact]
    public async Task Topic_MessagesAndBatch_AreCountedWithTheirBytes()
    {
        await _broker.SendAsync("T", "one");
        await SendBatchAsync("two", "three", "four");
        long bytes = _broker.Host.Modules.Host.Store.GetStats().MaxOffset.Value;

        Sample();

        (await AskAsync("TOPIC_PUT_NUMS", "T")).Should().Be((4L, 0.4, 2.0));
        (await AskAsync("TOPIC_PUT_SIZE", "T")).Should().Be((bytes, bytes / 10.0, bytes / 2.0));
        (await AskAsync("BROKER_PUT_NUMS", "DefaultCluster")).Sum.Should().Be(4);
        (await AskAsync("BROKER_PUT_NUMS_WITHOUT_SYSTEM_TOPIC", "DefaultCluster")).Sum.Should().Be(4);
    }

    [Fact]
    public async Task Group_PullsAndSendsBack_AreCountedUnderTheTopicTheyWereSentTo()
    {
        for (int i = 0; i < 3; i++)
        {
            await _broker.SendAsync("T", "m");
        }

        IReadOnlyList<Requests.Received> messages = Requests.Decode(await PullAsync(_broker, "g", "T", 0, 0, sysFlag: 4, subscription: "*"));
        await PullAsync(_broker, "g", "T", 0, 3, sysFlag: 4, subscription: "*");
        RemotingCommand back = await _broker.InvokeAsync(RemotingCommand.CreateRequest(RequestCode.ConsumerSendMessageBack)
            .Set("offset", messages[0].PhysicalOffset).Set("group", "g").Set("delayLevel", 0).Set("originTopic", "T").Set("originMsgId", "x"));
        back.Code.Should().Be(ResponseCode.Success, back.Remark);

        Sample();

        (await AskAsync("GROUP_GET_NUMS", "T@g")).Should().Be((3L, 0.3, 3.0));
        (await AskAsync("GROUP_GET_SIZE", "T@g")).Sum.Should().BeGreaterThan(3 * 90);
        (await AskAsync("SNDBCK_PUT_NUMS", "T@g")).Should().Be((1L, 0.1, 1.0));
        (await AskAsync("BROKER_GET_NUMS", "DefaultCluster")).Sum.Should().Be(3);
        (await AskAsync("BROKER_GET_NUMS_WITHOUT_SYSTEM_TOPIC", "DefaultCluster")).Sum.Should().Be(3);
        (await AskAsync("TOPIC_PUT_NUMS", "SCHEDULE_TOPIC_XXXX")).Sum.Should().Be(1, "the retry waits there, as with 5.x");
        (await AskAsync("BROKER_PUT_NUMS_WITHOUT_SYSTEM_TOPIC", "DefaultCluster")).Sum.Should().Be(3);
    }

    [Fact]
    public async Task Group_PullsFromDisk_AreCountedToo()
    {
        using TempDirectory directory = new("statistics-");
        await using (TestBroker first = await TestBroker.StartAsync(directory: directory))
        {
            await first.SendAsync("T", "m");
        }

        await using TestBroker again = await TestBroker.StartAsync(directory: directory, time: new FakeTimeProvider());
        Requests.Decode(await PullAsync(again, "g", "T", 0, 0, sysFlag: 4, subscription: "*")).Should().ContainSingle();
        again.Host.Modules.Statistics.Statistics.Sample();

        (await AskAsync("GROUP_GET_NUMS", "T@g", again)).Sum.Should().Be(1);
        (await again.InvokeAsync(Question("TOPIC_PUT_NUMS", "T"))).Remark.Should().Be("The stats <TOPIC_PUT_NUMS> <T> not exist", "recovery stores nothing");
    }

    [Fact]
    public async Task ConsumeStats_MessagesRead_TellRateAndWhatIsInFlight()
    {
        for (int i = 0; i < 5; i++)
        {
            await _broker.SendAsync("T", "m");
        }

        await PullAsync(_broker, "g", "T", 0, 0, sysFlag: 4, max: 3, subscription: "*");
        await _broker.InvokeAsync(Requests.Commit("g", "T", 0, 1));
        Sample();

        using JsonDocument ofGroup = await JsonAsync(RemotingCommand.CreateRequest(RequestCode.GetConsumeStats).Set("consumerGroup", "g"));
        ofGroup.RootElement.GetProperty("consumeTps").GetDouble().Should().Be(0.3);
        JsonElement queue = ofGroup.RootElement.GetProperty("offsetTable").EnumerateObject().Single().Value;
        (queue.GetProperty("brokerOffset").GetInt64(), queue.GetProperty("consumerOffset").GetInt64(), queue.GetProperty("pullOffset").GetInt64()).Should().Be((5L, 1L, 3L));
        queue.GetProperty("lastTimestamp").GetInt64().Should().Be(_broker.Host.Modules.Host.Time.GetUtcNow().ToUnixTimeMilliseconds());

        using JsonDocument ofBroker = await JsonAsync(RemotingCommand.CreateRequest(RequestCode.GetBrokerConsumeStats).Set("isOrder", false));
        (ofBroker.RootElement.GetProperty("totalDiff").GetInt64(), ofBroker.RootElement.GetProperty("totalInflightDiff").GetInt64()).Should().Be((4L, 2L));
        ofBroker.RootElement.GetProperty("consumeStatsList").EnumerateArray().Single(static group => group.TryGetProperty("g", out _))
            .GetProperty("g")[0].GetProperty("consumeTps").GetDouble().Should().Be(0.3);

        using JsonDocument ofTopic = await JsonAsync(RemotingCommand.CreateRequest(RequestCode.GetTopicStatsInfo).Set("topic", "T"));
        ofTopic.RootElement.GetProperty("topicPutTps").GetDouble().Should().Be(0.5);
    }

    [Fact]
    public async Task Topic_DeletedAndMadeAnew_BeginsAnew()
    {
        await _broker.SendAsync("T", "m");
        await PullAsync(_broker, "g", "T", 0, 0, sysFlag: 4, subscription: "*");
        Sample();
        await _broker.InvokeAsync(RemotingCommand.CreateRequest(RequestCode.DeleteTopicInBroker).Set("topic", "T"));
        (await _broker.InvokeAsync(Question("TOPIC_PUT_NUMS", "T"))).Code.Should().Be(ResponseCode.SystemError);

        await _broker.CreateTopicAsync("T");
        await _broker.SendAsync("T", "m");
        await PullAsync(_broker, "g", "T", 0, 0, sysFlag: 4, subscription: "*");
        Sample(times: 361);

        (await AskAsync("TOPIC_PUT_NUMS", "T", window: "statsDay")).Sum.Should().Be(1);
        (await AskAsync("GROUP_GET_NUMS", "T@g", window: "statsDay")).Sum.Should().Be(1);
        (await AskAsync("BROKER_PUT_NUMS_WITHOUT_SYSTEM_TOPIC", "DefaultCluster", window: "statsDay")).Sum.Should().Be(2, "what was stored stays stored");
    }

    [Fact]
    public async Task Keys_MoreThanAllowed_AreNotCountedAndPullsAreAnsweredAllTheSame()
    {
        await using TestBroker broker = await TestBroker.StartAsync(new(StringComparer.Ordinal) { ["maxStatisticsKeys"] = "2" }, time: new FakeTimeProvider());
        await broker.CreateTopicAsync("T");
        await broker.SendAsync("T", "m");
        foreach (string group in (string[])["g1", "g2", "g3"])
        {
            Requests.Decode(await PullAsync(broker, group, "T", 0, 0, sysFlag: 4, subscription: "*")).Should().ContainSingle();
        }

        broker.Host.Modules.Statistics.Statistics.Sample();

        (await AskAsync("GROUP_GET_NUMS", "T@g2", broker)).Sum.Should().Be(1);
        (await broker.InvokeAsync(Question("GROUP_GET_NUMS", "T@g3"))).Remark.Should().Be("The stats <GROUP_GET_NUMS> <T@g3> not exist");
        (await AskAsync("BROKER_GET_NUMS", "DefaultCluster", broker)).Sum.Should().Be(3);
    }

    [Theory]
    [InlineData("TOPIC_PUT_NUMS", "T", "The stats <TOPIC_PUT_NUMS> <T> not exist")]
    [InlineData("TOPIC_PUT_NUMS", "nothing", "The stats <TOPIC_PUT_NUMS> <nothing> not exist")]
    [InlineData("GROUP_GET_NUMS", "T@g", "The stats <GROUP_GET_NUMS> <T@g> not exist")]
    [InlineData("GROUP_GET_NUMS", "@", "The stats <GROUP_GET_NUMS> <@> not exist")]
    [InlineData("GROUP_GET_NUMS", "", "The stats <GROUP_GET_NUMS> <> not exist")]
    [InlineData("BROKER_PUT_NUMS", "another", "The stats <BROKER_PUT_NUMS> <another> not exist")]
    [InlineData("NONE", "DefaultCluster", "The stats <NONE> <DefaultCluster> not exist")]
    [InlineData(null, "T", "the custom field <statsName> is null")]
    [InlineData("TOPIC_PUT_NUMS", null, "the custom field <statsKey> is null")]
    public async Task Question_NothingCounted_IsAnswered1(string? name, string? key, string remark)
    {
        RemotingCommand answer = await _broker.InvokeAsync(Question(name, key));

        (answer.Code, answer.Remark).Should().Be((ResponseCode.SystemError, remark));
    }

    private static RemotingCommand Question(string? name, string? key) => RemotingCommand.CreateRequest(RequestCode.ViewBrokerStatsData).Set("statsName", name).Set("statsKey", key);

    /// <summary>A pull, also counted when it returns: the broker counts behind its answer.</summary>
    private static async Task<RemotingCommand> PullAsync(TestBroker broker, string group, string topic, int queueId, long offset, int sysFlag, string subscription, int max = 32)
    {
        long found = broker.Host.Modules.Statistics.Pulls.Found;
        RemotingCommand answer = await broker.PullAsync(group, topic, queueId, offset, sysFlag: sysFlag, max: max, subscription: subscription);
        if (answer.Code == ResponseCode.Success)
        {
            await Eventually.TrueAsync(() => broker.Host.Modules.Statistics.Pulls.Found > found, "the pull is counted");
        }

        return answer;
    }

    private void Sample(int times = 1)
    {
        for (int i = 0; i < times; i++)
        {
            _broker.Host.Modules.Statistics.Statistics.Sample();
        }
    }

    private async Task<(long Sum, double Tps, double Average)> AskAsync(string name, string key, TestBroker? broker = null, string window = "statsMinute")
    {
        using JsonDocument body = await JsonAsync(Question(name, key), broker);
        body.RootElement.EnumerateObject().Select(static property => property.Name).Should().BeEquivalentTo("statsMinute", "statsHour", "statsDay");
        JsonElement data = body.RootElement.GetProperty(window);
        return (data.GetProperty("sum").GetInt64(), data.GetProperty("tps").GetDouble(), data.GetProperty("avgpt").GetDouble());
    }

    private async Task<JsonDocument> JsonAsync(RemotingCommand question, TestBroker? broker = null)
    {
        RemotingCommand answer = await (broker ?? _broker).InvokeAsync(question);
        answer.Code.Should().Be(ResponseCode.Success, answer.Remark);
        return JsonDocument.Parse(LenientJson.ToStrict(answer.Body.Span).ToArray());
    }

    private async Task SendBatchAsync(params string[] bodies)
    {
        RemotingCommand request = Requests.Send("T", string.Empty).Set("m", true);
        request.Body = Requests.Batch(bodies);
        RemotingCommand answer = await _broker.InvokeAsync(request);
        answer.Code.Should().Be(ResponseCode.Success, answer.Remark);
    }
}
