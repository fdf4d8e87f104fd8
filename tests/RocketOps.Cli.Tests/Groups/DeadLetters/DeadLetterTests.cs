using System.Text.Json;
using RocketOps.Cli.Tests.Commands;
using RocketOps.Cli.Tests.Support;
using RocketOps.Client;
using RocketOps.Testing;

namespace RocketOps.Cli.Tests.Groups.DeadLetters;

/// <summary>Messages that a group has given up: they can be seen, and given to it again.</summary>
[Collection(nameof(ClusterFixture))]
public sealed class DeadLetterTests(ClusterFixture cluster)
{
    [Fact]
    public async Task Resend_DeadLetters_TheGroupGetsThemAgainOnce()
    {
        string topic = await cluster.NewTopicAsync();
        string group = cluster.NewName("Group");
        (await cluster.RunAsync("produce", topic, "paid", "sent", "--tag", "t", "--key", "o-17", "--quiet")).EnsureSuccess();
        await ConsumeAsync(topic, group, ConsumeResult.DeadLetter, "paid", "sent");

        JsonElement[] letters = await ListAsync(group, 2);

        letters.Select(static letter => letter.GetProperty("body").GetString()).Should().BeEquivalentTo("paid", "sent");
        JsonElement first = letters.Single(static letter => letter.GetProperty("body").GetString() == "paid");
        first.GetProperty("topic").GetString().Should().Be(topic);
        first.GetProperty("keys").GetString().Should().Be("o-17");
        first.GetProperty("tag").GetString().Should().Be("t");

        string id = first.GetProperty("messageId").GetString()!;
        CliRun one = (await cluster.RunAsync("group", "dlq", "resend", group, id, "--yes", "-o", "json")).EnsureSuccess();
        JsonDocument.Parse(one.Output).RootElement.EnumerateArray().Should().ContainSingle().Which.GetProperty("topic").GetString().Should().Be("%RETRY%" + group);
        CliRun rest = (await cluster.RunAsync("group", "dlq", "resend", group, "--yes")).EnsureSuccess();
        rest.OutputLines.Should().ContainSingle().Which.Should().EndWith($" of {topic}: sent to %RETRY%{group}");
        rest.Error.Should().Contain("1 message had been sent again already; --again sends them once more");

        await ConsumeAsync(topic, group, ConsumeResult.Success, "paid", "sent");
        (await cluster.RunAsync("group", "dlq", "resend", group, "--yes")).EnsureSuccess().Output.Should().BeEmpty("both were sent again");
        (await ListAsync(group, 2)).Should().HaveCount(2, "they stay");
    }

    [Fact]
    public async Task Resend_ToTheTopic_EveryReaderGetsThem()
    {
        string topic = await cluster.NewTopicAsync();
        string group = cluster.NewName("Group");
        (await cluster.RunAsync("produce", topic, "paid", "--quiet")).EnsureSuccess();
        await ConsumeAsync(topic, group, ConsumeResult.DeadLetter, "paid");
        await ListAsync(group, 1);

        (await cluster.RunAsync("group", "dlq", "resend", group, "--to-topic", "--yes")).EnsureSuccess();

        (await cluster.RunAsync("consume", topic, "--exit", "-o", "body")).EnsureSuccess().Output.Should().Be("paid\npaid\n");
    }

    [Fact]
    public async Task List_GroupWithoutDeadLetters_SaysSo()
    {
        string topic = await cluster.NewTopicAsync();
        string group = cluster.NewName("Group");
        (await cluster.RunAsync("produce", topic, "paid", "--quiet")).EnsureSuccess();
        (await cluster.RunAsync("consume", topic, "--group", group, "--exit", "-o", "body")).EnsureSuccess();

        (await cluster.RunAsync("group", "dlq", "list", group)).EnsureSuccess().Error.Should().Be($"group {group} has no dead letters\n");
        (await cluster.RunAsync("group", "dlq", "resend", group, "--yes")).EnsureSuccess().Error.Should().Be($"group {group} has no dead letters\n");
        CliRun unknown = await cluster.RunAsync("group", "dlq", "list", group + "x");
        unknown.ExitCode.Should().Be(1);
        unknown.Error.Should().Contain($"there is no consumer group {group}x. Did you mean {group}?");
    }

    [Fact]
    public async Task Resend_IdOfNone_ChangesNothing()
    {
        string topic = await cluster.NewTopicAsync();
        string group = cluster.NewName("Group");
        (await cluster.RunAsync("produce", topic, "paid", "--quiet")).EnsureSuccess();
        await ConsumeAsync(topic, group, ConsumeResult.DeadLetter, "paid");
        await ListAsync(group, 1);

        CliRun run = await cluster.RunAsync("group", "dlq", "resend", group, "0123456789ABCDEF", "--yes");

        run.ExitCode.Should().Be(1);
        run.Error.Should().Contain($"group {group} has no dead letter 0123456789ABCDEF.");
    }

    /// <summary>A member of the group answers so, until it has had all of these.</summary>
    private async Task ConsumeAsync(string topic, string group, ConsumeResult result, params string[] bodies)
    {
        HashSet<string> missing = [.. bodies];
        TaskCompletionSource all = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using RocketMqPushConsumer consumer = new(new PushConsumerOptions
        {
            NameServers = cluster.Cluster.NameServerAddress,
            Group = group,
            ConsumeFromWhere = ConsumeFromWhere.FirstOffset,
            MaxConcurrency = 1,
            ConnectTimeout = CliRun.Patience,
            RequestTimeout = CliRun.Patience,
        });
        await consumer.SubscribeAsync(topic, SubscriptionExpression.All, (message, _) =>
        {
            message.Topic.Should().Be(topic);
            if (missing.Remove(message.GetText()) && missing.Count == 0)
            {
                all.TrySetResult();
            }

            return ValueTask.FromResult(result);
        });
        await consumer.StartAsync();
        await all.Task.WaitAsync(CliRun.Patience);
    }

    private async Task<JsonElement[]> ListAsync(string group, int count)
    {
        JsonElement[] found = [];
        await Eventually.TrueAsync(
            async () =>
            {
                CliRun list = await cluster.RunAsync("group", "dlq", "list", group, "-o", "json");
                found = list.ExitCode == 0 ? [.. JsonDocument.Parse(list.Output).RootElement.EnumerateArray()] : [];
                return found.Length == count;
            },
            $"{count} messages are dead letters",
            CliRun.Patience);
        return found;
    }
}
