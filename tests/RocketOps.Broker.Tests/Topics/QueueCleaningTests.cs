using System.Text;
using System.Text.Json;
using RocketOps.Broker.Tests.Support;
using RocketOps.Protocol.Commands;
using RocketOps.Store;
using RocketOps.Store.Contracts;
using RocketOps.Store.Log;

namespace RocketOps.Broker.Tests.Topics;

/// <summary>What an operator asks of queues themselves: their entries (321), and to clean them (306, 316, 329). 321 is compared with Apache's in the interop ring (BatchQueueTests).</summary>
public sealed class QueueCleaningTests
{
    [Fact]
    public async Task QueryConsumeQueue_OfAGroup_ShowsEntriesAndSubscription()
    {
        await using TestBroker broker = await TestBroker.StartAsync();
        foreach (string tag in (string[])["TagA", "TagB", "TagA"])
        {
            (await broker.InvokeAsync(Requests.Send("T", "body", properties: Requests.Properties(("TAGS", tag))))).Code.Should().Be(ResponseCode.Success);
        }

        JsonElement offline = await QueryAsync(broker, index: 1, count: 10, group: "g");
        await broker.SubscribeAsync("g", "T");
        JsonElement online = await QueryAsync(broker, index: 0, count: 2, group: "g");

        offline.GetProperty("filterData").GetString().Should().Be("g@T is not online!");
        offline.TryGetProperty("subscriptionData", out _).Should().BeFalse();
        (offline.GetProperty("minQueueIndex").GetInt64(), offline.GetProperty("maxQueueIndex").GetInt64()).Should().Be((0, 3));
        Tags(offline).Should().Equal(2598920, 2598919);
        Tags(online).Should().Equal(2598919, 2598920);
        online.GetProperty("subscriptionData").GetProperty("topic").GetString().Should().Be("T");
    }

    [Fact]
    public async Task QueryConsumeQueue_HugeCount_IsBounded()
    {
        await using TestBroker broker = await TestBroker.StartAsync();
        await broker.InvokeAsync(Requests.Send("T", "body"));

        (await QueryAsync(broker, index: 0, count: int.MaxValue)).GetProperty("queueData").GetArrayLength().Should().Be(1);
        (await QueryAsync(broker, index: 0, count: int.MinValue)).GetProperty("queueData").GetArrayLength().Should().Be(0);
    }

    [Fact]
    public async Task CleanUnusedTopic_TopicThatIsNotConfigured_LosesItsQueuesAndNoOtherDoes()
    {
        await using TestBroker broker = await TestBroker.StartAsync();
        MessageStore store = broker.Host.Modules.Host.Store;
        await broker.InvokeAsync(Requests.Send("Used", "body"));
        MessageHost host = broker.Host.Modules.Host.Address.StoreHost;
        store.Writer.Append(
            new MessageToAppend { Topic = store.GetOrAddTopic("Unused"u8), QueueId = 0, Fields = new() { BornHost = host, StoreHost = host }, Body = "body"u8 }, out _).Should().Be(AppendStatus.Ok);
        store.Writer.WritePending();
        await store.FinishDispatchAsync();
        store.GetQueueIds(store.FindTopic("Unused"u8)!).Should().Equal(0);

        (await broker.InvokeAsync(RemotingCommand.CreateRequest(RequestCode.CleanUnusedTopic))).Code.Should().Be(ResponseCode.Success);

        store.FindTopic("Unused"u8).Should().BeNull();
        store.GetQueueIds(store.FindTopic("Used"u8)!).Should().Equal(0);
    }

    [Theory]
    [InlineData(RequestCode.CleanExpiredConsumeQueue)]
    [InlineData(RequestCode.DeleteExpiredCommitLog)]
    public async Task Cleaning_WithNothingExpired_TakesNothing(int code)
    {
        await using TestBroker broker = await TestBroker.StartAsync();
        await broker.InvokeAsync(Requests.Send("T", "body"));

        (await broker.InvokeAsync(RemotingCommand.CreateRequest(code))).Code.Should().Be(ResponseCode.Success);

        RemotingCommand pulled = await broker.InvokeAsync(Requests.Pull("g", "T", 0, 0, sysFlag: 4, subscription: "*"));
        Requests.Decode(pulled).Should().ContainSingle();
    }

    private static IEnumerable<long> Tags(JsonElement body) => body.GetProperty("queueData").EnumerateArray().Select(static entry => entry.GetProperty("tagsCode").GetInt64());

    private static async Task<JsonElement> QueryAsync(TestBroker broker, long index, int count, string? group = null)
    {
        RemotingCommand answer = await broker.InvokeAsync(
            RemotingCommand.CreateRequest(RequestCode.QueryConsumeQueue).Set("topic", "T").Set("queueId", 0).Set("index", index).Set("count", count).Set("consumerGroup", group));
        answer.Code.Should().Be(ResponseCode.Success, answer.Remark);
        return JsonDocument.Parse(Encoding.UTF8.GetString(answer.Body.Span)).RootElement;
    }
}
