using System.Text.Json;
using RocketOps.Cli.Tests.Support;
using RocketOps.Testing;
using RocketOps.Testing.Processes;

namespace RocketOps.Cli.Tests.Commands;

/// <summary>The commands that talk to a running cluster or read a store, as a user types them.</summary>
[Collection(nameof(ClusterFixture))]
public sealed class CommandTests(ClusterFixture cluster)
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    [Fact]
    public async Task Topic_CreateListDescribeDelete_SaysWhatIsThere()
    {
        string topic = cluster.NewName("Made");
        (await cluster.RunAsync("topic", "create", topic, "--queues", "4")).EnsureSuccess().Output.Should().Be($"{topic}: 4 queues on broker-a\n");
        (await cluster.RunAsync("topic", "list")).EnsureSuccess().OutputLines.Should().Contain(line => line.StartsWith(topic + " ", StringComparison.Ordinal));

        CliRun described = await cluster.RunAsync("topic", "describe", topic, "-o", "json");
        using JsonDocument queues = JsonDocument.Parse(described.EnsureSuccess().Output);
        queues.RootElement.EnumerateArray().Select(static queue => (queue.GetProperty("queue").GetInt32(), queue.GetProperty("messages").GetInt64()))
            .Should().Equal((0, 0L), (1, 0L), (2, 0L), (3, 0L));

        (await cluster.RunAsync("topic", "delete", topic, "--yes")).EnsureSuccess().Output.Should().Be($"{topic}: deleted on broker-a\n");
        (await cluster.RunAsync("topic", "list")).EnsureSuccess().OutputLines.Should().NotContain(line => line.StartsWith(topic + " ", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("describe")]
    [InlineData("delete")]
    public async Task Topic_Unknown_FailsAndSaysSo(string verb)
    {
        CliRun result = await cluster.RunAsync("topic", verb, "NeverMade");

        result.ExitCode.Should().Be(1);
        result.Output.Should().BeEmpty();
        result.Error.Should().Be("rocketops: there is no topic NeverMade.\n");
    }

    [Fact]
    public async Task Topic_List_ShowsSystemTopicsOnlyWhenAsked()
    {
        string topic = await cluster.NewTopicAsync();

        (await cluster.RunAsync("topic", "list")).EnsureSuccess().Output.Should().Contain(topic).And.NotContain("TBW102").And.NotContain("broker-a").And.NotContain("SCHEDULE_TOPIC");
        string[] all = [.. (await cluster.RunAsync("topic", "list", "--all")).EnsureSuccess().OutputLines];
        Array.FindIndex(all, line => line.StartsWith(topic, StringComparison.Ordinal)).Should().BeLessThan(Array.FindIndex(all, static line => line.StartsWith("TBW102", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("RMQ_SYS_")]
    [InlineData("Rmq_sys_")]
    public async Task Topic_List_ShowsTopicsThatOnlyLookLikeTheSystems(string prefix)
    {
        string topic = cluster.NewName(prefix);
        (await cluster.RunAsync("topic", "create", topic, topic + "_REPLY_TOPIC", "--queues", "1")).EnsureSuccess();

        (await cluster.RunAsync("topic", "list", topic + "*")).EnsureSuccess().Output.Should().Contain(topic + " ").And.Contain(topic + "_REPLY_TOPIC");
    }

    [Fact]
    public async Task List_NamesAndPatterns_ChooseAmongWhatThereIs()
    {
        string prefix = cluster.NewName("Chosen");
        (await cluster.RunAsync("topic", "create", $"{prefix}-a", $"{prefix}-b", $"{prefix}-b2", "--queues", "1")).EnsureSuccess();
        (await cluster.RunAsync("consume", $"{prefix}-a", "-g", $"{prefix}-billing", "--exit")).EnsureSuccess();
        (await cluster.RunAsync("consume", $"{prefix}-a", "-g", $"{prefix}-stock", "--exit")).EnsureSuccess();

        (await NamesAsync("topic", $"{prefix}-*")).Should().Equal($"{prefix}-a", $"{prefix}-b", $"{prefix}-b2");
        (await NamesAsync("topic", $"{prefix}-?")).Should().Equal($"{prefix}-a", $"{prefix}-b");
        (await NamesAsync("topic", $"{prefix}-a", $"{prefix}-*2")).Should().Equal($"{prefix}-a", $"{prefix}-b2");
        (await NamesAsync("topic", prefix)).Should().BeEmpty("the whole name counts");
        (await NamesAsync("topic", $"%RETRY%{prefix}-b*")).Should().BeEmpty("it is one of the system's");
        (await NamesAsync("topic", "--all", $"%RETRY%{prefix}-b*")).Should().Equal($"%RETRY%{prefix}-billing");
        (await NamesAsync("group", $"{prefix}-b*")).Should().Equal($"{prefix}-billing");
        (await cluster.RunAsync("topic", "list", prefix)).EnsureSuccess().Error.Should().Be($"no topic is called {prefix}; --all looks among the system's own too\n");
        (await cluster.RunAsync("group", "list", "--all", prefix)).EnsureSuccess().Error.Should().Be($"no consumer group is called {prefix}\n");
        (await cluster.RunAsync("topic", "list", "a/b*")).Should().Match<CliRun>(static run => run.ExitCode == 2 && run.Error.Contains("has letters other than"));
    }

    [Fact]
    public async Task Topic_CreateOfAnExistingOne_IsRefused()
    {
        string topic = await cluster.NewTopicAsync(queues: 4);

        CliRun again = await cluster.RunAsync("topic", "create", topic, "--queues", "2");

        again.ExitCode.Should().Be(1);
        again.Error.Should().Be($"rocketops: topic {topic} exists. \"rocketops topic alter {topic}\" changes it.\n");
        (await cluster.RunAsync("topic", "describe", topic)).EnsureSuccess().OutputLines.Should().HaveCount(1 + 4);
    }

    [Fact]
    public async Task Topic_Delete_AsksAtATerminalAndNeedsYesWithoutOne()
    {
        string topic = await cluster.NewTopicAsync();

        (await cluster.RunAsync("topic", "delete", topic)).Should().Match<CliRun>(static run => run.ExitCode == 1 && run.Error.Contains("give --yes"));
        (await cluster.RunAtTerminalAsync("n\n", "topic", "delete", topic)).Should().Match<CliRun>(static run => run.ExitCode == 1 && run.Error.EndsWith("Nothing was changed.\n"));
        (await cluster.RunAsync("topic", "describe", topic)).EnsureSuccess();
        (await cluster.RunAtTerminalAsync("y\n", "topic", "delete", topic, "--force")).EnsureSuccess().Error.Should().StartWith($"Delete topic {topic} with its 0 messages?");
        (await cluster.RunAsync("topic", "describe", topic)).ExitCode.Should().Be(1);
    }

    [Fact]
    public async Task Topic_DeleteWithYesOff_AsksAsWithoutIt()
    {
        string topic = await cluster.NewTopicAsync();

        (await cluster.RunAsync("topic", "delete", topic, "--yes=false")).Should().Match<CliRun>(static run => run.ExitCode == 1 && run.Error.Contains("give --yes"));
        (await cluster.RunAsync("topic", "delete", topic, "--yes=no")).ExitCode.Should().Be(2);
        (await cluster.RunAsync("topic", "describe", topic)).EnsureSuccess();
        (await cluster.RunAsync("topic", "delete", topic, "--yes=true")).EnsureSuccess();
    }

    [Fact]
    public async Task Cluster_Status_ListsTheMasterWithBothVersions()
    {
        CliRun result = await cluster.RunAsync("cluster", "status", "-o", "json");

        using JsonDocument brokers = JsonDocument.Parse(result.EnsureSuccess().Output);
        JsonElement master = brokers.RootElement.EnumerateArray().Should().ContainSingle().Subject;
        master.GetProperty("broker").GetString().Should().Be("broker-a");
        master.GetProperty("role").GetString().Should().Be("master");
        master.GetProperty("address").GetString().Should().Be(cluster.Cluster.BrokerAddress);
        master.GetProperty("protocol").GetString().Should().Be("5.3.3");
        master.GetProperty("version").GetString().Should().MatchRegex(@"^\d+\.\d+\.\d+");
        master.GetProperty("inTps").ValueKind.Should().Be(JsonValueKind.Number);
    }

    [Fact]
    public async Task Listing_Yaml_SaysTheSameAsJson()
    {
        string topic = await cluster.NewTopicAsync();

        (await cluster.RunAsync("topic", "describe", topic, "-o", "yaml")).EnsureSuccess().Output.Should().StartWith("- broker: broker-a\n  queue: 0\n  minOffset: 0\n").And.Contain("\n  lastMessage: null\n");
    }

    [Fact]
    public async Task Watch_ShowsTheListingAgainUntilCancelled()
    {
        await using ChildProcess watch = ChildProcess.Start(Program, ["cluster", "status", "--watch", "0.1", "-n", cluster.Cluster.NameServerAddress]);
        await Eventually.TrueAsync(() => Task.FromResult(watch.Output.Split("CLUSTER").Length > 3), "it is shown again and again", Patience);

        watch.Terminate();

        (await watch.WaitAsync(Patience)).ExitCode.Should().Be(0);
    }

    [Fact]
    public async Task AnyCommand_NoNameServer_SaysWhichAddressRefusedAndWhatToDo()
    {
        CliRun result = await CliRun.RunAsync("topic", "list", "-n", "127.0.0.1:1");

        result.ExitCode.Should().Be(1);
        result.Error.Should().Be(
            "rocketops: no name server answers at 127.0.0.1:1 (connection refused). Give another address with -n HOST:PORT or NAMESRV_ADDR, or start a cluster here with \"rocketops up FILE\".\n");
    }

    [Fact]
    public async Task AnyCommand_NameServersWithCommas_AreTried() =>
        (await CliRun.RunAsync("cluster", "status", "-n", $"127.0.0.1:1,{cluster.Cluster.NameServerAddress}")).EnsureSuccess();

    [Fact]
    public async Task Process_WrongOption_ExitsWithUsage()
    {
        ProcessResult result = await ChildProcess.RunAsync(Program, ["topic", "list", "--nope"], Patience);

        result.ExitCode.Should().Be(2);
        result.Error.Should().Be("rocketops topic list: there is no option --nope. See \"rocketops topic list --help\".\n");
    }

    [Fact]
    public async Task Store_DumpAndVerify_ReadTheRunningBrokersStore()
    {
        string topic = await cluster.NewTopicAsync();
        CliRun sent = await cluster.RunAsync("produce", topic, "one", "-o", "json");
        using JsonDocument answer = JsonDocument.Parse(sent.EnsureSuccess().Output);
        string id = answer.RootElement.GetProperty("messageId").GetString()!;

        CliRun dump = await CliRun.RunAsync("store", "dump", cluster.Cluster.StoreDirectory);
        CliRun verify = await CliRun.RunAsync("store", "verify", cluster.Cluster.StoreDirectory);

        dump.EnsureSuccess().OutputLines.Should().Contain(line => line.Contains(id, StringComparison.Ordinal));
        // Of a running broker the index may still be in memory, which the next start would put right.
        verify.EnsureSuccess().Output.Should().MatchRegex("[1-9][0-9]* messages, ").And.NotContain("damaged: ");
    }

    [Theory]
    [InlineData("verify")]
    [InlineData("dump")]
    public async Task Store_WhatIsNone_IsNeverCalledSound(string verb)
    {
        using TempDirectory folder = new("cli-");

        CliRun missing = await CliRun.RunAsync("store", verb, folder.File("missing"));
        CliRun empty = await CliRun.RunAsync("store", verb, folder.Path);

        missing.Should().Match<CliRun>(static run => run.ExitCode == 2 && run.Output.Length == 0 && run.Error.EndsWith("missing is no directory\n"));
        empty.Should().Match<CliRun>(static run => run.ExitCode == 2 && run.Output.Length == 0 && run.Error.Contains(" is no store: "));
    }

    private async Task<string[]> NamesAsync(string kind, params string[] arguments)
    {
        using JsonDocument listed = JsonDocument.Parse((await cluster.RunAsync([kind, "list", .. arguments, "-o", "json"])).EnsureSuccess().Output);
        return [.. listed.RootElement.EnumerateArray().Select(entry => entry.GetProperty(kind).GetString()!)];
    }

    private static string Program => Programs.RocketOps;
}
