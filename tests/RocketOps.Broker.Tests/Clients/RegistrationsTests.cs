using RocketOps.Broker.Clients;
using RocketOps.Broker.Tests.Support;
using RocketOps.Protocol.Commands;
using RocketOps.Remoting.Client;
using RocketOps.Store.Files;
using RocketOps.Testing;

namespace RocketOps.Broker.Tests.Clients;

/// <summary>What each connection may be registered with is little beside what all of them may: that has an end of its own.</summary>
public sealed class RegistrationsTests
{
    [Fact]
    public async Task Heartbeats_OfManyConnections_AreRefusedWhenTheyHaveTooMuchTogether()
    {
        await using TestBroker broker = await TestBroker.StartAsync(new(StringComparer.Ordinal) { ["maxRegistrations"] = "100", ["httpPort"] = "-1" });
        await using RemotingClient second = TestBroker.NewClient();
        await using RemotingClient small = TestBroker.NewClient();
        RemotingClient first = TestBroker.NewClient();
        await using (first)
        {
            (await BeatAsync(broker, first, "first", 60)).Code.Should().Be(ResponseCode.Success);
            RemotingCommand refused = await BeatAsync(broker, second, "second", 60);

            refused.Code.Should().Be(ResponseCode.SystemError);
            refused.Remark.Should().Contain("maxRegistrations");
            broker.Host.Modules.Groups.Groups.TryGet("second", out _).Should().BeFalse("it is refused before anything is made");
            (await BeatAsync(broker, second, "second", 30)).Code.Should().Be(ResponseCode.Success, "there is room for so many");
            (await BeatAsync(broker, second, "second", 60)).Code.Should().Be(ResponseCode.SystemError);
            (await BeatAsync(broker, first, "first", 60)).Code.Should().Be(ResponseCode.Success, "it says what it said before");
            (await BeatAsync(broker, small, "small", Registrations.Always - 1)).Code.Should().Be(ResponseCode.Success, "a little is for everybody");
            broker.Host.Modules.Clients.Registrations.Total.Should().Be(61 + 31 + Registrations.Always);
            using HttpClient http = new();
            (await http.GetStringAsync($"http://{broker.Host.HttpEndPoint}/metrics")).Should()
                .MatchRegex("(?m)^rocketops_registrations\\{.*\\} 108$").And.MatchRegex("(?m)^rocketops_registrations_limit\\{.*\\} 100$").And.MatchRegex("(?m)^rocketops_registrations_refused_total\\{.*\\} 2$");
        }

        await Eventually.TrueAsync(() => broker.Host.Modules.Clients.Registrations.Total == 31 + Registrations.Always, "what has gone has no place");
        (await BeatAsync(broker, second, "second", 60)).Code.Should().Be(ResponseCode.Success);
    }

    /// <summary>What one connection says at once is not several times what it may say.</summary>
    [Fact]
    public async Task Heartbeats_OfAConnectionAtOnce_KnowOfEachOther()
    {
        HookedFileSystem files = new();
        await using TestBroker broker = await TestBroker.StartAsync(new(StringComparer.Ordinal) { ["maxSubscriptionsPerConnection"] = "100" }, fileSystem: files);
        await using RemotingClient client = TestBroker.NewClient();
        using Gate gate = new();
        files.BeforeRename = path =>
        {
            if (path.EndsWith("subscriptionGroup.json", StringComparison.Ordinal))
            {
                gate.Pass();
            }
        };

        Task<RemotingCommand> first = BeatAsync(broker, client, "first", 60);
        await gate.Reached;
        long ofOne = broker.Host.HeldBytes;
        Task<RemotingCommand> second = BeatAsync(broker, client, "second", 60);
        await Eventually.TrueAsync(() => broker.Host.HeldBytes > ofOne, "both are there");
        gate.Open();

        (await first).Code.Should().Be(ResponseCode.Success);
        RemotingCommand refused = await second;
        refused.Code.Should().Be(ResponseCode.SystemError);
        refused.Remark.Should().Contain("maxSubscriptionsPerConnection");
    }

    /// <summary>A heartbeat that fails half-way has registered the client already: it must not stay when the connection has gone.</summary>
    [Fact]
    public async Task Heartbeat_ThatFailsHalfWay_IsForgottenWithItsConnection()
    {
        HookedFileSystem files = new();
        await using TestBroker broker = await TestBroker.StartAsync(new(StringComparer.Ordinal), fileSystem: files);
        RemotingClient client = TestBroker.NewClient();
        await using (client)
        {
            RemotingCommand heartbeat = Requests.Heartbeat("g", "T", "*", "c", 1);
            files.BeforeRename = static path => throw new StoreIOException("rename", path, StoreIOException.NoSpace, "No space left on device");
            (await client.InvokeAsync(broker.Address, heartbeat, Eventually.DefaultDeadline)).Code.Should().NotBe(ResponseCode.Success);
            broker.Host.Modules.Clients.Registrations.Total.Should().BePositive();
            files.BeforeRename = null;
        }

        await Eventually.TrueAsync(() => broker.Host.Modules.Clients.Registrations.Total == 0, "it has gone");
    }

    private static Task<RemotingCommand> BeatAsync(TestBroker broker, RemotingClient client, string group, int topics)
    {
        string subscriptions = string.Join(',', Enumerable.Range(0, topics).Select(static topic => $$"""{"subString":"*","subVersion":1,"topic":"T{{topic}}"}"""));
        RemotingCommand heartbeat = Requests.Heartbeat($$"""{"clientID":"{{group}}","consumerDataSet":[{"groupName":"{{group}}","messageModel":"CLUSTERING","subscriptionDataSet":[{{subscriptions}}]}]}""");
        return client.InvokeAsync(broker.Address, heartbeat, Eventually.DefaultDeadline);
    }
}
