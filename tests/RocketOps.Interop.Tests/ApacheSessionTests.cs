using System.Text.Json;
using RocketOps.Interop.Tests.Clients;
using RocketOps.Interop.Tests.Fixtures;
using RocketOps.Interop.Tests.Messages;
using RocketOps.Interop.Tests.NameServers;
using RocketOps.Interop.Tests.Replication;
using RocketOps.Testing;
using RocketOps.Testing.Servers;

namespace RocketOps.Interop.Tests;

/// <summary>
/// One start of Apache's broker, of each version, for all that needs one: on a store of ours, at our name server, with our slave behind it, Apache's clients and tools and our client before it, until it hands the
/// store back with messages of every kind under way. The deep tests take each of these apart.
/// </summary>
/// <param name="version">Of the broker, and of the clients and tools.</param>
/// <param name="oursIsKilled">How our store comes to Apache's broker.</param>
/// <param name="apachesIsKilled">How it comes back.</param>
public abstract class ApacheSessionTests(string version, bool oursIsKilled, bool apachesIsKilled)
{
    private const int More = 20;

    [SkippableFact]
    public async Task Broker_OnAStoreOfOursAtOurNameServer_ServesEverybodyAndHandsTheStoreBack()
    {
        Kit.Require(SharedKits.RocketMq);
        using TempDirectory directory = new();
        List<WrittenMessage> written = await StoreOfOurs.WriteAsync(directory.Path, oursIsKilled);
        long? due;
        await using (MixedServer apache = new(version, Options(directory, longDelay: "1h")))
        {
            await apache.StartAsync();
            await using RocketOpsSlave slave = new(apache.NameServerAddress, StoreOfOurs.Files);
            await slave.StartAsync();
            JavaClient java = new(version, apache.NameServerAddress);
            Dictionary<(int, long), string> served = await ServedAsync(java);
            served.Should().Equal(written.ToDictionary(static message => (message.QueueId, message.QueueOffset), static message => message.BodySha256));
            (await java.RunAsync("query", StoreOfOurs.Topic, "--key", "key-7")).Should().NotBeEmpty();
            await AdministerAsync(java, apache);
            await java.RunAsync("send", StoreOfOurs.Topic, "--count", $"{More}");
            await OurClientSmoke.RunAsync(apache);
            await ReplicationInteropTests.SameEndAsync(apache.BrokerAddress, slave.Address);
            await slave.KillAsync();
            due = await StoreHandOverTests.LeaveAsync(apache, knowsTimers: version != ApacheServer.Version4);
            await (apachesIsKilled ? apache.KillBrokerAsync() : apache.StopBrokerAsync());
            if (!apachesIsKilled)
            {
                await Eventually.TrueAsync(async () => !await Topics.HasRouteAsync(apache, StoreOfOurs.Topic), "the stopped broker's routes are gone");
            }
        }

        await using RocketOpsServer ours = new(Options(directory, longDelay: "1s"));
        await ours.StartAsync();
        await StoreHandOverTests.GoOnAsync(ours, due, apachesIsKilled);
        Dictionary<(int, long), string> again = await ServedAsync(new JavaClient(version, ours.NameServerAddress));
        again.Should().HaveCount(StoreOfOurs.Messages + More).And.Contain(written.Select(static message => KeyValuePair.Create((message.QueueId, message.QueueOffset), message.BodySha256)));
    }

    private static async Task<Dictionary<(int, long), string>> ServedAsync(JavaClient java)
    {
        IReadOnlyList<JsonElement> lines = await java.RunAsync("receive", StoreOfOurs.Topic, "--group", "check", "--mode", "pull", "--from", "first", "--no-commit", "--seconds", "240");
        return lines.Where(static line => line.GetProperty("event").GetString() == "message").ToDictionary(
            static line => (line.GetProperty("queueId").GetInt32(), line.GetProperty("queueOffset").GetInt64()),
            static line => line.GetProperty("bodySha256").GetString()!);
    }

    /// <summary>What they ask our name server of Apache's broker.</summary>
    private static async Task AdministerAsync(JavaClient java, ServerUnderTest server)
    {
        (await java.AdminAsync("clusterList")).Should().MatchRegex($@"{ServerUnderTest.ClusterName}\s+{ServerUnderTest.BrokerName}\s+0\s+{server.BrokerAddress}");
        (await java.AdminAsync("updateTopic", "-c", ServerUnderTest.ClusterName, "-t", "Mixed", "-r", "4", "-w", "4")).Should().Contain("success");
        (await java.AdminAsync("topicRoute", "-t", "Mixed")).Should().ContainAll(server.BrokerAddress, "\"readQueueNums\":4");
    }

    private static ServerOptions Options(TempDirectory directory, string longDelay)
    {
        Dictionary<string, string> settings = StoreHandOverTests.Settings(longDelay);
        foreach ((string key, string value) in StoreOfOurs.Files)
        {
            settings[key] = value;
        }

        // The third level is the one that a first retry of a client waits for.
        settings["messageDelayLevel"] += " 1s";
        settings["enablePropertyFilter"] = "true";
        settings["haSendHeartbeatInterval"] = "1000";
        return new ServerOptions { StoreDirectory = directory.File("store"), Broker = settings };
    }
}
