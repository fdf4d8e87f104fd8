using System.Text;
using System.Text.Json;
using RocketOps.Interop.Tests.Clients;
using RocketOps.Interop.Tests.Fixtures;
using RocketOps.Testing;
using RocketOps.Testing.Remoting;
using RocketOps.Testing.Servers;

namespace RocketOps.Interop.Tests.RocketOps;

/// <summary>Java clients of both generations are members of one group behind our broker.</summary>
[Collection(RocketOpsCollection.Name)]
public sealed class GroupMembersTests(RocketOpsFixture fixture)
{
    private const string Topic = "GroupMembers";
    private const string Group = "both_generations";
    private const int GetConsumerList = 38;
    private const int Phase = 40;

    // Java clients look at a topic's queues every 3 s here and share them out anew every 20 s.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    // Between the messages that are sent until both members have some.
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(200);

    private readonly HashSet<string> _sent = new(StringComparer.Ordinal);

    [SkippableFact]
    public async Task Receive_ByMembersOfBothGenerations_ShareQueuesThatGrowAndShrinkAndLoseNothing()
    {
        ServerUnderTest server = fixture.Server;
        await Topics.CreateAsync(server, Topic, queues: 4);
        await using RawConnection broker = await RawConnection.ConnectAsync(server.BrokerAddress);
        await using JavaRun old = await StartAsync(ApacheServer.Version4);
        await using JavaRun young = await StartAsync(ApacheServer.Version5);
        await Eventually.TrueAsync(async () => await CountMembersAsync(broker) == 2, "both are members", Patience);

        await Eventually.TrueAsync(
            async () =>
            {
                await SendAsync(broker, firstQueue: 0, queues: 4, count: 4);
                await Task.Delay(Pace);
                return Received(old).Count > 0 && Received(young).Count > 0;
            },
            "both have queues",
            Patience);
        await UntilAllCameAsync(old, young, "four queues");

        (await RawBroker.CreateTopicAsync(broker, Topic, queues: 8)).Code.Should().Be(RawBroker.Success);
        await SendAsync(broker, firstQueue: 4, queues: 4, Phase);
        await UntilAllCameAsync(old, young, "four queues more");

        (await RawBroker.CreateTopicAsync(broker, Topic, queues: 2)).Code.Should().Be(RawBroker.Success);
        await SendAsync(broker, firstQueue: 0, queues: 2, Phase);
        await UntilAllCameAsync(old, young, "two queues left");
        Received(old).Concat(Received(young)).Should().BeSubsetOf(_sent);
    }

    private static HashSet<string> Received(JavaRun member) => new(
        JsonLines.Parse(member.Output).Where(static line => line.GetProperty("event").GetString() == "message").Select(static line => line.GetProperty("body").GetString()!),
        StringComparer.Ordinal);

    private static async Task<int> CountMembersAsync(RawConnection broker)
    {
        RawFrame answer = await broker.RequestAsync(GetConsumerList, RawFields.Of(("consumerGroup", Group)));
        if (answer.Code != RawBroker.Success)
        {
            return 0;
        }

        using JsonDocument body = JsonDocument.Parse(answer.Body);
        return body.RootElement.GetProperty("consumerIdList").GetArrayLength();
    }

    private Task<JavaRun> StartAsync(string version) =>
        new JavaClient(version, fixture.Server.NameServerAddress).StartAsync("receive", Topic, "--group", Group, "--from", "first", "--body", "text", "--seconds", "3600");

    private async Task SendAsync(RawConnection broker, int firstQueue, int queues, int count)
    {
        for (int i = 0; i < count; i++)
        {
            string body = $"message {_sent.Count}";
            (await RawBroker.SendAsync(broker, Topic, firstQueue + (i % queues), Encoding.UTF8.GetBytes(body))).Code.Should().Be(RawBroker.Success);
            _sent.Add(body);
        }
    }

    private Task UntilAllCameAsync(JavaRun old, JavaRun young, string when) => Eventually.TrueAsync(
        async () =>
        {
            await Task.Delay(Pace);
            return _sent.IsSubsetOf(Received(old).Concat(Received(young)));
        },
        $"all came: {when}",
        Patience);
}
