using System.Text.Json;
using RocketOps.Cli.Tests.Support;
using RocketOps.Testing;
using RocketOps.Testing.Processes;

namespace RocketOps.Cli.Tests.Commands;

/// <summary><c>rocketops group</c> against a broker.</summary>
[Collection(nameof(ClusterFixture))]
public sealed class GroupTests(ClusterFixture cluster)
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    [Fact]
    public async Task List_ShowsUserGroupsFirstAndTheSystemsWhenAsked()
    {
        (string topic, string group) = await NewGroupAsync(messages: 3, consumed: 2);

        CliRun listed = (await cluster.RunAsync("group", "list", "-o", "json")).EnsureSuccess();
        CliRun all = (await cluster.RunAsync("group", "list", "--all")).EnsureSuccess();

        using JsonDocument groups = JsonDocument.Parse(listed.Output);
        JsonElement found = groups.RootElement.EnumerateArray().Should().ContainSingle(entry => entry.GetProperty("group").GetString() == group).Subject;
        found.GetProperty("members").GetInt32().Should().Be(0);
        found.GetProperty("lag").GetInt64().Should().Be(1);
        found.GetProperty("topics")[0].GetString().Should().Be(topic);
        listed.Output.Should().NotContain("TOOLS_CONSUMER");
        string[] lines = [.. all.OutputLines];
        Array.FindIndex(lines, line => line.StartsWith(group, StringComparison.Ordinal)).Should().BeLessThan(Array.FindIndex(lines, static line => line.StartsWith("TOOLS_CONSUMER", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Lag_SaysHowFarTheGroupIsInEveryQueue()
    {
        (string topic, string group) = await NewGroupAsync(messages: 3, consumed: 2);

        CliRun table = (await cluster.RunAsync("group", "lag", group)).EnsureSuccess();
        CliRun json = (await cluster.RunAsync("group", "lag", group, "--topic", topic, "-o", "json")).EnsureSuccess();

        table.OutputLines.Should().HaveCount(3).And.HaveElementAt(2, "1 message waits for 0 members");
        using JsonDocument queues = JsonDocument.Parse(json.Output);
        JsonElement queue = queues.RootElement.EnumerateArray().Should().ContainSingle().Subject;
        (queue.GetProperty("maxOffset").GetInt64(), queue.GetProperty("committed").GetInt64(), queue.GetProperty("lag").GetInt64()).Should().Be((3, 2, 1));
    }

    [Fact]
    public async Task Describe_ShowsMembersWhileTheyAreOnline()
    {
        (string topic, string group) = await NewGroupAsync(messages: 1, consumed: 1);
        await using ChildProcess member = await JoinAsync(topic, group);

        CliRun described = (await cluster.RunAsync("group", "describe", group, "-o", "json")).EnsureSuccess();

        using JsonDocument json = JsonDocument.Parse(described.Output);
        json.RootElement.GetProperty("members").GetArrayLength().Should().Be(1);
        json.RootElement.GetProperty("model").GetString().Should().Be("CLUSTERING");
        json.RootElement.GetProperty("retryMaxTimes").GetInt32().Should().Be(16);
        (await cluster.RunAsync("group", "describe", group)).EnsureSuccess().Output.Should().Contain("GROUP:").And.Contain("MEMBERS:").And.Contain("CLIENT-ID");
    }

    [Fact]
    public async Task Reset_ShowsThePlanAndMovesTheGroup()
    {
        (string topic, string group) = await NewGroupAsync(messages: 3, consumed: 3);

        CliRun dry = (await cluster.RunAsync("group", "reset", group, "--topic", topic, "--to", "1", "--dry-run")).EnsureSuccess();
        (await LagAsync(group)).Should().Be(0, "a dry run changes nothing");
        CliRun unasked = await cluster.RunAsync("group", "reset", group, "--topic", topic, "--to", "1");
        CliRun done = (await cluster.RunAsync("group", "reset", group, "--topic", topic, "--to", "1", "--yes")).EnsureSuccess();

        dry.OutputLines.Last().Should().MatchRegex($"^{topic} +broker-a +0 +3 +1 +3$");
        unasked.Should().Match<CliRun>(static run => run.ExitCode == 1 && run.Error.Contains("give --yes"));
        done.OutputLines.Last().Should().Be($"{group}: moved in 1 queue");
        (await LagAsync(group)).Should().Be(2);
        (await cluster.RunAsync("consume", topic, "-g", group, "--exit", "-o", "body")).EnsureSuccess().Output.Should().Be("1\n2\n");
    }

    [Fact]
    public async Task Reset_WhileAMemberRuns_ItGoesOnThere()
    {
        (string topic, string group) = (await cluster.NewTopicAsync(queues: 2), cluster.NewName("Group"));
        (await cluster.RunAsync("consume", topic, "-g", group, "--exit")).EnsureSuccess();
        (await cluster.RunAsync("produce", topic, "0", "1", "2", "--queue", "1")).EnsureSuccess();
        await using ChildProcess member = await JoinAsync(topic, group, "-o", "body");
        await Eventually.TrueAsync(() => Lines(member).SequenceEqual(["0", "1", "2"]), "all is consumed once", Patience);

        CliRun unasked = await cluster.RunAsync("group", "reset", group, "--topic", topic, "--to", "beginning");
        CliRun done = (await cluster.RunAsync("group", "reset", group, "--topic", topic, "--to", "beginning", "--yes")).EnsureSuccess();

        unasked.Error.Should().StartWith($"rocketops: Let group {group} go on at NEXT? Its 1 member online will be told; what they are working on may be handled again. There is no terminal");
        done.OutputLines.Last().Should().Be($"{group}: moved in 2 queues; 1 member told");
        await Eventually.TrueAsync(() => Lines(member).SequenceEqual(["0", "1", "2", "0", "1", "2"]), "all is consumed again, by the same member", Patience);

        CliRun onward = (await cluster.RunAsync("group", "reset", group, "--topic", topic, "--to", "end", "--yes", "-o", "json")).EnsureSuccess();
        using JsonDocument moved = JsonDocument.Parse(onward.Output);
        moved.RootElement.EnumerateArray().Select(static queue => (queue.GetProperty("queue").GetInt32(), queue.GetProperty("done").GetString(), queue.GetProperty("to").GetInt64())).Should().Equal((0, "moved", 0L), (1, "moved", 3L));
    }

    [Fact]
    public async Task ResetToAnOffsetAndDelete_WhileMembersAreOnline_AreRefused()
    {
        (string topic, string group) = await NewGroupAsync(messages: 1, consumed: 1);
        await using ChildProcess member = await JoinAsync(topic, group);

        CliRun reset = await cluster.RunAsync("group", "reset", group, "--topic", topic, "--to", "-1", "--yes");
        CliRun delete = await cluster.RunAsync("group", "delete", group, "--yes");

        reset.Should().Match<CliRun>(static run => run.ExitCode == 1 && run.Error.Contains("has 1 member online") && run.Error.EndsWith("They go to beginning, end or a time only while they run. Stop them first: they would commit over the new offsets.\n"));
        delete.Should().Match<CliRun>(static run => run.ExitCode == 1 && run.Error.Contains("has 1 member online. Stop them first, or give --force."));
    }

    [Fact]
    public async Task Delete_RemovesGroupAndOffsets()
    {
        (string topic, string group) = await NewGroupAsync(messages: 2, consumed: 2);

        (await cluster.RunAsync("group", "delete", group, "--yes")).EnsureSuccess().Output.Should().Be($"{group}: deleted on broker-a\n");

        (await cluster.RunAsync("group", "lag", group)).Error.Should().StartWith($"rocketops: there is no consumer group {group}.");
        (await cluster.RunAsync("consume", topic, "-g", group, "--exit", "-o", "body")).EnsureSuccess().Output.Should().Be("0\n1\n");
    }

    [Fact]
    public async Task Unknown_NamesTheNearest()
    {
        (_, string group) = await NewGroupAsync(messages: 1, consumed: 1);

        (await cluster.RunAsync("group", "describe", group + "x")).Should().Match<CliRun>(run => run.ExitCode == 1 && run.Error == $"rocketops: there is no consumer group {group}x. Did you mean {group}?\n");
    }

    private async Task<(string Topic, string Group)> NewGroupAsync(int messages, int consumed)
    {
        (string topic, string group) = (await cluster.NewTopicAsync(), cluster.NewName("Group"));
        (await cluster.RunAsync(["produce", topic, .. Enumerable.Range(0, messages).Select(static number => $"{number}")])).EnsureSuccess();
        (await cluster.RunAsync("consume", topic, "-g", group, "-c", $"{consumed}")).EnsureSuccess();
        return (topic, group);
    }

    private static string[] Lines(ChildProcess process) => process.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    private async Task<ChildProcess> JoinAsync(string topic, string group, params string[] options)
    {
        ChildProcess member = ChildProcess.Start(Programs.RocketOps, ["consume", topic, "-g", group, "-n", cluster.Cluster.NameServerAddress, .. options]);
        await Eventually.TrueAsync(
            async () =>
            {
                using JsonDocument json = JsonDocument.Parse((await cluster.RunAsync("group", "describe", group, "-o", "json")).EnsureSuccess().Output);
                return json.RootElement.GetProperty("members").GetArrayLength() == 1;
            },
            "the member is online",
            Patience);
        return member;
    }

    private async Task<long> LagAsync(string group)
    {
        using JsonDocument queues = JsonDocument.Parse((await cluster.RunAsync("group", "lag", group, "-o", "json")).EnsureSuccess().Output);
        return queues.RootElement.EnumerateArray().Sum(static queue => queue.GetProperty("lag").GetInt64());
    }
}
