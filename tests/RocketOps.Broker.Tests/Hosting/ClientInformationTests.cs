using System.Text;
using System.Text.Json;
using RocketOps.Broker.Tests.Support;
using RocketOps.Protocol.Commands;
using RocketOps.Protocol.Json;
using RocketOps.Remoting.Client;
using RocketOps.Remoting.Connections;
using RocketOps.Testing;
using RocketOps.Testing.Time;

namespace RocketOps.Broker.Tests.Hosting;

/// <summary>What admin tools ask a broker about its clients.</summary>
public sealed class ClientInformationTests : IAsyncLifetime
{
    private TestBroker _broker = null!;

    public async Task InitializeAsync() => _broker = await TestBroker.StartAsync(time: new FakeTimeProvider());

    public async Task DisposeAsync() => await _broker.DisposeAsync();

    [Fact]
    public async Task AllProducers_OneOnline_IsListedWithItsClient()
    {
        await _broker.SubscribeAsync("g", "T");

        RemotingCommand answer = await _broker.InvokeAsync(RemotingCommand.CreateRequest(RequestCode.GetAllProducerInfo));

        answer.Code.Should().Be(ResponseCode.Success, answer.Remark);
        using JsonDocument body = JsonDocument.Parse(answer.Body);
        JsonElement client = body.RootElement.GetProperty("data").GetProperty("CLIENT_INNER_PRODUCER").EnumerateArray().Single();
        client.GetProperty("clientId").GetString().Should().Be("client-1");
        client.GetProperty("language").GetString().Should().Be("DOTNET");
        client.GetProperty("version").GetInt32().Should().Be(MqVersion.V533);
        client.GetProperty("remoteIP").GetString().Should().StartWith("/127.0.0.1:");
        client.GetProperty("lastUpdateTimestamp").GetInt64().Should().BePositive();
    }

    [Fact]
    public async Task RunningInfo_MemberOnline_ItsOwnAnswerIsHandedOn()
    {
        await using RemotingClient member = await JoinAsync("g", (_, question) =>
        {
            RemotingCommand answer = RemotingCommand.CreateResponse(question, ResponseCode.Success, "from the client");
            answer.Body = Encoding.UTF8.GetBytes($"jstack {question.Get("jstackEnable")} of {question.Get("clientId")}");
            return Task.FromResult(answer);
        });

        RemotingCommand answer = await AskAsync("g", "member");

        answer.Code.Should().Be(ResponseCode.Success, answer.Remark);
        answer.Remark.Should().Be("from the client");
        Encoding.UTF8.GetString(answer.Body.Span).Should().Be("jstack true of member");
    }

    [Theory]
    [InlineData("g", "somebody else")]
    [InlineData("nobody", "member")]
    public async Task RunningInfo_NobodyThere_IsRefusedByName(string group, string clientId)
    {
        await using RemotingClient member = await JoinAsync("g", static (_, question) => Task.FromResult(RemotingCommand.CreateResponse(question, ResponseCode.Success)));

        RemotingCommand answer = await AskAsync(group, clientId);

        answer.Code.Should().Be(ResponseCode.SystemError);
        answer.Remark.Should().Be($"The Consumer <{group}> <{clientId}> not online");
    }

    [Fact]
    public async Task RunningInfo_MemberLeavesInsteadOfAnswering_IsAnsweredAtOnce()
    {
        await using RemotingClient member = await JoinAsync("g", static (connection, _) =>
        {
            connection.Abort("the test's client leaves");
            throw new IOException("gone");
        });

        RemotingCommand answer = await AskAsync("g", "member");

        answer.Code.Should().Be(ResponseCode.SystemError);
        answer.Remark.Should().StartWith("invoke consumer <g> <member> Exception: ");
    }

    [Theory]
    [InlineData(false, 3, 1)]
    [InlineData(true, 1, 0)]
    public async Task BrokerConsumeStats_GroupsWithOffsets_TellWhatWaitsInTheirTopics(bool orderedOnly, long waiting, int plainTopics)
    {
        await _broker.CreateTopicAsync("Plain");
        await _broker.InvokeAsync(Requests.Topic("Ordered").Set("order", true));
        await _broker.SubscribeAsync("g", "Plain");
        await ConsumeOneAsync("Plain", messages: 3);
        await ConsumeOneAsync("Ordered", messages: 2);
        await _broker.InvokeAsync(RemotingCommand.CreateRequest(RequestCode.UnregisterClient).Set("clientID", "client-1").Set("consumerGroup", "g"));

        RemotingCommand answer = await _broker.InvokeAsync(RemotingCommand.CreateRequest(RequestCode.GetBrokerConsumeStats).Set("isOrder", orderedOnly));

        answer.Code.Should().Be(ResponseCode.Success, answer.Remark);
        using JsonDocument body = JsonDocument.Parse(LenientJson.ToStrict(answer.Body.Span).ToArray());
        body.RootElement.GetProperty("brokerAddr").GetString().Should().Be(_broker.Address);
        body.RootElement.GetProperty("totalDiff").GetInt64().Should().Be(waiting);
        JsonElement group = body.RootElement.GetProperty("consumeStatsList").EnumerateArray().Single(static entry => entry.TryGetProperty("g", out _));
        JsonElement[] topics = [.. group.GetProperty("g").EnumerateArray()];
        topics.Should().HaveCount(1 + plainTopics);
        topics.Select(static topic => topic.GetProperty("offsetTable").EnumerateObject().Single().Value.GetProperty("consumerOffset").GetInt64()).Should().OnlyContain(static offset => offset == 1);
    }

    [Fact]
    public async Task GroupSummaries_OfTheGroupsThatAreAskedFor_TellMembersAndWhatWaits()
    {
        await _broker.CreateTopicAsync("Plain", queues: 2);
        await _broker.SubscribeAsync("g", "Plain");
        await ConsumeOneAsync("Plain", messages: 3);
        await _broker.InvokeAsync(RemotingCommand.CreateRequest(RequestCode.UnregisterClient).Set("clientID", "client-1").Set("consumerGroup", "g"));
        await _broker.SendAsync("Plain", "m", queueId: 1);
        await _broker.CreateTopicAsync("Plain", 2, writeQueues: 1);
        await _broker.SubscribeAsync("h", "Plain");

        (await SummariesAsync("g", "h", "nobody")).Should().Be(
            """{"groups":{"g":{"members":0,"lags":{"Plain":3}},"h":{"members":1,"lags":{}},"nobody":{"members":0,"lags":{}}}}""", "queues that are closed to producers are still read, and h has read nothing yet");

        await _broker.CreateTopicAsync("Other");
        await _broker.SubscribeAsync("g", "Other");
        (await SummariesAsync("g")).Should().Be("""{"groups":{"g":{"members":1,"lags":{}}}}""", "it has left the topic");
    }

    private async Task<string> SummariesAsync(params string[] groups)
    {
        RemotingCommand request = RemotingCommand.CreateRequest(RequestCode.GetGroupSummaries);
        request.Body = JsonSerializer.SerializeToUtf8Bytes(new Dictionary<string, string[]> { ["groups"] = groups });
        RemotingCommand answer = await _broker.InvokeAsync(request);
        answer.Code.Should().Be(ResponseCode.Success, answer.Remark);
        return Encoding.UTF8.GetString(LenientJson.ToStrict(answer.Body.Span));
    }

    private async Task ConsumeOneAsync(string topic, int messages)
    {
        for (int i = 0; i < messages; i++)
        {
            await _broker.SendAsync(topic, "m");
        }

        await _broker.InvokeAsync(
            Requests.Commit("g", topic, 0, 1));
    }

    private Task<RemotingCommand> AskAsync(string group, string clientId) => _broker.InvokeAsync(
        RemotingCommand.CreateRequest(RequestCode.GetConsumerRunningInfo).Set("consumerGroup", group).Set("clientId", clientId).Set("jstackEnable", true));

    /// <summary>A client on a connection of its own that is a member of the group and answers what brokers ask.</summary>
    private async Task<RemotingClient> JoinAsync(string group, Func<RemotingConnection, RemotingCommand, Task<RemotingCommand>> answer)
    {
        RemotingClient client = TestBroker.NewClient(new RequestHandlerRegistry().Add(RequestCode.GetConsumerRunningInfo, new Answering(answer)));
        RemotingCommand heartbeat = Requests.Heartbeat(group, "T", "*", "member", version: 1);
        (await client.InvokeAsync(_broker.Address, heartbeat, Eventually.DefaultDeadline)).Code.Should().Be(ResponseCode.Success);
        return client;
    }

    private sealed class Answering(Func<RemotingConnection, RemotingCommand, Task<RemotingCommand>> answer) : AsyncRequestHandler
    {
        public override async ValueTask<RemotingCommand?> HandleAsync(RemotingConnection connection, RemotingCommand request, CancellationToken cancellationToken) =>
            await answer(connection, request);
    }
}
