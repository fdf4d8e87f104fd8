using System.Text.Json.Nodes;
using RocketOps.Cli.Tests.Commands;
using RocketOps.Cli.Tests.Support;

namespace RocketOps.Cli.Tests.Output;

/// <summary>Commands that change something: several topics at once, options before the command, and what was done for programs.</summary>
[Collection(nameof(ClusterFixture))]
public sealed class ChangesTests(ClusterFixture cluster)
{
    [Fact]
    public async Task Topics_SeveralAtOnce_AreMadeAndDeletedTogetherOrNotAtAll()
    {
        (string one, string two, string three) = (cluster.NewName("Topic"), cluster.NewName("Topic"), cluster.NewName("Topic"));

        (await cluster.RunAsync("topic", "create", one, two, "--queues", "2")).EnsureSuccess().OutputLines.Should().Equal($"{one}: 2 queues on broker-a", $"{two}: 2 queues on broker-a");
        CliRun taken = await cluster.RunAsync("topic", "create", three, two);
        taken.ExitCode.Should().Be(1);
        taken.Error.Should().Contain($"topic {two} exists.");
        CliRun unknown = await cluster.RunAsync("topic", "delete", one, three, "--yes", "--force");
        unknown.ExitCode.Should().Be(1);
        unknown.Error.Should().Contain($"there is no topic {three}.");
        CliRun asked = await cluster.RunAtTerminalAsync("y\n", "topic", "delete", one, two, "--force");

        asked.EnsureSuccess().OutputLines.Should().Equal($"{one}: deleted on broker-a", $"{two}: deleted on broker-a");
        asked.Error.Should().Contain($"Delete 2 topics ({one}, {two}) with their 0 messages?");
    }

    [Fact]
    public async Task Changes_AsJson_AreWhatWasDoneAndNothingElse()
    {
        (string topic, string group) = (cluster.NewName("Topic"), cluster.NewName("Group"));

        (await ChangeAsync("topic", "create", topic, "--queues", "1")).Should().Equal($$"""{"topic":"{{topic}}","broker":"broker-a","done":"created","queues":1,"type":"NORMAL"}""");
        (await ChangeAsync("topic", "alter", topic, "--queues", "2", "--yes", "--force")).Should()
            .Equal($$"""{"topic":"{{topic}}","broker":"broker-a","done":"changed","readQueues":2,"writeQueues":2,"permission":"rw","type":"NORMAL"}""");
        (await ChangeAsync("topic", "alter", topic, "--queues", "2", "--yes", "--force")).Should().BeEmpty("it is like that already");
        (await cluster.RunAsync("produce", topic, "paid", "--queue", "0", "--quiet")).EnsureSuccess();
        (await cluster.RunAsync("consume", topic, "--group", group, "--exit", "-o", "body")).EnsureSuccess();
        (await ChangeAsync("group", "reset", group, "--topic", topic, "--to", "beginning", "--yes")).Should().Equal(
            $$"""{"group":"{{group}}","topic":"{{topic}}","broker":"broker-a","queue":0,"done":"moved","from":1,"to":0}""",
            $$"""{"group":"{{group}}","topic":"{{topic}}","broker":"broker-a","queue":1,"done":"moved","from":0,"to":0}""");
        (await ChangeAsync("group", "delete", group, "--yes")).Should().Equal($$"""{"group":"{{group}}","broker":"broker-a","done":"deleted","offsets":"deleted"}""");
        (await ChangeAsync("topic", "delete", topic, "--yes", "--force")).Should().Equal($$"""{"topic":"{{topic}}","broker":"broker-a","done":"deleted"}""");
    }

    [Fact]
    public async Task Change_ThatFails_LeavesAnArrayOfWhatWasDone()
    {
        CliRun run = await cluster.RunAsync("topic", "delete", cluster.NewName("Topic"), "--yes", "--force", "-o", "json");

        run.ExitCode.Should().Be(1);
        JsonNode.Parse(run.Output)!.AsArray().Should().BeEmpty();
    }

    [Theory]
    [InlineData("-n", "{0}", "-o", "json", "topic", "list")]
    [InlineData("topic", "--name-servers", "{0}", "list", "--output=json")]
    [InlineData("--name-servers={0}", "topic", "list", "-o", "json")]
    public async Task Options_BeforeTheCommand_AreItsOwn(params string[] arguments)
    {
        string topic = await cluster.NewTopicAsync();

        CliRun run = await CliRun.RunAsync([.. arguments.Select(word => word.Replace("{0}", cluster.Cluster.NameServerAddress, StringComparison.Ordinal))]);

        JsonNode.Parse(run.EnsureSuccess().Output)!.AsArray().Should().Contain(row => (string?)row!["topic"] == topic);
    }

    [Fact]
    public async Task Options_BeforeACommandThatTakesBodies_AreNotAmongThem()
    {
        string topic = await cluster.NewTopicAsync();

        (await CliRun.RunAsync("-n", cluster.Cluster.NameServerAddress, "produce", topic, "--quiet", "--", "-o")).EnsureSuccess();

        (await cluster.RunAsync("consume", topic, "--exit", "-o", "body")).EnsureSuccess().Output.Should().Be("-o\n");
    }

    [Fact]
    public async Task Options_BeforeACommandThatHasThemNot_AreWrongUsage()
    {
        CliRun run = await CliRun.RunAsync("-n", "127.0.0.1:1", "context", "list");

        run.ExitCode.Should().Be(2);
        run.Error.Should().Contain("there is no option -n.");
    }

    private async Task<string[]> ChangeAsync(params string[] arguments) =>
        [.. JsonNode.Parse((await cluster.RunAsync([.. arguments, "-o", "json"])).EnsureSuccess().Output)!.AsArray().Select(static row => row!.ToJsonString())];
}
